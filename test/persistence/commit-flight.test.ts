/** What a commit in one flight may come to: cut anywhere, stopped by the server, refused by its own statements. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { expect } from 'chai';
import pg from 'pg';
import type { CommitBatch, Store } from '../../src/actors/ports.ts';
import { lots } from '../../src/matching/types.ts';
import { inOneFlight, type Statement } from '../../src/persistence/flight.ts';
import { connect } from '../../src/persistence/orm.ts';
import { onConnection, prepared } from '../../src/persistence/sql.ts';
import { createStore } from '../../src/persistence/store.ts';
import { buy, cancel, emptyBook, replace, run, SYMBOL, sell } from '../support/book-commands.ts';
import { bookBatch, commitBatch, journalSession } from '../support/commit-batches.ts';
import { loadBook } from '../support/loaded-book.ts';
import { postgresGate } from '../support/postgres-gate.ts';
import { postgresProxy } from '../support/postgres-proxy.ts';
import { until } from '../support/until.ts';
import { ALICE, ALICE_COMP_ID, BOB, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

/** Between one cut and the next, so that no part of a message is spared. */
const CUT_EVERY_BYTES = 11;

describe('a commit in one flight', () => {
  let venue: VenueDatabase;
  const closing: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    venue = await venueDatabase();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await venue.drop();
  });

  /** A store of its own, on a pool of its own. */
  async function storeAt(url: string, options: Parameters<typeof connect>[1] = {}) {
    const orm = await connect(url, { maxConnections: 1, connectTimeoutMs: 2_000, ...options });
    closing.push(() => orm.close(true));
    return { orm, store: await createStore({ orm, nodeName: 'remote' }) };
  }

  /** Batches of one more buy order each, of a book that goes on. */
  async function orderBatches(store: Store): Promise<(commitNo: number) => CommitBatch> {
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    return (commitNo) =>
      bookBatch(commitNo, epoch, run(book, buy(commitNo, 1, 100, { userId: ALICE })), book.lastSeq);
  }

  /** What the rows of `count` such orders say, if each is there once. */
  async function expectOrders(count: number): Promise<void> {
    const [row] = await venue.query<{ orders: number; held: string }>(
      'select (select count(*)::int from orders) as orders, ' +
        `trim_scale(held / 0.0001002)::text as held from balances where user_id = ${ALICE} and asset = 'USD'`,
    );
    expect(row).deep.equal({ orders: count, held: String(count) });
  }

  /** Takes the lock that every commit needs; the answer gives it back. */
  async function holdCommitNo(): Promise<() => Promise<void>> {
    const client = new pg.Client({ connectionString: venue.url });
    await client.connect();
    await client.query('begin');
    await client.query('select from commits for update');
    return async () => {
      await client.query('rollback');
      await client.end();
    };
  }

  async function untilCommitWaits(): Promise<void> {
    await until('the commit to wait for the lock', async () => {
      const waiting = await venue.query(
        "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
      );
      return waiting.length > 0;
    });
  }

  for (const within of ['request', 'answer'] as const) {
    it(`has one copy wherever its ${within} is cut, and no other outcome than that it is tried again`, async () => {
      const proxy = await postgresProxy(venue.url);
      closing.push(() => proxy.close());
      const { store } = await storeAt(proxy.url);
      const nextBatch = await orderBatches(store);
      let commitNo = 0;
      for (let byteCount = 0; ; byteCount += CUT_EVERY_BYTES) {
        commitNo += 1;
        const batch = nextBatch(commitNo);
        if (within === 'request') proxy.cutRequestAfter(byteCount);
        else proxy.cutAnswerAfter(byteCount);
        const outcome = await store.commit(batch);
        if (proxy.commitCutCount < commitNo) {
          expect(outcome).deep.equal({ type: 'Committed' });
          break;
        }
        expect(outcome.type).equal('Unavailable');
        proxy.restore();
        expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
      }

      expect(commitNo).above(20);
      await expectOrders(commitNo);
    });
  }

  it('is unavailable when its server process is ended, and has one copy afterwards', async () => {
    const { store } = await storeAt(venue.url);
    const nextBatch = await orderBatches(store);
    const batch = nextBatch(1);
    const letGo = await holdCommitNo();
    const outcome = store.commit(batch);
    await untilCommitWaits();
    await venue.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'",
    );
    expect(await outcome).include({ type: 'Unavailable' });
    await letGo();
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
    await expectOrders(1);
  });

  it('is unavailable when a statement of it takes longer than the server allows', async () => {
    const name = new URL(venue.url).pathname.slice(1);
    await venue.query(`alter database ${name} set statement_timeout = '200ms'`);
    const { store } = await storeAt(venue.url);
    const nextBatch = await orderBatches(store);
    const batch = nextBatch(1);
    const letGo = await holdCommitNo();
    expect(await store.commit(batch)).deep.equal({
      type: 'Unavailable',
      reason: 'canceling statement due to statement timeout',
    });
    await letGo();
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
    await expectOrders(1);
  });

  it('holds no lock for longer than a transaction may be idle, when half of it never comes', async () => {
    const gate = await postgresGate(venue.url);
    closing.push(() => gate.close());
    const { store } = await storeAt(gate.url, { maxConnections: 2, idleInTransactionTimeoutMs: 300 });
    const nextBatch = await orderBatches(store);
    const batch = nextBatch(1);
    const hold = gate.hold('before COMMIT', () => true);
    expect(await store.commit(batch)).include({ type: 'Unavailable' });
    hold.release();
    await expectOrders(0);
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
    await expectOrders(1);
  });

  it('may take longer than a transaction may be idle when there is much to write', async () => {
    const { store } = await storeAt(venue.url, { maxConnections: 2, idleInTransactionTimeoutMs: 50 });
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const orders = Array.from({ length: 10_000 }, (_, index) => buy(index + 1, 1, 100, { userId: ALICE }));
    const outcome = await store.commit(bookBatch(1, epoch, run(book, ...orders), book.lastSeq));
    expect(outcome).deep.equal({ type: 'Committed' });
    await expectOrders(orders.length);
  });

  it('is in already when its COMMIT was still under way as it was tried again', async () => {
    const { store } = await storeAt(venue.url);
    const nextBatch = await orderBatches(store);
    const batch = nextBatch(1);
    const underWay = new pg.Client({ connectionString: venue.url });
    await underWay.connect();
    await underWay.query('begin');
    await underWay.query("update commits set last_no = 1 where writer = 'remote'");
    const outcome = store.commit(batch);
    await untilCommitWaits();
    await underWay.query('commit');
    expect(await outcome).deep.equal({ type: 'Committed' });
    await underWay.end();
    // The other transaction stood for the batch and wrote no rows: neither does this one.
    await expectOrders(0);
  });

  it('is refused with the error of the statement that failed, at COMMIT too', async () => {
    const { store } = await storeAt(venue.url);
    const nextBatch = await orderBatches(store);
    await venue.query(
      'create function veto() returns trigger language plpgsql as ' +
        "$$ begin raise exception 'not today' using errcode = '23ZZZ'; end $$",
    );
    await venue.query(
      'create constraint trigger veto after insert on orders deferrable initially deferred ' +
        'for each row execute function veto()',
    );
    const batch = nextBatch(1);
    const refused = { type: 'Refused', sqlState: '23ZZZ', reason: 'not today' };
    expect(await store.commit(batch)).deep.equal(refused);
    await venue.query('alter table orders disable trigger veto');
    await venue.query('create trigger veto_now before insert on orders for each row execute function veto()');
    expect(await store.commit(batch)).deep.equal(refused);
    await expectOrders(0);
    await venue.query('drop trigger veto_now on orders');
    expect(await store.commit(batch)).deep.equal({ type: 'Committed' });
    await expectOrders(1);
  });

  it('writes nothing when an order or a balance that changes has no row', async () => {
    const { store } = await storeAt(venue.url);
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    const cancelled = run(book, buy(1, 1, 100, { userId: ALICE }), cancel(1)).slice(1);
    const session = journalSession(ALICE_COMP_ID, ALICE);
    const orderMissing = { ...bookBatch(1, epoch, cancelled, 2), balances: [], sessions: [session] };
    expect(await store.commit(orderMissing)).deep.equal({
      type: 'Refused',
      sqlState: 'OB003',
      reason: 'changed_orders: 0 of 1 rows are there',
    });
    expect(await venue.query('select from fix_sessions')).deep.equal([]);

    const balances = [{ userId: BOB, asset: 'BTC', amount: 1n, held: 0n }];
    expect(await store.commit(commitBatch(1, { balances }))).deep.equal({ type: 'Committed' });
    await venue.query(`delete from balances where user_id = ${BOB} and asset = 'BTC'`);
    expect(await store.commit(commitBatch(2, { balances, sessions: [session] }))).include({
      type: 'Refused',
      sqlState: 'OB003',
    });
    expect(await venue.query('select from fix_sessions')).deep.equal([]);
    expect((await createStore({ orm: venue.orm, nodeName: 'remote' })).lastCommitNo).equal(1);
  });

  it('works on after any number of refusals, on a pool of one', async () => {
    const { store } = await storeAt(venue.url);
    const { epoch } = await loadBook(store, SYMBOL);
    const nextBatch = await orderBatches(store);
    for (let round = 0; round < 5; round += 1) {
      // Before the statement that writes was ever parsed: it must not be taken for parsed.
      const stale = bookBatch(1, epoch, run(emptyBook(), buy(9, 1, 100, { userId: ALICE })), 1);
      expect(await store.commit(stale)).deep.equal({
        type: 'NotOwner',
        symbols: [SYMBOL],
        shards: [],
        sessions: [],
      });
      const poor = bookBatch(1, epoch + 1, run(emptyBook(), sell(8, 1_000_001, 100, { userId: BOB })), 1);
      expect(await store.commit(poor)).include({ type: 'Refused', sqlState: '23514' });
    }
    expect(await store.commit(nextBatch(1))).deep.equal({ type: 'Committed' });
    expect(await store.commit(nextBatch(2))).deep.equal({ type: 'Committed' });
    await expectOrders(2);
  });

  it('is planned once, by the indexes though the tables are empty, and leaves the connection as it was', async () => {
    const { orm, store } = await storeAt(venue.url);
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    for (let commitNo = 1; commitNo <= 8; commitNo += 1) {
      const events = run(book, buy(2 * commitNo, 1, 100, { userId: ALICE }));
      await store.commit(bookBatch(2 * commitNo - 1, epoch, events, book.lastSeq));
      const cancelled = run(book, cancel(2 * commitNo), buy(2 * commitNo + 1, 1, 90, { userId: ALICE }));
      await store.commit(bookBatch(2 * commitNo, epoch, cancelled, book.lastSeq));
    }
    const iceberg = { userId: ALICE, maxFloor: lots(1) };
    const entered = run(book, buy(101, 3, 80, iceberg));
    await store.commit(bookBatch(17, epoch, entered, book.lastSeq));
    const replaced = run(book, replace(101, 4, 80), buy(102, 3, 80, iceberg));
    await store.commit(bookBatch(18, epoch, replaced, book.lastSeq));
    const plans = await onConnection(orm, async (sql) => {
      expect(await sql.rows('show plan_cache_mode')).deep.equal([{ plan_cache_mode: 'auto' }]);
      expect(await sql.rows('show enable_seqscan')).deep.equal([{ enable_seqscan: 'on' }]);
      expect(await sql.rows('show transaction_timeout')).deep.equal([{ transaction_timeout: '0' }]);
      const statements = await sql.rows<{ name: string; parameters: number; custom: number }>(
        'select name, cardinality(parameter_types)::int as parameters, custom_plans::int as custom ' +
          // The load of the book is planned anew for what it asks.
          "from pg_prepared_statements where cardinality(parameter_types) > 0 and statement not like 'select open.%'",
      );
      expect(statements.map(({ custom }) => custom)).deep.equal(statements.map(() => 0));
      await sql.rows('set plan_cache_mode = force_generic_plan');
      const lines: string[] = [];
      for (const { name, parameters } of statements) {
        const nulls = new Array(parameters).fill('null').join(', ');
        const rows = await sql.rows<Record<string, string>>(`explain execute "${name}"(${nulls})`);
        lines.push(...rows.flatMap((row) => Object.values(row)));
      }
      return lines.join('\n');
    });
    expect(plans).match(/Index Scan using orders_pkey/);
    expect(plans).match(/CTE changed_instructed_orders/);
    expect(plans).not.match(/Seq Scan on|Hash Join|Merge Join/);
  });
});

