/** Members whose sessions go from gateway to gateway, with their numbers, and with what they have missed. */
import { expect } from 'chai';
import { DEFAULT_MEMBER_SETTINGS } from '../../src/fix/member-settings.ts';
import { buy, cancel } from '../support/book-commands.ts';
import type { FixClient } from '../support/fix-client.ts';
import { GatewayNodes } from '../support/gateway-nodes.ts';
import { until } from '../support/until.ts';
import { ALICE, ALICE_COMP_ID } from '../support/venue-database.ts';

const G1 = 'gateway-1';
const G2 = 'gateway-2';
const MEMBER = { senderCompId: ALICE_COMP_ID, userId: ALICE };

describe('gateways of one cluster', () => {
  let nodes: GatewayNodes;

  beforeEach(async () => {
    nodes = await GatewayNodes.start();
  });
  afterEach(() => nodes.stop());

  const order = (orderId: number) => buy(orderId, 1, 100 + orderId, { userId: ALICE, timeInForce: '1' });
  const row = async () => {
    const [found] = await nodes.query<{
      owner: string | null;
      epoch: number;
      clean: boolean;
      next_out: number;
    }>(
      'select owner, epoch::int, clean, next_out::int from fix_sessions where sender_comp_id = ' +
        String(ALICE_COMP_ID),
    );
    return found;
  };
  const ended = (gateway: string) => until('the session to end', () => nodes.sessionCount(gateway) === 0);
  const told = async (client: FixClient, execId: string, more = {}): Promise<void> => {
    await client.expect('8', { 17: execId, ...more });
  };

  const committed = (orderCount: number) =>
    until('the commits', async () => {
      const [found] = await nodes.query<{ count: number }>('select count(*)::int from orders');
      return found?.count === orderCount;
    });

  it('hand a session on with its numbers, what it was sent before, and what it has missed', async () => {
    const first = await nodes.connect(G1);
    await first.logon();
    nodes.trade(order(1));
    await told(first, 'BTC-USD-1', { 34: 2 });
    await first.logout();
    await ended(G1);
    nodes.trade(order(2));
    const second = await nodes.connect(G2, { nextOutSeqNum: first.nextOutSeqNum });
    expect((await second.logon()).get(34)).equal('4');
    await told(second, 'BTC-USD-2', { 34: 5 });
    expect(await row()).include({ owner: G2, epoch: 2 });
    second.send('2', { 7: 2, 16: 2 });
    await told(second, 'BTC-USD-1', { 34: 2, 43: 'Y' });
    nodes.trade(cancel(1));
    await told(second, 'BTC-USD-3', { 34: 6 });
  });

  it('take a session from a gateway at which nobody is connected any more, after all of it is written', async () => {
    const first = await nodes.connect(G1);
    await first.logon();
    nodes.trade(order(1));
    await told(first, 'BTC-USD-1');
    first.close();
    await ended(G1);
    const second = await nodes.connect(G2, { nextOutSeqNum: 2 });
    await second.logon();
    nodes.trade(order(2));
    await told(second, 'BTC-USD-2');
    expect(await row()).include({ owner: G2 });
  });

  it('refuse a second connection of a member while the first is alive elsewhere, and probe that', async () => {
    const first = await nodes.connect(G1, { isAutomatic: false });
    await first.logon();
    const second = await nodes.connect(G2);
    second.sendLogon();
    await second.expectClosed();
    nodes.advance(3_000);
    await first.expect('1');
    nodes.advance(5_000);
    await ended(G1);
    const third = await nodes.connect(G2, { nextOutSeqNum: 2 });
    await third.logon();
    expect(await row()).include({ owner: G2 });
  });

  it('refuse a member whose gateway lives and does not answer', async () => {
    const first = await nodes.connect(G1);
    await first.logon();
    nodes.cut.add(`${G1}>${G2}`);
    const second = await nodes.connect(G2);
    second.sendLogon();
    await second.expectClosed();
    nodes.heal();
    nodes.trade(order(1));
    await told(first, 'BTC-USD-1');
    expect(await row()).include({ owner: G1, epoch: 1 });
  });

  it('let exactly one of two Logons in that race at two of them', async () => {
    for (let round = 0; round < 5; round += 1) {
      const clients = await Promise.all([G1, G2].map((gateway) => nodes.connect(gateway)));
      for (const client of clients) client.sendLogon({ 141: 'Y' });
      await until('one of them to be refused', () => clients.some(({ isClosed }) => isClosed));
      const [winner, ...others] = clients.filter(({ isClosed }) => !isClosed);
      expect(others).deep.equal([]);
      await winner?.expect('A', { 34: 1 });
      nodes.trade(order(100 + round));
      await winner?.expect('8', { 34: 2 });
      await winner?.logout();
      await Promise.all([ended(G1), ended(G2)]);
    }
  });

  it('go on with a session of a gateway that is dead, and hear nothing more of that when it comes back', async () => {
    const first = await nodes.connect(G1, { isAutomatic: false });
    await first.logon();
    nodes.trade(order(1));
    await told(first, 'BTC-USD-1');
    await until('what was sent to be written', async () => (await row())?.next_out === 3);
    nodes.cut.add(`engine-1>${G1}`);
    await nodes.bury(G1);
    nodes.trade(order(2));
    await committed(2);
    const second = await nodes.connect(G2, { nextOutSeqNum: 2 });
    await second.logon();
    second.send('2', { 7: 2, 16: 0 });
    await told(second, 'BTC-USD-1', { 34: 2, 43: 'Y' });
    await second.expect('4', { 34: 3, 123: 'Y' });
    await told(second, 'BTC-USD-2', { 97: 'Y' });
    // The first one wants to write that it has sent a heartbeat.
    nodes.advance(30_000);
    await first.expect('0', { 34: 3 });
    await first.expectClosed();
    nodes.heal();
    nodes.trade(order(3));
    await told(second, 'BTC-USD-3');
    expect(await row()).include({ owner: G2, epoch: 2 });
  });

  it('tell a member what was lost with a link, before what comes over the next one', async () => {
    const member = await nodes.connect(G1);
    await member.logon();
    nodes.trade(order(1));
    await told(member, 'BTC-USD-1');
    nodes.cut.add(`engine-1>${G1}`);
    nodes.trade(order(2));
    nodes.trade(order(3));
    await committed(3);
    nodes.relink(G1);
    await told(member, 'BTC-USD-2');
    await told(member, 'BTC-USD-3');
    nodes.trade(order(4));
    await told(member, 'BTC-USD-4');
  });

  describe('and members whose orders are canceled on disconnect', () => {
    beforeEach(() => {
      nodes.settings = { ...DEFAULT_MEMBER_SETTINGS, cancelOnDisconnect: true, cancelGraceMs: 10_000 };
    });

    const canceled = () => until('the cancel', () => nodes.canceled.length > 0);

    it('cancel them for a gateway that is dead, once, when the time of its members is over', async () => {
      const member = await nodes.connect(G1);
      await member.logon();
      await nodes.bury(G1);
      nodes.firstGateway = G2;
      for (const gateway of [G1, G2]) nodes.tell(gateway, { type: 'GatewayGone' });
      await until('the departure to be known', async () => {
        nodes.advance(10_001);
        return nodes.canceled.length > 0;
      });
      expect(nodes.canceled).deep.equal([`${G2} ${ALICE}`]);
    });

    it('cancel them when the router has answers to all that the member has asked', async () => {
      const waiting: (() => void)[] = [];
      nodes.unanswered = waiting;
      const member = await nodes.connect(G1);
      await member.logon();
      member.close();
      await ended(G1);
      nodes.advance(10_000);
      await until('the question', () => waiting.length > 0);
      expect(nodes.canceled).deep.equal([]);
      waiting[0]?.();
      await canceled();
    });

    it('cancel them when these answers come after its time, though the member is back by then', async () => {
      const { settings } = nodes;
      await nodes.stop();
      nodes = await GatewayNodes.start(300);
      nodes.settings = settings;
      const waiting: (() => void)[] = [];
      nodes.unanswered = waiting;
      const member = await nodes.connect(G1);
      await member.logon();
      member.close();
      await ended(G1);
      nodes.advance(10_000);
      await until('the question', () => waiting.length > 0);
      const second = await nodes.connect(G1, { nextOutSeqNum: 2 });
      await second.logon();
      await until('the question once more', () => {
        nodes.advance(1_000);
        return waiting.length > 1;
      });
      waiting[1]?.();
      await canceled();
    });

    it('leave them alone when the member is back at another gateway in time', async () => {
      const first = await nodes.connect(G1);
      await first.logon();
      first.close();
      await ended(G1);
      nodes.advance(9_000);
      const second = await nodes.connect(G2, { nextOutSeqNum: 2 });
      await second.logon();
      nodes.advance(2_000);
      second.close();
      await ended(G2);
      nodes.advance(9_999);
      await row();
      expect(nodes.canceled).deep.equal([]);
      nodes.advance(1);
      await canceled();
      nodes.advance(60_000);
      expect(nodes.canceled).deep.equal([`${G2} ${ALICE}`]);
    });

    it('cancel them though the member has tried in vain to log on elsewhere', async () => {
      const first = await nodes.connect(G1);
      await first.logon();
      first.close();
      await ended(G1);
      const second = await nodes.connect(G2, { nextOutSeqNum: 1 });
      second.sendLogon();
      await second.expect('5');
      await ended(G2);
      nodes.advance(10_000);
      await canceled();
      expect(nodes.canceled).deep.equal([`${G1} ${ALICE}`]);
    });
  });

  describe('and an operator who resets a member', () => {
    it('reset the session where it is, whichever of them is told', async () => {
      const member = await nodes.connect(G1);
      await member.logon();
      nodes.tell(G2, { type: 'ResetMember', ...MEMBER });
      await member.expect('A', { 34: 1, 141: 'Y' });
    });

    it('reset the rows of one that has none', async () => {
      const member = await nodes.connect(G1);
      await member.logon();
      await member.logout();
      await until('its end to be written', async () => (await row())?.clean === true);
      nodes.tell(G2, { type: 'ResetMember', ...MEMBER });
      await until('the reset', async () => (await row())?.next_out === 1);
      const next = await nodes.connect(G1);
      expect((await next.logon()).get(34)).equal('1');
    });

    it('log out the member where it is, and nobody else', async () => {
      const member = await nodes.connect(G1);
      await member.logon();
      for (const gateway of [G1, G2]) {
        nodes.tell(gateway, { type: 'LogoutMember', senderCompId: ALICE_COMP_ID, text: 'disabled' });
      }
      await member.expect('5', { 58: 'disabled' });
    });
  });
});
