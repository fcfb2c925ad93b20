/** A random trading day whose journal rebuilds the same book, hash for hash, from any point at which it may restart. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { OrderBook } from '../../src/matching/order-book.ts';
import type { BookCommand, BookEvent, OrderId, OrderSnapshot, Ticks } from '../../src/matching/types.ts';
import { AT, SYMBOL } from '../support/book-commands.ts';
import { randomFrom } from '../support/random.ts';
import { RandomAmendments } from '../support/random-amendments.ts';
import { RandomCommands } from '../support/random-commands.ts';

const COMMANDS_PER_DAY = 500;
const SEED_COUNT = 3;
/** After each restart so many commands are repeated, and after each hundredth all of the rest of the day. */
const STEPS_AFTER_RESTART = 12;
const RESTARTS_PER_FULL_REPLAY = 100;

const PROFILE = {
  name: 'any',
  lowestPrice: 80,
  highestPrice: 120,
  largestQuantity: 20,
  openOrderAim: 60,
  hasInstructions: true,
};

/** What the rows of a database would say after the events: each order as it was last left, and the book's numbers. */
class Rows {
  readonly #open = new Map<OrderId, OrderSnapshot>();
  lastSeq = 0;
  lastPx: Ticks | undefined;
  tradeCount = 0;

  write(events: readonly BookEvent[]): void {
    for (const event of events) {
      if (event.type === 'TradeExecuted') {
        this.lastPx = event.price;
        this.tradeCount += 1;
      }
      if ('maker' in event) {
        this.#put(event.maker);
        this.#put(event.taker);
        this.lastSeq = event.takerSeq;
      } else {
        this.#put(event.order);
        this.lastSeq = event.seq;
      }
    }
  }

  byPriority(): OrderSnapshot[] {
    return [...this.#open.values()].sort((a, b) => a.priority - b.priority);
  }

  #put(order: OrderSnapshot): void {
    if (order.leavesQty > 0) this.#open.set(order.orderId, order);
    else this.#open.delete(order.orderId);
  }
}

function bookOf(rows: Rows): OrderBook {
  let tradeId = rows.tradeCount;
  const book = new OrderBook({
    symbol: SYMBOL,
    lastSeq: rows.lastSeq,
    lastPx: rows.lastPx,
    nextTradeId: () => {
      tradeId += 1;
      return tradeId;
    },
  });
  for (const order of rows.byPriority()) book.restore(order);
  return book;
}

describe('order book: replay', () => {
  it('is the same book after a restart at any point, and answers the rest of the day alike', function () {
    this.timeout(120_000);
    const met = { replaced: 0, refreshed: 0, triggered: 0, waiting: 0, dated: 0, selfTrade: 0, labels: 0 };
    for (let seed = 1; seed <= SEED_COUNT; seed += 1) {
      const random = randomFrom(seed);
      const commands = new RandomCommands(random, PROFILE);
      const amendments = new RandomAmendments(random);
      const rows = new Rows();
      const day: { command: BookCommand; events: BookEvent[]; hash: string }[] = [];
      const book = bookOf(rows);
      for (let step = 0; step < COMMANDS_PER_DAY; step += 1) {
        const amendment = random.chance(0.02) ? amendments.next() : undefined;
        const command = amendment ?? commands.next([...book.openOrders()]);
        const events: BookEvent[] = [];
        book.execute(command, AT, events);
        amendments.observe(events);
        day.push({ command, events, hash: book.stateHash() });
      }

      const journal = new Rows();
      for (let restart = 0; restart < COMMANDS_PER_DAY; restart += 1) {
        if (restart > 0) journal.write(day[restart - 1]?.events ?? []);
        for (const order of journal.byPriority()) {
          if (order.clOrdId.startsWith('r') && order.priority !== order.acceptedSeq) met.replaced += 1;
          if (order.maxFloor !== undefined && order.cumQty > 0) met.refreshed += 1;
          if (order.triggered === true) met.triggered += 1;
          if (order.stopPx !== undefined && order.triggered === undefined) met.waiting += 1;
          if (order.expireTime !== undefined) met.dated += 1;
          if (order.selfTradePrevention !== undefined) met.selfTrade += 1;
          if (order.account !== undefined) met.labels += 1;
        }
        const copy = bookOf(journal);
        const isFull = restart % RESTARTS_PER_FULL_REPLAY === 0;
        const end = isFull ? COMMANDS_PER_DAY : restart + STEPS_AFTER_RESTART;
        for (const [index, { command, events, hash }] of day.slice(restart, end).entries()) {
          const label = `seed ${seed}, restart at ${restart}, ${index} commands later`;
          const eventsOfCopy: BookEvent[] = [];
          copy.execute(command, AT, eventsOfCopy);
          if (!isDeepStrictEqual(eventsOfCopy, events)) expect(eventsOfCopy, label).to.deep.equal(events);
          // A hash reads the whole book.
          if (index < 2 || index % 10 === 9) expect(copy.stateHash(), label).to.equal(hash);
        }
      }
    }
    // The days must have had in them what makes a restart hard.
    for (const [kind, count] of Object.entries(met)) expect(count, kind).to.be.greaterThan(50);
  });
});
