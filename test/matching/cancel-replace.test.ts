/** How orders are cancelled and replaced: commands in, the whole event list out. */
import { expect } from 'chai';
import { lots, type OrderSnapshot, SELL, ticks } from '../../src/matching/types.ts';
import { AT, buy, cancel, emptyBook, orderOf, replace, run, sell } from '../support/book-commands.ts';
import { canceled, filled, trade } from '../support/book-events.ts';

describe('order book: cancel', () => {
  it('cancels what is left of a partly filled order', () => {
    const book = emptyBook();
    const ask = sell(1, 10, 100);
    run(book, ask, buy(2, 4, 100));
    expect(run(book, cancel(1))).to.deep.equal([canceled(filled(orderOf(ask, 1), [100, 4]), 'x1', 5)]);
    expect(book.stateHash()).to.equal(emptyBook().stateHash());
  });

  it('takes an order out of the middle of its queue', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 100), sell(2, 1, 100), sell(3, 1, 100), cancel(2), buy(4, 2, 100));
    expect([...book.openOrders()]).to.deep.equal([]);
  });

  it('knows no order that is closed or never was, and says so without an event', () => {
    const book = emptyBook();
    run(book, sell(1, 10, 100), buy(2, 10, 100));
    const events = run(book);
    expect(book.execute(cancel(1), AT, events)).to.equal('NoSuchOrder');
    expect(book.execute(cancel(7), AT, events)).to.equal('NoSuchOrder');
    expect(book.execute(replace(1, 20, 100), AT, events)).to.equal('NoSuchOrder');
    expect(events).to.deep.equal([]);
    expect(book.lastSeq).to.equal(4);
  });

  it('cancels every order for the operator, oldest first, with the reason', () => {
    const book = emptyBook();
    const [ask, bid] = [sell(1, 10, 101), buy(2, 5, 100)];
    const unsolicited = { execRestatementReason: 99, text: 'the symbol is halted' };
    run(book, ask, bid);
    const ended = (order: OrderSnapshot, seq: number) => ({
      ...canceled(order, '', seq),
      requestClOrdId: undefined,
      unsolicited,
    });
    expect(
      run(book, {
        type: 'MassCancelOrders',
        userId: undefined,
        side: undefined,
        clOrdId: undefined,
        unsolicited,
      }),
    ).to.deep.equal([ended(orderOf(ask, 1), 3), ended(orderOf(bid, 2), 4)]);
    expect(book.stateHash()).to.equal(emptyBook().stateHash());
  });
});

describe('order book: replace', () => {
  const queue = [sell(1, 10, 100), sell(2, 10, 100)];

  it('keeps the priority of an order that only decreases', () => {
    const book = emptyBook();
    run(book, ...queue);
    const before = orderOf(sell(1, 10, 100), 1);
    const order = { ...before, clOrdId: 'r1', quantity: lots(6), leavesQty: lots(6) };
    expect(run(book, replace(1, 6, 100))).to.deep.equal([
      { type: 'OrderReplaced', order, before, origClOrdId: 'c1', seq: 3, at: AT },
    ]);
    expect([...book.openOrders()].map(({ orderId, priority }) => [orderId, priority])).to.deep.equal([
      [1, 1],
      [2, 2],
    ]);
    expect(book.depth(SELL, 1)).to.deep.equal([{ price: 100, quantity: 16n, orderCount: 2 }]);
  });

  it('keeps the priority of an order that changes nothing but its ClOrdID', () => {
    const book = emptyBook();
    run(book, ...queue, replace(1, 10, 100));
    expect([...book.openOrders()].map(({ orderId, clOrdId }) => [orderId, clOrdId])).to.deep.equal([
      [1, 'r1'],
      [2, 'c2'],
    ]);
  });

  it('takes the priority of an order that increases', () => {
    const book = emptyBook();
    run(book, ...queue);
    const before = orderOf(sell(1, 10, 100), 1);
    const order = { ...before, clOrdId: 'r1', quantity: lots(11), leavesQty: lots(11), priority: 3 };
    expect(run(book, replace(1, 11, 100))).to.deep.equal([
      { type: 'OrderReplaced', order, before, origClOrdId: 'c1', seq: 3, at: AT },
    ]);
    expect([...book.openOrders()].map(({ orderId, priority }) => [orderId, priority])).to.deep.equal([
      [2, 2],
      [1, 3],
    ]);
  });

  it('takes the priority of an order that changes its price, even with less quantity', () => {
    const book = emptyBook();
    run(book, ...queue, replace(1, 5, 101), replace(1, 5, 100));
    expect([...book.openOrders()].map((order) => order.orderId)).to.deep.equal([2, 1]);
  });

  it('trades at once when the new price crosses, and rests what is left at the new price', () => {
    const book = emptyBook();
    const [bid, ask] = [buy(1, 4, 99), sell(2, 10, 100)];
    run(book, bid, ask);
    const before = orderOf(ask, 2);
    const order = { ...before, clOrdId: 'r2', price: ticks(98), priority: 3 };
    expect(run(book, replace(2, 10, 98))).to.deep.equal([
      { type: 'OrderReplaced', order, before, origClOrdId: 'c2', seq: 3, at: AT },
      trade(1, 4, 99, { maker: filled(orderOf(bid, 1), [99, 4]), taker: filled(order, [99, 4]) }, 4),
    ]);
    expect(book.depth(SELL, 9)).to.deep.equal([{ price: 98, quantity: 6n, orderCount: 1 }]);
  });

  it('may fill in full by a replace, and is gone', () => {
    const book = emptyBook();
    run(book, buy(1, 10, 99), sell(2, 10, 100), replace(2, 10, 99));
    expect(book.stateHash()).to.equal(emptyBook().stateHash());
  });

  it('counts the filled part in the new total', () => {
    const book = emptyBook();
    const ask = sell(1, 10, 100);
    run(book, ask, buy(2, 4, 100));
    const before = filled(orderOf(ask, 1), [100, 4]);
    const order = { ...before, clOrdId: 'r1', quantity: lots(7), leavesQty: lots(3) };
    expect(run(book, replace(1, 7, 100))).to.deep.equal([
      { type: 'OrderReplaced', order, before, origClOrdId: 'c1', seq: 5, at: AT },
    ]);
  });

  for (const [title, quantity] of [
    ['to exactly its filled quantity', 4],
    ['below its filled quantity', 2],
  ] as const) {
    it(`ends as filled an order that is replaced ${title}`, () => {
      const book = emptyBook();
      const ask = sell(1, 10, 100);
      run(book, ask, buy(2, 4, 100));
      const before = filled(orderOf(ask, 1), [100, 4]);
      const terms = { clOrdId: 'r1', quantity: lots(4), leavesQty: lots(0), ordStatus: '2' };
      expect(run(book, replace(1, quantity, 100))).to.deep.equal([
        { type: 'OrderReplaced', order: { ...before, ...terms }, before, origClOrdId: 'c1', seq: 5, at: AT },
      ]);
      expect(book.stateHash()).to.equal(emptyBook().stateHash());
    });
  }

  it('chains the ClOrdIDs of replaces: each names the last accepted one', () => {
    const book = emptyBook();
    run(book, sell(1, 10, 100), { ...replace(1, 9, 100), clOrdId: 'y' });
    const [event] = run(book, { ...replace(1, 8, 100), clOrdId: 'z' });
    expect(event).to.deep.include({ type: 'OrderReplaced', origClOrdId: 'y' });
    expect(book.find(1)?.clOrdId).to.equal('z');
  });
});
