/**
 * The processes that a run has started and that are still at work in its directory: a venue, its Postgres, an initdb.
 * Kept apart from the disk, since only Linux's /proc knows them: a file with a process id may be gone, late or old.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import {
  findProcess,
  isAlive,
  type ProcessIdentity,
  sendSignal,
} from '../../src/persistence/postgres/processes.ts';
import { until } from '../support/until.ts';

/** Programs of the database, which are told of their directory by being started in it. */
const DATABASE_PROGRAMS: ReadonlySet<string> = new Set(['postgres', 'initdb']);
/** An immediate shutdown takes less. */
const OBEY_TIMEOUT_MS = 3_000;
const END_TIMEOUT_MS = 10_000;

/** One process, and whether it is the database's. */
export interface Inhabitant {
  readonly process: ProcessIdentity;
  readonly isDatabase: boolean;
}

/** What the run has started in `dir` and has not ended. Somebody else's shell in it is not among them. */
export async function findInhabitants(dir: string): Promise<Inhabitant[]> {
  const found: Inhabitant[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isSafeInteger(pid) || pid === process.pid) continue;
    const isDatabase = await isDatabaseIn(dir, pid);
    if (!isDatabase && !(await isVenueOf(dir, pid))) continue;
    const identity = findProcess(pid);
    if (identity !== undefined) found.push({ process: identity, isDatabase });
  }
  return found;
}

/**
 * Ends them: venues first, which would start their Postgres again, and Postgres by its own immediate shutdown where it
 * obeys.
 *
 * @throws Error when one does not end.
 */
export async function endInhabitants(dir: string, obeyTimeoutMs = OBEY_TIMEOUT_MS): Promise<void> {
  await endAll(dir, 'SIGKILL', END_TIMEOUT_MS, ({ isDatabase }) => !isDatabase);
  await endAll(dir, 'SIGQUIT', obeyTimeoutMs).catch(() => endAll(dir, 'SIGKILL', END_TIMEOUT_MS));
}

/** Each is told once; what comes while the others end is told too. */
async function endAll(
  dir: string,
  signal: NodeJS.Signals,
  timeoutMs: number,
  isMeant: (inhabitant: Inhabitant) => boolean = () => true,
): Promise<void> {
  const told: ProcessIdentity[] = [];
  await until(
    `the end of whatever is at work in ${dir}`,
    async () => {
      const living = (await findInhabitants(dir)).filter(isMeant);
      for (const { process } of living) {
        if (told.some((one) => one.pid === process.pid && isAlive(one))) continue;
        told.push(process);
        sendSignal(process, signal);
        // A fault may have stopped it.
        sendSignal(process, 'SIGCONT');
      }
      return living.length === 0;
    },
    timeoutMs,
  );
}

/** A venue is told of its directory on its command line. */
async function isVenueOf(dir: string, pid: number): Promise<boolean> {
  const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  return args[args.indexOf('--data-dir') + 1] === dir;
}

async function isDatabaseIn(dir: string, pid: number): Promise<boolean> {
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  if (!DATABASE_PROGRAMS.has(name)) return false;
  const workingDir = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  return workingDir.startsWith(`${dir}/`);
}
