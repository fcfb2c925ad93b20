/** What open orders and replaces in flight set aside, and that it is always enough. */
import { expect } from 'chai';
import fc from 'fast-check';
import { feeOn } from '../../src/accounts/fees.ts';
import { holdFor, holdForReplace, notionalOf, type PendingReplace } from '../../src/accounts/holds.ts';
import {
  type BookEvent,
  BUY,
  type EnterOrder,
  lots,
  type OrderSnapshot,
  SELL,
  type Side,
  ticks,
} from '../../src/matching/types.ts';
import { AT, buy, emptyBook, orderOf, replace, sell } from '../support/book-commands.ts';
import { BTC_USD, makeInstrument } from '../support/instruments.ts';

/** Whole quote units a tick-lot, so that amounts can be read: 1 unit = 10^-18 USD. */
const TINY = makeInstrument({ tick: '0.000000001', lot: '0.000000001' });

/** A working order of this total and filled quantity at `price`. */
function order(side: Side, price: number, quantity: number, cumQty = 0, rates = { maker: 0, taker: 0 }) {
  const command = side === BUY ? buy(1, quantity, price) : sell(1, quantity, price);
  return orderOf(command, 1, {
    cumQty: lots(cumQty),
    leavesQty: lots(quantity - cumQty),
    ordStatus: cumQty === 0 ? '0' : '1',
    makerFeeRate: rates.maker,
    takerFeeRate: rates.taker,
  });
}

function pending(price: number, quantity: number): PendingReplace {
  return { price: ticks(price), quantity: lots(quantity) };
}

describe('hold', () => {
  it('of a buy is the notional at its limit and the fee at the larger rate', () => {
    // 1.5 BTC at 20000.05 USD, 20 basis points: 30000.075 + 60.00015.
    const terms = { side: BUY, price: ticks(2_000_005), leavesQty: lots(15_000) };
    const expected = { asset: 'USD', amount: 30_060_075_150_000_000_000_000n };
    const rates = { makerFeeRate: 100_000, takerFeeRate: 200_000 };
    expect(holdFor(BTC_USD, { ...terms, ...rates })).to.deep.equal(expected);
    const makerPaysMore = { makerFeeRate: 200_000, takerFeeRate: 100_000 };
    expect(holdFor(BTC_USD, { ...terms, ...makerPaysMore })).to.deep.equal(expected);
  });

  it('of a sell is what is left to sell; its fee comes out of the proceeds', () => {
    const terms = { side: SELL, price: ticks(1), leavesQty: lots(15_000) };
    const rates = { makerFeeRate: 100_000, takerFeeRate: 200_000 };
    const amount = 1_500_000_000_000_000_000n;
    expect(holdFor(BTC_USD, { ...terms, ...rates })).to.deep.equal({ asset: 'BTC', amount });
  });

  it('of an order that is done is nothing', () => {
    const done = orderOf(buy(1, 10, 100), 1, { leavesQty: lots(0), cumQty: lots(10), ordStatus: '2' });
    expect(holdFor(BTC_USD, done)).to.deep.equal({ asset: 'USD', amount: 0n });
  });

  it('is exact for the largest price and quantity', () => {
    const largest = Number.MAX_SAFE_INTEGER;
    expect(notionalOf(TINY, ticks(largest), lots(largest))).to.equal(BigInt(largest) * BigInt(largest));
  });
});

