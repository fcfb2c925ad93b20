/** What happens when an order would meet one of its own user: one case for each mode, and with FOK, MinQty and icebergs. */
import { expect } from 'chai';
import { type EnterOrder, lots, type SelfTradePrevention } from '../../src/matching/types.ts';
import { buy, emptyBook, run, sell } from '../support/book-commands.ts';
import { story } from '../support/book-story.ts';

const MINE = { userId: 7 };

function mine(selfTradePrevention: SelfTradePrevention, more: Partial<EnterOrder> = {}): Partial<EnterOrder> {
  return { ...MINE, selfTradePrevention, ...more };
}

describe('order book: self-trade prevention', () => {
  function meeting() {
    const book = emptyBook();
    run(book, sell(1, 2, 99), sell(2, 5, 100, MINE), sell(3, 5, 100));
    return book;
  }

  it('lets orders of one user trade when the incoming one does not object', () => {
    expect(story(run(meeting(), buy(4, 7, 100, MINE)))).to.deep.equal([
      'accepted #4 39=0 0/7@100',
      'trade 2@99: #1 39=2 2/2@99 maker, #4 39=1 2/7@100 taker',
      'trade 5@100: #2 39=2 5/5@100 maker, #4 39=2 7/7@100 taker',
    ]);
  });

  it('cancels the newest: the incoming order ends where it meets its own', () => {
    expect(story(run(meeting(), buy(4, 9, 100, mine('CancelNewest'))))).to.deep.equal([
      'accepted #4 39=0 0/9@100',
      'trade 2@99: #1 39=2 2/2@99 maker, #4 39=1 2/9@100 taker',
      'canceled #4 39=4 2/9@100 less 7: self-trade prevention',
    ]);
  });

  it('cancels the oldest: the resting order goes, and the incoming one trades on', () => {
    expect(story(run(meeting(), buy(4, 6, 100, mine('CancelOldest'))))).to.deep.equal([
      'accepted #4 39=0 0/6@100',
      'trade 2@99: #1 39=2 2/2@99 maker, #4 39=1 2/6@100 taker',
      'canceled #2 39=4 0/5@100 less 5: self-trade prevention',
      'trade 4@100: #3 39=1 4/5@100 maker, #4 39=2 6/6@100 taker',
    ]);
  });

  it('cancels both', () => {
    expect(story(run(meeting(), buy(4, 9, 100, mine('CancelBoth'))))).to.deep.equal([
      'accepted #4 39=0 0/9@100',
      'trade 2@99: #1 39=2 2/2@99 maker, #4 39=1 2/9@100 taker',
      'canceled #2 39=4 0/5@100 less 5: self-trade prevention',
      'canceled #4 39=4 2/9@100 less 7: self-trade prevention',
    ]);
  });

  it('takes the smaller LeavesQty off both: the larger order lives on with less', () => {
    expect(story(run(meeting(), buy(4, 9, 100, mine('Decrement'))))).to.deep.equal([
      'accepted #4 39=0 0/9@100',
      'trade 2@99: #1 39=2 2/2@99 maker, #4 39=1 2/9@100 taker',
      'canceled #2 39=4 0/5@100 less 5: self-trade prevention',
      'restated #4 39=1 2/4@100 378=5 SelfTradeDecrement',
      'trade 2@100: #3 39=1 2/5@100 maker, #4 39=2 4/4@100 taker',
    ]);
    expect(story(run(meeting(), buy(4, 5, 100, mine('Decrement'))))).to.deep.equal([
      'accepted #4 39=0 0/5@100',
      'trade 2@99: #1 39=2 2/2@99 maker, #4 39=1 2/5@100 taker',
      'restated #2 39=0 0/2@100 378=5 SelfTradeDecrement',
      'canceled #4 39=4 2/5@100 less 3: self-trade prevention',
    ]);
  });

  it('reports its cancels as unsolicited, under the own ClOrdID of the order', () => {
    const events = run(meeting(), buy(4, 9, 100, mine('CancelBoth')));
    for (const event of events.filter((e) => e.type === 'OrderCanceled')) {
      expect(event.requestClOrdId).to.equal(undefined);
      expect(event.unsolicited).to.deep.equal({ execRestatementReason: 8, text: 'self-trade prevention' });
    }
  });

  it('keeps apart only the orders of a group, when the incoming order names one', () => {
    const book = emptyBook();
    run(
      book,
      sell(1, 1, 100, { ...MINE, selfTradeGroup: 1 }),
      sell(2, 1, 100, { ...MINE, selfTradeGroup: 2 }),
    );
    run(book, sell(3, 1, 100, MINE));
    const lines = story(run(book, buy(4, 3, 100, mine('CancelOldest', { selfTradeGroup: 2 }))));
    expect(lines).to.deep.equal([
      'accepted #4 39=0 0/3@100',
      'trade 1@100: #1 39=2 1/1@100 maker, #4 39=1 1/3@100 taker',
      'canceled #2 39=4 0/1@100 less 1: self-trade prevention',
      'trade 1@100: #3 39=2 1/1@100 maker, #4 39=1 2/3@100 taker',
    ]);
  });

  it('never keeps orders of other users apart, whatever their groups', () => {
    const book = emptyBook();
    run(book, sell(1, 1, 100, { userId: 8, selfTradeGroup: 2 }));
    const lines = story(run(book, buy(2, 1, 100, mine('CancelNewest', { selfTradeGroup: 2 }))));
    expect(lines).to.have.length(2);
    expect(lines[1]).to.match(/^trade 1@100/);
  });

  it('applies to a replace that crosses', () => {
    const book = emptyBook();
    run(book, sell(1, 5, 100, MINE), buy(2, 3, 99, mine('CancelNewest')));
    const events = run(book, {
      type: 'ReplaceOrder',
      orderId: 2,
      clOrdId: 'r',
      price: sell(1, 1, 100).price,
      quantity: lots(3),
    });
    expect(story(events)).to.deep.equal([
      'replaced #2 39=0 0/3@100, new priority',
      'canceled #2 39=4 0/3@100 less 3: self-trade prevention',
    ]);
  });
});

