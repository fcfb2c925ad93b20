/**
 * Starting or resuming a FIX session: its numbers, a new reservation of outbound ones, and the reports that the
 * member has not been told. One snapshot, so that no report is missing and none is told twice.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import {
  type NodeLife,
  type OpenedSession,
  type OpenSessionRequest,
  SessionElsewhereError,
  StoreUnavailableError,
} from '../actors/ports.ts';
import type { UserId } from '../matching/types.ts';
import type { Writer } from './commit-guard.ts';
import type { KnownInstruments } from './instruments.ts';
import { epochMs, load, type Sql, WRITE_SNAPSHOT } from './sql.ts';
import { msOf, readCommits, readUndelivered, toldBefore, toldUntil } from './undelivered.ts';

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
  readonly epoch: string;
}

const READ_SESSION =
  'select next_in, next_out, reserved_out, clean, coalesce(began_at < $2::timestamptz, false) as is_due, ' +
  `${epochMs('told_before')} as told_before, owner, owner_incarnation, epoch ` +
  'from fix_sessions where sender_comp_id = $1 for update';

// Numbers that a schedule resets begin at its reset at the earliest: a server whose clock is behind would put them
// before it, and they would be reset again.
const WRITE_SESSION =
  'insert into fix_sessions as s (sender_comp_id, next_in, next_out, reserved_out, clean, cancel_after_ms, began_at, ' +
  'told_before, owner, owner_incarnation, epoch, served_epoch) ' +
  'values ($1, $2, $3, $4, false, $5::int, greatest(now(), $8::timestamptz), $9::timestamptz, $10, $11::bigint, ' +
  'case when $10::text is null then 0 else 1 end, case when $10::text is null or $6::boolean then 0 else 1 end) ' +
  'on conflict (sender_comp_id) do update set ' +
  'next_in = excluded.next_in, next_out = excluded.next_out, reserved_out = excluded.reserved_out, clean = false, ' +
  'cancel_after_ms = case when $6::boolean then s.cancel_after_ms else excluded.cancel_after_ms end, ' +
  'began_at = case when $7::boolean then excluded.began_at else s.began_at end, updated_at = now(), ' +
  'told_before = excluded.told_before, owner = excluded.owner, owner_incarnation = excluded.owner_incarnation, ' +
  'epoch = s.epoch + excluded.epoch, ' +
  // A Logon that is refused is no session.
  'served_epoch = case when $6::boolean then s.served_epoch else s.epoch + excluded.epoch end returning epoch';

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
      if (owner !== undefined) return new SessionElsewhereError(owner, Number(session?.epoch));
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
  const isGivenUp =
    isSame(owner, takeOverFrom) &&
    (takeOverFrom?.epoch === undefined || takeOverFrom.epoch === Number(session?.epoch));
  return row.is_free || isGivenUp || isSame(owner, { name, incarnation }) ? undefined : owner;
}

function isSame(one: NodeLife | undefined, other: NodeLife | undefined): boolean {
  return one?.name === other?.name && one?.incarnation === other?.incarnation;
}

/** Whether the operator has disabled the member, perhaps while its password was being judged. */
async function isDisabled(sql: Sql, userId: UserId): Promise<boolean> {
  const [user] = await sql.rows<{ status: string }>('select status from users where id = $1', [userId]);
  return user?.status !== 'active';
}

/** After a session that did not end in order, any number of its reservation may have been on the wire. */
function firstUnusedNumber(session: SessionRecord): number {
  return session.clean ? Number(session.next_out) : Number(session.reserved_out) + 1;
}
