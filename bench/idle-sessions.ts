/**
 * `npm run bench:sessions`: what thousands of members cost that are logged on and idle. A venue of its own at its
 * default configuration, all members in this process, real sockets between them.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { delay, systemClock } from '../src/platform/clock.ts';
import { hashPassword } from '../src/platform/passwords.ts';
import type { BenchMember } from './support/client-plan.ts';
import { cpuMsOfTree } from './support/cpu.ts';
import { BenchDatabase } from './support/database.ts';
import { IdleSession } from './support/idle-session.ts';
import { describeMachine } from './support/machine.ts';
import { programText } from './support/report.ts';
import { VenueProcess } from './support/venue-process.ts';

const USAGE = `npm run bench:sessions -- [--sessions N] [--seconds N] [--profile DIR] [--json]

  --sessions N   members that log on; default 2000
  --seconds N    how long they idle; default 60
  --profile DIR  leave a CPU profile of the venue in DIR
  --json         one JSON object instead of text`;

const CONFIG = fileURLToPath(new URL('./support/idle-cluster.config.ts', import.meta.url));
const PASSWORD = 'the password of every idle member';
const FIRST_COMP_ID = 10_001;
const HEART_BT_INT_S = 30;
/** Logons under way at the same time: below what the venue lets wait unauthenticated. */
const CONCURRENT_LOGONS = 50;
/** Between the last Logon and the measurement. */
const SETTLE_MS = 5_000;
const METRONOME_MS = 100;

interface Options {
  readonly sessionCount: number;
  readonly idleMs: number;
  readonly profileDir: string | undefined;
  readonly isJson: boolean;
}

/** What was found. */
interface Findings {
  readonly sessionCount: number;
  readonly logonsPerSecond: number;
  readonly rssBeforeMiB: number;
  readonly rssAfterMiB: number;
  readonly rssPerSessionKiB: number;
  readonly idleSeconds: number;
  /** Of one core, 0 to 100. */
  readonly venueCpuPercent: number;
  readonly postgresCpuPercent: number;
  readonly heartbeatsOfVenue: number;
  readonly heartbeatsOfMembers: number;
  readonly testRequests: number;
}

