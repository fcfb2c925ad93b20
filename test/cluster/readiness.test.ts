/** Whether a load balancer should send members to a node of a cluster. */
import { expect } from 'chai';
import type { ClusterNode, NodeReport } from '../../src/cluster/membership.ts';
import { whyNotReady } from '../../src/node/readiness.ts';
import { nodeInView, viewOwnedBy } from '../support/cluster-view.ts';

function engine(name: string, report: Partial<NodeReport> = {}): ClusterNode {
  const usual = nodeInView({ name, incarnation: 1 }, 'engine');
  return { ...usual, report: { ...usual.report, ...report } };
}

function reasons(nodes: readonly ClusterNode[], terms: { isDraining?: boolean; isReachable?: boolean } = {}) {
  const { isDraining = false, isReachable = true } = terms;
  const view = viewOwnedBy(
    [...nodes, nodeInView({ name: 'gateway-1', incarnation: 2 }, 'gateway')],
    undefined,
    1,
  );
  return whyNotReady({ view, self: 'gateway-1', isDraining, isReachable });
}

describe('a gateway of a cluster', () => {
  it('is a place for members while an engine is ready and NATS reaches both', () => {
    expect(reasons([engine('engine-1')])).deep.equal([]);
  });

  it('is none while it drains, without NATS, or without an engine', () => {
    expect(reasons([engine('engine-1')], { isDraining: true })).deep.equal(['the node drains']);
    expect(reasons([engine('engine-1')], { isReachable: false })).deep.equal([
      'NATS does not reach this node',
    ]);
    expect(reasons([engine('engine-1', { ready: false })])).deep.equal(['no engine of the cluster is ready']);
  });
});
