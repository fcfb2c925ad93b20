/**
 * One start of the server: adopting the one that a killed venue left running, or launching a new one on a port
 * that the system chooses, past whatever a crash left behind.
 */
import { createServer } from 'node:net';
import { type Clock, delay } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Account, PostgresBinaries } from './binaries.ts';
import { readSettings, writeSettings } from './cluster.ts';
import { EmbeddedPostgresError, errorText } from './errors.ts';
import { asSuperuser, endLeftoverSessions, findAdoptionFault } from './housekeeping.ts';
import {
  awaitReady,
  identifyPostmaster,
  launchPostmaster,
  logPathOf,
  readPostmasterFile,
  removeStalePostmasterFile,
  stopPostmaster,
} from './postmaster.ts';
import { awaitExit, isAlive, type ProcessIdentity } from './processes.ts';
import { renderSettings } from './settings.ts';

/** Pauses between attempts double from the first to the longest. */
export const FIRST_BACKOFF_MS = 100;
/** The longest pause between two attempts. */
export const MAX_BACKOFF_MS = 5_000;
/** How long a start waits for what a killed server left: its orphaned processes end by themselves. */
const LEFTOVERS_TIMEOUT_MS = 90_000;
const STOPPING_TIMEOUT_MS = 90_000;
const MAX_PORT_ATTEMPTS = 10;
const RECOVERING = 'the database recovers from a crash; this may take minutes ...';

/** All that the steps of one start need to know. */
export interface Site {
  readonly dataDir: string;
  readonly clusterDir: string;
  readonly account: Account;
  readonly binaries: PostgresBinaries;
  readonly password: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly progress: (line: string) => void;
}

/** A server that accepts connections, or did when this was made. */
export interface RunningServer {
  readonly process: ProcessIdentity;
  readonly port: number;
}

/** Why a server that was started did not come up. */
type StartFault = 'port taken' | 'leftovers' | 'other';

class StartFailure extends EmbeddedPostgresError {
  readonly fault: StartFault;

  constructor(fault: StartFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/**
 * Takes over the server that a killed venue left running, if it is exactly the one that would be started.
 * Otherwise sees to its end, or to the end of its traces, and returns undefined.
 */
export async function adoptServer(site: Site): Promise<RunningServer | undefined> {
  const file = await readPostmasterFile(site.clusterDir);
  if (file === undefined) return undefined;
  const process = identifyPostmaster(site.clusterDir, file);
  if (process === undefined) {
    site.log.warn('postgres had been killed', { pid: file.pid });
    return undefined;
  }
  if (file.status === 'stopping') {
    site.progress('waiting for the database of the last run to stop ...');
    await awaitExit(site.clock, process, STOPPING_TIMEOUT_MS);
  } else {
    await awaitReady(site.clock, site.clusterDir, process, () => site.progress(RECOVERING));
  }
  const fault = await judgeFoundServer(site, process, file.port);
  if (fault === undefined) {
    site.log.info('postgres adopted', { pid: process.pid, port: file.port });
    return { process, port: file.port };
  }
  if (isAlive(process)) {
    site.log.warn('postgres of the last run is stopped', { pid: process.pid, reason: fault });
    await stopPostmaster(site.clock, process);
  }
  return undefined;
}

async function judgeFoundServer(
  site: Site,
  process: ProcessIdentity,
  port: number,
): Promise<string | undefined> {
  const wanted = renderSettings(site.settings, port, site.binaries.build);
  if ((await readSettings(site.clusterDir)) !== wanted) return 'its settings are not the configured ones';
  try {
    return await asSuperuser(port, site.password, async (client) => {
      const fault = await findAdoptionFault(client, process.pid);
      if (fault === undefined) {
        const sessions = await endLeftoverSessions(client);
        if (sessions > 0) site.log.info('sessions of the last run ended', { sessions });
      }
      return fault;
    });
  } catch (error) {
    return errorText(error);
  }
}

/** Starts the server on a port that the system chooses, waiting for a killed server's processes to end. */
export async function startServer(site: Site): Promise<RunningServer> {
  const deadline = site.clock.now() + LEFTOVERS_TIMEOUT_MS;
  let portAttempts = 0;
  let backoffMs = FIRST_BACKOFF_MS;
  for (;;) {
    const port = await findFreePort();
    try {
      const server = await launchServer(site, port, () => {});
      const { build } = site.binaries;
      site.log.info('postgres started', { pid: server.process.pid, port, build });
      return server;
    } catch (error) {
      if (!(error instanceof StartFailure) || error.fault === 'other') throw error;
      if (error.fault === 'port taken' && ++portAttempts >= MAX_PORT_ATTEMPTS) throw error;
      if (error.fault === 'leftovers') {
        if (site.clock.now() > deadline) throw error;
        site.log.warn('postgres waits for processes of the last run', { retryInMs: backoffMs });
        await delay(site.clock, backoffMs);
        backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
        // A server that the last venue started in its last moment may have come up by now.
        const found = await adoptServer(site);
        if (found !== undefined) return found;
      }
    }
  }
}

/** One attempt: resolves when the server accepts connections. `onProcess` learns of the process before that. */
export async function launchServer(
  site: Site,
  port: number,
  onProcess: (process: ProcessIdentity) => void,
): Promise<RunningServer> {
  const { clusterDir, account, binaries, clock } = site;
  await removeStalePostmasterFile(clusterDir);
  await writeSettings(clusterDir, renderSettings(site.settings, port, binaries.build), account);
  const launch = await launchPostmaster(site.dataDir, clusterDir, binaries, account);
  onProcess(launch.process);
  const readiness = await awaitReady(clock, clusterDir, launch.process, () => site.progress(RECOVERING));
  if (readiness === 'ready') return { process: launch.process, port };
  await stopPostmaster(clock, launch.process);
  const output = await launch.readOutput();
  const end = output.trim().split('\n').slice(-3).join(' / ');
  throw new StartFailure(
    judgeOutput(output),
    `the database server does not start (${readiness}); the end of ${logPathOf(site.dataDir)} says: ${end}`,
  );
}

/** Messages are English: the server starts with LC_ALL=C, and lc_messages is C. */
function judgeOutput(output: string): StartFault {
  if (output.includes('could not bind') || output.includes('Address already in use')) return 'port taken';
  if (output.includes('pre-existing shared memory block')) return 'leftovers';
  if (output.includes('lock file "postmaster.pid" already exists')) return 'leftovers';
  return 'other';
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
