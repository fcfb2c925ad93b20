/**
 * Starting or resuming a FIX session: its numbers, a new reservation of outbound ones, and the reports that the
 * member has not been told. One snapshot, so that no report is missing and none is told twice.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { reportsOf } from '../accounts/reports.ts';
import {
  type NodeLife,
  type OpenedSession,
  type OpenSessionRequest,
  type PendingCancel,
  SessionElsewhereError,
  StoreUnavailableError,
} from '../actors/ports.ts';
import { accountSource, type Report } from '../matching/execution-report.ts';
import type { UserId } from '../matching/types.ts';
import type { CommitNumbers } from '../platform/commit-numbers.ts';
import type { Writer } from './commit-guard.ts';
import type { KnownInstruments } from './instruments.ts';
import { ORDER_RECORD_COLUMNS, type OrderRecord, toAcceptance } from './order-rows.ts';
import { REPORT_RECORD_COLUMNS, type ReportRecord, toReport } from './report-rows.ts';
import { epochMs, load, type Sql, WRITE_SNAPSHOT } from './sql.ts';

interface SessionRecord {
  readonly next_in: string;
  readonly next_out: string;
  readonly reserved_out: string;
  readonly clean: boolean;
  readonly is_due: boolean;
  /** Ms since the epoch. */
  readonly told_before: string | null;
  readonly owner: string | null;
  readonly owner_incarnation: string | null;
}

const READ_SESSION =
  'select next_in, next_out, reserved_out, clean, coalesce(began_at < $2::timestamptz, false) as is_due, ' +
  `${epochMs('told_before')} as told_before, owner, owner_incarnation ` +
  'from fix_sessions where sender_comp_id = $1 for update';

// Numbers that a schedule resets begin at its reset at the earliest: a server whose clock is behind would put them
// before it, and they would be reset again.
const WRITE_SESSION =
  'insert into fix_sessions as s (sender_comp_id, next_in, next_out, reserved_out, clean, cancel_after_ms, began_at, ' +
  'told_before, owner, owner_incarnation, epoch) ' +
  'values ($1, $2, $3, $4, false, $5::int, greatest(now(), $8::timestamptz), $9::timestamptz, $10, $11::bigint, ' +
  'case when $10::text is null then 0 else 1 end) on conflict (sender_comp_id) do update set ' +
  'next_in = excluded.next_in, next_out = excluded.next_out, reserved_out = excluded.reserved_out, clean = false, ' +
  'cancel_after_ms = case when $6::boolean then s.cancel_after_ms else excluded.cancel_after_ms end, ' +
  'began_at = case when $7::boolean then excluded.began_at else s.began_at end, updated_at = now(), ' +
  'told_before = excluded.told_before, owner = excluded.owner, owner_incarnation = excluded.owner_incarnation, ' +
  'epoch = s.epoch + excluded.epoch returning epoch';

/**
 * Durable when it answers: the numbers that it reserves may be used at once. In a cluster it takes the session for this
 * life of the gateway, under its next epoch.
 *
 * @throws SessionElsewhereError while another gateway has it that is alive.
 */
export async function openSession(
  orm: MikroORM,
  request: OpenSessionRequest,
  writer: Writer,
  instruments: KnownInstruments,
): Promise<OpenedSession> {
  const { senderCompId, userId, cancelAfterMs, reserveCount } = request;
  const lastReset = request.resetIfBegunBefore;
  const resetIfBegunBefore = lastReset === undefined ? null : new Date(lastReset).toISOString();
  const opened = await load(
    orm,
    async (sql): Promise<OpenedSession | SessionElsewhereError> => {
      const { commits, lastLinkAt } = await readCommits(sql, writer.name);
      const [session] = await sql.rows<SessionRecord>(READ_SESSION, [senderCompId, resetIfBegunBefore]);
      const owner = await otherOwner(sql, session, request, writer);
      if (owner !== undefined) return new SessionElsewhereError(owner);
      const wasReset = request.reset || session?.is_due === true;
      const nextInSeqNum = wasReset || session === undefined ? 1 : Number(session.next_in);
      const nextOutSeqNum = wasReset || session === undefined ? 1 : firstUnusedNumber(session);
      const reservedOutSeqNum = nextOutSeqNum + reserveCount;
      // Where number 1 is still to be sent, whatever is stored was sent under numbers of before.
      if (nextOutSeqNum === 1) {
        await sql.rows('delete from fix_messages where sender_comp_id = $1', [senderCompId]);
      }
      const isRefused =
        request.logonSeqNum < nextInSeqNum || (request.nextExpectedSeqNum ?? 0) > nextOutSeqNum;
      const isUnchanged = isRefused || cancelAfterMs === 'unchanged';
      const told = toldUntil(msOf(session?.told_before), lastLinkAt);
      const undelivered = await readUndelivered(sql, userId, told, instruments);
      const [written] = await sql.rows<{ epoch: string }>(WRITE_SESSION, [
        senderCompId,
        nextInSeqNum,
        nextOutSeqNum,
        reservedOutSeqNum,
        isUnchanged ? null : (cancelAfterMs ?? null),
        isUnchanged,
        wasReset,
        resetIfBegunBefore,
        toldBefore(undelivered, lastLinkAt),
        writer.incarnation === undefined ? null : writer.name,
        writer.incarnation ?? null,
      ]);
      return {
        commits,
        ...(writer.incarnation === undefined ? {} : { epoch: Number(written?.epoch) }),
        nextInSeqNum,
        nextOutSeqNum,
        reservedOutSeqNum,
        undelivered,
        deliveryUncertain: session !== undefined && !session.clean,
        wasReset,
        isDisabled: await isDisabled(sql, userId),
      };
    },
    WRITE_SNAPSHOT,
  );
  if (opened instanceof SessionElsewhereError) throw opened;
  return opened;
}

