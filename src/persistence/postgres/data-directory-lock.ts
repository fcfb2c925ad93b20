/**
 * One venue per data directory. The lock is a listening socket in Linux's abstract namespace, named after the
 * directory's device and inode: binding is atomic, and the kernel frees the name when the process dies in
 * whatever way, so that no file can be left behind and no reused process id can be mistaken for a venue.
 *
 * The name is visible within one network namespace: two containers that share a volume do not see each other.
 */
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type Clock, delay } from '../../platform/clock.ts';
import { DataDirectoryInUse, systemErrorCode } from './errors.ts';
import { findProcess } from './processes.ts';

/** Says who holds the lock. For people and messages only: the socket is what counts. */
const HOLDER_FILE = 'venue.pid';
/** The kernel takes a moment to close the sockets of a process that was killed. */
const DYING_TIMEOUT_MS = 3_000;
const RETRY_INTERVAL_MS = 20;

export interface DataDirectoryLock {
  /** Gives the directory up. Does nothing the second time. */
  release(): Promise<void>;
}

/**
 * Takes the data directory, which must exist, for this process.
 *
 * @throws DataDirectoryInUse when a living process, this one included, holds it.
 */
export async function lockDataDirectory(dataDir: string, clock: Clock): Promise<DataDirectoryLock> {
  const { dev, ino } = await stat(dataDir, { bigint: true });
  const holderFile = join(dataDir, HOLDER_FILE);
  const server = createServer((socket) => socket.destroy());
  const deadline = clock.now() + DYING_TIMEOUT_MS;
  while (!(await listen(server, `\0onebook-${dev}-${ino}`))) {
    const pid = await readHolder(holderFile);
    const isDying = pid !== undefined && !mayRun(pid);
    if (!isDying || clock.now() > deadline) throw new DataDirectoryInUse(dataDir, pid);
    await delay(clock, RETRY_INTERVAL_MS);
  }
  server.unref();
  try {
    // Made anew, so that a link in its place is never followed: the venue may be root.
    await rm(holderFile, { force: true });
    await writeFile(holderFile, `${process.pid}\n`, { flag: 'wx' });
  } catch (error) {
    await close(server);
    throw error;
  }
  let released: Promise<void> | undefined;
  return {
    release() {
      released ??= rm(holderFile, { force: true }).then(() => close(server));
      return released;
    },
  };
}

async function readHolder(holderFile: string): Promise<number | undefined> {
  const text = await readFile(holderFile, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) ? pid : undefined;
}

/** False once nobody is known to have the id. */
function mayRun(pid: number): boolean {
  try {
    return findProcess(pid) !== undefined;
  } catch {
    return true;
  }
}

/** True when the name is ours now, false when another socket has it. */
function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      if (systemErrorCode(error) === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    server.once('error', onError);
    server.listen(path, () => {
      server.off('error', onError);
      resolve(true);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
