/**
 * One phase of the benchmark: a fresh venue in a temporary data directory, the client on its load, the counters
 * at the edges of the measured time, and the proof that every order is where it should be.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientResult, Load } from './client-plan.ts';
import { runClient } from './client-process.ts';
import { busyMsOfMachine, cpuMsOfTree } from './cpu.ts';
import { type BatchSizes, BenchDatabase, type DatabaseCounters, type DatabaseFacts } from './database.ts';
import { measureFdatasyncUs } from './machine.ts';
import { INSTRUMENT } from './order-flow.ts';
import { VenueProcess } from './venue-process.ts';

/** What a phase does. */
export interface Phase {
  readonly name: string;
  readonly sessions: number;
  readonly load: Load;
}

/** The phases, in the order in which they run. */
export const PHASES: readonly Phase[] = [
  { name: 'closed-1', sessions: 1, load: { type: 'Closed', window: 1_000 } },
  { name: 'closed-4', sessions: 4, load: { type: 'Closed', window: 1_000 } },
  { name: 'open-1000', sessions: 4, load: { type: 'Open', ordersPerSecond: 1_000 } },
  { name: 'open-5000', sessions: 4, load: { type: 'Open', ordersPerSecond: 5_000 } },
];

/** How a phase is run. */
export interface PhaseOptions {
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Directory for a CPU profile of the venue. */
  readonly profileDir: string | undefined;
  /** Another configuration of the venue than the checked-in one. */
  readonly configFile: string | undefined;
}

/** CPU time per order in µs, by group of processes. */
export interface CpuPerOrder {
  readonly venue: number;
  readonly postgres: number;
  readonly client: number;
}

/** What a phase showed. */
export interface PhaseResult {
  readonly phase: Phase;
  readonly client: ClientResult;
  readonly ordersPerSecond: number;
  /** One-row commits per second on the same server, before the load. */
  readonly referenceCommitsPerSecond: number;
  /** Cost of syncing one page in the same directory, before the load. */
  readonly fdatasyncUs: number;
  readonly cpuUsPerOrder: CpuPerOrder;
  /** Cores that were busy with anything else than the three groups: on a quiet machine about 0. */
  readonly coresBusyElsewhere: number;
  readonly commitsPerSecond: number;
  readonly ordersPerCommit: number;
  readonly reportsPerCommit: BatchSizes;
  readonly walBytesPerOrder: number;
  /** Rows written per order, by table and kind. */
  readonly rowsPerOrder: Readonly<Record<string, number>>;
  /** Orders that rested in the book at the end. */
  readonly openOrders: number;
  readonly database: DatabaseFacts;
  /** The measured time on the monotonic clock that CPU profiles use, in µs. */
  readonly measuredFromUs: number;
  readonly measuredToUs: number;
}

interface Edge {
  readonly counters: DatabaseCounters;
  readonly cpuMs: CpuPerOrder;
  readonly machineBusyMs: number;
  readonly atUs: number;
}

/** Orders that one session sends at most. */
const MAX_ORDERS_PER_SESSION = 4_000_000;

