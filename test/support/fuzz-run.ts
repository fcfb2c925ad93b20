/**
 * Runs cases in process, many at a time beside healthy members, and says which of them found something. A case
 * depends on the seed and its number alone, so that each can be run again by itself.
 */
import { FIX_VERSIONS } from '../../src/fix/version.ts';
import { describeCase, type FuzzCase, type FuzzStream, fuzzCase, ledgerFor, sentBy } from './fuzz-case.ts';
import { Comeback } from './fuzz-comeback.ts';
import { frameCount } from './fuzz-frames.ts';
import { HealthyMember } from './fuzz-healthy.ts';
import type { FuzzLedger } from './fuzz-ledger.ts';
import { InProcessLine } from './fuzz-line.ts';
import { FUZZ_EPOCH, FUZZ_LIMITS, FuzzVenue } from './fuzz-venue.ts';

/** Cases at the same time. */
const BATCH_SIZE = 250;
/** The venue's time from one batch to the next: longer than any wait of a session. */
const BATCH_MS = 200_000;
/** How time passes for connections that say nothing any more, until the venue has given them up. */
const LAPSE_STEP_MS = 15_000;
const LAPSE_STEPS = 6;
/** Longer than a venue waits before it sends what may be repeats. */
const SETTLE_MS = 2_500;
/** More than a long resend needs. */
const MAX_PORTIONS = 20;
const PORTION_MS = 100;
/** More than the parts of any polite stream. */
const MAX_ROUNDS = 14;

/** The `8` of `8=FIX`. */
const BEGINNING_OF_FIX = 0x38;

/** What a run has found. */
export interface Finding {
  /** Undefined when it cannot be told which case it was. */
  readonly no: number | undefined;
  readonly reason: string;
}

/** A case under way. */
interface Running {
  readonly fuzz: FuzzCase;
  /** Everything that it sends. */
  readonly sent: string;
  readonly ledger: FuzzLedger;
  readonly lines: readonly InProcessLine[];
  comeback: Comeback | undefined;
  /** What was wrong before it was over. */
  readonly faults: string[];
  /** The number that the venue expected when the case was over. */
  nextInSeqNum: number;
}

/** Runs cases from a seed against one venue. */
export class FuzzRun {
  readonly seed: number;
  readonly venue = new FuzzVenue();
  readonly #healthy: HealthyMember[] = [];

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Lets the healthy members log on. */
  async start(): Promise<void> {
    const { venue } = this;
    FIX_VERSIONS.forEach((version, i) => {
      const member = new HealthyMember(version, i + 1, () => venue.clock.now());
      venue.registerMember(member.senderCompId);
      const options = { name: `healthy-${i + 1}`, isDeaf: false };
      member.logon(new InProcessLine(venue.gateway.onConnection, member.answers, options));
      this.#healthy.push(member);
    });
    await venue.quiet();
  }

  /** Runs `count` cases from `first` on; returns what the first batch that found anything has found. */
  async run(first: number, count: number): Promise<Finding[]> {
    for (let from = first; from < first + count; ) {
      const batchEnd = (Math.floor(from / BATCH_SIZE) + 1) * BATCH_SIZE;
      const to = Math.min(batchEnd, first + count);
      const findings = await this.#batch(from, to);
      if (findings.length > 0) return findings;
      from = to;
    }
    return [];
  }

  /** What is left behind when everybody has gone. */
  async finish(): Promise<string[]> {
    const { venue } = this;
    for (const { senderCompId } of this.#healthy) {
      venue.system.tell(
        { type: 'gateway', name: 'gate' },
        { type: 'LogoutMember', senderCompId, text: 'good night' },
      );
    }
    await venue.quiet();
    venue.advance(SETTLE_MS);
    await venue.quiet();
    const left = await venue.leftovers();
    await venue.stop();
    return left;
  }

  /** The case as it is run: its time is that of its batch. */
  caseAt(no: number): FuzzCase {
    return fuzzCase(this.seed, no, batchStart(no));
  }

