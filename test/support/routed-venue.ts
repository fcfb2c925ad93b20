/**
 * A venue on several nodes without sockets and without a database: a gateway with the real router, engines with the real
 * exchange, accounts, books and persistence over one store in memory, and the real links over a network that can be cut.
 * One engine has everything at a time; who that is the test says.
 */
import { expect } from 'chai';
import { type ActorSystem, startActorSystem } from '../../src/actors/actor-system.ts';
import { CancelOnDisconnect } from '../../src/actors/cancel-on-disconnect.ts';
import { CommandsInFlight } from '../../src/actors/commands-in-flight.ts';
import { CommandsUnderWay } from '../../src/actors/commands-under-way.ts';
import { FollowedMembers } from '../../src/actors/followed-members.ts';
import { type OrderRouter, orderRouter } from '../../src/actors/order-router.ts';
import { type OwnershipOfNode, ownershipHandlers } from '../../src/actors/ownership.ts';
import type { PersistenceMessage, ReportsCommitted } from '../../src/actors/protocol.ts';
import { RemoteGateways } from '../../src/actors/remote-gateways.ts';
import { restartFresh } from '../../src/actors/supervision.ts';
import { nodeInName } from '../../src/cluster/addresses.ts';
import {
  type ClusterSystem,
  createClusterSystem,
  type SessionGate,
} from '../../src/cluster/cluster-system.ts';
import { createLinks, type Links } from '../../src/cluster/links.ts';
import {
  ACCOUNT_SHARD_COUNT,
  type ClusterNode,
  type ClusterView,
  type Items,
  type Role,
  shardOf,
} from '../../src/cluster/membership.ts';
import { createMemoryNetwork, type Faults, type MemoryNetwork } from '../../src/cluster/memory-carrier.ts';
import { isSameNode, type NodeId } from '../../src/cluster/node-id.ts';
import type { UserId } from '../../src/matching/types.ts';
import { silentLog } from '../../src/platform/log.ts';
import { audit } from './audit.ts';
import { nodeInView } from './cluster-view.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';
import { OwnedRows } from './owned-rows.ts';
import { type Random, randomFrom } from './random.ts';
import { type RoutedMember, startRoutedMember } from './routed-member.ts';
import { openVenue, START_AT, type Venue } from './venue.ts';

const LINK_LIMITS = { answerTimeoutMs: 30, retryMs: 5, maxRetryMs: 50, pingMs: 50 };
/** Larger than all that a router lets under way. */
const ENGINE_LIMITS = { accountStash: 10_000, bookStash: 10_000 };
const ROUTER_LIMITS = { maxRoutedCommands: 1_000, routeWaitMs: 2_000, routeRetryMs: 20 };

interface Joined {
  readonly id: NodeId;
  readonly links: Links;
  readonly cluster: ClusterSystem;
  view: ClusterView;
  readonly see: (view: ClusterView) => void;
  kill(): void;
}

/** For so long a node may refuse to give up what is wanted of it. */
const GIVE_UP_MS = 60_000;
const SYMBOLS = ['BTC-USD', 'ETH-USD'];
const ALL_SHARDS = Array.from({ length: ACCOUNT_SHARD_COUNT }, (_, shard) => shard);

export class RoutedVenue {
  readonly clock = new ManualClock(START_AT);
  readonly store = new MemoryStore();
  readonly network: MemoryNetwork;
  readonly engines = new Map<string, Venue>();
  readonly router: OrderRouter;
  /** Sessions whose members an engine has said to follow, in the order in which it did. */
  readonly followed: string[] = [];
  /** What may be logged as an error. */
  readonly expectedErrors = new Set<string>();
  readonly rows: OwnedRows;
  /** How long after a release the next claim is in the rows: in none it is before what the last owner says. */
  claimMs = 0;
  readonly #joined = new Map<string, Joined>();
  readonly #owned = new Map<string, OwnershipOfNode>();
  readonly #random: Random;
  readonly #maxViewDelayMs: number;
  #viewNo = 0;
  readonly #members: FollowedMembers;
  readonly #gateway: ActorSystem;
  #nodes: ClusterNode[] = [];
  /** Symbols whose books are apart from the accounts, with their engines. */
  readonly #apart = new Map<string, string>();
  #lastIncarnation = 0;

