/**
 * A reconciliation of a node's database as an operator asks for it: beside the venue that runs, or with the database
 * started for it and stopped afterwards. Two processes never hold one data directory.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import { type Clock, delay } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { DataDirectoryInUse, EmbeddedPostgresError, startEmbeddedPostgres } from '../embedded-postgres.ts';
import { connect } from '../orm.ts';
import { clusterDirOf, readPassword } from '../postgres/cluster.ts';
import { VENUE_NAME } from '../postgres/housekeeping.ts';
import { identifyPostmaster, readPostmasterFile } from '../postgres/postmaster.ts';
import { type ReconcileOptions, type Reconciliation, reconcile } from './reconcile.ts';

/** Where a node has its rows. */
export interface NodeDatabase {
  readonly dataDir: string;
  /** Undefined: the embedded server in the data directory. A secret. */
  readonly databaseUrl: string | undefined;
  readonly clock: Clock;
  /** What takes time, in words for people. */
  readonly onProgress: (line: string) => void;
}

/** How long a venue that holds the directory may take to have its database up. */
const SERVER_TIMEOUT_MS = 30_000;
const RETRY_INTERVAL_MS = 200;
/** Rows are fetched while sums are made here: nobody waits for locks of a transaction that only reads. */
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Finds the database, reconciles and leaves everything as it was found.
 *
 * @throws EmbeddedPostgresError, DatabaseUnfitError, StoreUnavailableError or the driver's error.
 */
export function reconcileDatabase(options: NodeDatabase & ReconcileOptions): Promise<Reconciliation> {
  return onNodeDatabase(options, 'onebook reconcile', (orm) => reconcile(orm, options));
}

/** Finds a node's database for `work`, and leaves as it was found whether it runs. */
export async function onNodeDatabase<Result>(
  database: NodeDatabase,
  applicationName: string,
  work: (orm: MikroORM) => Promise<Result>,
  maxConnections = 1,
): Promise<Result> {
  const server = await reachServer(database);
  try {
    const orm = await connect(server.url, {
      applicationName,
      maxConnections,
      idleInTransactionTimeoutMs: IDLE_TIMEOUT_MS,
    });
    try {
      return await work(orm);
    } finally {
      await orm.close(true);
    }
  } finally {
    await server.close();
  }
}

export interface ReachedServer {
  readonly url: string;
  /** Stops what was started for us. */
  close(): Promise<void>;
}

/** The server of a node's database: the one that runs, or one that is started for the caller. */
export async function reachServer(options: NodeDatabase): Promise<ReachedServer> {
  const { dataDir, databaseUrl, clock, onProgress } = options;
  if (databaseUrl !== undefined) return { url: databaseUrl, close: async () => {} };
  await assertHasCluster(dataDir);
  const deadline = clock.now() + SERVER_TIMEOUT_MS;
  for (;;) {
    try {
      const server = await startEmbeddedPostgres({ dataDir, clock, log: silentLog, onProgress });
      return { url: server.url, close: () => server.stop() };
    } catch (error) {
      if (!(error instanceof DataDirectoryInUse)) throw error;
    }
    const url = await urlOfRunning(dataDir);
    if (url !== undefined) return { url, close: async () => {} };
    // The venue may be about to have a server, or about to give up the directory.
    if (clock.now() > deadline) {
      throw new EmbeddedPostgresError(`a venue runs on ${dataDir}, but its database does not: try again`);
    }
    await delay(clock, RETRY_INTERVAL_MS);
  }
}

/** Reading must not be what creates a database. */
async function assertHasCluster(dataDir: string): Promise<void> {
  const found = await stat(join(clusterDirOf(dataDir), 'PG_VERSION')).catch(() => undefined);
  if (found === undefined) {
    throw new EmbeddedPostgresError(
      `there is no database in ${dataDir}: say the node's --data-dir, or its --database-url`,
    );
  }
}

/** Where the venue that holds the directory has its server; undefined while it has none. */
async function urlOfRunning(dataDir: string): Promise<string | undefined> {
  const clusterDir = clusterDirOf(dataDir);
  const file = await readPostmasterFile(clusterDir);
  if (file?.status !== 'ready' || identifyPostmaster(clusterDir, file) === undefined) return undefined;
  return urlOf(file.port, await readPassword(clusterDir));
}

function urlOf(port: number, password: string): string {
  return `postgres://${VENUE_NAME}:${password}@127.0.0.1:${port}/${VENUE_NAME}`;
}
