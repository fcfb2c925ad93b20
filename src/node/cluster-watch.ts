/** What a node notices of itself among the others that nothing else would stumble over: operators are told, trading goes on. */
import { differencesFrom } from '../cluster/config-digest.ts';
import type { ClusterView } from '../cluster/membership.ts';
import { isSameNode, type NodeId, nodeText } from '../cluster/node-id.ts';
import type { WatchedCluster } from '../metrics/watched-node.ts';
import type { Log } from '../platform/log.ts';

/** To be shown every view: says once of each other life that it has another configuration than `self`, and in what. */
export function configWatch(self: NodeId, log: Log): (view: ClusterView) => void {
  let told: ReadonlySet<number> = new Set();
  return ({ nodes }) => {
    const own = nodes.find((node) => isSameNode(node, self));
    if (own === undefined) return;
    const differences = differencesFrom(own, nodes);
    for (const { than, settings } of differences) {
      if (told.has(than.incarnation)) continue;
      log.warn('another node runs with another configuration', { peer: nodeText(than), settings });
    }
    told = new Set(differences.map(({ than }) => than.incarnation));
  };
}

/** The same for the metrics. */
export function clusterFigures(self: NodeId, { nodes }: ClusterView): WatchedCluster {
  const own = nodes.find((node) => isSameNode(node, self));
  return {
    clockOffsetMs: own?.report.clockOffsetMs ?? 0,
    configDifferences: own === undefined ? 0 : differencesFrom(own, nodes).length,
  };
}
