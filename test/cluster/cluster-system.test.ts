import { expect } from 'chai';
import type { ActorSystem } from '../../src/actors/actor-system.ts';
import type { Address, Message } from '../../src/actors/protocol.ts';
import { createClusterSystem, type SessionGate } from '../../src/cluster/cluster-system.ts';
import type { TellOutcome } from '../../src/cluster/link.ts';
import type { NodeId } from '../../src/cluster/node-id.ts';
import { silentLog } from '../../src/platform/log.ts';
import { nodeInView, viewOwnedBy } from '../support/cluster-view.ts';

const GATEWAY = { name: 'gateway-1', incarnation: 1 };
const ENGINE = { name: 'engine-1', incarnation: 2 };
const NODES = [nodeInView(ENGINE, 'engine'), nodeInView(GATEWAY, 'gateway')];
const SESSION = { type: 'session', sessionId: 'gateway-1/fix:1:1' } as const;
const REFUSED = {
  type: 'CommandsRefused',
  refusal: 'Overloaded',
  text: 'busy',
  commands: [],
} as const;
const ANNOUNCE = { type: 'Announce', headline: 'h', lines: ['l'] } as const;

function open(sessions: SessionGate = {}) {
  const here: [Address, Message][] = [];
  const there: [NodeId, Address, Message][] = [];
  const ended: string[] = [];
  const state = {
    outcome: 'Queued' as TellOutcome,
    isLeaseValid: true,
    isReachable: true,
    accounts: [] as number[],
    view: viewOwnedBy(NODES, ENGINE, 7),
  };
  const inner: ActorSystem = {
    tell: (address, message) => here.push([address, message]),
    spawn() {},
    isAlive: () => true,
    stop() {},
    async ask(tellIt) {
      tellIt({ type: 'reply', requestId: '5' });
      return { type: 'Drained' };
    },
    shutdown() {},
  };
  const cluster = createClusterSystem({
    inner,
    self: GATEWAY,
    links: {
      tell(peer, to, message) {
        there.push([peer, to, message]);
        return state.outcome;
      },
      end: (_peer, reason) => ended.push(reason),
    },
    view: () => state.view,
    isLeaseValid: () => state.isLeaseValid,
    isReachable: () => state.isReachable,
    hasAccount: (userId) => state.accounts.includes(userId),
    log: silentLog,
    sessions,
  });
  return { cluster, here, there, ended, state };
}

