/**
 * One life of a node in a cluster: its membership, its links, and the actors that live on it. A life that others have
 * ended, since the node stood still for longer than its lease, is thrown away as a whole: nothing of its memory is true.
 */
import { type ActorSystem, startActorSystem } from '../actors/actor-system.ts';
import type { Carrier } from '../cluster/carrier.ts';
import { configDigest } from '../cluster/config-digest.ts';
import { startDnsServer } from '../cluster/dns/server.ts';
import { watchGateways } from '../cluster/dns/watch.ts';
import { createLinks, type Links } from '../cluster/links.ts';
import type { ClusterView, Membership, NodeReport } from '../cluster/membership.ts';
import { isSameNode, type NodeId, nodeText } from '../cluster/node-id.ts';
import { keepOwnership } from '../cluster/ownership-keeper.ts';
import { eligibleEngines } from '../cluster/ownership-plan.ts';
import { PROTOCOL_VERSION } from '../cluster/wire.ts';
import type { ClusterTerms } from '../config/cluster-terms.ts';
import { commonSettings } from '../config/common-settings.ts';
import { joinCluster } from '../persistence/cluster/postgres-membership.ts';
import { delay } from '../platform/clock.ts';
import { monotonicMs } from '../platform/monotonic.ts';
import { systemRandom } from '../platform/random.ts';
import { type ClusterActors, clusterActors } from './cluster-actors.ts';
import { clusterFigures, configWatch } from './cluster-watch.ts';
import { startTrading, type Trading, type TradingOptions } from './trading.ts';

export interface LifeOptions extends Omit<TradingOptions, 'system' | 'cluster' | 'onOwnershipLost'> {
  readonly terms: ClusterTerms;
  /** Of the database. A secret. */
  readonly url: string;
  /** Outlives this life. */
  readonly carrier: Carrier;
  /** This life is over, though its process goes on. Called once. */
  readonly onEnded: (reason: string) => void;
}

/** A node that is a member of its cluster. */
export interface Life {
  readonly system: ActorSystem;
  /** Undefined where the node neither trades nor has members. */
  readonly trading: Trading | undefined;
  readonly membership: Membership;
  readonly links: Links;
  /** Gives up what it owns, where others can take it, and takes nothing; a gateway sends its members to others. */
  beginDrain(): void;
  endDrain(): void;
  readonly isDraining: boolean;
  /** Leaves in order. */
  stop(): Promise<void>;
  /** Ends without a word. */
  abandon(): Promise<void>;
}

/** How often a node tells the others how many members it has. */
const REPORT_INTERVAL_MS = 1_000;
/** How soon whoever has waited for the lease of this node hears that it is valid again. */
const LEASE_LOOK_MS = 50;
/** How often a node that leaves looks whether others have what it had. */
const GIVEN_UP_POLL_MS = 20;

/**
 * Joins the cluster and begins to trade.
 *
 * @throws NodeNameTakenError, MembershipUnavailableError, DnsPortUnavailable, and what opening the ports throws.
 */
export async function beginLife(options: LifeOptions): Promise<Life> {
  const end = new End(options.onEnded);
  const life = new ClusterLife(options, await join(options, end), end);
  try {
    await life.begin();
  } catch (error) {
    // Else its ports would be in the way of the next try.
    await life.abandon();
    throw error;
  }
  return life;
}

/** Comes once, from wherever it is noticed first; not at all for a life that ends by itself. */
class End {
  readonly #onEnded: (reason: string) => void;
  #isOver = false;

  constructor(onEnded: (reason: string) => void) {
    this.#onEnded = onEnded;
  }

  readonly tell = (reason: string): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnded(reason);
  };

  /** Nobody has to be told any more. */
  expected(): void {
    this.#isOver = true;
  }
}

function join(options: LifeOptions, end: End): Promise<Membership> {
  const { config, terms, clock, log } = options;
  return joinCluster({
    url: options.url,
    name: config.nodeName,
    roles: config.roles,
    protocolVersion: PROTOCOL_VERSION,
    configDigest: configDigest(commonSettings(config, terms)),
    report: firstReport(options),
    onEnded: end.tell,
    clock,
    log,
    leaseMs: terms.lease.ttlMs,
    renewMs: terms.lease.renewMs,
  });
}

