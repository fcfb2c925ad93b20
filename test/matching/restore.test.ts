/** Recovery of a book from its open orders: the same book, and the same future. */
import { expect } from 'chai';
import { OrderBook } from '../../src/matching/order-book.ts';
import { type BookEvent, lots, type OrderSnapshot, ticks } from '../../src/matching/types.ts';
import { AssertionError } from '../../src/platform/assert.ts';
import { AT, buy, cancel, emptyBook, orderOf, replace, run, SYMBOL, sell } from '../support/book-commands.ts';
import { randomFrom } from '../support/random.ts';
import { RandomCommands } from '../support/random-commands.ts';

function restored(orders: Iterable<OrderSnapshot>, lastSeq: number): OrderBook {
  const book = new OrderBook({ symbol: SYMBOL, lastSeq, nextTradeId: () => 1 });
  for (const order of orders) book.restore(order);
  return book;
}

describe('order book: restore', () => {
  it('has the same book and the same future as the one whose open orders it was given', () => {
    const profile = {
      name: 'any',
      lowestPrice: 80,
      highestPrice: 120,
      largestQuantity: 20,
      openOrderAim: 60,
    };
    for (let seed = 1; seed <= 40; seed += 1) {
      const commands = new RandomCommands(randomFrom(seed), profile);
      const original = new OrderBook({ symbol: SYMBOL, lastSeq: 0, nextTradeId: () => 1 });
      for (let step = 0; step < 300; step += 1) {
        original.execute(commands.next([...original.openOrders()]), AT, []);
      }
      const copy = restored(original.openOrders(), original.lastSeq);
      expect(copy.stateHash(), `seed ${seed}`).to.equal(original.stateHash());
      expect([...copy.openOrders()], `seed ${seed}`).to.deep.equal([...original.openOrders()]);

      for (let step = 0; step < 100; step += 1) {
        const command = commands.next([...original.openOrders()]);
        const [events, eventsOfCopy]: [BookEvent[], BookEvent[]] = [[], []];
        expect(copy.execute(command, AT, eventsOfCopy)).to.equal(original.execute(command, AT, events));
        expect(eventsOfCopy, `seed ${seed}, step ${step}`).to.deep.equal(events);
      }
      expect(copy.stateHash(), `seed ${seed}`).to.equal(original.stateHash());
    }
  });

  it('has one hash for one book, whatever the history was', () => {
    const book = emptyBook();
    run(book, buy(1, 10, 100), sell(2, 5, 110), sell(3, 5, 110), buy(4, 5, 110), cancel(3));
    const other = restored([orderOf(buy(1, 10, 100), 1)], 1);
    expect(book.stateHash()).to.equal(other.stateHash());
  });

  it('has another hash for another quantity, owner or place in the queue', () => {
    const base = [sell(1, 10, 100), sell(2, 10, 100)];
    const hashes = [
      [],
      [cancel(1)],
      [replace(1, 9, 100)],
      [replace(1, 11, 100)],
      [replace(1, 10, 101)],
      [sell(3, 10, 100)],
      [sell(3, 10, 100, { userId: 7 })],
      [buy(3, 10, 99)],
      [buy(3, 1, 100)],
    ].map((more) => {
      const book = emptyBook();
      run(book, ...base, ...more);
      return book.stateHash();
    });
    expect(new Set(hashes).size).to.equal(hashes.length);
  });

  it('goes on with the next sequence number', () => {
    const book = restored([orderOf(sell(1, 10, 100), 4)], 9);
    expect(
      run(book, buy(2, 10, 100)).map((event) => ('seq' in event ? event.seq : event.makerSeq)),
    ).to.deep.equal([10, 11]);
  });

  const good = orderOf(sell(1, 10, 100), 4);
  for (const [title, wrong, reason] of [
    ['of another symbol', { ...good, symbol: 'ETH-USD' }, 'another symbol'],
    ['that is closed', { ...good, leavesQty: lots(0) }, 'not working'],
    ['whose quantities do not add up', { ...good, cumQty: lots(1) }, 'not working'],
    ['with the status of another state', { ...good, ordStatus: '1' as const }, 'another state'],
    ['that never rests', { ...good, timeInForce: '3' as const }, 'never rests'],
    ['that is a market order', { ...good, ordType: '1' as const }, 'never rests'],
    ['that is younger than the book', { ...good, priority: 10 }, 'younger than the book'],
    ['that crosses', { ...good, price: ticks(90) }, 'crosses the book'],
    ['older than one before it', { ...good, priority: 2 }, 'out of its turn'],
  ] as const) {
    it(`refuses as a bug an order ${title}`, () => {
      const bid = orderOf(buy(2, 10, 95), 3);
      expect(() => restored([bid, wrong], 9)).to.throw(AssertionError, reason);
      expect(() => restored([bid, good], 9)).not.to.throw();
    });
  }
});
