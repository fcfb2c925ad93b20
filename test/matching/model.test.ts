/**
 * The book beside the naive one of test/support/naive-book.ts: seeded markets with orders of every kind, in which
 * the book is rebuilt again and again from what it journaled, and short lists that shrink.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import type { OrderBook } from '../../src/matching/order-book.ts';
import {
  type BookCommand,
  type BookEvent,
  BUY,
  type CommandOutcome,
  type OrderId,
  type OrderSnapshot,
  SELL,
  type Side,
  type Ticks,
  type TradeAmended,
} from '../../src/matching/types.ts';
import { AT, emptyBook, SYMBOL } from '../support/book-commands.ts';
import { intent } from '../support/book-intents.ts';
import { NaiveBook } from '../support/naive-book.ts';
import { randomFrom } from '../support/random.ts';
import { RandomAmendments } from '../support/random-amendments.ts';
import { type MarketProfile, RandomCommands } from '../support/random-commands.ts';

/** Commands of the seeded markets together; `ONEBOOK_MODEL_COMMANDS=1000000` for a long run. */
const { ONEBOOK_MODEL_COMMANDS: commandCount = '100000' } = process.env;
const COMMAND_COUNT = Number(commandCount);
/** After so many the books are compared as a whole, and the book is rebuilt from its journal. */
const STEPS_PER_HASH = 1_000;

/** A kind of market, and how many prices one side must have shown for the run to have tested anything. */
interface ModelMarket extends MarketProfile {
  readonly leastLevelCount: number;
  /** So few that it is reached. */
  readonly maxHiddenSlices: number;
}

const STEPS_PER_MARKET = Math.ceil(COMMAND_COUNT / 4);

const MARKETS: readonly ModelMarket[] = [
  {
    name: 'a tight market',
    lowestPrice: 95,
    highestPrice: 105,
    largestQuantity: 20,
    openOrderAim: 60,
    leastLevelCount: 5,
    maxHiddenSlices: 20,
  },
  {
    name: 'a market of few lots',
    lowestPrice: 1,
    highestPrice: 4,
    largestQuantity: 3,
    openOrderAim: 12,
    leastLevelCount: 2,
    maxHiddenSlices: 3,
  },
  {
    name: 'a deep market',
    lowestPrice: 1,
    highestPrice: 3_000,
    largestQuantity: 50,
    openOrderAim: 250,
    leastLevelCount: 90,
    maxHiddenSlices: 60,
  },
  {
    name: 'a market of very large quantities',
    lowestPrice: 1e12,
    highestPrice: 1e12 + 30,
    largestQuantity: Number.MAX_SAFE_INTEGER,
    openOrderAim: 60,
    leastLevelCount: 10,
    maxHiddenSlices: 20,
  },
];

const EVERY_EVENT: readonly BookEvent['type'][] = [
  'OrderAccepted',
  'OrderRejected',
  'TradeExecuted',
  'OrderCanceled',
  'OrderExpired',
  'OrderReplaced',
  'OrderTriggered',
  'OrderRestated',
  'TradeAmended',
];

const EVERY_OUTCOME: readonly CommandOutcome[] = [
  'Done',
  'Unfinished',
  'NoSuchOrder',
  'WouldTrade',
  'TooManySlices',
];

/** What became of orders: the same things that a trading venue's own rows would say. */
interface Filled {
  readonly cumQty: bigint;
  readonly cumNotional: bigint;
}

/** A book and the naive one side by side; every step compares them and keeps its own account of the orders. */
class BookPair {
  book: OrderBook;
  readonly naive: NaiveBook;
  readonly #filled = new Map<OrderId, Filled>();
  /** The open orders as the last event of each left them: the rows from which a book is rebuilt. */
  readonly #rows = new Map<OrderId, OrderSnapshot>();
  readonly #closed = new Set<OrderId>();
  readonly eventCounts = new Map<string, number>();
  readonly outcomes = new Set<CommandOutcome>();
  readonly #bounds: { readonly maxHiddenSlices: number };
  mostLevels = 0;
  #tradeId = 0;

