/**
 * The connection layer for the fuzzer: real gateway, session actors and actor system, with store, exchange and
 * password check in memory. It counts what the actors do, so that one can wait until they have nothing left to do.
 */
import { type ActorAddress, type ActorSystem, startActorSystem } from '../../src/actors/actor-system.ts';
import { createGateway, type Gateway } from '../../src/actors/gateway.ts';
import { DEFAULT_GATEWAY_LIMITS } from '../../src/actors/gateway-limits.ts';
import type { LoginVerdict } from '../../src/actors/ports.ts';
import { restartFresh } from '../../src/actors/supervision.ts';
import { type Acceptor, startAcceptor } from '../../src/fix/acceptor.ts';
import { DEFAULT_MEMBER_SETTINGS, type MemberSettings } from '../../src/fix/member-settings.ts';
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../../src/fix/session-limits.ts';
import type { Credentials } from '../../src/fix/session-protocol.ts';
import type { Log, LogFields } from '../../src/platform/log.ts';
import { FixStore } from './fix-store.ts';
import type { FuzzCase } from './fuzz-case.ts';
import { credentialsOf, VENUE } from './fuzz-conversations.ts';
import { FuzzExchange } from './fuzz-exchange.ts';
import { ManualClock } from './manual-clock.ts';
import { TestSecurities } from './securities.ts';

/** Narrow, so that short conversations reach every bound. */
export const FUZZ_LIMITS: SessionLimits = {
  ...DEFAULT_SESSION_LIMITS,
  maxFrameBytes: 8_192,
  maxQueuedAboveGap: 4,
  maxQueuedBytesAboveGap: 2_048,
  maxUnsentBytes: 6_000,
  maxQueuedReports: 20,
  maxUnansweredRequestsPerSession: 4,
  minThrottleAbuse: 6,
  reservedSeqNums: 8,
  resendPortion: 4,
};
/** Turns of the event loop without anything done, after which nothing is left to do: a message takes one. */
const QUIET_TURNS = 3;
/** Longer than any CancelOnDisconnectWindow (8014). */
const LONGEST_CANCEL_WINDOW_MS = 25 * 3_600_000;
/** The beginning of the fuzzer's time. */
export const FUZZ_EPOCH = Date.UTC(2026, 0, 5, 12);

interface RegisteredMember {
  settings: MemberSettings;
  isDisabled: boolean;
  isVerdictLate: boolean;
  /** Verdicts that are kept back. */
  readonly waiting: (() => void)[];
}

export class FuzzVenue {
  readonly clock = new ManualClock(FUZZ_EPOCH);
  readonly system: ActorSystem;
  readonly store: FixStore;
  readonly exchange: FuzzExchange;
  readonly gateway: Gateway;
  /** Lines of the log that say that something broke, and errors that nobody took. */
  readonly alarms: string[] = [];
  /** Everything that the log says, when that is wanted. */
  readonly lines: string[] = [];
  isVerbose = false;
  readonly #members = new Map<number, RegisteredMember>();
  readonly #sessions = new Set<string>();
  /** Who is at the other end of each session, for the log of actors. */
  readonly #peers = new Map<string, string>();
  #activityCount = 0;
  #acceptor: Acceptor | undefined;

  constructor() {
    const log = this.#log({});
    this.system = this.#observed(
      startActorSystem(log, (delayMs, callback) => this.clock.after(delayMs, callback)),
    );
    const { system, clock } = this;
    this.store = new FixStore(system.tell, () => clock.now());
    this.store.reserveCount = FUZZ_LIMITS.reservedSeqNums;
    this.exchange = new FuzzExchange(system.tell, this.store, () => clock.now());
    this.gateway = createGateway({
      name: 'gate',
      system,
      venueCompId: VENUE,
      limits: {
        ...FUZZ_LIMITS,
        ...DEFAULT_GATEWAY_LIMITS,
        maxConnections: 2_000,
        maxUnauthenticatedConnections: 2_000,
      },
      markets: new TestSecurities(),
      securityStatusToAll: false,
      authenticator: { judge: (credentials) => this.#judge(credentials) },
      clock,
      log,
    });
    system.spawn(
      { type: 'exchange' },
      { initial: () => undefined, receive: (_state, message) => this.exchange.receive(message) },
      restartFresh(),
    );
    system.spawn(
      { type: 'persistence' },
      { initial: () => undefined, receive: (_state, message) => this.store.receive(message) },
      restartFresh(),
    );
    system.spawn({ type: 'gateway', name: 'gate' }, this.gateway.behavior, restartFresh());
    process.on('unhandledRejection', this.#onError);
    process.on('uncaughtException', this.#onError);
  }

  /** Listens on loopback; returns the port. */
  async listen(): Promise<number> {
    this.#acceptor = await startAcceptor({
      host: '127.0.0.1',
      port: 0,
      onConnection: this.gateway.onConnection,
      log: this.#log({}),
      clock: this.clock,
    });
    return this.#acceptor.port;
  }

  async stop(): Promise<void> {
    await this.#acceptor?.close();
    this.system.shutdown();
    process.off('unhandledRejection', this.#onError);
    process.off('uncaughtException', this.#onError);
  }

  /** Sessions in the gateway's list. */
  get sessionCount(): number {
    return this.gateway.sessions().length;
  }

  /** Session actors that have been spawned and not stopped. */
  get actorCount(): number {
    for (const sessionId of this.#sessions) {
      if (!this.system.isAlive({ type: 'session', sessionId })) this.#sessions.delete(sessionId);
    }
    return this.#sessions.size;
  }

  /** A member about whom nothing is special. */
  registerMember(senderCompId: number): void {
    this.#members.set(senderCompId, {
      settings: DEFAULT_MEMBER_SETTINGS,
      isDisabled: false,
      isVerdictLate: false,
      waiting: [],
    });
    this.exchange.register(senderCompId, 0);
  }

