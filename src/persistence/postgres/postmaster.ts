/**
 * The server process: starting it, knowing it again, waiting for it and stopping it. The server is never
 * believed to run because a file says so.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants, readFileSync, statSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, delay } from '../../platform/clock.ts';
import { type Account, type PostgresBinaries, postgresEnvironment } from './binaries.ts';
import { HERE } from './cluster.ts';
import { EmbeddedPostgresError, systemErrorCode } from './errors.ts';
import {
  awaitExit,
  findProcess,
  isAlive,
  type ProcessIdentity,
  type StatReader,
  saysGone,
  sendSignal,
  startTimeS,
} from './processes.ts';
import { durabilityArguments } from './settings.ts';

/** What the server writes about itself into `postmaster.pid`. */
export interface PostmasterFile {
  readonly pid: number;
  /** Seconds since the Unix epoch. */
  readonly startedAtS: number;
  readonly port: number;
  readonly status: 'starting' | 'stopping' | 'ready' | 'unknown';
}

const PID_FILE = 'postmaster.pid';
const LOG_FILE = 'postgres.log';
const MAX_LOG_BYTES = 10 * 1024 * 1024;
const POLL_INTERVAL_MS = 20;
/** Replaying max_wal_size of log after a crash takes minutes on a slow disk. */
const READY_TIMEOUT_MS = 10 * 60_000;
const PROGRESS_INTERVAL_MS = 5_000;
/** A fast shutdown writes a checkpoint: it may take a while, and it is worth waiting for. */
const FAST_SHUTDOWN_TIMEOUT_MS = 60_000;
const IMMEDIATE_SHUTDOWN_TIMEOUT_MS = 10_000;
/** How far a start time in `postmaster.pid` may be from the kernel's. */
const START_TIME_TOLERANCE_S = 3;

/** Path of the server's log in a venue's data directory. */
export function logPathOf(dataDir: string): string {
  return join(dataDir, LOG_FILE);
}

/**
 * Reads `postmaster.pid`; undefined when there is none, or one that a power failure left without its lines.
 *
 * @throws the system's error when there may be one that cannot be read now.
 */
export async function readPostmasterFile(clusterDir: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(clusterDir, PID_FILE), 'utf8').catch((error: unknown) => {
    if (saysGone(error)) return '';
    throw error;
  });
  const lines = text.split('\n').map((line) => line.trim());
  const [pid, startedAtS, port] = [lines[0], lines[2], lines[3]].map(Number);
  if (pid === undefined || startedAtS === undefined || port === undefined) return undefined;
  if (!(pid > 0 && startedAtS > 0 && port > 0)) return undefined;
  const word = lines[7];
  const status = word === 'starting' || word === 'stopping' || word === 'ready' ? word : 'unknown';
  return { pid, startedAtS, port, status };
}

/**
 * The server that `postmaster.pid` names, when it runs and works inside this cluster; undefined for a file that
 * was left behind, whether or not its id is in use again.
 *
 * @throws when that cannot be told now: an EmbeddedPostgresError or the system's error.
 */
export function identifyPostmaster(
  clusterDir: string,
  file: PostmasterFile,
  readStat?: StatReader,
): ProcessIdentity | undefined {
  const found = findProcess(file.pid, readStat);
  if (found === undefined) return undefined;
  try {
    const workingDir = statSync(`/proc/${file.pid}/cwd`, { bigint: true });
    const cluster = statSync(clusterDir, { bigint: true });
    return workingDir.dev === cluster.dev && workingDir.ino === cluster.ino ? found : undefined;
  } catch (error) {
    if (saysGone(error)) return undefined;
    const code = systemErrorCode(error);
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
  }
  // In a container, root may not look into other accounts' processes: name and start time must do.
  const driftS = Math.abs(startTimeS(found) - file.startedAtS);
  return isNamedPostgres(file.pid) && driftS <= START_TIME_TOLERANCE_S ? found : undefined;
}

function isNamedPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres';
  } catch (error) {
    if (saysGone(error)) return false;
    throw error;
  }
}

/**
 * Removes a `postmaster.pid` that names no running server of this cluster: its id may belong to a stranger by now, which a new server
 * would take for a rival. Servers that share the memory of a dead one are still found, by the cluster's inode.
 *
 * @throws when it cannot be told whether the server runs; the file is left alone then.
 */
