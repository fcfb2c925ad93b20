/** Stop orders, icebergs, post-only, MinQty, all or none and good till date: orders in, the whole report list out. */
import { expect } from 'chai';
import { OrderBook } from '../../src/matching/order-book.ts';
import { BUY, type ExpireOrders, lots, SELL, ticks } from '../../src/matching/types.ts';
import { AssertionError } from '../../src/platform/assert.ts';
import { AT, buy, cancel, emptyBook, replace, run, SYMBOL, sell } from '../support/book-commands.ts';
import { story } from '../support/book-story.ts';

const STOP_AT_105 = { ordType: '3', stopPx: ticks(105) } as const;
const STOP_LIMIT_AT_105 = { ordType: '4', stopPx: ticks(105) } as const;

describe('order book: stop orders', () => {
  it('waits unseen until a trade reaches its StopPx, then trades as a market order within its protection', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 104), sell(2, 1, 105), sell(3, 2, 107), sell(4, 5, 109));
    expect(story(run(book, buy(5, 5, 108, STOP_AT_105)))).to.deep.equal(['accepted #5 39=0 0/5@108']);
    expect(book.bestBid()).to.equal(undefined);
    expect(story(run(book, buy(6, 1, 104)))).to.have.length(2);
    expect(story(run(book, buy(7, 1, 105)))).to.deep.equal([
      'accepted #7 39=0 0/1@105',
      'trade 1@105: #2 39=2 1/1@105 maker, #7 39=2 1/1@105 taker',
      'triggered #5 39=0 0/5@108 by 105, new priority',
      'trade 2@107: #3 39=2 2/2@107 maker, #5 39=1 2/5@108 taker',
      'expired #5 39=C 2/5@108 less 3: no more liquidity at or within the protection price',
    ]);
  });

  it('rests what is left of a triggered stop-limit order at its limit', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 105), buy(2, 5, 106, STOP_LIMIT_AT_105), buy(3, 1, 105));
    expect(book.depth(BUY, 9)).to.deep.equal([{ price: 106, quantity: 5n, orderCount: 1 }]);
    expect(book.find(2)?.triggered).to.equal(true);
  });

  it('runs only after the order whose trade reached it is finished', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 105), sell(2, 1, 106), buy(3, 1, 110, STOP_AT_105));
    expect(story(run(book, buy(4, 2, 106)))).to.deep.equal([
      'accepted #4 39=0 0/2@106',
      'trade 1@105: #1 39=2 1/1@105 maker, #4 39=1 1/2@106 taker',
      'trade 1@106: #2 39=2 1/1@106 maker, #4 39=2 2/2@106 taker',
      'triggered #3 39=0 0/1@110 by 106, new priority',
      'expired #3 39=C 0/1@110 less 1: no more liquidity at or within the protection price',
    ]);
  });

  it('triggers by stop price as the trades cross it, then by entry', () => {
    const book = emptyBook();
    const stop = (id: number, stopPx: number) => buy(id, 1, 120, { ordType: '4', stopPx: ticks(stopPx) });
    run(book, sell(1, 1, 105), sell(2, 1, 107), stop(3, 107), stop(4, 106), stop(5, 106), stop(6, 108));
    const triggered = run(book, buy(7, 2, 107)).flatMap((e) =>
      e.type === 'OrderTriggered' ? [e.order.orderId] : [],
    );
    expect(triggered).to.deep.equal([4, 5, 3]);
  });

  it('sets off a cascade: a triggered sell order reaches the next stop below it', () => {
    const book = emptyBook();
    const stop = (id: number, stopPx: number) => sell(id, 2, 1, { ordType: '3', stopPx: ticks(stopPx) });
    run(book, buy(1, 1, 100), buy(2, 2, 99), buy(3, 2, 98), stop(4, 99), stop(5, 100));
    expect(story(run(book, sell(6, 1, 100)))).to.deep.equal([
      'accepted #6 39=0 0/1@100',
      'trade 1@100: #1 39=2 1/1@100 maker, #6 39=2 1/1@100 taker',
      'triggered #5 39=0 0/2@1 by 100, new priority',
      'trade 2@99: #2 39=2 2/2@99 maker, #5 39=2 2/2@1 taker',
      'triggered #4 39=0 0/2@1 by 99, new priority',
      'trade 2@98: #3 39=2 2/2@98 maker, #4 39=2 2/2@1 taker',
    ]);
  });

  it('is triggered on entry when the last trade is already beyond its StopPx', () => {
    const book = emptyBook();
    run(book, sell(1, 2, 106), buy(2, 1, 106));
    expect(story(run(book, buy(3, 1, 106, STOP_LIMIT_AT_105)))).to.deep.equal([
      'accepted #3 39=0 0/1@106',
      'triggered #3 39=0 0/1@106 by 106, new priority',
      'trade 1@106: #1 39=2 2/2@106 maker, #3 39=2 1/1@106 taker',
    ]);
  });

  it('can be cancelled, and replaced to a StopPx that triggers it', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 100), buy(2, 1, 100), buy(3, 1, 106, STOP_LIMIT_AT_105));
    run(book, buy(4, 1, 106, STOP_LIMIT_AT_105));
    expect(story(run(book, cancel(4)))).to.deep.equal(['canceled #4 39=4 0/1@106 less 1: as asked']);
    expect(story(run(book, { ...replace(3, 1, 106), stopPx: ticks(100) }))).to.deep.equal([
      'replaced #3 39=0 0/1@106, new priority',
      'triggered #3 39=0 0/1@106 by 100, new priority',
    ]);
    expect(book.bestBid()).to.equal(106);
  });

  it('refuses one stop order more than may wait: a cascade is never longer', () => {
    const options = { symbol: SYMBOL, lastSeq: 0, nextTradeId: () => 1, maxWaitingStops: 2 };
    const book = new OrderBook(options);
    run(book, buy(1, 1, 106, STOP_AT_105), sell(2, 1, 90, { ordType: '3', stopPx: ticks(95) }));
    const text = 'the book holds as many waiting stop orders as it may';
    expect(story(run(book, buy(3, 1, 106, STOP_AT_105)))).to.deep.equal([
      `rejected #3 39=8 0/1@106 103=3 ${text}`,
    ]);
    run(book, cancel(1));
    expect(story(run(book, buy(4, 1, 106, STOP_AT_105)))).to.deep.equal(['accepted #4 39=0 0/1@106']);
  });
});

