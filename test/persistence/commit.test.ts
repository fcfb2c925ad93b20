import { expect } from 'chai';
import pg from 'pg';
import { reportsOf } from '../../src/accounts/reports.ts';
import { NO_TERMS } from '../../src/accounts/trading-terms.ts';
import type { Store } from '../../src/actors/ports.ts';
import { lots, ticks } from '../../src/matching/types.ts';
import { createCommitStatements } from '../../src/persistence/commit-statements.ts';
import { connect } from '../../src/persistence/orm.ts';
import { createStore } from '../../src/persistence/store.ts';
import { atOnce } from '../../src/persistence/turns.ts';
import { AT, buy, cancel, emptyBook, replace, run, SYMBOL, sell } from '../support/book-commands.ts';
import { bookBatch, commitBatch } from '../support/commit-batches.ts';
import { BTC_USD } from '../support/instruments.ts';
import { loadBook } from '../support/loaded-book.ts';
import { type PostgresProxy, postgresProxy } from '../support/postgres-proxy.ts';
import { until } from '../support/until.ts';
import { ALICE, BOB, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const alice = { userId: ALICE };
const bob = { userId: BOB };

/** On the trading day of the requests. */
const REQUESTED_AT = Date.UTC(2024, 4, 6, 10);

describe('commit', () => {
  let venue: VenueDatabase;
  let store: Store;

  beforeEach(async () => {
    venue = await venueDatabase();
    store = await createStore({ orm: venue.orm, nodeName: 'local' });
  });
  afterEach(() => venue.drop());

  function countOf(table: string): Promise<number> {
    return venue
      .query<{ n: number }>(`select count(*)::int as n from ${table}`)
      .then(([row]) => row?.n ?? -1);
  }

  it('brings the same book back, hash for hash', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const first = run(book, sell(1, 50, 10_000, bob), buy(2, 20, 9_000, alice), buy(3, 30, 10_000, alice));
    expect(await store.commit(bookBatch(1, epoch, first, book.lastSeq))).deep.equal({ type: 'Committed' });
    const second = run(
      book,
      replace(2, 10, 9_000),
      sell(4, 7, 12_000, bob),
      sell(5, 9, 11_000, bob),
      cancel(4),
    );
    expect(await store.commit(bookBatch(2, epoch, second, book.lastSeq))).deep.equal({ type: 'Committed' });

    const loaded = await loadBook(store, SYMBOL);
    expect(loaded.lastSeq).equal(book.lastSeq);
    expect(loaded.lastPrice).equal(10_000);
    expect(loaded.epoch).equal(epoch + 1);
    const restored = emptyBook(loaded.lastSeq);
    for (const order of loaded.orders) restored.restore(order);
    expect(restored.stateHash()).equal(book.stateHash());
    expect([...restored.openOrders()]).deep.equal([...book.openOrders()]);
  });

  it('gives an account back with what it owns, its orders and its ClOrdIDs', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const events = run(
      book,
      buy(1, 20, 9_000, { ...alice, tradingDay: '2024-05-01', timeInForce: '1' }),
      buy(2, 10, 8_000, alice),
      replace(1, 30, 9_100),
      cancel(2),
    );
    await store.commit({
      ...bookBatch(1, epoch, events, book.lastSeq),
      requests: [
        {
          userId: ALICE,
          clOrdId: 'r1',
          tradingDay: '2024-05-01',
          msgType: 'G',
          orderId: 1,
          accepted: true,
          at: REQUESTED_AT,
        },
        {
          userId: ALICE,
          clOrdId: 'x2',
          tradingDay: '2024-05-06',
          msgType: 'F',
          orderId: 2,
          accepted: true,
          at: REQUESTED_AT,
        },
        {
          userId: ALICE,
          clOrdId: 'q1',
          tradingDay: '2024-05-06',
          msgType: 'q',
          orderId: undefined,
          accepted: true,
          at: REQUESTED_AT,
        },
        {
          userId: ALICE,
          clOrdId: 'bad',
          tradingDay: '2024-05-06',
          msgType: 'D',
          orderId: undefined,
          accepted: false,
          at: REQUESTED_AT,
        },
        {
          userId: ALICE,
          clOrdId: 'old',
          tradingDay: '2024-05-05',
          msgType: 'F',
          orderId: 77,
          accepted: false,
          at: REQUESTED_AT,
        },
      ],
      accounts: [{ userId: ALICE, lastSeq: 4 }],
    });
    const account = await store.loadAccount(ALICE, '2024-05-06');
    expect(account.commits).deep.equal(new Map([['local', 1]]));
    expect(account.lastSeq).equal(4);
    expect(account.terms).deep.equal(NO_TERMS);
    expect(account.balances).deep.equal([{ asset: 'USD', amount: 1_000_000n * 10n ** 18n }]);
    expect(account.orders).deep.equal([...book.openOrders()]);
    expect(account.closed).deep.equal([{ orderId: 2, ordStatus: '4', tradingDay: '2024-05-06' }]);
    expect(await store.loadOrder(ALICE, 2)).deep.equal({
      ...eventOrder(events, 2),
      ordStatus: '4',
      leavesQty: 0,
    });
    expect(await store.loadOrder(BOB, 2), "another's").equal(undefined);
    expect(await store.loadOrder(ALICE, 77)).equal(undefined);
    expect([...account.clOrdIds].sort((a, b) => (a.clOrdId < b.clOrdId ? -1 : 1))).deep.equal([
      { clOrdId: 'bad', orderId: undefined, tradingDay: '2024-05-06' },
      { clOrdId: 'c1', orderId: 1, tradingDay: '2024-05-01' },
      { clOrdId: 'c2', orderId: 2, tradingDay: '2024-05-06' },
      { clOrdId: 'old', orderId: undefined, tradingDay: '2024-05-05', mayBeForgotten: true },
      // A cancel's ClOrdID is taken, but names no order.
      { clOrdId: 'q1', orderId: undefined, tradingDay: '2024-05-06', mayBeForgotten: true },
      { clOrdId: 'r1', orderId: 1, tradingDay: '2024-05-01' },
      { clOrdId: 'x2', orderId: undefined, tradingDay: '2024-05-06' },
    ]);
  });

  it('gives an account back with the terms that are set for it, before it has ever reported', async () => {
    await venue.query(
      "update users set self_trade_prevention = 'CancelBoth', max_order_quantity = 1.5, " +
        'max_order_notional = 0.000000000000000001, max_open_orders = 3, price_band_bps = 250, ' +
        'maker_fee_rate = 0, taker_fee_rate = 25000 where id = $1',
      [ALICE],
    );
    expect((await store.loadAccount(ALICE, '2024-05-06')).terms).deep.equal({
      selfTradePrevention: 'CancelBoth',
      maxQuantity: 15n * 10n ** 17n,
      maxNotional: 1n,
      maxOpenOrders: 3,
      priceBandBps: 250,
      makerFeeRate: 0,
      takerFeeRate: 25_000,
    });
  });

  it('has no order of one that the book rejected: its ClOrdID is taken for the day, and names no order', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    await store.commit(bookBatch(1, epoch, run(book, sell(1, 10, 10_000, bob)), book.lastSeq));
    const rejected = run(book, buy(2, 10, 10_000, { ...alice, execInst: '6' }));
    const request = {
      userId: ALICE,
      clOrdId: 'c2',
      tradingDay: '2024-05-06',
      msgType: 'D',
      at: REQUESTED_AT,
    } as const;
    const batch = {
      ...bookBatch(2, epoch, rejected, book.lastSeq),
      requests: [{ ...request, orderId: 2, accepted: false }],
    };
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
    expect(await countOf('orders')).equal(1);
    const account = await store.loadAccount(ALICE, '2024-05-06');
    const taken = { clOrdId: 'c2', orderId: undefined, tradingDay: '2024-05-06' };
    expect([account.orders, account.clOrdIds]).deep.equal([[], [taken]]);
    const reports = await venue.query('select order_id, exec_type, reason from reports where source_seq = 2');
    expect(reports).deep.equal([{ order_id: '2', exec_type: '8', reason: 99 }]);
    expect((await loadBook(store, SYMBOL)).lastSeq).equal(2);
  });

  it('writes plain orders by the same statement whether or not the venue knows other kinds', () => {
    const statements = createCommitStatements(venue.orm);
    const head = { chain: 1, lastNo: 0, hash: new Uint8Array(32) };
    const textOf = (...events: Parameters<typeof bookBatch>[2]) =>
      atOnce(statements.write(bookBatch(1, 1, events, 1), () => BTC_USD, head)).statement?.statement.text ??
      '';
    const plain = textOf(...run(emptyBook(), buy(1, 10, 9_000)));
    expect(plain)
      .contain('new_orders')
      .not.match(/instructed|stop_px|max_floor|stp_mode/);
    const iceberg = textOf(...run(emptyBook(), buy(1, 10, 9_000, { maxFloor: lots(5) })));
    expect(iceberg)
      .contain('new_instructed_orders')
      .not.match(/new_orders|changed_orders/);
  });

  it('keeps the hold of a stop order at its protection price, until it is triggered and after', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const stop = buy(1, 10_000, 10_700, { ...alice, ordType: '3', stopPx: ticks(10_200) });
    const events = run(book, stop, sell(2, 5_000, 10_300, bob));
    expect(await store.commit(bookBatch(1, epoch, events, book.lastSeq))).deep.equal({ type: 'Committed' });
    const held = () =>
      venue.query('select trim_scale(held) as held from balances where user_id = 1 and asset = $1', ['USD']);
    expect(await held()).deep.equal([{ held: '107.214' }]);
    const later = run(book, buy(3, 2_500, 10_300, bob));
    expect(await store.commit(bookBatch(2, epoch, later, book.lastSeq))).deep.equal({ type: 'Committed' });
    expect(await held()).deep.equal([{ held: '0' }]);
    const [row] = await venue.query('select triggered, is_open, status from orders where id = 1');
    expect(row).deep.equal({ triggered: true, is_open: false, status: 'C' });
  });

  it('settles a trade with its fees in the transaction of the trade', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const events = run(book, sell(1, 10_000, 10_000, bob), buy(2, 10_000, 10_000, alice));
    await store.commit(bookBatch(1, epoch, events, book.lastSeq));
    const balances = await venue.query(
      'select user_id, asset, trim_scale(amount)::text as amount, held::float8 as held from balances order by 1, 2',
    );
    expect(balances).deep.equal([
      { user_id: 0, asset: 'USD', amount: '0.3', held: 0 },
      { user_id: ALICE, asset: 'BTC', amount: '1', held: 0 },
      { user_id: ALICE, asset: 'USD', amount: '999899.8', held: 0 },
      { user_id: BOB, asset: 'BTC', amount: '99', held: 0 },
      { user_id: BOB, asset: 'USD', amount: '1000099.9', held: 0 },
    ]);
    const [trade] = await venue.query(
      'select id, trim_scale(maker_fee) as maker, trim_scale(taker_fee) as taker from trades',
    );
    expect(trade).deep.equal({ id: '1', maker: '0.1', taker: '0.2' });
  });

  it('books transfers, crash halts and new balances', async () => {
    const transfer = {
      type: 'TransferFunds',
      kind: 'deposit',
      asset: 'ETH',
      amount: 5n,
      idempotencyKey: 'k1',
      requestedBy: 'op',
      reason: undefined,
    } as const;
    const batch = commitBatch(1, {
      transfers: [{ userId: ALICE, transfer, at: AT }],
      balances: [{ userId: ALICE, asset: 'ETH', amount: 5n, held: 0n }],
      halts: [{ symbol: SYMBOL, reason: 'it kept crashing' }],
    });
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
    expect(await countOf('transfers')).equal(1);
    const [instrument] = await venue.query(
      'select status, halted_by, status_reason from instruments where symbol = $1',
      [SYMBOL],
    );
    expect(instrument).deep.equal({
      status: 'halted',
      halted_by: 'crash',
      status_reason: 'it kept crashing',
    });
    const repeat = await store.commit({ ...batch, commitNo: 2 });
    expect(repeat).include({ type: 'Refused', sqlState: '23505' });
    const { balances, transferIds } = await store.loadAccount(ALICE, '2024-05-06');
    expect(balances[0]).deep.equal({ asset: 'ETH', amount: 5n });
    expect(transferIds).deep.equal(batch.transfers.map(({ transfer }) => transfer.idempotencyKey));
  });

  it('writes nothing for a book that another node has taken', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const other = await createStore({ orm: venue.orm, nodeName: 'other' });
    await loadBook(other, SYMBOL);
    await loadBook(store, 'ETH-USD');
    const events = run(emptyBook(), buy(1, 1, 100, alice));
    const batch = bookBatch(1, epoch, events, 1);
    const outcome = await store.commit({
      ...batch,
      books: [...batch.books, { symbol: 'ETH-USD', epoch: 1, lastSeq: 9 }],
      requests: [
        {
          userId: ALICE,
          clOrdId: 'f',
          tradingDay: '2024-05-06',
          msgType: 'F',
          orderId: 1,
          accepted: true,
          at: REQUESTED_AT,
        },
      ],
    });
    expect(outcome).deep.equal({ type: 'NotOwner', symbols: [SYMBOL], shards: [], sessions: [] });
    expect([await countOf('orders'), await countOf('requests')]).deep.equal([0, 0]);
    expect((await loadBook(store, 'ETH-USD')).lastSeq).equal(0);
    const reopened = await createStore({ orm: venue.orm, nodeName: 'local' });
    expect(reopened.lastCommitNo).equal(0);
  });

  it('recognises a batch that is in already', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const batch = bookBatch(1, epoch, run(emptyBook(), buy(1, 1, 100, alice)), 1);
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
    expect(await countOf('orders')).equal(1);
    expect(await store.commit({ ...batch, commitNo: 3 })).include({ type: 'Refused' });
  });

  it('refuses a batch that would leave a balance negative, and keeps nothing of it', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const events = run(emptyBook(), sell(1, 1_000_001, 100, { userId: BOB }));
    const outcome = await store.commit(bookBatch(1, epoch, events, 1));
    expect(outcome).include({ type: 'Refused', sqlState: '23514' });
    expect(await countOf('orders')).equal(0);
    const within = run(emptyBook(), sell(1, 1_000_000, 100, { userId: BOB }));
    expect(await store.commit(bookBatch(1, epoch, within, 1))).deep.equal({ type: 'Committed' });
  });

  it('refuses a change of an order that has no row', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const events = run(emptyBook(), buy(1, 1, 100, alice), cancel(1)).slice(1);
    expect(await store.commit(bookBatch(1, epoch, events, 2))).include({ type: 'Refused' });
  });

  it('does not fail for text that Postgres or NUMERIC cannot hold', async () => {
    const clOrdId = 'a\0"b\\{}\u00e9';
    const report = {
      type: 'ExecutionReport',
      userId: ALICE,
      source: `user:${ALICE}`,
      sourceSeq: 1,
      at: AT,
      orderId: undefined,
      clOrdId,
      origClOrdId: undefined,
      execType: '8',
      ordStatus: '8',
      symbol: 'X'.repeat(5_000),
      side: '1',
      ordType: undefined,
      timeInForce: undefined,
      orderQty: '9'.repeat(10_000),
      price: 'NaN',
      cumQty: '0',
      leavesQty: '0',
      avgPx: '0',
      fill: undefined,
      ordRejReason: 99,
      execRestatementReason: undefined,
      text: 'no',
    } as const;
    expect(await store.commit(commitBatch(1, { reports: [report] }))).deep.equal({ type: 'Committed' });
    const [row] = await venue.query(
      'select cl_ord_id, length(symbol) as symbol_length, order_qty from reports',
    );
    expect(row).deep.equal({ cl_ord_id: 'a\ufffd"b\\{}\u00e9', symbol_length: 5_000, order_qty: null });
  });

  it('does not fail for text that JSON in Postgres cannot hold', async () => {
    const report = {
      ...reportsOf(run(emptyBook(), buy(1, 10, 9_000, alice))[0]!, BTC_USD)[0]!,
      execType: '8',
      source: `user:${ALICE}`,
      instructions: { account: 'a\0"b\\{}\u00e9\ud800', stopPx: '9'.repeat(10_000) },
    } as const;
    expect(await store.commit(commitBatch(1, { reports: [report] }))).deep.equal({ type: 'Committed' });
    const [row] = await venue.query('select details from reports');
    expect(row).deep.equal({
      details: { instructions: { account: 'a\ufffd"b\\{}\u00e9\ufffd', stopPx: '9'.repeat(10_000) } },
    });
  });

  it('does not fail for an end beyond the year 9999', async () => {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const end = {
      timeInForce: '6',
      expireTime: Date.UTC(10_000, 0, 1, 5),
      expireDate: '9999-12-31',
    } as const;
    const last = { timeInForce: '6', expireTime: 8_640_000_000_000_000 } as const;
    const orders = [buy(1, 10, 9_000, { ...alice, ...end }), buy(2, 10, 9_000, { ...alice, ...last })];
    const batch = bookBatch(1, epoch, run(book, ...orders), book.lastSeq);
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
    expect((await loadBook(store, SYMBOL)).orders).deep.equal([...book.openOrders()]);
  });

  it('counts on from a commit of its previous life that was still on its way', async () => {
    const previousLife = new pg.Client({ connectionString: venue.url });
    await previousLife.connect();
    await previousLife.query('begin');
    await previousLife.query("update commits set last_no = 1 where writer = 'local'");
    const reopening = createStore({ orm: venue.orm, nodeName: 'local' });
    await until('the new life to wait', async () => {
      const waiting =
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
      return (await venue.query(waiting)).length > 0;
    });
    await previousLife.query('commit');
    expect((await reopening).lastCommitNo).equal(1);
    await previousLife.end();
  });

  describe('over a connection that breaks', () => {
    let proxy: PostgresProxy;
    let remote: Store;
    let close: () => Promise<void>;

    beforeEach(async () => {
      proxy = await postgresProxy(venue.url);
      const orm = await connect(proxy.url, { maxConnections: 2, connectTimeoutMs: 2_000 });
      remote = await createStore({ orm, nodeName: 'remote' });
      close = async () => {
        await orm.close(true);
        await proxy.close();
      };
    });
    afterEach(() => close());

    async function batchOfOneOrder() {
      const { epoch } = await loadBook(remote, SYMBOL);
      return bookBatch(1, epoch, run(emptyBook(), buy(1, 1, 100, alice)), 1);
    }

    it('has one copy when the answer to COMMIT is lost', async () => {
      const batch = await batchOfOneOrder();
      proxy.cutAfterCommit();
      expect(await remote.commit(batch)).include({ type: 'Unavailable' });
      expect(await countOf('orders')).equal(1);
      expect(await remote.commit(batch)).deep.equal({ type: 'Committed' });
      expect([await countOf('orders'), proxy.commitCutCount]).deep.equal([1, 1]);
      const [held] = await venue.query('select held::float8 as held from balances where user_id = 1');
      expect(held).deep.equal({ held: 0.0001002 });
    });

    it('has one copy when COMMIT itself is lost', async () => {
      const batch = await batchOfOneOrder();
      proxy.cutBeforeCommit();
      expect(await remote.commit(batch)).include({ type: 'Unavailable' });
      expect(await countOf('orders')).equal(0);
      expect(await remote.commit(batch)).deep.equal({ type: 'Committed' });
      expect([await countOf('orders'), proxy.commitCutCount]).deep.equal([1, 1]);
    });

    it('is unavailable while the server is away, and works when it is back, however often that happens', async () => {
      const batch = await batchOfOneOrder();
      for (let outage = 0; outage < 5; outage += 1) {
        proxy.cutAfterCommit();
        await remote.loadAccount(ALICE, '2024-05-06').then(
          () => expect.fail('the answer was lost'),
          (error: Error) => expect(error.name).equal('StoreUnavailableError'),
        );
        proxy.cutAll();
        expect(await remote.commit(batch)).include({ type: 'Unavailable' });
        const error = await loadBook(remote, SYMBOL).then(
          () => undefined,
          (reason: Error) => reason,
        );
        expect(error?.name).equal('StoreUnavailableError');
        proxy.restore();
      }
      expect(await remote.commit(batch)).deep.equal({ type: 'Committed' });
      expect(await countOf('orders')).equal(1);
    });
  });
});

describe('a symbol', () => {
  it('that nobody listed cannot be loaded, and that is no passing failure', async () => {
    const venue = await venueDatabase();
    const store = await createStore({ orm: venue.orm, nodeName: 'local' });
    const error = await loadBook(store, 'NOPE').then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).equal('there is no instrument NOPE');
    await venue.drop();
  });
});

function eventOrder(events: ReturnType<typeof run>, orderId: number) {
  const event = events.find((one) => one.type === 'OrderAccepted' && one.order.orderId === orderId);
  if (event?.type !== 'OrderAccepted') throw new Error(`order ${orderId} was not accepted`);
  return event.order;
}