export async function removeStalePostmasterFile(clusterDir: string, readStat?: StatReader): Promise<void> {
  const file = await readPostmasterFile(clusterDir);
  if (file !== undefined && identifyPostmaster(clusterDir, file, readStat) !== undefined) return;
  await rm(join(clusterDir, PID_FILE), { force: true });
}

/** A server that was started and may still fail. */
export interface Launch {
  readonly process: ProcessIdentity;
  /** What the server has logged since it was started. */
  readOutput(): Promise<string>;
}

/**
 * Starts the server in a session of its own, where a terminal's Ctrl-C does not reach it, with its output in
 * the data directory's `postgres.log`.
 *
 * @throws EmbeddedPostgresError when the program cannot be run.
 */
export async function launchPostmaster(
  dataDir: string,
  clusterDir: string,
  binaries: PostgresBinaries,
  account: Account,
): Promise<Launch> {
  const logPath = logPathOf(dataDir);
  const log = await openLog(logPath);
  try {
    const offset = (await log.stat()).size;
    const child = await new Promise<ChildProcess>((resolve, reject) => {
      const spawned = spawn(binaries.postgres, ['-D', HERE, ...durabilityArguments()], {
        cwd: clusterDir,
        env: postgresEnvironment(),
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        ...account,
      });
      spawned.on('error', reject);
      spawned.on('spawn', () => resolve(spawned));
      spawned.unref();
    });
    const process = identifyChild(child);
    return { process, readOutput: async () => (await readFile(logPath)).subarray(offset).toString('utf8') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresError(`the database server cannot run: ${reason}`);
  } finally {
    await log.close();
  }
}

/** Who the child is. One that is gone already has an identity that is never alive. */
function identifyChild(child: ChildProcess): ProcessIdentity {
  const pid = child.pid as number;
  try {
    return findProcess(pid) ?? { pid, startTicks: '' };
  } catch (error) {
    // A server that could not be known again would be watched and stopped by nobody.
    child.kill('SIGQUIT');
    throw error;
  }
}

/** How waiting for a server ended. */
export type Readiness = 'ready' | 'exited' | 'timed out';

/** Waits until the server accepts connections or is gone. Calls `onSlow` every few seconds meanwhile. */
export async function awaitReady(
  clock: Clock,
  clusterDir: string,
  process: ProcessIdentity,
  onSlow: () => void,
): Promise<Readiness> {
  const startedAt = clock.now();
  let saidAt = startedAt;
  while (isAlive(process)) {
    // A file that cannot be read now is read again, as one that is not there yet.
    const file = await readPostmasterFile(clusterDir).catch(() => undefined);
    if (file?.pid === process.pid && file.status === 'ready') return 'ready';
    const now = clock.now();
    if (now - startedAt > READY_TIMEOUT_MS) return 'timed out';
    if (now - saidAt > PROGRESS_INTERVAL_MS) {
      saidAt = now;
      onSlow();
    }
    await delay(clock, POLL_INTERVAL_MS);
  }
  return 'exited';
}

/**
 * Shuts the server down: fast, then by harder means when it does not obey. What is committed survives each of
 * them. Resolves when it is gone; at once when it is gone already.
 *
 * @throws EmbeddedPostgresError when even SIGKILL does not end it.
 */
export async function stopPostmaster(clock: Clock, target: ProcessIdentity): Promise<void> {
  const steps = [
    ['SIGINT', FAST_SHUTDOWN_TIMEOUT_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_TIMEOUT_MS],
    ['SIGKILL', IMMEDIATE_SHUTDOWN_TIMEOUT_MS],
  ] as const;
  for (const [signal, timeoutMs] of steps) {
    if (!isAlive(target)) return;
    sendSignal(target, signal);
    if (await awaitExit(clock, target, timeoutMs)) return;
  }
  throw new EmbeddedPostgresError(`the database server (process ${target.pid}) does not stop`);
}

/** The old log is kept once; within one run the server logs too little to need more. */
async function openLog(path: string): Promise<FileHandle> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > MAX_LOG_BYTES) await rename(path, `${path}.1`);
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  return await open(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o600);
}
