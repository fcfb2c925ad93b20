/** The limits of instruments and members: which order breaks which, and the words that name the limit and the value. */
import { expect } from 'chai';
import { type InstrumentText, makeInstrument } from '../support/instruments.ts';
import {
  accountWith,
  JudgingDesk,
  NOW,
  OPEN,
  refusalOf,
  said,
  termsWith,
  units,
} from '../support/judging-desk.ts';
import { buyOrder, cancelOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';

function marketOf(changes: Partial<InstrumentText>) {
  return { market: { instrument: makeInstrument(changes), status: OPEN, ready: true } };
}

describe('limits', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  describe('of an instrument', () => {
    it('bound what an order is worth at its limit (103=3)', () => {
      const market = marketOf({ maxNotional: '100' });
      expect(refusalOf(desk.judge(buyOrder('a', '1', '100.01'), market))).to.deep.include({
        ordRejReason: 3,
        text: 'the order is worth 100.01 USD, above the maximum 100.00',
      });
      expect(desk.judge(buyOrder('b', '1', '100'), market).type).to.equal('ToBook');
      expect(refusalOf(desk.judge(sellOrder('c', '2', '60'), market)).text).to.equal(
        'the order is worth 120.00 USD, above the maximum 100.00',
      );
    });

    it('count a market order and a stop at their protection price', () => {
      const market = marketOf({ maxNotional: '100' });
      const texts = [
        buyOrder('a', '1', undefined),
        buyOrder('b', '1', undefined, { ordType: '3', stopPx: '99.99' }),
      ].map((command) => refusalOf(desk.judge(command, market)).text);
      expect(texts).to.deep.equal([
        'the order is worth 105.00 USD, above the maximum 100.00',
        'the order is worth 104.98 USD, above the maximum 100.00',
      ]);
    });

    it('bound how many stops of a member wait in the symbol (103=3), until they are triggered or closed', () => {
      desk.account = accountWith({ BTC: '5', USD: '1000' }, {}, 2);
      const stop = { ordType: '3', stopPx: '90' } as const;
      const first = desk.acceptOrder(sellOrder('a', '0.1', undefined, stop));
      const onItsWay = sellOrder('on its way', '0.1', undefined, stop);
      desk.judge(onItsWay);
      const third = sellOrder('c', '0.1', undefined, stop);
      expect(refusalOf(desk.judge(third))).to.deep.include({
        ordRejReason: 3,
        text: 'you have 2 stop orders waiting in BTC-USD, the maximum',
      });
      expect(desk.judge(sellOrder('limit', '0.1', '100')).type).to.equal('ToBook');
      const elsewhere = sellOrder('d', '0.1', undefined, { ...stop, symbol: 'FREE-USD' });
      const instrument = makeInstrument({ symbol: 'FREE-USD' });
      expect(desk.judge(elsewhere, { market: { instrument, status: OPEN, ready: true } }).type).to.equal(
        'ToBook',
      );
      desk.commit({ ...first, triggered: true });
      expect(desk.judge({ ...third, clOrdId: 'e' }).type).to.equal('ToBook');
      expect(said(desk.judge({ ...third, clOrdId: 'f' }))).to.equal('8 8/8 f 103=3');
      desk.account.bounced(onItsWay, { type: 'BookUnavailable', text: 'halted' }, NOW);
      expect(desk.judge({ ...third, clOrdId: 'g' }).type).to.equal('ToBook');
    });

    it('bound how many orders a member has open in the symbol (103=3)', () => {
      const market = marketOf({ maxOpenOrders: 2 });
      desk.acceptOrder(buyOrder('a', '0.1', '100'), {}, market);
      desk.judge(buyOrder('on its way', '0.1', '100'), market);
      expect(refusalOf(desk.judge(buyOrder('c', '0.1', '100'), market))).to.deep.include({
        ordRejReason: 3,
        text: 'you have 2 open orders in BTC-USD, the maximum',
      });
      const other = marketOf({ symbol: 'FREE-USD', maxOpenOrders: 2 });
      const elsewhere = buyOrder('d', '0.1', '100', { symbol: 'FREE-USD' });
      expect(desk.judge(elsewhere, other).type).to.equal('ToBook');
    });

    it('count an open order no longer when it is closed, refused by its book, or given back', () => {
      const market = marketOf({ maxOpenOrders: 1 });
      const closings = [
        () =>
          desk.acceptOrder(buyOrder('a', '0.1', '100'), { ordStatus: '4', leavesQty: 0 as never }, market),
        () =>
          desk.acceptOrder(buyOrder('b', '0.1', '100'), { ordStatus: '8', leavesQty: 0 as never }, market),
        () => {
          const command = buyOrder('c', '0.1', '100');
          desk.judge(command, market);
          desk.account.bounced(command, { type: 'BookUnavailable', text: 'being rebuilt' }, NOW);
        },
      ];
      for (const close of closings) close();
      expect(desk.judge(buyOrder('d', '0.1', '100'), market).type).to.equal('ToBook');
    });
  });

  describe('of a member', () => {
    it('bound the quantity of an order (103=3)', () => {
      desk.account.setTerms(termsWith({ maxQuantity: units('0.5') }));
      expect(refusalOf(desk.judge(buyOrder('a', '0.5001', '100')))).to.deep.include({
        ordRejReason: 3,
        text: 'OrderQty(38)=0.5001 is above your maximum 0.5',
      });
      expect(desk.judge(buyOrder('b', '0.5', '100')).type).to.equal('ToBook');
    });

    it('bound what an order is worth (103=3)', () => {
      desk.account.setTerms(termsWith({ maxNotional: units('99.5') }));
      expect(refusalOf(desk.judge(buyOrder('a', '1', '100')))).to.deep.include({
        ordRejReason: 3,
        text: 'the order is worth 100.00 USD, above your maximum 99.50',
      });
    });

    it('bound open orders over all symbols (103=3)', () => {
      desk.account.setTerms(termsWith({ maxOpenOrders: 2 }));
      desk.accept(['a', '0.1', '100']);
      desk.acceptOrder(
        buyOrder('b', '0.1', '100', { symbol: 'FREE-USD' }),
        {},
        marketOf({ symbol: 'FREE-USD' }),
      );
      expect(refusalOf(desk.judge(buyOrder('c', '0.1', '100')))).to.deep.include({
        ordRejReason: 3,
        text: 'you have 2 open orders, your maximum',
      });
    });

    it('narrow the price band, and never widen it', () => {
      desk.account.setTerms(termsWith({ priceBandBps: 250 }));
      expect(refusalOf(desk.judge(buyOrder('a', '1', '102.51')))).to.deep.include({
        ordRejReason: 99,
        text: 'Price(44)=102.51 is more than your 2.5% away from the reference price 100.00',
      });
      desk.account.setTerms(termsWith({ priceBandBps: 2_000 }));
      expect(refusalOf(desk.judge(buyOrder('b', '1', '110.01'))).text).to.equal(
        'Price(44)=110.01 is more than 10% away from the reference price 100.00',
      );
    });

    it('make a band where the instrument has none, which needs a reference price', () => {
      desk.account.setTerms(termsWith({ priceBandBps: 100 }));
      const free = marketOf({ priceBandBps: undefined });
      expect(refusalOf(desk.judge(buyOrder('a', '1', '98.99'), free)).text).to.equal(
        'Price(44)=98.99 is more than your 1% away from the reference price 100.00',
      );
      expect(
        refusalOf(desk.judge(buyOrder('b', '1', '99'), { ...free, referencePrice: undefined })).text,
      ).to.equal('you have a price band but BTC-USD has no reference price yet: the operator must set one');
    });

    it('hold from the moment at which the operator sets them, for orders that come then', () => {
      desk.accept(['a', '1', '100']);
      desk.account.setTerms(termsWith({ maxQuantity: units('0.5'), maxOpenOrders: 1 }));
      expect(said(desk.judge(cancelOrder('x', 'a')))).to.equal('to BTC-USD: CancelOrder');
      expect(said(desk.judge(buyOrder('b', '0.1', '100')))).to.equal('8 8/8 b 103=3');
    });
  });

  it('are checked in their order: combination, quantity, tick, band, notional, member, open orders, funds', () => {
    const market = marketOf({
      maxNotional: '500',
      maxOpenOrders: 1,
      maxQuantityLots: 200_000,
      priceBandBps: 1_000,
    });
    desk.acceptOrder(buyOrder('open', '0.1', '100'), {}, market);
    desk.account.setTerms(termsWith({ maxQuantity: units('4'), maxNotional: units('300') }));
    const texts = [
      buyOrder('a', '21', '200.001', { execInst: 'G' }),
      buyOrder('b', '21', '200.001'),
      buyOrder('c', '20', '200.001'),
      buyOrder('d', '20', '200'),
      buyOrder('e', '20', '110'),
      buyOrder('f', '4.1', '100'),
      buyOrder('g', '4', '100'),
      buyOrder('h', '3', '100'),
    ].map((command) => refusalOf(desk.judge(command, market)).text);
    expect(texts).to.deep.equal([
      'ExecInst(18)=G goes with TimeInForce(59) 3 or 4 only',
      'OrderQty(38)=21 is above the maximum 20.0000',
      'Price(44)=200.001 is not a multiple of the tick size 0.01',
      'Price(44)=200 is more than 10% away from the reference price 100.00',
      'the order is worth 2200.00 USD, above the maximum 500.00',
      'OrderQty(38)=4.1 is above your maximum 4',
      'the order is worth 400.00 USD, above your maximum 300.00',
      'you have 1 open orders in BTC-USD, the maximum',
    ]);
    const open = marketOf({ maxOpenOrders: 2 });
    desk.account.setTerms(termsWith({}));
    expect(refusalOf(desk.judge(buyOrder('i', '10', '100'), open)).text).to.equal(
      'insufficient funds: needs 1002 USD, available 989.98 USD',
    );
  });

  it('of size and price hold for replaces (102=99), those of open orders do not', () => {
    const market = marketOf({ maxNotional: '150', maxOpenOrders: 1, priceBandBps: 1_000 });
    desk.acceptOrder(buyOrder('a', '1', '100'), {}, market);
    desk.account.setTerms(termsWith({ maxQuantity: units('1.2'), maxOpenOrders: 1, priceBandBps: 500 }));
    const refusals = [
      replaceOrder('y1', 'a', '1.6', '100'),
      replaceOrder('y2', 'a', '1.3', '100'),
      replaceOrder('y3', 'a', '1', '105.01'),
    ].map((command) => refusalOf(desk.judge(command, market)));
    expect(refusals.map(({ text }) => text)).to.deep.equal([
      'the order is worth 160.00 USD, above the maximum 150.00',
      'OrderQty(38)=1.3 is above your maximum 1.2',
      'Price(44)=105.01 is more than your 5% away from the reference price 100.00',
    ]);
    expect(desk.judge(replaceOrder('y4', 'a', '1.2', '105'), market).type).to.equal('ToBook');
  });

  it('come from rows with the account', () => {
    desk.account = accountWith({ USD: '1000' }, { terms: termsWith({ maxQuantity: units('0.5') }) });
    expect(said(desk.judge(buyOrder('a', '1', '100')))).to.equal('8 8/8 a 103=3');
  });
});
