/**
 * The gateway of one listening port: spawns a session actor for each connection within the bounds, keeps one
 * live session per SenderCompID, hands news on to the sessions and logs them out when the venue drains.
 */
import type { Connection, ConnectionListener } from '../fix/connection.ts';
import type { SecurityDirectory } from '../fix/security-directory.ts';
import { SessionCounts } from '../fix/session-counts.ts';
import type { SessionLimits } from '../fix/session-limits.ts';
import { Throttles } from '../fix/throttle.ts';
import type { UnsolicitedCancel } from '../matching/types.ts';
import { hostOf, networkOf } from '../platform/addresses.ts';
import { assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import { oldestOfLargest } from '../platform/fair-share.ts';
import type { Log } from '../platform/log.ts';
import type { ActorSystem, Behavior } from './actor-system.ts';
import { Departures } from './departures.ts';
import { type FixSession, fixSession } from './fix-session.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import { type GatewayLoad, loadOfSessions } from './gateway-load.ts';
import type { Authenticator } from './ports.ts';
import type {
  Address,
  ClaimSession,
  ConnectionOpened,
  DrainGateway,
  GatewayMessage,
  MemberGone,
  MemberLoggedOn,
  ResetMember,
  SessionMessage,
  Tick,
} from './protocol.ts';
import { stopAfter } from './supervision.ts';

/** How long after a cancel on disconnect that did not get through it is tried again. */
const CANCEL_RETRY_MS = 1_000;
/** ExecRestatementReason (378): other. */
const OTHER = 99;

/** What a member is told of each order that its disconnect cancels. */
const ON_DISCONNECT: UnsolicitedCancel = {
  execRestatementReason: OTHER,
  text: 'canceled on disconnect',
};

/** What a gateway needs from outside. */
export interface GatewayOptions {
  /** Of the listening port: the gateway's address. */
  readonly name: string;
  readonly system: ActorSystem;
  /** The venue's own CompID. */
  readonly venueCompId: string;
  readonly limits: GatewayLimits & SessionLimits;
  /** What can be traded, as it is now. */
  readonly markets: SecurityDirectory;
  /** Every member is told when a symbol opens or halts, not only those that have asked. */
  readonly securityStatusToAll: boolean;
  readonly authenticator: Authenticator;
  /** Counts what its sessions do. */
  readonly counts?: SessionCounts;
  readonly clock: Clock;
  readonly log: Log;
  /** Every FIX message as a debug line. */
  readonly logMessages?: boolean;
}

/** One session, for whoever wants to know who is connected. */
export interface LiveSession {
  readonly sessionId: string;
  /** Undefined until its Logon was right. */
  readonly senderCompId: number | undefined;
  readonly remoteAddress: string;
  /** When it connected, ms since the epoch. */
  readonly since: number;
}

/** The actor of a listening port, and the two things that are not messages: connections and a list. */
export interface Gateway {
  readonly behavior: Behavior<undefined, GatewayMessage>;
  /** Takes a connection of the acceptor. */
  onConnection(connection: Connection): ConnectionListener;
  /** Who is connected at the moment. */
  sessions(): readonly LiveSession[];
  /** How much waits in the sessions, over all of them; looks at each. */
  load(): GatewayLoad;
}

interface Registered {
  readonly connection: Connection;
  readonly session: FixSession;
  readonly since: number;
  senderCompId: number | undefined;
  /** Undefined until the session is active. */
  loggedOn: MemberLoggedOn | undefined;
}

interface Drain {
  readonly order: DrainGateway;
  readonly until: number;
  isAnswered: boolean;
}

/** Makes the gateway; the caller spawns its behaviour under {@link GatewayOptions.name}. */
export function createGateway(options: GatewayOptions): Gateway {
  // Not actor state: the sessions go on when the gateway is restarted.
  const registry = new Registry(options);
  return {
    behavior: {
      initial: () => undefined,
      receive: (_state, message) => registry.receive(message),
    },
    onConnection: (connection) => registry.announce(connection),
    sessions: () => registry.list(),
    load: () => registry.load(),
  };
}

class Registry {
  readonly #options: GatewayOptions;
  readonly #address: Address & { readonly type: 'gateway' };
  /** Tells the sessions of this run from those of all others. */
  readonly #incarnation: string;
  readonly #arriving = new Map<string, Connection>();
  readonly #sessions = new Map<string, Registered>();
  readonly #claims = new Map<number, string>();
  /** Sessions that have not logged on, the oldest first, each with its network. */
  readonly #strangers = new Map<string, string>();
  readonly #departures = new Departures();
  readonly #throttles = new Throttles();
  readonly #counts: SessionCounts;
  #lastSessionNo = 0;
  #storeReason: string | undefined;
  #drain: Drain | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#address = { type: 'gateway', name: options.name };
    this.#incarnation = options.clock.now().toString(36);
    this.#counts = options.counts ?? new SessionCounts();
  }

  receive(message: GatewayMessage): undefined {
    switch (message.type) {
      case 'ConnectionOpened':
        this.#open(message);
        return;
      case 'ConnectionEnded':
        this.#forget(message.sessionId);
        return;
      case 'ClaimSession':
        this.#claim(message);
        return;
      case 'ReleaseSession':
        this.#release(message.senderCompId, message.sessionId);
        return;
      case 'DrainGateway':
        this.#beginDrain(message);
        return;
      case 'LogoutMember':
        this.#tellMember(message.senderCompId, { type: 'EndSession', text: message.text });
        return;
      case 'ResetMember':
        this.#resetNumbers(message);
        return;
      case 'MemberLoggedOn':
        this.#noteLoggedOn(message);
        return;
      case 'MemberGone':
        this.#noteGone(message);
        return;
      case 'Announce':
      case 'SecurityStatusChanged':
        this.#tellAll(message);
        return;
      case 'StoreUnavailable':
        this.#storeReason = message.reason;
        this.#tellAll(message);
        return;
      case 'StoreAvailable':
        this.#storeReason = undefined;
        this.#tellAll(message);
        return;
      case 'Tick':
        this.#tick(message);
        this.#boundDrain();
        this.#cancelForDeparted();
        return;
      default:
        assertNever(message);
    }
  }

  /** Runs in the acceptor: the connection waits, unread, until its session has been spawned. */
  announce(connection: Connection): ConnectionListener {
    this.#lastSessionNo += 1;
    const sessionId = `${this.#options.name}:${this.#incarnation}:${this.#lastSessionNo}`;
    const { tell } = this.#options.system;
    this.#arriving.set(sessionId, connection);
    tell(this.#address, {
      type: 'ConnectionOpened',
      sessionId,
      remoteAddress: connection.peer.remoteAddress,
    });
    return {
      onBytes: (bytes) => tell({ type: 'session', sessionId }, { type: 'BytesReceived', bytes }),
      onClosed: () => {
        if (this.#arriving.delete(sessionId)) connection.close();
        else tell({ type: 'session', sessionId }, { type: 'PeerClosed' });
      },
    };
  }

  list(): LiveSession[] {
    return Array.from(this.#sessions, ([sessionId, { connection, senderCompId, since }]) => ({
      sessionId,
      senderCompId,
      remoteAddress: connection.peer.remoteAddress,
      since,
    }));
  }

  load(): GatewayLoad {
    return loadOfSessions(this.#sessions.values(), this.#strangers.size);
  }

  #open({ sessionId, remoteAddress }: ConnectionOpened): void {
    const connection = this.#arriving.get(sessionId);
    this.#arriving.delete(sessionId);
    if (connection === undefined) return;
    const network = networkOf(hostOf(remoteAddress));
    const refusal = this.#reasonToRefuse(network);
    if (refusal !== undefined) {
      this.#counts.refusedConnections += 1;
      this.#options.log.warn('connection refused', { remoteAddress, reason: refusal });
      connection.close();
      return;
    }
    this.#counts.connections += 1;
    this.#spawn(sessionId, connection);
    this.#strangers.set(sessionId, network);
    this.#options.log.info('connection opened', { sessionId, remoteAddress });
    connection.resume();
  }

  /** Undefined when there is room, perhaps since a network that takes more of it than the newcomer's gave some up. */
  #reasonToRefuse(network: string): string | undefined {
    const { limits } = this.#options;
    if (this.#drain !== undefined) return 'the venue is closing';
    if (this.#sessions.size >= limits.maxConnections) return `${limits.maxConnections} connections are open`;
    if (this.#strangers.size < limits.maxUnauthenticatedConnections) return undefined;
    const reason = `${this.#strangers.size} connections have not logged on`;
    const oldest = oldestOfLargest(this.#strangers, network);
    if (oldest === undefined) return reason;
    this.#makeRoom(oldest, reason);
    return undefined;
  }

  #makeRoom(sessionId: string, reason: string): void {
    this.#strangers.delete(sessionId);
    const connection = this.#sessions.get(sessionId)?.connection;
    if (connection === undefined) return;
    const { remoteAddress } = connection.peer;
    this.#options.log.warn('connection closed for another network', { sessionId, remoteAddress, reason });
    connection.close();
    this.#tell(sessionId, { type: 'PeerClosed' });
  }

  #spawn(sessionId: string, connection: Connection): void {
    const { system, authenticator, clock, log, logMessages } = this.#options;
    const { venueCompId, limits, markets, securityStatusToAll } = this.#options;
    const throttles = this.#throttles;
    const counts = this.#counts;
    const session = fixSession({
      config: { sessionId, venueCompId, limits, throttles, counts, markets, securityStatusToAll },
      connection,
      tell: system.tell,
      gateway: this.#address,
      authenticator,
      clock,
      log,
      isStoreUp: this.#storeReason === undefined,
      logMessages: logMessages ?? false,
    });
    system.spawn(
      { type: 'session', sessionId },
      session.behavior,
      stopAfter(() => session.sayFarewell()),
    );
    this.#sessions.set(sessionId, {
      connection,
      session,
      since: clock.now(),
      senderCompId: undefined,
      loggedOn: undefined,
    });
  }

  #forget(sessionId: string): void {
    const registered = this.#sessions.get(sessionId);
    if (registered === undefined) return;
    if (registered.senderCompId !== undefined) this.#release(registered.senderCompId, sessionId);
    this.#sessions.delete(sessionId);
    this.#strangers.delete(sessionId);
    this.#options.system.stop({ type: 'session', sessionId });
    if (registered.loggedOn?.cancelAfterMs !== undefined) {
      const { cancelAfterMs } = registered.loggedOn;
      this.#departures.note(registered.loggedOn, this.#options.clock.now() + cancelAfterMs);
      if (cancelAfterMs === 0) this.#cancelForDeparted();
    }
    this.#answerDrain();
  }

  #claim({ sessionId, senderCompId }: ClaimSession): void {
    const registered = this.#sessions.get(sessionId);
    if (registered === undefined) return;
    const holder = this.#claims.get(senderCompId);
    if (holder !== undefined && holder !== sessionId) {
      // The member may be locked out by a dead half of its own: the holder is asked for a sign of life.
      this.#tell(holder, { type: 'SessionBusy' });
      this.#tell(sessionId, { type: 'SessionBusy' });
      return;
    }
    this.#claims.set(senderCompId, sessionId);
    registered.senderCompId = senderCompId;
    this.#strangers.delete(sessionId);
    this.#tell(sessionId, { type: 'SessionClaimed' });
  }

  #release(senderCompId: number, sessionId: string): void {
    if (this.#claims.get(senderCompId) === sessionId) this.#claims.delete(senderCompId);
  }

  #tellMember(senderCompId: number, message: SessionMessage): void {
    const sessionId = this.#claims.get(senderCompId);
    if (sessionId !== undefined) this.#tell(sessionId, message);
  }

  #noteLoggedOn(message: MemberLoggedOn): void {
    const registered = this.#sessions.get(message.sessionId);
    if (registered === undefined) return;
    registered.loggedOn = message;
    this.#departures.forget(message.senderCompId);
  }

  #noteGone({ senderCompId, userId, cancelAfterMs }: MemberGone): void {
    const sessionId = this.#claims.get(senderCompId);
    const isBack = sessionId !== undefined && this.#sessions.get(sessionId)?.loggedOn !== undefined;
    if (isBack) return;
    this.#departures.note({ senderCompId, userId }, this.#options.clock.now() + cancelAfterMs);
    if (cancelAfterMs === 0) this.#cancelForDeparted();
  }

  /** Cancels the orders of members that did not come back in time. Repeated until the account has them. */
  #cancelForDeparted(): void {
    const { system, clock, log, limits } = this.#options;
    for (const { senderCompId, userId } of this.#departures.takeDue(clock.now())) {
      const again = (reason: string): void => {
        log.warn('cancel on disconnect is tried again', { senderCompId, reason });
        const gone = { type: 'MemberGone', senderCompId, userId } as const;
        system.tell(this.#address, { ...gone, cancelAfterMs: CANCEL_RETRY_MS });
      };
      const command = { type: 'CancelMemberOrders', unsolicited: ON_DISCONNECT } as const;
      const ask = (replyTo: Address): void =>
        system.tell({ type: 'exchange' }, { type: 'SubmitAccountCommand', userId, command, replyTo });
      system.ask(ask, limits.operatorTimeoutMs).then(
        (reply) => {
          if (reply.type === 'CancelsRequested') {
            log.info('orders canceled on disconnect', { senderCompId, orderCount: reply.orderCount });
          } else {
            again(reply.type === 'CommandRejected' ? reply.text : reply.type);
          }
        },
        (error: unknown) => again(String(error)),
      );
    }
  }

  /** Only sessions that have something to do: of two thousand idle ones hardly any has. */
  #tick(message: Tick): void {
    const now = this.#options.clock.now();
    for (const [sessionId, { session }] of this.#sessions) {
      if (session.dueAt() <= now) this.#tell(sessionId, message);
    }
  }

  #resetNumbers({ senderCompId, userId }: ResetMember): void {
    const sessionId = this.#claims.get(senderCompId);
    if (sessionId !== undefined) {
      this.#tell(sessionId, { type: 'ResetNumbers' });
      return;
    }
    this.#options.system.tell(
      { type: 'persistence' },
      {
        type: 'JournalSession',
        sessionId: this.#options.name,
        senderCompId,
        userId,
        nextInSeqNum: 1,
        nextOutSeqNum: 1,
        reservedOutSeqNum: 0,
        // How the last session ended is not known here: what is undelivered may have been sent.
        clean: false,
        resetAfter: true,
        sent: undefined,
        delivered: [],
      },
    );
  }

  #beginDrain(order: DrainGateway): void {
    const until = this.#options.clock.now() + this.#options.limits.drainTimeoutMs;
    this.#drain = { order, until, isAnswered: false };
    this.#tellAll({ type: 'EndSession', text: order.text });
    this.#answerDrain();
  }

  #boundDrain(): void {
    if (this.#drain === undefined || this.#options.clock.now() < this.#drain.until) return;
    for (const [sessionId, { connection }] of this.#sessions) {
      connection.close();
      this.#tell(sessionId, { type: 'PeerClosed' });
    }
  }

  #answerDrain(): void {
    const drain = this.#drain;
    if (drain === undefined || drain.isAnswered || this.#sessions.size > 0) return;
    drain.isAnswered = true;
    this.#options.system.tell(drain.order.replyTo, { type: 'Drained' });
  }

  #tell(sessionId: string, message: SessionMessage): void {
    this.#options.system.tell({ type: 'session', sessionId }, message);
  }

  #tellAll(message: SessionMessage): void {
    for (const sessionId of this.#sessions.keys()) this.#tell(sessionId, message);
  }
}
