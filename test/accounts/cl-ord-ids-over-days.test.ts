/** What the ClOrdIDs of the trading day before mean after the roll: for new requests, for repeats, and in a second run. */
import { expect } from 'chai';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import { lots, type OrderSnapshot } from '../../src/matching/types.ts';
import { AT, accountWith, JudgingDesk, said, TODAY, TOMORROW } from '../support/judging-desk.ts';
import {
  buyOrder,
  cancelOrder,
  massCancel,
  replaceOrder,
  statusRequest,
} from '../support/member-commands.ts';

const DAY_AFTER = '2024-05-08';
const FILLED = { ordStatus: '2', cumQty: lots(10), leavesQty: lots(0) } as const;
const CANCELED = { ordStatus: '4', leavesQty: lots(0) } as const;
const REPEAT = { mayBeRepeat: true } as const;

describe('ClOrdIDs of the trading day before', () => {
  let desk: JudgingDesk;

  /** The desk's account remembers two closed orders and three refused cancels. */
  beforeEach(() => {
    desk = new JudgingDesk();
  });

  function on(tradingDay: string, command: MemberCommand): string {
    return said(desk.judge(command, { tradingDay }));
  }

  function acceptOn(
    tradingDay: string,
    clOrdId: string,
    changes: Partial<OrderSnapshot> = {},
  ): OrderSnapshot {
    return desk.acceptOrder(buyOrder(clOrdId, '0.001', '100'), changes, { tradingDay });
  }

  it('are taken for a repeat, which is told the state of its order, and free for a new order', () => {
    acceptOn(TODAY, 'a', FILLED);
    expect(on(TOMORROW, buyOrder('a', '0.001', '100', REPEAT))).to.equal('8 I/2 a 0.001/0');
    expect(on(TOMORROW, buyOrder('a', '0.001', '100'))).to.equal('to BTC-USD: EnterOrder');
  });

  it('of refused orders are taken for a repeat, which is told so', () => {
    desk.judge(buyOrder('refused', '0', '100'));
    expect(on(TOMORROW, buyOrder('refused', '0.001', '100', REPEAT))).to.equal('8 I/8 refused 0/0');
    expect(on(TOMORROW, buyOrder('refused', '0.001', '100'))).to.equal('to BTC-USD: EnterOrder');
  });

  it('of cancels and replaces are taken for a repeat, which is told the state of the order', () => {
    const order = acceptOn(TODAY, 'a');
    desk.judge(replaceOrder('r', 'a', '0.002', '100'));
    desk.judge(cancelOrder('x', 'r'));
    desk.commit({ ...order, clOrdId: 'r', ...CANCELED }, 'x');
    expect(on(TOMORROW, cancelOrder('x', 'r', REPEAT))).to.equal('8 I/4 r 0/0');
    expect(on(TOMORROW, replaceOrder('r', 'a', '0.002', '100', REPEAT))).to.equal('8 I/4 r 0/0');
    expect(on(TOMORROW, cancelOrder('x', 'r'))).to.equal('9 F 102=0 39=4 x<r');
  });

  it('of mass cancels are taken for a repeat, which does not cancel the orders of today', () => {
    desk.judge(massCancel('q'));
    acceptOn(TOMORROW, 'a');
    expect(on(TOMORROW, massCancel('q', REPEAT))).to.equal('r q 533=0');
    expect(on(TOMORROW, massCancel('q'))).to.equal('to BTC-USD: MassCancelOrders');
  });

  it('still name their order in a question and in a cancel', () => {
    acceptOn(TODAY, 'a', FILLED);
    expect(on(TOMORROW, statusRequest('a'))).to.equal('8 I/2 a 0.001/0');
    expect(on(TOMORROW, cancelOrder('x', 'a'))).to.equal('9 F 102=0 39=2 x<a');
  });

  it('of orders that are no longer at hand make a repeat wait for their rows', () => {
    for (const id of ['a', 'b', 'c']) acceptOn(TODAY, id, FILLED);
    expect(on(TOMORROW, buyOrder('a', '0.001', '100', REPEAT))).to.equal('recall order 1');
    expect(on(TOMORROW, buyOrder('b', '0.001', '100', REPEAT))).to.equal('8 I/2 b 0.001/0');
  });

  it('that are used again name the new order from then on', () => {
    acceptOn(TODAY, 'a', FILLED);
    acceptOn(TOMORROW, 'a');
    expect(on(TOMORROW, buyOrder('a', '0.001', '100', REPEAT))).to.equal('8 I/0 a 0/0.001');
    expect(on(TOMORROW, cancelOrder('x', 'a'))).to.equal('to BTC-USD: CancelOrder');
  });

  it('that are used again by what is refused stay used', () => {
    acceptOn(TODAY, 'a', FILLED);
    expect(on(TOMORROW, buyOrder('a', '0', '100'))).to.equal('8 8/8 a 103=13');
    expect(on(TOMORROW, buyOrder('a', '0.001', '100', REPEAT))).to.equal('8 I/8 a 0/0');
    expect(on(TOMORROW, buyOrder('a', '0.001', '100'))).to.equal('8 8/8 a 103=6');
  });

  it('are forgotten a day later, by a repeat as well', () => {
    acceptOn(TODAY, 'a', FILLED);
    acceptOn(TOMORROW, 'b', FILLED);
    expect(on(DAY_AFTER, buyOrder('b', '0.001', '100', REPEAT))).to.equal('8 I/2 b 0.001/0');
    expect(on(DAY_AFTER, buyOrder('a', '0.001', '100', REPEAT))).to.equal('to BTC-USD: EnterOrder');
  });

  it('are those of the last day on which there were any', () => {
    acceptOn(TODAY, 'a', FILLED);
    on(TOMORROW, statusRequest('a'));
    expect(on(DAY_AFTER, buyOrder('a', '0.001', '100', REPEAT))).to.equal('8 I/2 a 0.001/0');
  });

  it('stay taken while the order is open, and for repeats a day longer than that', () => {
    const order = acceptOn(TODAY, 'a', { timeInForce: '1' });
    acceptOn(TOMORROW, 'b', FILLED);
    expect(on(TOMORROW, buyOrder('a', '0.001', '100'))).to.equal('8 8/8 a 103=6');
    desk.commit({ ...order, ...FILLED });
    for (const day of [TOMORROW, DAY_AFTER]) {
      expect(on(day, buyOrder('a', '0.001', '100', REPEAT)), day).to.equal('8 I/2 a 0.001/0');
    }
    expect(on(DAY_AFTER, buyOrder('a', '0.001', '100'))).to.equal('to BTC-USD: EnterOrder');
  });

  it('are what a request of that day is judged by after the roll', () => {
    acceptOn(TODAY, 'a', FILLED);
    acceptOn(TOMORROW, 'b');
    expect(on(TODAY, buyOrder('a', '0.001', '100'))).to.equal('8 8/8 a 103=6');
    expect(on(TODAY, buyOrder('late', '0', '100'))).to.equal('8 8/8 late 103=13');
    expect(on(TODAY, buyOrder('late', '0.001', '100'))).to.equal('8 8/8 late 103=6');
    expect(on(TOMORROW, buyOrder('late', '0.001', '100', REPEAT))).to.equal('8 I/8 late 0/0');
    expect(on(TOMORROW, buyOrder('late', '0.001', '100'))).to.equal('to BTC-USD: EnterOrder');
  });

  it('of requests that a book gives back after the roll are settled under their own day', () => {
    const command = buyOrder('a', '0.001', '100');
    desk.judge(command);
    acceptOn(TOMORROW, 'b');
    const failed = { type: 'CommandFailed', text: 'broken' } as const;
    const decision = desk.account.bounced(command, failed, { at: AT, tradingDay: TODAY });
    expect(said(decision)).to.equal('8 8/8 a 103=99');
    expect(desk.available('USD')).to.equal('999.8998');
    expect(on(TOMORROW, buyOrder('a', '0.001', '100', REPEAT))).to.equal('8 I/8 a 0/0');
    expect(on(TOMORROW, buyOrder('a', '0.001', '100'))).to.equal('to BTC-USD: EnterOrder');
  });

  it('of refused cancels are bounded by themselves', () => {
    for (const id of ['x1', 'x2', 'x3', 'x4']) desk.judge(cancelOrder(id, 'nothing'));
    for (const id of ['y1', 'y2', 'y3', 'y4']) on(TOMORROW, cancelOrder(id, 'nothing'));
    const known = (id: string): boolean => on(TODAY, cancelOrder(id, 'nothing')).includes('102=6');
    expect(['x4', 'x3', 'x2', 'x1'].map(known)).to.deep.equal([true, true, true, false]);
    expect(on(TOMORROW, cancelOrder('y2', 'nothing'))).to.equal('9 F 102=6 39=8 y2<nothing');
  });

  it('come back from rows as such, with their closed orders', () => {
    const order = acceptOn(TODAY, 'a', FILLED);
    const clOrdIds = [
      { clOrdId: 'first', orderId: order.orderId, tradingDay: '2024-05-03' },
      { clOrdId: 'refused', orderId: undefined, tradingDay: '2024-05-03' },
    ];
    const closed = [{ ...order, tradingDay: '2024-05-03' }];
    desk.account = accountWith(
      { USD: '1000' },
      { closed, clOrdIds: [{ clOrdId: 'a', orderId: order.orderId, tradingDay: '2024-05-03' }, ...clOrdIds] },
    );
    for (const id of ['a', 'first']) {
      expect(on(TODAY, buyOrder(id, '0.001', '100', REPEAT))).to.equal(`recall order ${order.orderId}`);
    }
    desk.account.recall(closed[0]);
    for (const id of ['a', 'first']) {
      expect(on(TODAY, buyOrder(id, '0.001', '100', REPEAT))).to.equal('8 I/2 a 0.001/0');
      expect(on('2024-05-03', buyOrder(id, '0.001', '100'))).to.equal(`8 8/8 ${id} 103=6`);
      expect(on(TODAY, buyOrder(id, '0.001', '100'))).to.equal('to BTC-USD: EnterOrder');
    }
    expect(on(TODAY, buyOrder('refused', '0.001', '100', REPEAT))).to.equal('8 I/8 refused 0/0');
  });
});