  constructor(maxHiddenSlices: number) {
    let tradeId = 0;
    const nextTradeId = (): number => {
      tradeId += 1;
      return tradeId;
    };
    this.naive = new NaiveBook(SYMBOL, nextTradeId, undefined, maxHiddenSlices);
    this.#bounds = { maxHiddenSlices };
    this.book = emptyBook(0, 1, undefined, this.#bounds);
  }

  step(command: BookCommand, label: string): readonly BookEvent[] {
    const [events, expected]: [BookEvent[], BookEvent[]] = [[], []];
    const seqBefore = this.book.lastSeq;
    const outcome = this.book.execute(command, AT, events);
    const expectedOutcome = this.naive.execute(command, AT, expected);
    this.outcomes.add(outcome);
    if (outcome !== expectedOutcome || !isDeepStrictEqual(events, expected)) {
      expect({ command, outcome, events }, label).to.deep.equal({
        command,
        outcome: expectedOutcome,
        events: expected,
      });
    }
    this.#checkNumbers(events, seqBefore, label);
    this.#checkMakers(events, label);
    for (const event of events) this.#record(event, label);
    this.#checkRows(events, label);
    const [bid, ask] = [this.book.bestBid(), this.book.bestAsk()];
    if (bid !== undefined && ask !== undefined && bid >= ask)
      expect.fail(`${label}: crossed, ${bid} >= ${ask}`);
    return events;
  }

  compareState(label: string): void {
    expect([...this.book.openOrders()], label).to.deep.equal(this.naive.byPriority());
    for (const side of [BUY, SELL] as const) {
      const depth = this.book.depth(side, Number.POSITIVE_INFINITY);
      expect(depth, label).to.deep.equal(this.naive.depth(side));
      this.mostLevels = Math.max(this.mostLevels, depth.length);
    }
    expect(this.book.stateHash(), label).to.equal(this.#rebuilt(this.naive.byPriority()).stateHash());
  }

  /** The book goes on as one that was built from the journal of the one before. */
  restart(label: string): void {
    const rebuilt = this.#rebuilt([...this.#rows.values()].sort((a, b) => a.priority - b.priority));
    expect(rebuilt.stateHash(), label).to.equal(this.book.stateHash());
    this.book = rebuilt;
  }

  #rebuilt(orders: readonly OrderSnapshot[]): OrderBook {
    const { lastSeq, lastPx } = this.naive;
    const book = emptyBook(lastSeq, this.#tradeId + 1, lastPx, this.#bounds);
    for (const order of orders) book.restore(order);
    return book;
  }

  #checkNumbers(events: readonly BookEvent[], seqBefore: number, label: string): void {
    const seqs = events.flatMap((e) => ('seq' in e ? [e.seq] : [e.makerSeq, e.takerSeq]));
    const gapFree = seqs.every((seq, index) => seq === seqBefore + index + 1);
    if (!gapFree || this.book.lastSeq !== seqBefore + seqs.length) expect.fail(`${label}: seqs ${seqs}`);
  }

  /** Makers that meet one aggressor come best price first, then oldest first. */
  #checkMakers(events: readonly BookEvent[], label: string): void {
    let last: { takerId: OrderId; side: Side; price: Ticks; priority: number } | undefined;
    for (const event of events) {
      if (event.type !== 'TradeExecuted') continue;
      const { side, price, priority } = event.maker;
      if (event.price !== price)
        expect.fail(`${label}: traded at ${event.price}, not at the maker's ${price}`);
      if (side === SELL ? event.taker.price < price : event.taker.price > price)
        expect.fail(`${label}: order ${event.taker.orderId} traded through its limit`);
      const takerId = event.taker.orderId;
      if (last !== undefined && last.takerId === takerId) {
        const inTurn =
          price === last.price ? priority > last.priority : price > last.price === (side === SELL);
        if (!inTurn) expect.fail(`${label}: order ${event.maker.orderId} traded out of its turn`);
      }
      last = { takerId, side, price, priority };
    }
  }

  #record(event: BookEvent, label: string): void {
    this.eventCounts.set(event.type, (this.eventCounts.get(event.type) ?? 0) + 1);
    if (event.type === 'TradeExecuted') {
      this.#tradeId = event.tradeId;
      for (const { orderId } of [event.maker, event.taker]) {
        const { cumQty, cumNotional } = this.#filled.get(orderId) ?? { cumQty: 0n, cumNotional: 0n };
        const quantity = BigInt(event.quantity);
        const notional = cumNotional + BigInt(event.price) * quantity;
        this.#filled.set(orderId, { cumQty: cumQty + quantity, cumNotional: notional });
      }
    }
    if (event.type === 'TradeAmended') {
      this.#recordAmendment(event, label);
      return;
    }
    for (const order of ordersOf(event)) {
      const { orderId, quantity, leavesQty } = order;
      if (this.#closed.has(orderId)) expect.fail(`${label}: order ${orderId} lives after its end`);
      const filled = this.#filled.get(orderId) ?? { cumQty: 0n, cumNotional: 0n };
      const conserved = BigInt(quantity) === filled.cumQty + BigInt(leavesQty) + BigInt(goneIn(event));
      const known = BigInt(order.cumQty) === filled.cumQty && order.cumNotional === filled.cumNotional;
      if (!conserved || !known) expect.fail(`${label}: order ${orderId} lost or gained quantity`);
      if (leavesQty > 0) this.#rows.set(orderId, order);
      else {
        this.#rows.delete(orderId);
        this.#filled.delete(orderId);
        this.#closed.add(orderId);
      }
    }
  }

