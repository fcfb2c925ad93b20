/** What an account remembers of ClOrdIDs, and how it judges cancels and replaces. */
import { expect } from 'chai';
import { lots, type ReplaceOrder, SELL, ticks } from '../../src/matching/types.ts';
import {
  accountWith,
  BTC_USD,
  entered,
  FREE,
  JudgingDesk,
  OPEN,
  refusalOf,
  said,
  snapshot,
  TODAY,
  TOMORROW,
} from '../support/judging-desk.ts';
import { buyOrder, cancelOrder, replaceOrder } from '../support/member-commands.ts';

describe('account', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  describe('ClOrdIDs', () => {
    it('are taken by refused orders too', () => {
      desk.judge(buyOrder('a', '0', '100'));
      expect(said(desk.judge(buyOrder('a', '1', '100')))).to.equal('8 8/8 a 103=6');
    });

    it('are taken by cancels and replaces', () => {
      desk.accept(['a', '1', '100']);
      desk.judge(cancelOrder('x', 'nothing'));
      expect(said(desk.judge(buyOrder('x', '1', '100')))).to.equal('8 8/8 x 103=6');
      expect(said(desk.judge(cancelOrder('x', 'a')))).to.equal('9 F 102=6 39=0 x<a');
      expect(said(desk.judge(replaceOrder('a', 'a', '2', '100')))).to.equal('9 G 102=6 39=0 a<a');
    });

    it('that repeat a request on its way wait for its answer, marked as a repeat or not', () => {
      desk.judge(buyOrder('a', '1', '100'));
      expect(said(desk.judge(buyOrder('a', '1', '100')))).to.equal('wait for a');
      expect(said(desk.judge(buyOrder('a', '1', '100', { mayBeRepeat: true })))).to.equal('wait for a');
      expect(said(desk.judge(cancelOrder('x', 'a')))).to.equal('to BTC-USD: CancelOrder');
      expect(said(desk.judge(cancelOrder('x', 'a', { mayBeRepeat: true })))).to.equal('wait for x');
      expect(desk.available('USD')).to.equal('899.8');
    });

    it('marked as repeats are answered with the state of the order, open or closed', () => {
      const order = desk.accept(['a', '1', '100'], { cumQty: lots(4_000) });
      const repeat = buyOrder('a', '1', '100', { mayBeRepeat: true });
      expect(said(desk.judge(repeat))).to.equal('8 I/1 a 0.4/0.6');
      desk.account.settle({
        orders: [{ ...order, leavesQty: lots(0), ordStatus: '4' }],
        amounts: [],
        answered: [],
      });
      const answer = desk.judge(repeat);
      expect(answer.type).to.equal('Answer');
      expect(said(answer)).to.equal('8 I/4 a 0.4/0');
      expect(desk.account.lastSeq).to.equal(0);
    });

    it('marked as repeats are never a duplicate: refused before is refused before', () => {
      desk.judge(buyOrder('a', '0', '100'));
      expect(said(desk.judge(buyOrder('a', '0', '100', { mayBeRepeat: true })))).to.equal('8 I/8 a 0/0');
    });

    it('marked as repeats of cancels and replaces are answered with the order’s state, or refused again', () => {
      const order = desk.accept(['a', '1', '100']);
      desk.judge(replaceOrder('y', 'a', '2', '100'));
      desk.account.settle({
        orders: [{ ...order, clOrdId: 'y', quantity: lots(20_000), leavesQty: lots(20_000) }],
        amounts: [],
        answered: ['y'],
      });
      const again = { mayBeRepeat: true };
      expect(said(desk.judge(replaceOrder('y', 'a', '2', '100', again)))).to.equal('8 I/0 y 0/2');
      desk.judge(cancelOrder('x', 'nothing'));
      expect(said(desk.judge(cancelOrder('x', 'nothing', again)))).to.equal('9 F 102=1 39=8 x<nothing');
    });

    it('marked as repeats but of another symbol are duplicates', () => {
      desk.accept(['a', '1', '100']);
      const market = { market: { instrument: FREE, status: OPEN, ready: true } };
      const command = buyOrder('a', '1', '100', { symbol: 'FREE-USD', mayBeRepeat: true });
      expect(said(desk.judge(command, market))).to.equal('8 8/8 a 103=6');
    });

    it('never heard of are new, repeat or not', () => {
      expect(desk.judge(buyOrder('a', '1', '100', { mayBeRepeat: true })).type).to.equal('ToBook');
    });

    it('are free again on the next trading day, but for those of open orders and of requests on their way', () => {
      const order = desk.accept(['open', '1', '100'], { timeInForce: '1' });
      desk.judge(replaceOrder('y', 'open', '2', '100'));
      desk.account.settle({
        orders: [{ ...order, clOrdId: 'y', quantity: lots(20_000), leavesQty: lots(20_000) }],
        amounts: [],
        answered: ['y'],
      });
      desk.accept(['closed', '0.001', '100'], { ordStatus: '4', leavesQty: lots(0) });
      desk.judge(buyOrder('refused', '0', '100'));
      desk.judge(buyOrder('on its way', '0.001', '100'));
      const tomorrow = { tradingDay: TOMORROW };
      const ids = ['open', 'y', 'closed', 'refused', 'on its way'];
      const commands = ids.map((id) => desk.judge(buyOrder(id, '0.001', '100'), tomorrow));
      expect(commands.map(said)).to.deep.equal([
        '8 8/8 open 103=6',
        '8 8/8 y 103=6',
        'to BTC-USD: EnterOrder',
        'to BTC-USD: EnterOrder',
        'wait for on its way',
      ]);
    });

    it('of today stay taken when a command of yesterday runs late', () => {
      desk.judge(buyOrder('a', '0', '100'), { tradingDay: TOMORROW });
      desk.judge(buyOrder('late', '0', '100'), { tradingDay: TODAY });
      expect(said(desk.judge(buyOrder('a', '1', '100'), { tradingDay: TOMORROW }))).to.equal('8 8/8 a 103=6');
    });

    it('of closed orders beyond the bound are remembered, their state is not', () => {
      for (const id of ['c1', 'c2', 'c3'])
        desk.accept([id, '0.001', '100'], { ordStatus: '4', leavesQty: lots(0) });
      expect(said(desk.judge(buyOrder('c1', '1', '100')))).to.equal('8 8/8 c1 103=6');
      expect(said(desk.judge(buyOrder('c3', '1', '100', { mayBeRepeat: true })))).to.equal('8 I/4 c3 0/0');
      for (const repeat of [
        buyOrder('c1', '1', '100', { mayBeRepeat: true }),
        cancelOrder('c1', 'c1', { mayBeRepeat: true }),
      ]) {
        expect(said(desk.judge(repeat)), repeat.type).to.equal('recall order 1');
      }
      // It tells the true status, whichever way the order is named.
      expect(said(desk.judge(cancelOrder('x', 'c1')))).to.equal('9 F 102=0 39=4 x<c1');
      const byOrderId = { origClOrdId: undefined, orderId: '1' };
      expect(refusalOf(desk.judge(cancelOrder('y', 'c1', byOrderId)))).to.deep.include({
        orderId: 1,
        ordStatus: '4',
        cxlRejReason: 0,
      });
      expect(said(desk.judge(cancelOrder('z', 'c3')))).to.equal('9 F 102=0 39=4 z<c3');
    });

    it('come back from rows', () => {
      const order = snapshot(entered(desk.judge(buyOrder('y', '1', '100'))));
      desk.account = accountWith(
        { USD: '1000' },
        {
          lastSeq: 7,
          orders: [order],
          clOrdIds: [
            { clOrdId: 'first', orderId: order.orderId, tradingDay: TODAY },
            { clOrdId: 'refused', orderId: undefined, tradingDay: TODAY },
          ],
        },
      );
      expect(desk.available('USD')).to.equal('899.8');
      expect(said(desk.judge(buyOrder('first', '1', '100')))).to.equal('8 8/8 first 103=6');
      expect(said(desk.judge(buyOrder('refused', '1', '100')))).to.equal('8 8/8 refused 103=6');
      expect(said(desk.judge(cancelOrder('x', 'y')))).to.equal('to BTC-USD: CancelOrder');
      expect(desk.account.lastSeq).to.equal(9);
    });
  });

  describe('cancels and replaces', () => {
    it('of an unknown order are refused', () => {
      expect(refusalOf(desk.judge(cancelOrder('x', 'nothing')))).to.deep.include({
        orderId: undefined,
        ordStatus: '8',
        cxlRejReason: 1,
        cxlRejResponseTo: 1,
        text: 'no order with OrigClOrdID(41)=nothing',
      });
      expect(said(desk.judge(replaceOrder('y', 'nothing', '1', '100')))).to.equal('9 G 102=1 39=8 y<nothing');
    });

    it('must agree with the order on symbol, side and OrderID', () => {
      const order = desk.accept(['a', '1', '100']);
      const other = { market: { instrument: FREE, status: OPEN, ready: true } };
      expect(refusalOf(desk.judge(cancelOrder('x1', 'a', { symbol: 'FREE-USD' }), other))).to.deep.include({
        cxlRejReason: 99,
        ordStatus: '0',
        text: "Symbol(55)=FREE-USD is not the order's",
      });
      expect(refusalOf(desk.judge(cancelOrder('x2', 'a', { side: SELL })))).to.deep.include({
        cxlRejReason: 99,
        text: "Side(54) is not the order's",
      });
      expect(refusalOf(desk.judge(cancelOrder('x3', 'a', { orderId: '77' })))).to.deep.include({
        cxlRejReason: 1,
        text: 'OrderID(37) and OrigClOrdID(41) name different orders',
      });
      const named = cancelOrder('x5', 'a', { origClOrdId: undefined, orderId: String(order.orderId) });
      expect(desk.judge(named)).to.deep.include({ type: 'ToBook' });
      const agreeing = cancelOrder('x4', 'a', { orderId: String(order.orderId) });
      expect(said(desk.judge(agreeing))).to.equal('to BTC-USD: CancelOrder');
    });

    it('may not change what a replace cannot change', () => {
      desk.accept(['a', '1', '100']);
      const faults = [
        desk.judge(replaceOrder('y1', 'a', '1', '100', { ordType: '1' })),
        desk.judge(replaceOrder('y2', 'a', '1', '100', { timeInForce: '1' })),
        desk.judge(replaceOrder('y3', 'a', '1', '100.001')),
        desk.judge(replaceOrder('y4', 'a', '0', '100')),
        desk.judge(replaceOrder('y5', 'a', '1', '200')),
      ];
      expect(faults.map((fault) => refusalOf(fault).text)).to.deep.equal([
        'OrdType(40) cannot be replaced',
        'TimeInForce(59) cannot be replaced',
        'Price(44)=100.001 is not a multiple of the tick size 0.01',
        'OrderQty(38)=0: must be more than zero',
        'Price(44)=200 is more than 10% away from the reference price 100.00',
      ]);
      expect(faults.map(said)).to.deep.equal(
        ['y1', 'y2', 'y3', 'y4', 'y5'].map((id) => `9 G 102=99 39=0 ${id}<a`),
      );
    });

    it('are refused with the true status while the symbol is halted; the operator’s halt lets cancels pass', () => {
      desk.accept(['a', '1', '100'], { cumQty: lots(1_000) });
      const haltedBy = (by: 'operator' | 'crash') => ({
        market: { instrument: BTC_USD, status: { type: 'Halted', by, reason: 'news' }, ready: true } as const,
      });
      expect(said(desk.judge(cancelOrder('x1', 'a'), haltedBy('crash')))).to.equal('9 F 102=2 39=1 x1<a');
      expect(said(desk.judge(replaceOrder('y1', 'a', '2', '100'), haltedBy('crash')))).to.equal(
        '9 G 102=2 39=1 y1<a',
      );
      expect(said(desk.judge(replaceOrder('y2', 'a', '2', '100'), haltedBy('operator')))).to.equal(
        '9 G 102=2 39=1 y2<a',
      );
      expect(said(desk.judge(cancelOrder('x2', 'a'), haltedBy('operator')))).to.equal(
        'to BTC-USD: CancelOrder',
      );
    });

    it('chain x → y → z while all are on their way, under one OrderID', () => {
      desk.judge(buyOrder('x', '1', '100'));
      const replaces = [
        desk.judge(replaceOrder('y', 'x', '2', '100')),
        desk.judge(replaceOrder('z', 'y', '3', '101')),
      ].map((decision) => (decision.type === 'ToBook' ? (decision.command as ReplaceOrder) : undefined));
      expect(replaces).to.deep.equal([
        { type: 'ReplaceOrder', orderId: 1, clOrdId: 'y', price: ticks(10_000), quantity: lots(20_000) },
        { type: 'ReplaceOrder', orderId: 1, clOrdId: 'z', price: ticks(10_100), quantity: lots(30_000) },
      ]);
      // The largest quantity at the largest price.
      expect(desk.available('USD')).to.equal('696.394');
    });

    it('that increase an order need funds for it', () => {
      desk.accept(['a', '9', '100']);
      const short = refusalOf(desk.judge(replaceOrder('y1', 'a', '10', '100')));
      expect(short).to.deep.include({
        cxlRejReason: 99,
        text: 'insufficient funds: needs 100.2 USD, available 98.2 USD',
      });
      expect(desk.available('USD')).to.equal('98.2');
      expect(desk.judge(replaceOrder('y2', 'a', '9', '101')).type).to.equal('ToBook');
      expect(desk.available('USD')).to.equal('89.182');
    });

    it('that decrease an order free nothing before they are committed', () => {
      const order = desk.accept(['a', '9', '100']);
      desk.judge(replaceOrder('y', 'a', '1', '100'));
      expect(desk.available('USD')).to.equal('98.2');
      desk.account.settle({
        orders: [{ ...order, clOrdId: 'y', quantity: lots(10_000), leavesQty: lots(10_000) }],
        amounts: [],
        answered: ['y'],
      });
      expect(desk.available('USD')).to.equal('899.8');
    });

    it('keep the hold of a second replace when the first is committed', () => {
      const order = desk.accept(['a', '1', '100']);
      desk.judge(replaceOrder('y', 'a', '2', '100'));
      desk.judge(replaceOrder('z', 'y', '3', '100'));
      desk.account.settle({
        orders: [{ ...order, clOrdId: 'y', quantity: lots(20_000), leavesQty: lots(20_000) }],
        amounts: [],
        answered: ['y'],
      });
      expect(desk.available('USD')).to.equal('699.4');
    });
  });
});
