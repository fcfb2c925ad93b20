/**
 * `npm run bench:growth`: a year of rows, what every statement of the venue touches of them as the server executed it,
 * and how long it takes to close and drop what retention lets go.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../src/persistence/embedded-postgres.ts';
import { connect, migrate } from '../src/persistence/orm.ts';
import { reconcile } from '../src/persistence/reconcile/reconcile.ts';
import { planRetention } from '../src/persistence/retention/plan.ts';
import { runRetention } from '../src/persistence/retention/run.ts';
import { onConnection } from '../src/persistence/sql.ts';
import { type Clock, systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { monotonicMs } from '../src/platform/monotonic.ts';
import { type GrowthSize, makeGrowth } from './support/growth-market.ts';
import { describeMachine } from './support/machine.ts';
import { PLANS_TOLD, watchPlans } from './support/plans.ts';
import { askEverything, closedPartitions, type Step } from './support/venue-queries.ts';

const USAGE = `npm run bench:growth -- [--months N] [--pairs N] [--keep N]

  --months N  months of history; default 13
  --pairs N   pairs of orders that meet in a month, about seven rows each; default 120,000
  --keep N    full months that retention keeps in the end; default 1`;

const SYMBOLS = 20;
const USERS = 50;
const TABLES = ['orders', 'trades', 'reports', 'requests', 'fix_messages', 'audit_links', 'audit'] as const;

type Orm = Awaited<ReturnType<typeof connect>>;

function tell(line = ''): void {
  process.stdout.write(`${line}\n`);
}

function seconds(since: number): string {
  return `${((monotonicMs() - since) / 1000).toFixed(1)} s`;
}

async function sizes(orm: Orm): Promise<string> {
  return onConnection(orm, async (sql) => {
    const parts: string[] = [];
    let total = 0;
    for (const table of TABLES) {
      const [row] = await sql.rows<{ n: string }>(`select count(*) as n from ${table}`);
      total += Number(row?.n);
      parts.push(`${Number(row?.n).toLocaleString('en-US')} ${table.replace('_', ' ')}`);
    }
    const [size] = await sql.rows<{ size: string }>(
      'select pg_size_pretty(pg_database_size(current_database())) as size',
    );
    return `${total.toLocaleString('en-US')} rows in ${size?.size}: ${parts.join(', ')}`;
  });
}

/** What a step touched of partitioned tables, by table and month. */
function shownStep(step: Step, now: number): string {
  const rows = new Map<string, number>();
  for (const { rowsRead } of step.plans) {
    for (const [name, count] of rowsRead) rows.set(name, (rows.get(name) ?? 0) + count);
  }
  const isPartition = (name: string) => /_(\d{4}_\d{2}|default)$/.test(name);
  const partitions = [...rows.keys()].filter(isPartition).sort();
  const read = [...rows.values()].reduce((sum, count) => sum + count, 0);
  const ms = step.plans.reduce((sum, plan) => sum + plan.ms, 0);
  const blocks = step.plans.reduce((sum, plan) => sum + plan.blocks, 0);
  const closed = closedPartitions(step, now).length;
  const cells = [
    step.name,
    partitions.join(' ') || '–',
    String(closed),
    String(Math.round(read)),
    String(blocks),
    ms.toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

async function run(size: GrowthSize, keep: number): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'onebook-growth-'));
  const postgres = await startEmbeddedPostgres({
    dataDir,
    clock: systemClock,
    log: silentLog,
    settings: PLANS_TOLD,
  });
  try {
    const { cpuModel, cpuCount, memoryGiB } = describeMachine(import.meta.dirname);
    tell(`${cpuCount} × ${cpuModel}, ${memoryGiB} GiB`);
    let started = monotonicMs();
    let orm = await connect(postgres.url);
    await migrate(orm);
    const { now } = await makeGrowth(orm, size, (month) =>
      process.stderr.write(`month ${month + 1} of ${size.months}, ${seconds(started)}\n`),
    );
    const clock: Clock = { ...systemClock, now: () => now };
    tell(`${await sizes(orm)}, made in ${seconds(started)}`);
    const never = { historyMonths: undefined, operatorsMonths: undefined, fixHistoryDays: 7 };
    started = monotonicMs();
    const options = { orm, clock, actor: 'bench', verifiesTrail: false };
    const { plan } = await runRetention({ ...options, terms: never });
    tell(`expired partitions of sent messages: ${plan.partitions.length}, dropped in ${seconds(started)}`);
    // Connections of their own: the plans of the rows above are nobody's business.
    await orm.close(true);
    orm = await connect(postgres.url);
    const watch = await watchPlans(orm);
    const steps = await askEverything(orm, watch, clock);
    tell();
    tell('| what the venue does | partitions touched | closed ones | rows read | blocks | ms |');
    tell('|---|---|---|---|---|---|');
    for (const step of steps) tell(shownStep(step, now));
    tell();
    await timeRetention(orm, clock, keep);
    await orm.close(true);
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function timeRetention(orm: Orm, clock: Clock, keep: number): Promise<void> {
  const terms = { historyMonths: keep, operatorsMonths: keep, fixHistoryDays: 7 };
  const prove = async (what: string): Promise<void> => {
    const started = monotonicMs();
    const { differenceCount } = await reconcile(orm, { clock, limit: 5 });
    tell(`reconcile ${what}: ${differenceCount} differences, ${seconds(started)}`);
  };
  await prove('before');
  let started = monotonicMs();
  const { partitions } = await planRetention(orm, terms, clock.now());
  tell(`the plan: ${partitions.length} partitions, ${seconds(started)}`);
  started = monotonicMs();
  const { closing } = await runRetention({ orm, clock, terms, actor: 'bench', verifiesTrail: false });
  tell(`closed before ${closing?.history?.before} and dropped in ${seconds(started)}`);
  await prove('after');
  tell(await sizes(orm));
}

/** Reads the command line; a text is what is wrong with it. */
function readOptions(): { readonly size: GrowthSize; readonly keep: number } | string {
  try {
    const { values } = parseArgs({
      options: {
        months: { type: 'string', default: '13' },
        pairs: { type: 'string', default: '120000' },
        keep: { type: 'string', default: '1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return USAGE;
    const [months = 0, pairsPerMonth = 0, keep = 0] = [values.months, values.pairs, values.keep].map(Number);
    if ([months, pairsPerMonth, keep].some((value) => !Number.isSafeInteger(value) || value < 1)) {
      return `numbers are positive integers\n\n${USAGE}`;
    }
    return { size: { months, pairsPerMonth, symbols: SYMBOLS, users: USERS }, keep };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

const options = readOptions();
if (typeof options === 'string') {
  tell(options);
  process.exitCode = options === USAGE ? 0 : 2;
} else {
  await run(options.size, options.keep);
}
