/**
 * What a node of a cluster has agreed on with the others, decided. Apart from node-config.ts because a venue in one
 * process has none of it.
 */
import type { ClusterConfig, ClusterNodeConfig } from './cluster.ts';
import { type DnsTerms, dnsTerms, type Endpoint, endpointsOf, type ZoneTerms, zoneTerms } from './dns.ts';
import { type LeaseTerms, leaseTerms } from './lease.ts';
import { type NatsTerms, natsTerms } from './nats.ts';
import { DEFAULT_ROLES, type Role } from './roles.ts';
import type { Secrets } from './secrets.ts';

/** Holds the password of NATS: never log it. */
export interface ClusterTerms {
  readonly nats: NatsTerms;
  readonly lease: LeaseTerms;
  /** Name of an engine, by symbol; other symbols are spread. */
  readonly placement: ReadonlyMap<string, string>;
  /** All nodes of the file with their roles, this one among them. */
  readonly nodes: ReadonlyMap<string, readonly Role[]>;
  /** Where members reach this node; empty of what is no gateway, or a gateway that listens everywhere and does not say. */
  readonly endpoints: readonly Endpoint[];
  /** Undefined without the role. */
  readonly dns: DnsTerms | undefined;
  /** What responders answer for, whether this node is one or not; undefined where there is no name. */
  readonly zone: ZoneTerms | undefined;
}

/** What {@link clusterTerms} needs besides the checked file. */
export interface TermsSources {
  readonly cluster: ClusterConfig;
  readonly node: ClusterNodeConfig;
  readonly roles: readonly Role[];
  /** Of the first listener, with flags and environment. */
  readonly first: Endpoint;
  readonly secrets: Secrets;
  readonly clusterDir: string;
}

/** Undefined without NATS: the node is a venue by itself. */
export function clusterTerms(sources: TermsSources): ClusterTerms | undefined {
  const { cluster, node, roles, first, secrets, clusterDir } = sources;
  const { nats, lease, placement = {}, dns } = cluster;
  if (nats === undefined) return undefined;
  return {
    nats: natsTerms(nats, secrets, clusterDir),
    lease: leaseTerms(lease),
    placement: new Map(Object.entries(placement)),
    nodes: new Map(Object.entries(cluster.nodes).map(([name, one]) => [name, one.roles ?? DEFAULT_ROLES])),
    endpoints: roles.includes('gateway') ? endpointsOf(node.advertise, first) : [],
    dns: roles.includes('dns') && dns !== undefined ? dnsTerms(dns, node, cluster.nodes) : undefined,
    zone: dns === undefined ? undefined : zoneTerms(dns),
  };
}
