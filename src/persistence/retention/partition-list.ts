/** The partitioned tables and what partitions they have: who makes them and who drops them ask here. */
import { type Sql, sqlStateOf } from '../sql.ts';
import { type Month, monthOfPartition } from './months.ts';

/** Partitioned tables with the column that decides. */
export const PARTITIONED = {
  trades: 'executed_at',
  requests: 'created_at',
  reports: 'at',
  fix_messages: 'sent_at',
  audit: 'at',
  audit_links: 'at',
} as const;

const UNDEFINED_TABLE = '42P01';

export type PartitionedTable = keyof typeof PARTITIONED;

export interface Partition {
  readonly name: string;
  readonly month: Month;
  readonly bytes: number;
  /** As the statistics have it; -1: nobody has counted yet. */
  readonly rowEstimate: number;
}

/**
 * Keeps partitions from being dropped until the transaction ends. The first statement of one that reads history: where it
 * begins and the rows since then must be of one time, and a table that is dropped is gone for older snapshots too. Where
 * there are no such tables, nothing is held.
 */
export async function holdPartitions(sql: Sql): Promise<void> {
  await sql.rows('savepoint hold_partitions');
  try {
    await sql.rows(`lock table ${Object.keys(PARTITIONED).join(', ')} in access share mode`);
  } catch (error) {
    if (sqlStateOf(error) !== UNDEFINED_TABLE) throw error;
    await sql.rows('rollback to savepoint hold_partitions');
  }
}

/** All monthly partitions of a table, the oldest first. */
export async function partitionsOf(sql: Sql, table: PartitionedTable): Promise<readonly Partition[]> {
  const rows = await sql.rows<{ name: string; bytes: string; estimate: string }>(
    'select c.relname as name, pg_total_relation_size(c.oid) as bytes, c.reltuples::bigint as estimate ' +
      'from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass order by c.relname',
    [table],
  );
  return rows.flatMap(({ name, bytes, estimate }) => {
    const month = monthOfPartition(table, name);
    return month === undefined ? [] : [{ name, month, bytes: Number(bytes), rowEstimate: Number(estimate) }];
  });
}

/** Those whose month has ended by `before`, an ISO instant. */
export async function partitionsBefore(
  sql: Sql,
  table: PartitionedTable,
  before: string,
): Promise<readonly Partition[]> {
  return (await partitionsOf(sql, table)).filter(({ month }) => month.to <= before);
}