/** Reads the command line; a text is what is wrong with it. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        sessions: { type: 'string', default: '2000' },
        seconds: { type: 'string', default: '60' },
        profile: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return USAGE;
    const [sessionCount, seconds] = [Number(values.sessions), Number(values.seconds)];
    for (const value of [sessionCount, seconds]) {
      if (!Number.isSafeInteger(value) || value < 1) return 'sessions and seconds are positive integers';
    }
    return { sessionCount, idleMs: seconds * 1000, profileDir: values.profile, isJson: values.json };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

async function run(options: Options): Promise<Findings> {
  const { profileDir } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'onebook-bench-'));
  try {
    const venue = await VenueProcess.start(dataDir, {
      configFile: CONFIG,
      nodeArguments: profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`],
    });
    try {
      const database = await BenchDatabase.connect(dataDir);
      try {
        return await measure(options, venue, database);
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
  { sessionCount, idleMs }: Options,
  venue: VenueProcess,
  database: BenchDatabase,
): Promise<Findings> {
  const members = Array.from({ length: sessionCount }, (_, i): BenchMember => {
    const compId = FIRST_COMP_ID + i;
    return { compId, username: `idle-${compId}`, password: PASSWORD };
  });
  await database.addMembers(members, await hashPassword(PASSWORD));
  const rssBeforeMiB = rssMiBOf(venue.pid);
  const failures: string[] = [];
  const sessions: IdleSession[] = [];
  // From the first Logon on: with many members, the last log on when the first are due.
  const stop = systemClock.every(METRONOME_MS, () => {
    const now = systemClock.now();
    for (const session of sessions) session.tick(now);
  });
  try {
    const logonBeganMs = performance.now();
    await logOnAll(members, venue.fixPort, sessions, failures);
    const logonTookMs = performance.now() - logonBeganMs;
    await delay(systemClock, SETTLE_MS);
    const { postmasterPid } = database;
    const read = () => ({
      venueMs: cpuMsOfTree(venue.pid, [postmasterPid]),
      postgresMs: cpuMsOfTree(postmasterPid),
      heard: sum(sessions, 'heardCount'),
      said: sum(sessions, 'saidCount'),
      asked: sum(sessions, 'askedCount'),
      atMs: performance.now(),
    });
    const begun = read();
    await delay(systemClock, idleMs);
    const ended = read();
    const tookMs = ended.atMs - begun.atMs;
    const rssAfterMiB = rssMiBOf(venue.pid);
    if (failures.length > 0) throw new Error(`the run is void: ${failures.length} failed, ${failures[0]}`);
    return {
      sessionCount,
      logonsPerSecond: (sessionCount * 1000) / logonTookMs,
      rssBeforeMiB,
      rssAfterMiB,
      rssPerSessionKiB: ((rssAfterMiB - rssBeforeMiB) * 1024) / sessionCount,
      idleSeconds: tookMs / 1000,
      venueCpuPercent: ((ended.venueMs - begun.venueMs) * 100) / tookMs,
      postgresCpuPercent: ((ended.postgresMs - begun.postgresMs) * 100) / tookMs,
      heartbeatsOfVenue: ended.heard - begun.heard,
      heartbeatsOfMembers: ended.said - begun.said,
      testRequests: ended.asked - begun.asked,
    };
  } finally {
    stop();
    for (const session of sessions) session.close();
  }
}

/** Logs all members on, some at a time; throws at the first that fails. */
async function logOnAll(
  members: readonly BenchMember[],
  port: number,
  sessions: IdleSession[],
  failures: string[],
): Promise<void> {
  const waiting = [...members];
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const onFailure = (reason: string): void => {
    failures.push(reason);
    reject(new Error(reason));
  };
  const logOnSome = async (): Promise<void> => {
    for (let member = waiting.shift(); member !== undefined; member = waiting.shift()) {
      sessions.push(await IdleSession.open(member, { port, heartBtInt: HEART_BT_INT_S, onFailure }));
    }
  };
  // A session that ends later is in the list of failures, and this promise is nobody's any more.
  failed.catch(() => {});
  await Promise.race([Promise.all(Array.from({ length: CONCURRENT_LOGONS }, logOnSome)), failed]);
}

function sum(sessions: readonly IdleSession[], name: 'heardCount' | 'saidCount' | 'askedCount'): number {
  return sessions.reduce((total, session) => total + session[name], 0);
}

/** Resident memory of a process. */
function rssMiBOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kib) / 1024;
}

function findingsText(findings: Findings): string {
  const fixed = (value: number): string => value.toFixed(1);
  const { sessionCount, logonsPerSecond, idleSeconds, venueCpuPercent } = findings;
  return [
    `${sessionCount} sessions on one gateway, HeartBtInt ${HEART_BT_INT_S} s`,
    `  logons     ${fixed(logonsPerSecond)}/s, each with its password checked`,
    `  memory     ${fixed(findings.rssBeforeMiB)} MiB before, ${fixed(findings.rssAfterMiB)} MiB with them: ` +
      `${fixed(findings.rssPerSessionKiB)} KiB per session`,
    `  idle       ${fixed(venueCpuPercent)} % of a core in the venue over ${fixed(idleSeconds)} s, ` +
      `${fixed(findings.postgresCpuPercent)} % in Postgres`,
    `  heartbeats ${findings.heartbeatsOfVenue} of the venue, ${findings.heartbeatsOfMembers} of the members, ` +
      `${findings.testRequests} TestRequests; no session ended`,
  ].join('\n');
}

const options = readOptions();
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`);
  process.exitCode = options === USAGE ? 0 : 2;
} else {
  const machine = describeMachine(fileURLToPath(new URL('..', import.meta.url)));
  await run(options).then(
    (findings) => {
      const text = options.isJson
        ? JSON.stringify({ machine, findings }, undefined, 2)
        : `${programText(machine)}\n\n${findingsText(findings)}`;
      process.stdout.write(`${text}\n`);
    },
    (error: unknown) => {
      process.stderr.write(`bench failed: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