  async #batch(from: number, to: number): Promise<Finding[]> {
    const { venue } = this;
    await this.#passTimeUntil(batchStart(from));
    const running: Running[] = [];
    for (let no = from; no < to; no += 1) running.push(this.#begin(this.caseAt(no)));
    const intruder = this.#intrude(from);
    await this.#speak(running);
    await this.#fallSilent(running);
    await this.#comeBack(running);
    const findings = running.flatMap((one) => this.#findings(one));
    if (intruder.answers.answers.length > 0 || !intruder.isClosed) {
      findings.push({
        no: undefined,
        reason: 'a second connection was let into the session of a healthy member',
      });
    }
    for (const member of this.#healthy) {
      const reason = member.check();
      if (reason !== undefined) findings.push({ no: undefined, reason });
    }
    for (const { remoteAddress } of venue.gateway.sessions()) {
      const no = /^case-(\d+)-/.exec(remoteAddress)?.[1];
      if (no !== undefined)
        findings.push({ no: Number(no), reason: `the session of ${remoteAddress} is left` });
    }
    const healthyCount = this.#healthy.length;
    for (const [what, count] of [
      ['sessions', venue.sessionCount],
      ['actors', venue.actorCount],
    ] as const) {
      if (count !== healthyCount)
        findings.push({ no: undefined, reason: `${count} ${what}, not ${healthyCount}` });
    }
    for (const text of venue.alarms.splice(0))
      findings.push({ no: this.#culprit(text, running), reason: text });
    for (const { fuzz } of running) venue.forget(fuzz.senderCompId);
    return findings;
  }

  /** Somebody knows the password of a healthy member and wants its session while it is alive. */
  #intrude(no: number): InProcessLine {
    const { venue } = this;
    const victim = this.#healthy[no % this.#healthy.length] as HealthyMember;
    const options = { name: 'intruder', isDeaf: false };
    const line = new InProcessLine(venue.gateway.onConnection, victim.ledger.connection(), options);
    line.send(victim.logonAgain());
    return line;
  }

  #begin(fuzz: FuzzCase): Running {
    const { venue } = this;
    venue.register(fuzz);
    const sent = sentBy(fuzz);
    const ledger = ledgerFor(fuzz, sent);
    const lines = fuzz.streams.map(({ isDeaf }, i) => {
      const options = { name: `case-${fuzz.no}-${i}`, isDeaf };
      return new InProcessLine(venue.gateway.onConnection, ledger.connection(), options);
    });
    return { fuzz, sent, ledger, lines, comeback: undefined, faults: [], nextInSeqNum: 1 };
  }

  /** Everything is sent; the healthy members trade in the midst of it. */
  async #speak(running: readonly Running[]): Promise<void> {
    const { venue } = this;
    for (const member of this.#healthy) member.order();
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      let isMore = false;
      for (const one of running) isMore = this.#sendRound(one, round) || isMore;
      if (round === 1) for (const member of this.#healthy) member.ping();
      await venue.quiet();
      if (!isMore && round > 4) break;
    }
    for (const { fuzz } of running) {
      if (fuzz.surroundings.answers === 'late') venue.exchange.release(fuzz.senderCompId);
      if (fuzz.surroundings.isVerdictLate && fuzz.no % 2 === 0) venue.releaseVerdict(fuzz.senderCompId);
    }
    await venue.quiet();
    for (const { fuzz, lines } of running) {
      fuzz.streams.forEach(({ ending }, i) => {
        if (ending === 'hangUp') lines[i]?.hangUp();
      });
    }
    for (const member of this.#healthy) member.order();
    await venue.quiet();
    for (const { fuzz, lines, faults } of running) {
      const isKept = fuzz.streams.some((stream, i) => isForeign(stream) && lines[i]?.isClosed !== true);
      if (isKept) faults.push('a connection that begins with what is no FIX is not closed');
    }
  }

  /** True when the case has more to send in a later round. */
  #sendRound({ fuzz, lines }: Running, round: number): boolean {
    const { senderCompId, surroundings } = fuzz;
    if (surroundings.unsolicitedAt === round) this.venue.exchange.sendUnsolicited(senderCompId);
    if (surroundings.logoutAt === round) {
      const order = { type: 'LogoutMember', senderCompId, text: 'the operator says so' } as const;
      this.venue.system.tell({ type: 'gateway', name: 'gate' }, order);
    }
    if (surroundings.resetAt === round) {
      const order = { type: 'ResetMember', senderCompId, userId: senderCompId } as const;
      this.venue.system.tell({ type: 'gateway', name: 'gate' }, order);
    }
    let isMore = false;
    fuzz.streams.forEach((stream, i) => {
      const line = lines[i];
      if (line === undefined) return;
      for (const chunk of chunksOf(stream, round)) line.send(chunk);
      const isLast = stream.isPolite ? round === stream.chunks.length - 1 : round === 0;
      if (isLast && stream.ending === 'cut') line.hangUp();
      isMore ||= stream.isPolite && round < stream.chunks.length - 1;
    });
    return isMore;
  }

  /** Nothing more comes: the venue ends what is dead, and the rest is closed. */
  async #fallSilent(running: readonly Running[]): Promise<void> {
    const { venue } = this;
    for (let step = 0; step < LAPSE_STEPS; step += 1) await this.#tick(LAPSE_STEP_MS);
    for (const { lines } of running) for (const line of lines) line.hangUp();
    for (const { fuzz } of running) venue.makeOrdinary(fuzz.senderCompId);
    await venue.quiet();
  }

