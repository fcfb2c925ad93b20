/** Every kind of ExecutionReport (8) that a book's event causes, field by field. */
import { expect } from 'chai';
import { reportsOf, statusReport } from '../../src/accounts/reports.ts';
import type { ExecutionReport } from '../../src/matching/execution-report.ts';
import { BUY, lots, SELL, ticks } from '../../src/matching/types.ts';
import { AT, buy, cancel, emptyBook, orderOf, replace, run, SYMBOL, sell } from '../support/book-commands.ts';
import { BTC_USD, makeInstrument } from '../support/instruments.ts';

type Commands = Parameters<typeof run>[1][];

/** The reports of the last command, in a book where the others came before it. */
function reportsAfter(...commands: Commands): ExecutionReport[] {
  const book = emptyBook();
  run(book, ...commands.slice(0, -1));
  return run(book, ...commands.slice(-1)).flatMap((event) => reportsOf(event, BTC_USD));
}

/** The report on a new buy of 1 BTC at 100.00 USD by user 101, with `changes`. */
function report(changes: Partial<ExecutionReport>): ExecutionReport {
  return {
    type: 'ExecutionReport',
    userId: 101,
    source: SYMBOL,
    sourceSeq: 1,
    at: AT,
    orderId: 1,
    clOrdId: 'c1',
    origClOrdId: undefined,
    execType: '0',
    ordStatus: '0',
    symbol: SYMBOL,
    side: BUY,
    ordType: '2',
    timeInForce: '0',
    orderQty: '1.0000',
    price: '100.00',
    cumQty: '0.0000',
    leavesQty: '1.0000',
    avgPx: '0',
    fill: undefined,
    ordRejReason: undefined,
    execRestatementReason: undefined,
    text: undefined,
    ...changes,
  };
}

const ONE_BTC = 10_000;
const BID = buy(1, ONE_BTC, 10_000);
/** Changes of {@link report} that make it one on order 2, a sell by user 102. */
const ASK = { userId: 102, orderId: 2, clOrdId: 'c2', side: SELL } as const;

