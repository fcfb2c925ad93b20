/** What a node tells of its cluster in `GET /v1/status`, written down by tests of the command line. */
import type { ClusterStatus, NodeStatus } from '../../src/admin/cluster-status.ts';

/** A node that is as it should be. */
export function nodeShown(
  name: string,
  roles: NodeStatus['roles'],
  more: Partial<NodeStatus> = {},
): NodeStatus {
  return {
    name,
    incarnation: 1,
    roles,
    alive: true,
    endedBecause: null,
    ready: true,
    draining: false,
    leaseAgeMs: 400,
    leaseLeftMs: 4_600,
    natsReachable: true,
    protocolVersion: 1,
    startedAt: '2026-03-02T00:00:00.000Z',
    connections: 0,
    maxConnections: 5_000,
    clockOffsetMs: 0,
    warnings: [],
    symbolCount: 0,
    shardCount: 0,
    addresses: [],
    link: { phase: 'Up', queuedMessages: 0, unansweredMs: 0, lastFault: null },
    ...more,
  };
}

/** A cluster of these nodes. */
export function clusterShown(nodes: readonly NodeStatus[], more: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    self: nodes[0]?.name ?? '',
    readAt: '2026-03-02T00:00:00.000Z',
    readAgeMs: 400,
    outdated: false,
    natsReachable: true,
    natsFault: null,
    nodes,
    symbols: [],
    shards: [],
    sessions: [],
    moreSessions: false,
    sessionsFault: null,
    ...more,
  };
}
