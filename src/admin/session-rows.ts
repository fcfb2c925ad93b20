/**
 * Members' sessions of the whole cluster, as rows have them: a gateway knows its own only. A session is open while its row
 * names a life of a gateway that has not ended: the row names it from the Logon on, until the session has ended in order.
 * One whose last reports could not be sent keeps its gateway until the next Logon, and so counts as open: rarely, and
 * never too few are shown.
 */
import type { EntityManager } from '@mikro-orm/postgresql';

/** One open session. */
export interface OpenSession {
  /** SenderCompID (49). */
  readonly compId: number;
  /** Undefined for a member that is no more. */
  readonly username: string | undefined;
  /** Name of the gateway's node. */
  readonly gateway: string;
  /** Grows each time that a gateway takes the session. */
  readonly epoch: number;
}

const IS_OPEN = 'not s.clean and s.owner is not null and not owner_is_gone(s.owner, s.owner_incarnation)';

/** The first of all, by comp id: `limit` at most. */
export async function openSessions(em: EntityManager, limit: number): Promise<readonly OpenSession[]> {
  const rows = await em
    .getConnection()
    .execute<{ comp_id: number; username: string | null; gateway: string; epoch: string }[]>(
      'select s.sender_comp_id as comp_id, u.username, s.owner as gateway, s.epoch from fix_sessions s ' +
        `left join users u using (sender_comp_id) where ${IS_OPEN} order by s.sender_comp_id limit ?`,
      [limit],
    );
  return rows.map(({ comp_id: compId, username, gateway, epoch }) => {
    return { compId, username: username ?? undefined, gateway, epoch: Number(epoch) };
  });
}

/** How many there are. */
export async function openSessionCount(em: EntityManager): Promise<number> {
  const [row] = await em
    .getConnection()
    .execute<{ count: string }[]>(`select count(*) as count from fix_sessions s where ${IS_OPEN}`);
  return Number(row?.count ?? 0);
}

/** The node whose gateway has the member's session; undefined when none has. */
export async function gatewayOfMember(em: EntityManager, compId: number): Promise<string | undefined> {
  const [row] = await em
    .getConnection()
    .execute<{ gateway: string }[]>(
      `select s.owner as gateway from fix_sessions s where s.sender_comp_id = ? and ${IS_OPEN}`,
      [compId],
    );
  return row?.gateway;
}