describe('execution report', () => {
  it('of an accepted order is new (150=0, 39=0)', () => {
    expect(reportsAfter(BID)).to.deep.equal([report({})]);
  });

  it('of a trade goes to the maker, then to the taker, each with its own fee and liquidity', () => {
    const [, maker, taker, ...more] = reportsAfter(BID, sell(2, 2_500, 9_900));
    const fill = { tradeId: 1, lastQty: '0.2500', lastPx: '100.00', feeAsset: 'USD' };
    const quantities = { cumQty: '0.2500', avgPx: '100', execType: 'F' } as const;
    expect(more).to.deep.equal([]);
    expect(maker).to.deep.equal(
      report({
        ...quantities,
        sourceSeq: 3,
        ordStatus: '1',
        leavesQty: '0.7500',
        fill: { ...fill, lastLiquidityInd: 1, fee: '0.025' },
      }),
    );
    expect(taker).to.deep.equal(
      report({
        ...ASK,
        ...quantities,
        sourceSeq: 4,
        ordStatus: '2',
        orderQty: '0.2500',
        leavesQty: '0.0000',
        price: '99.00',
        fill: { ...fill, lastLiquidityInd: 2, fee: '0.05' },
      }),
    );
  });

  it('has the exact average of 0.1 and 0.2, and rounds a third half up at 18 decimals', () => {
    const dimes = makeInstrument({ tick: '0.1', lot: '1' });
    const averages = (takes: number) => {
      const book = emptyBook();
      run(book, sell(1, 1, 1), sell(2, 2, 2));
      return run(book, buy(3, takes, 2)).flatMap((event) => reportsOf(event, dimes).at(-1)?.avgPx);
    };
    expect(averages(2)).to.deep.equal(['0', '0.1', '0.15']);
    expect(averages(3)).to.deep.equal(['0', '0.1', '0.166666666666666667']);
  });

  it('of a cancel that was asked for names the request (11) and the order (41)', () => {
    const ended = { execType: '4', ordStatus: '4', leavesQty: '0.0000' } as const;
    expect(reportsAfter(BID, cancel(1))).to.deep.equal([
      report({ ...ended, sourceSeq: 2, clOrdId: 'x1', origClOrdId: 'c1' }),
    ]);
  });

  it('of a cancel that nobody asked for names the order (11), the reason (378) and a text', () => {
    const unsolicited = { execRestatementReason: 99, text: 'the symbol is halted' };
    const ended = {
      execType: '4',
      ordStatus: '4',
      leavesQty: '0.0000',
      sourceSeq: 2,
      ...unsolicited,
    } as const;
    expect(
      reportsAfter(BID, {
        type: 'MassCancelOrders',
        userId: undefined,
        side: undefined,
        clOrdId: undefined,
        unsolicited,
      }),
    ).to.deep.equal([report(ended)]);
    const byOperator = { ...cancel(1), clOrdId: undefined, unsolicited };
    expect(reportsAfter(BID, byOperator)).to.deep.equal([report(ended)]);
  });

  it('of an end by time in force is expired (150=C, 39=C) with a text', () => {
    const [, fill, end, ...more] = reportsAfter(BID, sell(2, 20_000, 10_000, { timeInForce: '3' }));
    expect(more).to.have.length(1);
    expect([fill?.execType, end?.execType]).to.deep.equal(['F', 'F']);
    expect(more).to.deep.equal([
      report({
        ...ASK,
        sourceSeq: 5,
        execType: 'C',
        ordStatus: 'C',
        timeInForce: '3',
        orderQty: '2.0000',
        cumQty: '1.0000',
        leavesQty: '0.0000',
        avgPx: '100',
        text: 'no more liquidity at or within the limit',
      }),
    ]);
  });

  it('of a market order has no price (44): its protection price was not the member’s', () => {
    const market = { ordType: '1', price: undefined } as const;
    const [accepted, end] = reportsAfter(buy(1, ONE_BTC, 10_000, { ordType: '1' }));
    expect(accepted).to.deep.equal(report(market));
    expect(end).to.deep.equal(
      report({
        ...market,
        sourceSeq: 2,
        execType: 'C',
        ordStatus: 'C',
        leavesQty: '0.0000',
        text: 'no more liquidity at or within the protection price',
      }),
    );
  });

  it('of a replace names the request (11) and the last accepted one (41), with the new terms', () => {
    expect(reportsAfter(BID, replace(1, 15_000, 10_050))).to.deep.equal([
      report({
        sourceSeq: 2,
        execType: '5',
        clOrdId: 'r1',
        origClOrdId: 'c1',
        orderQty: '1.5000',
        leavesQty: '1.5000',
        price: '100.50',
      }),
    ]);
  });

  for (const [title, quantity, expected] of [
    [
      'above the filled quantity is partially filled',
      5_000,
      { ordStatus: '1', orderQty: '0.5000', leavesQty: '0.2500' },
    ],
    ['at the filled quantity is filled', 2_500, { ordStatus: '2', orderQty: '0.2500', leavesQty: '0.0000' }],
    ['below the filled quantity is filled', 100, { ordStatus: '2', orderQty: '0.2500', leavesQty: '0.0000' }],
  ] as const) {
    it(`of a replace to a total ${title}`, () => {
      const terms = {
        execType: '5',
        clOrdId: 'r1',
        origClOrdId: 'c1',
        cumQty: '0.2500',
        avgPx: '100',
      } as const;
      expect(reportsAfter(BID, sell(2, 2_500, 10_000), replace(1, quantity, 10_000))).to.deep.equal([
        report({ ...terms, ...expected, sourceSeq: 5 }),
      ]);
    });
  }

  it('that answers a question (150=I) has the state of the order and no number', () => {
    const order = orderOf(BID, 1);
    expect(statusReport(order, BTC_USD, AT + 5)).to.deep.equal(
      report({ execType: 'I', sourceSeq: 0, at: AT + 5 }),
    );
  });

  describe('of an order with instructions', () => {
    it('tells them back in each report, and none of a plain order', () => {
      const labels = { account: 'desk 1', secondaryClOrdId: 's', clOrdLinkId: 'l' };
      const [accepted] = reportsAfter(
        buy(1, ONE_BTC, 10_000, {
          ...labels,
          timeInForce: '6',
          expireTime: AT + 5,
          minQty: lots(2_500),
          maxFloor: lots(5_000),
          selfTradePrevention: 'Decrement',
        }),
      );
      const told = { ...labels, expireTime: AT + 5, minQty: '0.2500', maxFloor: '0.5000' };
      expect(accepted?.instructions).to.deep.equal(told);
      expect(reportsAfter(BID)[0]).not.to.have.property('instructions');
      const preventing = buy(1, ONE_BTC, 10_000, { selfTradePrevention: 'Decrement' });
      expect(reportsAfter(preventing)[0]).not.to.have.property('instructions');
    });

    it('has ExpireDate as it was sent, not the instant that it means', () => {
      const dated = buy(1, ONE_BTC, 10_000, {
        timeInForce: '6',
        expireTime: AT + 5,
        expireDate: '2024-05-07',
      });
      expect(reportsAfter(dated, cancel(1))[0]?.instructions).to.deep.equal({ expireDate: '2024-05-07' });
    });

    it('tells ExecInst of post-only and all or none', () => {
      expect(reportsAfter(buy(1, ONE_BTC, 10_000, { execInst: '6' }))[0]?.instructions).to.deep.equal({
        execInst: '6',
      });
      const allOrNone = buy(1, ONE_BTC, 10_000, { timeInForce: '3', execInst: 'G' });
      expect(reportsAfter(allOrNone)[0]?.instructions).to.deep.equal({ execInst: 'G' });
    });
  });

  describe('of a stop', () => {
    const stop = buy(3, ONE_BTC, 10_500, { ordType: '3', stopPx: ticks(10_000) });

    it('has StopPx, not its protection price, and is not working before it is triggered', () => {
      const [accepted] = reportsAfter(stop);
      expect(accepted?.price).to.equal(undefined);
      expect(accepted?.instructions).to.deep.equal({ stopPx: '100.00', isWorking: false });
    });

    it('that is triggered says so (150=L) and by what, and works from then on', () => {
      const reports = reportsAfter(stop, BID, sell(2, 2_500, 10_000)).filter(({ orderId }) => orderId === 3);
      expect(
        reports.map(({ execType, instructions, text }) => [execType, instructions?.isWorking, text]),
      ).to.deep.equal([
        ['L', true, 'triggered by a trade at 100.00'],
        ['C', true, 'no more liquidity at or within the protection price'],
      ]);
    });

    it('limit has both prices', () => {
      const [accepted] = reportsAfter({ ...stop, ordType: '4' });
      expect(accepted?.price).to.equal('105.00');
      expect(accepted?.instructions?.stopPx).to.equal('100.00');
    });
  });

  describe('that restates an order (150=D)', () => {
    it('says why: a fresh slice of an iceberg', () => {
      const iceberg = buy(1, ONE_BTC, 10_000, { maxFloor: lots(2_500) });
      const [, , , restated] = reportsAfter(iceberg, sell(2, 2_500, 10_000));
      expect(restated).to.deep.include({
        execType: 'D',
        ordStatus: '1',
        execRestatementReason: 8,
        text: 'the next slice of MaxFloor is displayed',
      });
    });

    it('says why: a post-only order that slides', () => {
      const sliding = sell(2, ONE_BTC, 9_900, { execInst: '6', slides: true });
      const [accepted, restated] = reportsAfter(BID, sliding);
      expect(accepted?.price).to.equal('99.00');
      expect(restated).to.deep.include({
        execType: 'D',
        ordStatus: '0',
        price: '100.01',
        execRestatementReason: 3,
        text: 'post-only: re-priced behind the best opposite price',
      });
    });

    it('says why: self-trade prevention took some of it, with the new quantities', () => {
      const own = sell(2, 2_500, 10_000, { userId: 101, selfTradePrevention: 'Decrement' });
      const restated = reportsAfter(BID, own).find(({ execType }) => execType === 'D');
      expect(restated).to.deep.include({
        orderId: 1,
        orderQty: '0.7500',
        leavesQty: '0.7500',
        execRestatementReason: 5,
        text: 'self-trade prevention',
      });
    });
  });

  it('of an order that only the book could refuse has its OrderID, the reason (103) and a text', () => {
    const [refused] = reportsAfter(BID, sell(2, ONE_BTC, 9_900, { execInst: '6' }));
    expect(refused).to.deep.equal(
      report({
        ...ASK,
        sourceSeq: 2,
        execType: '8',
        ordStatus: '8',
        leavesQty: '0.0000',
        price: '99.00',
        ordRejReason: 99,
        text: 'post-only: the order would have traded at once',
        instructions: { execInst: '6' },
      }),
    );
  });
});