describe('order book: icebergs', () => {
  const iceberg = sell(1, 10, 100, { maxFloor: lots(4) });

  it('refuses one that hides a slice more than all icebergs may: what one order can sweep is bounded', () => {
    const text = 'the icebergs of the book hide as many slices (MaxFloor) as they may';
    const book = emptyBook(0, 1, undefined, { maxHiddenSlices: 4 });
    run(book, iceberg, buy(2, 6, 90, { maxFloor: lots(5) }), sell(3, 5, 120, { ordType: '2' }));
    const waiting = buy(4, 3, 106, { ordType: '4', stopPx: ticks(105), maxFloor: lots(1) });
    expect(story(run(book, waiting))).to.deep.equal([`rejected #4 39=8 0/3@106 shows 0 103=3 ${text}`]);
    run(book, { ...waiting, orderId: 5, maxFloor: lots(2) });
    expect(book.execute({ ...replace(3, 5, 120), maxFloor: lots(4) }, AT, [])).to.equal('TooManySlices');
    expect(book.execute({ ...replace(1, 15, 100), maxFloor: lots(4) }, AT, [])).to.equal('TooManySlices');
    // What hides no more than before may always be.
    expect(book.execute({ ...replace(1, 9, 100), maxFloor: lots(4) }, AT, [])).to.equal('Done');
    run(book, cancel(2));
    expect(book.execute({ ...replace(3, 5, 120), maxFloor: lots(4) }, AT, [])).to.equal('Done');
    // Slices that were taken count no more.
    run(book, buy(6, 9, 100));
    expect(book.execute({ ...replace(3, 5, 120), maxFloor: lots(2) }, AT, [])).to.equal('Done');
  });

  it('shows only its slice, and puts a fresh one at the back of its price with a new priority', () => {
    const book = emptyBook();
    run(book, iceberg, sell(2, 3, 100));
    expect(book.depth(SELL, 1)).to.deep.equal([{ price: 100, quantity: 7n, orderCount: 2 }]);
    expect(story(run(book, buy(3, 8, 100)))).to.deep.equal([
      'accepted #3 39=0 0/8@100',
      'trade 4@100: #1 39=1 4/10@100 shows 0 maker, #3 39=1 4/8@100 taker',
      'restated #1 39=1 4/10@100 shows 4 378=8 IcebergRefresh, new priority',
      'trade 3@100: #2 39=2 3/3@100 maker, #3 39=1 7/8@100 taker',
      'trade 1@100: #1 39=1 5/10@100 shows 3 maker, #3 39=2 8/8@100 taker',
    ]);
  });

  it('shows no more than is left in its last slice', () => {
    const book = emptyBook();
    run(book, iceberg, buy(2, 8, 100));
    expect(book.depth(SELL, 1)).to.deep.equal([{ price: 100, quantity: 2n, orderCount: 1 }]);
  });

  it('counts what it hides for a fill-or-kill order', () => {
    const book = emptyBook();
    run(book, iceberg);
    expect(story(run(book, buy(2, 10, 100, { timeInForce: '4' })))).to.have.length(6);
    expect(book.find(1)).to.equal(undefined);
  });

  it('trades all of itself as an aggressor and hides only what rests', () => {
    const book = emptyBook();
    run(book, buy(9, 7, 100), iceberg);
    expect(book.find(1)).to.deep.include({ cumQty: 7, leavesQty: 3, displayedQty: 3 });
  });

  it('keeps its priority when it shows less, and loses it when it shows more', () => {
    const book = emptyBook();
    run(book, iceberg);
    expect(story(run(book, { ...replace(1, 10, 100), maxFloor: lots(2) }))).to.deep.equal([
      'replaced #1 39=0 0/10@100 shows 2',
    ]);
    expect(story(run(book, { ...replace(1, 10, 100), maxFloor: lots(3) }))).to.deep.equal([
      'replaced #1 39=0 0/10@100 shows 3, new priority',
    ]);
  });

  it('refuses as a bug more slices than one order may be traded in', () => {
    const book = emptyBook();
    expect(() => run(book, sell(1, 2_001, 100, { maxFloor: lots(2) }))).to.throw(AssertionError);
    expect(() => run(book, sell(1, 2_000, 100, { maxFloor: lots(2) }))).not.to.throw();
  });
});

