/**
 * The venue's own Postgres, for when no database URL is configured: the real server of the npm package, in the
 * venue's data directory. It is created on first use, started or adopted at each start, restarted when it dies
 * while the venue runs, and stopped with the venue. What the steps consist of is in `postgres/`.
 */
import { mkdir, realpath } from 'node:fs/promises';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { findBinaries } from './postgres/binaries.ts';
import { chooseAccount, clusterDirOf, createCluster, findCluster, readPassword } from './postgres/cluster.ts';
import { type DataDirectoryLock, lockDataDirectory } from './postgres/data-directory-lock.ts';
import { DataDirectoryInUse, EmbeddedPostgresError, errorText } from './postgres/errors.ts';
import { asSuperuser, ensureDatabase, VENUE_NAME } from './postgres/housekeeping.ts';
import { stopPostmaster } from './postgres/postmaster.ts';
import { adoptServer, type Site, startServer } from './postgres/server.ts';
import { checkSettings } from './postgres/settings.ts';
import { superviseServer } from './postgres/supervisor.ts';

export { type DataDirectoryLock, lockDataDirectory } from './postgres/data-directory-lock.ts';
export { DataDirectoryInUse, EmbeddedPostgresError } from './postgres/errors.ts';

export interface EmbeddedPostgresOptions {
  /** The venue's data directory, created when it is missing; the cluster lives in `<dataDir>/postgres`. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Told, in words for people, what takes time: the first use, a recovery after a crash. */
  readonly onProgress?: (line: string) => void;
  /** Postgres settings that differ from the venue's own. Durability and addresses are not among them. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** `postgres://onebook:<password>@127.0.0.1:<port>/onebook`: a secret. The same for as long as this venue runs. */
  readonly url: string;
  /** Process id of the server now; another one after a restart, undefined while it is down. */
  readonly pid: number | undefined;
  /** Shuts the server down and gives up the data directory. Resolves when both are done; may be repeated. */
  stop(): Promise<void>;
}

/**
 * Starts the venue's own Postgres and keeps it running until {@link EmbeddedPostgres.stop}.
 *
 * @throws DataDirectoryInUse when another venue that is alive holds the directory.
 * @throws EmbeddedPostgresError for everything else that an operator must see to.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const settings = options.settings ?? {};
  checkSettings(settings);
  const dataDir = await makeDataDirectory(options.dataDir);
  try {
    const lock = await lockDataDirectory(dataDir, options.clock);
    return await startLocked(dataDir, settings, options, lock).catch(async (error: unknown) => {
      await lock.release();
      throw error;
    });
  } catch (error) {
    if (error instanceof DataDirectoryInUse || error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(`the database in ${dataDir} cannot be started: ${errorText(error)}`);
  }
}

async function startLocked(
  dataDir: string,
  settings: Readonly<Record<string, string>>,
  options: EmbeddedPostgresOptions,
  lock: DataDirectoryLock,
): Promise<EmbeddedPostgres> {
  const site = await prepareSite(dataDir, settings, options);
  const server = (await adoptServer(site)) ?? (await startServer(site));
  try {
    await asSuperuser(server.port, site.password, ensureDatabase);
  } catch (error) {
    await stopPostmaster(site.clock, server.process);
    throw error;
  }
  const supervisor = superviseServer(site, server);
  let stopped: Promise<void> | undefined;
  return {
    url: `postgres://${VENUE_NAME}:${site.password}@127.0.0.1:${server.port}/${VENUE_NAME}`,
    get pid() {
      return supervisor.pid();
    },
    stop() {
      stopped ??= supervisor.stop().finally(() => lock.release());
      return stopped;
    },
  };
}

async function makeDataDirectory(dataDir: string): Promise<string> {
  try {
    await mkdir(dataDir, { recursive: true });
    return await realpath(dataDir);
  } catch (error) {
    throw new EmbeddedPostgresError(`the data directory ${dataDir} cannot be created: ${errorText(error)}`);
  }
}

async function prepareSite(
  dataDir: string,
  settings: Readonly<Record<string, string>>,
  options: EmbeddedPostgresOptions,
): Promise<Site> {
  const progress = options.onProgress ?? (() => {});
  const account = await chooseAccount(dataDir);
  const binaries = await findBinaries(account);
  const clusterDir = clusterDirOf(dataDir);
  if (!(await findCluster(dataDir, account))) {
    progress('creating the database (a few seconds, once) ...');
    const startedAt = options.clock.now();
    await createCluster(dataDir, binaries, account);
    const tookMs = options.clock.now() - startedAt;
    options.log.info('database created', { directory: clusterDir, tookMs });
  }
  const password = await readPassword(clusterDir);
  const { clock, log } = options;
  return { dataDir, clusterDir, account, binaries, password, settings, clock, log, progress };
}
