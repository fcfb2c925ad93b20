/**
 * A backup of a node's embedded database as an operator asks for it: beside the venue that runs, or with the database
 * started for it. The copy is a data directory that a venue can start on, and it is there whole or not at all.
 */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { clusterDirOf, readPassword } from '../postgres/cluster.ts';
import { EmbeddedPostgresError } from '../postgres/errors.ts';
import { asSuperuser } from '../postgres/housekeeping.ts';
import { reachServer } from '../reconcile/run.ts';
import { type CopiedCluster, copyCluster } from './base-backup.ts';

export interface BackupOptions {
  readonly dataDir: string;
  /** Undefined: the embedded server in the data directory; no other can be backed up here. */
  readonly databaseUrl: string | undefined;
  /** The directory that is made; it must not be there, or be empty. */
  readonly to: string;
  readonly clock: Clock;
  /** What takes time, in words for people. */
  readonly onProgress: (line: string) => void;
}

export interface Backup extends CopiedCluster {
  /** Absolute. */
  readonly directory: string;
  readonly tookMs: number;
}

/** Copying may wait long for the server's disk. */
const QUERY_TIMEOUT_MS = 10 * 60_000;

/**
 * Makes the backup. What was acknowledged to members before the call is in it.
 *
 * @throws EmbeddedPostgresError, or the system's or the driver's error: nothing is at `to` then.
 */
export async function backupDatabase(options: BackupOptions): Promise<Backup> {
  const { dataDir, databaseUrl, clock } = options;
  if (databaseUrl !== undefined) {
    throw new EmbeddedPostgresError(
      'the database is a server of your own: back it up with its own tools, such as pg_basebackup or pg_dump',
    );
  }
  const directory = resolve(options.to);
  await assertFree(directory);
  const startedAt = clock.now();
  const server = await reachServer({ ...options, databaseUrl });
  const draft = `${directory}.partial`;
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(clusterDirOf(draft), { recursive: true, mode: 0o700 });
    const clusterDir = clusterDirOf(dataDir);
    const port = Number(new URL(server.url).port);
    const copied = await asSuperuser(
      port,
      await readPassword(clusterDir),
      (client) => copyCluster(client, clusterDir, clusterDirOf(draft)),
      QUERY_TIMEOUT_MS,
    );
    await rm(directory, { recursive: true, force: true });
    await rename(draft, directory);
    await syncDirectory(dirname(directory));
    return { ...copied, directory, tookMs: clock.now() - startedAt };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  } finally {
    await server.close();
  }
}

async function assertFree(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found === undefined) return;
  if (found.isDirectory() && (await readdir(directory)).length === 0) return;
  throw new EmbeddedPostgresError(`${directory} is there already: name a directory that is not`);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
