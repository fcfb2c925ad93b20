/**
 * The cluster's files: `<dataDir>/postgres`, the account that owns them, the server's log beside them. A new
 * cluster is made in a directory of its own and moved into place when it is complete and on disk, so that
 * `postgres` exists either whole or not at all.
 *
 * Programs are started with the cluster as their working directory and told `-D /proc/self/cwd`: the venue,
 * as root, may enter directories above it that the server's account may not.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chown,
  lchown,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, type PostgresBinaries, postgresEnvironment } from './binaries.ts';
import { EmbeddedPostgresError, errorText } from './errors.ts';
import { SETTINGS_FILE } from './settings.ts';

/** The cluster as a program sees it that was started inside it. */
export const HERE = '/proc/self/cwd';

/** Superuser of the cluster, for the venue's own housekeeping. */
export const SUPERUSER = 'postgres';

/** `nobody`: runs the server when the venue is root and neither cluster nor data directory has another owner. */
const NOBODY = 65534;

const PASSWORD_FILE = 'onebook.password';
const DRAFT_PREFIX = 'postgres.init-';

/** Path of the cluster in a venue's data directory. */
export function clusterDirOf(dataDir: string): string {
  return join(dataDir, 'postgres');
}

/** The account for the server: the venue's own, but never root. */
export async function chooseAccount(dataDir: string): Promise<Account> {
  if (process.getuid?.() !== 0) return undefined;
  const cluster = await stat(clusterDirOf(dataDir)).catch(() => undefined);
  if (cluster !== undefined && cluster.uid !== 0) return { uid: cluster.uid, gid: cluster.gid };
  const parent = await stat(dataDir);
  // A volume may belong to a user that this machine does not know, and initdb insists on a known one.
  const isKnown = (await readFile('/etc/passwd', 'utf8').catch(() => '')).includes(`:${parent.uid}:`);
  if (parent.uid !== 0 && isKnown) return { uid: parent.uid, gid: parent.gid };
  return { uid: NOBODY, gid: NOBODY };
}

/**
 * True when the data directory has a complete cluster. Removes what an interrupted creation left behind, and
 * gives files that root has put there (a restored backup) to the server's account.
 *
 * @throws EmbeddedPostgresError when the cluster cannot be used by this venue.
 */
export async function findCluster(dataDir: string, account: Account): Promise<boolean> {
  for (const name of await readdir(dataDir)) {
    if (name.startsWith(DRAFT_PREFIX)) await removeTree(join(dataDir, name));
  }
  const clusterDir = clusterDirOf(dataDir);
  const found = await stat(clusterDir).catch(() => undefined);
  if (found === undefined) return false;
  const own = process.getuid?.();
  if (own !== 0 && found.uid !== own) {
    throw new EmbeddedPostgresError(
      `${clusterDir} belongs to user ${found.uid}, and this venue runs as user ${own}: ` +
        'run it as the user that created the database, or as root',
    );
  }
  if ((await readdir(clusterDir)).length === 0) {
    await rmdir(clusterDir);
    return false;
  }
  const complete = await stat(join(clusterDir, 'PG_VERSION')).catch(() => undefined);
  if (complete === undefined) {
    throw new EmbeddedPostgresError(`${clusterDir} is not a Postgres database: move it away, or restore it`);
  }
  if (account !== undefined && found.uid !== account.uid) await chownTree(clusterDir, account);
  return true;
}

/**
 * Creates the cluster. Killed at any point, it leaves only a draft that {@link findCluster} removes.
 *
 * @throws EmbeddedPostgresError with what initdb said.
 */
export async function createCluster(
  dataDir: string,
  binaries: PostgresBinaries,
  account: Account,
): Promise<void> {
  const draft = await mkdtemp(join(dataDir, DRAFT_PREFIX));
  const cluster = join(draft, 'cluster');
  const password = join(draft, PASSWORD_FILE);
  await mkdir(cluster, { mode: 0o700 });
  await writeFile(password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: true });
  if (account !== undefined) {
    for (const path of [draft, cluster, password]) await chown(path, account.uid, account.gid);
  }
  await runInitdb(cluster, binaries, account);
  await includeSettings(join(cluster, 'postgresql.conf'));
  await rename(password, join(cluster, PASSWORD_FILE));
  await syncDirectory(cluster);
  await rename(cluster, clusterDirOf(dataDir));
  await syncDirectory(dataDir);
  await removeTree(draft);
}

/**
 * The password of both roles of the cluster.
 *
 * @throws EmbeddedPostgresError when its file is gone.
 */
export async function readPassword(clusterDir: string): Promise<string> {
  const path = join(clusterDir, PASSWORD_FILE);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `the database password cannot be read (${errorText(error)}): restore ${path}`,
    );
  });
  return text.trim();
}

/** Settings as they are on disk; empty before the first start. */
export async function readSettings(clusterDir: string): Promise<string> {
  return await readFile(join(clusterDir, SETTINGS_FILE), 'utf8').catch(() => '');
}

/**
 * Replaces the settings that the next start of the server reads. Never writes through what the server's account
 * may have put in the file's place: the venue may be root.
 */
export async function writeSettings(clusterDir: string, text: string, account: Account): Promise<void> {
  const path = join(clusterDir, SETTINGS_FILE);
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    if (account !== undefined) await file.chown(account.uid, account.gid);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

async function includeSettings(configurationPath: string): Promise<void> {
  const { O_APPEND, O_NOFOLLOW, O_WRONLY } = constants;
  const file = await open(configurationPath, O_WRONLY | O_APPEND | O_NOFOLLOW);
  try {
    await file.appendFile(`\ninclude '${SETTINGS_FILE}'\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

function runInitdb(clusterDir: string, binaries: PostgresBinaries, account: Account): Promise<void> {
  const args = [
    ...['-D', HERE, `--username=${SUPERUSER}`, `--pwfile=${HERE}/../${PASSWORD_FILE}`],
    ...['--auth=scram-sha-256', '--encoding=UTF8', '--no-instructions'],
    // Postgres's own C.UTF-8: the order of text does not change with the machine's C library.
    ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(binaries.initdb, args, {
      cwd: clusterDir,
      env: postgresEnvironment(),
      // When the venue is killed, the broken pipe ends an initdb that is still at work.
      stdio: ['ignore', 'pipe', 'pipe'],
      ...account,
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-4096);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => reject(new EmbeddedPostgresError(`initdb cannot run: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const end = output.trim().split('\n').slice(-3).join(' / ');
      reject(new EmbeddedPostgresError(`the database cannot be created (initdb: ${code ?? signal}): ${end}`));
    });
  });
}

/** An initdb whose venue was killed may add files while its draft is removed: hence the retries. */
async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

async function chownTree(
  path: string,
  account: { readonly uid: number; readonly gid: number },
): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await chownTree(child, account);
    else await lchown(child, account.uid, account.gid);
  }
  // Last, so that an interrupted walk is begun again.
  await lchown(path, account.uid, account.gid);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
