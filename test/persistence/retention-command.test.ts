/** Retention as an operator runs it, and as a node does by itself. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runRetention } from '../../src/persistence/retention/run.ts';
import { startRetentionUpkeep } from '../../src/persistence/retention/upkeep.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import type { Log, LogFields } from '../../src/platform/log.ts';
import { type CliResult, onebook } from '../support/cli.ts';
import { monthsOfTrading, tradedDatabase } from '../support/postgres-market.ts';
import { expectReconciled } from '../support/reconciled.ts';
import { until } from '../support/until.ts';
import type { VenueDatabase } from '../support/venue-database.ts';

const HOUR_MS = 3_600_000;

async function tellEverything(database: VenueDatabase): Promise<void> {
  await database.query(
    'insert into fix_delivered select user_id, source, max(source_seq) from reports group by 1, 2',
  );
}

describe('onebook retention', function () {
  this.timeout(60_000);
  let database: VenueDatabase;
  let dir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'onebook-retention-'));
    database = await tradedDatabase(6, 3);
    await configure('{ historyMonths: 12 }');
  });
  after(async () => {
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  });

  function configure(retention: string): Promise<void> {
    return writeFile(
      join(dir, 'cluster.config.ts'),
      `export default { retention: ${retention}, nodes: { local: {} } };\n`,
    );
  }

  function retention(...argv: readonly string[]): Promise<CliResult> {
    return onebook(['retention', ...argv, '--database-url', database.url], { cwd: dir });
  }

  it('shows what would go, and who holds it back, and changes nothing', async () => {
    for (const argv of [[], ['--dry-run'], ['run', '--dry-run']]) {
      const { exitCode, stdout, stderr } = await retention(...argv);
      expect({ exitCode, stderr }, argv.join(' ')).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(stdout).to.match(
        /^kept: history 12 full months, operators' actions for ever, sent messages 7 days\n/,
      );
      expect(stdout).to.match(
        /\nto be closed: nothing\nheld back: alice \(SenderCompID 1001\) has not been told \d+ reports? since 2023-/,
      );
    }
    await tellEverything(database);
    const { stdout } = await retention();
    expect(stdout).to.match(/\nto be closed: history before 20\d\d-\d\d-01\n/);
    expect(stdout).to.match(/\n {2}reports_2023_11: (about \d+ rows|rows not counted), \d+\.\d MiB\n/);
    expect(await database.query('select from closings')).to.deep.equal([]);
  });

  it('refuses to close what does not agree, tells the differences, and ends with 1', async () => {
    await database.query('update accounts set last_seq = last_seq + 1 where user_id = 1');
    const { exitCode, stdout, stderr } = await retention('run');
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: '' });
    expect(stderr).to.match(
      /^error: history does not agree, and is not closed\nerror: user:1: the last number/,
    );
    await database.query('update accounts set last_seq = last_seq - 1 where user_id = 1');
  });

  it('closes what is due, which is on record, and then all of it is gone', async () => {
    const { exitCode, stdout, stderr } = await retention('run');
    expect({ exitCode, stderr }, stdout + stderr).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(stdout).to.match(/\n {2}trades_2024_01: .*\ndone, in \d+\.\d\d s\n$/s);
    const [entry] = await database.query<{ actor: string; rows: { reports: number } }>(
      "select actor, details->'rows' as rows from audit where action = 'history closed'",
    );
    expect(entry?.actor).not.to.equal('');
    expect(entry?.rows.reports).to.be.above(100);
    const { rowCounts } = await expectReconciled(database.url);
    expect(rowCounts).to.include({ trades: 0, reports: 0 }).and.to.have.property('orders').above(0);
    const again = JSON.parse((await retention('--json')).stdout) as { last: object; partitions: object[] };
    expect(again).to.deep.include({ partitions: [] });
    expect(again.last).to.include({ isDropped: true });
    expect((await retention('run')).stdout).to.match(/\nnothing was due, in /);
    for (const command of ['reconcile', 'audit verify']) {
      const argv = [...command.split(' '), '--database-url', database.url];
      expect((await onebook(argv, { cwd: dir })).exitCode, command).to.equal(0);
    }
  });

  it('names what is wrong in the configuration, and ends with 2', async () => {
    await configure('{ historyMonths: 0 }');
    const { exitCode, stderr } = await retention('run');
    expect(exitCode).to.equal(2);
    expect(stderr).to.match(/retention\.historyMonths must be full months to keep/);
  });
});

/** The hours of a node pass when the test says so; everything shorter passes by itself. */
function hourly(start: number) {
  let now = start;
  const timers: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    now: () => now,
    after(delayMs, callback) {
      if (delayMs < HOUR_MS) return systemClock.after(delayMs, callback);
      timers.push(callback);
      return () => timers.splice(timers.indexOf(callback), 1);
    },
  };
  return {
    clock,
    timers,
    set: (at: number): void => {
      now = at;
    },
    pass: (): void => {
      now += HOUR_MS;
      timers.shift()?.();
    },
  };
}