  async #comeBack(running: readonly Running[]): Promise<void> {
    const { venue } = this;
    for (const one of running) {
      const { fuzz, ledger, lines } = one;
      const isBroken = lines.some(
        ({ hasLost, answers }, i) =>
          hasLost || fuzz.streams[i]?.ending === 'cut' || answers.last?.msgType !== '5',
      );
      // Nor does a member that is away when an operator sets its numbers back.
      const isUnsure = isBroken || fuzz.surroundings.resetAt !== undefined;
      if (isUnsure && venue.wasReset(fuzz.senderCompId)) ledger.noteLostReset();
      one.nextInSeqNum = venue.store.member(fuzz.senderCompId).nextInSeqNum;
      const nextInSeqNum = fuzz.surroundings.settings.resetOnLogon ? 1 : one.nextInSeqNum;
      const options = { name: `case-${fuzz.no}-again`, isDeaf: false };
      const line = new InProcessLine(venue.gateway.onConnection, ledger.connection(), options);
      one.comeback = new Comeback(fuzz, ledger, line, nextInSeqNum, () => venue.clock.now());
      one.comeback.logon();
    }
    await venue.quiet();
    for (const { comeback } of running) comeback?.askForMissing();
    await venue.quiet();
    await this.#tick(SETTLE_MS);
    // What is long comes in portions, one a tick.
    for (let tick = 0; tick < MAX_PORTIONS && running.some((one) => this.#isOwed(one)); tick += 1) {
      await this.#tick(PORTION_MS);
    }
    for (const { comeback } of running) comeback?.logout();
    await venue.quiet();
    for (const { comeback } of running) comeback?.line.hangUp();
    await venue.quiet();
  }

  #findings(one: Running): Finding[] {
    const { fuzz, sent, ledger, lines, comeback, faults } = one;
    const reasons = [
      ...faults,
      ...lines.map(({ fault }) => fault),
      comeback?.fault(),
      this.#lostReports(fuzz, ledger),
      this.#tooMuch(fuzz, sent, ledger),
      this.#overrun(one),
      ...lines.map((line) => unfulfilled(fuzz, sent, line)),
    ];
    return reasons.flatMap((reason) => (reason === undefined ? [] : [{ no: fuzz.no, reason }]));
  }

  /** Something that the member of the case should have got has not arrived yet. */
  #isOwed({ fuzz, ledger, comeback }: Running): boolean {
    if (comeback?.isLoggedOn !== true) return false;
    return ledger.firstMissing !== undefined || this.#lostReports(fuzz, ledger) !== undefined;
  }

  #lostReports(fuzz: FuzzCase, ledger: FuzzLedger): string | undefined {
    const due = [...fuzz.history.undelivered, ...this.venue.exchange.committed(fuzz.senderCompId)];
    const lost = ledger.unreceived(due);
    if (lost.length === 0) return undefined;
    return `${lost.length} of ${due.length} reports never arrived, the first is ${JSON.stringify(lost[0])}`;
  }

  /** A message of a member gets an answer or two, and time a heartbeat. */
  #tooMuch(fuzz: FuzzCase, sent: string, ledger: FuzzLedger): string | undefined {
    const due = fuzz.history.undelivered.length + this.venue.exchange.committed(fuzz.senderCompId).length;
    const bound = 3 * messageCount(sent) + due + LAPSE_STEPS + 8;
    return ledger.newCount > bound
      ? `${ledger.newCount} messages of the venue, more than ${bound}`
      : undefined;
  }

  /** The number that the venue expected before the member came back was not beyond what was sent. */
  #overrun({ fuzz, sent, nextInSeqNum }: Running): string | undefined {
    const moved = Array.from(sent.matchAll(/36=0*(\d{1,16})/g), (match) => Number(match[1]));
    const bound = Math.max(fuzz.history.nextInSeqNum, 1, ...moved) + frameCount(sent);
    return nextInSeqNum > bound ? `the venue expects ${nextInSeqNum}, beyond ${bound}` : undefined;
  }

  /** The case that a line of the log is about. */
  #culprit(text: string, running: readonly Running[]): number | undefined {
    return running.find(({ fuzz }) => text.includes(`"case-${fuzz.no}-`))?.fuzz.no;
  }

  async #passTimeUntil(at: number): Promise<void> {
    while (this.venue.clock.now() < at) {
      await this.#tick(Math.min(LAPSE_STEP_MS, at - this.venue.clock.now()));
    }
  }

  /** Time passes, and the healthy members say that they are there. */
  async #tick(byMs: number): Promise<void> {
    this.venue.advance(byMs);
    await this.venue.quiet();
    for (const member of this.#healthy) {
      member.answerTests();
      member.heartbeat();
    }
    await this.venue.quiet();
  }
}

