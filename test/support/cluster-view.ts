/** Views of a cluster, written down by tests: who lives, and which engine has which shards and symbols. */
import {
  ACCOUNT_SHARD_COUNT,
  type ClusterNode,
  type ClusterView,
  type Owned,
  type Role,
} from '../../src/cluster/membership.ts';
import type { NodeId } from '../../src/cluster/node-id.ts';

/** A node that is as it should be. */
export function nodeInView(id: NodeId, role: Role, isAlive = true): ClusterNode {
  return {
    ...id,
    roles: [role],
    protocolVersion: 1,
    configDigest: '',
    startedAt: 0,
    isAlive,
    endReason: isAlive ? undefined : 'it is dead',
    isLeaseValid: isAlive,
    leaseLeftMs: isAlive ? 5_000 : 0,
    leaseAgeMs: 0,
    heldMs: isAlive ? 60_000 : 0,
    renewingMs: isAlive ? 60_000 : 0,
    report: {
      natsReachable: true,
      ready: true,
      draining: false,
      connections: 0,
      maxConnections: 100,
      clockOffsetMs: 0,
      endpoints: [],
    },
  };
}

/** A view in which one engine, or nobody, has everything. */
export function viewOwnedBy(
  nodes: readonly ClusterNode[],
  owner: NodeId | undefined,
  epoch: number,
  symbols: readonly string[] = ['BTC-USD', 'ETH-USD'],
): ClusterView {
  const owned: Owned = { owner, epoch, placedOn: undefined };
  return {
    nodes,
    ownership: {
      symbols: new Map(symbols.map((symbol) => [symbol, owned])),
      shards: new Map(Array.from({ length: ACCOUNT_SHARD_COUNT }, (_, shard) => [shard, owned])),
    },
    readAt: 0,
  };
}
