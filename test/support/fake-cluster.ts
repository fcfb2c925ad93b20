/**
 * A cluster as the admin API of one of its nodes sees it, written down by a test: `gateway-1` and `gateway-2`, `engine-1` with
 * everything, `engine-2` with nothing. It does what it is told at once.
 */
import type { ClusterControl, DrainProgress } from '../../src/admin/cluster-control.ts';
import type { LinkStatus } from '../../src/cluster/link.ts';
import type {
  ClusterNode,
  ClusterView,
  Items,
  NodeReport,
  Owned,
  Role,
} from '../../src/cluster/membership.ts';
import type { NodeId } from '../../src/cluster/node-id.ts';
import { nodeInView } from './cluster-view.ts';

/** All nodes are in their first life. */
export function idOf(name: string): NodeId {
  return { name, incarnation: 1 };
}

export class FakeCluster implements ClusterControl {
  self: string;
  fixedPlacement = new Map<string, string>();
  carrierReachable = true;
  carrierFault: string | undefined;
  isDraining = false;
  readonly renewMs = 1_667;
  /** What `viewAgeMs` says. */
  ageMs: number | undefined = 0;
  progress: DrainProgress = { symbols: 0, shards: 0, sessions: 0 };
  readonly symbols = new Map<string, Owned>();
  readonly shards = new Map<number, Owned>();
  /** Nodes without a link. */
  readonly unlinked = new Set<string>();
  /** What was asked for, in order. */
  readonly asked: unknown[] = [];
  /** What `place` throws. */
  placeFault: Error | undefined;
  nodes: ClusterNode[];

  constructor(self = 'gateway-1', symbols: readonly string[] = ['BTC-USD', 'ETH-USD'], shardCount = 2) {
    this.self = self;
    const roles: readonly [string, Role][] = [
      ['engine-1', 'engine'],
      ['engine-2', 'engine'],
      ['gateway-1', 'gateway'],
      ['gateway-2', 'gateway'],
    ];
    this.nodes = roles.map(([name, role]) => nodeInView(idOf(name), role));
    for (const symbol of symbols) this.symbols.set(symbol, ownedBy('engine-1', 1));
    for (let shard = 0; shard < shardCount; shard += 1) this.shards.set(shard, ownedBy('engine-1', 1));
  }

  /** Changes a node. */
  change(name: string, patch: Partial<Omit<ClusterNode, 'report'>>, report: Partial<NodeReport> = {}): void {
    this.nodes = this.nodes.map((node) =>
      node.name === name ? { ...node, ...patch, report: { ...node.report, ...report } } : node,
    );
  }

  view(): ClusterView {
    return { nodes: this.nodes, ownership: { symbols: this.symbols, shards: this.shards }, readAt: 0 };
  }

  viewAgeMs(): number | undefined {
    return this.ageMs;
  }

  async place(items: Items, nodeName: string | undefined): Promise<void> {
    if (this.placeFault !== undefined) throw this.placeFault;
    this.asked.push(['place', items.symbols, items.shards, nodeName]);
    for (const symbol of items.symbols) this.symbols.set(symbol, placed(this.symbols.get(symbol), nodeName));
    for (const shard of items.shards) this.shards.set(shard, placed(this.shards.get(shard), nodeName));
  }

  beginDrain(): void {
    this.asked.push('drain');
    this.isDraining = true;
  }

  endDrain(): void {
    this.asked.push('undrain');
    this.isDraining = false;
  }

  drainProgress(): DrainProgress {
    return this.progress;
  }

  gatewayNames(): readonly string[] {
    return this.nodes
      .filter(({ roles, isAlive }) => isAlive && roles.includes('gateway'))
      .map(({ name }) => this.gatewayOf(name));
  }

  gatewayOf(nodeName: string): string {
    return `${nodeName}/fix`;
  }

  links(): readonly LinkStatus[] {
    return this.nodes
      .filter(({ name, isAlive }) => isAlive && name !== this.self)
      .map(({ name, incarnation }) => ({
        peer: { name, incarnation },
        phase: this.unlinked.has(name) ? 'Opening' : 'Up',
        version: 1,
        queuedMessages: 0,
        queuedBytes: 0,
        unansweredMs: 0,
        sentBatches: 0,
        resentBatches: 0,
        receivedMessages: 0,
        repeatedBatches: 0,
        protocolErrors: 0,
        lastFault: undefined,
      }));
  }
}

function ownedBy(name: string, epoch: number): Owned {
  return { owner: idOf(name), epoch, placedOn: undefined };
}

/** The engine that is named has it at once; with none, it stays. */
function placed(before: Owned | undefined, nodeName: string | undefined): Owned {
  const { owner, epoch } = before ?? { owner: undefined, epoch: 0 };
  if (nodeName === undefined || owner?.name === nodeName) return { owner, epoch, placedOn: nodeName };
  return { owner: idOf(nodeName), epoch: epoch + 1, placedOn: nodeName };
}