class ClusterLife implements Life {
  readonly membership: Membership;
  readonly links: Links;
  readonly #options: LifeOptions;
  readonly #end: End;
  readonly #actors: ClusterActors;
  /** What has begun, in that order: it ends in the opposite one. */
  readonly #endings: (() => unknown)[] = [];
  #trading: Trading | undefined;
  #isDraining = false;

  constructor(options: LifeOptions, membership: Membership, end: End) {
    this.#options = options;
    this.membership = membership;
    this.#end = end;
    const { self } = membership;
    const inner = startActorSystem(options.log, options.clock.after, options.metrics.meter, nodeText(self));
    this.links = createLinks({
      self,
      carrier: options.carrier,
      clock: options.clock,
      log: options.log,
      subjectPrefix: options.terms.nats.subjectPrefix,
      maySpeak: () => membership.isLeaseValid(),
      events: {
        onMessage: (from, to, message) => this.#actors.arrived(from, to, message),
        onUp: (peer) => this.#actors.linkUp(peer),
        onDown: (peer) => this.#actors.linkDown(peer),
      },
    });
    const { links } = this;
    this.#actors = clusterActors({ ...options, inner, self, links, membership, onOwnershipLost: end.tell });
    this.#endings.push(
      () => membership.leave(),
      () => inner.shutdown(),
      () => links.close(),
    );
  }

  get system(): ActorSystem {
    return this.#actors.system;
  }

  get trading(): Trading | undefined {
    return this.#trading;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Whoever calls it abandons a life of which this fails. */
  async begin(): Promise<void> {
    const { roles } = this.#options.config;
    this.#watchNats();
    if (roles.includes('gateway') || roles.includes('engine')) await this.#startTrading();
    if (roles.includes('dns')) this.#endings.push(await startDns(this.#options, this.membership));
    this.#watchCluster();
    this.#reportTrading();
    if (roles.includes('engine')) this.#keepOwnership();
  }

  beginDrain(): void {
    this.#setDraining(true);
  }

  endDrain(): void {
    this.#setDraining(false);
  }

  async stop(): Promise<void> {
    this.membership.report({ draining: true });
    await untilGivenUp(this.#options, this.membership);
    await this.#trading?.stop();
    await this.#endAll();
  }

  async abandon(): Promise<void> {
    this.#end.expected();
    await this.#trading?.abandon();
    await this.#endAll();
  }

  async #endAll(): Promise<void> {
    this.#end.expected();
    for (const one of this.#endings.splice(0).reverse()) await one();
  }

  #watchNats(): void {
    const { carrier, clock } = this.#options;
    this.#endings.push(
      carrier.onReachable((natsReachable) => {
        this.membership.report({ natsReachable });
        this.#actors.reachChanged();
      }),
      clock.every(LEASE_LOOK_MS, () => this.#actors.lookAtLease()),
    );
    this.membership.report({ natsReachable: carrier.isReachable });
  }

  async #startTrading(): Promise<void> {
    const cluster = this.#actors;
    const wiring = { system: cluster.system, cluster, onOwnershipLost: this.#end.tell };
    this.#trading = await startTrading({ ...this.#options, ...wiring });
  }

  /** Who is there decides who is linked, and where requests go. */
  #watchCluster(): void {
    const { membership, links } = this;
    const { metrics, log } = this.#options;
    metrics.watchCluster(() => clusterFigures(membership.self, membership.view()));
    const compareConfigs = configWatch(membership.self, log);
    const look = (view: ClusterView): void => {
      compareConfigs(view);
      links.expect(peersOf(view));
      this.#actors.viewChanged(view);
    };
    this.#endings.push(membership.onChange(look));
    look(membership.view());
  }

  #reportTrading(): void {
    const trading = this.#trading;
    if (trading === undefined) return;
    this.membership.report({ ready: true, endpoints: endpointsOf(this.#options.terms, trading) });
    this.#endings.push(reportOccupancy(this.#options, this.membership, trading));
  }

  #keepOwnership(): void {
    const { terms, clock, log } = this.#options;
    this.#endings.push(
      keepOwnership({
        membership: this.membership,
        handlers: this.#actors.ownership,
        preparation: this.#trading?.preparation,
        fixed: terms.placement,
        clock,
        log,
        natsGraceMs: terms.nats.releaseAfterMs,
        onCutOff: (reason) => this.#end.tell(`NATS is away, and ${reason}`),
      }),
    );
  }

  #setDraining(draining: boolean): void {
    this.#isDraining = draining;
    this.membership.report({ draining });
    drainGateway(this.#options, this.system, draining);
  }
}