/**
 * The gateway that has the session, other than this one and the one that it is to be taken from; undefined when none
 * that is alive has it. The snapshot may be older than the end of that life, and then the next try sees it; it is not
 * older than what the row says, since a row that has changed since cannot be locked in it.
 */
async function otherOwner(
  sql: Sql,
  session: SessionRecord | undefined,
  { takeOverFrom }: OpenSessionRequest,
  { name, incarnation }: Writer,
): Promise<NodeLife | undefined> {
  if (incarnation === undefined) return undefined;
  const owner =
    session?.owner == null
      ? undefined
      : { name: session.owner, incarnation: Number(session.owner_incarnation) };
  const [row] = await sql.rows<{ is_over: boolean; is_free: boolean }>(
    'select owner_is_gone($1, $2::bigint) as is_over, owner_is_gone($3, $4::bigint) as is_free',
    [name, incarnation, owner?.name ?? null, owner?.incarnation ?? null],
  );
  if (row?.is_over !== false) throw new StoreUnavailableError(`this life of ${name} has ended`);
  const isOurs = isSame(owner, { name, incarnation }) || isSame(owner, takeOverFrom);
  return row.is_free || isOurs ? undefined : owner;
}

function isSame(one: NodeLife | undefined, other: NodeLife | undefined): boolean {
  return one?.name === other?.name && one?.incarnation === other?.incarnation;
}

/** Whether the operator has disabled the member, perhaps while its password was being judged. */
async function isDisabled(sql: Sql, userId: UserId): Promise<boolean> {
  const [user] = await sql.rows<{ status: string }>('select status from users where id = $1', [userId]);
  return user?.status !== 'active';
}

/**
 * Members whose last session, open or not, asked for cancel on disconnect. Their rows stay as they are until the next
 * session: to cancel the orders of a member that has none is nothing. Not those whose session another gateway has.
 */
export async function pendingCancels(orm: MikroORM, writer: string): Promise<readonly PendingCancel[]> {
  const rows = await load(orm, (sql) =>
    sql.rows<{ id: number; sender_comp_id: number; cancel_after_ms: number }>(
      'select u.id, s.sender_comp_id, s.cancel_after_ms from fix_sessions s ' +
        'join users u using (sender_comp_id) where s.cancel_after_ms is not null ' +
        'and (owner = $1 or owner_is_gone(owner, owner_incarnation)) order by u.id',
      [writer],
    ),
  );
  return rows.map((row) => ({
    userId: row.id,
    senderCompId: row.sender_comp_id,
    cancelAfterMs: row.cancel_after_ms,
  }));
}

/** After a session that did not end in order, any number of its reservation may have been on the wire. */
function firstUnusedNumber(session: SessionRecord): number {
  return session.clean ? Number(session.next_out) : Number(session.reserved_out) + 1;
}

function msOf(text: string | null | undefined): number | undefined {
  return text == null ? undefined : Number(text);
}

/**
 * What each node has committed last, and the earliest of the instants that the last links of those that may still commit
 * are dated: nothing that any of them commits later is dated before it, within the margin.
 */
async function readCommits(
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
function toldBefore(undelivered: readonly Report[], lastLinkAt: number | undefined): string | null {
  if (lastLinkAt === undefined) return null;
  const until = lastLinkAt - TOLD_MARGIN_MS;
  return new Date(undelivered.reduce((oldest, { at }) => Math.min(oldest, at), until)).toISOString();
}

/** Where the last commit is dated before it, the clock was ahead and has been set back: then nothing is known. */
function toldUntil(toldBefore: number | undefined, lastLinkAt: number | undefined): number | undefined {
  if (toldBefore === undefined || lastLinkAt === undefined || lastLinkAt < toldBefore) return undefined;
  return toldBefore;
}

/** Reports of each source beyond what `fix_delivered` remembers of it; there are none of before `told`. */
async function readUndelivered(
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
