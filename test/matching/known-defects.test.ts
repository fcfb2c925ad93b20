/** Defects that other order books are known for, each as the market would see it. */
import { expect } from 'chai';
import { MatchingCore } from '../../src/matching/matching-core.ts';
import { BUY_SIDE, GOOD_TILL_CANCEL, LIMIT, SELL_SIDE } from '../../src/matching/order-pool.ts';
import { OrderBook as StandaloneBook } from '../../src/matching/standalone.ts';
import { lots, type ReplaceOrder, SELL, ticks } from '../../src/matching/types.ts';
import { parseStepSize, textToSteps } from '../../src/platform/decimal.ts';
import { buy, emptyBook, run, sell } from '../support/book-commands.ts';

describe('order book: known defects of other books', () => {
  it('leaves no ghost order behind when 0.1 and 0.2 are sold and 0.3 is bought', () => {
    const lot = parseStepSize('0.1');
    if (typeof lot === 'string') throw new Error(lot);
    const quantity = (text: string) => {
      const steps = textToSteps(text, lot);
      if (typeof steps === 'string') throw new Error(steps);
      return steps;
    };
    const book = emptyBook();
    run(book, sell(1, quantity('0.1'), 100), sell(2, quantity('0.2'), 100), buy(3, quantity('0.3'), 100));
    expect([...book.openOrders()]).to.deep.equal([]);
  });

  it('never fills a fill-or-kill order in part under self-trade prevention', () => {
    for (const selfTradePrevention of ['CancelNewest', 'CancelOldest', 'CancelBoth', 'Decrement'] as const) {
      const book = emptyBook();
      const terms = { userId: 7, timeInForce: '4', selfTradePrevention } as const;
      run(book, sell(1, 2, 99), sell(2, 2, 100, { userId: 7 }), sell(3, 2, 101));
      expect(run(book, buy(4, 5, 101, terms)).map((event) => event.type)).to.deep.equal([
        'OrderAccepted',
        'OrderExpired',
      ]);
    }
  });

  it('drops no field in a replace', () => {
    const book = emptyBook();
    const order = sell(1, 10, 100, {
      timeInForce: '6',
      expireTime: 5,
      expireDate: '2024-05-09',
      execInst: '6',
      slides: true,
      maxFloor: lots(4),
      selfTradePrevention: 'Decrement',
      selfTradeGroup: 3,
      account: 'desk 1',
      secondaryClOrdId: 's1',
      clOrdLinkId: 'l1',
    });
    run(book, order);
    const before = book.find(1);
    const replace: ReplaceOrder = {
      type: 'ReplaceOrder',
      orderId: 1,
      clOrdId: 'r1',
      price: ticks(101),
      quantity: lots(8),
    };
    run(book, replace);
    expect(book.find(1)).to.deep.equal({
      ...before,
      clOrdId: 'r1',
      price: 101,
      quantity: 8,
      leavesQty: 8,
      priority: 2,
    });
  });

  it('keeps the priority of an order whose size decreases', () => {
    const book = emptyBook();
    run(book, sell(1, 5, 100), sell(2, 5, 100));
    run(book, { type: 'ReplaceOrder', orderId: 1, clOrdId: 'r1', price: ticks(100), quantity: lots(4) });
    const [, trade] = run(book, buy(3, 1, 100));
    expect(trade?.type === 'TradeExecuted' && trade.maker.orderId).to.equal(1);
  });

  it('takes neither NaN nor Infinity', () => {
    expect(() => ticks(Number.NaN)).to.throw();
    expect(() => lots(Number.POSITIVE_INFINITY)).to.throw();
    const book = new StandaloneBook();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(book.enter({ id: 1, side: SELL, price: value, quantity: 1 }).type).to.equal('Refused');
      expect(book.enter({ id: 1, side: SELL, price: 1, quantity: value }).type).to.equal('Refused');
    }
  });

  it("fills at the resting order's price, not the aggressor's", () => {
    const book = emptyBook();
    run(book, sell(1, 1, 100));
    const [, trade] = run(book, buy(2, 1, 105));
    expect(trade?.type === 'TradeExecuted' && trade.price).to.equal(100);
  });

  it("refuses a cancel by someone else's session, as if the order were not there", () => {
    const book = new StandaloneBook();
    book.enter({ id: 'a', side: SELL, price: 100, quantity: 1, owner: 7 });
    const unknown = { type: 'Refused', reason: 'UnknownId' };
    expect(book.cancel('a', 8)).to.deep.equal(unknown);
    expect(book.modify('a', { price: 1 }, 8)).to.deep.equal(unknown);
    expect(book.depth(SELL)).to.deep.equal([{ price: 100, quantity: 1n, orderCount: 1 }]);
    expect(book.cancel('a', 7).type).to.equal('Done');
  });

  it('keeps no matched order: a market of a million orders needs no more memory than its busiest moment', () => {
    const core = new MatchingCore({ lastSeq: 0, lastPx: 0, maxWaitingStops: 0 });
    const { orders, index, events } = core.book;
    const enter = (orderId: number, side: number) => {
      events.clear();
      const slot = orders.allocate();
      orders.orderId[slot] = orderId;
      orders.side[slot] = side;
      orders.ordType[slot] = LIMIT;
      orders.timeInForce[slot] = GOOD_TILL_CANCEL;
      orders.price[slot] = 100;
      orders.quantity[slot] = 1;
      core.enter(slot);
    };
    const capacity = orders.capacity;
    for (let orderId = 1; orderId < 1_000_000; orderId += 2) {
      enter(orderId, SELL_SIDE);
      enter(orderId + 1, BUY_SIDE);
    }
    expect([orders.capacity, index.size, core.book.asks.orderCount]).to.deep.equal([capacity, 0, 0]);
  });
});
