/** What the actors of a node find while its lease is over, and that those who waited hear when it is valid again. */
import { expect } from 'chai';
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import type { Address, Message } from '../../src/actors/protocol.ts';
import type { Membership } from '../../src/cluster/membership.ts';
import { createMemoryNetwork } from '../../src/cluster/memory-carrier.ts';
import { resolveNodeConfig } from '../../src/config/node-config.ts';
import { clusterActors } from '../../src/node/cluster-actors.ts';
import { silentLog } from '../../src/platform/log.ts';
import { nodeInView, viewOwnedBy } from '../support/cluster-view.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { randomFrom } from '../support/random.ts';

const SELF = { name: 'engine-1', incarnation: 1 };
const OTHER = { name: 'engine-2', incarnation: 2 };

function open() {
  const clock = new ManualClock(0);
  const told: [Address, Message][] = [];
  const state = { isLeaseValid: true };
  const inner: ActorSystem = {
    tell: (address, message) => told.push([address, message]),
    spawn() {},
    isAlive: () => true,
    stop() {},
    ask: () => Promise.reject(new Error('nobody asks')),
    shutdown() {},
  };
  const view = viewOwnedBy([nodeInView(SELF, 'engine'), nodeInView(OTHER, 'engine')], OTHER, 3, ['BTC-USD']);
  const config = resolveNodeConfig({
    ...{ flags: {}, env: {}, clusterFile: 'f', clusterDir: '/', workingDir: '/', nodeName: 'engine-1' },
    cluster: {
      nats: { servers: ['nats://127.0.0.1:4222'] },
      databaseUrl: 'postgres://u@db/d',
      nodes: { 'engine-1': { roles: ['engine'] } },
    },
  });
  if (Array.isArray(config)) throw new Error('no configuration');
  const membership: Pick<Membership, 'view' | 'isLeaseValid'> = {
    view: () => view,
    isLeaseValid: () => state.isLeaseValid,
  };
  const actors = clusterActors({
    config,
    clock,
    log: silentLog,
    inner,
    self: SELF,
    links: { tell: () => 'Queued', end() {} } as unknown as Parameters<typeof clusterActors>[0]['links'],
    membership: membership as Membership,
    carrier: createMemoryNetwork(clock, randomFrom(1).next).carrier('engine-1'),
    onOwnershipLost: () => undefined,
  });
  const { cluster } = actors.exchange({ isRedoing: () => false, accounts: () => [] });
  if (cluster === undefined) throw new Error('no cluster');
  actors.linkUp(OTHER);
  told.splice(0);
  return {
    actors,
    state,
    route: () => cluster.routeOfBook('BTC-USD')?.node,
    heard: () => told.splice(0).map(([{ type }, message]) => `${type} ${message.type}`),
  };
}

describe('a node whose lease is over', () => {
  it('has no way to a book elsewhere, and tells who asked for one when it is valid again', () => {
    const { actors, state, route, heard } = open();
    state.isLeaseValid = false;
    expect(route()).to.equal(undefined);
    actors.lookAtLease();
    expect(heard()).to.deep.equal([]);
    state.isLeaseValid = true;
    actors.lookAtLease();
    expect(heard()).to.deep.equal(['book RoutesChanged']);
    expect(route()).to.equal('engine-2');
    actors.lookAtLease();
    expect(heard()).to.deep.equal([]);
  });

  it('tells nobody when nobody has asked', () => {
    const { actors, state, heard } = open();
    state.isLeaseValid = false;
    actors.lookAtLease();
    state.isLeaseValid = true;
    actors.lookAtLease();
    expect(heard()).to.deep.equal([]);
  });
});
