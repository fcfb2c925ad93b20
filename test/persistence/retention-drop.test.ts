/** Partitions that go while somebody writes to them, as only a clock that was set back makes the venue do. */
import { expect } from 'chai';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import type { ClosingRecord } from '../../src/persistence/retention/closings.ts';
import { dropClosed } from '../../src/persistence/retention/drop.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { until } from '../support/until.ts';
import { ALICE, type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const CLOSED_MONTH = Date.parse('2024-01-15T00:00:00Z');
const CLOSING: ClosingRecord = {
  id: 1,
  closedAt: '2024-03-02T00:00:00.000Z',
  chains: [],
  history: { before: '2024-02-01T00:00:00.000Z', links: [] },
  operators: { before: undefined, no: 0, hash: new Uint8Array(32) },
  isDropped: false,
};

describe('a partition of a closed month', () => {
  let database: VenueDatabase;

  beforeEach(async () => {
    database = await venueDatabase();
    await ensurePartitions(database.orm, CLOSED_MONTH);
  });
  afterEach(() => database.drop());

  it('goes when nobody writes to it any more, and what was written last stays', async () => {
    const { orm } = database;
    const client = await (await orm.em.getConnection().getNativeClient()).connect();
    const clock: Clock = {
      ...systemClock,
      after: (delayMs, callback) => systemClock.after(Math.min(delayMs, 10), callback),
    };
    try {
      await client.query('begin');
      await client.query(
        'insert into reports (user_id, source, source_seq, at, msg_type, cl_ord_id, link) ' +
          `values (${ALICE}, 'x', 1, to_timestamp(${CLOSED_MONTH / 1_000}), 'r', 'late', 7)`,
      );
      const dropped = dropClosed({ orm, clock }, CLOSING);
      await until('it to wait for who writes', async () => {
        const waiting = await database.query(
          'select from pg_locks l join pg_database d on d.oid = l.database ' +
            'where datname = current_database() and not granted',
        );
        return waiting.length > 0;
      });
      await client.query('commit');
      await dropped;
    } finally {
      client.release();
    }
    const [gone] = await database.query("select to_regclass('reports_2024_01') is null as gone");
    expect(gone).to.deep.equal({ gone: true });
    expect(await database.query('select cl_ord_id from reports')).to.deep.equal([{ cl_ord_id: 'late' }]);
  });
});