describe('order book: fill or kill and MinQty under self-trade prevention', () => {
  const modes = ['CancelNewest', 'CancelOldest', 'CancelBoth', 'Decrement'] as const;

  for (const mode of modes) {
    it(`kills a fill-or-kill order that only its own quantity could fill, and touches nothing: ${mode}`, () => {
      const book = emptyBook();
      run(book, sell(1, 5, 100), sell(2, 5, 100, MINE));
      const hash = book.stateHash();
      expect(story(run(book, buy(3, 6, 100, mine(mode, { timeInForce: '4' }))))).to.deep.equal([
        'accepted #3 39=0 0/6@100',
        'expired #3 39=C 0/6@100 less 6: the full quantity is not available at or within the limit',
      ]);
      expect(book.stateHash()).to.equal(hash);
    });

    it(`fills a fill-or-kill order from what stands before its own: ${mode}`, () => {
      const book = emptyBook();
      run(book, sell(1, 5, 100), sell(2, 5, 100, MINE), sell(3, 5, 100));
      const lines = story(run(book, buy(4, 5, 100, mine(mode, { timeInForce: '4' }))));
      expect(lines[1]).to.equal('trade 5@100: #1 39=2 5/5@100 maker, #4 39=2 5/5@100 taker');
      expect(book.find(2)).not.to.equal(undefined);
    });
  }

  it('looks behind its own order only if that would be cancelled', () => {
    for (const mode of modes) {
      const book = emptyBook();
      run(book, sell(1, 5, 100, MINE), sell(2, 5, 101));
      const last = run(book, buy(3, 5, 101, mine(mode, { minQty: lots(5) }))).at(-1);
      expect(last?.type, mode).to.equal(mode === 'CancelOldest' ? 'TradeExecuted' : 'OrderExpired');
    }
  });

  it('counts for MinQty under decrement what would be left to trade behind the own order', () => {
    const book = emptyBook();
    run(book, sell(1, 2, 100, MINE), sell(2, 9, 101));
    const least = (id: number, quantity: number) =>
      buy(id, quantity, 101, mine('Decrement', { minQty: lots(5) }));
    expect(story(run(book, least(3, 6))).at(-1)).to.match(/^expired #3 .* MinQty is not available/);
    expect(story(run(book, least(4, 7)))).to.deep.equal([
      'accepted #4 39=0 0/7@101',
      'canceled #1 39=4 0/2@100 less 2: self-trade prevention',
      'restated #4 39=0 0/5@101 378=5 SelfTradeDecrement',
      'trade 5@101: #2 39=1 5/9@101 maker, #4 39=2 5/5@101 taker',
    ]);
  });

  it("counts of an iceberg ahead only the slice, since the next one comes behind the member's own order", () => {
    const book = emptyBook();
    run(book, sell(1, 9, 100, { maxFloor: lots(3) }), sell(2, 5, 100, MINE));
    const fillOrKill = (id: number, quantity: number) =>
      buy(id, quantity, 100, mine('CancelNewest', { timeInForce: '4' }));
    expect(run(book, fillOrKill(3, 4)).at(-1)?.type).to.equal('OrderExpired');
    expect(run(book, fillOrKill(4, 3))[1]?.type).to.equal('TradeExecuted');
  });
});
