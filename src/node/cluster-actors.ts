/**
 * What is different about the actors of a node in a cluster: commands go by a router, a part of the actors lives elsewhere,
 * books have seats, and what this node owns changes while it trades. Made anew for each life of the node.
 */
import type { ActorSystem } from '../actors/actor-system.ts';
import { CommandsInFlight } from '../actors/commands-in-flight.ts';
import { CommandsUnderWay } from '../actors/commands-under-way.ts';
import type { ExchangeOptions } from '../actors/exchange.ts';
import { FollowedMembers } from '../actors/followed-members.ts';
import type { GatewayOptions } from '../actors/gateway-options.ts';
import { orderRouter } from '../actors/order-router.ts';
import { type OwnershipOfNode, ownershipHandlers } from '../actors/ownership.ts';
import type { PersistenceOptions } from '../actors/persistence.ts';
import type { Store } from '../actors/ports.ts';
import type { Address, Message } from '../actors/protocol.ts';
import { RemoteGateways } from '../actors/remote-gateways.ts';
import { gatewayName, nodeInName } from '../cluster/addresses.ts';
import type { Carrier } from '../cluster/carrier.ts';
import { type ClusterSystem, createClusterSystem } from '../cluster/cluster-system.ts';
import type { Links } from '../cluster/links.ts';
import { type ClusterNode, type ClusterView, type Membership, shardOf } from '../cluster/membership.ts';
import { firstNumberOf, type NodeId } from '../cluster/node-id.ts';
import type { CrossingMessage } from '../cluster/wire/messages.ts';
import type { NodeConfig } from '../config/node-config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';

/** Of every gateway of a cluster, behind the name of its node. */
export const GATEWAY = 'fix';

export interface ClusterActorsOptions {
  readonly config: NodeConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** The actors of this node. */
  readonly inner: ActorSystem;
  readonly self: NodeId;
  readonly links: Links;
  readonly membership: Membership;
  readonly carrier: Carrier;
  /** Others have what this life was owner of. */
  readonly onOwnershipLost: (reason: string) => void;
}

/** What the actors of a node are given, and what they are told of the others. */
export interface ClusterActors {
  readonly self: NodeId;
  /** Of all nodes. */
  readonly system: ActorSystem;
  readonly persistence: Partial<PersistenceOptions>;
  exchange(parts: {
    readonly isRedoing: () => boolean;
    readonly accounts: () => Iterable<number>;
  }): Partial<ExchangeOptions>;
  gateway(store: Store): Partial<GatewayOptions>;
  /** To be called when persistence and the exchange live. */
  spawn(): void;
  /** Where commands are before they reach the exchange. */
  readonly drainFirst: readonly Address[];
  /** Others look after the members of a gateway that has died. */
  hasOtherGateways(): boolean;
  /** For the keeper of what this node owns. */
  readonly ownership: OwnershipOfNode;
  arrived(from: NodeId, to: Address, message: CrossingMessage): void;
  linkUp(peer: NodeId): void;
  linkDown(peer: NodeId): void;
  /** Whether anything can be sent to others at all has changed. */
  reachChanged(): void;
  /** To be called often: whoever found no way while the lease was over is told when it is valid again. */
  lookAtLease(): void;
  viewChanged(view: ClusterView): void;
}

const ROUTER = { type: 'router' } as const;
const EXCHANGE = { type: 'exchange' } as const;
const PERSISTENCE = { type: 'persistence' } as const;

export function clusterActors(options: ClusterActorsOptions): ClusterActors {
  return new NodeActors(options);
}

class NodeActors implements ClusterActors {
  readonly self: NodeId;
  readonly #options: ClusterActorsOptions;
  readonly #cluster: ClusterSystem;
  readonly #underWay = new CommandsUnderWay();
  readonly #followed: FollowedMembers;
  readonly #router: ReturnType<typeof orderRouter> | undefined;
  #ownership: OwnershipOfNode | undefined;
  /** The nodes to which there is a link, as they were when it came up. */
  readonly #linked = new Map<string, NodeId>();
  /** The ways to the books as their seats have been told. */
  readonly #routes = new Map<string, string | undefined>();
  #gateways: readonly string[] = [];
  /** Somebody has found it over since it was last seen to be valid. */
  #isLeaseMissed = false;