describe('order book: post-only', () => {
  it('is refused when it would trade, and rests otherwise', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 100));
    expect(story(run(book, buy(2, 1, 100, { execInst: '6' })))).to.deep.equal([
      'rejected #2 39=8 0/1@100 103=99 post-only: the order would have traded at once',
    ]);
    expect(story(run(book, buy(3, 1, 99, { execInst: '6' })))).to.deep.equal(['accepted #3 39=0 0/1@99']);
  });

  it('slides one tick behind the best opposite price, if so configured', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 100), buy(2, 1, 90));
    expect(story(run(book, buy(3, 1, 105, { execInst: '6', slides: true })))).to.deep.equal([
      'accepted #3 39=0 0/1@105',
      'restated #3 39=0 0/1@99 378=3 PriceSlide',
    ]);
    expect(story(run(book, sell(4, 1, 80, { execInst: '6', slides: true })))).to.deep.equal([
      'accepted #4 39=0 0/1@80',
      'restated #4 39=0 0/1@100 378=3 PriceSlide',
    ]);
  });

  it('is refused when there is no tick to slide to', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 1));
    expect(run(book, buy(2, 1, 1, { execInst: '6', slides: true }))[0]?.type).to.equal('OrderRejected');
  });

  it('stays as it is when a replace would make it trade', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 100), buy(2, 1, 99, { execInst: '6' }));
    const hash = book.stateHash();
    expect(book.execute(replace(2, 1, 100), 0, [])).to.equal('WouldTrade');
    expect([book.stateHash(), book.lastSeq]).to.deep.equal([hash, 2]);
  });
});

describe('order book: MinQty and all or none', () => {
  it('trades when MinQty is there at once, and rests what is left', () => {
    const book = emptyBook();
    run(book, sell(1, 5, 100));
    expect(story(run(book, buy(2, 8, 100, { minQty: lots(5) })))).to.deep.equal([
      'accepted #2 39=0 0/8@100',
      'trade 5@100: #1 39=2 5/5@100 maker, #2 39=1 5/8@100 taker',
    ]);
    expect(book.bestBid()).to.equal(100);
  });

  it('expires without a trade when MinQty is not there', () => {
    const book = emptyBook();
    run(book, sell(1, 5, 100));
    expect(story(run(book, buy(2, 8, 100, { minQty: lots(6) })))).to.deep.equal([
      'accepted #2 39=0 0/8@100',
      'expired #2 39=C 0/8@100 less 8: MinQty is not available at or within the limit',
    ]);
  });

  it('makes immediate-or-cancel with all or none the same as fill-or-kill', () => {
    const book = emptyBook();
    run(book, sell(1, 5, 100));
    const terms = { timeInForce: '3', execInst: 'G' } as const;
    expect(story(run(book, buy(2, 6, 100, terms)))).to.deep.equal([
      'accepted #2 39=0 0/6@100',
      'expired #2 39=C 0/6@100 less 6: the full quantity is not available at or within the limit',
    ]);
    expect(story(run(book, buy(3, 5, 100, terms)))).to.have.length(2);
  });
});