  /** A trade loses quantity; what is left of its orders, open or closed, stays. */
  #recordAmendment(event: TradeAmended, label: string): void {
    const [before, after] = [event.before, event.after].map(({ price, quantity }) => ({
      quantity: BigInt(quantity),
      notional: BigInt(price) * BigInt(quantity),
    }));
    if (before === undefined || after === undefined) return;
    for (const order of [event.maker, event.taker]) {
      const row = this.#rows.get(order.orderId);
      const filled = this.#filled.get(order.orderId);
      if (row === undefined || filled === undefined) {
        const isClosed = order.leavesQty === 0 && !['0', '1'].includes(order.ordStatus);
        if (!isClosed || !this.#closed.has(order.orderId))
          expect.fail(`${label}: order ${order.orderId} opened`);
        continue;
      }
      const cumQty = filled.cumQty - before.quantity + after.quantity;
      const cumNotional = filled.cumNotional - before.notional + after.notional;
      const isConserved =
        order.leavesQty === row.leavesQty && order.quantity === order.cumQty + row.leavesQty;
      if (!isConserved || BigInt(order.cumQty) !== cumQty || order.cumNotional !== cumNotional)
        expect.fail(`${label}: order ${order.orderId} lost or gained quantity`);
      this.#filled.set(order.orderId, { cumQty, cumNotional });
      this.#rows.set(order.orderId, order);
    }
  }

  /** The last event of an order says all about it: it is open exactly as it was left, or nowhere. */
  #checkRows(events: readonly BookEvent[], label: string): void {
    for (const { orderId } of events.flatMap(ordersOf)) {
      const [open, row] = [this.book.find(orderId), this.#rows.get(orderId)];
      if (!isDeepStrictEqual(open, row)) expect(open, label).to.deep.equal(row);
    }
  }
}

function ordersOf(event: BookEvent): readonly OrderSnapshot[] {
  return 'order' in event ? [event.order] : [event.maker, event.taker];
}

function goneIn(event: BookEvent): number {
  if (event.type === 'OrderCanceled') return event.canceledQty;
  if (event.type === 'OrderExpired') return event.expiredQty;
  return event.type === 'OrderRejected' ? event.order.quantity : 0;
}

describe('order book beside a naive one', () => {
  for (const [index, market] of MARKETS.entries()) {
    it(`agrees at every step of ${STEPS_PER_MARKET} commands in ${market.name}`, function () {
      this.timeout(Math.max(120_000, STEPS_PER_MARKET * 4));
      const seed = 20_240_506 + index;
      const random = randomFrom(seed);
      const commands = new RandomCommands(random, { ...market, hasInstructions: true });
      const amendments = new RandomAmendments(random);
      const pair = new BookPair(market.maxHiddenSlices);
      for (let step = 0; step < STEPS_PER_MARKET; step += 1) {
        const label = `seed ${seed}, step ${step}`;
        const amendment = random.chance(0.01) ? amendments.next() : undefined;
        amendments.observe(pair.step(amendment ?? commands.next(pair.naive.orders), label));
        if (step % STEPS_PER_HASH !== STEPS_PER_HASH - 1) continue;
        pair.compareState(label);
        pair.restart(label);
      }
      pair.compareState(`seed ${seed}, end`);
      // The stream must have been a market: everything happened, and there were prices to choose from.
      expect(pair.eventCounts.get('TradeExecuted')).to.be.greaterThan(STEPS_PER_MARKET / 6);
      expect([...pair.eventCounts.keys()]).to.have.members(EVERY_EVENT);
      expect([...pair.outcomes]).to.have.members(EVERY_OUTCOME);
      expect(pair.mostLevels).to.be.greaterThan(market.leastLevelCount);
    });
  }

  it('agrees on every short list of commands', () => {
    fc.assert(
      fc.property(fc.array(intent(), { maxLength: 25 }), (intents) => {
        const pair = new BookPair(3);
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
