import { expect } from 'chai';
import { createLocator, gatewayName, nodeInName } from '../../src/cluster/addresses.ts';
import { shardOf } from '../../src/cluster/membership.ts';
import { nodeInView, viewOwnedBy } from '../support/cluster-view.ts';

const GATEWAY = { name: 'gateway-1', incarnation: 1 };
const ENGINE = { name: 'engine-1', incarnation: 2 };
const DEAD = { name: 'engine-2', incarnation: 3 };
const NODES = [
  nodeInView(ENGINE, 'engine'),
  nodeInView(DEAD, 'engine', false),
  nodeInView(GATEWAY, 'gateway'),
];

describe('an address in a cluster', () => {
  const onGateway = createLocator(viewOwnedBy(NODES, ENGINE, 7), GATEWAY);
  const onEngine = createLocator(viewOwnedBy(NODES, ENGINE, 7), ENGINE);

  it('of a member is where the shard of its account lives', () => {
    expect(onGateway.place({ type: 'account', userId: 65 })).to.deep.equal(ENGINE);
    expect(onEngine.place({ type: 'account', userId: 65 })).to.equal('here');
    expect(onGateway.account(65)).to.deep.equal({ place: ENGINE, epoch: 7 });
    expect(shardOf(65)).to.equal(1);
  });

  it('of a session or a gateway is on the node in its name', () => {
    const name = gatewayName('gateway-1', 'fix');
    expect(nodeInName(name)).to.equal('gateway-1');
    expect(onEngine.place({ type: 'gateway', name })).to.deep.equal(GATEWAY);
    expect(onEngine.place({ type: 'session', sessionId: `${name}:1:1` })).to.deep.equal(GATEWAY);
    expect(onGateway.place({ type: 'session', sessionId: `${name}:1:1` })).to.equal('here');
    expect(onGateway.place({ type: 'session', sessionId: 'fix:1:1' })).to.equal('here');
  });

  it('of what each node has is here unless it names another', () => {
    expect(onGateway.place({ type: 'exchange' })).to.equal('here');
    expect(onGateway.place({ type: 'router' })).to.equal('here');
    expect(onEngine.place({ type: 'router', node: 'gateway-1' })).to.deep.equal(GATEWAY);
    expect(onGateway.place({ type: 'book', symbol: 'BTC-USD' })).to.equal('here');
    expect(onGateway.place({ type: 'persistence', node: 'engine-1' })).to.deep.equal(ENGINE);
    expect(onEngine.place({ type: 'exchange', node: 'engine-1' })).to.equal('here');
    expect(onEngine.place({ type: 'reply', requestId: '1', node: 'gateway-1' })).to.deep.equal(GATEWAY);
  });

  it('is nowhere when its node has died, or nobody owns it', () => {
    expect(onGateway.place({ type: 'exchange', node: 'engine-2' })).to.equal('nobody');
    expect(onGateway.place({ type: 'exchange', node: 'engine-9' })).to.equal('nobody');
    const ofDead = createLocator(viewOwnedBy(NODES, DEAD, 7), GATEWAY);
    expect(ofDead.place({ type: 'account', userId: 1 })).to.equal('nobody');
    expect(ofDead.book('BTC-USD')).to.deep.equal({ place: 'nobody', epoch: 7 });
    const ofEarlierLife = createLocator(viewOwnedBy(NODES, { ...ENGINE, incarnation: 1 }, 7), GATEWAY);
    expect(ofEarlierLife.place({ type: 'account', userId: 1 })).to.equal('nobody');
    expect(
      createLocator(viewOwnedBy(NODES, undefined, 8), ENGINE).place({ type: 'account', userId: 1 }),
    ).to.equal('nobody');
  });
});
