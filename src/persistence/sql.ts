/**
 * Running SQL: one connection, or one transaction on it, and whether an error is passing or lasting.
 *
 * Connections come from the ORM's own pool, but are borrowed from it directly: the ORM's `transactional()` does not tell
 * whether COMMIT was sent when the connection dies inside it, and has no prepared statements.
 */
import { createHash } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { StoreUnavailableError } from '../actors/ports.ts';

export type SqlParameter = string | number | boolean | null | readonly (string | number)[];

/** A statement that each connection parses and plans once, known by its name. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/** Runs statements on one connection. The statement casts its parameters. */
export interface Sql {
  rows<Row>(
    statement: string | PreparedStatement,
    parameters?: readonly SqlParameter[],
  ): Promise<readonly Row[]>;
}

/** An instant as whole ms since the epoch, as text: an expression. */
export function epochMs(column: string): string {
  return `trunc(extract(epoch from ${column}) * 1000)::text`;
}

/** Names a statement by its text, so that one name never stands for two texts on a connection. */
export function prepared(text: string): PreparedStatement {
  return { name: createHash('sha256').update(text).digest('hex').slice(0, 32), text };
}

/**
 * Lends a connection of the pool for the duration of `work`. Once `signal` is aborted no statement begins and the one
 * that runs is cancelled: `work` is rejected by either, and who asked for it looks at the signal.
 */
export async function onConnection<T>(
  orm: MikroORM,
  work: (sql: Sql) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const pool = await orm.em.getConnection().getNativeClient();
  const client = await pool.connect();
  const sql: Sql = {
    async rows(statement, parameters = []) {
      signal?.throwIfAborted();
      const query = typeof statement === 'string' ? { text: statement } : { ...statement };
      return (await client.query({ ...query, values: [...parameters] })).rows;
    },
  };
  let stopWatching: (() => Promise<void>) | undefined;
  try {
    if (signal !== undefined) stopWatching = await cancelWhenAborted(orm, sql, signal);
    return await work(sql);
  } finally {
    await stopWatching?.();
    // A connection that was lost is not given to the next one: the pool sees to that. One that was stopped may be within
    // a transaction: it is closed.
    client.release(signal?.aborted === true);
  }
}

/** Between two tries to cancel: one that comes before its statement is no use. */
const CANCEL_INTERVAL_S = 0.1;

/**
 * From when `signal` is aborted on the statements of a connection are cancelled. Returns what ends that, which resolves
 * when no cancel is on its way any more: it would hit whoever has the connection next.
 */
async function cancelWhenAborted(orm: MikroORM, sql: Sql, signal: AbortSignal): Promise<() => Promise<void>> {
  const [backend] = await sql.rows<{ pid: number }>('select pg_backend_pid() as pid');
  let isOver = false;
  let canceling: Promise<void> = Promise.resolve();
  const cancel = async (): Promise<void> => {
    while (!isOver) {
      await onConnection(orm, (other) =>
        other.rows('select pg_cancel_backend($1::int), pg_sleep($2::float8)', [
          backend?.pid ?? 0,
          CANCEL_INTERVAL_S,
        ]),
      );
    }
  };
  const onAbort = (): void => {
    // Without the database there is nothing to cancel.
    canceling = cancel().catch(() => undefined);
  };
  signal.addEventListener('abort', onAbort);
  return async () => {
    isOver = true;
    signal.removeEventListener('abort', onAbort);
    await canceling;
  };
}

/** How a transaction went. */
export type TransactionOutcome<T> =
  | { readonly type: 'Committed'; readonly value: T }
  /** Nothing was written. */
  | { readonly type: 'Failed'; readonly error: unknown }
  /** COMMIT was sent and not answered: only the rows know. */
  | { readonly type: 'Unknown'; readonly error: unknown };

/** `begin`, `work`, and then `commit`, or `rollback` when it throws or `signal` is aborted. Never throws itself. */
export async function transact<T>(
  orm: MikroORM,
  work: (sql: Sql) => Promise<T>,
  begin = 'begin',
  signal?: AbortSignal,
): Promise<TransactionOutcome<T>> {
  let commitSent = false;
  const attempt = async (sql: Sql): Promise<TransactionOutcome<T>> => {
    await sql.rows(begin);
    try {
      const value = await work(sql);
      commitSent = true;
      await sql.rows('commit');
      return { type: 'Committed', value };
    } catch (error) {
      // Fails when the connection is gone or stopped, and then the server rolls back by itself.
      await sql.rows('rollback').catch(() => undefined);
      throw error;
    }
  };
  try {
    return await onConnection(orm, attempt, signal);
  } catch (error) {
    return commitSent && isPassing(error) ? { type: 'Unknown', error } : { type: 'Failed', error };
  }
}

/** One statement snapshot for several reads. */
export const READ_SNAPSHOT = 'begin isolation level repeatable read read only';
/** The same, for a transaction that writes too: fails as passing when others changed its rows meanwhile. */
export const WRITE_SNAPSHOT = 'begin isolation level repeatable read';

/**
 * A load: a transaction whose passing failures are {@link StoreUnavailableError}, an unknown outcome included,
 * since a load can be repeated.
 */
export async function load<T>(
  orm: MikroORM,
  work: (sql: Sql) => Promise<T>,
  begin = READ_SNAPSHOT,
  signal?: AbortSignal,
): Promise<T> {
  const outcome = await transact(orm, work, begin, signal);
  if (outcome.type === 'Committed') return outcome.value;
  throw isPassing(outcome.error)
    ? new StoreUnavailableError(reasonOf(outcome.error), { cause: outcome.error })
    : outcome.error;
}

// ---- Passing or lasting -------------------------------------------------------------------------------------

/** 08 connection, 40 serialization and deadlock, 53 resources, 57 operator intervention, 58 system. */
const PASSING_CLASSES: ReadonlySet<string> = new Set(['08', '40', '53', '57', '58']);
/** The server ended a transaction that was idle for too long, or took too long altogether. */
const TIMED_OUT: ReadonlySet<string> = new Set(['25P03', '25P04']);

/** What pg says, without a code, when a connection is lost or cannot be had. */
const LOST_CONNECTION =
  /connection terminated|connection error|not queryable|timeout|connection ended|cannot use a pool after/i;

/** SQLSTATE of an error that the server reported; undefined for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** True when the same statements may succeed later; false when the rows, or we, are at fault. */
export function isPassing(error: unknown): boolean {
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) {
    return PASSING_CLASSES.has(sqlState.slice(0, 2)) || TIMED_OUT.has(sqlState);
  }
  if (error instanceof AggregateError) return error.errors.some(isPassing);
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || LOST_CONNECTION.test(error.message);
}

/** One line for logs and operators. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