/** Its members are asked to come back elsewhere; nobody waits for it here. */
function drainGateway({ gatewayName, config }: LifeOptions, system: ActorSystem, isDraining: boolean): void {
  if (!config.roles.includes('gateway')) return;
  const gateway = { type: 'gateway', name: gatewayName } as const;
  if (!isDraining) {
    system.tell(gateway, { type: 'UndrainGateway' });
    return;
  }
  const text = 'this gateway is about to stop: please connect to another one';
  system
    .ask(
      (replyTo) => system.tell(gateway, { type: 'DrainGateway', text, replyTo }),
      config.limits.drainTimeoutMs,
    )
    .catch(() => undefined);
}

/** Until others have what this engine has, as far as there are others. */
async function untilGivenUp({ config, clock }: LifeOptions, membership: Membership): Promise<void> {
  const { self } = membership;
  const deadline = clock.now() + config.limits.drainTimeoutMs;
  const isLeft = (): boolean => {
    const present = membership.view();
    const isOther = ({ name }: NodeId): boolean => name !== self.name;
    if (!eligibleEngines(present).some(isOther)) return false;
    const { symbols, shards } = present.ownership;
    return [...symbols.values(), ...shards.values()].some(({ owner }) => isSameNode(owner, self));
  };
  while (isLeft() && clock.now() < deadline) await delay(clock, GIVEN_UP_POLL_MS);
}

function firstReport({ config, carrier }: LifeOptions): NodeReport {
  return {
    natsReachable: carrier.isReachable,
    ready: !config.roles.includes('gateway') && !config.roles.includes('engine'),
    draining: false,
    connections: 0,
    maxConnections: config.limits.maxConnections,
    clockOffsetMs: 0,
    endpoints: [],
  };
}

/** Responders for DNS only look on. */
function peersOf({ nodes }: ClusterView): readonly NodeId[] {
  return nodes.filter(
    ({ isAlive, roles }) => isAlive && (roles.includes('gateway') || roles.includes('engine')),
  );
}

function endpointsOf({ endpoints }: ClusterTerms, { listeners }: Trading): NodeReport['endpoints'] {
  return endpoints.map(({ host, port }) => ({ host, port: port === 0 ? (listeners[0]?.port ?? 0) : port }));
}

function reportOccupancy({ clock }: LifeOptions, membership: Membership, { gateway }: Trading): () => void {
  if (gateway === undefined) return () => undefined;
  return clock.every(REPORT_INTERVAL_MS, () => membership.report(gateway.occupancy()));
}

async function startDns(
  { terms, config, clock, log }: LifeOptions,
  membership: Membership,
): Promise<() => Promise<void>> {
  const { dns } = terms;
  if (dns === undefined) return () => Promise.resolve();
  const watch = watchGateways({ membership, clock, monotonic: monotonicMs });
  const { host, port, name, service, ttlSeconds, nameServers } = dns;
  try {
    const server = await startDnsServer({
      host,
      port,
      zone: { name, service, ttlSeconds, nameServers },
      gateways: () => watch.list(),
      limits: config.limits,
      clock,
      random: systemRandom,
      log,
    });
    return async () => {
      await server.close();
      watch.close();
    };
  } catch (error) {
    watch.close();
    throw error;
  }
}