  constructor(options: ClusterActorsOptions) {
    const { inner, self, links, membership, carrier, log, clock, config } = options;
    this.#options = options;
    this.self = self;
    this.#cluster = createClusterSystem({
      inner,
      self,
      links,
      view: () => membership.view(),
      isLeaseValid: () => this.#isLeaseValid(),
      isReachable: () => carrier.isReachable,
      hasAccount: (userId) => this.#ownership?.shardOf(userId) !== undefined,
      log,
      sessions: {
        leaving: (sessionId, message) => this.#leaving(sessionId, message),
        arriving: (sessionId, message) => this.#arriving(sessionId, message),
      },
    });
    const { tell } = this.#cluster.system;
    this.#followed = new FollowedMembers({ tell, node: self.name, engines: () => this.#linkedEngines() });
    if (!this.#isGateway) return;
    this.#router = orderRouter({
      // Past the gate, through which pass the answers of engines.
      tell: (address, message) => (address.type === 'session' ? inner.tell : tell)(address, message),
      clock,
      log,
      limits: config.limits,
      routeOfAccount: this.#cluster.routeOfAccount,
      isCutOff: () => !this.#isLeaseValid(),
    });
  }

  get system(): ActorSystem {
    return this.#cluster.system;
  }

  get persistence(): Partial<PersistenceOptions> {
    const gatewayOf = (nodeName: string): string => gatewayName(nodeName, GATEWAY);
    return this.#isGateway ? { gatewayOf, followers: this.#followed } : { gatewayOf };
  }

  get ownership(): OwnershipOfNode {
    if (this.#ownership === undefined) throw new Error('the exchange comes first');
    return this.#ownership;
  }

  get drainFirst(): readonly Address[] {
    return this.#router === undefined ? [] : [ROUTER];
  }

  hasOtherGateways(): boolean {
    const { nodes } = this.#options.membership.view();
    return nodes.some(
      ({ name, isAlive, roles }) => isAlive && roles.includes('gateway') && name !== this.self.name,
    );
  }

  exchange({ isRedoing, accounts }: Parameters<ClusterActors['exchange']>[0]): Partial<ExchangeOptions> {
    const { clock, log, config } = this.#options;
    const { routeOfAccount, routeOfBook, ownerOfBook, system } = this.#cluster;
    const inFlight = new CommandsInFlight();
    const ownership = ownershipHandlers({
      system,
      clock,
      log,
      underWay: this.#underWay,
      inFlight,
      shardNoOf: shardOf,
      isRedoing,
      onOwnershipLost: (symbols) => {
        this.#options.onOwnershipLost(`another node owns ${symbols.join(', ')} now`);
      },
      others: { accounts, seenAfterMs: config.cluster?.lease.ttlMs ?? 0 },
    });
    this.#ownership = ownership;
    return {
      inFlight,
      remote: new RemoteGateways({
        epochOf: (userId) => (ownership.ownsAccount(userId) ? ownership.shardOf(userId)?.epoch : undefined),
        underWay: this.#underWay,
        nodeOf: nodeInName,
      }),
      cluster: {
        self: this.self.name,
        firstNo: firstNumberOf(this.self),
        isEngine: config.roles.includes('engine'),
        shardOf: (userId) => ownership.shardOf(userId),
        ownsAccount: (userId) => ownership.ownsAccount(userId),
        shardNoOf: shardOf,
        routeOfAccount,
        routeOfBook,
        ownerOfBook,
        peers: () => [...this.#linked.keys()],
        engines: () => this.#linkedEngines(),
        epochOfBook: (symbol) => ownership.epochOfBook(symbol),
        maxKeptRequests: config.limits.bookStash,
        routeWaitMs: config.limits.routeWaitMs,
      },
    };
  }

  gateway(store: Store): Partial<GatewayOptions> {
    return {
      commandsTo: ROUTER,
      cluster: { store, isFirstGateway: () => this.#gateways[0] === this.self.name },
    };
  }

  spawn(): void {
    if (this.#router !== undefined) this.system.spawn(ROUTER, this.#router.behavior, this.#router.policy);
  }

  // ---- What changes elsewhere -------------------------------------------------------------------------------

  arrived(from: NodeId, to: Address, message: CrossingMessage): void {
    this.#cluster.arrived(from, to, message);
  }

  linkUp(peer: NodeId): void {
    const { inner } = this.#options;
    this.#cluster.linkUp(peer);
    this.#linked.set(peer.name, peer);
    inner.tell(EXCHANGE, { type: 'PeerUp', node: peer.name });
    if (this.#isGateway && this.#isEngine(peer.name)) this.#followed.linkUp(peer.name);
    this.#tellRoutes();
  }

  linkDown(peer: NodeId): void {
    const { inner } = this.#options;
    this.#cluster.linkDown(peer);
    if (this.#linked.get(peer.name)?.incarnation === peer.incarnation) this.#linked.delete(peer.name);
    inner.tell(EXCHANGE, { type: 'PeerDown', node: peer.name });
    inner.tell(PERSISTENCE, { type: 'PeerDown', node: peer.name });
    this.#tellRoutes();
  }

  reachChanged(): void {
    this.#tellRoutes();
  }

  lookAtLease(): void {
    if (!this.#isLeaseMissed || !this.#options.membership.isLeaseValid()) return;
    this.#isLeaseMissed = false;
    // The ways may be the same as before.
    this.#routes.clear();
    this.#tellRoutes();
  }

  viewChanged({ nodes }: ClusterView): void {
    const { inner } = this.#options;
    inner.tell(EXCHANGE, { type: 'OwnersChanged' });
    this.#tellRoutes();
    const before = this.#gateways;
    this.#gateways = namesOf(nodes.filter(({ isAlive, roles }) => isAlive && roles.includes('gateway')));
    if (!this.#isGateway || before.every((name) => this.#gateways.includes(name))) return;
    inner.tell({ type: 'gateway', name: gatewayName(this.self.name, GATEWAY) }, { type: 'GatewayGone' });
  }

  /** Those that wait for a way, or have sent something by one that is no more. */
  #tellRoutes(): void {
    const { inner, membership } = this.#options;
    if (this.#router !== undefined) inner.tell(ROUTER, { type: 'RoutesChanged' });
    for (const symbol of membership.view().ownership.symbols.keys()) {
      const key = this.#cluster.routeOfBook(symbol)?.key;
      if (this.#routes.has(symbol) && this.#routes.get(symbol) === key) continue;
      this.#routes.set(symbol, key);
      inner.tell({ type: 'book', symbol }, { type: 'RoutesChanged' });
    }
  }

  #leaving(sessionId: string, message: Message): Message {
    if (message.type === 'ReportsCommitted') return this.#underWay.leaving(sessionId, message);
    if (message.type === 'CommandsRefused') return this.#underWay.leaving(sessionId, message);
    return message;
  }

  #arriving(sessionId: string, message: Message): Message | undefined {
    return this.#router === undefined ? message : this.#router.arriving(sessionId, message);
  }

  #isLeaseValid(): boolean {
    const isValid = this.#options.membership.isLeaseValid();
    this.#isLeaseMissed ||= !isValid;
    return isValid;
  }

  get #isGateway(): boolean {
    return this.#options.config.roles.includes('gateway');
  }

  #isEngine(name: string): boolean {
    return this.#options.membership
      .view()
      .nodes.some((node) => node.name === name && node.roles.includes('engine'));
  }

  #linkedEngines(): readonly string[] {
    return [...this.#linked.keys()].filter((name) => this.#isEngine(name));
  }
}

function namesOf(nodes: readonly ClusterNode[]): readonly string[] {
  return nodes.map(({ name }) => name);
}
