/**
 * The gateway of one listening port: spawns a session actor for each connection within the bounds, keeps one
 * live session per SenderCompID, hands news on to the sessions and logs them out when the venue drains.
 */
import type { Connection, ConnectionListener } from '../fix/connection.ts';
import type { UnansweredRequests } from '../fix/fair-reading.ts';
import { SessionCounts } from '../fix/session-counts.ts';
import { Throttles } from '../fix/throttle.ts';
import { hostOf, networkOf } from '../platform/addresses.ts';
import { assertNever } from '../platform/assert.ts';
import { oldestOfLargest } from '../platform/fair-share.ts';
import { CancelOnDisconnect } from './cancel-on-disconnect.ts';
import { type FixSession, fixSession } from './fix-session.ts';
import { GatewayDrain } from './gateway-drain.ts';
import { type GatewayLoad, type GatewayOccupancy, loadOfSessions } from './gateway-load.ts';
import type { Gateway, GatewayOptions } from './gateway-options.ts';
import { type LiveSession, liveSessions } from './live-sessions.ts';
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
  SessionWanted,
  Tick,
} from './protocol.ts';
import { stopAfter } from './supervision.ts';

interface Registered {
  readonly connection: Connection;
  readonly session: FixSession;
  readonly since: number;
  senderCompId: number | undefined;
  /** Undefined until the session is active. */
  loggedOn: MemberLoggedOn | undefined;
}

export type { Gateway } from './gateway-options.ts';

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
    occupancy: () => registry.occupancy,
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
  readonly #cancelOnDisconnect: CancelOnDisconnect;
  readonly #drain: GatewayDrain;
  readonly #throttles = new Throttles();
  readonly #unanswered: UnansweredRequests = { total: 0 };
  readonly #counts: SessionCounts;
  #lastSessionNo = 0;
  #storeReason: string | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#address = { type: 'gateway', name: options.name };
    this.#incarnation = options.clock.now().toString(36);
    this.#counts = options.counts ?? new SessionCounts();
    const { system, clock, log, limits, cluster, commandsTo } = options;
    this.#cancelOnDisconnect = new CancelOnDisconnect({
      system,
      gateway: this.#address,
      clock,
      log,
      timeoutMs: limits.operatorTimeoutMs,
      store: cluster?.store,
      router: cluster === undefined ? undefined : commandsTo,
    });
    this.#drain = new GatewayDrain({ tell: system.tell, clock, timeoutMs: limits.drainTimeoutMs });
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
      case 'UndrainGateway':
        this.#drain.end();
        return;
      case 'LogoutMember':
        this.#tellMember(message.senderCompId, { type: 'EndSession', text: message.text });
        return;
      case 'ResetMember':
        this.#resetNumbers(message);
        return;
      case 'SessionWanted':
        this.#answerWanted(message);
        return;
      case 'GatewayGone':
        if (this.#options.cluster?.isFirstGateway() === true) this.#cancelOnDisconnect.takeOver();
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
        this.#cancelOnDisconnect.cancelDue();
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
    return liveSessions(this.#sessions);
  }

  load(): GatewayLoad {
    return loadOfSessions(this.#sessions.values(), this.#strangers.size);
  }

  get occupancy(): GatewayOccupancy {
    return { connections: this.#sessions.size, maxConnections: this.#options.limits.maxConnections };
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
    if (this.#drain.hasBegun) return 'the node drains or stops';
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
    const { isJournalFull = () => false, commandsTo = { type: 'exchange' } } = this.#options;
    const throttles = this.#throttles;
    const counts = this.#counts;
    const session = fixSession({
      config: {
        sessionId,
        venueCompId,
        limits,
        throttles,
        counts,
        markets,
        securityStatusToAll,
        unanswered: this.#unanswered,
        isJournalFull,
      },
      connection,
      tell: system.tell,
      gateway: this.#address,
      commandsTo,
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
      this.#cancelOnDisconnect.gone(registered.loggedOn, registered.loggedOn.cancelAfterMs);
    }
    this.#drain.answer(this.#sessions.size);
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

  /** As {@link #claim} for a connection of another gateway. */
  #answerWanted({ senderCompId, sessionId, node }: SessionWanted): void {
    const { tell } = this.#options.system;
    const to = { type: 'persistence', node } as const;
    const holder = this.#claims.get(senderCompId);
    const answer = { type: 'SessionHeld', sessionId, isAlive: holder !== undefined } as const;
    if (holder === undefined) {
      // The last session's end is written first: the next one goes on from there.
      tell({ type: 'persistence' }, { type: 'AwaitCommits', to, message: answer });
      return;
    }
    this.#tell(holder, { type: 'SessionBusy' });
    tell(to, answer);
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
    this.#cancelOnDisconnect.back(message.senderCompId);
  }

  #noteGone({ type: _, cancelAfterMs, isOverdue, ...member }: MemberGone): void {
    const sessionId = this.#claims.get(member.senderCompId);
    const isBack = sessionId !== undefined && this.#sessions.get(sessionId)?.loggedOn !== undefined;
    if (isOverdue === true) this.#cancelOnDisconnect.cancelOverdue(member);
    else if (!isBack) this.#cancelOnDisconnect.gone(member, cancelAfterMs);
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
    if (this.#options.cluster !== undefined) {
      // Another gateway may have the session by now.
      this.#options.system.tell({ type: 'persistence' }, { type: 'ResetSession', senderCompId, userId });
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
    this.#drain.begin(order);
    this.#tellAll({ type: 'EndSession', text: order.text });
    this.#drain.answer(this.#sessions.size);
  }

  #boundDrain(): void {
    if (!this.#drain.isOverdue) return;
    for (const [sessionId, { connection }] of this.#sessions) {
      connection.close();
      this.#tell(sessionId, { type: 'PeerClosed' });
    }
  }

  #tell(sessionId: string, message: SessionMessage): void {
    this.#options.system.tell({ type: 'session', sessionId }, message);
  }

  #tellAll(message: SessionMessage): void {
    for (const sessionId of this.#sessions.keys()) this.#tell(sessionId, message);
  }
}