describe('hold while replaces are in flight', () => {
  // [what it shows, order, pending replaces, the hold in tick-lots or lots]
  const cases: readonly (readonly [string, OrderSnapshot, readonly PendingReplace[], bigint])[] = [
    ['is the order’s own with none pending', order(BUY, 100, 10, 4), [], 600n],
    [
      'stays that of the order when a replace would need less',
      order(BUY, 100, 10, 4),
      [pending(90, 8)],
      600n,
    ],
    ['is that of the new terms when the price rises', order(BUY, 100, 10, 4), [pending(110, 10)], 660n],
    ['is that of the new terms when the quantity rises', order(BUY, 100, 10, 4), [pending(100, 12)], 800n],
    [
      'covers a fill at the old price before an increase at a lower one',
      order(BUY, 100, 10, 4),
      [pending(90, 20)],
      1_500n,
    ],
    [
      'covers a decrease at a higher price that needs more',
      order(BUY, 100, 10, 4),
      [pending(300, 8)],
      1_200n,
    ],
    ['is the order’s own when a replace would end it', order(BUY, 100, 10, 4), [pending(500, 3)], 600n],
    [
      'is the largest quantity at the largest price with several pending',
      order(BUY, 100, 10, 4),
      [pending(120, 5), pending(90, 16)],
      1_440n,
    ],
    [
      'counts the order itself among several pending',
      order(BUY, 100, 10, 4),
      [pending(90, 5), pending(80, 6)],
      600n,
    ],
    ['of a sell is the largest leaves', order(SELL, 100, 10, 4), [pending(1, 12), pending(500, 2)], 8n],
    ['of a sell is its own when replaces want less', order(SELL, 100, 10, 4), [pending(1, 2)], 6n],
  ];
  for (const [title, working, replaces, expected] of cases) {
    it(title, () => {
      const { asset, amount } = holdForReplace(TINY, working, replaces);
      const units = working.side === BUY ? TINY.quoteUnitsPerTickLot : TINY.lot.units;
      expect({ asset, amount: amount / units }).to.deep.equal({
        asset: working.side === BUY ? 'USD' : 'BTC',
        amount: expected,
      });
      expect(amount % units).to.equal(0n);
    });
  }

  it('covers whatever the order trades and then still needs, at any moment, with any fees', () => {
    fc.assert(
      fc.property(historyArbitrary(), (history) => {
        const { working, replaces, spentAndHeld } = play(history);
        const hold = holdForReplace(TINY, working, replaces).amount;
        for (const needed of spentAndHeld) expect(needed <= hold, `${needed} > ${hold}`).to.equal(true);
      }),
      { numRuns: 3_000, seed: 11 },
    );
  });
});

/** A resting order, what filled before the account saw it, and then replaces among trades. */
interface History {
  readonly side: Side;
  readonly price: number;
  readonly quantity: number;
  readonly filledBefore: number;
  readonly rates: { readonly makerFeeRate: number; readonly takerFeeRate: number };
  readonly steps: readonly {
    readonly kind: 'replace' | 'other side';
    readonly price: number;
    readonly quantity: number;
  }[];
}

function historyArbitrary(): fc.Arbitrary<History> {
  const price = fc.integer({ min: 90, max: 110 });
  const quantity = fc.integer({ min: 1, max: 30 });
  const rate = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100_000_000 }));
  const step = fc.record({
    kind: fc.constantFrom('replace' as const, 'other side' as const),
    price,
    quantity,
  });
  return fc.record({
    side: fc.constantFrom(BUY, SELL),
    price,
    quantity,
    filledBefore: fc.nat({ max: 29 }),
    rates: fc.record({ makerFeeRate: rate, takerFeeRate: rate }),
    steps: fc.array(step, { maxLength: 8 }),
  });
}

/**
 * Plays a history in a real book and tells, after each event of the order, what it has taken from its owner since
 * the account's view of it plus what it holds from then on.
 */
function play(history: History): {
  working: OrderSnapshot;
  replaces: PendingReplace[];
  spentAndHeld: bigint[];
} {
  const { side, price, quantity, rates } = history;
  const [own, other] = side === BUY ? [buy, sell] : [sell, buy];
  const book = emptyBook();
  book.execute(own(1, quantity, price, rates), AT, []);
  if (history.filledBefore > 0 && history.filledBefore < quantity) {
    book.execute(other(2, history.filledBefore, price), AT, []);
  }
  const working = book.find(1);
  if (working === undefined) throw new Error('the order rests');

  const replaces = history.steps
    .filter((step) => step.kind === 'replace')
    .map((s) => pending(s.price, s.quantity));
  const events: BookEvent[] = [];
  for (const [index, step] of history.steps.entries()) {
    const counter: EnterOrder = other(index + 10, step.quantity, step.price);
    book.execute(step.kind === 'replace' ? replace(1, step.quantity, step.price) : counter, AT, events);
  }
  let spent = 0n;
  const spentAndHeld: bigint[] = [];
  for (const event of events) {
    if (event.type === 'TradeExecuted') {
      const isMaker = event.maker.orderId === 1;
      if (!isMaker && event.taker.orderId !== 1) continue;
      const notional = notionalOf(TINY, event.price, event.quantity);
      const fee = feeOn(notional, isMaker ? rates.makerFeeRate : rates.takerFeeRate);
      spent += side === BUY ? notional + fee : BigInt(event.quantity) * TINY.lot.units;
      spentAndHeld.push(spent + holdFor(TINY, isMaker ? event.maker : event.taker).amount);
    } else if ('order' in event && event.order.orderId === 1) {
      spentAndHeld.push(spent + holdFor(TINY, event.order).amount);
    }
  }
  return { working, replaces, spentAndHeld };
}
