/**
 * What is due: which months the configuration lets go, what holds some of them back, and what is in them. The same plan
 * is shown to an operator and carried out.
 */

import type { MikroORM } from '@mikro-orm/postgresql';
import { epochMs, onConnection, type Sql } from '../sql.ts';
import type { ClosingTarget } from './close.ts';
import { type ClosingRecord, lastClosing } from './closings.ts';
import { monthOf } from './months.ts';
import { type Partition, type PartitionedTable, partitionsBefore } from './partition-list.ts';

/** Full months that are kept besides the one that has begun; undefined: for ever. */
export interface RetentionTerms {
  /** Orders, trades, reports, requests and their audit trail: one link covers rows of all of them. */
  readonly historyMonths: number | undefined;
  /** The actions of operators. */
  readonly operatorsMonths: number | undefined;
  /** Days for which sent messages are kept (a limit of the venue): then they expire, and need no closing. */
  readonly fixHistoryDays: number;
}

/** Why a month stays that the terms would let go. */
export interface HeldBack {
  readonly username: string;
  readonly senderCompId: number;
  /** Reports that the member has not been told. */
  readonly reportCount: number;
  /** The oldest of them, ISO. */
  readonly since: string;
}

export interface RetentionPlan {
  /** What is to be closed now; undefined: nothing. */
  readonly closing: ClosingTarget | undefined;
  /** The last closing, of which something may still have to be dropped. */
  readonly last: ClosingRecord | undefined;
  /** Partitions that go, of `fix_messages` those that have expired. */
  readonly partitions: readonly (Partition & { readonly table: PartitionedTable })[];
  readonly heldBack: readonly HeldBack[];
}

const DAY_MS = 86_400_000;
/** A month is over for certain a day later, whatever the clocks of nodes say. */
const SETTLED_AFTER_MS = DAY_MS;

const HISTORY_TABLES = ['trades', 'reports', 'requests', 'audit_links'] as const;

/** Plans for `now`, ms since the epoch. Reads old partitions, which nothing else of the venue does. */
export function planRetention(
  orm: MikroORM,
  terms: RetentionTerms,
  now: number,
  signal?: AbortSignal,
): Promise<RetentionPlan> {
  return onConnection(orm, (sql) => planWithin(sql, terms, now), signal);
}

async function planWithin(sql: Sql, terms: RetentionTerms, now: number): Promise<RetentionPlan> {
  const last = await lastClosing(sql);
  const wanted = firstKept(terms.historyMonths, now);
  const heldBack = wanted === undefined ? [] : await findUndelivered(sql, wanted);
  const held = heldBack.map(({ since }) => monthOf(Date.parse(since)).from);
  const historyBefore = [wanted, ...held].reduce(earlier, undefined);
  const operatorsBefore = firstKept(terms.operatorsMonths, now);
  const isHistoryDue = await isDue(sql, HISTORY_TABLES, historyBefore, last?.history?.before);
  const isOperatorsDue = await isDue(sql, ['audit'], operatorsBefore, last?.operators.before);
  const closing =
    isHistoryDue || isOperatorsDue
      ? {
          historyBefore: isHistoryDue ? historyBefore : undefined,
          operatorsBefore: isOperatorsDue ? operatorsBefore : undefined,
        }
      : undefined;
  return { closing, last, heldBack, partitions: await partitionsToGo(sql, terms, now, closing, last) };
}

/** The first instant that is kept. */
function firstKept(months: number | undefined, now: number): string | undefined {
  return months === undefined ? undefined : monthOf(now - SETTLED_AFTER_MS, -months).from;
}

function earlier(left: string | undefined, right: string | undefined): string | undefined {
  return left === undefined || (right !== undefined && right < left) ? right : left;
}

/** There is something to close that is not closed. */
async function isDue(
  sql: Sql,
  tables: readonly PartitionedTable[],
  before: string | undefined,
  closedBefore: string | undefined,
): Promise<boolean> {
  if (before === undefined || (closedBefore !== undefined && before <= closedBefore)) return false;
  for (const table of tables) {
    if ((await partitionsBefore(sql, table, before)).length > 0) return true;
  }
  return false;
}

/**
 * Members that may log on and have not been told everything of before. A report whose member is disabled is nobody's: an
 * operator decides that, and can see here whose they are.
 */
async function findUndelivered(sql: Sql, before: string): Promise<readonly HeldBack[]> {
  const rows = await sql.rows<{ username: string; sender_comp_id: number; count: string; since: string }>(
    'select u.username, u.sender_comp_id, count(*) as count, ' +
      `${epochMs('min(r.at)')} as since from reports r ` +
      "join users u on u.id = r.user_id and u.status = 'active' " +
      'left join fix_delivered d on d.user_id = r.user_id and d.source = r.source ' +
      'where r.at < $1::timestamptz and r.source_seq > coalesce(d.source_seq, 0) group by 1, 2 order by min(r.at), 1',
    [before],
  );
  return rows.map((row) => ({
    username: row.username,
    senderCompId: row.sender_comp_id,
    reportCount: Number(row.count),
    since: new Date(Number(row.since)).toISOString(),
  }));
}

async function partitionsToGo(
  sql: Sql,
  { fixHistoryDays }: RetentionTerms,
  now: number,
  closing: ClosingTarget | undefined,
  last: ClosingRecord | undefined,
): Promise<RetentionPlan['partitions']> {
  const before: Partial<Record<PartitionedTable, string | undefined>> = {
    audit: closing?.operatorsBefore ?? last?.operators.before,
    fix_messages: new Date(now - (fixHistoryDays + 1) * DAY_MS).toISOString(),
  };
  for (const table of HISTORY_TABLES) before[table] = closing?.historyBefore ?? last?.history?.before;
  const found: (Partition & { readonly table: PartitionedTable })[] = [];
  for (const [table, until] of Object.entries(before) as [PartitionedTable, string | undefined][]) {
    if (until === undefined) continue;
    for (const partition of await partitionsBefore(sql, table, until)) found.push({ table, ...partition });
  }
  return found;
}
