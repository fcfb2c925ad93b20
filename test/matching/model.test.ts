/** The book beside the naive one of test/support/naive-book.ts: seeded markets, and short lists that shrink. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import type { OrderBook } from '../../src/matching/order-book.ts';
import {
  type BookCommand,
  type BookEvent,
  BUY,
  lots,
  type OrderId,
  SELL,
  type Side,
  type Ticks,
  ticks,
} from '../../src/matching/types.ts';
import { AT, emptyBook, SYMBOL } from '../support/book-commands.ts';
import { NaiveBook } from '../support/naive-book.ts';
import { randomFrom } from '../support/random.ts';
import { type MarketProfile, RandomCommands } from '../support/random-commands.ts';

const STEPS_PER_MARKET = 26_000;

/** A kind of market, and how many prices one side must have shown for the run to have tested anything. */
interface ModelMarket extends MarketProfile {
  readonly leastLevelCount: number;
}

const MARKETS: readonly ModelMarket[] = [
  {
    name: 'a tight market',
    lowestPrice: 95,
    highestPrice: 105,
    largestQuantity: 20,
    openOrderAim: 60,
    leastLevelCount: 5,
  },
  {
    name: 'a market of few lots',
    lowestPrice: 1,
    highestPrice: 4,
    largestQuantity: 3,
    openOrderAim: 12,
    leastLevelCount: 2,
  },
  {
    name: 'a deep market',
    lowestPrice: 1,
    highestPrice: 3_000,
    largestQuantity: 50,
    openOrderAim: 250,
    leastLevelCount: 90,
  },
  {
    name: 'a market of very large quantities',
    lowestPrice: 1e12,
    highestPrice: 1e12 + 30,
    largestQuantity: Number.MAX_SAFE_INTEGER,
    openOrderAim: 60,
    leastLevelCount: 10,
  },
];

/** A book and the naive one side by side; every step compares them and keeps its own account of the fills. */
class BookPair {
  readonly book: OrderBook = emptyBook();
  readonly naive: NaiveBook;
  readonly #filled = new Map<OrderId, { cumQty: bigint; cumNotional: bigint }>();
  tradeCount = 0;
  mostLevels = 0;

  constructor() {
    let tradeId = 0;
    this.naive = new NaiveBook(SYMBOL, () => {
      tradeId += 1;
      return tradeId;
    });
  }

  step(command: BookCommand, label: string): void {
    const [events, expected]: [BookEvent[], BookEvent[]] = [[], []];
    const seqBefore = this.book.lastSeq;
    const outcome = this.book.execute(command, AT, events);
    const expectedOutcome = this.naive.execute(command, AT, expected);
    if (outcome !== expectedOutcome || !isDeepStrictEqual(events, expected)) {
      expect({ outcome, events }, label).to.deep.equal({ outcome: expectedOutcome, events: expected });
    }
    this.#checkNumbers(events, seqBefore, label);
    this.#checkMakers(events, label);
    for (const event of events) this.#checkQuantities(event, label);
    const [bid, ask] = [this.book.bestBid(), this.book.bestAsk()];
    if (bid !== undefined && ask !== undefined && bid >= ask)
      expect.fail(`${label}: crossed, ${bid} >= ${ask}`);
  }

  compareState(label: string): void {
    expect([...this.book.openOrders()], label).to.deep.equal(this.naive.byPriority());
    for (const side of [BUY, SELL] as const) {
      const depth = this.book.depth(side, Number.POSITIVE_INFINITY);
      expect(depth, label).to.deep.equal(this.naive.depth(side));
      this.mostLevels = Math.max(this.mostLevels, depth.length);
    }
    const fresh = emptyBook(this.naive.lastSeq);
    for (const order of this.naive.byPriority()) fresh.restore(order);
    expect(this.book.stateHash(), label).to.equal(fresh.stateHash());
  }

