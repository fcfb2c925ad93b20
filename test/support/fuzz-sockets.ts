/**
 * Runs cases over loopback TCP: the same conversations as in process, through the real acceptor and its sockets.
 * Nothing here knows when the venue is done, so each step waits for what must come of it.
 */
import { readdirSync } from 'node:fs';
import { FIX_VERSIONS } from '../../src/fix/version.ts';
import { type FuzzCase, type FuzzStream, fuzzCase, ledgerFor, sentBy } from './fuzz-case.ts';
import { Comeback } from './fuzz-comeback.ts';
import { HealthyMember } from './fuzz-healthy.ts';
import type { FuzzLedger } from './fuzz-ledger.ts';
import { SocketLine } from './fuzz-line.ts';
import type { Finding } from './fuzz-run.ts';
import { FUZZ_EPOCH, FuzzVenue } from './fuzz-venue.ts';
import { until } from './until.ts';

/** Cases at the same time. */
const BATCH_SIZE = 40;
/** Longer than a venue waits before it sends what may be repeats, and shorter than a heartbeat interval. */
const SETTLE_MS = 2_500;

/** Open file descriptors of this process. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

export class SocketFuzzRun {
  readonly seed: number;
  readonly venue = new FuzzVenue();
  readonly #healthy: { readonly member: HealthyMember; readonly line: SocketLine }[] = [];
  #port = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Listens, and lets the healthy members log on. */
  async start(): Promise<void> {
    const { venue } = this;
    this.#port = await venue.listen();
    for (const [i, version] of FIX_VERSIONS.entries()) {
      const member = new HealthyMember(version, i + 1, () => venue.clock.now());
      venue.registerMember(member.senderCompId);
      const line = await SocketLine.open(this.#port, member.answers);
      member.logon(line);
      this.#healthy.push({ member, line });
    }
    await until('the healthy members to be logged on', () =>
      this.#healthy.every(({ member }) => member.isAnswered),
    );
  }

  /** Runs `count` cases from `first` on; returns what the first batch that found anything has found. */
  async run(first: number, count: number): Promise<Finding[]> {
    for (let from = first; from < first + count; from += BATCH_SIZE) {
      const numbers = Array.from({ length: Math.min(BATCH_SIZE, first + count - from) }, (_, i) => from + i);
      const findings = await this.#batch(numbers);
      if (findings.length > 0) return findings;
    }
    return [];
  }

  /** The healthy members go, and with them the last session. */
  async finish(): Promise<void> {
    for (const { line } of this.#healthy) line.hangUp();
    await until('the last session to end', () => this.venue.sessionCount === 0);
  }

  /** Closes what is still open. */
  stop(): Promise<void> {
    return this.venue.stop();
  }

  async #batch(numbers: readonly number[]): Promise<Finding[]> {
    const { venue } = this;
    for (const { member } of this.#healthy) member.order();
    const found = await Promise.all(
      numbers.map((no) => this.#run(fuzzCase(this.seed, no, venue.clock.now()))),
    );
    for (const { member } of this.#healthy) member.ping();
    const findings = found.flat();
    try {
      await until('the healthy members to be answered', () =>
        this.#healthy.every(({ member }) => member.isAnswered),
      );
      await until('all other sessions to end', () => venue.sessionCount === this.#healthy.length);
      await until('all other actors to stop', () => venue.actorCount === this.#healthy.length);
    } catch (error) {
      findings.push({ no: undefined, reason: String(error) });
    }
    for (const { member } of this.#healthy) {
      const reason = member.check();
      if (reason !== undefined) findings.push({ no: undefined, reason });
    }
    for (const text of venue.alarms.splice(0)) findings.push({ no: undefined, reason: text });
    for (const no of numbers) venue.forget(fuzzCase(this.seed, no, FUZZ_EPOCH).senderCompId);
    return findings;
  }

  async #run(fuzz: FuzzCase): Promise<Finding[]> {
    const { venue } = this;
    venue.register(fuzz);
    const ledger = ledgerFor(fuzz, sentBy(fuzz));
    const reasons: (string | undefined)[] = [];
    try {
      const lines = await Promise.all(fuzz.streams.map((stream) => this.#speak(stream, ledger)));
      // Whoever keeps an answer back keeps the venue from reading on, and so from seeing the end.
      venue.release(fuzz.senderCompId);
      for (const line of lines) await until('the connection to be closed', () => line.isClosed);
      reasons.push(...lines.map(({ fault }) => fault));
      await until('the case to be over', () => !this.#isConnected(fuzz.senderCompId));
      venue.makeOrdinary(fuzz.senderCompId);
      // Over a socket nobody can tell what was lost on the way.
      if (venue.wasReset(fuzz.senderCompId)) ledger.noteLostReset();
      reasons.push(await this.#comeBack(fuzz, ledger));
    } catch (error) {
      reasons.push(String(error));
    }
    return reasons.flatMap((reason) => (reason === undefined ? [] : [{ no: fuzz.no, reason }]));
  }

  /** Sends everything and ends the connection as the case wants. */
  async #speak(stream: FuzzStream, ledger: FuzzLedger): Promise<SocketLine> {
    const line = await SocketLine.open(this.#port, ledger.connection());
    if (stream.isDeaf) line.stopReading();
    for (const chunk of stream.chunks) {
      line.send(chunk);
      // The next one is another segment, and most often another read.
      if (stream.isPolite) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (stream.isDeaf) line.startReading();
    if (stream.ending === 'cut') line.hangUp();
    else line.finish();
    return line;
  }

  async #comeBack(fuzz: FuzzCase, ledger: FuzzLedger): Promise<string | undefined> {
    const { venue } = this;
    const { senderCompId, surroundings } = fuzz;
    const { nextInSeqNum } = venue.store.member(senderCompId);
    const line = await SocketLine.open(this.#port, ledger.connection());
    const next = surroundings.settings.resetOnLogon ? 1 : nextInSeqNum;
    const comeback = new Comeback(fuzz, ledger, line, next, () => venue.clock.now());
    comeback.logon();
    await until('an answer to the Logon', () => line.isClosed || line.answers.answers.length > 0);
    comeback.askForMissing();
    const due = [...fuzz.history.undelivered, ...venue.exchange.committed(senderCompId)];
    const isComplete = () =>
      line.isClosed || (ledger.firstMissing === undefined && ledger.unreceived(due).length === 0);
    await until('everything that was missed', async () => {
      if (!isComplete()) this.#tick();
      return isComplete();
    });
    comeback.logout();
    await until('the end of the connection', () => line.isClosed);
    return comeback.fault();
  }

  /** Time passes a little for all: enough for what is held back at a Logon, not for anybody's silence. */
  #tick(): void {
    this.venue.advance(SETTLE_MS / 100);
  }

  #isConnected(senderCompId: number): boolean {
    return this.venue.gateway.sessions().some((session) => session.senderCompId === senderCompId);
  }
}
