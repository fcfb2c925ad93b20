/**
 * The disk of a torture run: a file system of its own in memory, whose room can be taken away and given back, where
 * this process may mount one. Elsewhere it is a directory, and no disk is ever full.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clusterDirOf } from '../../src/persistence/postgres/cluster.ts';
import { identifyPostmaster, readPostmasterFile } from '../../src/persistence/postgres/postmaster.ts';
import { findProcess, isAlive, sendSignal } from '../../src/persistence/postgres/processes.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

/** Directories are named after the run that made them: what a killed run leaves behind is found by the next one. */
const PREFIX = 'onebook-torture-';
const NAME = /^onebook-torture-(\d+)-/;
/** Room of the file system when it is not full; only what is used takes memory. */
const SIZE_MIB = 6_144;
const MIN_FREE_MIB = 2_048;
const FILL_ATTEMPTS = 20;
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

  /** Leaves no room for another byte. */
  async fill(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { blocks, bfree, bsize } = await statfs(this.dataDir);
      const usedKib = Math.ceil(((blocks - bfree) * bsize) / KIB);
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

  /** Removes everything; the venue and its Postgres have ended. */
  async close(): Promise<void> {
    process.off('exit', this.#closeAtExit);
    await endPostgres(this.dataDir);
    await removeParent(this.#parent);
  }

  /** Moves everything to where it stays, for whoever looks into a failure. The venue has ended. */
  async keep(name: string): Promise<string> {
    process.off('exit', this.#closeAtExit);
    await endPostgres(this.dataDir);
    const kept = join(tmpdir(), `${name}-${process.pid}`);
    await run('cp', ['-a', this.dataDir, kept]);
    await removeParent(this.#parent);
    return kept;
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

async function endPostgres(dataDir: string): Promise<void> {
  const file = await readPostmasterFile(clusterDirOf(dataDir)).catch(() => undefined);
  const postmaster = file && identifyPostmaster(clusterDirOf(dataDir), file);
  if (postmaster === undefined) return;
  sendSignal(postmaster, 'SIGCONT');
  sendSignal(postmaster, 'SIGQUIT');
  await until('the end of Postgres', () => !isAlive(postmaster));
}

async function removeParent(parent: string): Promise<void> {
  const dataDir = join(parent, 'data');
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  if (mounts.includes(` ${dataDir} `)) {
    // The last processes of a server may still be in it.
    await until('the end of the disk', async () => {
      await run('umount', [dataDir]);
      return true;
    });
    await rmdir(dataDir);
  }
  await rm(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
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
    const parent = join(tmpdir(), name);
    await endVenue(join(parent, 'data'));
    await endPostgres(join(parent, 'data'));
    await removeParent(parent);
  }
}

async function endVenue(dataDir: string): Promise<void> {
  const pid = Number(await readFile(join(dataDir, 'venue.pid'), 'utf8').catch(() => ''));
  // Ids are used again: only a process that was started on this directory is its venue.
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (!commandLine.includes(dataDir)) return;
  process.kill(pid, 'SIGKILL');
  await until('the end of a venue of another run', () => findProcess(pid) === undefined);
}
