/** Partitions that are made while somebody reads their tables for long, as a proof or a backup does. */
import { expect } from 'chai';
import { ensurePartitions, ensurePartitionsAtStart } from '../../src/persistence/partitions.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { until } from '../support/until.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

const NOW = Date.UTC(2031, 4, 31);
const NEXT_MONTH = Date.UTC(2031, 5, 1);

describe('a start beside somebody who reads a table', function () {
  this.timeout(30_000);
  let database: VenueDatabase;
  let endReading: () => Promise<void>;
  let waits: (() => void)[];
  let lines: string[];

  beforeEach(async () => {
    database = await venueDatabase();
    waits = [];
    lines = [];
    const client = await (await database.orm.em.getConnection().getNativeClient()).connect();
    await client.query('begin');
    await client.query('select from trades limit 1');
    let isReading = true;
    endReading = async () => {
      if (!isReading) return;
      isReading = false;
      await client.query('rollback');
      client.release();
    };
  });
  afterEach(async () => {
    await endReading();
    await database.drop();
  });

  function start(now: number, signal?: AbortSignal): Promise<void> {
    const clock: Clock = {
      ...systemClock,
      now: () => now,
      after(_delayMs, callback) {
        waits.push(callback);
        return () => waits.splice(waits.indexOf(callback), 1);
      },
    };
    const onProgress = (line: string): void => {
      lines.push(line);
    };
    return ensurePartitionsAtStart(database.orm, { clock, log: silentLog, onProgress, signal });
  }

  async function partitionsOfTrades(): Promise<readonly string[]> {
    const rows = await database.query<{ name: string }>(
      "select relname as name from pg_class where relname ~ '^trades_2031_\\d\\d$' order by 1",
    );
    return rows.map(({ name }) => name);
  }

  it('says once what it waits for, and lets commits of others through meanwhile', async () => {
    const started = start(NOW);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await until('the start to wait', () => waits.length > 0);
      // Who writes does not stand behind it.
      await database.query('do $$ begin lock table trades in row exclusive mode nowait; end $$');
      expect(lines).to.deep.equal(["waiting for who reads trades: this month's partitions are to be made"]);
      if (attempt === 0) waits.shift()?.();
    }
    const [others] = await database.query("select to_regclass('audit_links_2031_07') is not null as made");
    expect(others).to.deep.equal({ made: true });
    await endReading();
    waits.shift()?.();
    await started;
    expect(await partitionsOfTrades()).to.deep.equal(['trades_2031_05', 'trades_2031_06', 'trades_2031_07']);
    expect(lines).to.have.length(1);
  });

  it('goes on without those of later months, which are made later', async () => {
    await endReading();
    await ensurePartitions(database.orm, NOW);
    const client = await (await database.orm.em.getConnection().getNativeClient()).connect();
    try {
      await client.query('begin');
      await client.query('select from trades limit 1');
      await start(NEXT_MONTH);
      expect(lines).to.deep.equal([]);
      expect(await partitionsOfTrades()).to.not.include('trades_2031_08');
    } finally {
      await client.query('rollback');
      client.release();
    }
    await ensurePartitions(database.orm, NEXT_MONTH);
    expect(await partitionsOfTrades()).to.include('trades_2031_08');
  });

  it('does not wait any more when it is told to stop', async () => {
    const stopping = new AbortController();
    const started = start(NOW, stopping.signal);
    await until('the start to wait', () => waits.length > 0);
    stopping.abort();
    await started;
    expect(waits).to.deep.equal([]);
  });
});
