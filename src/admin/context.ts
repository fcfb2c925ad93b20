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
  /**
   * Runs what changes a row and then tells actors, one after the other: what they are told comes in the order of
   * the rows.
   */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** What {@link AdminContext.inTurn} is made of. */
export function takeTurns(): AdminContext['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
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
): AuditEntry {
  const actor = operatorName(request.headers[OPERATOR_HEADER]);
  const entry = em.create(AuditEntry, { actor, action, details: { ...details } });
  em.persist(entry);
  context.log.info('operator action', { actor, action, ...details });
  return entry;
}

/**
 * Adds to the audit what the actors made of an action, as an entry of its own, since entries are never changed; where
 * there is none, the answer was lost. A failure is logged only: it must not hide the outcome itself from the operator.
 */
export async function recordOutcome(
  context: AdminContext,
  { actor, action, details }: AuditEntry,
  outcome: Readonly<Record<string, unknown>>,
): Promise<void> {
  context.log.info('operator action done', { action, ...outcome });
  try {
    const em = context.control.orm.em.fork();
    em.persist(em.create(AuditEntry, { actor, action, details: { ...details, outcome } }));
    await em.flush();
  } catch (error) {
    context.log.warn('outcome is not in the audit', { action, error });
  }
}

/** Who has an account under that name: a member, or the venue itself. */
export async function findOwner(em: EntityManager, username: string): Promise<User | Refusal> {
  const refusal = checkUsername(username);
  if (refusal !== undefined) return refusal;
  return (await em.findOne(User, { username })) ?? new Refusal(404, `there is no user ${quoted(username)}`);
}

/** The member of that name; the venue's own account is none. */
export async function findMember(em: EntityManager, username: string): Promise<User | Refusal> {
  const user = await findOwner(em, username);
  if (user instanceof Refusal || user.status !== 'venue') return user;
  return new Refusal(409, `"${username}" is the venue itself, no member`);
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
