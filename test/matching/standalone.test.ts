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