  #checkNumbers(events: readonly BookEvent[], seqBefore: number, label: string): void {
    const seqs = events.flatMap((e) => (e.type === 'TradeExecuted' ? [e.makerSeq, e.takerSeq] : [e.seq]));
    const gapFree = seqs.every((seq, index) => seq === seqBefore + index + 1);
    if (!gapFree || this.book.lastSeq !== seqBefore + seqs.length) expect.fail(`${label}: seqs ${seqs}`);
  }

  /** Makers of one command come best price first, then oldest first. */
  #checkMakers(events: readonly BookEvent[], label: string): void {
    let last: { side: Side; price: Ticks; priority: number } | undefined;
    for (const event of events) {
      if (event.type !== 'TradeExecuted') continue;
      this.tradeCount += 1;
      const { side, price, priority } = event.maker;
      if (event.price !== price)
        expect.fail(`${label}: traded at ${event.price}, not at the maker's ${price}`);
      if (last !== undefined) {
        const inTurn =
          price === last.price ? priority > last.priority : price > last.price === (side === SELL);
        if (!inTurn) expect.fail(`${label}: order ${event.maker.orderId} traded out of its turn`);
      }
      last = { side, price, priority };
    }
  }

  #checkQuantities(event: BookEvent, label: string): void {
    if (event.type === 'TradeExecuted') {
      for (const { orderId } of [event.maker, event.taker]) {
        const { cumQty, cumNotional } = this.#filled.get(orderId) ?? { cumQty: 0n, cumNotional: 0n };
        const quantity = BigInt(event.quantity);
        const notional = cumNotional + BigInt(event.price) * quantity;
        this.#filled.set(orderId, { cumQty: cumQty + quantity, cumNotional: notional });
      }
    }
    for (const order of event.type === 'TradeExecuted' ? [event.maker, event.taker] : [event.order]) {
      const filled = this.#filled.get(order.orderId) ?? { cumQty: 0n, cumNotional: 0n };
      const gone =
        event.type === 'OrderCanceled'
          ? event.canceledQty
          : event.type === 'OrderExpired'
            ? event.expiredQty
            : 0;
      const conserved = BigInt(order.quantity) === filled.cumQty + BigInt(order.leavesQty) + BigInt(gone);
      const known = BigInt(order.cumQty) === filled.cumQty && order.cumNotional === filled.cumNotional;
      if (!conserved || !known) expect.fail(`${label}: order ${order.orderId} lost or gained quantity`);
    }
  }
}

describe('order book beside a naive one', () => {
  for (const [index, market] of MARKETS.entries()) {
    it(`agrees at every step of ${STEPS_PER_MARKET} commands in ${market.name}`, function () {
      this.timeout(120_000);
      const seed = 20_240_506 + index;
      const commands = new RandomCommands(randomFrom(seed), market);
      const pair = new BookPair();
      for (let step = 0; step < STEPS_PER_MARKET; step += 1) {
        const label = `seed ${seed}, step ${step}`;
        pair.step(commands.next(pair.naive.orders), label);
        if (step % 500 === 499) pair.compareState(label);
      }
      pair.compareState(`seed ${seed}, end`);
      // The stream must have been a market: it traded, and it had prices to choose from.
      expect(pair.tradeCount).to.be.greaterThan(STEPS_PER_MARKET / 6);
      expect(pair.mostLevels).to.be.greaterThan(market.leastLevelCount);
    });
  }

  it('agrees on every short list of commands', () => {
    fc.assert(
      fc.property(fc.array(intent(), { maxLength: 25 }), (intents) => {
        const pair = new BookPair();
        let lastOrderId = 0;
        for (const [step, make] of intents.entries()) {
          const command = make(lastOrderId);
          if (command.type === 'EnterOrder') lastOrderId = command.orderId;
          pair.step(command, `step ${step}`);
          pair.compareState(`step ${step}`);
        }
      }),
      { numRuns: 1_500, seed: 7 },
    );
  });
});

/** What a list may contain: a command whose order id is chosen among those given out so far, and one unknown. */
function intent(): fc.Arbitrary<(lastOrderId: OrderId) => BookCommand> {
  const price = fc.integer({ min: 8, max: 12 }).map(ticks);
  const quantity = fc.integer({ min: 1, max: 5 }).map(lots);
  const choice = fc.nat({ max: 24 });
  const tradingDay = fc.constantFrom('2024-05-06', '2024-05-07');
  const unsolicited = { execRestatementReason: 99, text: 'by the operator' };
  const enter = fc
    .record({
      userId: fc.integer({ min: 1, max: 3 }),
      side: fc.constantFrom(BUY, SELL),
      ordType: fc.constantFrom('2' as const, '2' as const, '1' as const),
      timeInForce: fc.constantFrom('0' as const, '1' as const, '3' as const, '4' as const),
      price,
      quantity,
      tradingDay,
    })
    .map((terms) => (lastOrderId: OrderId): BookCommand => {
      const orderId = lastOrderId + 1;
      const rates = { makerFeeRate: 100_000, takerFeeRate: 200_000 };
      return { type: 'EnterOrder', orderId, clOrdId: `c${orderId}`, ...terms, ...rates };
    });
  const cancel = choice.map((nth) => (lastOrderId: OrderId): BookCommand => {
    return { type: 'CancelOrder', orderId: nth % (lastOrderId + 1), clOrdId: 'x', unsolicited: undefined };
  });
  const replace = fc.record({ nth: choice, price, quantity }).map(({ nth, ...terms }) => {
    return (lastOrderId: OrderId): BookCommand => {
      return { type: 'ReplaceOrder', orderId: nth % (lastOrderId + 1), clOrdId: `r${nth}`, ...terms };
    };
  });
  const expire = tradingDay.map((day) => (): BookCommand => ({ type: 'ExpireOrders', tradingDay: day }));
  const cancelAll = fc.constant((): BookCommand => ({ type: 'CancelAllOrders', unsolicited }));
  return fc.oneof(
    { weight: 12, arbitrary: enter },
    { weight: 3, arbitrary: cancel },
    { weight: 5, arbitrary: replace },
    { weight: 1, arbitrary: expire },
    { weight: 1, arbitrary: cancelAll },
  );
}
