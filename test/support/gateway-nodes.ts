/**
 * Gateways of a cluster and one engine over one Postgres, in one process: real sessions on real sockets, each node with its
 * own actors and its own writer. Messages between nodes can be held back; what the engine's book does, the test says.
 */
import { type ActorSystem, startActorSystem } from '../../src/actors/actor-system.ts';
import { FollowedMembers } from '../../src/actors/followed-members.ts';
import { createGateway } from '../../src/actors/gateway.ts';
import { DEFAULT_GATEWAY_LIMITS } from '../../src/actors/gateway-limits.ts';
import type { GatewayOptions } from '../../src/actors/gateway-options.ts';
import { persistenceActor } from '../../src/actors/persistence.ts';
import type {
  Address,
  ExchangeMessage,
  Message,
  RouterMessage,
  SubmitAccountCommand,
} from '../../src/actors/protocol.ts';
import { restartFresh } from '../../src/actors/supervision.ts';
import { gatewayName, nodeInName } from '../../src/cluster/addresses.ts';
import { startAcceptor } from '../../src/fix/acceptor.ts';
import { DEFAULT_MEMBER_SETTINGS, type MemberSettings } from '../../src/fix/member-settings.ts';
import { DEFAULT_SESSION_LIMITS } from '../../src/fix/session-limits.ts';
import type { OrderBook } from '../../src/matching/order-book.ts';
import type { BookCommand } from '../../src/matching/types.ts';
import { createStore } from '../../src/persistence/store.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { emptyBook, run, SYMBOL } from './book-commands.ts';
import { beginLife, type LifeInRows } from './cluster-lives.ts';
import { FixClient, type FixClientOptions } from './fix-client.ts';
import { BTC_USD } from './instruments.ts';
import { ManualClock } from './manual-clock.ts';
import { TestSecurities } from './securities.ts';
import {
  ALICE,
  ALICE_COMP_ID,
  BOB,
  BOB_COMP_ID,
  type VenueDatabase,
  venueDatabase,
} from './venue-database.ts';

const ENGINE = 'engine-1';
const USERS = new Map([
  [ALICE_COMP_ID, ALICE],
  [BOB_COMP_ID, BOB],
]);

interface Node {
  readonly life: LifeInRows;
  readonly system: ActorSystem;
  readonly followed: FollowedMembers;
  readonly close: () => Promise<void>;
  readonly port: number;
  /** Sessions of which the gateway knows. */
  readonly sessionCount: () => number;
}

export class GatewayNodes {
  readonly clock = new ManualClock(systemClock.now());
  /** Members whose orders the gateways want canceled, as `gateway member`. */
  readonly canceled: string[] = [];
  /** Messages from the first of them to the second are held back while their names are here, as `from>to`. */
  readonly cut = new Set<string>();
  /** Whoever waits until the routers have answers for a member is told so; undefined: at once. */
  unanswered: (() => void)[] | undefined;
  settings: MemberSettings = DEFAULT_MEMBER_SETTINGS;
  firstGateway = 'gateway-1';
  readonly #venue: VenueDatabase;
  readonly #nodes = new Map<string, Node>();
  readonly #heldBack: { readonly route: string; readonly tell: () => void }[] = [];
  readonly #clients: FixClient[] = [];
  readonly #limits: GatewayOptions['limits'];
  #book: OrderBook = emptyBook();
  #epoch = 0;

  private constructor(venue: VenueDatabase, operatorTimeoutMs: number) {
    this.#venue = venue;
    this.#limits = { ...DEFAULT_SESSION_LIMITS, ...DEFAULT_GATEWAY_LIMITS, operatorTimeoutMs };
  }

