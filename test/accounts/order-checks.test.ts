/** What an account refuses of a new order, in which order and with which words. */
import { expect } from 'chai';
import type { Decision } from '../../src/accounts/judgement.ts';
import { lots, ticks } from '../../src/matching/types.ts';
import {
  BTC_USD,
  entered,
  FREE,
  JudgingDesk,
  OPEN,
  refusalOf,
  said,
  TODAY,
} from '../support/judging-desk.ts';
import { buyOrder, sellOrder } from '../support/member-commands.ts';

describe('account', () => {
  let desk: JudgingDesk;

  beforeEach(() => {
    desk = new JudgingDesk();
  });

  describe('checks of a new order', () => {
    const LONG = '9'.repeat(40);
    const halted = {
      market: {
        instrument: BTC_USD,
        status: { type: 'Halted', by: 'operator', reason: 'news' },
        ready: true,
      },
    } as const;
    const unpriced = { referencePrice: undefined };

    for (const { name, command, changes, reason, text } of [
      {
        name: 'an unknown symbol',
        command: buyOrder('a', '1', '100', { symbol: 'X'.repeat(5_000) }),
        changes: { market: undefined },
        reason: 1,
        text: `Symbol(55)=${'X'.repeat(40)}… is not traded here`,
      },
      {
        name: 'a halted symbol',
        command: buyOrder('a', '1', '100'),
        changes: halted,
        reason: 2,
        text: 'BTC-USD is halted: news',
      },
      {
        name: 'a market order that would rest',
        command: buyOrder('a', '1', undefined, { timeInForce: '1' }),
        reason: 11,
        text: 'OrdType(40)=1 (market) does not rest: TimeInForce(59) must be 0, 3 or 4',
      },
      {
        name: 'a quantity of zero',
        command: buyOrder('a', '0', '100'),
        reason: 13,
        text: 'OrderQty(38)=0: must be more than zero',
      },
      {
        name: 'a quantity of zero with decimals',
        command: buyOrder('a', '0.0000', '100'),
        reason: 13,
        text: 'OrderQty(38)=0: must be more than zero',
      },
      {
        name: 'a negative quantity',
        command: buyOrder('a', '-1', '100'),
        reason: 13,
        text: 'OrderQty(38)=-1 must be more than zero',
      },
      {
        name: 'a quantity that is off the lot',
        command: buyOrder('a', '1.00001', '100'),
        reason: 13,
        text: 'OrderQty(38)=1.00001 is not a multiple of the lot size 0.0001',
      },
      {
        name: 'a quantity of 19 decimals',
        command: buyOrder('a', '1.0000000000000000001', '100'),
        reason: 13,
        text: 'OrderQty(38)=1.0000000000000000001 is not a multiple of the lot size 0.0001',
      },
      {
        name: 'a quantity of 40 digits',
        command: buyOrder('a', LONG, '100'),
        reason: 13,
        text: `OrderQty(38)=${LONG} is larger than the venue can hold`,
      },
      {
        name: 'a quantity beyond the safe integers',
        command: buyOrder('a', '1000000000000', '100'),
        reason: 13,
        text: 'OrderQty(38)=1000000000000 is larger than the venue can hold',
      },
      {
        name: 'a quantity with an exponent',
        command: buyOrder('a', '1e400', '100'),
        reason: 13,
        text: 'OrderQty(38)=1e400 is not a decimal number',
      },
      {
        name: 'a quantity that is no number',
        command: buyOrder('a', 'NaN', '100'),
        reason: 13,
        text: 'OrderQty(38)=NaN is not a decimal number',
      },
      {
        name: 'a quantity below the minimum',
        command: buyOrder('a', '0.0009', '100'),
        reason: 13,
        text: 'OrderQty(38)=0.0009 is below the minimum 0.0010',
      },
      {
        name: 'a quantity above the maximum',
        command: buyOrder('a', '100.0001', '100'),
        reason: 13,
        text: 'OrderQty(38)=100.0001 is above the maximum 100.0000',
      },
      {
        name: 'a price of zero',
        command: buyOrder('a', '1', '0.00'),
        reason: 99,
        text: 'Price(44)=0: must be more than zero',
      },
      {
        name: 'a negative price',
        command: buyOrder('a', '1', '-100'),
        reason: 99,
        text: 'Price(44)=-100 must be more than zero',
      },
      {
        name: 'a price that is off the tick',
        command: buyOrder('a', '1', '100.005'),
        reason: 18,
        text: 'Price(44)=100.005 is not a multiple of the tick size 0.01',
      },
      {
        name: 'a price of 40 digits',
        command: buyOrder('a', '1', LONG),
        reason: 99,
        text: `Price(44)=${LONG} is larger than the venue can hold`,
      },
      {
        name: 'a price above the band',
        command: buyOrder('a', '1', '110.01'),
        reason: 99,
        text: 'Price(44)=110.01 is more than 10% away from the reference price 100.00',
      },
      {
        name: 'a price below the band',
        command: sellOrder('a', '1', '89.99'),
        reason: 99,
        text: 'Price(44)=89.99 is more than 10% away from the reference price 100.00',
      },
      {
        name: 'a price while the band has nothing to lie around',
        command: buyOrder('a', '1', '100'),
        changes: unpriced,
        reason: 99,
        text: 'BTC-USD has a price band but no reference price yet: the operator must set one',
      },
      {
        name: 'a market order while nothing protects it',
        command: buyOrder('a', '1', undefined),
        changes: unpriced,
        reason: 99,
        text: 'no market orders in BTC-USD yet: it has neither a trade nor a reference price',
      },
      {
        name: 'a purchase beyond the funds, fee included',
        command: buyOrder('a', '10', '100'),
        reason: 3,
        text: 'insufficient funds: needs 1002 USD, available 1000 USD',
      },
      {
        name: 'a sale beyond the stock',
        command: sellOrder('a', '5.0001', '100'),
        reason: 3,
        text: 'insufficient funds: needs 5.0001 BTC, available 5 BTC',
      },
    ] as const) {
      it(`refuse ${name}`, () => {
        const report = refusalOf(desk.judge(command, changes ?? {}));
        expect(report).to.deep.include({
          type: 'ExecutionReport',
          execType: '8',
          ordStatus: '8',
          ordRejReason: reason,
          text,
          clOrdId: 'a',
          orderQty: command.orderQty,
          price: command.price,
          cumQty: '0',
          leavesQty: '0',
          source: 'user:1',
          sourceSeq: 1,
        });
        expect(desk.available('USD')).to.equal('1000');
        expect(desk.available('BTC')).to.equal('5');
      });
    }

    it('come in their order: each fault hides those behind it', () => {
      desk.accept(['known', '0.001', '100']);
      const bad = { symbol: 'NO-SUCH', ordType: '1', timeInForce: '1' } as const;
      const faults: { readonly given: Decision; readonly reason: number }[] = [
        { given: desk.judge(buyOrder('known', '0', undefined, bad), { market: undefined }), reason: 6 },
        { given: desk.judge(buyOrder('a', '0', undefined, bad), { market: undefined }), reason: 1 },
        { given: desk.judge(buyOrder('b', '0', undefined, bad), halted), reason: 2 },
        { given: desk.judge(buyOrder('c', '0', undefined, bad)), reason: 11 },
        { given: desk.judge(buyOrder('d', '0', '0.001')), reason: 13 },
        { given: desk.judge(buyOrder('e', '99', '0.001')), reason: 18 },
        { given: desk.judge(buyOrder('f', '99', '200')), reason: 99 },
        { given: desk.judge(buyOrder('g', '99', '100')), reason: 3 },
      ];
      expect(faults.map(({ given }) => refusalOf(given))).to.deep.equal(
        faults.map(({ given, reason }) => ({ ...refusalOf(given), ordRejReason: reason })),
      );
      expect(refusalOf(faults[5]?.given as Decision).text).to.match(/tick/);
      expect(refusalOf(faults[6]?.given as Decision).text).to.match(/away from/);
    });

    it('number refusals without a gap', () => {
      const seqs = ['a', 'b', 'c'].map((id) => refusalOf(desk.judge(buyOrder(id, '0', '1'))).sourceSeq);
      expect(seqs).to.deep.equal([1, 2, 3]);
      expect(desk.account.lastSeq).to.equal(3);
    });

    it('let a good order pass in ticks and lots, and hold its cost', () => {
      expect(entered(desk.judge(buyOrder('a', '1.5', '100.5')))).to.deep.equal({
        type: 'EnterOrder',
        orderId: 1,
        userId: 1,
        clOrdId: 'a',
        side: '1',
        ordType: '2',
        timeInForce: '0',
        price: ticks(10_050),
        quantity: lots(15_000),
        makerFeeRate: 100_000,
        takerFeeRate: 200_000,
        tradingDay: TODAY,
      });
      expect(desk.available('USD')).to.equal('848.9485');
    });

    it('let the edges of band and bounds pass', () => {
      for (const command of [
        buyOrder('a', '0.0010', '110.00'),
        buyOrder('b', '1', '90'),
        sellOrder('c', '5', '110'),
      ]) {
        expect(desk.judge(command).type).to.equal('ToBook');
      }
    });

    it('let the last cent be spent, and no more', () => {
      const market = { market: { instrument: FREE, status: OPEN, ready: true } };
      expect(desk.judge(buyOrder('a', '10', '100', { symbol: 'FREE-USD' }), market).type).to.equal('ToBook');
      expect(desk.available('USD')).to.equal('0');
      expect(said(desk.judge(buyOrder('b', '0.0001', '0.01', { symbol: 'FREE-USD' }), market))).to.equal(
        '8 8/8 b 103=3',
      );
    });

    it('protect a market order by the reference price, rounded inward', () => {
      const odd = { referencePrice: ticks(1_001) };
      expect(entered(desk.judge(buyOrder('a', '1', undefined), odd)).price).to.equal(1_051);
      expect(entered(desk.judge(sellOrder('b', '1', undefined), odd)).price).to.equal(951);
    });
  });
});