type Logged = readonly [string, LogFields | undefined];

function notingLog(): { readonly log: Log; readonly logged: Logged[] } {
  const logged: Logged[] = [];
  const note = (event: string, fields?: LogFields): void => {
    logged.push([event, fields]);
  };
  const log: Log = { debug: note, info: note, warn: note, error: note, with: () => log };
  return { log, logged };
}

const UPKEEP_TERMS = { historyMonths: 1, operatorsMonths: undefined, fixHistoryDays: 7 };

describe('a node that runs for months', function () {
  this.timeout(60_000);
  let database: VenueDatabase;
  before(async () => {
    database = await tradedDatabase(7, 3);
    await tellEverything(database);
  });
  after(() => database.drop());

  it('makes partitions long before they are needed, and once a day lets go what is due', async () => {
    const { clock, timers, set, pass } = hourly(Date.UTC(2024, 0, 5));
    const { log, logged } = notingLog();
    const { orm } = database;
    const stop = startRetentionUpkeep({ orm, clock, log, terms: UPKEEP_TERMS, nodeName: 'local' });
    const nextHour = async (): Promise<void> => {
      pass();
      await until('the next hour to be waited for', () => timers.length === 1, 20_000);
    };
    const newest = async (): Promise<string | undefined> => {
      const rows = await database.query<{ name: string }>(
        "select relname as name from pg_class where relname ~ '^reports_\\d{4}_\\d\\d$' order by 1 desc limit 1",
      );
      return rows[0]?.name;
    };
    await nextHour();
    expect(logged).to.deep.equal([
      ['history closed', { before: '2023-12-01T00:00:00.000Z', operatorsBefore: undefined }],
    ]);
    expect(await newest()).to.equal('reports_2024_03');
    set(Date.UTC(2024, 2, 3));
    await nextHour();
    expect(await newest()).to.equal('reports_2024_05');
    expect(logged).to.have.length(1);
    for (let hour = 0; hour < 23; hour += 1) await nextHour();
    expect(logged.at(-1)?.[1]).to.include({ before: new Date(monthsOfTrading(4).at(-1) ?? 0).toISOString() });
    await stop();
    expect(timers).to.deep.equal([]);
    await expectReconciled(database.url);
    const actors = await database.query("select distinct actor from audit where action = 'history closed'");
    expect(actors).to.deep.equal([{ actor: 'node local' }]);
  });
});

describe('a node that is told to stop while it proves history', function () {
  this.timeout(60_000);
  let database: VenueDatabase;
  before(async () => {
    database = await tradedDatabase(8, 3);
    await tellEverything(database);
  });
  after(() => database.drop());

  it('ends the statement that runs, leaves nothing half done and logs no error', async () => {
    const { orm, query } = database;
    const { clock, timers, pass } = hourly(Date.UTC(2024, 0, 5));
    const { log, logged } = notingLog();
    const client = await (await orm.em.getConnection().getNativeClient()).connect();
    const waiting = (): Promise<readonly object[]> =>
      query(
        'select from pg_locks l join pg_database d on d.oid = l.database ' +
          'where datname = current_database() and not granted',
      );
    try {
      // Only the proof reads transfers: its statement takes until the test ends.
      await client.query('begin');
      await client.query('lock table transfers in access exclusive mode');
      const stop = startRetentionUpkeep({ orm, clock, log, terms: UPKEEP_TERMS, nodeName: 'local' });
      pass();
      await until('the proof to run', async () => (await waiting()).length > 0);
      await stop();
      expect(await waiting()).to.deep.equal([]);
    } finally {
      await client.query('rollback');
      client.release();
    }
    expect({ logged, timers }).to.deep.equal({ logged: [], timers: [] });
    expect(await query('select from closings union all select from closing_lines')).to.deep.equal([]);
    // Neither the lock of the run nor a transaction is left: the next one does it all.
    const next = await runRetention({
      orm,
      clock,
      terms: UPKEEP_TERMS,
      actor: 'olga',
      verifiesTrail: false,
    });
    expect(next.closing?.history?.before).to.equal('2023-12-01T00:00:00.000Z');
    await expectReconciled(database.url);
  });
});
