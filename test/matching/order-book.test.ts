/** How orders enter, trade and end by time in force: commands in, the whole event list out. */
import { expect } from 'chai';
import { BUY, SELL } from '../../src/matching/types.ts';
import { AssertionError } from '../../src/platform/assert.ts';
import { buy, emptyBook, orderOf, run, sell } from '../support/book-commands.ts';
import { accepted, expired, filled, trade } from '../support/book-events.ts';

const NO_MORE_WITHIN_LIMIT = 'no more liquidity at or within the limit';
const NO_MORE_WITHIN_PROTECTION = 'no more liquidity at or within the protection price';

describe('order book: entry and trading', () => {
  it('rests a limit order that meets nobody', () => {
    const book = emptyBook();
    const bid = buy(1, 10, 100);
    expect(run(book, bid)).to.deep.equal([accepted(orderOf(bid, 1))]);
    expect(book.find(1)).to.deep.equal(orderOf(bid, 1));
    expect([book.bestBid(), book.bestAsk(), book.lastSeq]).to.deep.equal([100, undefined, 1]);
  });

  it("fills at the resting order's price, which is better for the aggressor", () => {
    const book = emptyBook();
    const ask = sell(1, 10, 100);
    const bid = buy(2, 10, 105);
    run(book, ask);
    expect(run(book, bid)).to.deep.equal([
      accepted(orderOf(bid, 2)),
      trade(
        1,
        10,
        100,
        { maker: filled(orderOf(ask, 1), [100, 10]), taker: filled(orderOf(bid, 2), [100, 10]) },
        3,
      ),
    ]);
  });

  it('gives an aggressive seller the price of the resting buyer', () => {
    const book = emptyBook();
    const bid = buy(1, 10, 105);
    const ask = sell(2, 4, 100);
    run(book, bid);
    expect(run(book, ask)).to.deep.equal([
      accepted(orderOf(ask, 2)),
      trade(
        1,
        4,
        105,
        { maker: filled(orderOf(bid, 1), [105, 4]), taker: filled(orderOf(ask, 2), [105, 4]) },
        3,
      ),
    ]);
  });

  it('fills the oldest order first at one price', () => {
    const book = emptyBook();
    const [older, newer] = [sell(1, 5, 100), sell(2, 5, 100)];
    const bid = buy(3, 7, 100);
    run(book, older, newer);
    const taker = orderOf(bid, 3);
    expect(run(book, bid)).to.deep.equal([
      accepted(taker),
      trade(1, 5, 100, { maker: filled(orderOf(older, 1), [100, 5]), taker: filled(taker, [100, 5]) }, 4),
      trade(
        2,
        2,
        100,
        { maker: filled(orderOf(newer, 2), [100, 2]), taker: filled(taker, [100, 5], [100, 2]) },
        6,
      ),
    ]);
  });

  it('sweeps price levels from the best on, and rests what is left at its limit', () => {
    const book = emptyBook();
    const [dear, cheap, beyond] = [sell(1, 5, 102), sell(2, 5, 101), sell(3, 5, 104)];
    const bid = buy(4, 15, 103);
    run(book, dear, cheap, beyond);
    const taker = orderOf(bid, 4);
    expect(run(book, bid)).to.deep.equal([
      accepted(taker),
      trade(1, 5, 101, { maker: filled(orderOf(cheap, 2), [101, 5]), taker: filled(taker, [101, 5]) }, 5),
      trade(
        2,
        5,
        102,
        { maker: filled(orderOf(dear, 1), [102, 5]), taker: filled(taker, [101, 5], [102, 5]) },
        7,
      ),
    ]);
    expect(book.depth(BUY, 9)).to.deep.equal([{ price: 103, quantity: 5n, orderCount: 1 }]);
    expect(book.depth(SELL, 9)).to.deep.equal([{ price: 104, quantity: 5n, orderCount: 1 }]);
  });

  it('keeps a partly filled order at the head of its queue', () => {
    const book = emptyBook();
    run(book, sell(1, 10, 100), sell(2, 10, 100), buy(3, 4, 100), buy(4, 6, 100));
    expect([...book.openOrders()].map((order) => order.orderId)).to.deep.equal([2]);
  });

  it('sums fills at 1 and 2 ticks of 0.1 exactly: 0.1 + 0.2 is 3 tick-lots, beyond the safe integers too', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 1), sell(2, 1, 2), buy(3, 3, 2));
    expect(book.find(3)?.cumNotional).to.equal(3n);

    const largest = Number.MAX_SAFE_INTEGER;
    run(book, sell(4, largest, 7), sell(5, largest, 7));
    expect(book.depth(SELL, 1)).to.deep.equal([{ price: 7, quantity: 18014398509481982n, orderCount: 2 }]);
    run(book, buy(6, largest, 7));
    expect(book.find(5)?.leavesQty).to.equal(largest);
    run(book, buy(7, largest - 1, 7));
    expect(book.find(5)?.cumNotional).to.equal(7n * BigInt(largest - 1));
    expect(book.find(5)?.leavesQty).to.equal(1);
  });

  it('leaves no trace of a matched order', () => {
    const book = emptyBook();
    run(book, sell(1, 10, 100), buy(2, 10, 100));
    expect([book.find(1), book.find(2), book.bestBid(), book.bestAsk()]).to.deep.equal(
      Array(4).fill(undefined),
    );
    expect([...book.openOrders(), ...book.depth(BUY, 9), ...book.depth(SELL, 9)]).to.deep.equal([]);
    expect(book.stateHash()).to.equal(emptyBook().stateHash());
  });

  it('hands out copies, which later fills do not change', () => {
    const book = emptyBook();
    const ask = sell(1, 10, 100);
    const events = run(book, ask);
    const found = book.find(1);
    run(book, buy(2, 10, 100));
    expect(events).to.deep.equal([accepted(orderOf(ask, 1))]);
    expect(found).to.deep.equal(orderOf(ask, 1));
  });

  it('refuses as a bug an order whose id is in the book', () => {
    const book = emptyBook();
    run(book, buy(1, 10, 100));
    expect(() => run(book, buy(1, 10, 100))).to.throw(AssertionError, 'order 1 is in the book already');
  });
});

