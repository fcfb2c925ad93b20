/**
 * One FIX session of a cluster as a state machine, several nodes that commit reports for its member, the rows of all, and
 * links that delay and lose. Sources go from node to node. What happens, and when, the test says.
 */
import { createAnnouncer } from '../../src/actors/announcements.ts';
import type { CommitOutputs } from '../../src/actors/commit-batch.ts';
import { membersFollowed } from '../../src/actors/followed-members.ts';
import { NO_METER } from '../../src/actors/meter.ts';
import type { Message } from '../../src/actors/protocol.ts';
import { FrameDecoder } from '../../src/fix/framing.ts';
import { DEFAULT_MEMBER_SETTINGS } from '../../src/fix/member-settings.ts';
import { step } from '../../src/fix/session.ts';
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../../src/fix/session-limits.ts';
import type { SessionInput, StoredReports } from '../../src/fix/session-protocol.ts';
import { newSession, type SessionState } from '../../src/fix/session-state.ts';
import { TAG } from '../../src/fix/tags.ts';
import { Throttles } from '../../src/fix/throttle.ts';
import { type ExecutionReport, execId } from '../../src/matching/execution-report.ts';
import { silentLog } from '../../src/platform/log.ts';
import { fixMessage } from './fix-frames.ts';
import { newReport } from './new-report.ts';
import { TestSecurities } from './securities.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const SESSION = 'gateway-1/fix:1:1';
const USER = 7;

/** A node that commits, and its link to the gateway. */
class Writer {
  lastNo = 0;
  isUp = true;
  readonly onItsWay: SessionInput[] = [];
  readonly #name: string;
  readonly #announcer;

  constructor(name: string) {
    this.#name = name;
    const store = { writer: name, hasOtherWriters: true, lastCommitNo: 0 };
    const tell = (address: { readonly type: string }, message: Message): void => {
      if (address.type === 'session' && this.isUp) this.onItsWay.push(message as SessionInput);
    };
    this.#announcer = createAnnouncer({ tell, log: silentLog, meter: NO_METER, store });
  }

  /** The gateway's list of its sessions has arrived. */
  follow(): void {
    this.#announcer.follow({ userId: USER, sessionId: SESSION }, this.lastNo);
    const sessions = [{ userId: USER, sessionId: SESSION }];
    const { writer, commitNo } = membersFollowed(
      { type: 'FollowMembers', node: 'gateway-1', sessions },
      this.#name,
      this.lastNo,
    );
    if (this.isUp) this.onItsWay.push({ type: 'CatchUp', writer, commitNo });
  }

  commit(reports: readonly ExecutionReport[], epoch: number): void {
    this.lastNo += 1;
    const books = [...new Set(reports.map(({ source }) => source))].map((symbol) => {
      return { symbol, epoch, lastSeq: 0 };
    });
    const outputs: CommitOutputs = {
      reportsByUser: new Map([[USER, reports]]),
      answeredBySession: new Map(),
      settlements: new Map(),
      lastPrices: [],
      replies: [],
      sessions: [],
      books,
      accountShards: new Map(),
      completed: [],
    };
    this.#announcer.announce(outputs, this.lastNo);
  }
}

interface Source {
  owner: string;
  epoch: number;
  lastSeq: number;
}

export class CatchingSession {
  readonly writers = new Map<string, Writer>();
  /** ExecID (17) of each report in the order in which the member was told; those with 97=Y or 43=Y are marked. */
  readonly told: string[] = [];
  /** How often rows were read since the opening. */
  readCount = 0;
  isEnded = false;
  /** The member does not read: what it is told waits in the session. */
  isUnread = false;
  readonly #sources = new Map<string, Source>();
  readonly #rows: ExecutionReport[] = [];
  readonly #delivered = new Map<string, number>();
  readonly #state: SessionState;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: 65_536 });
  #snapshot: StoredReports | undefined;
  #isAsked = false;

  constructor(names: readonly string[], limits: Partial<SessionLimits> = {}) {
    for (const name of names) this.writers.set(name, new Writer(name));
    const config = {
      sessionId: SESSION,
      venueCompId: 'ONEBOOK',
      limits: { ...DEFAULT_SESSION_LIMITS, ...limits },
      throttles: new Throttles(),
      markets: new TestSecurities(),
      securityStatusToAll: false,
    };
    this.#state = newSession(config, NOW, true);
    const logon = fixMessage(
      '35=A|49=100|56=ONEBOOK|34=1|52=20260105-12:00:00.000|98=0|108=30|553=alice|554=secret|',
    );
    const verdict = { type: 'Accepted', userId: USER, settings: DEFAULT_MEMBER_SETTINGS } as const;
    this.#step({ type: 'Message', message: logon });
    this.#step({ type: 'LoginJudged', verdict });
    this.#step({ type: 'SessionClaimed' });
  }

  /** A source that `owner` has. */
  add(source: string, owner: string): void {
    this.#sources.set(source, { owner, epoch: 1, lastSeq: 0 });
  }

