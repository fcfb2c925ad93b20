/** What an engine does with a book before it comes: it builds a copy, in portions, and throws it away. */
import { expect } from 'chai';
import type { MatchingBook } from '../../src/actors/book-run.ts';
import type { BookPreparation, LoadedBook } from '../../src/actors/ports.ts';
import { rehearsed } from '../../src/actors/rehearsal.ts';
import type { OrderSnapshot } from '../../src/matching/types.ts';
import { SYMBOL } from '../support/book-commands.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

const ORDER_COUNT = 1_200;
const MAX_ORDERS = 3_000;

describe('the rehearsal of a book that is to come', () => {
  const clock = new ManualClock(0);
  /** Priorities of what was put into copies, and the copies. */
  let restored: number[] = [];
  let copies: LoadedBook[] = [];

  function prepared(loaded: LoadedBook | undefined): Promise<void> {
    restored = [];
    copies = [];
    const preparation: BookPreparation = {
      prepareBook: async () => loaded,
      forgetPreparedBook: () => undefined,
    };
    const createBook = (copy: LoadedBook): MatchingBook => {
      copies.push(copy);
      for (const { priority } of copy.orders) restored.push(priority);
      return {
        lastSeq: copy.lastSeq,
        restore: ({ priority }) => void restored.push(priority),
        isDue: () => false,
        execute: () => {
          throw new Error('a copy trades');
        },
      };
    };
    return rehearsed(preparation, { clock, createBook }).prepareBook(SYMBOL);
  }

  function bookOf(orderCount: number): LoadedBook {
    const orders = Array.from({ length: orderCount }, (_, no) => ({ priority: no + 1 }) as OrderSnapshot);
    return { symbol: SYMBOL, epoch: 3, lastSeq: orderCount, lastPrice: undefined, orders };
  }

  /** Lets time pass until it is over. */
  async function end(rehearsing: Promise<void>): Promise<void> {
    let isOver = false;
    const done = rehearsing.then(() => {
      isOver = true;
    });
    await until('the end of the rehearsal', () => {
      clock.advance(1);
      return isOver;
    });
    await done;
  }

  it('puts its orders into a copy, in their order and each once, and lets others go on in between', async () => {
    const rehearsing = prepared(bookOf(ORDER_COUNT));
    await until('the first portion', () => restored.length > 0);
    expect(restored.length, 'before time has passed').to.be.below(ORDER_COUNT);
    await end(rehearsing);
    expect(copies.map(({ symbol, epoch, lastSeq }) => ({ symbol, epoch, lastSeq }))).to.deep.equal([
      { symbol: SYMBOL, epoch: 3, lastSeq: ORDER_COUNT },
    ]);
    expect(restored).to.deep.equal(Array.from({ length: ORDER_COUNT }, (_, no) => no + 1));
  });

  it('takes no more of them than make it quicker', async () => {
    await end(prepared(bookOf(MAX_ORDERS + 1)));
    expect(restored).to.have.length(MAX_ORDERS);
  });

  it('is none of a book of which nothing is kept', async () => {
    await prepared(undefined);
    expect(copies).to.deep.equal([]);
  });
});
