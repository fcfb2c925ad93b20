/** Mass cancels (q): which books are asked, what the report (r) says, and what is refused. */
import { expect } from 'chai';
import { MAX_ORDERS_LISTED } from '../../src/accounts/mass-cancel.ts';
import { lots, SELL } from '../../src/matching/types.ts';
import {
  AT,
  accountWith,
  BTC_USD,
  FREE,
  JudgingDesk,
  massCancelOf,
  NOW,
  OPEN,
  said,
} from '../support/judging-desk.ts';
import { buyOrder, cancelOrder, line, massCancel, sellOrder } from '../support/member-commands.ts';

const FREE_MARKET = { market: { instrument: FREE, status: OPEN, ready: true } };

describe('mass cancel', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  function withThreeOrders(): void {
    desk.accept(['a', '0.1', '100']);
    desk.judge(sellOrder('on its way', '0.1', '100'));
    desk.acceptOrder(buyOrder('c', '0.1', '100', { symbol: 'FREE-USD' }), {}, FREE_MARKET);
  }

  it('asks every book in which the member has orders that it names, those on their way included', () => {
    withThreeOrders();
    const all = desk.judge(massCancel('q1'), { market: undefined });
    expect(all).to.deep.equal({
      type: 'MassCancel',
      symbols: ['BTC-USD', 'FREE-USD'],
      command: {
        type: 'MassCancelOrders',
        userId: 1,
        side: undefined,
        clOrdId: 'q1',
        unsolicited: undefined,
      },
    });
    expect(said(desk.judge(massCancel('q2', { symbol: 'BTC-USD' })))).to.equal(
      'to BTC-USD: MassCancelOrders',
    );
    expect(said(desk.judge(massCancel('q3', { side: SELL })))).to.equal('to BTC-USD: MassCancelOrders');
  });

  it('is answered at once when there is nothing to cancel, and uses up its ClOrdID', () => {
    desk.accept(['a', '0.1', '100']);
    const report = massCancelOf(desk.judge(massCancel('q', { symbol: 'BTC-USD', side: SELL })));
    expect(report).to.deep.equal({
      type: 'OrderMassCancelReport',
      userId: 1,
      source: 'user:1',
      sourceSeq: 1,
      at: AT,
      clOrdId: 'q',
      symbol: 'BTC-USD',
      side: SELL,
      massCancelRejectReason: undefined,
      totalAffectedOrders: 0,
      unanswered: [],
      text: undefined,
    });
    expect(said(desk.judge(buyOrder('q', '0.1', '100')))).to.equal('8 8/8 q 103=6');
  });

  it('is reported with the count, and with the orders of books that have not answered', () => {
    withThreeOrders();
    const request = massCancel('q', { side: '1' });
    desk.judge(request);
    desk.acceptOrder(buyOrder('later', '0.1', '100', { symbol: 'FREE-USD' }), {}, FREE_MARKET);
    const outcome = { totalAffectedOrders: 1, unansweredSymbols: ['FREE-USD'] };
    const report = desk.account.massCanceled(request, outcome, NOW);
    expect(line(report)).to.equal('r q 533=1 534=1');
    expect(report.unanswered).to.deep.equal([{ clOrdId: 'c', orderId: 3 }]);
    expect(report.sourceSeq).to.equal(desk.account.lastSeq);
  });

  it('lists a thousand orders at most, and counts the others in its text', () => {
    const order = desk.accept(['a', '0.1', '100']);
    const orders = Array.from({ length: MAX_ORDERS_LISTED + 7 }, (_, index) => ({
      ...order,
      orderId: 1 + index,
      clOrdId: `o${index}`,
    }));
    desk.account = accountWith({ USD: '1000000' }, { orders });
    const request = massCancel('q');
    desk.judge(request);
    const outcome = { totalAffectedOrders: 0, unansweredSymbols: ['BTC-USD'] };
    const report = desk.account.massCanceled(request, outcome, NOW);
    expect(report.unanswered.length).to.equal(1_000);
    expect(report.text).to.equal('7 orders more may still be canceled');
  });

  it('of the side or symbol in which the member has nothing looks at none of its orders', () => {
    const { side, symbol, ...order } = desk.accept(['a', '0.1', '100']);
    let lookCount = 0;
    const look = <Value>(value: Value): Value => {
      lookCount += 1;
      return value;
    };
    const orders = Array.from({ length: 100 }, (_, index) => ({
      ...order,
      orderId: 1 + index,
      clOrdId: `o${index}`,
      get side() {
        return look(side);
      },
      get symbol() {
        return look(symbol);
      },
    }));
    desk.account = accountWith({ USD: '1000000' }, { orders });
    lookCount = 0;
    expect(said(desk.judge(massCancel('q1', { side: SELL })))).to.equal('r q1 533=0');
    expect(said(desk.judge(massCancel('q2', { symbol: 'FREE-USD' }), FREE_MARKET))).to.equal('r q2 533=0');
    expect(said(desk.judge(massCancel('q3')))).to.equal('to BTC-USD: MassCancelOrders');
    expect(lookCount).to.equal(0);
  });

  it('does not list orders that are closed by the time of its report', () => {
    desk.accept(['a', '0.1', '100']);
    const order = desk.accept(['b', '0.1', '100']);
    const request = massCancel('q');
    desk.judge(request);
    desk.commit({ ...order, ordStatus: '4', leavesQty: lots(0) });
    const report = desk.account.massCanceled(
      request,
      { totalAffectedOrders: 0, unansweredSymbols: ['BTC-USD'] },
      NOW,
    );
    expect(report.unanswered.map(({ clOrdId }) => clOrdId)).to.deep.equal(['a']);
  });

  it('is reported by an account that was rebuilt in between', () => {
    const order = desk.accept(['a', '0.1', '100']);
    const request = massCancel('q');
    desk.judge(request);
    desk.account = accountWith({ USD: '1000' }, { orders: [order] });
    const report = desk.account.massCanceled(
      request,
      { totalAffectedOrders: 0, unansweredSymbols: ['BTC-USD'] },
      NOW,
    );
    expect(line(report)).to.equal('r q 533=0 534=1');
    expect(said(desk.judge(massCancel('q')))).to.equal('r q 532=99');
  });

  describe('is refused (531=0)', () => {
    it('for an unknown symbol (532=1)', () => {
      const report = massCancelOf(desk.judge(massCancel('q', { symbol: 'NO-SUCH' }), { market: undefined }));
      expect(report).to.deep.include({
        massCancelRejectReason: 1,
        totalAffectedOrders: 0,
        text: 'Symbol(55)=NO-SUCH is not traded here',
      });
    });

    it('while its symbol is halted by a crash (532=99); an operator’s halt and cancel-only let it pass', () => {
      desk.accept(['a', '0.1', '100']);
      const symbol = 'BTC-USD';
      const statuses = [
        { type: 'Halted', by: 'crash', reason: 'broken' },
        { type: 'Halted', by: 'operator', reason: 'news' },
        { type: 'CancelOnly', reason: 'maintenance' },
      ] as const;
      const decisions = statuses.map((status, index) =>
        desk.judge(massCancel(`q${index}`, { symbol }), {
          market: { instrument: BTC_USD, status, ready: true },
        }),
      );
      expect(decisions.map(said)).to.deep.equal([
        'r q0 532=99',
        'to BTC-USD: MassCancelOrders',
        'to BTC-USD: MassCancelOrders',
      ]);
    });

    it('for a ClOrdID that was used before (532=99)', () => {
      desk.accept(['a', '0.1', '100']);
      const again = massCancelOf(desk.judge(massCancel('a')));
      expect(again).to.deep.include({ massCancelRejectReason: 99, text: 'ClOrdID(11)=a was used before' });
      expect(said(desk.judge(massCancel('a', { mayBeRepeat: true })))).to.equal('r a 532=99');
      expect(said(desk.judge(cancelOrder('x', 'a')))).to.equal('to BTC-USD: CancelOrder');
    });

    it('by whoever else judges it, and the ClOrdID counts as used', () => {
      const decision = desk.account.refuseMassCancel(massCancel('q'), 0, 'not supported', NOW);
      expect(massCancelOf(decision)).to.deep.include({ massCancelRejectReason: 0, text: 'not supported' });
      expect(said(desk.judge(massCancel('q')))).to.equal('r q 532=99');
    });
  });

  it('that repeats one on its way waits for its answer; a later repeat cancels nothing that came since', () => {
    desk.accept(['a', '0.1', '100']);
    const request = massCancel('q');
    desk.judge(request);
    expect(said(desk.judge(massCancel('q', { mayBeRepeat: true })))).to.equal('wait for q');
    desk.account.massCanceled(request, { totalAffectedOrders: 1, unansweredSymbols: [] }, NOW);
    expect(said(desk.judge(massCancel('q', { mayBeRepeat: true })))).to.equal('r q 533=0');
    expect(massCancelOf(desk.judge(massCancel('q', { mayBeRepeat: true }))).text).to.match(/answered before/);
  });
});