  /** The member of a case, with its history and the habits of those around it. */
  register({ senderCompId, history, surroundings }: FuzzCase): void {
    const { settings, isDisabled, isVerdictLate } = surroundings;
    this.#members.set(senderCompId, { settings, isDisabled, isVerdictLate, waiting: [] });
    const stored = this.store.member(senderCompId);
    stored.nextInSeqNum = history.nextInSeqNum;
    stored.nextOutSeqNum = history.nextOutSeqNum;
    stored.reservedOutSeqNum = history.reservedOutSeqNum;
    stored.isClean = history.isClean;
    stored.beganAt = 0;
    stored.messages.push(...history.messages);
    stored.undelivered.push(...history.undelivered);
    const used = [
      ...history.messages.map((_, i) => i + 1),
      ...history.undelivered.map((report) => report.sourceSeq),
    ];
    this.exchange.register(senderCompId, Math.max(0, ...used), surroundings);
  }

  /** Whoever has kept an answer back from the member gives it now: its exchange, and the judge of its password. */
  release(senderCompId: number): void {
    this.exchange.release(senderCompId);
    this.releaseVerdict(senderCompId);
  }

  releaseVerdict(senderCompId: number): void {
    const member = this.#members.get(senderCompId);
    if (member === undefined) return;
    member.isVerdictLate = false;
    for (const answer of member.waiting.splice(0)) answer();
  }

  /** Whether the numbers of a registered case have gone back to 1. */
  wasReset(senderCompId: number): boolean {
    return this.store.member(senderCompId).beganAt > 0;
  }

  /** From now on the member is like any other. */
  makeOrdinary(senderCompId: number): void {
    const member = this.#members.get(senderCompId);
    if (member !== undefined) member.isDisabled = false;
    this.release(senderCompId);
  }

  forget(senderCompId: number): void {
    this.#peers.clear();
    this.#members.delete(senderCompId);
    this.exchange.forget(senderCompId);
    this.store.forget(senderCompId);
  }

  /** Lets time pass and tells everybody. */
  advance(byMs: number): void {
    this.clock.advance(byMs);
    this.system.tell({ type: 'gateway', name: 'gate' }, { type: 'Tick' });
  }

  /** Resolves when no actor has a message left. */
  async quiet(): Promise<void> {
    let quietTurns = 0;
    while (quietTurns < QUIET_TURNS) {
      const before = this.#activityCount;
      await new Promise<void>((resolve) => setImmediate(resolve));
      quietTurns = this.#activityCount === before ? quietTurns + 1 : 0;
    }
  }

  /** What is left of a run when everybody has gone; time passes until every cancel on disconnect has been due. */
  async leftovers(): Promise<string[]> {
    this.advance(LONGEST_CANCEL_WINDOW_MS);
    await this.quiet();
    const { cancelCount } = this.exchange;
    this.advance(LONGEST_CANCEL_WINDOW_MS);
    await this.quiet();
    const left: readonly (readonly [number, string])[] = [
      [this.sessionCount, 'sessions'],
      [this.actorCount, 'actors'],
      [this.clock.timerCount, 'timers'],
      [this.exchange.cancelCount - cancelCount, 'cancels that were done again'],
    ];
    return left.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).concat(this.alarms);
  }

  /** The same actor system, with every message that is handled counted. */
  #observed(system: ActorSystem): ActorSystem {
    return {
      ...system,
      spawn: (address, behavior, policy) => {
        const plain: ActorAddress = address;
        if (plain.type === 'session') this.#sessions.add(plain.sessionId);
        const receive: typeof behavior.receive = (state, message) => {
          this.#activityCount += 1;
          return behavior.receive(state, message);
        };
        system.spawn(address, { initial: () => behavior.initial(), receive }, policy);
      },
    };
  }

  #judge({ senderCompId, username, password }: Credentials): Promise<LoginVerdict> {
    const member = this.#members.get(senderCompId);
    const right = credentialsOf(senderCompId);
    if (member === undefined || username !== right.username || password !== right.password) {
      return Promise.resolve({ type: 'Refused', reason: 'wrong password' });
    }
    const verdict: LoginVerdict = member.isDisabled
      ? { type: 'Disabled', userId: senderCompId, text: 'you may not trade' }
      : { type: 'Accepted', userId: senderCompId, settings: member.settings };
    if (!member.isVerdictLate) return Promise.resolve(verdict);
    return new Promise((resolve) => {
      member.waiting.push(() => resolve(verdict));
    });
  }

  readonly #onError = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.alarms.push(`nobody took an error: ${text}`);
  };

  #log(fields: LogFields): Log {
    const write = (event: string, more: LogFields = {}) => {
      const { sessionId, remoteAddress } = more;
      if (event === 'connection opened') this.#peers.set(String(sessionId), String(remoteAddress));
      if (this.isVerbose) this.lines.push(`${event} ${JSON.stringify({ ...fields, ...more })}`);
    };
    const alarm = (event: string, more: LogFields = {}) => {
      write(event, more);
      const all: Readonly<Record<string, unknown>> = { ...fields, ...more };
      const { err, actor } = all;
      const stack = err instanceof Error ? err.stack : '';
      const peer = this.#peers.get(String(actor).replace('session/', ''));
      this.alarms.push(`${event} ${JSON.stringify({ ...all, peer })} ${stack}`);
    };
    return {
      debug: write,
      info: write,
      warn: write,
      error: alarm,
      with: (more) => this.#log({ ...fields, ...more }),
    };
  }
}
