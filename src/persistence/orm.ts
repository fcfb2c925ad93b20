/**
 * The way into the database: the ORM's configuration, the migrations that this version knows, and what is
 * demanded of a server before anything is trusted to it.
 */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM } from '@mikro-orm/postgresql';
import { ENTITIES } from '../entities/index.ts';
import { type Log, silentLog } from '../platform/log.ts';
import { freeLostConnections } from './lost-connections.ts';
import { onConnection, type Sql } from './sql.ts';

/** The server or its schema is not one that the venue may run on; the message is for the operator. */
export class DatabaseUnfitError extends Error {
  override readonly name = 'DatabaseUnfitError';
}

export interface ConnectOptions {
  readonly log?: Log;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** Bound of the connection pool. */
  readonly maxConnections?: number;
  /** How long to wait for a connection, a free one of the pool or a new one. */
  readonly connectTimeoutMs?: number;
  /** How long the server lets a transaction of ours be idle: shorter than anybody waits for its locks. */
  readonly idleInTransactionTimeoutMs?: number;
}

/** `migrations/` beside `src/`: the sources when run from them, `dist/migrations/` when built. */
const MIGRATIONS_DIR = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Serialises migrations and partition upkeep of several nodes: an advisory lock's key ("onebook"). */
const SCHEMA_LOCK_KEY = '31349160213868395';

const DEFAULT_MAX_CONNECTIONS = 8;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;

/** What the command line of the ORM and the venue have in common. */
export function ormConfig(url: string) {
  return defineConfig({
    entities: ENTITIES,
    clientUrl: url,
    extensions: [Migrator],
    metadataCache: { enabled: false },
    // Functions and triggers belong to no entity: migrations alone know them.
    schemaGenerator: { ignoreRoutines: true, ignoreTriggers: true },
    migrations: {
      path: MIGRATIONS_DIR,
      snapshotName: '.snapshot-onebook',
      snapshotOnMigrate: false,
      silent: true,
      emit: 'ts',
    },
  });
}

/**
 * Opens the pool and makes sure that the server answers. Close it with `orm.close()`.
 *
 * @throws the driver's error when the server cannot be reached or refuses the credentials.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<MikroORM> {
  const log = options.log ?? silentLog;
  const idleInTransactionTimeoutMs =
    options.idleInTransactionTimeoutMs ?? DEFAULT_IDLE_IN_TRANSACTION_TIMEOUT_MS;
  const config = ormConfig(url);
  const orm = await MikroORM.init({
    ...config,
    // A snapshot is for those who write migrations: a venue that runs does not read or write it.
    migrations: { ...config.migrations, snapshot: false },
    pool: { min: 0, max: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS, idleTimeoutMillis: 60_000 },
    driverOptions: {
      // The ORM takes host, port, database and credentials from the URL and drops its parameters (sslmode …).
      connectionString: url,
      application_name: options.applicationName ?? 'onebook',
      connectionTimeoutMillis: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
      keepAlive: true,
    },
    colors: false,
    logger: (message) => log.debug('orm', { message }),
  });
  try {
    freeLostConnections(await orm.em.getConnection().getNativeClient());
    await onConnection(orm, (sql) => sql.rows('select 1'));
  } catch (error) {
    await orm.close(true);
    throw error;
  }
  return orm;
}

/**
 * Brings the schema up to date. Nodes that start at once wait for each other.
 *
 * @throws DatabaseUnfitError when the schema was made by a newer version.
 */
export async function migrate(orm: MikroORM): Promise<void> {
  await onConnection(orm, async (sql) => {
    await sql.rows('select pg_advisory_lock($1)', [SCHEMA_LOCK_KEY]);
    try {
      await assertNotNewer(orm);
      await orm.migrator.up();
    } finally {
      await sql.rows('select pg_advisory_unlock($1)', [SCHEMA_LOCK_KEY]);
    }
  });
}

/** Takes the lock of {@link migrate} until the transaction ends. */
export async function lockSchema(sql: Sql): Promise<void> {
  await sql.rows('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK_KEY]);
}

async function assertNotNewer(orm: MikroORM): Promise<void> {
  const known = new Set((await readdir(MIGRATIONS_DIR)).map((file) => file.replace(/\.[jt]s$/, '')));
  const executed = await orm.migrator.getExecuted();
  const unknown = executed.map((migration) => migration.name).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new DatabaseUnfitError(
    `the database was migrated by a newer version of onebook (${unknown.join(', ')}): ` +
      'start that version, or restore a backup of before',
  );
}

/** Server settings on which "acknowledged means durable" rests. */
const DURABILITY_SETTINGS = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

/**
 * Refuses a server that answers COMMIT before the commit is on disk, or that could lose it in a crash.
 *
 * @throws DatabaseUnfitError naming the settings.
 */
export async function assertDurable(orm: MikroORM): Promise<void> {
  const rows = await onConnection(orm, (sql) =>
    sql.rows<{ name: string; setting: string }>(
      'select name, setting from pg_settings where name = any($1::text[])',
      [DURABILITY_SETTINGS],
    ),
  );
  const fault = durabilityFault(new Map(rows.map((row) => [row.name, row.setting])));
  if (fault !== undefined) throw new DatabaseUnfitError(fault);
}

/** What keeps a server with these settings from being durable, for the operator; undefined when nothing does. */
export function durabilityFault(settings: ReadonlyMap<string, string>): string | undefined {
  const off = DURABILITY_SETTINGS.filter((name) => (settings.get(name) ?? 'off') === 'off');
  if (off.length === 0) return undefined;
  return (
    `the database server has ${off.map((name) => `${name} = off`).join(' and ')}: a commit that it ` +
    'acknowledges can be lost, so the venue does not run on it. Switch it on and start again'
  );
}