describe('the actors of several nodes', () => {
  it('are told here what is for here, and over the link what is for elsewhere', () => {
    const { cluster, here, there } = open();
    cluster.system.tell({ type: 'exchange' }, { type: 'RoutesChanged' });
    cluster.system.tell({ type: 'exchange', node: 'engine-1' }, { type: 'StoreAvailable' });
    expect(here).to.deep.equal([[{ type: 'exchange' }, { type: 'RoutesChanged' }]]);
    expect(there).to.deep.equal([
      [ENGINE, { type: 'exchange', node: 'engine-1' }, { type: 'StoreAvailable' }],
    ]);
  });

  it('answer an operator who waits on another node', async () => {
    const { cluster, there } = open();
    await cluster.system.ask(
      (replyTo) =>
        cluster.system.tell({ type: 'exchange', node: 'engine-1' }, { type: 'DrainExchange', replyTo }),
      1,
    );
    const replyTo = { type: 'reply', requestId: '5', node: 'gateway-1' };
    expect(there[0]?.[2]).to.deep.equal({ type: 'DrainExchange', replyTo });
  });

  it('end the link when a message cannot be sent that must not be lost', () => {
    const { cluster, ended, state } = open();
    for (const outcome of ['Down', 'Full', 'TooLarge', 'NotSpoken'] as const) {
      state.outcome = outcome;
      cluster.system.tell({ type: 'exchange', node: 'engine-1' }, { type: 'StoreAvailable' });
    }
    expect(ended).to.deep.equal([
      'StoreAvailable could not be sent: Full',
      'StoreAvailable could not be sent: TooLarge',
    ]);
    expect(cluster.droppedCount).to.equal(4);
  });

  it('say nothing from memory once the lease of their node is over', () => {
    const { cluster, there, ended, state } = open();
    state.isLeaseValid = false;
    cluster.system.tell({ type: 'exchange', node: 'engine-1' }, { type: 'StoreAvailable' });
    expect(there).to.deep.equal([]);
    expect(ended).to.deep.equal(['the lease of this node is over']);
  });

  it('have no way to another node either while the lease is over', () => {
    const { cluster, state } = open();
    cluster.linkUp(ENGINE);
    const before = cluster.routeOfAccount(7);
    state.isLeaseValid = false;
    expect([cluster.routeOfAccount(7), cluster.routeOfBook('BTC-USD')]).to.deep.equal([undefined, undefined]);
    expect(cluster.ownerOfBook('BTC-USD')).to.equal('engine-1');
    state.isLeaseValid = true;
    expect(before).to.have.property('node', 'engine-1');
    expect(cluster.routeOfAccount(7)).to.deep.equal(before);
  });

  it('never send what does not leave its node', () => {
    const { cluster } = open();
    const send = () => cluster.system.tell({ type: 'exchange', node: 'engine-1' }, { type: 'RoutesChanged' });
    expect(send).to.throw('RoutesChanged does not leave its node');
  });

  it('pass what sessions are told through the gate of their node', () => {
    const { cluster, here } = open({
      arriving: (_sessionId, message) => (message.type === 'Announce' ? undefined : message),
    });
    cluster.arrived(ENGINE, SESSION, ANNOUNCE);
    cluster.arrived(ENGINE, SESSION, { type: 'StoreAvailable' });
    cluster.arrived(ENGINE, { type: 'gateway', name: 'gateway-1/fix' }, ANNOUNCE);
    expect(here.map(([{ type }, message]) => [type, message.type])).to.deep.equal([
      ['session', 'StoreAvailable'],
      ['gateway', 'Announce'],
    ]);
  });

  it('are told here what their node has by their own knowledge, though the view is older', () => {
    const { cluster, here, there, state } = open();
    cluster.system.tell({ type: 'account', userId: 1 }, { type: 'ReleaseFunds', amendmentNo: 1 });
    state.accounts = [1];
    cluster.system.tell({ type: 'account', userId: 1 }, { type: 'ReleaseFunds', amendmentNo: 2 });
    expect([there.length, here.length]).to.deep.equal([1, 1]);
  });

  it('pass both gates where a node is engine and gateway, but for what the router itself says', () => {
    const { cluster, here } = open({
      leaving: (_sessionId, message) => (message === REFUSED ? { ...REFUSED, text: 'left' } : message),
      arriving: (_sessionId, message) =>
        message.type === 'CommandsRefused' ? { ...message, text: `${message.text}, arrived` } : message,
    });
    cluster.system.tell(SESSION, REFUSED);
    cluster.tellPastGate(SESSION, REFUSED);
    expect(here.map(([, message]) => message)).to.deep.equal([
      { ...REFUSED, text: 'left, arrived' },
      REFUSED,
    ]);
  });

  it('have no route where nothing leaves this node, or the owner says that it cannot be reached', () => {
    const { cluster, state } = open();
    cluster.linkUp(ENGINE);
    expect(cluster.peers()).to.deep.equal(['engine-1']);
    const { key } = cluster.routeOfAccount(1) ?? {};
    state.isReachable = false;
    expect([cluster.routeOfAccount(1), cluster.ownerOfBook('BTC-USD')]).to.deep.equal([
      undefined,
      'engine-1',
    ]);
    state.isReachable = true;
    const cutOff = NODES.map((node) => ({ ...node, report: { ...node.report, natsReachable: false } }));
    state.view = viewOwnedBy(cutOff, ENGINE, 7);
    expect(cluster.routeOfBook('BTC-USD')).to.equal(undefined);
    state.view = viewOwnedBy(NODES, ENGINE, 7);
    expect(cluster.routeOfAccount(1)?.key).to.equal(key);
  });

  it('have a route only while the owner lives and its link is up, and another one when either changes', () => {
    const { cluster, state } = open();
    expect(cluster.routeOfAccount(1)).to.equal(undefined);
    cluster.linkUp(ENGINE);
    const first = cluster.routeOfAccount(1);
    expect(first?.node).to.equal('engine-1');
    expect(cluster.routeOfAccount(1)).to.deep.equal(first);
    cluster.linkDown(ENGINE);
    expect(cluster.routeOfAccount(1)).to.equal(undefined);
    cluster.linkUp(ENGINE);
    const second = cluster.routeOfAccount(1);
    expect(second?.key).to.not.equal(first?.key);
    state.view = viewOwnedBy(NODES, ENGINE, 8);
    expect(cluster.routeOfAccount(1)?.key).to.not.equal(second?.key);
    expect(cluster.routeOfBook('BTC-USD')?.node).to.equal('engine-1');
    expect(cluster.routeOfBook('XRP-USD')).to.equal(undefined);
  });

  it('are told by which link the last words of a book’s owner came, whatever those say of it', () => {
    const { cluster, here } = open();
    const lastWord = { type: 'BookHandedOver', epoch: 7 } as const;
    const linkNos = [1, 2].map(() => {
      cluster.linkUp(ENGINE);
      cluster.arrived(ENGINE, { type: 'book', symbol: 'BTC-USD' }, { ...lastWord, linkNo: 99 });
      return cluster.routeOfBook('BTC-USD')?.linkNo;
    });
    expect(here.map(([, message]) => message)).to.deep.equal(
      linkNos.map((linkNo) => ({ ...lastWord, linkNo })),
    );
    expect(linkNos[0]).to.not.equal(linkNos[1]);
    // Of an earlier life.
    cluster.arrived({ ...ENGINE, incarnation: 1 }, { type: 'book', symbol: 'BTC-USD' }, lastWord);
    expect(here.at(-1)?.[1]).to.deep.equal(lastWord);
  });

  it('keep the route of a later life when an earlier one is said to be down', () => {
    const { cluster } = open();
    cluster.linkUp(ENGINE);
    cluster.linkDown({ ...ENGINE, incarnation: 1 });
    expect(cluster.routeOfAccount(1)).to.not.equal(undefined);
  });
});
