/**
 * Removes what the last closing has put away, in small transactions of which each may be the last before a crash: the
 * next run goes on. Rows that are in a closed month and are not closed themselves are kept in the default partition.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { type Clock, delay } from '../../platform/clock.ts';
import { quoteName } from '../bulk.ts';
import { lockSchema } from '../orm.ts';
import { load, onConnection, type Sql } from '../sql.ts';
import { giveUpSoon, isTableBusy, TABLE_RETRY_MS } from '../table-lock.ts';
import { allowChange } from './close.ts';
import { type ClosedUpTo, isClosed, isClosedLink } from './closed-rows.ts';
import type { ClosingRecord } from './closings.ts';
import { type PartitionedTable, partitionsBefore } from './partition-list.ts';

export interface DropOptions {
  readonly orm: MikroORM;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Rows that one statement looks at, where rows are deleted one by one. */
const PORTION = 5_000;
/** Between two statements, so that commits come first. */
const PAUSE_MS = 10;
const LOCK_ATTEMPTS = 150;

/** Removes it all, and notes when that is done. Rejected when it is stopped, with all of it repeatable. */
export async function dropClosed(options: DropOptions, closing: ClosingRecord): Promise<void> {
  const { orm, signal } = options;
  const kept = keptRows(closing);
  for (const { table, before } of closedPartitions(closing)) {
    const partitions = await onConnection(orm, (sql) => partitionsBefore(sql, table, before), signal);
    for (const { name } of partitions) await dropPartition(options, table, name, kept[table]);
    await load(orm, (sql) => deleteFromDefault(sql, table, kept[table]), 'begin', signal);
  }
  const { history } = closing;
  if (history !== undefined) {
    await load(orm, (sql) => deleteAmendments(sql, history), 'begin', signal);
    await deleteOrders(options, closing.id, history);
  }
  await load(
    orm,
    async (sql) => {
      await allowChange(sql);
      await sql.rows('update closings set dropped_at = $2::timestamptz where id = $1::bigint', [
        closing.id,
        new Date(options.clock.now()).toISOString(),
      ]);
    },
    'begin',
    signal,
  );
}

/** Drops a partition whose rows nobody misses: no closing is needed for it. */
export function dropExpired(options: DropOptions, table: PartitionedTable, partition: string): Promise<void> {
  return dropPartition(options, table, partition, 'false');
}

function closedPartitions({ history, operators }: ClosingRecord) {
  const ofHistory = history === undefined ? [] : (['reports', 'trades', 'requests', 'audit_links'] as const);
  return [
    ...ofHistory.map((table) => ({ table, before: history?.before ?? '' })),
    ...(operators.before === undefined ? [] : [{ table: 'audit' as const, before: operators.before }]),
  ];
}

/** What of each table is not closed, of its rows `p`. */
function keptRows({ history, operators }: ClosingRecord): Readonly<Record<PartitionedTable, string>> {
  return {
    reports: `not ${isClosed(history, 'reports', 'p')}`,
    trades: `not ${isClosed(history, 'trades', 'p')}`,
    requests: `not ${isClosed(history, 'requests', 'p')}`,
    audit_links: `not ${isClosedLink(history, 'p')}`,
    // An entry that is older than the chain has no number.
    audit:
      operators.before === undefined
        ? 'true'
        : `(p.at >= '${operators.before}' or coalesce(p.no > ${operators.no}, false))`,
    fix_messages: 'false',
  };
}

async function dropPartition(
  { orm, clock, signal }: DropOptions,
  table: PartitionedTable,
  partition: string,
  isKept: string,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await load(orm, (sql) => moveAndDrop(sql, table, partition, isKept), 'begin', signal);
      return;
    } catch (error) {
      if (!isTableBusy(error) || attempt === LOCK_ATTEMPTS) throw error;
      await delay(clock, TABLE_RETRY_MS, signal);
    }
  }
}

/**
 * The partition is read before the table is locked, which is only for the moment of the drop. What writes to the partition
 * all the same, by a clock that was set back, is waited for and seen, and nothing is written to it from then on.
 */
async function moveAndDrop(
  sql: Sql,
  table: PartitionedTable,
  partition: string,
  isKept: string,
): Promise<void> {
  await lockSchema(sql);
  await allowChange(sql);
  const name = quoteName(partition);
  await giveUpSoon(sql);
  await sql.rows(`lock table ${name} in share mode`);
  await sql.rows(`create temp table kept_rows on commit drop as select p.* from ${name} p where ${isKept}`);
  await sql.rows(`drop table ${name}`);
  await sql.rows(`insert into ${table} select * from kept_rows`);
}

/** Rows that an earlier closing kept and this one has not. */
async function deleteFromDefault(sql: Sql, table: PartitionedTable, isKept: string): Promise<void> {
  await allowChange(sql);
  await sql.rows(`delete from ${table}_default p where not ${isKept}`);
}

async function deleteAmendments(sql: Sql, history: ClosedUpTo): Promise<void> {
  await allowChange(sql);
  await sql.rows(`delete from trade_amendments a where ${isClosed(history, 'trade_amendments', 'a')}`);
}

/** Orders whose whole history is closed. One that lives on has a line, and stays until a later closing. */
async function deleteOrders(
  { orm, clock, signal }: DropOptions,
  closingId: number,
  history: ClosedUpTo,
): Promise<void> {
  for (let after: string | undefined = '0'; after !== undefined; ) {
    const deletePortion = (sql: Sql) =>
      sql.rows<{ last: string | null }>(
        `with portion as materialized (select id from orders where id > $1::bigint order by id limit ${PORTION}),
        gone as (delete from orders o using portion n where o.id = n.id and not o.is_open
          and ${isClosed(history, 'orders', 'o')} and not exists (select from closing_lines l
            where l.closing_id = $2::bigint and l.kind = 'order' and l.key = o.id::text))
        select max(id) as last from portion`,
        [after ?? '0', closingId],
      );
    const [portion] = await onConnection(orm, deletePortion, signal);
    after = portion?.last ?? undefined;
    await delay(clock, PAUSE_MS, signal);
  }
}
