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
  const { config, terms, clock, log, carrier, metrics } = options;
  const isTrading = config.roles.includes('gateway') || config.roles.includes('engine');
  let isOver = false;
  const end = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    options.onEnded(reason);
  };
  const membership = await joinCluster({
    url: options.url,
    name: config.nodeName,
    roles: config.roles,
    protocolVersion: PROTOCOL_VERSION,
    configDigest: configDigest(commonSettings(config, terms)),
    report: firstReport(options),
    onEnded: end,
    clock,
    log,
    leaseMs: terms.lease.ttlMs,
    renewMs: terms.lease.renewMs,
  });
  const { self } = membership;
  const endings: (() => unknown)[] = [() => membership.leave()];
  const endAll = async (): Promise<void> => {
    for (const one of endings.splice(0).reverse()) await one();
  };
  let begun: Trading | undefined;
  try {
    const inner = startActorSystem(log, clock.after, metrics.meter, nodeText(self));
    endings.push(() => inner.shutdown());
    const wired: { actors?: ClusterActors } = {};
    const links = createLinks({
      self,
      carrier,
      clock,
      log,
      subjectPrefix: terms.nats.subjectPrefix,
      maySpeak: () => membership.isLeaseValid(),
      events: {
        onMessage: (from, to, message) => wired.actors?.arrived(from, to, message),
        onUp: (peer) => wired.actors?.linkUp(peer),
        onDown: (peer) => wired.actors?.linkDown(peer),
      },
    });
    endings.push(() => links.close());
    const actors = clusterActors({ ...options, inner, self, links, membership, onOwnershipLost: end });
    wired.actors = actors;
    endings.push(
      carrier.onReachable((natsReachable) => {
        membership.report({ natsReachable });
        actors.reachChanged();
      }),
    );
    membership.report({ natsReachable: carrier.isReachable });
    endings.push(clock.every(LEASE_LOOK_MS, () => actors.lookAtLease()));

    const trading = isTrading
      ? await startTrading({ ...options, system: actors.system, cluster: actors, onOwnershipLost: end })
      : undefined;
    begun = trading;
    if (config.roles.includes('dns')) endings.push(await startDns(options, membership));

    metrics.watchCluster(() => clusterFigures(self, membership.view()));
    const compareConfigs = configWatch(self, log);
    const look = (view: ClusterView): void => {
      compareConfigs(view);
      links.expect(peersOf(view));
      actors.viewChanged(view);
    };
    endings.push(membership.onChange(look));
    look(membership.view());
    if (trading !== undefined) {
      membership.report({ ready: true, endpoints: endpointsOf(terms, trading) });
      endings.push(reportOccupancy(options, membership, trading));
    }
    if (config.roles.includes('engine')) {
      const { releaseAfterMs: natsGraceMs } = terms.nats;
      const fixed = terms.placement;
      const { ownership: handlers } = actors;
      const preparation = trading?.preparation;
      const onCutOff = (reason: string): void => end(`NATS is away, and ${reason}`);
      const keeping = { membership, handlers, preparation, fixed, clock, log, natsGraceMs, onCutOff };
      endings.push(keepOwnership(keeping));
    }
    let isDraining = false;
    const setDraining = (draining: boolean): void => {
      isDraining = draining;
      membership.report({ draining });
      drainGateway(options, actors.system, draining);
    };
    return {
      system: actors.system,
      trading,
      membership,
      links,
      beginDrain: () => setDraining(true),
      endDrain: () => setDraining(false),
      get isDraining() {
        return isDraining;
      },
      async stop() {
        membership.report({ draining: true });
        await untilGivenUp(options, membership);
        await trading?.stop();
        isOver = true;
        await endAll();
      },
      async abandon() {
        isOver = true;
        await trading?.abandon();
        await endAll();
      },
    };
  } catch (error) {
    isOver = true;
    // Else its ports would be in the way of the next try.
    await begun?.abandon();
    await endAll();
    throw error;
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
