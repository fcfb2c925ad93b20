/**
 * Monthly partitions of the tables that only grow. Rows of a month that has none go to the default partition, and
 * move when the month gets its own.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { type Clock, delay } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { quoteName } from './bulk.ts';
import { lockSchema } from './orm.ts';
import { type Month, monthOf } from './retention/months.ts';
import { PARTITIONED } from './retention/partition-list.ts';
import { onConnection, type Sql, transact } from './sql.ts';
import { giveUpSoon, isTableBusy, TABLE_RETRY_MS } from './table-lock.ts';

/** Made so far ahead: a node that cannot make them for two months still has where to write. */
const MONTHS_AHEAD = 2;
/** A start waits so often, and then lets rows of the month go to the default partition. */
const START_ATTEMPTS = 30;

/** What a start needs to wait for readers. */
export interface PartitionsAtStart {
  readonly clock: Clock;
  readonly log: Log;
  readonly onProgress: (line: string) => void;
  /** Ends the waiting: the start goes on. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes sure of the partitions at a start. Where somebody reads a table that has none for this month yet, as a proof or
 * a backup does, it says so and tries again for about a minute; without those of later months it goes on, since upkeep
 * makes them.
 *
 * @throws the driver's error.
 */
export async function ensurePartitionsAtStart(orm: MikroORM, options: PartitionsAtStart): Promise<void> {
  const { clock, log, onProgress, signal } = options;
  for (let attempt = 1; ; attempt += 1) {
    const now = clock.now();
    try {
      await ensurePartitions(orm, now);
      return;
    } catch (error) {
      if (!isTableBusy(error)) throw error;
    }
    const missing = await tablesWithout(orm, monthOf(now));
    if (missing.length === 0 || attempt === START_ATTEMPTS || signal?.aborted === true) {
      log.warn('partitions are missing until somebody has read their tables', { ofThisMonth: missing });
      return;
    }
    if (attempt === 1) {
      onProgress(`waiting for who reads ${missing.join(', ')}: this month's partitions are to be made`);
    }
    await delay(clock, TABLE_RETRY_MS, signal);
  }
}

/**
 * Makes sure of the partitions for the month (UTC) of `now`, ms since the epoch, and those after it. To be called
 * at every start and now and then; several nodes may. A table is locked for the moment that a partition takes.
 *
 * @throws the driver's error; {@link isTableBusy} where somebody reads a table for longer: the others have theirs.
 */
export async function ensurePartitions(orm: MikroORM, now: number): Promise<void> {
  const months = Array.from({ length: MONTHS_AHEAD + 1 }, (_, offset) => monthOf(now, offset));
  const busy = new Map<string, unknown>();
  // The month that is needed first comes first, whoever reads what.
  for (const month of months) {
    for (const [table, column] of Object.entries(PARTITIONED)) {
      if (busy.has(table)) continue;
      // A transaction for each: it never holds a table while it waits for another.
      const outcome = await transact(orm, (sql) => ensurePartition(sql, table, column, month));
      if (outcome.type === 'Committed') continue;
      if (!isTableBusy(outcome.error)) throw outcome.error;
      busy.set(table, outcome.error);
    }
  }
  for (const error of busy.values()) throw error;
}

async function tablesWithout(orm: MikroORM, month: Month): Promise<readonly string[]> {
  const tables = Object.keys(PARTITIONED);
  const rows = await onConnection(orm, (sql) =>
    sql.rows<{ name: string }>(
      "select t as name from unnest($1::text[]) with ordinality t(t, no) where to_regclass(t || '_' || $2) is null " +
        'order by no',
      [tables, month.suffix],
    ),
  );
  return rows.map(({ name }) => name);
}

async function ensurePartition(sql: Sql, table: string, column: string, month: Month): Promise<void> {
  await lockSchema(sql);
  await giveUpSoon(sql);
  // Strays are deleted where they are and inserted where they belong.
  await sql.rows("select set_config('onebook.append_only', 'off', true)");
  await makePartition(sql, table, column, month);
  // Triggers for rows come with the partition; this one does not.
  await sql.rows('select refuse_truncate($1::regclass)', [table]);
}

async function makePartition(sql: Sql, table: string, column: string, month: Month): Promise<void> {
  const name = `${table}_${month.suffix}`;
  const [found] = await sql.rows<{ oid: string | null }>('select to_regclass($1)::text as oid', [name]);
  if (found?.oid != null) return;
  const partition = quoteName(name);
  const strays = quoteName(`stray_${name}`);
  const isInMonth = `${column} >= '${month.from}' and ${column} < '${month.to}'`;
  await sql.rows(
    `create temp table ${strays} on commit drop as select * from ${table}_default where ${isInMonth}`,
  );
  await sql.rows(`delete from ${table}_default where ${isInMonth}`);
  await sql.rows(
    `create table ${partition} partition of ${table} for values from ('${month.from}') to ('${month.to}')`,
  );
  await sql.rows(`insert into ${table} select * from ${strays}`);
}
