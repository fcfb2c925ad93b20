/** A random trading day whose journal rebuilds the same book, hash for hash, from any point at which it may restart. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { OrderBook } from '../../src/matching/order-book.ts';
import type { BookCommand, BookEvent, OrderId, OrderSnapshot, Ticks } from '../../src/matching/types.ts';
import { AT, SYMBOL } from '../support/book-commands.ts';
import { randomFrom } from '../support/random.ts';
import { RandomCommands } from '../support/random-commands.ts';

const COMMANDS_PER_DAY = 800;
const STEPS_BETWEEN_RESTARTS = 25;
const STEPS_AFTER_RESTART = 40;

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
  it('is the same book after a restart at any point, and answers the rest of the day alike', () => {
    const met = { replaced: 0, refreshed: 0, triggered: 0, waiting: 0 };
    for (let seed = 1; seed <= 4; seed += 1) {
      const commands = new RandomCommands(randomFrom(seed), PROFILE);
      const rows = new Rows();
      const day: { command: BookCommand; events: BookEvent[]; hash: string }[] = [];
      const book = bookOf(rows);
      for (let step = 0; step < COMMANDS_PER_DAY; step += 1) {
        const command = commands.next([...book.openOrders()]);
        const events: BookEvent[] = [];
        book.execute(command, AT, events);
        day.push({ command, events, hash: book.stateHash() });
      }

      for (let restart = 0; restart < COMMANDS_PER_DAY; restart += STEPS_BETWEEN_RESTARTS) {
        const journal = new Rows();
        for (const { events } of day.slice(0, restart)) journal.write(events);
        for (const order of journal.byPriority()) {
          if (order.clOrdId.startsWith('r') && order.priority !== order.acceptedSeq) met.replaced += 1;
          if (order.maxFloor !== undefined && order.cumQty > 0) met.refreshed += 1;
          if (order.triggered === true) met.triggered += 1;
          if (order.stopPx !== undefined && order.triggered === undefined) met.waiting += 1;
        }
        const copy = bookOf(journal);
        for (const [index, { command, events, hash }] of day
          .slice(restart, restart + STEPS_AFTER_RESTART)
          .entries()) {
          const label = `seed ${seed}, restart at ${restart}, ${index} commands later`;
          const eventsOfCopy: BookEvent[] = [];
          copy.execute(command, AT, eventsOfCopy);
          if (!isDeepStrictEqual(eventsOfCopy, events)) expect(eventsOfCopy, label).to.deep.equal(events);
          expect(copy.stateHash(), label).to.equal(hash);
        }
      }
    }
    // The days must have had in them what makes a restart hard.
    for (const [kind, count] of Object.entries(met)) expect(count, kind).to.be.greaterThan(50);
  });
});
