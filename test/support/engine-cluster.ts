/**
 * Engines that share the accounts and books of a venue, each with the real exchange, accounts, seats and persistence over
 * one store in memory and real links. Who has what the test says; a commit for an account that has another owner by then is
 * refused as the guard of the database would.
 */
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import type { CommitOutcome, Store } from '../../src/actors/ports.ts';
import type { ShardEpoch } from '../../src/actors/protocol.ts';
import { type ClusterSystem, createClusterSystem } from '../../src/cluster/cluster-system.ts';
import { createLinks, type Links } from '../../src/cluster/links.ts';
import { type ClusterView, type Owned, shardOf } from '../../src/cluster/membership.ts';
import { createMemoryNetwork } from '../../src/cluster/memory-carrier.ts';
import type { NodeId } from '../../src/cluster/node-id.ts';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import type { UserId } from '../../src/matching/types.ts';
import { silentLog } from '../../src/platform/log.ts';
import { nodeInView } from './cluster-view.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryStore } from './memory-store.ts';
import { randomFrom } from './random.ts';
import { openVenue, START_AT, type Venue } from './venue.ts';

const LINK_LIMITS = { answerTimeoutMs: 30, retryMs: 5, maxRetryMs: 50, pingMs: 50 };

interface Joined {
  readonly id: NodeId;
  readonly links: Links;
  readonly cluster: ClusterSystem;
}

/** Which engine has the account of each user, and the book of each symbol. */
export interface Places {
  readonly accounts: Readonly<Record<UserId, string>>;
  readonly books: Readonly<Record<string, string>>;
}

export class EngineCluster {
  readonly clock = new ManualClock(START_AT);
  readonly store = new MemoryStore();
  readonly engines = new Map<string, Venue>();
  readonly #network = createMemoryNetwork(this.clock, randomFrom(1).next);
  readonly #joined = new Map<string, Joined>();
  readonly #places: Places;
  readonly #shardEpochs = new Map<number, number>();
  readonly #commits = new Map<string, number>();
  #view: ClusterView = { nodes: [], ownership: { symbols: new Map(), shards: new Map() }, readAt: 0 };
  #lastCommit: Promise<unknown> = Promise.resolve();
  #lastSeqNum = 0;

  constructor(places: Places) {
    this.#places = places;
  }

