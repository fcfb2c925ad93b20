/**
 * A venue on several nodes without sockets and without a database: a gateway with the real router, engines with the real
 * exchange, accounts, books and persistence over one store in memory, and the real links over a network that can be cut.
 * One engine has everything at a time; who that is the test says.
 */
import { type ActorSystem, startActorSystem } from '../../src/actors/actor-system.ts';
import { bookProxy } from '../../src/actors/book-proxy.ts';
import { CommandsUnderWay } from '../../src/actors/commands-under-way.ts';
import { FollowedMembers } from '../../src/actors/followed-members.ts';
import { type OrderRouter, orderRouter } from '../../src/actors/order-router.ts';
import type { Store } from '../../src/actors/ports.ts';
import type {
  CommandsRefused,
  Message,
  PersistenceMessage,
  ReportsCommitted,
  SessionMessage,
} from '../../src/actors/protocol.ts';
import { RemoteGateways } from '../../src/actors/remote-gateways.ts';
import { restartFresh } from '../../src/actors/supervision.ts';
import { nodeInName } from '../../src/cluster/addresses.ts';
import {
  type ClusterSystem,
  createClusterSystem,
  type SessionGate,
} from '../../src/cluster/cluster-system.ts';
import { createLinks, type Links } from '../../src/cluster/links.ts';
import type { ClusterNode, ClusterView, Role } from '../../src/cluster/membership.ts';
import { createMemoryNetwork, type Faults, type MemoryNetwork } from '../../src/cluster/memory-carrier.ts';
import type { NodeId } from '../../src/cluster/node-id.ts';
import type { Report } from '../../src/matching/execution-report.ts';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import type { UserId } from '../../src/matching/types.ts';
import { silentLog } from '../../src/platform/log.ts';
import { nodeInView, viewOwnedBy } from './cluster-view.ts';
import { ManualClock } from './manual-clock.ts';
import { line } from './member-commands.ts';
import { MemoryStore } from './memory-store.ts';
import { randomFrom } from './random.ts';
import { openVenue, START_AT, type Venue } from './venue.ts';

const LINK_LIMITS = { answerTimeoutMs: 30, retryMs: 5, maxRetryMs: 50, pingMs: 50 };
const ROUTER_LIMITS = { maxKeptCommands: 1_000, routeWaitMs: 2_000, routeRetryMs: 20 };

/** A session on the gateway, without FIX. */
export interface RoutedMember {
  readonly userId: UserId;
  readonly reports: readonly Report[];
  readonly refusals: readonly CommandsRefused[];
  /** Each number as often as it was answered. */
  readonly answered: readonly number[];
  send(...commands: readonly MemberCommand[]): void;
  lines(): string[];
}

interface Joined {
  readonly id: NodeId;
  readonly links: Links;
  readonly cluster: ClusterSystem;
  kill(): void;
}

export class RoutedVenue {
  readonly clock = new ManualClock(START_AT);
  readonly store = new MemoryStore();
  readonly network: MemoryNetwork;
  readonly engines = new Map<string, Venue>();
  readonly router: OrderRouter;
  /** Sessions whose members an engine has said to follow, in the order in which it did. */
  readonly followed: string[] = [];
  readonly #joined = new Map<string, Joined>();
  readonly #members: FollowedMembers;
  readonly #gateway: ActorSystem;
  #nodes: ClusterNode[] = [];
  #view: ClusterView;
  #owner: NodeId | undefined;
  #epoch = 1;
  /** Symbols whose books are apart from the accounts, with their engines. */
  readonly #apart = new Map<string, string>();
  readonly #commits = new Map<string, number>();
  #lastCommit: Promise<unknown> = Promise.resolve();
  #lastIncarnation = 0;

