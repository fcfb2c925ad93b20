/** Open orders that were read before their book came: what a load takes of them, and what it reads again. */
import { expect } from 'chai';
import type { ClaimedBook } from '../../src/actors/ports.ts';
import type { OrderSnapshot } from '../../src/matching/types.ts';
import { KnownInstruments } from '../../src/persistence/instruments.ts';
import { loadOrders } from '../../src/persistence/loads.ts';
import { PreparedBooks } from '../../src/persistence/prepared-books.ts';
import { createStore } from '../../src/persistence/store.ts';
import { atOnce } from '../../src/persistence/turns.ts';
import { SYMBOL } from '../support/book-commands.ts';
import { ALICE, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

/** More than one portion, of those that are read before and of those after. */
const ORDER_COUNT = 2_100;

describe('a book that was prepared for', () => {
  let venue: VenueDatabase;
  let books: PreparedBooks;
  beforeEach(async () => {
    venue = await venueDatabase();
    await venue.query('insert into books (symbol, last_seq) values ($1, $2)', [SYMBOL, ORDER_COUNT]);
    await enter(1, ORDER_COUNT);
    books = new PreparedBooks(venue.orm, new KnownInstruments());
  });
  afterEach(() => venue.drop());

  /** Orders of which ids fall as priorities rise. */
  async function enter(from: number, to: number): Promise<void> {
    await venue.query(
      `insert into orders (id, user_id, symbol, entry_cl_ord_id, cl_ord_id, side, ord_type, time_in_force,
        entry_price, price, entry_quantity, quantity, filled_quantity, remaining_quantity, cum_notional,
        maker_fee_rate, taker_fee_rate, hold, status, is_open, priority, accepted_seq, trading_day, created_at,
        updated_at)
      select 10000 - n, $3::int, $4, 'c' || n, 'c' || n, '1', '2', '1', 10, 10, 3, 3, 0, 3, 0, 0, 0, 30, '0',
        true, n, n, '2024-05-06', now(), now() from generate_series($1::int, $2::int) as n`,
      [from, to, ALICE, SYMBOL],
    );
  }

  async function claim(): Promise<ClaimedBook> {
    const store = await createStore({ orm: venue.orm, nodeName: 'local' });
    const [claimed] = await store.claimBooks([SYMBOL]);
    if (claimed === undefined) throw new Error('the book is not there');
    return claimed;
  }

  async function load(
    book: ClaimedBook,
    portion: (after: number) => ReturnType<PreparedBooks['loadOrders']> = (after) =>
      books.loadOrders(book, after),
  ): Promise<readonly OrderSnapshot[]> {
    const orders: OrderSnapshot[] = [];
    for (;;) {
      const read = await portion(orders.at(-1)?.priority ?? 0);
      orders.push(...read.orders);
      if (read.isLast) return orders;
    }
  }

  /** What a node reads that has prepared for nothing. */
  async function rows(book: ClaimedBook): Promise<readonly OrderSnapshot[]> {
    const instruments = new KnownInstruments();
    await instruments.learn({ rows: (text, values) => venue.query(text as string, values as string[]) }, [
      SYMBOL,
    ]);
    return load(book, (after) => loadOrders(venue.orm, book, after, instruments));
  }

  it('is loaded without reading again what has not changed', async () => {
    await books.prepareBook(SYMBOL);
    const book = await claim();
    const expected = await rows(book);
    // From now on an order cannot be read.
    await venue.query('alter table orders rename column cl_ord_id to unreadable');
    expect(await load(book)).to.deep.equal(expected);
    expect(expected).to.have.length(ORDER_COUNT);
  });

  it('has what was entered, filled, replaced, cancelled and done between the two as rows have it', async () => {
    await books.prepareBook(SYMBOL);
    await enter(ORDER_COUNT + 1, ORDER_COUNT + 3);
    const filled = 'filled_quantity = 1, remaining_quantity = 2, cum_notional = 10, hold = 20, status = ';
    await venue.query(`update orders set ${filled} '1' where priority = 7`);
    await venue.query(
      "update orders set cl_ord_id = 'r8', priority = 5000, price = 11, hold = 33 where priority = 8",
    );
    const closed = 'is_open = false, remaining_quantity = 0, hold = 0';
    await venue.query(`update orders set ${closed}, status = '4' where priority = 9`);
    await venue.query(
      `update orders set ${closed}, status = '2', filled_quantity = 3, cum_notional = 30 where priority in (1, $1)`,
      [ORDER_COUNT],
    );
    const book = await claim();
    const orders = await load(book);
    expect(orders).to.deep.equal(await rows(book));
    expect(orders).to.have.length(ORDER_COUNT);
    expect(orders.at(-1)).to.deep.include({ clOrdId: 'r8', priority: 5_000 });
    expect(orders.find(({ priority }) => priority === 7)).to.deep.include({
      cumQty: 10_000,
      leavesQty: 20_000,
    });
  });

  it('has what came between two portions that were read before', async () => {
    const preparing = books.prepareBook(SYMBOL);
    await venue.query(
      "update orders set priority = priority + 5000, cl_ord_id = 'again' where priority % 3 = 0",
    );
    await preparing;
    const book = await claim();
    expect(await load(book)).to.deep.equal(await rows(book));
  });

  it('is known as it stood in the end of the preparation, with what changed while that went on', async () => {
    const preparing = books.prepareBook(SYMBOL);
    await venue.query("update orders set cl_ord_id = 'again' where priority <= 10");
    const prepared = await preparing;
    const book = await claim();
    const expected = await rows(book);
    expect(prepared).to.deep.include({ symbol: SYMBOL, epoch: book.epoch - 1, lastSeq: ORDER_COUNT });
    expect(prepared?.orders).to.deep.equal(expected);
    expect(expected.filter(({ clOrdId }) => clOrdId === 'again')).to.have.length(10);
    await venue.query('alter table orders rename column cl_ord_id to unreadable');
    expect(await load(book), 'nothing is read again').to.deep.equal(expected);
  });

  it('is read a step at a time while this node trades, and in one go once members wait for it', async () => {
    const works: number[] = [];
    function* counted<Result>(steps: Generator<void, Result, void>): Generator<void, Result, void> {
      const work = works.push(0) - 1;
      for (;;) {
        const { done, value } = steps.next();
        if (done) return value;
        works[work] = (works[work] ?? 0) + 1;
        yield;
      }
    }
    const preparing = new PreparedBooks(venue.orm, new KnownInstruments(), undefined, (steps) =>
      atOnce(counted(steps)),
    );
    const prepared = await preparing.prepareBook(SYMBOL);
    const book = await claim();
    const expected = await rows(book);
    expect(prepared?.orders).to.deep.equal(expected);
    // What is there is compared, completed, and kept by version: each has two whole steps, and what is left.
    expect(works).to.deep.equal([2, 2, 2]);
    await venue.query("update orders set cl_ord_id = 'r8' where priority = 8");
    expect(await load(book, (after) => preparing.loadOrders(book, after))).to.have.length(ORDER_COUNT);
    expect(works).to.have.length(3);
  });

  it('is empty when nothing is open any more', async () => {
    await books.prepareBook(SYMBOL);
    await venue.query("update orders set is_open = false, remaining_quantity = 0, hold = 0, status = '4'");
    expect(await load(await claim())).to.deep.equal([]);
  });

  it('is read as any other when it comes a second time, was forgotten, or is too large', async () => {
    await books.prepareBook(SYMBOL);
    await load(await claim());
    const few = new PreparedBooks(venue.orm, new KnownInstruments(), ORDER_COUNT - 1);
    expect(await few.prepareBook(SYMBOL), 'too large').to.equal(undefined);
    const forgetting = books.prepareBook(SYMBOL);
    books.forgetPreparedBook(SYMBOL);
    expect(await forgetting, 'forgotten').to.equal(undefined);
    await venue.query("update orders set cl_ord_id = 'r8' where priority = 8");
    const book = await claim();
    const expected = await rows(book);
    expect(await load(book)).to.deep.equal(expected);
    expect(await load(book, (after) => few.loadOrders(book, after))).to.deep.equal(expected);
    await venue.query('alter table orders rename column cl_ord_id to unreadable');
    for (const one of [books, few]) expect(await failure(one.loadOrders(book, 0))).to.match(/cl_ord_id/);
  });

  it('is not loaded under an epoch that is over, at the beginning or in the middle', async () => {
    await books.prepareBook(SYMBOL);
    const book = await claim();
    await venue.query('update books set epoch = epoch + 1');
    expect(await failure(books.loadOrders(book, 0))).to.equal(`another node owns ${SYMBOL}`);
    await books.prepareBook(SYMBOL);
    const ours = { ...book, epoch: book.epoch + 1 };
    await books.loadOrders(ours, 0);
    await venue.query('update books set epoch = epoch + 1');
    await books.loadOrders({ ...ours, epoch: ours.epoch + 1 }, 0);
    expect(await failure(books.loadOrders(ours, 500))).to.equal(`another node owns ${SYMBOL}`);
  });
});

function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'it did not fail',
    (error: Error) => error.message,
  );
}
