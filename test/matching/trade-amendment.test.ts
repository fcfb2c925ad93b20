/** The rows Bust and Correct of the transition table: what an amended trade makes of its two orders. */
import { expect } from 'chai';
import { amendOrder } from '../../src/matching/trade-amendment.ts';
import { type BookEvent, lots, type OrderSnapshot, ticks } from '../../src/matching/types.ts';
import { bust, correct, lastTrade } from '../support/amend-commands.ts';
import { AT, buy, cancel, emptyBook, replace, run, sell } from '../support/book-commands.ts';
import { story } from '../support/book-story.ts';

/** A buy of 10 at 100 of which 4 were sold at once. */
function partFilled() {
  const book = emptyBook();
  const events = run(book, buy(1, 10, 100), sell(2, 4, 100));
  return { book, trade: lastTrade(events) };
}

describe('a busted trade', () => {
  it('takes its quantity off the order that rests, and puts nothing back into the book', () => {
    const { book, trade } = partFilled();
    expect(story(run(book, bust(trade)))).to.deep.equal([
      'amended to 0@100: #1 39=0 0/6@100 maker, #2 39=4 0/0@100 taker',
    ]);
    expect(book.depth('1', 9)).to.deep.equal([{ price: 100, quantity: 6n, orderCount: 1 }]);
  });

  it('numbers one report for each party and names those that it supersedes', () => {
    const { book, trade } = partFilled();
    const [amended] = run(book, bust(trade));
    const { makerSeq, takerSeq } = trade;
    expect(amended).to.include({ makerRefSeq: makerSeq, takerRefSeq: takerSeq, at: AT });
    expect(amended).to.include({ makerSeq: takerSeq + 1, takerSeq: takerSeq + 2 });
    expect(book.lastSeq).to.equal(takerSeq + 2);
  });

  it('leaves the rest of the order to fill, with an average of what is left', () => {
    const { book, trade } = partFilled();
    run(book, bust(trade));
    const events = run(book, sell(3, 6, 90));
    expect(story(events).at(-1)).to.equal('trade 6@100: #1 39=2 6/6@100 maker, #3 39=2 6/6@90 taker');
    expect(lastTrade(events).maker.cumNotional).to.equal(600n);
  });

  it('leaves a filled order filled as long as another trade of it stands', () => {
    const { book, trade } = partFilled();
    const [, second] = run(book, sell(3, 6, 100));
    const maker = (second as { maker: OrderSnapshot }).maker;
    expect(story(run(book, bust(trade, { maker })))).to.deep.equal([
      'amended to 0@100: #1 39=2 6/6@100 maker, #2 39=4 0/0@100 taker',
    ]);
  });

  it('leaves a canceled order canceled', () => {
    const { book, trade } = partFilled();
    const [canceled] = run(book, cancel(1));
    const maker = (canceled as { order: OrderSnapshot }).order;
    expect(story(run(book, bust(trade, { maker })))).to.deep.equal([
      'amended to 0@100: #1 39=4 0/6@100 maker, #2 39=4 0/0@100 taker',
    ]);
  });

  it('keeps the place of the order in its queue', () => {
    const { book, trade } = partFilled();
    run(book, buy(3, 5, 100), bust(trade));
    expect(story(run(book, sell(4, 6, 100))).at(-1)).to.match(/#1 39=2 6\/6@100 maker/);
  });

  it('is counted by a replace that comes after it: OrderQty is a total', () => {
    const { book, trade } = partFilled();
    run(book, bust(trade));
    expect(story(run(book, replace(1, 4, 100)))).to.deep.equal(['replaced #1 39=0 0/4@100']);
  });

  it('moves neither the last price nor a stop order that it set off', () => {
    const book = emptyBook();
    const events = run(book, sell(1, 5, 100), buy(2, 5, 100));
    run(book, bust(lastTrade(events)));
    expect(book.lastPx).to.equal(100);
    const stop = buy(3, 1, 110, { ordType: '4', stopPx: ticks(100) });
    expect(story(run(book, stop))[1]).to.equal('triggered #3 39=0 0/1@110 by 100, new priority');
  });

  it('is refused when an order has closed since it was read', () => {
    const { book, trade } = partFilled();
    run(book, cancel(1));
    const events: BookEvent[] = [];
    const seqBefore = book.lastSeq;
    expect(book.execute(bust(trade), AT, events)).to.equal('NoSuchOrder');
    expect(events).to.deep.equal([]);
    expect(book.lastSeq).to.equal(seqBefore);
  });

  it('goes by the book where an open order has changed since it was read', () => {
    const { book, trade } = partFilled();
    run(book, replace(1, 20, 101), sell(3, 2, 101));
    expect(story(run(book, bust(trade)))).to.deep.equal([
      'amended to 0@100: #1 39=1 2/16@101 maker, #2 39=4 0/0@100 taker',
    ]);
  });

  it('leaves what an iceberg displays', () => {
    const book = emptyBook();
    const events = run(book, sell(1, 10, 100, { maxFloor: lots(3) }), buy(2, 2, 100));
    expect(story(run(book, bust(lastTrade(events))))).to.deep.equal([
      'amended to 0@100: #1 39=0 0/8@100 shows 1 maker, #2 39=4 0/0@100 taker',
    ]);
    expect(book.depth('2', 9)).to.deep.equal([{ price: 100, quantity: 1n, orderCount: 1 }]);
  });

  it('is the same in a book that was restored from its orders', () => {
    const { book, trade } = partFilled();
    run(book, bust(trade));
    const restored = emptyBook(book.lastSeq);
    for (const order of book.openOrders()) restored.restore(order);
    expect(restored.stateHash()).to.equal(book.stateHash());
  });
});

describe('a corrected trade', () => {
  it('keeps the status of its orders and changes their average price exactly', () => {
    const { book, trade } = partFilled();
    const [amended] = run(book, correct(trade, 3, 97));
    expect(story([amended as BookEvent])).to.deep.equal([
      'amended to 3@97: #1 39=1 3/9@100 maker, #2 39=2 3/3@100 taker',
    ]);
    expect((amended as { maker: OrderSnapshot }).maker.cumNotional).to.equal(291n);
  });

  it('leaves an expired order expired, which a bust cancels', () => {
    const book = emptyBook();
    const events = run(book, buy(1, 4, 100), sell(2, 9, 100, { timeInForce: '3' }));
    const trade = lastTrade(events);
    const taker = (events.at(-1) as { order: OrderSnapshot }).order;
    expect(taker.ordStatus).to.equal('C');
    expect(amendOrder(taker, correct(trade, 2))).to.include({ ordStatus: 'C', cumQty: 2, quantity: 7 });
    expect(amendOrder(taker, bust(trade))).to.include({ ordStatus: '4', cumQty: 0, quantity: 5 });
  });

  it('can be corrected again, and busted, from the terms that it has then', () => {
    const { book, trade } = partFilled();
    const first = correct(trade, 3, 97);
    run(book, first);
    const again = { ...trade, price: ticks(97), quantity: lots(3) };
    const [, taker] = [trade.maker, amendOrder(trade.taker, first)];
    expect(story(run(book, bust(again, { taker })))).to.deep.equal([
      'amended to 0@97: #1 39=0 0/6@100 maker, #2 39=4 0/0@100 taker',
    ]);
  });

  it('never makes a trade larger', () => {
    const { book, trade } = partFilled();
    expect(() => run(book, correct(trade, 5))).to.throw('never makes a trade larger');
  });

  it('holds sums of price and quantity that no safe integer holds', () => {
    const book = emptyBook();
    const huge = 9_000_000_000_000;
    const trade = lastTrade(run(book, buy(1, huge, 5_000), sell(2, huge - 1, 5_000)));
    run(book, correct(trade, huge - 1, 4_999));
    expect(book.find(1)?.cumNotional).to.equal(BigInt(huge - 1) * 4_999n);
  });
});
