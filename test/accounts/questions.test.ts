/** Questions about orders (H, AF): what is answered, when, and of which orders. */
import { expect } from 'chai';
import { lots, SELL } from '../../src/matching/types.ts';
import { accountWith, answersOf, BTC_USD, FREE, JudgingDesk, OPEN, said } from '../support/judging-desk.ts';
import {
  buyOrder,
  cancelOrder,
  massStatusRequest,
  replaceOrder,
  sellOrder,
  statusRequest,
} from '../support/member-commands.ts';

const FREE_MARKET = { market: { instrument: FREE, status: OPEN, ready: true } };

describe('order status request', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  it('is answered with the committed state of the order (150=I), and uses no number', () => {
    const order = desk.accept(['a', '1', '100'], { cumQty: lots(4_000) });
    const [report] = answersOf(desk.judge(statusRequest('a', { ordStatusReqId: 's' })));
    expect(report).to.deep.include({
      execType: 'I',
      ordStatus: '1',
      orderId: order.orderId,
      source: 'BTC-USD',
      sourceSeq: 0,
      cumQty: '0.4000',
      ordStatusReqId: 's',
    });
    expect(answersOf(desk.judge(statusRequest('a')))[0]).not.to.have.property('ordStatusReqId');
  });

  it('waits for the answer to the request that it asks about', () => {
    desk.judge(buyOrder('a', '1', '100'));
    expect(said(desk.judge(statusRequest('a')))).to.equal('wait for a');
    const order = desk.accept(['b', '1', '100']);
    desk.judge(replaceOrder('y', 'b', '2', '100'));
    expect(said(desk.judge(statusRequest('y')))).to.equal('wait for y');
    expect(said(desk.judge(statusRequest('b')))).to.equal('8 I/0 b 0/1');
    desk.commit({ ...order, clOrdId: 'y', quantity: lots(20_000), leavesQty: lots(20_000) });
    expect(said(desk.judge(statusRequest('b')))).to.equal('8 I/0 y 0/2');
  });

  it('finds an order by any of its ClOrdIDs, or by OrderID alone', () => {
    const order = desk.accept(['a', '1', '100']);
    const orderId = String(order.orderId);
    expect(said(desk.judge(statusRequest('a', { orderId })))).to.equal('8 I/0 a 0/1');
    expect(said(desk.judge(statusRequest(undefined, { orderId })))).to.equal('8 I/0 a 0/1');
  });

  it('finds closed orders of the day, and those that only their book refused', () => {
    desk.accept(['canceled', '1', '100'], { ordStatus: '4', leavesQty: lots(0) });
    desk.accept(['rejected', '1', '100'], { ordStatus: '8', leavesQty: lots(0) });
    expect(desk.available('USD')).to.equal('1000');
    expect(said(desk.judge(statusRequest('canceled')))).to.equal('8 I/4 canceled 0/0');
    expect(said(desk.judge(statusRequest('rejected')))).to.equal('8 I/8 rejected 0/0');
    expect(said(desk.judge(buyOrder('rejected', '1', '100')))).to.equal('8 8/8 rejected 103=6');
    expect(said(desk.judge(cancelOrder('x', 'rejected')))).to.equal('9 F 102=1 39=8 x<rejected');
  });

  it('about what the venue does not know says so (37=NONE, 39=8, 103=5)', () => {
    desk.accept(['a', '1', '100']);
    desk.judge(buyOrder('refused', '0', '100'));
    for (const [request, text] of [
      [statusRequest('nothing', { ordStatusReqId: 's' }), 'no order with ClOrdID(11)=nothing'],
      [statusRequest('refused'), 'no order with ClOrdID(11)=refused'],
      [statusRequest(undefined, { orderId: '77' }), 'no order with OrderID(37)=77'],
      [statusRequest('a', { orderId: '77' }), 'OrderID(37) and ClOrdID(11) name different orders'],
    ] as const) {
      const [report] = answersOf(desk.judge(request));
      expect(report).to.deep.include({
        execType: 'I',
        ordStatus: '8',
        orderId: undefined,
        ordRejReason: 5,
        sourceSeq: 0,
        text,
        clOrdId: request.clOrdId ?? 'NONE',
      });
      expect(report?.ordStatusReqId).to.equal(request.ordStatusReqId);
    }
  });

  it('that has the side or symbol wrong is told the truth, and what is wrong', () => {
    desk.accept(['a', '1', '100']);
    const [side] = answersOf(desk.judge(statusRequest('a', { side: SELL })));
    expect(side).to.deep.include({ ordStatus: '0', side: '1', text: "Side(54) is not the order's" });
    const [symbol] = answersOf(desk.judge(statusRequest('a', { symbol: 'FREE-USD' }), FREE_MARKET));
    expect(symbol).to.deep.include({
      ordStatus: '0',
      symbol: 'BTC-USD',
      text: "Symbol(55)=FREE-USD is not the order's",
    });
  });

  it('about a closed order beyond the bound is answered from its row', () => {
    const filled = { ordStatus: '2', cumQty: lots(10_000), leavesQty: lots(0) } as const;
    const first = desk.accept(['c1', '1', '100'], filled);
    for (const id of ['c2', 'c3']) desk.accept([id, '1', '100'], { ordStatus: '4', leavesQty: lots(0) });
    const text =
      'order 1 is closed, its OrdStatus(39) is 2; the venue no longer has the rest at hand: ' +
      'see its last report, or ask the operator';
    const recall = { type: 'RecallOrder', orderId: 1, text };
    expect(desk.judge(statusRequest('c1'))).to.deep.equal(recall);
    expect(desk.judge(statusRequest(undefined, { orderId: '1' }))).to.deep.equal(recall);
    desk.account.recall({ ...first, ...filled });
    expect(said(desk.judge(statusRequest('c1')))).to.equal('8 I/2 c1 1/0');
    desk.account.recall(undefined);
    expect(desk.judge(statusRequest('c1'))).to.deep.equal(recall);
    desk.account.settle({
      orders: [],
      amounts: [],
      answered: [],
      amendedOrders: [{ ...first, ...filled, ordStatus: '4', quantity: lots(0), cumQty: lots(0) }],
    });
    expect(desk.judge(statusRequest('c1')))
      .to.have.property('text')
      .that.contains('OrdStatus(39) is 4');
  });

  it('about a closed order that has the symbol wrong is not told that there is no such order', () => {
    desk.accept(['a', '1', '100'], { ordStatus: '4', leavesQty: lots(0) });
    for (const market of [FREE_MARKET, { market: undefined }]) {
      expect(desk.judge(statusRequest('a', { symbol: 'FREE-USD' }), market)).to.deep.equal({
        type: 'TurnAway',
        text: "Symbol(55)=FREE-USD is not the order's",
      });
    }
  });
});

