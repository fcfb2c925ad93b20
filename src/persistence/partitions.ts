/**
 * Monthly partitions of the tables that only grow. Rows of a month that has none go to the default partition, and
 * move when the month gets its own.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { quoteName } from './bulk.ts';
import { lockSchema } from './orm.ts';
import { type Sql, transact } from './sql.ts';

/** Partitioned tables with the column that decides. */
const PARTITIONED = [
  { table: 'trades', column: 'executed_at' },
  { table: 'requests', column: 'created_at' },
  { table: 'reports', column: 'at' },
  { table: 'fix_messages', column: 'sent_at' },
  { table: 'audit', column: 'at' },
  { table: 'audit_links', column: 'at' },
] as const;

/**
 * Makes sure of the partitions for the month (UTC) of `now`, ms since the epoch, and the next one. To be called at
 * every start; several nodes may.
 */
export async function ensurePartitions(orm: MikroORM, now: number): Promise<void> {
  const date = new Date(now);
  const months = [0, 1].map((offset) => monthAfter(date, offset));
  const outcome = await transact(orm, async (sql) => {
    await lockSchema(sql);
    // Strays are deleted where they are and inserted where they belong.
    await sql.rows("select set_config('onebook.append_only', 'off', true)");
    for (const { table, column } of PARTITIONED) {
      for (const month of months) await ensurePartition(sql, table, column, month);
    }
  });
  if (outcome.type !== 'Committed') throw outcome.error;
}

interface Month {
  /** `2026_11`. */
  readonly suffix: string;
  /** First instant of the month and of the one after it, ISO. */
  readonly from: string;
  readonly to: string;
}

function monthAfter(date: Date, offset: number): Month {
  const start = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1));
  const end = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset + 1, 1));
  return {
    suffix: start.toISOString().slice(0, 7).replace('-', '_'),
    from: start.toISOString(),
    to: end.toISOString(),
  };
}

async function ensurePartition(sql: Sql, table: string, column: string, month: Month): Promise<void> {
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