/** Runs one phase. Rejects when an order is missing, doubled or refused, on the wire or in the database. */
export async function runPhase(phase: Phase, options: PhaseOptions): Promise<PhaseResult> {
  const dataDir = await mkdtemp(join(tmpdir(), 'onebook-bench-'));
  // The embedded server of a venue that is root runs under another account.
  await chmod(dataDir, 0o755);
  try {
    const fdatasyncUs = measureFdatasyncUs(dataDir);
    const { profileDir, configFile } = options;
    const venue = await VenueProcess.start(dataDir, {
      configFile,
      nodeArguments: profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`],
    });
    try {
      const database = await BenchDatabase.connect(dataDir);
      try {
        return { ...(await measure(phase, options, venue, database)), fdatasyncUs };
      } finally {
        await database.close();
      }
    } finally {
      await venue.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(
  phase: Phase,
  options: PhaseOptions,
  venue: VenueProcess,
  database: BenchDatabase,
): Promise<Omit<PhaseResult, 'fdatasyncUs'>> {
  const members = await venue.createMembers(phase.sessions);
  const referenceCommitsPerSecond = await database.referenceCommitsPerSecond();
  const { postmasterPid } = database;
  const readEdge = async (clientPid: number): Promise<Edge> => ({
    cpuMs: {
      venue: cpuMsOfTree(venue.pid, [postmasterPid]),
      postgres: cpuMsOfTree(postmasterPid),
      client: cpuMsOfTree(clientPid),
    },
    machineBusyMs: busyMsOfMachine(),
    counters: await database.counters(),
    atUs: Number(process.hrtime.bigint() / 1000n),
  });
  const edges: Edge[] = [];
  const noteEdge = async (clientPid: number): Promise<void> => {
    edges.push(await readEdge(clientPid));
  };
  const client = await runClient(
    {
      port: venue.fixPort,
      venueCompId: 'ONEBOOK',
      symbol: INSTRUMENT.symbol,
      members,
      load: phase.load,
      warmUpMs: options.warmUpMs,
      measureMs: options.measureMs,
      maxOrdersPerSession: MAX_ORDERS_PER_SESSION,
    },
    { onBegun: noteEdge, onEnded: noteEdge },
  );
  const [begun, ended] = edges;
  if (begun === undefined || ended === undefined) throw new Error('the client was not observed');
  const rows = await verify(client, database);
  const { measuredAckCount: orders, measuredMs } = client;
  const commits = ended.counters.commitNo - begun.counters.commitNo;
  const usedMs = (group: keyof CpuPerOrder): number => ended.cpuMs[group] - begun.cpuMs[group];
  const usPerOrder = (group: keyof CpuPerOrder): number => (usedMs(group) * 1000) / orders;
  const usedElsewhereMs =
    ended.machineBusyMs - begun.machineBusyMs - usedMs('venue') - usedMs('postgres') - usedMs('client');
  return {
    phase,
    client,
    ordersPerSecond: (orders * 1000) / measuredMs,
    referenceCommitsPerSecond,
    cpuUsPerOrder: {
      venue: usPerOrder('venue'),
      postgres: usPerOrder('postgres'),
      client: usPerOrder('client'),
    },
    coresBusyElsewhere: Math.max(0, (usedElsewhereMs * 1000) / (ended.atUs - begun.atUs)),
    commitsPerSecond: (commits * 1000) / measuredMs,
    ordersPerCommit: orders / commits,
    reportsPerCommit: await database.reportsPerCommit(begun.counters.at, ended.counters.at),
    walBytesPerOrder: (ended.counters.walBytes - begun.counters.walBytes) / orders,
    rowsPerOrder: await database.rowsPerOrder(),
    openOrders: rows.openOrders,
    database: await database.facts(),
    measuredFromUs: begun.atUs,
    measuredToUs: ended.atUs,
  };
}

/** The wire and the rows must tell the same story, or no figure of the run means anything. */
async function verify(client: ClientResult, database: BenchDatabase) {
  const rows = await database.rowCounts();
  const expected = [
    ['acknowledgements', client.ackCount, client.sentCount],
    ['rows of orders', rows.orders, client.sentCount],
    ['rows of trades', rows.trades, client.crossingCount],
    ['reports of fills', client.fillCount, 2 * client.crossingCount],
    ['refusals', rows.refusals, 0],
    ['open orders', rows.openOrders, client.sentCount - 2 * client.crossingCount],
  ] as const;
  const wrong = expected.filter(([, actual, wanted]) => actual !== wanted);
  if (wrong.length > 0) {
    const list = wrong.map(([what, actual, wanted]) => `${actual} ${what} instead of ${wanted}`);
    throw new Error(`the run is void: ${list.join(', ')}`);
  }
  return rows;
}
