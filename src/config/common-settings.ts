/**
 * What all nodes of a cluster must have alike, or the venue is split without anybody being told: as decided, so that a
 * flag counts as the file does. No secret, no port, nothing that a node may have for itself.
 */
import type { ClusterTerms } from './cluster-terms.ts';
import type { NodeConfig } from './node-config.ts';

/** By the names that they have in the file. Values are plain data, undefined left out. */
export function commonSettings(
  config: Pick<NodeConfig, 'venueCompId' | 'tradingCalendar' | 'securityStatusToAll' | 'retention'>,
  {
    nats,
    lease,
    placement,
    nodes,
    zone,
  }: Pick<ClusterTerms, 'nats' | 'lease' | 'placement' | 'nodes' | 'zone'>,
): Readonly<Record<string, unknown>> {
  const { venueCompId, tradingCalendar, securityStatusToAll, retention } = config;
  return {
    venueCompId,
    tradingCalendar,
    securityStatusToAll,
    retention,
    'nats.subjectPrefix': nats.subjectPrefix,
    'nats.releaseAfterMs': nats.releaseAfterMs,
    dns: zone ?? 'none',
    lease,
    placement: Object.fromEntries(placement),
    nodes: Object.fromEntries([...nodes].map(([name, roles]) => [name, roles.toSorted()])),
  };
}