describe('order mass status request', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  it('is answered with committed open orders only, in ascending OrderID, counted (911), the last one marked (912)', () => {
    const orders = ['a', 'b', 'c'].map((id) => desk.accept([id, '1', '100']));
    desk.account = accountWith({ USD: '1000' }, { orders: [...orders].reverse() });
    desk.judge(buyOrder('on its way', '1', '100'));
    desk.judge(cancelOrder('x', 'b'));
    const reports = answersOf(desk.judge(massStatusRequest('m')));
    expect(reports.map(({ clOrdId, massStatus }) => [clOrdId, massStatus])).to.deep.equal([
      ['a', { massStatusReqId: 'm', totNumReports: 3, isLast: false }],
      ['b', { massStatusReqId: 'm', totNumReports: 3, isLast: false }],
      ['c', { massStatusReqId: 'm', totNumReports: 3, isLast: true }],
    ]);
  });

  it('is about one symbol and one side when it says so', () => {
    desk.accept(['a', '1', '100']);
    desk.acceptOrder(sellOrder('b', '1', '100'));
    desk.acceptOrder(buyOrder('c', '1', '100', { symbol: 'FREE-USD' }), {}, FREE_MARKET);
    const symbol = 'BTC-USD';
    expect(said(desk.judge(massStatusRequest('m', { symbol })))).to.equal('8 I/0 a 0/1 | 8 I/0 b 0/1');
    expect(said(desk.judge(massStatusRequest('m', { symbol, side: SELL })))).to.equal('8 I/0 b 0/1');
    expect(said(desk.judge(massStatusRequest('m', { side: '1' })))).to.equal('8 I/0 a 0/1 | 8 I/0 c 0/1');
  });

  it('without an order to tell of has one answer (911=0, 912=Y)', () => {
    desk.judge(buyOrder('on its way', '1', '100'));
    const none = {
      execType: 'I',
      ordStatus: '8',
      orderId: undefined,
      clOrdId: 'NONE',
      ordRejReason: undefined,
    };
    const massStatus = { massStatusReqId: 'm', totNumReports: 0, isLast: true };
    expect(answersOf(desk.judge(massStatusRequest('m')))).to.have.length(1);
    expect(answersOf(desk.judge(massStatusRequest('m')))[0]).to.deep.include({
      ...none,
      massStatus,
      symbol: '[N/A]',
      side: '7',
      text: 'no open orders',
    });
    const unknown = massStatusRequest('m', { symbol: 'NO-SUCH' });
    expect(answersOf(desk.judge(unknown, { market: undefined }))[0]).to.deep.include({
      ...none,
      massStatus,
      symbol: 'NO-SUCH',
      text: 'Symbol(55)=NO-SUCH is not traded here',
    });
  });

  it('is answered while the symbol is halted', () => {
    desk.accept(['a', '1', '100']);
    const status = { type: 'Halted', by: 'crash', reason: 'news' } as const;
    const halted = { market: { instrument: BTC_USD, status, ready: false } };
    expect(said(desk.judge(massStatusRequest('m', { symbol: 'BTC-USD' }), halted))).to.equal('8 I/0 a 0/1');
  });
});
