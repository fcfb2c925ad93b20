/**
 * The reports that a member has not been told, read back from rows: of each source those beyond the last that was
 * delivered. Apart from the opening of sessions, since one that is open may have to read them again.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { reportsOf } from '../accounts/reports.ts';
import type { UndeliveredReports } from '../actors/ports.ts';
import { accountSource, type Report } from '../matching/execution-report.ts';
import type { UserId } from '../matching/types.ts';
import type { CommitNumbers } from '../platform/commit-numbers.ts';
import type { KnownInstruments } from './instruments.ts';
import { ORDER_RECORD_COLUMNS, type OrderRecord, toAcceptance } from './order-rows.ts';
import { REPORT_RECORD_COLUMNS, type ReportRecord, toReport } from './report-rows.ts';
import { epochMs, load, type Sql } from './sql.ts';

/** What the member of an open session has not been told, and what rows that is: one snapshot. */
export function loadUndelivered(
  orm: MikroORM,
  senderCompId: number,
  userId: UserId,
  writer: string,
  instruments: KnownInstruments,
): Promise<UndeliveredReports> {
  return load(orm, async (sql) => {
    const { commits, lastLinkAt } = await readCommits(sql, writer);
    const [session] = await sql.rows<{ told_before: string | null }>(
      `select ${epochMs('told_before')} as told_before from fix_sessions where sender_comp_id = $1`,
      [senderCompId],
    );
    const told = toldUntil(msOf(session?.told_before), lastLinkAt);
    return { commits, reports: await readUndelivered(sql, userId, told, instruments) };
  });
}

/** An instant as {@link epochMs} has it, in ms since the epoch. */
export function msOf(text: string | null | undefined): number | undefined {
  return text == null ? undefined : Number(text);
}

/**
 * What each node has committed last, and the earliest of the instants that the last links of those that may still commit
 * are dated: nothing that any of them commits later is dated before it, within the margin.
 */
export async function readCommits(
  sql: Sql,
  writer: string,
): Promise<{ readonly commits: CommitNumbers; readonly lastLinkAt: number | undefined }> {
  const rows = await sql.rows<{
    writer: string;
    last_no: string;
    last_link_at: string | null;
    is_alive: boolean;
  }>(
    `select writer, last_no, ${epochMs('last_link_at')} as last_link_at, writer = $1 or ` +
      'exists (select from nodes where name = writer and ended_at is null) as is_alive from commits',
    [writer],
  );
  const commits = new Map(rows.map((row) => [row.writer, Number(row.last_no)]));
  const linkedAt = rows.flatMap((row) => (row.is_alive ? (msOf(row.last_link_at) ?? []) : []));
  return { commits, lastLinkAt: linkedAt.length === 0 ? undefined : Math.min(...linkedAt) };
}

/**
 * How far what is not committed yet may be dated before what is, by clocks that were set: PostgreSQL's text of an
 * interval.
 */
export const TOLD_MARGIN = '7 days';
const TOLD_MARGIN_MS = 7 * 86_400_000;

/**
 * All reports of before have been told, and none of before is still to come: what is committed later is dated later,
 * within the margin. So that the next Logon reads the latest months only, however long the member has been with us.
 */
export function toldBefore(undelivered: readonly Report[], lastLinkAt: number | undefined): string | null {
  if (lastLinkAt === undefined) return null;
  const until = lastLinkAt - TOLD_MARGIN_MS;
  return new Date(undelivered.reduce((oldest, { at }) => Math.min(oldest, at), until)).toISOString();
}

/** Where the last commit is dated before it, the clock was ahead and has been set back: then nothing is known. */
export function toldUntil(
  toldBefore: number | undefined,
  lastLinkAt: number | undefined,
): number | undefined {
  if (toldBefore === undefined || lastLinkAt === undefined || lastLinkAt < toldBefore) return undefined;
  return toldBefore;
}

/** Reports of each source beyond what `fix_delivered` remembers of it; there are none of before `told`. */
export async function readUndelivered(
  sql: Sql,
  userId: UserId,
  told: number | undefined,
  instruments: KnownInstruments,
): Promise<readonly Report[]> {
  const records = await sql.rows<ReportRecord>(
    `select ${REPORT_RECORD_COLUMNS} from (select symbol as source from instruments union all select $2) s ` +
      'left join fix_delivered d on d.user_id = $1 and d.source = s.source ' +
      'cross join lateral (select * from reports where user_id = $1 and source = s.source ' +
      "and source_seq > coalesce(d.source_seq, 0) and at >= coalesce($3::timestamptz, '-infinity')) r",
    [userId, accountSource(userId), told === undefined ? null : new Date(told).toISOString()],
  );
  const reports = records.map(toReport);
  // One by one: as many arguments as may be undelivered do not fit on the stack.
  for (const report of await readUndeliveredNews(sql, userId, reports, instruments)) reports.push(report);
  return reports.sort(bySourceAndSeq);
}

/**
 * The New reports among them. An order whose New is undelivered is still open, or a later report, undelivered as
 * well, names it.
 */
async function readUndeliveredNews(
  sql: Sql,
  userId: UserId,
  undelivered: readonly Report[],
  instruments: KnownInstruments,
): Promise<readonly Report[]> {
  const orderIds = new Set(
    undelivered.flatMap((report) => (report.type === 'OrderMassCancelReport' ? [] : (report.orderId ?? []))),
  );
  const records = await sql.rows<OrderRecord>(
    // A member may have a million of them: each is looked at once, and none is sorted.
    `select ${ORDER_RECORD_COLUMNS} from (select * from orders where user_id = $1 and is_open ` +
      'union all select * from orders where id = any($2::bigint[]) and user_id = $1 and not is_open) o ' +
      'left join (select source, source_seq from fix_delivered where user_id = $1) d on source = symbol ' +
      'where accepted_seq > coalesce(source_seq, 0)',
    [userId, [...orderIds]],
  );
  await instruments.learn(
    sql,
    records.map((record) => record.symbol),
  );
  return records.flatMap((record) => {
    const instrument = instruments.get(record.symbol);
    return reportsOf(toAcceptance(record, instrument), instrument);
  });
}

function bySourceAndSeq(left: Report, right: Report): number {
  if (left.source !== right.source) return left.source < right.source ? -1 : 1;
  return left.sourceSeq - right.sourceSeq;
}