describe('order book: time in force', () => {
  it('expires what an immediate-or-cancel order could not trade', () => {
    const book = emptyBook();
    const ask = sell(1, 4, 100);
    const bid = buy(2, 10, 100, { timeInForce: '3' });
    run(book, ask, sell(3, 10, 101));
    const taker = filled(orderOf(bid, 3), [100, 4]);
    expect(run(book, bid)).to.deep.equal([
      accepted(orderOf(bid, 3)),
      trade(1, 4, 100, { maker: filled(orderOf(ask, 1), [100, 4]), taker }, 4),
      expired(taker, 6, NO_MORE_WITHIN_LIMIT, 6),
    ]);
    expect(book.bestBid()).to.equal(undefined);
  });

  it('trades a market order as far as its protection price and expires the rest, whatever its time in force', () => {
    for (const timeInForce of ['0', '1', '3'] as const) {
      const book = emptyBook();
      const bid = buy(1, 4, 100);
      const ask = sell(2, 10, 95, { ordType: '1', timeInForce });
      run(book, bid, buy(3, 10, 94));
      const taker = filled(orderOf(ask, 3), [100, 4]);
      expect(run(book, ask)).to.deep.equal([
        accepted(orderOf(ask, 3)),
        trade(1, 4, 100, { maker: filled(orderOf(bid, 1), [100, 4]), taker }, 4),
        expired(taker, 6, NO_MORE_WITHIN_PROTECTION, 6),
      ]);
      expect(book.bestAsk()).to.equal(undefined);
    }
  });

  it('fills a fill-or-kill order in full when the quantity is there, over several prices', () => {
    const book = emptyBook();
    const [first, second] = [sell(1, 4, 100), sell(2, 6, 101)];
    const bid = buy(3, 10, 101, { timeInForce: '4' });
    run(book, first, second);
    const taker = orderOf(bid, 3);
    expect(run(book, bid)).to.deep.equal([
      accepted(taker),
      trade(1, 4, 100, { maker: filled(orderOf(first, 1), [100, 4]), taker: filled(taker, [100, 4]) }, 4),
      trade(
        2,
        6,
        101,
        { maker: filled(orderOf(second, 2), [101, 6]), taker: filled(taker, [100, 4], [101, 6]) },
        6,
      ),
    ]);
  });

  it('kills a fill-or-kill order that lacks one lot within its limit, and leaves the book untouched', () => {
    const book = emptyBook();
    run(book, sell(1, 4, 100), sell(2, 5, 101), sell(3, 5, 102));
    const stateBefore = book.stateHash();
    const bid = buy(4, 10, 101, { timeInForce: '4' });
    const order = orderOf(bid, 4);
    expect(run(book, bid)).to.deep.equal([
      accepted(order),
      expired(order, 10, 'the full quantity is not available at or within the limit', 5),
    ]);
    expect(book.stateHash()).to.equal(stateBefore);
  });

  it('names the protection price when a fill-or-kill market order is killed', () => {
    const book = emptyBook();
    const ask = sell(1, 1, 100, { ordType: '1', timeInForce: '4' });
    const order = orderOf(ask, 1);
    expect(run(book, ask)).to.deep.equal([
      accepted(order),
      expired(order, 1, 'the full quantity is not available at or within the protection price', 2),
    ]);
  });

  it('expires the Day orders of earlier trading days, oldest first, and no others', () => {
    const book = emptyBook();
    const yesterday = { tradingDay: '2024-05-05' };
    const first = sell(1, 10, 110, yesterday);
    const second = buy(2, 10, 90, yesterday);
    const tillCancel = buy(3, 10, 91, { ...yesterday, timeInForce: '1' });
    const today = buy(4, 10, 92);
    run(book, first, second, tillCancel, today, sell(5, 3, 92));
    expect(run(book, { type: 'ExpireOrders', tradingDay: '2024-05-06' })).to.deep.equal([
      expired(orderOf(first, 1), 10, 'the trading day has ended', 8),
      expired(orderOf(second, 2), 10, 'the trading day has ended', 9),
    ]);
    expect([...book.openOrders()].map((order) => order.orderId)).to.deep.equal([3, 4]);
  });
});

describe('order book: depth', () => {
  it('shows at most the asked number of levels, the best first', () => {
    const book = emptyBook();
    run(book, buy(1, 1, 98), buy(2, 2, 100), buy(3, 4, 99), buy(4, 8, 100), sell(5, 1, 103), sell(6, 1, 102));
    expect(book.depth(BUY, 2)).to.deep.equal([
      { price: 100, quantity: 10n, orderCount: 2 },
      { price: 99, quantity: 4n, orderCount: 1 },
    ]);
    expect(book.depth(SELL, 9).map((level) => level.price)).to.deep.equal([102, 103]);
    expect(book.depth(SELL, 0)).to.deep.equal([]);
  });
});
