/**
 * A copy of the embedded server's cluster while it runs: what `pg_basebackup` makes, which the npm package does not
 * contain. The server is told when the copy begins and ends; its log (WAL) in between makes a consistent cluster of
 * files that were read one after the other. Whoever starts a server on the copy lets it replay that log first.
 */
import { chmod, copyFile, mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { EmbeddedPostgresError, systemErrorCode } from '../postgres/errors.ts';

/** What was copied. */
export interface CopiedCluster {
  readonly fileCount: number;
  readonly bytes: number;
}

/** Directories whose contents a server makes anew when it starts, or that are copied apart (pg_wal). */
const EMPTIED = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
]);
/** Facts about the running process, and what a backup of before may have left. */
const LEFT_OUT = new Set(['postmaster.pid', 'postmaster.opts', 'backup_label', 'tablespace_map']);
const TEMPORARY = /^(pgsql_tmp|pg_internal\.init)/;
const WAL_SEGMENT = /^[0-9A-F]{24}$/;
const LABEL = 'onebook';

/**
 * Copies the cluster in `clusterDir` into `target`, which must be there and be empty. Everything that was committed
 * before the call is in the copy. `client` is a superuser's connection to the server that runs there, of which nothing
 * else may make use meanwhile.
 *
 * @throws EmbeddedPostgresError, the driver's error or the system's.
 */
export async function copyCluster(
  client: pg.Client,
  clusterDir: string,
  target: string,
): Promise<CopiedCluster> {
  // Keeps the log of the whole copy from being removed; gone with the connection, whatever happens.
  const slot = `${LABEL}_backup_${process.pid}`;
  await client.query('select pg_create_physical_replication_slot($1, true, true)', [slot]);
  const begun = await client.query(
    'select pg_walfile_name(lsn) as segment from pg_backup_start($1, fast => true) as lsn',
    [LABEL],
  );
  const counted = { fileCount: 0, bytes: 0 };
  await copyDirectory(clusterDir, target, counted);
  const ended = await client.query(
    'select pg_walfile_name(lsn) as segment, labelfile, spcmapfile from pg_backup_stop(wait_for_archive => false)',
  );
  const { segment: last, labelfile, spcmapfile } = ended.rows[0];
  if (String(spcmapfile).trim() !== '') {
    throw new EmbeddedPostgresError('the database has tablespaces of its own: back it up with pg_basebackup');
  }
  const firstSegment = String(begun.rows[0]?.segment);
  await copyLog(join(clusterDir, 'pg_wal'), join(target, 'pg_wal'), firstSegment, String(last), counted);
  await client.query('select pg_drop_replication_slot($1)', [slot]);
  // Last: without it, a server would take the copy for a cluster that has crashed, and it is none.
  await writeFile(join(target, 'backup_label'), String(labelfile), { mode: 0o600, flush: true });
  await syncDirectory(target);
  return counted;
}

async function copyDirectory(
  from: string,
  to: string,
  counted: { fileCount: number; bytes: number },
): Promise<void> {
  await chmod(to, 0o700);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const { name } = entry;
    if (LEFT_OUT.has(name) || TEMPORARY.test(name)) continue;
    const [source, copy] = [join(from, name), join(to, name)];
    if (entry.isDirectory()) {
      await mkdir(copy, { mode: 0o700 });
      if (!EMPTIED.has(name)) await copyDirectory(source, copy, counted);
    } else if (entry.isFile()) {
      await copyOne(source, copy, counted);
    } else {
      throw new EmbeddedPostgresError(
        `${source} is neither a file nor a directory: back it up with pg_basebackup`,
      );
    }
  }
  await syncDirectory(to);
}

/** A table that is dropped meanwhile takes its file with it: the log says so too. */
async function copyOne(
  from: string,
  to: string,
  counted: { fileCount: number; bytes: number },
): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  const file = await open(to, 'r+');
  try {
    await file.chmod(0o600);
    await file.sync();
    counted.bytes += (await file.stat()).size;
    counted.fileCount += 1;
  } finally {
    await file.close();
  }
}

/** The segments from the first to the last, which the server has finished when it ended the backup. */
async function copyLog(
  from: string,
  to: string,
  first: string,
  last: string,
  counted: { fileCount: number; bytes: number },
): Promise<void> {
  for (const name of ['archive_status', 'summaries']) await mkdir(join(to, name), { mode: 0o700 });
  const names = (await readdir(from)).filter(
    (name) => name.endsWith('.history') || (WAL_SEGMENT.test(name) && name >= first && name <= last),
  );
  if (!names.includes(first) || !names.includes(last)) {
    throw new EmbeddedPostgresError('the log of the backup is gone: try again');
  }
  for (const name of names) await copyOne(join(from, name), join(to, name), counted);
  await syncDirectory(to);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