  /** Its owner commits so many reports of the source at once. */
  trade(name: string, count = 1): void {
    const source = this.#source(name);
    const reports = Array.from({ length: count }, () => {
      source.lastSeq += 1;
      return reportOf(name, source.lastSeq);
    });
    this.#rows.push(...reports);
    this.writers.get(source.owner)?.commit(reports, source.epoch);
  }

  move(name: string, owner: string): void {
    const source = this.#source(name);
    source.owner = owner;
    source.epoch += 1;
  }

  /** The next message of a link arrives. */
  arrive(name: string): void {
    const input = this.writers.get(name)?.onItsWay.shift();
    if (input !== undefined) this.#step(input);
  }

  /** What is on the link is lost, and what is told until it is up again. */
  cut(name: string): void {
    const writer = this.writers.get(name);
    if (writer === undefined) return;
    writer.isUp = false;
    writer.onItsWay.length = 0;
  }

  link(name: string): void {
    const writer = this.writers.get(name);
    if (writer !== undefined) writer.isUp = true;
  }

  /** Rows are read as they are now; the session is told later. */
  read(): void {
    if (this.#isAsked && this.#snapshot === undefined) this.#snapshot = this.#undelivered();
  }

  answerRead(): void {
    const undelivered = this.#snapshot;
    if (undelivered === undefined) return;
    this.#snapshot = undefined;
    this.#isAsked = false;
    this.readCount += 1;
    this.#step({ type: 'UndeliveredLoaded', undelivered });
  }

  /** The session is opened with the rows as they are, or as an earlier look at them has found them. */
  open({ commits, reports }: StoredReports = this.look()): void {
    const opened = {
      commits,
      epoch: 1,
      nextInSeqNum: 1,
      nextOutSeqNum: 1,
      reservedOutSeqNum: 1_000_000,
      undelivered: reports,
      deliveryUncertain: false,
      wasReset: false,
      isDisabled: false,
    };
    this.#step({ type: 'SessionOpened', opened });
  }

  look(): StoredReports {
    return this.#undelivered();
  }

  /** Everything arrives, over links that are up, and is read. */
  settle(): void {
    this.isUnread = false;
    for (const [name, writer] of this.writers) {
      if (writer.isUp) continue;
      this.link(name);
      writer.follow();
    }
    for (let round = 0; round < 1_000; round += 1) {
      for (const name of this.writers.keys()) this.arrive(name);
      this.read();
      this.answerRead();
      this.#step({ type: 'Tick' });
    }
  }

  /** What the member should have been told of a source. */
  expected(name: string): string[] {
    return Array.from({ length: this.#source(name).lastSeq }, (_, index) => `${name}-${index + 1}`);
  }

  toldOf(name: string): string[] {
    return this.told.filter((id) => id.startsWith(`${name}-`));
  }

  /** Reports that wait in the session. */
  get heldCount(): number {
    return this.#state.missed.heldCount;
  }

  do(input: SessionInput): readonly string[] {
    return this.#step(input);
  }

  #source(name: string): Source {
    const source = this.#sources.get(name);
    if (source === undefined) throw new Error(`no source ${name}`);
    return source;
  }

  #undelivered(): StoredReports {
    const commits = new Map([...this.writers].map(([name, { lastNo }]) => [name, lastNo]));
    const reports = this.#rows.filter(
      ({ source, sourceSeq }) => sourceSeq > (this.#delivered.get(source) ?? 0),
    );
    return { commits, reports };
  }

  #step(input: SessionInput): readonly string[] {
    const { maxUnsentBytes } = this.#state.config.limits;
    const effects = step(this.#state, [input], NOW, this.isUnread ? maxUnsentBytes / 2 : 0);
    for (const effect of effects) {
      if (effect.type === 'Write') this.#note(effect.bytes);
      if (effect.type === 'LoadUndelivered') this.#isAsked = true;
      if (effect.type === 'Disconnect') this.isEnded = true;
      if (effect.type !== 'Journal') continue;
      for (const { source, sourceSeq } of effect.journal.delivered) this.#delivered.set(source, sourceSeq);
    }
    return effects.filter(({ type }) => type !== 'Log').map(({ type }) => type);
  }

  #note(bytes: Buffer): void {
    this.#decoder.push(bytes);
    for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
      if (frame.type !== 'FixMessage' || frame.msgType !== '8') continue;
      const isRepeat = frame.get(TAG.PossResend) === 'Y' || frame.get(TAG.PossDupFlag) === 'Y';
      this.told.push(`${frame.get(TAG.ExecID)}${isRepeat ? ' again' : ''}`);
    }
  }
}

/** A New report with nothing special about it; its ExecID (17) is its source and number. */
export function reportOf(source: string, sourceSeq: number): ExecutionReport {
  const report = newReport({ userId: USER, source, sourceSeq, at: NOW });
  if (execId(report) === '0') throw new Error('a report with a number has an ExecID');
  return report;
}
