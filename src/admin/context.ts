/** What every route of the admin API is given, and the audit row that every operator action leaves. */
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import type { Address, Reply } from '../actors/protocol.ts';
import { AuditEntry } from '../entities/audit-entry.ts';
import { User } from '../entities/user.ts';
import type { Log } from '../platform/log.ts';
import { Refusal } from './answers.ts';
import type { VenueControl } from './control.ts';
import { checkUsername, operatorName, quoted } from './values.ts';

/** Header in which a client says who operates it; for the audit, not for access. */
export const OPERATOR_HEADER = 'x-onebook-operator';

export interface AdminContext {
  readonly control: VenueControl;
  readonly log: Log;
  /** Rows that one answer contains at most. */
  readonly maxRows: number;
}

/** What an operator did, with its arguments; never a password. */
export interface AuditedAction {
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Writes the action into the log and, with the next flush of `em`, into the audit. */
export function audit(
  em: EntityManager,
  context: AdminContext,
  request: FastifyRequest,
  { action, details }: AuditedAction,
): void {
  const actor = operatorName(request.headers[OPERATOR_HEADER]);
  em.persist(em.create(AuditEntry, { actor, action, details: { ...details } }));
  context.log.info('operator action', { actor, action, ...details });
}

/** The member of that name; the venue's own account is none. */
export async function findMember(em: EntityManager, username: string): Promise<User | Refusal> {
  const refusal = checkUsername(username);
  if (refusal !== undefined) return refusal;
  const user = await em.findOne(User, { username });
  if (user === null) return new Refusal(404, `there is no user ${quoted(username)}`);
  return user.status === 'venue' ? new Refusal(409, `"${username}" is the venue itself, no member`) : user;
}

/** What the actors answer to the message that `tellIt` sends; 504 when they do not in time. */
export async function ask(
  context: AdminContext,
  tellIt: (replyTo: Address) => void,
): Promise<Reply | Refusal> {
  try {
    return await context.control.ask(tellIt);
  } catch (error) {
    context.log.warn('operator command without answer', { error });
    return new Refusal(504, 'no answer in time; it may still come into effect, look before you repeat it');
  }
}