describe('order book: good till date', () => {
  const upTo = (time: number): ExpireOrders => ({
    type: 'ExpireOrders',
    tradingDay: '2024-05-06',
    upTo: time,
  });
  const until = (expireTime: number) => ({ timeInForce: '6', expireTime }) as const;

  it('expires what is due, oldest first, waiting stop orders too, and leaves the rest', () => {
    const book = emptyBook();
    run(book, buy(1, 1, 90, until(30)), buy(2, 1, 91, until(10)), buy(3, 1, 92, until(31)), buy(4, 1, 93));
    run(book, buy(5, 1, 120, { ...STOP_LIMIT_AT_105, ...until(30) }));
    expect(story(run(book, upTo(30)))).to.deep.equal([
      'expired #1 39=C 0/1@90 less 1: the expire time has been reached',
      'expired #2 39=C 0/1@91 less 1: the expire time has been reached',
      'expired #5 39=C 0/1@120 less 1: the expire time has been reached',
    ]);
    expect(story(run(book, upTo(30)))).to.deep.equal([]);
    expect([...book.openOrders()].map((order) => order.orderId)).to.deep.equal([3, 4]);
  });

  it('expires Day orders at each roll of the trading day, those of that day at the next one', () => {
    const book = emptyBook();
    const roll = (tradingDay: string): ExpireOrders => ({ type: 'ExpireOrders', tradingDay });
    run(book, buy(1, 1, 90, { tradingDay: '2024-05-06' }), buy(2, 1, 90, { tradingDay: '2024-05-07' }));
    expect(book.isDue('2024-05-06', 0)).to.equal(false);
    expect(book.isDue('2024-05-07', 0)).to.equal(true);
    expect(story(run(book, roll('2024-05-07')))).to.deep.equal([
      'expired #1 39=C 0/1@90 less 1: the trading day has ended',
    ]);
    expect(story(run(book, roll('2024-05-08')))).to.deep.equal([
      'expired #2 39=C 0/1@90 less 1: the trading day has ended',
    ]);
    expect(book.isDue('2024-05-09', 0)).to.equal(false);
  });

  it('says in advance whether the time of an order has come', () => {
    const book = emptyBook();
    run(book, buy(1, 1, 90, until(30)));
    expect([29, 30].map((time) => book.isDue('2024-05-06', time))).to.deep.equal([false, true]);
    run(book, upTo(30));
    expect(book.isDue('2024-05-06', 30)).to.equal(false);
  });

  it('goes by the time that a replace gave it', () => {
    const book = emptyBook();
    run(book, buy(1, 1, 90, until(30)), { ...replace(1, 1, 90), expireTime: 50, expireDate: '2024-05-09' });
    expect(story(run(book, upTo(40)))).to.deep.equal([]);
    expect(book.find(1)?.expireDate).to.equal('2024-05-09');
    expect(run(book, upTo(50))).to.have.length(1);
  });

  it('forgets orders that were cancelled before their time', () => {
    const book = emptyBook();
    for (let id = 1; id <= 500; id += 1) run(book, buy(id, 1, 90, until(30)), cancel(id));
    run(book, buy(501, 1, 90, until(30)));
    expect(run(book, upTo(30))).to.have.length(1);
  });
});

describe('order book: mass cancel', () => {
  const massCancel = (userId: number | undefined, side: typeof BUY | undefined) =>
    ({ type: 'MassCancelOrders', userId, side, clOrdId: 'q1', unsolicited: undefined }) as const;

  it("cancels a member's orders of one side, oldest first, as asked, waiting stop orders too", () => {
    const book = emptyBook();
    const mine = { userId: 7 };
    run(book, buy(1, 1, 90, mine), sell(2, 1, 100, mine), buy(3, 1, 91), buy(4, 1, 92, mine));
    run(book, buy(5, 1, 120, { ...mine, ...STOP_AT_105 }));
    const events = run(book, massCancel(7, BUY));
    expect(
      events.map((e) => e.type === 'OrderCanceled' && [e.order.orderId, e.requestClOrdId]),
    ).to.deep.equal([
      [1, 'q1'],
      [4, 'q1'],
      [5, 'q1'],
    ]);
    expect(run(book, massCancel(7, undefined))).to.have.length(1);
    expect(run(book, massCancel(7, undefined))).to.have.length(0);
  });
});
