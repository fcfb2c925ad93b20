/**
 * One shape of the venue under the load: a fresh database, its nodes, as much as it takes from a few members and from
 * many, and a moderate rate by the clock, with what each process used, and the proof that every order is in its row.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { type BenchPostgres, withClient } from './bench-postgres.ts';
import type { BenchMember, ClientResult, Load } from './client-plan.ts';
import { runClient } from './client-process.ts';
import { type Reading, readCounters, type Spent, spentBetween } from './cluster-counters.ts';
import { loadSymbol, makeLoadMarket } from './cluster-market.ts';
import { BenchNodes, type Shape } from './cluster-nodes.ts';
import { type ProfileSummary, summarizeProfile } from './profile.ts';

export interface LoadOptions {
  readonly postgres: BenchPostgres;
  readonly natsUrl: string;
  readonly natsPid: number;
  /** Fixed rate of the last run. */
  readonly ordersPerSecond: number;
  /** Members of the run with many. */
  readonly manySessions: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly profileDir: string | undefined;
}

/** One run of the load on one shape. */
export interface LoadRun {
  readonly name: string;
  readonly sessions: number;
  readonly load: Load;
  readonly client: ClientResult;
  readonly ordersPerSecond: number;
  readonly spent: Spent;
  readonly measuredFromUs: number;
  readonly measuredToUs: number;
}

export interface ShapeResult {
  readonly shape: Shape;
  /** In the order of {@link runsOf}. */
  readonly runs: readonly LoadRun[];
  /** Of the first run, by node. */
  readonly profiles: ReadonlyMap<string, ProfileSummary>;
  /** What was wrong with the end of nodes. */
  readonly endFaults: readonly string[];
}

/** What the groups of processes are called that are no nodes. */
export const GROUPS = { postgres: 'Postgres', nats: 'NATS', client: 'client' } as const;

/** Members are dealt out to the symbols in pairs, of which one is at each gateway where there are two. */
export const SYMBOLS = 4;
const MAX_ORDERS_PER_SESSION = { few: 2_000_000, many: 50_000 } as const;

interface PlannedRun {
  readonly name: string;
  readonly sessions: number;
  readonly load: Load;
  readonly maxOrdersPerSession: number;
}

/** What is run. Of many members with one order each, no two orders share what is written for one member. */
function runsOf({ ordersPerSecond, manySessions }: LoadOptions): readonly PlannedRun[] {
  const { few, many } = MAX_ORDERS_PER_SESSION;
  return [
    { name: 'few members', sessions: 8, load: { type: 'Closed', window: 500 }, maxOrdersPerSession: few },
    {
      name: 'many members',
      sessions: manySessions,
      load: { type: 'Closed', window: 1 },
      maxOrdersPerSession: many,
    },
    { name: 'by the clock', sessions: 8, load: { type: 'Open', ordersPerSecond }, maxOrdersPerSession: few },
  ];
}

