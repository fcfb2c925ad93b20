/**
 * What the venue's statements touch, as the server executed them, on a few months of rows: none that the venue sends
 * goes to a month that is over. `npm run bench:growth` shows the same on millions of rows.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeGrowth } from '../../bench/support/growth-market.ts';
import { PLANS_TOLD, type PlanWatch, watchPlans } from '../../bench/support/plans.ts';
import { askEverything, closedPartitions, type Step } from '../../bench/support/venue-queries.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { connect, migrate } from '../../src/persistence/orm.ts';
import { runRetention } from '../../src/persistence/retention/run.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { expectReconciled } from '../support/reconciled.ts';

const MONTHS = 4;

describe('statements of the venue', function () {
  this.timeout(60_000);
  let dataDir: string;
  let postgres: EmbeddedPostgres;
  let orm: Awaited<ReturnType<typeof connect>>;
  let watch: PlanWatch;
  let clock: Clock;
  let steps: readonly Step[];

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'onebook-plans-'));
    postgres = await startEmbeddedPostgres({
      dataDir,
      clock: systemClock,
      log: silentLog,
      settings: { ...PLANS_TOLD, shared_buffers: '32MB', autovacuum: 'off' },
    });
    orm = await connect(postgres.url);
    await migrate(orm);
    const { now } = await makeGrowth(orm, { months: MONTHS, pairsPerMonth: 1_000, symbols: 4, users: 6 });
    clock = { ...systemClock, now: () => now };
    await orm.close(true);
    orm = await connect(postgres.url);
    watch = await watchPlans(orm);
    // Which every node does once a day.
    const terms = { historyMonths: undefined, operatorsMonths: undefined, fixHistoryDays: 7 };
    await runRetention({ orm, clock, terms, actor: 'node local', verifiesTrail: false });
    steps = await askEverything(orm, watch, clock);
  });
  after(async () => {
    await orm.close(true);
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('are made on rows such as a venue leaves', async () => {
    await expectReconciled(postgres.url);
  });

  it('are watched: what reads a month that is over is seen', async () => {
    watch.take();
    await onConnection(orm, (sql) => sql.rows('select count(*) from reports'));
    const plans = watch.take();
    const closed = closedPartitions({ name: 'all reports', plans }, clock.now());
    expect(closed).to.deep.equal(['reports_2025_01', 'reports_2025_02', 'reports_2025_03']);
  });

  it('are all there: each step has made the server execute something', () => {
    expect(steps.filter(({ plans }) => plans.length === 0).map(({ name }) => name)).to.deep.equal([
      // These are DDL, and only when a month has none.
    ]);
    const commit = steps.find(({ name }) => name === 'commit');
    expect(commit?.plans.map(({ statement }) => statement).join('\n')).to.include('insert into "reports"');
  });

  it('leave months alone that are over', () => {
    const touched = steps.map((step) => [step.name, closedPartitions(step, clock.now())] as const);
    expect(touched.filter(([, closed]) => closed.length > 0)).to.deep.equal([]);
  });
});
