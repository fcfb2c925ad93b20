/**
 * `npm run bench:recovery`: how long a venue takes to come back after a SIGKILL, with few and many open orders in few
 * and many symbols: twice each, with its database still up, and with the database killed at the same instant.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { connect } from '../src/persistence/orm.ts';
import { clusterDirOf, readPassword } from '../src/persistence/postgres/cluster.ts';
import { VENUE_NAME } from '../src/persistence/postgres/housekeeping.ts';
import { readPostmasterFile } from '../src/persistence/postgres/postmaster.ts';
import { reconcile } from '../src/persistence/reconcile/reconcile.ts';
import { systemClock } from '../src/platform/clock.ts';
import { hashPassword } from '../src/platform/passwords.ts';
import { describeMachine, type Machine } from './support/machine.ts';
import { type MarketSize, makeMembers, makeOrders, symbolOf } from './support/recovery-market.ts';
import { type FirstOrders, RecoveringVenue, type Recovery } from './support/recovery-run.ts';
import { programText } from './support/report.ts';

const USAGE = `npm run bench:recovery -- [--quick] [--orders N --symbols N [--members N]] [--profile DIR] [--json]

  --quick        1,000 and 100,000 open orders in 100 symbols only
  --orders N     one market of this size instead of all
  --symbols N    its symbols; default 100
  --members N    whose orders they are; default 100 (4 at least)
  --profile DIR  leave a CPU profile of each recovery in DIR; what is measured then is slower
  --json         one JSON object instead of text`;

const PASSWORD = 'the password of every member';
const MEMBERS = 100;
const SIZES: readonly MarketSize[] = [1_000, 100_000, 1_000_000].flatMap((openOrders) =>
  [1, 100, 2_000].map((symbols) => ({ openOrders, symbols, members: MEMBERS })),
);
/** Of these rows the bench shows that they are such as the venue writes. */
const RECONCILED_ORDERS = 1_000;
const TIMEOUT_MS = 180_000;

interface Options {
  readonly sizes: readonly MarketSize[];
  readonly profileDir: string | undefined;
  readonly isJson: boolean;
}

