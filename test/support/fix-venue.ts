/**
 * The connection layer of a venue with the rest of it faked in memory: real acceptor, gateway and session
 * actors over loopback TCP; a store and an exchange that a test can inspect, hold up and break.
 */

import { type ActorSystem, startActorSystem } from '../../src/actors/actor-system.ts';
import { createGateway, DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from '../../src/actors/gateway.ts';
import type { LoginVerdict, OpenedSession, StoredMessages } from '../../src/actors/ports.ts';
import type {
  CommandsRefused,
  ExchangeMessage,
  JournalSession,
  LoadMessages,
  OpenSession,
  PersistenceMessage,
  SubmitCommands,
} from '../../src/actors/protocol.ts';
import { restartFresh } from '../../src/actors/supervision.ts';
import { startAcceptor } from '../../src/fix/acceptor.ts';
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../../src/fix/session-limits.ts';
import type { ExecutionReport, Report } from '../../src/matching/execution-report.ts';
import type { NewOrderSingle } from '../../src/matching/order-commands.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Log, LogFields } from '../../src/platform/log.ts';
import { FixClient, type FixClientOptions } from './fix-client.ts';
import { ManualClock } from './manual-clock.ts';
import { until } from './until.ts';

export const MEMBER = { senderCompId: 100, username: 'alice', password: 'secret', userId: 7 } as const;
/** A second member. */
export const OTHER_MEMBER = { senderCompId: 200, username: 'bob', password: 'hidden', userId: 8 } as const;
const MEMBERS = [MEMBER, OTHER_MEMBER];

/** What the store keeps of one member's session. */
export interface StoredMember {
  nextInSeqNum: number;
  nextOutSeqNum: number;
  reservedOutSeqNum: number;
  isClean: boolean;
  messages: StoredMessages[];
  undelivered: Report[];
  delivered: Map<string, number>;
}

export interface FixVenueOptions {
  readonly limits?: Partial<SessionLimits & GatewayLimits>;
  readonly isLoggingMessages?: boolean;
}

export interface LogLine extends LogFields {
  readonly event: string;
  readonly message?: unknown;
  readonly reason?: unknown;
}

/** Fields of a NewOrderSingle (D): a limit order to buy, changed as said. */
export function limitOrder(
  clOrdId: string,
  changes: Readonly<Record<number, string>> = {},
): Record<number, string> {
  return {
    11: clOrdId,
    55: 'BTC-USD',
    54: '1',
    60: '20260105-12:00:00.000',
    38: '1.00',
    40: '2',
    44: '100.00',
    ...changes,
  };
}

/** A venue whose books are empty and whose answers the test writes. */
export class FixVenue {
  readonly clock = new ManualClock(Date.UTC(2026, 0, 5, 12));
  readonly lines: LogLine[] = [];
  /** Everything that the exchange was told, in order. */
  readonly submitted: SubmitCommands[] = [];
  /** Everything that the store was told by sessions, in order. */
  readonly journaled: JournalSession[] = [];
  readonly opens: OpenSession[] = [];
  readonly loads: LoadMessages[] = [];
  /** What the exchange does with new orders. */
  onSubmit: (message: SubmitCommands) => void = (message) => this.accept(message);
  /** What the Authenticator says instead of the truth. */
  verdict: LoginVerdict | undefined;
  /** While true the store keeps answers to journals and loads back, in `heldBack`. */
  isStoreHeld = false;
  readonly heldBack: (() => void)[] = [];
  /** Numbers that the store reserves when it opens a session. */
  reserveCount = DEFAULT_SESSION_LIMITS.reservedSeqNums;
  readonly system: ActorSystem;
  readonly #members = new Map<number, StoredMember>();
  readonly #followers = new Map<number, string>();
  readonly #clients: FixClient[] = [];
  #port = 0;
  #close: () => Promise<void> = async () => {};
  #sessions: () => number = () => 0;
  #commitNo = 0;
  #sourceSeq = 0;

  private constructor() {
    this.system = startActorSystem(this.#log(), systemClock.after);
  }

  static async start(options: FixVenueOptions = {}): Promise<FixVenue> {
    const venue = new FixVenue();
    await venue.#listen(options);
    return venue;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#close();
    this.system.shutdown();
  }

  get port(): number {
    return this.#port;
  }

  /** Connections that have a session. */
  get sessionCount(): number {
    return this.#sessions();
  }

  /** A connection that has said nothing yet. */
  async connect(options: Partial<FixClientOptions> = {}): Promise<FixClient> {
    const client = await FixClient.connect({
      port: this.#port,
      ...MEMBER,
      now: () => this.clock.now(),
      isAutomatic: false,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** A member that is logged on. */
  async logon(options: Partial<FixClientOptions> = {}): Promise<FixClient> {
    const client = await this.connect(options);
    await client.logon();
    return client;
  }

  /** Lets time pass and tells everybody. */
  advance(byMs: number): void {
    this.clock.advance(byMs);
    this.system.tell({ type: 'gateway', name: 'gate' }, { type: 'Tick' });
  }

  /** The member's session as the store has it. */
  stored(senderCompId: number = MEMBER.senderCompId): StoredMember {
    let member = this.#members.get(senderCompId);
    if (member === undefined) {
      member = {
        nextInSeqNum: 1,
        nextOutSeqNum: 1,
        reservedOutSeqNum: 0,
        isClean: true,
        messages: [],
        undelivered: [],
        delivered: new Map(),
      };
      this.#members.set(senderCompId, member);
    }
    return member;
  }

  /** The last journal entry that fits; waits for it. */
  journal(what: string, fits: (entry: JournalSession) => boolean): Promise<JournalSession> {
    return until(what, () => this.journaled.findLast(fits));
  }

  /** Waits until the session has been closed in order and the store knows. */
  async settled(): Promise<void> {
    await until('every session to end', () => this.sessionCount === 0);
    await until('the last journal entry', () => this.journaled.at(-1)?.clean === true);
  }

  /** Commits reports and tells the member's session, as persistence does. */
  commit(reports: readonly Report[], answered: readonly number[] = [], userId: number = MEMBER.userId): void {
    this.#commitNo += 1;
    const sessionId = this.#followers.get(userId);
    if (sessionId === undefined) return;
    this.system.tell(
      { type: 'session', sessionId },
      { type: 'ReportsCommitted', commitNo: this.#commitNo, reports, answered },
    );
  }

  /** Accepts new orders: each gets its New report in one commit. */
  accept({ commands, userId }: SubmitCommands): void {
    const reports = commands.flatMap(({ command }) =>
      command.type === 'NewOrderSingle' ? [this.newReport(command)] : [],
    );
    const answered = commands.map(({ msgSeqNum }) => msgSeqNum);
    this.commit(reports, answered, userId);
  }

  /** Refuses everything, as an exchange does that cannot take it. */
  refuse({ sessionId, commands }: SubmitCommands, refusal: CommandsRefused['refusal'], text: string): void {
    this.system.tell({ type: 'session', sessionId }, { type: 'CommandsRefused', refusal, text, commands });
  }

  newReport(command: Partial<NewOrderSingle> = {}, userId: number = MEMBER.userId): ExecutionReport {
    this.#sourceSeq += 1;
    return {
      type: 'ExecutionReport',
      userId,
      source: 'BTC-USD',
      sourceSeq: this.#sourceSeq,
      at: this.clock.now(),
      orderId: 1_000 + this.#sourceSeq,
      clOrdId: command.clOrdId ?? `order-${this.#sourceSeq}`,
      origClOrdId: undefined,
      execType: '0',
      ordStatus: '0',
      symbol: 'BTC-USD',
      side: command.side ?? '1',
      ordType: '2',
      timeInForce: '0',
      orderQty: command.orderQty ?? '1.00',
      price: command.price ?? '100.00',
      cumQty: '0.00',
      leavesQty: command.orderQty ?? '1.00',
      avgPx: '0',
      fill: undefined,
      ordRejReason: undefined,
      execRestatementReason: undefined,
      text: undefined,
    };
  }

  /** The store answers what it has kept back, and everything from now on. */
  releaseStore(): void {
    this.isStoreHeld = false;
    for (const answer of this.heldBack.splice(0)) answer();
  }

  async #listen(options: FixVenueOptions): Promise<void> {
    const { system, clock } = this;
    const log = this.#log();
    system.spawn(
      { type: 'exchange' },
      { initial: () => undefined, receive: (_state, message) => this.#exchange(message) },
      restartFresh(),
    );
    system.spawn(
      { type: 'persistence' },
      { initial: () => undefined, receive: (_state, message) => this.#persistence(message) },
      restartFresh(),
    );
    const gateway = createGateway({
      name: 'gate',
      system,
      venueCompId: 'ONEBOOK',
      limits: { ...DEFAULT_SESSION_LIMITS, ...DEFAULT_GATEWAY_LIMITS, ...options.limits },
      authenticator: { judge: (login) => Promise.resolve(this.#judge(login)) },
      clock,
      log,
      logMessages: options.isLoggingMessages ?? false,
    });
    system.spawn({ type: 'gateway', name: 'gate' }, gateway.behavior, restartFresh());
    this.#sessions = () => gateway.sessions().length;
    const acceptor = await startAcceptor({
      host: '127.0.0.1',
      port: 0,
      onConnection: gateway.onConnection,
      log,
      clock,
    });
    this.#port = acceptor.port;
    this.#close = acceptor.close;
  }

  #judge(login: { senderCompId: number; username: string; password: string }): LoginVerdict {
    if (this.verdict !== undefined) return this.verdict;
    const member = MEMBERS.find(({ senderCompId }) => senderCompId === login.senderCompId);
    const isRight = member?.username === login.username && member.password === login.password;
    if (!isRight) return { type: 'Refused', reason: 'wrong password' };
    return { type: 'Accepted', userId: member.userId, resetOnLogon: false };
  }

  #exchange(message: ExchangeMessage): undefined {
    if (message.type !== 'SubmitCommands') return;
    this.submitted.push(message);
    this.onSubmit(message);
  }

  #persistence(message: PersistenceMessage): undefined {
    switch (message.type) {
      case 'JournalSession':
        this.#journal(message);
        return;
      case 'OpenSession':
        this.opens.push(message);
        this.#followers.set(message.userId, message.sessionId);
        this.#answer(() => this.#open(message));
        return;
      case 'CloseSession':
        if (this.#followers.get(message.userId) === message.sessionId) {
          this.#followers.delete(message.userId);
        }
        return;
      case 'LoadMessages':
        this.loads.push(message);
        this.#answer(() => this.#load(message));
        return;
      default:
        throw new Error(`sessions do not send ${message.type}`);
    }
  }

  #journal(entry: JournalSession): void {
    this.journaled.push(entry);
    const member = this.stored(entry.senderCompId);
    member.nextInSeqNum = entry.nextInSeqNum;
    member.nextOutSeqNum = entry.nextOutSeqNum;
    member.isClean = entry.clean;
    if (entry.sent !== undefined) member.messages.push(entry.sent);
    for (const { source, sourceSeq } of entry.delivered) member.delivered.set(source, sourceSeq);
    this.#answer(() => {
      member.reservedOutSeqNum = entry.reservedOutSeqNum;
      this.system.tell(
        { type: 'session', sessionId: entry.sessionId },
        { type: 'NumbersReserved', reservedOutSeqNum: entry.reservedOutSeqNum },
      );
    });
  }

  #open({ sessionId, senderCompId, reset }: OpenSession): void {
    const member = this.stored(senderCompId);
    const wasClean = member.isClean;
    if (reset) {
      member.nextInSeqNum = 1;
      member.nextOutSeqNum = 1;
      member.messages = [];
    } else if (!wasClean) {
      member.nextOutSeqNum = member.reservedOutSeqNum + 1;
    }
    member.isClean = false;
    member.reservedOutSeqNum = member.nextOutSeqNum - 1 + this.reserveCount;
    const opened: OpenedSession = {
      commitNo: this.#commitNo,
      nextInSeqNum: member.nextInSeqNum,
      nextOutSeqNum: member.nextOutSeqNum,
      reservedOutSeqNum: member.reservedOutSeqNum,
      undelivered: member.undelivered.filter(
        (report) => report.sourceSeq > (member.delivered.get(report.source) ?? 0),
      ),
      deliveryUncertain: !wasClean,
    };
    this.system.tell({ type: 'session', sessionId }, { type: 'SessionOpened', opened });
  }

  #load({ sessionId, senderCompId, beginSeqNum, endSeqNum }: LoadMessages): void {
    const messages = this.stored(senderCompId).messages.filter(
      ({ firstSeqNum, lastSeqNum }) => lastSeqNum >= beginSeqNum && firstSeqNum <= endSeqNum,
    );
    this.system.tell(
      { type: 'session', sessionId },
      { type: 'MessagesLoaded', beginSeqNum, endSeqNum, messages },
    );
  }

  #answer(answer: () => void): void {
    if (this.isStoreHeld) this.heldBack.push(answer);
    else answer();
  }

  #log(fields: LogFields = {}): Log {
    const write = (event: string, more: LogFields = {}) => {
      this.lines.push({ event, ...fields, ...more });
    };
    return {
      debug: write,
      info: write,
      warn: write,
      error: write,
      with: (more) => this.#log({ ...fields, ...more }),
    };
  }
}