  constructor(seed: number, faults?: Faults) {
    this.network = createMemoryNetwork(this.clock, randomFrom(seed).next, faults);
    this.#view = viewOwnedBy([], undefined, 1);
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
      tell,
      clock: this.clock,
      log: silentLog,
      limits: ROUTER_LIMITS,
      routeOfAccount: cluster.routeOfAccount,
      routeOfBook: cluster.routeOfBook,
    });
    router.current = this.router;
    cluster.system.spawn({ type: 'exchange' }, this.router.behavior, this.router.policy);
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

  /** Starts an engine in a new life; it owns nothing yet. */
  async startEngine(name: string): Promise<void> {
    const underWay = new CommandsUnderWay();
    const leaving = (sessionId: string, message: Message): Message =>
      message.type === 'ReportsCommitted' || message.type === 'CommandsRefused'
        ? underWay.leaving(sessionId, message as ReportsCommitted)
        : message;
    let id: NodeId | undefined;
    const engine = await openVenue({
      store: this.store,
      storeOf: (store) => this.#writer(name, store),
      proxyOf: (symbol, generation, accounts) => {
        const owner = this.#apart.get(symbol);
        const cluster = this.#joined.get(name)?.cluster;
        if (owner === undefined || owner === name || cluster === undefined) return undefined;
        return bookProxy({
          symbol,
          node: name,
          tell: cluster.system.tell,
          log: silentLog,
          route: () => cluster.routeOfBook(symbol),
          accounts,
          onAnswered: ({ origin }) => {
            if (origin !== undefined) underWay.answered(origin.sessionId, origin.msgSeqNum);
          },
          generation,
          maxKeptRequests: 1_000,
        });
      },
      clock: this.clock,
      joined: (inner) => {
        const joined = this.#join(name, 'engine', inner, { leaving });
        id = joined.id;
        return joined.cluster.system;
      },
      remote: new RemoteGateways({ owns: () => this.#owner === id, underWay, nodeOf: nodeInName }),
    });
    this.engines.set(name, engine);
    this.#tellAll();
    await this.until(`links with ${name}`, () => this.#isLinked(name));
  }

  /** The book of the symbol is to be on this engine, apart from the accounts: to be said before engines start. */
  putBook(symbol: string, name: string): void {
    this.#apart.set(symbol, name);
  }

  /** From now on this engine has every account and every book, under the next epoch; undefined: nobody has. */
  own(name: string | undefined): void {
    this.#epoch += 1;
    this.#owner = name === undefined ? undefined : this.#joined.get(name)?.id;
    this.#tellAll();
  }

  /** As `kill -9` would; its death is known at once, and nobody owns what it had. */
  kill(name: string): void {
    this.#joined.get(name)?.kill();
    this.engines.get(name)?.shutdown();
    this.engines.delete(name);
    this.#nodes = this.#nodes.map((node) => (node.name === name ? nodeInView(node, 'engine', false) : node));
    this.#joined.delete(name);
    this.own(undefined);
  }

  /** Ends the link with an engine though both live. */
  cutLink(name: string, of = 'gateway-1'): void {
    const id = this.#joined.get(name)?.id;
    if (id !== undefined) this.#joined.get(of)?.links.end(id, 'the test has cut it');
  }

  member(userId: UserId): RoutedMember {
    const sessionId = `gateway-1/fix:1:${userId}`;
    const reports: Report[] = [];
    const refusals: CommandsRefused[] = [];
    const answered: number[] = [];
    let lastSeqNum = 0;
    this.#gateway.spawn(
      { type: 'session', sessionId },
      {
        initial: () => undefined,
        receive(state: undefined, message: SessionMessage) {
          if (message.type === 'CommandsRefused') refusals.push(message);
          if (message.type === 'ReportsCommitted') {
            reports.push(...message.reports);
            answered.push(...message.answered);
          }
          return state;
        },
      },
      restartFresh(),
    );
    this.#members.follow(userId, sessionId);
    return {
      userId,
      reports,
      refusals,
      answered,
      lines: () => reports.map(line),
      send: (...commands) => {
        const numbered = commands.map((command) => {
          lastSeqNum += 1;
          return { msgSeqNum: lastSeqNum, command };
        });
        this.#gateway.tell(
          { type: 'exchange' },
          { type: 'SubmitCommands', sessionId, userId, commands: numbered },
        );
      },
    };
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
          for (const symbol of this.#apart.keys())
            inner.tell({ type: 'book', symbol }, { type: 'RoutesChanged' });
          if (role !== 'gateway') return;
          this.#members.linkUp(peer.name);
          inner.tell({ type: 'exchange' }, { type: 'RoutesChanged' });
        },
        onDown: (peer) => wired.cluster?.linkDown(peer),
      },
    });
    const cluster = createClusterSystem({
      inner,
      self: id,
      links,
      view: () => this.#view,
      isLeaseValid: () => true,
      log: silentLog,
      sessions,
    });
    wired.cluster = cluster;
    const joined: Joined = {
      id,
      links,
      cluster,
      kill() {
        void carrier.close();
      },
    };
    this.#joined.set(name, joined);
    this.#nodes = [...this.#nodes.filter((node) => node.name !== name), nodeInView(id, role)];
    this.#view = this.#viewNow();
    return joined;
  }

  #tellAll(): void {
    this.#view = this.#viewNow();
    const ids = [...this.#joined.values()].map(({ id }) => id);
    for (const { links } of this.#joined.values()) links.expect(ids);
    this.#gateway.tell({ type: 'exchange' }, { type: 'RoutesChanged' });
  }

  #viewNow(): ClusterView {
    const view = viewOwnedBy(this.#nodes, this.#owner, this.#epoch);
    const symbols = new Map(view.ownership.symbols);
    for (const [symbol, name] of this.#apart) {
      const owner = this.#joined.get(name)?.id;
      symbols.set(symbol, { owner, epoch: owner?.incarnation ?? 0, placedOn: undefined });
    }
    return { ...view, ownership: { ...view.ownership, symbols } };
  }

  /** The store as one of several writers has it: commits one after the other, each with numbers of its own. */
  #writer(writer: string, store: MemoryStore): Store {
    const commits = this.#commits;
    commits.set(writer, 0);
    return {
      writer,
      lastCommitNo: 0,
      commit: (batch) => {
        const commit = this.#lastCommit.then(async () => {
          const outcome = await store.commit({ ...batch, commitNo: store.lastCommitNo + 1 });
          if (outcome.type === 'Committed') commits.set(writer, batch.commitNo);
          return outcome;
        });
        this.#lastCommit = commit;
        return commit;
      },
      claimBooks: (symbols) => store.claimBooks(symbols),
      loadOrders: (book, after) => store.loadOrders(book, after),
      loadAccount: async (userId, tradingDay) => {
        const loaded = await store.loadAccount(userId, tradingDay);
        return { ...loaded, commits: new Map(commits) };
      },
      openSession: (request) => store.openSession(request),
      loadMessages: () => store.loadMessages(),
      pendingCancels: () => store.pendingCancels(),
    };
  }

  #isLinked(name: string): boolean {
    const status = this.#joined.get('gateway-1')?.links.status() ?? [];
    return status.some(({ peer, phase }) => peer.name === name && phase === 'Up');
  }
}