  /** Starts engines of these names, and joins them. */
  async start(...names: readonly string[]): Promise<void> {
    for (const name of names) this.engines.set(name, await this.#startEngine(name));
    this.#look();
    await this.until('links', () =>
      [...this.#joined.values()].every(({ cluster }) => cluster.peers().length === names.length - 1),
    );
  }

  engine(name: string): Venue {
    const engine = this.engines.get(name);
    if (engine === undefined) throw new Error(`no engine ${name}`);
    return engine;
  }

  /** To the engine with the account, as its gateway would. */
  send(userId: UserId, ...commands: readonly MemberCommand[]): void {
    const numbered = commands.map((command) => {
      this.#lastSeqNum += 1;
      return { msgSeqNum: this.#lastSeqNum, command };
    });
    this.engine(this.#places.accounts[userId] ?? '').tell(
      { type: 'exchange' },
      { type: 'SubmitCommands', sessionId: 'nobody', userId, commands: numbered },
    );
  }

  /** Another life of the right to the account: what was done by the one before is refused. */
  raiseEpoch(userId: UserId): void {
    const shard = shardOf(userId);
    this.#shardEpochs.set(shard, (this.#shardEpochs.get(shard) ?? 1) + 1);
  }

  /** From now on nothing goes to and from the node, and its links do not know. */
  silence(name: string): void {
    for (const other of this.engines.keys()) this.#network.cut(name, other);
  }

  /** The node lives, and its links end. */
  cut(name: string): void {
    const id = this.#joined.get(name)?.id;
    for (const [other, { links }] of this.#joined) {
      if (other === name || id === undefined) continue;
      links.end(id, 'the test has cut it');
      links.expect(this.#ids().filter((one) => one.name !== name));
    }
  }

  /** The links of the node come back. */
  async mend(): Promise<void> {
    for (const one of this.engines.keys()) {
      for (const other of this.engines.keys()) this.#network.heal(one, other);
    }
    this.#look();
    await this.until('links', () =>
      [...this.#joined.values()].every(({ cluster }) => cluster.peers().length === this.engines.size - 1),
    );
    await this.quiet();
  }

  /** Lets time pass, with all that is to be done in each millisecond. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1) {
      for (let turn = 0; turn < 8; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
      this.clock.advance(1);
    }
  }

  async until(what: string, isDone: () => boolean): Promise<void> {
    for (let passed = 0; passed < 5_000; passed += 1) {
      if (isDone()) return;
      await this.pass(1);
    }
    throw new Error(`waited in vain for ${what}`);
  }

  /** Nothing is under way anywhere. */
  async quiet(): Promise<void> {
    await this.pass(5);
    await this.until('quiet', () =>
      [...this.engines.values()].every(
        (engine) => engine.persistenceStatus().isIdle && engine.exchangeStatus().commandsInFlight === 0,
      ),
    );
    await this.pass(5);
  }

  shutdown(): void {
    for (const engine of this.engines.values()) engine.shutdown();
    for (const { links } of this.#joined.values()) void links.close();
  }

  async #startEngine(name: string): Promise<Venue> {
    const joined = (): ClusterSystem | undefined => this.#joined.get(name)?.cluster;
    const shardHere = (userId: UserId): ShardEpoch | undefined => {
      const shard = shardOf(userId);
      if (this.#places.accounts[userId] !== name) return undefined;
      return { shard, epoch: this.#shardEpochs.get(shard) ?? 1 };
    };
    return openVenue({
      store: this.store,
      storeOf: (store) => this.#writer(name, store),
      clock: this.clock,
      joined: (inner) => this.#join(name, inner, (userId) => shardHere(userId) !== undefined),
      cluster: {
        self: name,
        isEngine: true,
        shardOf: shardHere,
        ownsAccount: (userId) => shardHere(userId) !== undefined,
        shardNoOf: shardOf,
        routeOfAccount: (userId) => joined()?.routeOfAccount(userId),
        routeOfBook: (symbol) => joined()?.routeOfBook(symbol),
        ownerOfBook: (symbol) => joined()?.ownerOfBook(symbol),
        epochOfBook: (symbol) => (this.#places.books[symbol] === name ? 1 : undefined),
        maxKeptRequests: 1_000,
        routeWaitMs: 5_000,
        peers: () => joined()?.peers() ?? [],
        engines: () => joined()?.peers() ?? [],
      },
    });
  }

  #join(name: string, inner: ActorSystem, hasAccount: (userId: UserId) => boolean): ActorSystem {
    const id = { name, incarnation: this.#joined.size + 1 };
    const wired: { cluster?: ClusterSystem } = {};
    const news = (type: 'PeerUp' | 'PeerDown', node: string): void => {
      inner.tell({ type: 'exchange' }, { type, node });
      if (type === 'PeerDown') inner.tell({ type: 'persistence' }, { type, node });
      for (const symbol of Object.keys(this.#places.books)) {
        inner.tell({ type: 'book', symbol }, { type: 'RoutesChanged' });
      }
    };
    const links = createLinks({
      self: id,
      carrier: this.#network.carrier(name),
      clock: this.clock,
      log: silentLog,
      limits: LINK_LIMITS,
      events: {
        onMessage: (from, to, message) => wired.cluster?.arrived(from, to, message),
        onUp: (peer) => {
          wired.cluster?.linkUp(peer);
          news('PeerUp', peer.name);
        },
        onDown: (peer) => {
          wired.cluster?.linkDown(peer);
          news('PeerDown', peer.name);
        },
      },
    });
    const cluster = createClusterSystem({
      inner,
      self: id,
      links,
      view: () => this.#view,
      isLeaseValid: () => true,
      hasAccount,
      log: silentLog,
    });
    wired.cluster = cluster;
    this.#joined.set(name, { id, links, cluster });
    this.#view = this.#viewNow();
    return cluster.system;
  }

  #ids(): NodeId[] {
    return [...this.#joined.values()].map(({ id }) => id);
  }

  #look(): void {
    this.#view = this.#viewNow();
    for (const { links } of this.#joined.values()) links.expect(this.#ids());
  }

  #viewNow(): ClusterView {
    const owned = (name: string): Owned => ({
      owner: this.#joined.get(name)?.id,
      epoch: 1,
      placedOn: undefined,
    });
    const { accounts, books } = this.#places;
    return {
      nodes: this.#ids().map((id) => nodeInView(id, 'engine')),
      ownership: {
        symbols: new Map(Object.entries(books).map(([symbol, name]) => [symbol, owned(name)])),
        shards: new Map(
          Object.entries(accounts).map(([userId, name]) => [shardOf(Number(userId)), owned(name)]),
        ),
      },
      readAt: 0,
    };
  }

  /** The store as one of several writers has it: commits one after the other, each with numbers of its own. */
  #writer(writer: string, store: MemoryStore): Store {
    const commits = this.#commits;
    commits.set(writer, 0);
    const commitNext = async (batch: Parameters<Store['commit']>[0]): Promise<CommitOutcome> => {
      const shards = (batch.shards ?? [])
        .filter(({ shard, epoch }) => epoch !== (this.#shardEpochs.get(shard) ?? 1))
        .map(({ shard }) => shard);
      if (shards.length > 0) return { type: 'NotOwner', symbols: [], shards, sessions: [] };
      const outcome = await store.commit({ ...batch, commitNo: store.lastCommitNo + 1 });
      if (outcome.type === 'Committed') commits.set(writer, batch.commitNo);
      return outcome;
    };
    const own: Partial<Store> = {
      writer,
      lastCommitNo: 0,
      commit: (batch) => {
        const commit = this.#lastCommit.then(() => commitNext(batch));
        this.#lastCommit = commit;
        return commit;
      },
      loadAccount: async (userId, tradingDay) => {
        const loaded = await store.loadAccount(userId, tradingDay);
        return { ...loaded, commits: new Map(commits) };
      },
    };
    return new Proxy<Store>(store, {
      get(target, name) {
        if (Object.hasOwn(own, name)) return Reflect.get(own, name);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}
