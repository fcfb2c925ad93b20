/**
 * The node's database, ready to use: the embedded server or the operator's own, checked for durability, migrated,
 * with this month's partitions, and the data directory held for this process.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { type Clock, delay } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { lockDataDirectory, startEmbeddedPostgres } from './embedded-postgres.ts';
import { createEngineLock, type EngineLock } from './engine-lock.ts';
import { assertDurable, connect, migrate } from './orm.ts';
import { ensurePartitionsAtStart } from './partitions.ts';
import { onConnection } from './sql.ts';

export interface DatabaseOptions {
  readonly nodeName: string;
  /** Must exist. */
  readonly dataDir: string;
  /** Undefined: the embedded server in the data directory. A secret. */
  readonly databaseUrl: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly onProgress: (line: string) => void;
  /** How long the server lets a transaction of ours be idle; default as in {@link connect}. */
  readonly idleInTransactionTimeoutMs?: number | undefined;
  /** Nobody waits any more for who reads. */
  readonly signal?: AbortSignal | undefined;
}

export interface Database {
  readonly orm: MikroORM;
  /** A secret. */
  readonly url: string;
  /** Whether the server answers now; never takes longer than about a second. */
  fault(): Promise<string | undefined>;
  /** Closes the connections, stops the embedded server, gives up the data directory. */
  close(): Promise<void>;
}

const PROBE_TIMEOUT_MS = 1_000;

/**
 * Opens the database.
 *
 * @throws DataDirectoryInUse, EmbeddedPostgresError, DatabaseUnfitError or the driver's error: each message says
 * what to do.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { clock, log, nodeName, onProgress } = options;
  const server = await serverFor(options);
  try {
    const { idleInTransactionTimeoutMs } = options;
    const orm = await connect(server.url, {
      applicationName: `onebook ${nodeName}`,
      log,
      ...(idleInTransactionTimeoutMs === undefined ? {} : { idleInTransactionTimeoutMs }),
    });
    try {
      await assertDurable(orm);
      onProgress('bringing the schema up to date');
      await migrate(orm);
      await ensurePartitionsAtStart(orm, options);
    } catch (error) {
      await orm.close(true);
      throw error;
    }
    return {
      orm,
      url: server.url,
      fault: () => probe(orm, clock),
      async close() {
        await orm.close(true);
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function serverFor(options: DatabaseOptions): Promise<{ url: string; stop: () => Promise<void> }> {
  const { clock, log, dataDir, databaseUrl, onProgress } = options;
  if (databaseUrl === undefined) return startEmbeddedPostgres({ dataDir, clock, log, onProgress });
  const lock = await lockDataDirectory(dataDir, clock);
  return { url: databaseUrl, stop: () => lock.release() };
}

function probe(orm: MikroORM, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.after(PROBE_TIMEOUT_MS, () => resolve('the database does not answer'));
    const settle = (fault: string | undefined): void => {
      cancel();
      resolve(fault);
    };
    onConnection(orm, (sql) => sql.rows('select 1')).then(
      () => settle(undefined),
      () => settle('the database cannot be reached'),
    );
  });
}

export interface TradingRightOptions {
  readonly url: string;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Told, once, who trades while this node waits. */
  readonly onWaiting: (holder: string) => void;
  /** The right is lost for good: another node trades. */
  readonly onLost: (reason: string) => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Nodes of one cluster trade together; a venue of one process is alone. */
  readonly isShared?: boolean;
}

const RETRY_INTERVAL_MS = 250;

/**
 * Waits until no other venue trades on this database, then holds the right to: a session lock that Postgres frees
 * when this process dies. When its connection is lost it is taken again; if another node was faster, the guard of
 * every commit keeps this one from writing, and it must stop. Resolves with undefined when aborted.
 */
export async function acquireTradingRight(options: TradingRightOptions): Promise<EngineLock | undefined> {
  const { clock, log, signal } = options;
  const lock = createEngineLock({
    url: options.url,
    nodeName: options.nodeName,
    log,
    isShared: options.isShared ?? false,
    onLost: () => void regain(),
  });
  let isAnnounced = false;
  let hasTraded = false;

  async function regain(): Promise<void> {
    while (!signal.aborted) {
      const held = await lock.tryAcquire().catch(() => undefined);
      if (held === true) return;
      if (held === false && hasTraded) {
        // Postgres may be slower to see the end of a session than we are: that one is no other node. It is asked first,
        // since it does not come back once it is gone.
        const isOwnPast = await lock.isHeldByOwnPast().catch(() => true);
        const holder = isOwnPast ? undefined : await holderOf(lock);
        if (holder !== undefined) {
          options.onLost(`another node trades on this database now: ${holder}`);
          return;
        }
      }
      await delay(clock, RETRY_INTERVAL_MS);
    }
  }

  while (!signal.aborted) {
    if (await lock.tryAcquire()) {
      hasTraded = true;
      return lock;
    }
    if (!isAnnounced) options.onWaiting((await holderOf(lock)) ?? 'another node');
    isAnnounced = true;
    await delay(clock, RETRY_INTERVAL_MS);
  }
  await lock.release();
  return undefined;
}

function holderOf(lock: EngineLock): Promise<string | undefined> {
  return lock.holder().catch(() => undefined);
}
