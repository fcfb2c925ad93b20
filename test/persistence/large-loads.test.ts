/** Books and accounts with more orders than are read at a time. */
import { expect } from 'chai';
import type { ClaimedBook, LoadedOrders, Store } from '../../src/actors/ports.ts';
import { createStore } from '../../src/persistence/store.ts';
import { SYMBOL } from '../support/book-commands.ts';
import { ALICE, BOB, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

/** Three portions, the last of one order. */
const ORDER_COUNT = 4_001;
/** Of as many characters as are taken apart in several steps. */
const CLOSED_COUNT = 12_000;

describe('a large load', () => {
  let venue: VenueDatabase;
  let store: Store;
  let book: ClaimedBook;

  before(async () => {
    venue = await venueDatabase();
    store = await createStore({ orm: venue.orm, nodeName: 'local' });
    // Ids fall as priorities rise, so that neither order is that of the rows by chance.
    await venue.query(
      `insert into orders (id, user_id, symbol, entry_cl_ord_id, cl_ord_id, side, ord_type, time_in_force,
        entry_price, price, entry_quantity, quantity, filled_quantity, remaining_quantity, cum_notional,
        maker_fee_rate, taker_fee_rate, hold, status, is_open, priority, accepted_seq, trading_day, created_at,
        updated_at)
      select $1::int + 1 - n, $2::int, $3, 'c' || n, 'c' || n, '1', '2', '1', 10, 10, 1, 1, 0, 1, 0, 0, 0, 10, '0',
        true, n, n, '2024-05-06', now(), now() from generate_series(1, $1::int) as n`,
      [ORDER_COUNT, ALICE, SYMBOL],
    );
    await venue.query(
      'insert into books (symbol, last_seq) values ($1, $2) on conflict (symbol) do nothing',
      [SYMBOL, ORDER_COUNT],
    );
    [book = { symbol: '', epoch: 0, lastSeq: 0, lastPrice: undefined }] = await store.claimBooks([SYMBOL]);
  });
  after(() => venue.drop());

  async function portions(limit: number): Promise<LoadedOrders[]> {
    const read: LoadedOrders[] = [];
    let after = 0;
    while (read.length < limit && read.at(-1)?.isLast !== true) {
      const portion = await store.loadOrders(book, after);
      read.push(portion);
      after = portion.orders.at(-1)?.priority ?? 0;
    }
    return read;
  }

  it('of a book comes in portions by priority, the last of which says so', async () => {
    const read = await portions(10);
    expect(read.map(({ orders, isLast }) => [orders.length, isLast])).to.deep.equal([
      [2_000, false],
      [2_000, false],
      [1, true],
    ]);
    const priorities = read.flatMap(({ orders }) => orders.map(({ priority }) => priority));
    expect(priorities).to.deep.equal(Array.from({ length: ORDER_COUNT }, (_, index) => index + 1));
  });

  it('of a book ends with an empty portion when the one before it was just full', async () => {
    const read = await store.loadOrders(book, 1);
    const next = await store.loadOrders(book, read.orders.at(-1)?.priority ?? 0);
    expect([next.orders.length, next.isLast]).to.deep.equal([2_000, false]);
    const last = await store.loadOrders(book, next.orders.at(-1)?.priority ?? 0);
    expect(last).to.deep.equal({ orders: [], isLast: true });
  });

  it('of an account has all its orders by OrderID, and the ClOrdID of each', async () => {
    const { orders, clOrdIds } = await store.loadAccount(ALICE, '2024-05-06');
    expect(orders.map(({ orderId }) => orderId)).to.deep.equal(
      Array.from({ length: ORDER_COUNT }, (_, index) => index + 1),
    );
    expect(new Set(clOrdIds.map(({ clOrdId }) => clOrdId)).size).to.equal(ORDER_COUNT);
  });

  it('of an account tells of closed orders and of requests what new ones are judged by', async () => {
    await venue.query(
      `insert into orders (id, user_id, symbol, entry_cl_ord_id, cl_ord_id, side, ord_type, time_in_force,
        entry_price, price, entry_quantity, quantity, filled_quantity, remaining_quantity, cum_notional,
        maker_fee_rate, taker_fee_rate, hold, status, is_open, priority, accepted_seq, trading_day, created_at,
        updated_at)
      select 1000000 + n, $2::int, $3, repeat('o', 100) || n, repeat('o', 100) || n || case when n % 5 = 0 then 'r' else '' end,
        '1', '2', '1', 10, 10, 1, 1, 0, 0, 0, 0, 0, 0, case when n % 3 = 0 then 'C' else '4' end, false, n, n,
        case when n % 2 = 0 then date '2024-05-06' else date '2024-05-03' end, now(), now()
      from generate_series(1, $1::int) as n`,
      [CLOSED_COUNT, BOB, SYMBOL],
    );
    await venue.query(
      `insert into requests (user_id, cl_ord_id, trading_day, msg_type, order_id, accepted, created_at)
      select $2::int, 'f' || n, '2024-05-06', 'F', 1000000 + n, n % 2 = 0, '2024-05-06T10:00:00Z'
      from generate_series(1, $1::int) as n`,
      [CLOSED_COUNT, BOB],
    );
    const { orders, closed, clOrdIds } = await store.loadAccount(BOB, '2024-05-06');
    expect(orders).to.deep.equal([]);
    const numbers = Array.from({ length: CLOSED_COUNT }, (_, index) => index + 1);
    const dayOf = (n: number): string => (n % 2 === 0 ? '2024-05-06' : '2024-05-03');
    expect(new Set(closed.map((order) => JSON.stringify(order)))).to.deep.equal(
      new Set(
        numbers.map((n) =>
          JSON.stringify({
            orderId: 1_000_000 + n,
            ordStatus: n % 3 === 0 ? 'C' : '4',
            tradingDay: dayOf(n),
          }),
        ),
      ),
    );
    const known = new Map(clOrdIds.map((used) => [`${used.tradingDay} ${used.clOrdId}`, used]));
    expect(clOrdIds).to.have.length(CLOSED_COUNT * 2 + CLOSED_COUNT / 5);
    for (const n of numbers) {
      const clOrdId = 'o'.repeat(100) + n;
      expect(known.get(`${dayOf(n)} ${clOrdId}`)?.orderId).to.equal(1_000_000 + n);
      if (n % 5 === 0) expect(known.get(`${dayOf(n)} ${clOrdId}r`)?.orderId).to.equal(1_000_000 + n);
      const { orderId, mayBeForgotten } = known.get(`2024-05-06 f${n}`) ?? {};
      expect([orderId, mayBeForgotten]).to.deep.equal([undefined, n % 2 === 0 ? undefined : true]);
    }
    // Those that may be forgotten are forgotten from the oldest on.
    const forgettable = clOrdIds.filter((used) => used.mayBeForgotten).map(({ clOrdId }) => clOrdId);
    expect(forgettable).to.deep.equal(numbers.filter((n) => n % 2 === 1).map((n) => `f${n}`));
  });

  it('of a book reads nothing under an epoch that is over', async () => {
    const other = await createStore({ orm: venue.orm, nodeName: 'other' });
    await other.claimBooks([SYMBOL]);
    const error = await store.loadOrders(book, 0).then(
      () => undefined,
      (reason: Error) => reason.name,
    );
    expect(error).to.equal('NotOwnerError');
  });
});