  /** `maxViewDelayMs`: so much later than others a node may see who owns what. */
  constructor(seed: number, faults?: Faults, maxViewDelayMs = 0) {
    this.network = createMemoryNetwork(this.clock, randomFrom(seed).next, faults);
    this.#random = randomFrom(seed + 1_000);
    this.#maxViewDelayMs = maxViewDelayMs;
    this.rows = new OwnedRows(this.store, SYMBOLS);
    const actors = startActorSystem(silentLog, (delayMs, callback) => this.clock.after(delayMs, callback));
    const router: { current?: OrderRouter } = {};
    const joined = this.#join('gateway-1', 'gateway', actors, {
      arriving: (sessionId, message) => router.current?.arriving(sessionId, message),
    });
    const { cluster } = joined;
    const { tell } = cluster.system;
    this.#gateway = cluster.system;
    this.#members = new FollowedMembers({ tell, node: 'gateway-1', engines: () => [...this.engines.keys()] });
    this.router = orderRouter({
      // Past its own gate.
      tell: (to, message) => (to.type === 'session' ? actors.tell(to, message) : tell(to, message)),
      clock: this.clock,
      log: silentLog,
      limits: ROUTER_LIMITS,
      routeOfAccount: cluster.routeOfAccount,
    });
    router.current = this.router;
    cluster.system.spawn({ type: 'router' }, this.router.behavior, this.router.policy);
    const followed = this.followed;
    cluster.system.spawn(
      { type: 'persistence' },
      {
        initial: () => undefined,
        receive(state: undefined, message: PersistenceMessage) {
          if (message.type === 'MembersFollowed') followed.push(...message.sessionIds);
          return state;
        },
      },
      restartFresh(),
    );
  }

  /** Starts an engine in a new life; of what there is it owns only books that were put there and are free. */
  async startEngine(name: string): Promise<void> {
    const underWay = new CommandsUnderWay();
    const inFlight = new CommandsInFlight();
    const wired: { id?: NodeId; cluster?: ClusterSystem; owned?: OwnershipOfNode } = {};
    const engine = await openVenue({
      store: this.store,
      storeOf: () => this.rows.writer(wired.id as NodeId),
      inFlight,
      clock: this.clock,
      limits: ENGINE_LIMITS,
      joined: (inner) => {
        const { id, cluster } = this.#join(name, 'engine', inner, { leaving: leavingBy(underWay) });
        wired.id = id;
        wired.cluster = cluster;
        return cluster.system;
      },
      remote: new RemoteGateways({
        epochOf: (userId) =>
          wired.owned?.ownsAccount(userId) ? wired.owned.shardOf(userId)?.epoch : undefined,
        underWay,
        nodeOf: nodeInName,
      }),
      cluster: {
        self: name,
        isEngine: true,
        shardOf: (userId) => wired.owned?.shardOf(userId),
        ownsAccount: (userId) => wired.owned?.ownsAccount(userId) === true,
        shardNoOf: shardOf,
        epochOfBook: (symbol) => wired.owned?.epochOfBook(symbol),
        routeOfAccount: (userId) => wired.cluster?.routeOfAccount(userId),
        routeOfBook: (symbol) => wired.cluster?.routeOfBook(symbol),
        ownerOfBook: (symbol) => livingOwner(this.#joined.get(name)?.view, symbol),
        peers: () => this.#linkedEngines(name),
        engines: () => this.#linkedEngines(name),
        maxKeptRequests: 1_000,
        routeWaitMs: ROUTER_LIMITS.routeWaitMs,
      },
    });
    wired.owned = ownershipHandlers({
      system: engine.system,
      clock: this.clock,
      log: silentLog,
      underWay,
      inFlight,
      shardNoOf: shardOf,
      isRedoing: () => engine.persistenceStatus().isRedoing,
      onOwnershipLost: (symbols) => {
        throw new Error(`${name} has lost ${symbols}`);
      },
      others: { accounts: () => engine.accounts.keys(), seenAfterMs: 2 * this.#maxViewDelayMs },
    });
    this.engines.set(name, engine);
    this.#owned.set(name, wired.owned);
    this.#publish();
    await this.until(`links with ${name}`, () => this.#isLinked(name, 'gateway-1'));
    const apart = [...this.#apart].flatMap(([symbol, place]) => (place === name ? symbol : []));
    await this.give({ symbols: apart, shards: [] }, name);
  }

  /** The book of the symbol is to be on this engine, apart from the accounts: to be said before it starts. */
  putBook(symbol: string, name: string): void {
    this.#apart.set(symbol, name);
  }

  /** From now on this engine has every account, and every book that was put nowhere else; undefined: nobody has. */
  async own(name: string | undefined): Promise<void> {
    const symbols = SYMBOLS.filter((symbol) => !this.#apart.has(symbol));
    await this.give({ symbols, shards: ALL_SHARDS }, name);
  }

  /** As a keeper does it: those that have it give it up in order, and then it is taken. */
  async give(items: Items, name: string | undefined): Promise<void> {
    const taker = name === undefined ? undefined : this.#joined.get(name);
    for (const [holder, owned] of this.#owned) {
      const { id } = this.#joined.get(holder) as Joined;
      const held = holder === name ? { symbols: [], shards: [] } : this.rows.ownedBy(id, items);
      if (held.symbols.length + held.shards.length === 0) continue;
      await this.#givenUp(owned, held);
      this.rows.put(held, undefined);
      // Views come before the answer, or after it.
      this.#publish();
      if (this.#random.next() < 0.5) await this.pass(1);
      owned.onReleased(held);
    }
    await this.pass(this.claimMs);
    const own = taker === undefined ? items : this.rows.ownedBy(taker.id, items);
    const symbols = items.symbols.filter((symbol) => taker === undefined || !own.symbols.includes(symbol));
    const shards = items.shards.filter((shard) => taker === undefined || !own.shards.includes(shard));
    if (taker === undefined) return;
    const taken = this.rows.put({ symbols, shards }, taker.id);
    this.#publish();
    if (this.#random.next() < 0.5) await this.pass(1);
    this.#owned.get(taker.id.name)?.onTaken(taken);
  }

  /** As `kill -9` would; its death is known at once, and what it had is free. */
  kill(name: string): void {
    this.#joined.get(name)?.kill();
    this.engines.get(name)?.shutdown();
    this.engines.delete(name);
    this.#owned.delete(name);
    this.#nodes = this.#nodes.map((node) => (node.name === name ? nodeInView(node, 'engine', false) : node));
    this.#joined.delete(name);
    this.#publish();
  }

  /** Books and accounts are compared with the rows where they live. */
  audit(): void {
    for (const [name, engine] of this.engines) {
      const { id } = this.#joined.get(name) as Joined;
      const { symbols, shards } = this.rows.ownedBy(id, { symbols: SYMBOLS, shards: ALL_SHARDS });
      const books = new Map([...engine.books].filter(([symbol]) => symbols.includes(symbol)));
      const isLive = (userId: UserId): boolean => engine.system.isAlive({ type: 'account', userId });
      const accounts = new Map(
        [...engine.accounts].filter(([userId]) => shards.includes(shardOf(userId)) && isLive(userId)),
      );
      audit({ ...engine, books, accounts });
      expect(engine.errors.filter(({ event }) => !this.expectedErrors.has(event))).to.deep.equal([]);
      expect(engine.lostSymbols).to.deep.equal([]);
    }
  }

  /** Ends the link with an engine though both live. */
  cutLink(name: string, of = 'gateway-1'): void {
    const id = this.#joined.get(name)?.id;
    if (id !== undefined) this.#joined.get(of)?.links.end(id, 'the test has cut it');
  }

  /** `connection`: of the same member, one after another. */
  member(userId: UserId, connection = 1): RoutedMember {
    const sessionId = `gateway-1/fix:${connection}:${userId}`;
    const member = startRoutedMember(this.#gateway, userId, sessionId);
    this.#members.follow(userId, sessionId);
    return member;
  }

  /** The member's session ends, and its orders are to be canceled for it. */
  leave({ userId }: RoutedMember): void {
    const { tell, ask } = this.#gateway;
    const cancels = new CancelOnDisconnect({
      system: {
        // As the exchange of a gateway passes it on.
        tell(to, message) {
          if (message.type === 'SubmitAccountCommand') tell({ type: 'exchange', node: 'engine-3' }, message);
          else tell(to, message);
        },
        ask,
      },
      gateway: { type: 'gateway', name: 'gateway-1/fix' },
      clock: this.clock,
      log: silentLog,
      timeoutMs: ROUTER_LIMITS.routeWaitMs,
      store: undefined,
      router: { type: 'router' },
    });
    cancels.gone({ senderCompId: 1_000 + userId, userId }, 0);
  }

  /** Lets time pass, with all that is to be done in each millisecond. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1) {
      for (let turn = 0; turn < 8; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
      this.clock.advance(1);
    }
  }

  async until(what: string, isDone: () => boolean): Promise<void> {
    for (let passed = 0; passed < 10_000; passed += 1) {
      if (isDone()) return;
      await this.pass(1);
    }
    throw new Error(`waited in vain for ${what}: ${JSON.stringify(this.router.status())}`);
  }

  /** Every command of every member has an answer. */
  async answered(): Promise<void> {
    // What was sent has reached the router.
    await this.pass(2);
    await this.until('answers', () => this.router.status().keptCommands === 0);
    // And what it has passed on has reached the sessions.
    await this.pass(2);
    await this.#wakeAccounts();
  }

  /** Accounts that have heard of books that moved read their rows when there is something to do: nothing, for instance. */
  async #wakeAccounts(): Promise<void> {
    await this.pass(10);
    for (const { accounts, system } of this.engines.values()) {
      for (const userId of accounts.keys()) {
        system.tell({ type: 'account', userId }, { type: 'AccountCommands', commands: [] });
      }
    }
    await this.pass(10);
  }

  shutdown(): void {
    for (const engine of this.engines.values()) engine.shutdown();
    for (const { links } of this.#joined.values()) void links.close();
    this.#gateway.shutdown();
  }

  #join(name: string, role: Role, inner: ActorSystem, sessions: SessionGate): Joined {
    this.#lastIncarnation += 1;
    const id = { name, incarnation: this.#lastIncarnation };
    const carrier = this.network.carrier(name);
    const wired: { cluster?: ClusterSystem } = {};
    const links = createLinks({
      self: id,
      carrier,
      clock: this.clock,
      log: silentLog,
      limits: LINK_LIMITS,
      events: {
        onMessage: (from, to, message) => wired.cluster?.arrived(from, to, message),
        onUp: (peer) => {
          wired.cluster?.linkUp(peer);
          tellRoutes(inner, role);
          if (role === 'gateway') this.#members.linkUp(peer.name);
          else inner.tell({ type: 'exchange' }, { type: 'PeerUp', node: peer.name });
        },
        onDown: (peer) => {
          wired.cluster?.linkDown(peer);
          if (role === 'gateway') return;
          for (const type of ['exchange', 'persistence'] as const) {
            inner.tell({ type }, { type: 'PeerDown', node: peer.name });
          }
        },
      },
    });
    const cluster = createClusterSystem({
      inner,
      self: id,
      links,
      view: () => joined.view,
      isLeaseValid: () => true,
      hasAccount: (userId) => this.#owned.get(name)?.shardOf(userId) !== undefined,
      log: silentLog,
      sessions,
    });
    wired.cluster = cluster;
    this.#nodes = [...this.#nodes.filter((node) => node.name !== name), nodeInView(id, role)];
    const joined: Joined = {
      id,
      links,
      cluster,
      view: this.#viewNow(),
      see(view) {
        if (view.readAt < joined.view.readAt) return;
        joined.view = view;
        if (role === 'engine') inner.tell({ type: 'exchange' }, { type: 'OwnersChanged' });
        tellRoutes(inner, role);
      },
      kill() {
        void carrier.close();
      },
    };
    this.#joined.set(name, joined);
    return joined;
  }

  /** Every node sees it, each in its time. */
  #publish(): void {
    const view = this.#viewNow();
    const ids = [...this.#joined.values()].map(({ id }) => id);
    for (const { links, see } of this.#joined.values()) {
      links.expect(ids);
      const delayMs = Math.floor(this.#random.next() * (this.#maxViewDelayMs + 1));
      if (delayMs === 0) see(view);
      else this.clock.after(delayMs, () => see(view));
    }
  }

  #viewNow(): ClusterView {
    this.#viewNo += 1;
    return { nodes: this.#nodes, ownership: this.rows.ownership(), readAt: this.#viewNo };
  }

  /** Tried again, as with every look of a keeper: while commands run again after a refused commit nothing leaves. */
  async #givenUp(owned: OwnershipOfNode, items: Items): Promise<void> {
    const deadline = this.clock.now() + GIVE_UP_MS;
    while (this.clock.now() < deadline) {
      let outcome: string | undefined;
      owned.giveUp(items).then(
        () => {
          outcome = 'done';
        },
        (error: Error) => {
          outcome = error.message;
        },
      );
      await this.until('an answer to a wish to give up', () => outcome !== undefined);
      if (outcome === 'done') return;
      await this.pass(20);
    }
    throw new Error('nothing is given up');
  }

  #linkedEngines(of: string): readonly string[] {
    return [...this.engines.keys()].filter((peer) => peer !== of && this.#isLinked(peer, of));
  }

  #isLinked(name: string, of: string): boolean {
    const status = this.#joined.get(of)?.links.status() ?? [];
    return status.some(({ peer, phase }) => peer.name === name && phase === 'Up');
  }
}

function tellRoutes(inner: ActorSystem, role: Role): void {
  if (role === 'gateway') inner.tell({ type: 'router' }, { type: 'RoutesChanged' });
  else for (const symbol of SYMBOLS) inner.tell({ type: 'book', symbol }, { type: 'RoutesChanged' });
}

function leavingBy(underWay: CommandsUnderWay): NonNullable<SessionGate['leaving']> {
  return (sessionId, message) =>
    message.type === 'ReportsCommitted' || message.type === 'CommandsRefused'
      ? underWay.leaving(sessionId, message as ReportsCommitted)
      : message;
}

function livingOwner(view: ClusterView | undefined, symbol: string): string | undefined {
  const owner = view?.ownership.symbols.get(symbol)?.owner;
  return view?.nodes.find((node) => node.isAlive && isSameNode(node, owner))?.name;
}
