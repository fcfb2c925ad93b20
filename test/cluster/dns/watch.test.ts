/** What the DNS responder reads from the cluster's rows. */
import { expect } from 'chai';
import { watchGateways } from '../../../src/cluster/dns/watch.ts';
import type { ClusterNode, ClusterView, NodeReport } from '../../../src/cluster/membership.ts';
import { nodeInView } from '../../support/cluster-view.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const REPORT = { connections: 3, maxConnections: 10, endpoints: [{ host: '192.0.2.1', port: 9880 }] };

function node(name: string, terms: Partial<ClusterNode> = {}, report: Partial<NodeReport> = {}): ClusterNode {
  const usual = nodeInView({ name, incarnation: 1 }, 'gateway');
  return { ...usual, report: { ...usual.report, ...REPORT, ...report }, ...terms };
}

function viewOf(readAt: number, nodes: readonly ClusterNode[]): ClusterView {
  return { readAt, nodes, ownership: { symbols: new Map(), shards: new Map() } };
}

describe('The gateways in the cluster’s rows', () => {
  it('are those that are alive, ready unless they have let their lease pass or are being emptied', () => {
    const nodes = [
      node('ready'),
      node('starting', {}, { ready: false }),
      node('draining', {}, { draining: true }),
      node('paused', { isLeaseValid: false }),
      node('dead', { isAlive: false }),
      node('engine', { roles: ['engine'] }),
      node('nowhere', {}, { endpoints: [] }),
    ];
    const membership = { view: () => viewOf(1, nodes) };
    const { rooms } = watchGateways({ membership, clock: new ManualClock(0), monotonic: () => 0 }).list();
    expect(rooms.map(({ name, isReady }) => [name, isReady])).to.deep.equal([
      ['ready', true],
      ['starting', false],
      ['draining', false],
      ['paused', false],
    ]);
  });

  it('are not ready without NATS while another has it, since they could pass no order on', () => {
    const readyOf = (nodes: readonly ClusterNode[]): unknown => {
      const membership = { view: () => viewOf(1, nodes) };
      const { rooms } = watchGateways({ membership, clock: new ManualClock(0), monotonic: () => 0 }).list();
      return rooms.map(({ isReady }) => isReady);
    };
    const cutOff = { natsReachable: false };
    expect(readyOf([node('one'), node('two', {}, cutOff)])).to.deep.equal([true, false]);
    expect(readyOf([node('one', {}, cutOff), node('two', {}, cutOff)])).to.deep.equal([true, true]);
  });

  it('have the addresses that go with their first port', () => {
    const endpoints = [
      { host: '192.0.2.1', port: 9880 },
      { host: '192.0.2.9', port: 9882 },
      { host: '2001:db8::1', port: 9880 },
    ];
    const membership = { view: () => viewOf(1, [node('gateway-1', {}, { endpoints })]) };
    const { rooms } = watchGateways({ membership, clock: new ManualClock(0), monotonic: () => 0 }).list();
    expect(rooms).to.deep.equal([
      {
        name: 'gateway-1',
        addresses: ['192.0.2.1', '2001:db8::1'],
        port: 9880,
        isReady: true,
        connections: 3,
        maxConnections: 10,
      },
    ]);
  });

  it('are as old as the rows, whether anybody asks or not', () => {
    const clock = new ManualClock(0);
    let view = viewOf(1, [node('gateway-1')]);
    const watch = watchGateways({ membership: { view: () => view }, clock, monotonic: () => clock.now() });
    clock.advance(4_000);
    expect(watch.list().ageMs).to.equal(4_000);
    view = viewOf(2, [node('gateway-1'), node('gateway-2')]);
    clock.advance(20_000);
    const { rooms, ageMs } = watch.list();
    expect(ageMs).to.equal(19_500);
    expect(rooms).to.have.lengthOf(2);
    watch.close();
    expect(clock.timerCount).to.equal(0);
  });
});