/** What one market showed. */
interface Finding {
  readonly size: MarketSize;
  readonly databaseUp: Recovery;
  readonly bothKilled: Recovery;
  /** Write-ahead log since the last checkpoint, when the database was killed. */
  readonly walMiB: number;
  /** Differences that `reconcile` found; undefined where it was not asked. */
  readonly differenceCount: number | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/** Reads the command line; a text is what is wrong with it. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        orders: { type: 'string' },
        symbols: { type: 'string', default: '100' },
        members: { type: 'string', default: String(MEMBERS) },
        profile: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return USAGE;
    const [openOrders, symbols, members] = [values.orders ?? '1', values.symbols, values.members].map(Number);
    for (const value of [openOrders, symbols, members]) {
      if (!Number.isSafeInteger(value) || Number(value) < 1) return 'counts are positive integers';
    }
    const one: MarketSize = { openOrders: openOrders ?? 0, symbols: symbols ?? 0, members: members ?? 0 };
    const quick = SIZES.filter((size) => size.symbols === 100 && size.openOrders <= 100_000);
    return {
      sizes: values.orders !== undefined ? [one] : values.quick ? quick : SIZES,
      profileDir: values.profile,
      isJson: values.json,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

async function measure(size: MarketSize, { profileDir }: Options): Promise<Finding> {
  const dataDir = await mkdtemp(join(tmpdir(), 'onebook-bench-'));
  // The embedded server of a venue that is root runs under another account.
  await chmod(dataDir, 0o755);
  let venue = await RecoveringVenue.start(dataDir);
  try {
    await venue.ready(TIMEOUT_MS);
    await venue.kill();
    const made = await withDatabase(dataDir, (client, url) => makeMarket(client, url, size));
    // Whoever adopts the database can end it.
    venue = await RecoveringVenue.start(dataDir);
    await venue.ready(TIMEOUT_MS);
    const walMiB = await withDatabase(dataDir, walMiBToReplay);
    await venue.killAll();
    venue = await RecoveringVenue.start(dataDir, profileDir);
    const bothKilled = await venue.recover(firstOrders(size, 0));
    await venue.kill();
    venue = await RecoveringVenue.start(dataDir, profileDir);
    const databaseUp = await venue.recover(firstOrders(size, 2));
    return { size, databaseUp, bothKilled, walMiB, ...made };
  } finally {
    await venue.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The first and the last symbol that has orders, by members who have not been there before. */
function firstOrders({ openOrders, symbols, members }: MarketSize, from: number): FirstOrders {
  const last = Math.min(symbols, openOrders) - 1;
  return {
    password: PASSWORD,
    early: { member: from % members, symbol: symbolOf(0) },
    late: { member: (from + 1) % members, symbol: symbolOf(last) },
    timeoutMs: TIMEOUT_MS,
  };
}

async function makeMarket(
  client: pg.Client,
  url: string,
  size: MarketSize,
): Promise<Pick<Finding, 'differenceCount' | 'settings'>> {
  await makeMembers(client, size, await hashPassword(PASSWORD));
  await makeOrders(client, size);
  const settings: Record<string, string> = {};
  for (const name of ['max_wal_size', 'checkpoint_timeout']) {
    settings[name] = Object.values((await client.query(`show ${name}`)).rows[0] as object).join();
  }
  const isSmall = size.openOrders <= RECONCILED_ORDERS;
  return { settings, differenceCount: isSmall ? await differencesIn(url) : undefined };
}

/** Write-ahead log that a crash at this moment would have to be repaired from. */
async function walMiBToReplay(client: pg.Client): Promise<number> {
  const { rows } = await client.query(
    'select pg_current_wal_insert_lsn() - redo_lsn as bytes from pg_control_checkpoint()',
  );
  return Number(rows[0].bytes) / 1024 ** 2;
}

async function differencesIn(url: string): Promise<number> {
  const orm = await connect(url, { maxConnections: 1 });
  try {
    const { checks } = await reconcile(orm, { clock: systemClock, limit: 3 });
    for (const { name, differences } of checks) {
      for (const difference of differences) process.stderr.write(`reconcile: ${name}: ${difference}\n`);
    }
    return checks.reduce((sum, { differenceCount }) => sum + differenceCount, 0);
  } finally {
    await orm.close(true);
  }
}

async function withDatabase<T>(
  dataDir: string,
  work: (client: pg.Client, url: string) => Promise<T>,
): Promise<T> {
  const clusterDir = clusterDirOf(dataDir);
  const [password, file] = await Promise.all([readPassword(clusterDir), readPostmasterFile(clusterDir)]);
  if (file === undefined) throw new Error(`no Postgres runs in ${clusterDir}`);
  const url = `postgres://${VENUE_NAME}:${password}@127.0.0.1:${file.port}/${VENUE_NAME}`;
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  await client.connect();
  try {
    return await work(client, url);
  } finally {
    await client.end();
  }
}

const HEADINGS = [
  'orders',
  'symbols',
  'killed',
  'WAL MiB',
  'database',
  'ready',
  'first book',
  'all books',
  'logon',
  'order early',
  'order late',
  'its wait',
  'stall ms',
  'CPU',
  'RSS ready',
  'RSS peak',
];

function rowsOf({ size, databaseUp, bothKilled, walMiB }: Finding): string[][] {
  const seconds = (ms: number): string => (ms / 1000).toFixed(2);
  const row = (killed: string, wal: string, found: Recovery): string[] => [
    size.openOrders.toLocaleString('en'),
    size.symbols.toLocaleString('en'),
    killed,
    wal,
    seconds(found.databaseMs),
    seconds(found.readyMs),
    seconds(found.firstBookMs),
    seconds(found.allBooksMs),
    seconds(found.logonMs),
    seconds(found.earlyOrderMs),
    seconds(found.lateOrderMs),
    seconds(found.lateWaitMs),
    found.longestStallMs.toFixed(0),
    seconds(found.cpuMs),
    found.rssReadyMiB.toFixed(0),
    found.rssPeakMiB.toFixed(0),
  ];
  return [row('venue', '-', databaseUp), row('both', walMiB.toFixed(0), bothKilled)];
}

function tableText(rows: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [HEADINGS, ...rows]
    .map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
    .join('\n');
}

function findingsText(findings: readonly Finding[], machine: Machine): string {
  const [first] = findings;
  const settings = Object.entries(first?.settings ?? {}).map(([name, value]) => `${name} ${value}`);
  const reconciled = findings.flatMap(({ size, differenceCount }) =>
    differenceCount === undefined ? [] : [`${size.symbols} symbols: ${differenceCount} differences`],
  );
  return [
    `Recovery on ${programText(machine)}, ${settings.join(', ')}.`,
    'Seconds since the start of the process; "its wait" from the order to its answer.',
    '',
    tableText(findings.flatMap(rowsOf)),
    '',
    `reconcile of ${RECONCILED_ORDERS} generated orders: ${reconciled.join('; ') || 'not asked'}`,
  ].join('\n');
}

const options = readOptions();
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`);
  process.exit(options === USAGE ? 0 : 2);
}
const machine = describeMachine(fileURLToPath(new URL('..', import.meta.url)));
const findings: Finding[] = [];
for (const size of options.sizes) {
  process.stderr.write(`${size.openOrders} orders in ${size.symbols} symbols\n`);
  findings.push(await measure(size, options));
}
process.stdout.write(
  options.isJson
    ? `${JSON.stringify({ machine, findings }, undefined, 2)}\n`
    : `${findingsText(findings, machine)}\n`,
);
