/**
 * The connection layer of a venue with the rest of it faked in memory: real acceptor, gateway and session
 * actors over loopback TCP; a store and an exchange that a test can inspect, hold up and break.
 */

import { type ActorSystem, startActorSystem } from '../../src/actors/actor-system.ts';
import { createGateway } from '../../src/actors/gateway.ts';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from '../../src/actors/gateway-limits.ts';
import type { LoginVerdict } from '../../src/actors/ports.ts';
import type {
  CommandsRefused,
  ExchangeMessage,
  JournalSession,
  OpenSession,
  Reply,
  SubmitCommands,
} from '../../src/actors/protocol.ts';
import { restartFresh } from '../../src/actors/supervision.ts';
import { type AcceptorOptions, startAcceptor } from '../../src/fix/acceptor.ts';
import type { Peer } from '../../src/fix/connection.ts';
import { DEFAULT_MEMBER_SETTINGS, type MemberSettings } from '../../src/fix/member-settings.ts';
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../../src/fix/session-limits.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import type { ExecutionReport, Report } from '../../src/matching/execution-report.ts';
import type { NewOrderSingle } from '../../src/matching/order-commands.ts';
import type { UserId } from '../../src/matching/types.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Log, LogFields } from '../../src/platform/log.ts';
import { FixClient, type FixClientOptions } from './fix-client.ts';
import { FixStore, type StoredMember } from './fix-store.ts';
import { ManualClock } from './manual-clock.ts';
import { TestSecurities } from './securities.ts';
import { until } from './until.ts';

export const MEMBER = { senderCompId: 100, username: 'alice', password: 'secret', userId: 7 } as const;
/** A second member. */
export const OTHER_MEMBER = { senderCompId: 200, username: 'bob', password: 'hidden', userId: 8 } as const;
const MEMBERS = [MEMBER, OTHER_MEMBER];

export interface FixVenueOptions {
  /** What its clients speak unless they say else; FIX.4.4 by default. */
  readonly version?: FixVersion;
  readonly limits?: Partial<SessionLimits & GatewayLimits>;
  readonly isLoggingMessages?: boolean;
  readonly securityStatusToAll?: boolean;
  /** Whether as much waits to be stored as may wait; never by default. */
  readonly isJournalFull?: () => boolean;
  /** What comes before FIX on its port; plain TCP without. */
  readonly listener?: Pick<AcceptorOptions, 'tls' | 'trustedProxies'>;
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
  version: FixVersion = 'FIX.4.4',
): Record<number, string> {
  return {
    11: clOrdId,
    ...(version === 'FIX.4.2' ? { 21: '1' } : {}),
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
  /** Members whose orders were cancelled for them, in order. */
  readonly cancelled: UserId[] = [];
  readonly store: FixStore;
  /** What can be traded: BTC-USD, open. */
  readonly securities = new TestSecurities();
  readonly version: FixVersion;
  /** What the exchange does with new orders. */
  onSubmit: (message: SubmitCommands) => void = (message) => this.accept(message);
  /** What the Authenticator says instead of the truth. */
  verdict: LoginVerdict | undefined;
  /** Who was at the other end of each login, in order. */
  readonly peers: Peer[] = [];
  /** What is agreed with every member. */
  settings: MemberSettings = DEFAULT_MEMBER_SETTINGS;
  /** What the exchange answers to a cancel of all orders of a member. */
  onCancelAll: () => Reply = () => ({ type: 'CancelsRequested', orderCount: 1 });
  readonly system: ActorSystem;
  readonly #clients: FixClient[] = [];
  #port = 0;
  #close: () => Promise<void> = async () => {};
  #sessions: () => number = () => 0;
  #sourceSeq = 0;

  private constructor(version: FixVersion) {
    this.version = version;
    this.system = startActorSystem(this.#log(), systemClock.after);
    this.store = new FixStore(this.system.tell, () => this.clock.now());
  }

  static async start(options: FixVenueOptions = {}): Promise<FixVenue> {
    const venue = new FixVenue(options.version ?? 'FIX.4.4');
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
      version: this.version,
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

  /** Ticks until the client has something to read: what waits for a member goes out as it reads. */
  async tickFor(client: FixClient): Promise<void> {
    await until('a message', () => {
      if (client.waitingCount === 0) this.advance(0);
      return client.waitingCount > 0;
    });
  }

  /** Fields of a limit order in the venue's version. */
  order(clOrdId: string, changes: Readonly<Record<number, string>> = {}): Record<number, string> {
    return limitOrder(clOrdId, changes, this.version);
  }

  /** Everything that the store was told by sessions, in order. */
  get journaled(): readonly JournalSession[] {
    return this.store.journaled;
  }

  get opens(): readonly OpenSession[] {
    return this.store.opens;
  }

  /** The member's session as the store has it. */
  stored(senderCompId: number = MEMBER.senderCompId): StoredMember {
    return this.store.member(senderCompId);
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
  commit(
    reports: readonly Report[],
    answered: readonly number[] = [],
    userId: number = MEMBER.userId,
    writer: string = FixStore.writer,
  ): void {
    this.store.commitNo += 1;
    const { commitNo } = this.store;
    const sessionId = this.store.follower(userId);
    if (sessionId === undefined) return;
    this.system.tell(
      { type: 'session', sessionId },
      { type: 'ReportsCommitted', writer, commitNo, reports, answered },
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
      { initial: () => undefined, receive: (_state, message) => this.store.receive(message) },
      restartFresh(),
    );
    const gateway = createGateway({
      name: 'gate',
      system,
      venueCompId: 'ONEBOOK',
      limits: { ...DEFAULT_SESSION_LIMITS, ...DEFAULT_GATEWAY_LIMITS, ...options.limits },
      markets: this.securities,
      securityStatusToAll: options.securityStatusToAll ?? false,
      authenticator: { judge: (login) => Promise.resolve(this.#judge(login)) },
      ...(options.isJournalFull === undefined ? {} : { isJournalFull: options.isJournalFull }),
      clock,
      log,
      logMessages: options.isLoggingMessages ?? false,
    });
    system.spawn({ type: 'gateway', name: 'gate' }, gateway.behavior, restartFresh());
    this.#sessions = () => gateway.sessions().length;
    const acceptor = await startAcceptor({
      ...options.listener,
      host: '127.0.0.1',
      port: 0,
      onConnection: gateway.onConnection,
      log,
      clock,
    });
    this.#port = acceptor.port;
    this.#close = acceptor.close;
  }

  #judge(login: { senderCompId: number; username: string; password: string; peer: Peer }): LoginVerdict {
    this.peers.push(login.peer);
    if (this.verdict !== undefined) return this.verdict;
    const member = MEMBERS.find(({ senderCompId }) => senderCompId === login.senderCompId);
    const isRight = member?.username === login.username && member.password === login.password;
    if (!isRight) return { type: 'Refused', reason: 'wrong password' };
    return { type: 'Accepted', userId: member.userId, settings: this.settings };
  }

  #exchange(message: ExchangeMessage): undefined {
    switch (message.type) {
      case 'SubmitCommands':
        this.submitted.push(message);
        this.onSubmit(message);
        return;
      case 'SubmitAccountCommand':
        this.cancelled.push(message.userId);
        this.system.tell(message.replyTo, this.onCancelAll());
        return;
      default:
        return;
    }
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