/** Runs one case again in a venue of its own; returns the report with everything about it. */
export async function explain(seed: number, { no, reason }: Finding): Promise<string> {
  const replay = `ONEBOOK_FUZZ_SEED=${seed} ONEBOOK_FUZZ_CASE=${no ?? '?'}`;
  if (no === undefined) return `${reason}\n  (${replay})`;
  const alone = new FuzzRun(seed);
  alone.venue.isVerbose = true;
  await alone.start();
  const again = await alone.run(no, 1);
  await alone.finish();
  const verdict = again.length === 0 ? 'does not fail when it runs alone' : 'fails alone too';
  const lines = alone.venue.lines.filter((line) => !line.includes('healthy')).map((line) => `    ${line}`);
  return [`${reason}`, `  ${replay}, ${verdict}`, describeCase(alone.caseAt(no)), '  log:', ...lines].join(
    '\n',
  );
}

function batchStart(no: number): number {
  return FUZZ_EPOCH + (Math.floor(no / BATCH_SIZE) + 1) * BATCH_MS;
}

/** Nothing that begins so is FIX, whatever follows. */
function isForeign({ chunks, ending }: FuzzStream): boolean {
  const [first] = chunks;
  return ending === 'stay' && first !== undefined && first.length > 0 && first[0] !== BEGINNING_OF_FIX;
}

function chunksOf({ chunks, isPolite }: FuzzStream, round: number): readonly Buffer[] {
  if (isPolite) return chunks.slice(round, round + 1);
  return round === 0 ? chunks : [];
}

/** At least as many as the venue can have found. */
function messageCount(sent: string): number {
  return sent.split('10=').length - 1;
}

/** What a valid conversation has not got although it was sent as it is. */
function unfulfilled(fuzz: FuzzCase, sent: string, { answers, isClosed }: InProcessLine): string | undefined {
  const [stream] = fuzz.streams;
  const { isDisabled, isVerdictLate, logoutAt, resetAt, answers: habit, settings } = fuzz.surroundings;
  const isDisturbed =
    isDisabled ||
    isVerdictLate ||
    habit === 'afterwards' ||
    logoutAt !== undefined ||
    resetAt !== undefined ||
    stream?.isDeaf === true ||
    // Its numbers are those of a member that does not reset.
    settings.resetOnLogon ||
    // What comes before the Logon is answered is kept up to a bound.
    sent.length > FUZZ_LIMITS.maxQueuedBytesAboveGap;
  if (fuzz.untouched === undefined || stream?.ending !== 'stay' || isDisturbed) return undefined;
  if (answers.answers[0]?.msgType !== 'A') return 'a valid Logon was not answered';
  if (!fuzz.untouched.isLoggedOut) return undefined;
  return answers.last?.msgType === '5' && isClosed ? undefined : 'a valid Logout was not answered';
}
