import { expect } from 'chai';
import { orderBookActor } from '../../src/actors/order-book.ts';
import type { BookRequest, Message } from '../../src/actors/protocol.ts';
import { OrderBook } from '../../src/matching/order-book.ts';
import type { TimeInForce } from '../../src/matching/types.ts';
import { silentLog } from '../../src/platform/log.ts';
import { buy, SYMBOL } from '../support/book-commands.ts';

/** A book that is open on the 3rd of March, and what it journals. */
function bookOnTheThird() {
  const told: Message[] = [];
  const { behavior } = orderBookActor({
    symbol: SYMBOL,
    tell: (_address, message) => told.push(message),
    clock: { now: () => 1_000, after: () => () => {}, every: () => () => {} },
    log: silentLog,
    createBook: ({ symbol, lastSeq, orders }) => {
      const book = new OrderBook({ symbol, lastSeq, nextTradeId: () => 1 });
      for (const order of orders) book.restore(order);
      return book;
    },
    tradingDayAt: () => '2026-03-03',
    haltedBecause: undefined,
    generation: 0,
    stashCapacity: 10,
    sweepPortion: 1_000,
    incidentsToHalt: 3,
    incidentWindowMs: 60_000,
  });
  const loaded = { symbol: SYMBOL, epoch: 1, lastSeq: 0, lastPrice: undefined, orders: [] };
  let state = behavior.receive(behavior.initial(), { type: 'BookLoaded', loadNo: 1, loaded, isLast: true });
  return (...requests: readonly BookRequest[]): string[] => {
    told.length = 0;
    state = behavior.receive(state, { type: 'BookRequests', requests });
    return told.flatMap((message) =>
      message.type === 'JournalBook' ? message.events.map((event) => event.type) : [],
    );
  };
}

function order(timeInForce: TimeInForce, tradingDay: string): BookRequest {
  const command = buy(timeInForce === '0' ? 1 : 2, 5, 100, { timeInForce, tradingDay });
  return { command, cause: undefined };
}

describe('the roll of the trading day', () => {
  it('ends a Day order that was sent before it and reached the book after it', () => {
    expect(bookOnTheThird()(order('0', '2026-03-02'))).deep.equal(['OrderAccepted', 'OrderExpired']);
  });

  it('leaves a Day order of the new day and a GTC order of the old one in the book', () => {
    const enter = bookOnTheThird();
    expect(enter(order('0', '2026-03-03'), order('1', '2026-03-02'))).deep.equal([
      'OrderAccepted',
      'OrderAccepted',
    ]);
  });
});
