/**
 * FIX-REFERENCE's race table: what a member is told when requests and fills cross. Each case says when the book matches
 * and when its work is committed; member 1 is told.
 */
import { expect } from 'chai';
import { ticks } from '../../src/matching/types.ts';
import { buyOrder, cancelOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import { SmallMarket } from '../support/small-market.ts';

const RICH = { balances: { USD: '10000', BTC: '100' } };

describe('cancel/replace races', () => {
  let market: SmallMarket;

  /** Member 1 buys 1 at 100 as `x`, which is accepted and told. */
  beforeEach(() => {
    market = new SmallMarket({ 1: RICH, 2: RICH }, { referencePrice: ticks(10_000) });
    market.send(1, buyOrder('x', '1', '100'));
    market.settle();
    market.told(1);
  });

  /** Commits what is under way, and asserts what member 1 is told. */
  function expectTold(...lines: readonly string[]): void {
    market.settle();
    expect(market.told(1)).to.deep.equal(lines);
  }

  it('cancel of an unfilled order', () => {
    market.send(1, cancelOrder('y', 'x'));
    expectTold('8 4/4 y<x 0/0');
  });

  it('cancel of a part-filled order: fills that arrive first are told first, the cancel has the final CumQty', () => {
    market.send(2, sellOrder('s', '0.4', '100'));
    market.send(1, cancelOrder('y', 'x'));
    expectTold('8 F/1 x 0.4/0.6 @100*0.4', '8 4/4 y<x 0.4/0');
  });

  it('order fills before the cancel is processed', () => {
    market.send(2, sellOrder('s', '1', '100'));
    market.send(1, cancelOrder('y', 'x'));
    expectTold('8 F/2 x 1/0 @100*1', '9 F 102=0 39=2 y<x');
  });

  it('cancel before the ack: behind the new order', () => {
    market.send(1, buyOrder('n', '1', '100'), cancelOrder('y', 'n'));
    expectTold('8 0/0 n 0/1', '8 4/4 y<n 0/0');
  });

  it('cancel before the ack of an order that its book rejects', () => {
    market.send(2, sellOrder('s', '2', '101'));
    market.settle();
    market.send(1, buyOrder('n', '1', '101', { execInst: '6' }), cancelOrder('y', 'n'));
    expectTold('8 8/8 n 103=99', '9 F 102=1 39=8 y<n');
  });

  it('cancel of an unknown order', () => {
    market.send(1, cancelOrder('y', 'nothing'));
    expectTold('9 F 102=1 39=8 y<nothing');
  });

  it('duplicate ClOrdID on a cancel', () => {
    market.send(1, cancelOrder('x', 'x'));
    expectTold('9 F 102=6 39=0 x<x');
  });

  it('cancel by somebody else: the order is not theirs, and lives on', () => {
    market.send(2, cancelOrder('y', 'x'), cancelOrder('z', 'x', { orderId: '1', origClOrdId: undefined }));
    market.settle();
    expect(market.told(2)).to.deep.equal(['9 F 102=1 39=8 y<x', '9 F 102=1 39=8 z<undefined']);
    market.send(2, sellOrder('s', '1', '100'));
    expectTold('8 F/2 x 1/0 @100*1');
  });

  it('replace up, unfilled', () => {
    market.send(1, replaceOrder('y', 'x', '2', '100'));
    expectTold('8 5/0 y<x 0/2');
  });

  it('replace up, a fill arrives while it is pending: with the old ClOrdID and quantity', () => {
    market.send(2, sellOrder('s', '0.4', '100'));
    market.send(1, replaceOrder('y', 'x', '2', '100'));
    expectTold('8 F/1 x 0.4/0.6 @100*0.4', '8 5/1 y<x 0.4/1.6');
  });

  it('replace up of a filled order', () => {
    market.send(2, sellOrder('s', '1', '100'));
    market.send(1, replaceOrder('y', 'x', '2', '100'));
    expectTold('8 F/2 x 1/0 @100*1', '9 G 102=0 39=2 y<x');
  });

  it('replace not for quantity, the fill wins', () => {
    market.send(2, sellOrder('s', '1', '100'));
    market.send(1, replaceOrder('y', 'x', '1', '99'));
    expectTold('8 F/2 x 1/0 @100*1', '9 G 102=0 39=2 y<x');
  });

  for (const [title, quantity, expected] of [
    ['above CumQty', '0.7', '8 5/1 y<x 0.4/0.3'],
    ['to exactly CumQty', '0.4', '8 5/2 y<x 0.4/0'],
    ['below CumQty', '0.1', '8 5/2 y<x 0.4/0'],
  ] as const) {
    it(`replace down ${title}`, () => {
      market.send(2, sellOrder('s', '0.4', '100'));
      market.send(1, replaceOrder('y', 'x', quantity, '100'));
      expectTold('8 F/1 x 0.4/0.6 @100*0.4', expected);
    });
  }

  it('two replaces in sequence, both accepted: the chain x → y → z', () => {
    market.send(1, replaceOrder('y', 'x', '2', '100'), replaceOrder('z', 'y', '3', '100'));
    expectTold('8 5/0 y<x 0/2', '8 5/0 z<y 0/3');
  });

  it('two replaces of x while the first is pending: both done, in order', () => {
    market.send(1, replaceOrder('y', 'x', '2', '100'), replaceOrder('z', 'x', '3', '100'));
    expectTold('8 5/0 y<x 0/2', '8 5/0 z<y 0/3');
  });

  it('first replace rejected by the account, second accepted: 41 is the last accepted', () => {
    market.send(1, replaceOrder('y', 'x', '2', '100.001'), replaceOrder('z', 'x', '3', '100'));
    expectTold('9 G 102=99 39=0 y<x', '8 5/0 z<x 0/3');
  });

  it('first replace rejected by the book, second accepted: 41 is the last accepted', () => {
    market.send(1, buyOrder('p', '1', '99', { execInst: '6' }));
    market.send(2, sellOrder('s', '1', '101'));
    market.settle();
    market.told(1);
    market.send(1, replaceOrder('y', 'p', '1', '101'), replaceOrder('z', 'y', '2', '98'));
    expectTold('9 G 102=2 39=0 y<p', '8 5/0 z<p 0/2');
  });

  it('cancel while a replace is pending: processed in order', () => {
    market.send(1, replaceOrder('y', 'x', '2', '100'), cancelOrder('z', 'y'));
    expectTold('8 5/0 y<x 0/2', '8 4/4 z<y 0/0');
  });

  it('replace with a duplicate ClOrdID leaves the order as it is', () => {
    market.send(1, replaceOrder('x', 'x', '2', '100'));
    expectTold('9 G 102=6 39=0 x<x');
  });

  it('a repeat of an order: its state, and no second order', () => {
    market.send(2, sellOrder('s', '0.4', '100'));
    market.send(1, buyOrder('x', '1', '100', { mayBeRepeat: true }));
    expectTold('8 I/0 x 0/1', '8 F/1 x 0.4/0.6 @100*0.4');
    market.send(1, buyOrder('new', '1', '99', { mayBeRepeat: true }));
    expectTold('8 0/0 new 0/1');
  });

  it('a cancel finds the order closed in its book but not in a commit: too late, and after the fill', () => {
    market.send(2, sellOrder('s', '1', '100'));
    market.match();
    market.send(1, cancelOrder('y', 'x'));
    market.match();
    expect(market.told(1)).to.deep.equal([]);
    expectTold('8 F/2 x 1/0 @100*1', '9 F 102=0 39=2 y<x');
  });

  it('the engine is lost while requests are in flight: refused, and nothing was done', () => {
    market.send(1, replaceOrder('y', 'x', '5', '100'), cancelOrder('z', 'x'), buyOrder('n', '1', '100'));
    market.bounceAll({ type: 'BookUnavailable', text: 'being rebuilt' });
    expectTold('9 G 102=2 39=0 y<x', '9 F 102=2 39=0 z<x', '8 8/8 n 103=2');
    market.send(2, sellOrder('s', '2', '100'));
    expectTold('8 F/2 x 1/0 @100*1');
  });

  describe('while the symbol takes cancels only', () => {
    beforeEach(() => {
      market.status = { type: 'CancelOnly', reason: 'maintenance' };
    });

    it('new orders and replaces are refused, and cancels work', () => {
      market.send(1, buyOrder('n', '1', '100'), replaceOrder('y', 'x', '2', '100'), cancelOrder('z', 'x'));
      market.settle();
      const reports = market.reports(1);
      expect(reports.slice(0, 2).map(({ text }) => text)).to.deep.equal([
        'BTC-USD takes cancels only: maintenance',
        'BTC-USD takes cancels only: maintenance',
      ]);
      expect(reports[0]).to.deep.include({ ordRejReason: 2 });
      expect(reports[1]).to.deep.include({ cxlRejReason: 2, ordStatus: '0' });
      expect(reports[2]).to.deep.include({ execType: '4', clOrdId: 'z', origClOrdId: 'x' });
    });
  });
});