export async function measureShape(shape: Shape, options: LoadOptions): Promise<ShapeResult> {
  const { postgres, natsUrl, natsPid, profileDir } = options;
  const planned = runsOf(options);
  const database = `load_${shape.name.replaceAll('-', '_')}`;
  const databaseUrl = await postgres.createDatabase(database);
  // Members and symbols of their own for each run: numbers and ClOrdIDs begin anew, and no order meets an old one.
  const symbols = planned.length * SYMBOLS;
  const sessions = planned.reduce((sum, run) => sum + run.sessions, 0);
  const members = await makeLoadMarket(databaseUrl, symbols, sessions);
  const placement = Object.fromEntries(
    Array.from({ length: symbols }, (_, index) => [
      loadSymbol(index),
      shape.engines[index % Math.max(1, shape.engines.length)] ?? '',
    ]),
  );
  const dir = join(postgres.scratchDir, database);
  await mkdir(dir);
  const nodes = await BenchNodes.start({ shape, dir, databaseUrl, natsUrl, placement, profileDir });
  let runs: readonly LoadRun[];
  let endFaults: readonly string[];
  try {
    const pids = new Map<string, number>([
      ...nodes.names.map((name) => [name, nodes.pidOf(name)] as const),
      [GROUPS.postgres, postgres.postmasterPid],
      [GROUPS.nats, natsPid],
    ]);
    runs = await withClient(databaseUrl, async (client) => {
      const done: LoadRun[] = [];
      let first = 0;
      for (const [no, run] of planned.entries()) {
        const some = members.slice(first, first + run.sessions);
        first += run.sessions;
        done.push(await runLoad(run, connected(some, no, nodes.fixPorts), client, pids, options));
      }
      await verify(client, done);
      return done;
    });
    endFaults = await nodes.stop();
  } catch (error) {
    const log = nodes.logEnd();
    await nodes.killAll();
    throw new Error(`${shape.name}: ${error instanceof Error ? error.message : String(error)}\n${log}`, {
      cause: error,
    });
  }
  await postgres.dropDatabase(database);
  const [saturated] = runs;
  const profiles = new Map(
    profileDir === undefined || saturated === undefined || endFaults.length > 0
      ? []
      : nodes.names.map((name) => {
          const { measuredFromUs, measuredToUs } = saturated;
          const directory = join(profileDir, shape.name, name);
          return [name, summarizeProfile(directory, measuredFromUs, measuredToUs)];
        }),
  );
  return { shape, runs, profiles, endFaults };
}

function connected(members: readonly BenchMember[], run: number, ports: readonly number[]): BenchMember[] {
  return members.map((member, index) => ({
    ...member,
    port: ports[index % ports.length] ?? 0,
    symbol: loadSymbol(run * SYMBOLS + (Math.floor(index / 2) % SYMBOLS)),
  }));
}

async function runLoad(
  { name, sessions, load, maxOrdersPerSession }: PlannedRun,
  members: readonly BenchMember[],
  client: pg.Client,
  pids: ReadonlyMap<string, number>,
  { warmUpMs, measureMs }: LoadOptions,
): Promise<LoadRun> {
  const readings: Reading[] = [];
  const read = async (clientPid: number): Promise<void> => {
    readings.push(await readCounters(client, new Map([...pids, [GROUPS.client, clientPid]])));
  };
  const result = await runClient(
    {
      port: 0,
      venueCompId: 'ONEBOOK',
      symbol: '',
      members,
      load,
      warmUpMs,
      measureMs,
      maxOrdersPerSession,
    },
    { onBegun: read, onEnded: read },
  );
  const [begun, ended] = readings;
  if (begun === undefined || ended === undefined) throw new Error('the client was not observed');
  return {
    name,
    sessions,
    load,
    client: result,
    ordersPerSecond: (result.measuredAckCount * 1000) / result.measuredMs,
    spent: spentBetween(begun, ended),
    measuredFromUs: begun.atUs,
    measuredToUs: ended.atUs,
  };
}

/** The wire and the rows must tell the same story, or no figure of the run means anything. */
async function verify(client: pg.Client, runs: readonly LoadRun[]): Promise<void> {
  const count = async (what: string): Promise<number> =>
    Number((await client.query<{ count: string }>(`select count(*) from ${what}`)).rows[0]?.count);
  const sum = (name: 'sentCount' | 'ackCount' | 'crossingCount' | 'fillCount'): number =>
    runs.reduce((total, run) => total + run.client[name], 0);
  const expected = [
    ['acknowledgements', sum('ackCount'), sum('sentCount')],
    ['rows of orders', await count('orders'), sum('sentCount')],
    ['rows of trades', await count('trades'), sum('crossingCount')],
    ['reports of fills', sum('fillCount'), 2 * sum('crossingCount')],
    ['refusals', await count('requests where not accepted'), 0],
  ] as const;
  const wrong = expected.filter(([, actual, wanted]) => actual !== wanted);
  if (wrong.length === 0) return;
  const list = wrong.map(([what, actual, wanted]) => `${actual} ${what} instead of ${wanted}`);
  throw new Error(`the run is void: ${list.join(', ')}`);
}