describe('a flight', () => {
  let venue: VenueDatabase;
  beforeEach(async () => {
    venue = await venueDatabase();
  });
  afterEach(() => venue.drop());

  const insert: Statement = {
    statement: prepared("insert into commits (writer, last_no) values ('flight', $1::bigint)"),
    parameters: ['7'],
  };

  async function rowCount(): Promise<number> {
    return (await venue.query("select from commits where writer = 'flight'")).length;
  }

  it('is not committed when COMMIT is answered with ROLLBACK, and its connection is given up', async () => {
    const released: unknown[] = [];
    const client = {
      query(query: string | { handleCommandComplete(tag: object): void; handleReadyForQuery(): void }) {
        if (typeof query === 'string') return Promise.resolve();
        query.handleCommandComplete({ text: 'INSERT 0 1' });
        query.handleCommandComplete({ text: 'ROLLBACK' });
        query.handleReadyForQuery();
        return query;
      },
      release: (isBroken: unknown) => released.push(isBroken),
    };
    const connection = { getNativeClient: async () => ({ connect: async () => client }) };
    const orm = { em: { getConnection: () => connection } } as unknown as MikroORM;
    const outcome = await inOneFlight(orm, [insert]);
    expect(outcome.type).equal('Failed');
    expect(String('error' in outcome && outcome.error)).contain('COMMIT was answered with ROLLBACK');
    expect(released).deep.equal([true]);
  });

  it('that cannot be sent whole writes nothing and spoils no connection', async () => {
    const unsendable = { statement: insert.statement, parameters: [{} as string] };
    const outcome = await inOneFlight(venue.orm, [insert, unsendable]);
    expect(outcome.type === 'Failed' && outcome.error).instanceOf(TypeError);
    expect(await rowCount()).equal(0);
    expect(await inOneFlight(venue.orm, [insert])).deep.equal({ type: 'Committed' });
    expect(await rowCount()).equal(1);
  });
});
