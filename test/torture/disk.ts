/**
 * The disk of a torture run: a file system of its own in memory, whose room can be taken away and given back, where
 * this process may mount one. Elsewhere it is a directory, and no disk is ever full.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clusterDirOf } from '../../src/persistence/postgres/cluster.ts';
import { identifyPostmaster, readPostmasterFile } from '../../src/persistence/postgres/postmaster.ts';
import { findProcess, isAlive, sendSignal } from '../../src/persistence/postgres/processes.ts';
import { until } from '../support/until.ts';
import { endInhabitants } from './inhabitants.ts';
import { reasonOf } from './reasons.ts';

const run = promisify(execFile);

/** Directories are named after the run that made them: what a killed run leaves behind is found by the next one. */
const PREFIX = 'onebook-torture-';
const NAME = /^onebook-torture-(\d+)-/;
/** Room of the file system when it is not full; only what is used takes memory. */
const SIZE_MIB = 6_144;
const MIN_FREE_MIB = 2_048;
const FILL_ATTEMPTS = 20;
/** Somebody who looks into it keeps it busy for as long as he likes. */
const UNUSED_TIMEOUT_MS = 3_000;
const KIB = 1024;

export class Disk {
  /** The data directory of the venue. */
  readonly dataDir: string;
  /** Why it cannot be full; undefined when it can. */
  readonly cannotFill: string | undefined;
  readonly #parent: string;

  readonly #closeAtExit: () => void;

  private constructor(parent: string, dataDir: string, cannotFill: string | undefined) {
    this.#parent = parent;
    this.dataDir = dataDir;
    this.cannotFill = cannotFill;
    this.#closeAtExit = () => removeAtExit(parent, dataDir);
    process.on('exit', this.#closeAtExit);
  }

  static async open(): Promise<Disk> {
    await removeLeftBehind();
    const parent = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
    const dataDir = join(parent, 'data');
    await mkdir(dataDir);
    const reason = await mountReason(dataDir);
    return new Disk(parent, dataDir, reason);
  }

  /** What lies on it, MiB; undefined where it is no file system of its own. */
  async usedMib(): Promise<number | undefined> {
    return this.cannotFill === undefined ? (await this.#usedKib()) / KIB : undefined;
  }

  async #usedKib(): Promise<number> {
    const { blocks, bfree, bsize } = await statfs(this.dataDir);
    return Math.ceil(((blocks - bfree) * bsize) / KIB);
  }

  /** Leaves no room for another byte. */
  async fill(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const usedKib = await this.#usedKib();
      try {
        await remount(this.dataDir, `${usedKib}k`);
        return;
      } catch (error) {
        // Somebody has written meanwhile, and there is more in it than it would have room for.
        if (attempt === FILL_ATTEMPTS) throw error;
      }
    }
  }

  /** Gives all the room back. */
  async free(): Promise<void> {
    await remount(this.dataDir, `${SIZE_MIB}m`);
  }

  /** Removes everything. Returns what could not be cleaned up, undefined when all could. */
  async close(): Promise<string | undefined> {
    const problem = await removeDisk(this.#parent);
    process.off('exit', this.#closeAtExit);
    return problem;
  }

  /** Copies everything to `kept`, for whoever looks into a failure, and removes it. Returns as {@link close} does. */
  async keep(kept: string): Promise<string | undefined> {
    await endAllAtWork(this.dataDir);
    await run('cp', ['-a', this.dataDir, kept]);
    return this.close();
  }
}

/** Mounts, or says why not. */
async function mountReason(dataDir: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root may mount a file system of a size of its own';
  const meminfo = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const freeKib = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0);
  if (freeKib < MIN_FREE_MIB * KIB) return `a file system in memory needs ${MIN_FREE_MIB} MiB of it free`;
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'onebook-torture', dataDir]);
    return undefined;
  } catch (error) {
    return `mount is refused: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
}

async function remount(dataDir: string, size: string): Promise<void> {
  await run('mount', ['-o', `remount,size=${size}`, dataDir]);
}

/** Ends the venue and its Postgres, whatever they are doing. */
async function endAllAtWork(dataDir: string): Promise<void> {
  await endInhabitants(dataDir);
  // Where /proc hides what other accounts run, the file of the server still names it.
  const file = await readPostmasterFile(clusterDirOf(dataDir)).catch(() => undefined);
  const postmaster = file && identifyPostmaster(clusterDirOf(dataDir), file);
  if (postmaster === undefined) return;
  sendSignal(postmaster, 'SIGQUIT');
  sendSignal(postmaster, 'SIGCONT');
  await until('the end of Postgres', () => !isAlive(postmaster));
}

/**
 * Ends what is at work in it and removes it. What cannot be removed in order is told and not thrown: how a run ended
 * must not be hidden by what became of its disk.
 */
async function removeDisk(parent: string): Promise<string | undefined> {
  const dataDir = join(parent, 'data');
  const problems: string[] = [];
  const note = (error: unknown): void => {
    problems.push(reasonOf(error));
  };
  await endAllAtWork(dataDir).catch(note);
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  if (mounts.includes(` ${dataDir} `)) await unmount(dataDir).catch(note);
  await rm(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(note);
  return problems.length === 0 ? undefined : problems.join('; ');
}

/** At once where nobody uses it; otherwise it goes when nobody does any more. */
async function unmount(dataDir: string): Promise<void> {
  try {
    await until('an unused disk', async () => (await run('umount', [dataDir])) && true, UNUSED_TIMEOUT_MS);
  } catch (error) {
    await run('umount', ['--lazy', dataDir]);
    throw error;
  }
}

/** A run that ends early (Ctrl-C, an error of its own) leaves nothing behind either. */
function removeAtExit(parent: string, dataDir: string): void {
  try {
    const pid = Number.parseInt(readFileSync(join(clusterDirOf(dataDir), 'postmaster.pid'), 'utf8'), 10);
    process.kill(pid, 'SIGQUIT');
    // A fault may have stopped it.
    process.kill(pid, 'SIGCONT');
  } catch {
    // There is no server.
  }
  // Whatever is still at work in it has a moment to end: the file system goes when nobody uses it any more.
  spawnSync('umount', ['--lazy', dataDir], { stdio: 'ignore' });
  rmSync(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/** Ends and removes what is left of runs that were killed. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || findProcess(Number(pid)) !== undefined) continue;
    await removeDisk(join(tmpdir(), name));
  }
}