  /** `operatorTimeoutMs`: how long its gateways wait for an exchange or a router, in real time. */
  static async start(operatorTimeoutMs = DEFAULT_GATEWAY_LIMITS.operatorTimeoutMs): Promise<GatewayNodes> {
    const nodes = new GatewayNodes(await venueDatabase(), operatorTimeoutMs);
    await nodes.#startEngine();
    for (const name of ['gateway-1', 'gateway-2']) await nodes.startGateway(name);
    return nodes;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const { close } of this.#nodes.values()) await close();
    await this.#venue.drop();
  }

  async startGateway(name: string): Promise<void> {
    const life = await beginLife(this.#venue, name);
    const inner = startActorSystem(silentLog, systemClock.after);
    const system = this.#joined(name, inner);
    const store = await createStore({ orm: this.#venue.orm, nodeName: name, incarnation: life.incarnation });
    const followed = new FollowedMembers({ tell: system.tell, node: name, engines: () => [ENGINE] });
    const actorName = gatewayName(name, 'fix');
    const persistence = this.#persistence(system, store, [actorName], followed);
    system.spawn({ type: 'persistence' }, persistence.behavior, persistence.policy);
    system.spawn(
      { type: 'exchange' },
      { initial: () => undefined, receive: (_state, message) => this.#take(name, system, message) },
      restartFresh(),
    );
    system.spawn(
      { type: 'router' },
      { initial: () => undefined, receive: (_state, message) => this.#route(system, message) },
      restartFresh(),
    );
    const gateway = createGateway({
      name: actorName,
      system,
      venueCompId: 'ONEBOOK',
      limits: this.#limits,
      markets: new TestSecurities(),
      securityStatusToAll: false,
      authenticator: {
        judge: async ({ senderCompId }) => {
          const userId = USERS.get(senderCompId) ?? 0;
          return { type: 'Accepted', userId, settings: this.settings };
        },
      },
      commandsTo: { type: 'router' },
      cluster: { store, isFirstGateway: () => this.firstGateway === name },
      clock: this.clock,
      log: silentLog,
    });
    system.spawn({ type: 'gateway', name: actorName }, gateway.behavior, restartFresh());
    const acceptor = await startAcceptor({
      host: '127.0.0.1',
      port: 0,
      onConnection: gateway.onConnection,
      log: silentLog,
      clock: systemClock,
    });
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closing ??= acceptor.close().then(() => inner.shutdown());
      return closing;
    };
    const sessionCount = (): number => gateway.sessions().length;
    this.#nodes.set(name, { life, system, followed, close, port: acceptor.port, sessionCount });
  }

  /** A connection of alice's that has said nothing yet. */
  async connect(gateway: string, options: Partial<FixClientOptions> = {}): Promise<FixClient> {
    const { port } = this.#node(gateway);
    const client = await FixClient.connect({
      port,
      senderCompId: ALICE_COMP_ID,
      username: 'alice',
      password: 'x',
      now: () => this.clock.now(),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  sessionCount(gateway: string): number {
    return this.#node(gateway).sessionCount();
  }

  tell(node: string, message: Message): void {
    this.#node(node).system.tell({ type: 'gateway', name: gatewayName(node, 'fix') }, message);
  }

  /** The book on the engine does this. */
  trade(...commands: readonly BookCommand[]): void {
    const events = run(this.#book, ...commands);
    this.#node(ENGINE).system.tell(
      { type: 'persistence' },
      {
        type: 'JournalBook',
        symbol: SYMBOL,
        epoch: this.#epoch,
        generation: 0,
        lastSeq: this.#book.lastSeq,
        events,
        done: [],
        replies: [],
      },
    );
  }

  /** The link between the gateway and the engine is a new one: what was told before is lost. */
  relink(gateway: string): void {
    this.cut.delete(`${ENGINE}>${gateway}`);
    this.#heldBack.length = 0;
    this.#node(ENGINE).system.tell({ type: 'persistence' }, { type: 'PeerDown', node: gateway });
    this.#node(gateway).followed.linkUp(ENGINE);
  }

  /** What was held back arrives. */
  heal(): void {
    this.cut.clear();
    for (const { tell } of this.#heldBack.splice(0)) tell();
  }

  /** By the rows it is dead; it does not know. */
  bury(gateway: string): Promise<void> {
    return this.#node(gateway).life.end();
  }

  async query<Row>(statement: string): Promise<readonly Row[]> {
    return this.#venue.query<Row>(statement);
  }

  /** Lets time pass for the gateways. */
  advance(byMs: number): void {
    this.clock.advance(byMs);
    for (const name of this.#nodes.keys()) if (name !== ENGINE) this.tell(name, { type: 'Tick' });
  }

  async #startEngine(): Promise<void> {
    const life = await beginLife(this.#venue, ENGINE);
    this.#epoch = (await life.take({ symbols: [SYMBOL] })).get(SYMBOL) ?? 0;
    const inner = startActorSystem(silentLog, systemClock.after);
    const system = this.#joined(ENGINE, inner);
    const store = await createStore({
      orm: this.#venue.orm,
      nodeName: ENGINE,
      incarnation: life.incarnation,
    });
    const followed = new FollowedMembers({ tell: system.tell, node: ENGINE, engines: () => [] });
    const persistence = this.#persistence(system, store, []);
    system.spawn({ type: 'persistence' }, persistence.behavior, persistence.policy);
    const close = async (): Promise<void> => inner.shutdown();
    this.#nodes.set(ENGINE, { life, system, followed, close, port: 0, sessionCount: () => 0 });
  }

  #persistence(
    system: ActorSystem,
    store: Awaited<ReturnType<typeof createStore>>,
    gateways: readonly string[],
    followers?: FollowedMembers,
  ) {
    return persistenceActor({
      tell: system.tell,
      clock: systemClock,
      log: silentLog,
      store,
      instrumentOf: () => BTC_USD,
      symbols: () => [SYMBOL],
      gateways,
      isRunning: () => system.isAlive({ type: 'persistence' }),
      // The life of the node is over.
      onOwnershipLost: () => void this.#nodes.get(store.writer)?.close(),
      sessionFlushMs: 10,
      maxEventsPerCommit: 1_000,
      retryFromMs: 10,
      retryToMs: 100,
      reservedSeqNums: DEFAULT_SESSION_LIMITS.reservedSeqNums,
      sessionAnswerMs: 500,
      gatewayOf: (node) => gatewayName(node, 'fix'),
      ...(followers === undefined ? {} : { followers }),
    });
  }

  /** An actor system that finds the others' actors. */
  #joined(name: string, inner: ActorSystem): ActorSystem {
    const tell = (address: Address, message: Message): void => {
      const node = nodeOf(address) ?? name;
      const there = (): void => {
        if (node === name) inner.tell(address, message);
        else
          this.#nodes.get(node)?.system.tell({ ...address, node: undefined } as unknown as Address, message);
      };
      const route = `${name}>${node}`;
      if (this.cut.has(route)) this.#heldBack.push({ route, tell: there });
      else there();
    };
    return { ...inner, tell };
  }

  #take(gateway: string, system: ActorSystem, message: ExchangeMessage): undefined {
    if (message.type !== 'SubmitAccountCommand') return;
    const { userId, replyTo } = message as SubmitAccountCommand;
    this.canceled.push(`${gateway} ${userId}`);
    system.tell(replyTo, { type: 'CancelsRequested', orderCount: 1 });
  }

  #route(system: ActorSystem, message: RouterMessage): undefined {
    if (message.type !== 'AwaitAnswers') return;
    const answer = (): void => system.tell(message.replyTo, { type: 'Drained' });
    if (this.unanswered === undefined) answer();
    else this.unanswered.push(answer);
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }
}

function nodeOf(address: Address): string | undefined {
  switch (address.type) {
    case 'session':
      return nodeInName(address.sessionId);
    case 'gateway':
      return nodeInName(address.name);
    case 'account':
      return ENGINE;
    default:
      return address.node;
  }
}
