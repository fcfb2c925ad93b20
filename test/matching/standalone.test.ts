/** The book by itself, as a conformance harness of somebody else would drive it. */
import { expect } from 'chai';
import {
  type Answer,
  BUY,
  type Id,
  type NewOrder,
  OrderBook,
  parseStepSize,
  SELL,
  stepsToText,
  textToSteps,
} from '../../src/matching/standalone.ts';

function order(id: Id, side: typeof BUY, quantity: number, price: number): NewOrder {
  return { id, side, quantity, price };
}

function lines(answer: Answer): string[] {
  if (answer.type === 'Refused') return [`refused: ${answer.reason}`];
  return answer.reports.map(({ type, id, ordStatus, leavesQty, fill }) => {
    const traded = fill === undefined ? '' : ` ${fill.quantity}@${fill.price} with ${fill.counterparty}`;
    return `${type} ${id} 39=${ordStatus} 151=${leavesQty}${traded}`;
  });
}

describe('standalone book', () => {
  it('reports what happened in order, the resting order of a trade first, at its price', () => {
    const book = new OrderBook();
    expect(lines(book.enter(order('a', SELL, 3, 100)))).to.deep.equal(['OrderAccepted a 39=0 151=3']);
    book.enter(order('b', SELL, 3, 100));
    expect(lines(book.enter(order('c', BUY, 4, 105)))).to.deep.equal([
      'OrderAccepted c 39=0 151=4',
      'TradeExecuted a 39=2 151=0 3@100 with c',
      'TradeExecuted c 39=1 151=1 3@100 with a',
      'TradeExecuted b 39=1 151=2 1@100 with c',
      'TradeExecuted c 39=2 151=0 1@100 with b',
    ]);
    expect([book.bestBid(), book.bestAsk()]).to.deep.equal([undefined, 100]);
    expect(book.depth(SELL)).to.deep.equal([{ price: 100, quantity: 2n, orderCount: 1 }]);
  });

  it('refuses a duplicate of a live id, and of a used one unless the caller says so', () => {
    for (const reusesIds of [false, true]) {
      const book = new OrderBook({ reusesIds });
      book.enter(order(1, BUY, 1, 100));
      expect(lines(book.enter(order(1, SELL, 1, 200)))).to.deep.equal(['refused: DuplicateId']);
      book.cancel(1);
      const again = lines(book.enter(order(1, SELL, 1, 200)));
      expect(again).to.deep.equal([reusesIds ? 'OrderAccepted 1 39=0 151=1' : 'refused: DuplicateId']);
    }
  });

  it('takes 0 and -0 for one id, and a number and its text for two', () => {
    const book = new OrderBook();
    const answer = book.enter(order(-0, BUY, 1, 100));
    expect(answer.type === 'Done' && answer.reports.map(({ id }) => id)).to.deep.equal([0]);
    expect(lines(book.enter(order(0, BUY, 1, 100)))).to.deep.equal(['refused: DuplicateId']);
    expect(lines(book.enter(order('0', BUY, 1, 100)))).to.deep.equal(['OrderAccepted 0 39=0 151=1']);
    expect(lines(book.cancel(-0))).to.deep.equal(['OrderCanceled 0 39=4 151=0']);
    expect([book.has(0), book.has('0')]).to.deep.equal([false, true]);
  });

  it('takes a MinQty up to the quantity', () => {
    const book = new OrderBook();
    expect(lines(book.enter({ ...order('a', BUY, 4, 100), minQty: 4 }))).to.deep.equal([
      'OrderAccepted a 39=0 151=4',
      'OrderExpired a 39=C 151=0',
    ]);
  });

  it('answers a cancel or modification of an unknown or ended order', () => {
    const book = new OrderBook();
    expect(lines(book.cancel('nobody'))).to.deep.equal(['refused: UnknownId']);
    expect(lines(book.modify('nobody', { price: 1 }))).to.deep.equal(['refused: UnknownId']);
    book.enter(order('a', SELL, 1, 100));
    book.enter(order('b', BUY, 1, 100));
    expect(lines(book.cancel('a'))).to.deep.equal(['refused: UnknownId']);
    expect([book.has('a'), book.has('b')]).to.deep.equal([false, false]);
  });

  it('keeps the priority of an order that only shrinks, and takes it from one that grows or moves', () => {
    const first = (modification: { price?: number; quantity?: number }) => {
      const book = new OrderBook();
      book.enter(order('a', SELL, 5, 100));
      book.enter(order('b', SELL, 5, 100));
      book.modify('a', modification);
      return lines(book.enter(order('c', BUY, 1, 100)))[1]?.split(' ')[1];
    };
    expect(first({ quantity: 4 })).to.equal('a');
    expect(first({ quantity: 5 })).to.equal('a');
    expect(first({ quantity: 6 })).to.equal('b');
    expect(first({ price: 101 })).to.equal('b');
    expect(first({ price: 99 })).to.equal('a');
  });

  it('ends as filled an order whose total is cut to what is filled', () => {
    const book = new OrderBook();
    book.enter(order('a', SELL, 5, 100));
    book.enter(order('b', BUY, 2, 100));
    expect(lines(book.modify('a', { quantity: 1 }))).to.deep.equal(['OrderReplaced a 39=2 151=0']);
    expect(book.has('a')).to.equal(false);
  });

  it('refuses prices and quantities that are no positive whole numbers', () => {
    const book = new OrderBook();
    book.enter(order('a', SELL, 5, 100));
    const wrong = [Number.NaN, Number.POSITIVE_INFINITY, 0, -1, 1.5, 2 ** 53, '7' as unknown as number];
    for (const value of wrong) {
      expect(lines(book.enter(order('b', BUY, value, 100))), `${value}`).to.deep.equal([
        'refused: InvalidQuantity',
      ]);
      expect(lines(book.enter(order('b', BUY, 1, value))), `${value}`).to.deep.equal([
        'refused: InvalidPrice',
      ]);
      expect(lines(book.modify('a', { quantity: value })), `${value}`).to.deep.equal([
        'refused: InvalidQuantity',
      ]);
      expect(lines(book.modify('a', { price: value })), `${value}`).to.deep.equal(['refused: InvalidPrice']);
    }
    expect(lines(book.enter({ ...order('b', BUY, 1, 100), timeInForce: '6' }))).to.deep.equal([
      'refused: InvalidTerms',
    ]);
    expect(book.depth(BUY)).to.deep.equal([]);
  });

  it('answers whatever it is passed, and changes nothing by what it refuses', () => {
    const book = new OrderBook();
    book.enter({ ...order('a', SELL, 5, 100), owner: 7 });
    book.enter({ ...order('i', SELL, 900, 101), maxFloor: 1, timeInForce: '6', expireTime: 9 });
    const depths = () => [book.depth(BUY), book.depth(SELL)];
    const before = depths();
    const oddities: readonly unknown[] = [
      undefined,
      null,
      true,
      '',
      'x',
      '1',
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -0,
      0,
      -1,
      0.5,
      2 ** 53,
      1n,
      {},
      [],
      Symbol('s'),
      () => 1,
    ];
    // What stands where an oddity is a value of its field.
    const fine: Readonly<Record<string, readonly unknown[]>> = {
      price: [],
      quantity: [],
      id: ['', 'x', '1', -0, -1, 0.5, 2 ** 53],
      side: ['1'],
      ordType: [undefined, '1'],
      timeInForce: [undefined, '1'],
      execInst: [undefined],
      slides: [undefined, true],
      selfTradePrevention: [undefined],
      selfTradeGroup: [undefined],
      minQty: [undefined],
      maxFloor: [undefined],
      stopPx: [undefined],
      expireTime: [undefined],
      owner: [undefined],
    };
    const sound = { ...order('b', BUY, 1, 50) };
    for (const [field, values] of Object.entries(fine)) {
      for (const oddity of oddities) {
        if (values.includes(oddity)) continue;
        const label = `${field} = ${String(oddity)}`;
        const answer = book.enter({ ...sound, [field]: oddity } as unknown as NewOrder);
        expect(answer.type, label).to.equal('Refused');
      }
    }
    for (const oddity of oddities) {
      const odd = oddity as never;
      const label = String(oddity);
      expect(book.enter(odd).type, label).to.equal('Refused');
      expect(lines(book.cancel(odd)), label).to.deep.equal(['refused: UnknownId']);
      expect(lines(book.modify(odd, { price: 1 })), label).to.deep.equal(['refused: UnknownId']);
      if (oddity !== undefined) {
        expect(lines(book.cancel('a', odd)), label).to.deep.equal(['refused: UnknownId']);
        expect(book.modify('a', { price: odd }).type, label).to.equal('Refused');
        expect(book.modify('a', { quantity: odd }).type, label).to.equal('Refused');
      }
      expect(book.depth(odd), label).to.deep.equal(oddity === '1' ? book.depth(BUY) : []);
      book.has(odd);
    }
    expect(book.enter({ ...sound, selfTradeGroup: 2 ** 31 }).type).to.equal('Refused');
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, '9' as never, undefined as never]) {
      expect(lines(book.expire(time))).to.deep.equal(['refused: InvalidTerms']);
    }
    expect(lines(book.enter({ ...sound, quantity: 4, minQty: 5 }))).to.deep.equal(['refused: InvalidTerms']);
    for (const noTerms of [null, [], [1, 2], new Map(), new Date(0), () => 1, 'price', 7]) {
      expect(lines(book.modify('a', noTerms as never))).to.deep.equal(['refused: InvalidTerms']);
    }
    expect(lines(book.modify('i', { quantity: 1_001 }))).to.deep.equal(['refused: InvalidTerms']);
    expect(depths()).to.deep.equal(before);
    expect(book.depth(SELL, Number.NaN)).to.deep.equal([]);
  });

  it('lets a market order without a price trade at any, and ends what is left', () => {
    const book = new OrderBook();
    book.enter(order('a', SELL, 1, 100));
    book.enter(order('b', SELL, 1, 2 ** 52));
    expect(lines(book.enter({ id: 'm', side: BUY, quantity: 3, ordType: '1' }))).to.deep.equal([
      'OrderAccepted m 39=0 151=3',
      'TradeExecuted a 39=2 151=0 1@100 with m',
      'TradeExecuted m 39=1 151=2 1@100 with a',
      `TradeExecuted b 39=2 151=0 1@${2 ** 52} with m`,
      `TradeExecuted m 39=1 151=1 1@${2 ** 52} with b`,
      'OrderExpired m 39=C 151=0',
    ]);
  });

  it('trades a moved order at once where it crosses, at the resting price and never beyond its limit', () => {
    const book = new OrderBook();
    book.enter(order('a', SELL, 2, 100));
    book.enter(order('b', SELL, 2, 102));
    book.enter(order('c', BUY, 5, 90));
    expect(lines(book.modify('c', { price: 101 }))).to.deep.equal([
      'OrderReplaced c 39=0 151=5',
      'TradeExecuted a 39=2 151=0 2@100 with c',
      'TradeExecuted c 39=1 151=3 2@100 with a',
    ]);
    expect([book.bestBid(), book.bestAsk()]).to.deep.equal([101, 102]);
  });

  it('fills the orders of one price strictly first in, first out, through cancels and partial fills', () => {
    const book = new OrderBook();
    for (const id of [1, 2, 3, 4, 5]) book.enter(order(id, SELL, 2, 100));
    book.cancel(3);
    book.enter(order('x', BUY, 1, 100));
    book.enter(order(6, SELL, 2, 100));
    const answer = book.enter(order('y', BUY, 9, 100));
    const makers =
      answer.type === 'Done'
        ? answer.reports.flatMap(({ id, fill }) => (fill?.isMaker === true ? [[id, fill.quantity]] : []))
        : [];
    expect(makers).to.deep.equal([
      [1, 1],
      [2, 2],
      [4, 2],
      [5, 2],
      [6, 2],
    ]);
  });

  it('shows no more levels than asked for, the best first, and hides what icebergs hide', () => {
    const book = new OrderBook();
    for (const price of [98, 100, 99]) book.enter(order(`b${price}`, BUY, 1, price));
    book.enter({ ...order('i', SELL, 10, 101), maxFloor: 3 });
    expect(book.depth(BUY, 2).map(({ price }) => price)).to.deep.equal([100, 99]);
    expect(book.depth(SELL)).to.deep.equal([{ price: 101, quantity: 3n, orderCount: 1 }]);
  });

  it('ends at their time orders that are good till then', () => {
    const book = new OrderBook();
    book.enter({ ...order('a', BUY, 1, 100), timeInForce: '6', expireTime: 10 });
    expect(lines(book.expire(9))).to.deep.equal([]);
    expect(lines(book.expire(10))).to.deep.equal(['OrderExpired a 39=C 151=0']);
    expect(book.has('a')).to.equal(false);
  });

  it('takes stop, post-only and iceberg orders too', () => {
    const book = new OrderBook();
    book.enter({ ...order('stop', BUY, 1, 110), ordType: '4', stopPx: 100 });
    book.enter({ ...order('iceberg', SELL, 6, 100), maxFloor: 2 });
    expect(lines(book.enter({ ...order('p', BUY, 1, 100), execInst: '6' }))).to.deep.equal([
      'OrderRejected p 39=8 151=0',
    ]);
    expect(lines(book.enter(order('b', BUY, 2, 100)))).to.deep.equal([
      'OrderAccepted b 39=0 151=2',
      'TradeExecuted iceberg 39=1 151=4 2@100 with b',
      'TradeExecuted b 39=2 151=0 2@100 with iceberg',
      'OrderRestated iceberg 39=1 151=4',
      'OrderTriggered stop 39=0 151=1',
      'TradeExecuted iceberg 39=1 151=3 1@100 with stop',
      'TradeExecuted stop 39=2 151=0 1@100 with iceberg',
    ]);
  });

  it('converts decimal text to whole steps and back without a float', () => {
    const step = parseStepSize('0.1');
    if (typeof step === 'string') throw new Error(step);
    expect([textToSteps('0.1', step), textToSteps('0.2', step)]).to.deep.equal([1, 2]);
    expect(textToSteps('0.15', step)).to.equal('off step');
    expect(stepsToText(3, step)).to.equal('0.3');
  });
});
