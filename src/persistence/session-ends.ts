/**
 * What becomes of a member's session when it is at no gateway: orders that are to be canceled for that, and numbers that
 * an operator resets. Apart from the opening of sessions, of which each waits for its member.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import {
  type PendingCancel,
  SessionElsewhereError,
  type SessionEpoch,
  StoreUnavailableError,
} from '../actors/ports.ts';
import type { Writer } from './commit-guard.ts';
import { load } from './sql.ts';

/** How long a gateway may take over a cancel beyond the member's own time, until nobody else looks after it. */
const LOOKED_AFTER = '1 day';

/**
 * Members whose last session, open or not, asked for cancel on disconnect. Their rows stay as they are until the next
 * session: to cancel the orders of a member that has none is nothing. Not those whose session a gateway has that lives,
 * nor, where `recentOnly`, those whose session ended in order long ago.
 */
export async function pendingCancels(
  orm: MikroORM,
  { name, incarnation }: Writer,
  recentOnly: boolean,
): Promise<readonly PendingCancel[]> {
  const rows = await load(orm, (sql) =>
    sql.rows<{ id: number; sender_comp_id: number; cancel_after_ms: number; served_epoch: string }>(
      'select u.id, s.sender_comp_id, s.cancel_after_ms, s.served_epoch from fix_sessions s ' +
        'join users u using (sender_comp_id) where s.cancel_after_ms is not null ' +
        // The only node of its venue has none but its own, of its last process.
        'and (($2::bigint is null and owner = $1) or owner_is_gone(owner, owner_incarnation)) ' +
        'and (not $3::boolean or owner is not null or ' +
        `s.updated_at > now() - make_interval(secs => s.cancel_after_ms / 1000.0) - interval '${LOOKED_AFTER}') ` +
        'order by u.id',
      [name, incarnation ?? null, recentOnly],
    ),
  );
  return rows.map((row) => ({
    userId: row.id,
    senderCompId: row.sender_comp_id,
    cancelAfterMs: row.cancel_after_ms,
    ...(incarnation === undefined ? {} : { epoch: Number(row.served_epoch) }),
  }));
}

/** Those of the sessions after which their members have been let in again. */
export async function succeeded(
  orm: MikroORM,
  sessions: readonly SessionEpoch[],
): Promise<ReadonlySet<number>> {
  const rows = await load(orm, (sql) =>
    sql.rows<{ sender_comp_id: number }>(
      'select s.sender_comp_id from unnest($1::int[], $2::bigint[]) as w (sender_comp_id, epoch) ' +
        'join fix_sessions s using (sender_comp_id) where s.served_epoch > w.epoch',
      [sessions.map(({ senderCompId }) => senderCompId), sessions.map(({ epoch }) => epoch)],
    ),
  );
  return new Set(rows.map((row) => row.sender_comp_id));
}

// The row is locked first: what judges the owner has then seen whoever took it last.
const LOCK_SESSION =
  'select owner, owner_incarnation, epoch from fix_sessions where sender_comp_id = $1 for update';
const JUDGE_OWNER =
  'select owner_is_gone($1, $2::bigint) as is_over, owner_is_gone($3, $4::bigint) as is_free';
// As a journal entry that resets; how the last session ended is not known: what is undelivered may have been sent.
const RESET_SESSION =
  'update fix_sessions set next_in = 1, next_out = 1, reserved_out = 0, clean = false, began_at = now(), ' +
  'updated_at = now(), owner = null, owner_incarnation = null, epoch = epoch + 1 where sender_comp_id = $1';

/**
 * Puts both sides' numbers back to 1 and cuts what was sent, for a member that no gateway has but perhaps this one.
 *
 * @throws SessionElsewhereError while another gateway has its session that is alive.
 */
export async function resetSession(
  orm: MikroORM,
  senderCompId: number,
  { name, incarnation }: Writer,
): Promise<void> {
  const elsewhere = await load(
    orm,
    async (sql) => {
      const [session] = await sql.rows<{
        owner: string | null;
        owner_incarnation: string | null;
        epoch: string;
      }>(LOCK_SESSION, [senderCompId]);
      if (session === undefined) return undefined;
      const { owner, owner_incarnation: ownerIncarnation } = session;
      const [judged] = await sql.rows<{ is_over: boolean; is_free: boolean }>(JUDGE_OWNER, [
        name,
        incarnation ?? null,
        owner,
        ownerIncarnation,
      ]);
      if (judged?.is_over !== false) throw new StoreUnavailableError(`this life of ${name} has ended`);
      const isOurs = owner === name && Number(ownerIncarnation) === incarnation;
      if (owner !== null && !judged.is_free && !isOurs) {
        return new SessionElsewhereError(
          { name: owner, incarnation: Number(ownerIncarnation) },
          Number(session.epoch),
        );
      }
      await sql.rows(RESET_SESSION, [senderCompId]);
      await sql.rows('delete from fix_messages where sender_comp_id = $1', [senderCompId]);
      return undefined;
    },
    'begin',
  );
  if (elsewhere !== undefined) throw elsewhere;
}
