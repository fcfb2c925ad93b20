/**
 * What a SIGKILL cannot show: that an acknowledged commit is on disk and not in the memory of the operating system.
 * The server counts how often it had its log (WAL) written to disk.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { expect } from 'chai';
import { connect } from '../../src/persistence/orm.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { createStore } from '../../src/persistence/store.ts';
import { buy, emptyBook, run, SYMBOL } from '../support/book-commands.ts';
import { bookBatch } from '../support/commit-batches.ts';
import { loadBook } from '../support/loaded-book.ts';
import { until } from '../support/until.ts';
import { ALICE, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const COMMIT_COUNT = 40;

describe('the syncs of the write-ahead log', () => {
  let venue: VenueDatabase;
  const pools: MikroORM[] = [];

  beforeEach(async () => {
    venue = await venueDatabase();
  });
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.close(true);
    await venue.drop();
  });

  /** A pool of one connection, so that whoever commits also tells the server to count. */
  async function connection(options = ''): Promise<MikroORM> {
    const url = new URL(venue.url);
    if (options !== '') url.searchParams.set('options', options);
    const orm = await connect(url.href, { maxConnections: 1 });
    pools.push(orm);
    return orm;
  }

  /** Syncs so far, of all processes of the server; those of this connection are up to date. */
  async function syncCount(orm: MikroORM): Promise<number> {
    return await onConnection(orm, async (sql) => {
      // A process adds to what is counted only now and then, unless it is told to after its next statement.
      await sql.rows('select pg_stat_force_next_flush()');
      await sql.rows('select pg_stat_clear_snapshot()');
      const [row] = await sql.rows<{ count: string }>(
        "select coalesce(sum(fsyncs), 0) as count from pg_stat_io where object = 'wal'",
      );
      return Number(row?.count);
    });
  }

  /** Commits orders through the store, one after the other, each acknowledged. */
  async function commitOrders(orm: MikroORM): Promise<void> {
    const store = await createStore({ orm, nodeName: 'syncing' });
    const { epoch } = await loadBook(store, SYMBOL);
    const book = emptyBook();
    for (let commitNo = 1; commitNo <= COMMIT_COUNT; commitNo += 1) {
      const events = run(book, buy(commitNo, 1, 100, { userId: ALICE }));
      const outcome = await store.commit(bookBatch(commitNo, epoch, events, book.lastSeq));
      expect(outcome).to.deep.equal({ type: 'Committed' });
    }
  }

  /** Fails unless each commit had a sync: another process may have made one, and counts it when it likes. */
  async function expectSyncsOf(orm: MikroORM): Promise<void> {
    const before = await syncCount(orm);
    await commitOrders(orm);
    await until(`${COMMIT_COUNT} syncs`, async () => (await syncCount(orm)) - before >= COMMIT_COUNT, 2_000);
  }

  it('are at least one for each commit that the store acknowledges', async () => {
    await expectSyncsOf(await connection());
  });

  it('are as many where somebody has told the connection not to wait for them', async () => {
    await expectSyncsOf(await connection('-c synchronous_commit=off'));
  });

  it('are fewer than the commits of a connection that does not wait for them, so that counting them shows something', async () => {
    const orm = await connection('-c synchronous_commit=off');
    const before = await syncCount(orm);
    for (let count = 0; count < COMMIT_COUNT; count += 1) {
      await onConnection(orm, (sql) => sql.rows(`update users set status = status where id = ${ALICE}`));
    }
    expect((await syncCount(orm)) - before).to.be.below(COMMIT_COUNT / 2);
  });
});
