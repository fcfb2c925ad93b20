/** Who may log on now: a member is disabled, with its orders if the operator says so, and enabled again. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditEntry } from '../entities/audit-entry.ts';
import type { User } from '../entities/user.ts';
import { delay, systemClock } from '../platform/clock.ts';
import { answer, Refusal } from './answers.ts';
import { byOperator, type CancelOutcome, cancelMember, joined, sendOutcome } from './cancels.ts';
import { type AdminContext, type AuditedAction, audit, findMember } from './context.ts';
import { deafGatewayOf, isLoggedOn, tellGateways } from './gateways.ts';
import { shownUser } from './users.ts';
import { checkReason } from './values.ts';

interface ByName {
  readonly username: string;
}

interface DisableBody {
  readonly cancelOrders?: boolean;
  /** Why, for the audit; with `cancelOrders` the member is told too. */
  readonly reason?: string;
}

const PARAMS = { type: 'object', properties: { username: { type: 'string', maxLength: 64 } } } as const;
const DISABLE_BODY = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { cancelOrders: { type: 'boolean' }, reason: { type: 'string', maxLength: 1_000 } },
} as const;

/** How long orders are looked after that a session sends while it is being ended. */
const GONE_TIMEOUT_MS = 5_000;
const GONE_POLL_MS = 10;
/** Where rows say it. */
const GONE_ROWS_POLL_MS = 50;

/** `POST /v1/users/:username/{enable,disable}`. */
export function userStatusRoutes(app: FastifyInstance, context: AdminContext): void {
  app.post<{ Params: ByName }>(
    '/v1/users/:username/enable',
    { schema: { params: PARAMS } },
    async (request, reply) => {
      const user = await context.control.orm.em.fork().transactional(async (tx) => {
        const found = await findMember(tx, request.params.username);
        if (found instanceof Refusal) return found;
        found.status = 'active';
        audit(tx, context, request, { action: 'user enable', details: { username: found.username } });
        return found;
      });
      return answer(reply, user instanceof Refusal ? user : shownUser(user));
    },
  );

  app.post<{ Params: ByName; Body: DisableBody | null | undefined }>(
    '/v1/users/:username/disable',
    { schema: { params: PARAMS, body: DISABLE_BODY } },
    async (request, reply) => {
      const { username } = request.params;
      const { cancelOrders = false, reason } = request.body ?? {};
      const refusal = reason === undefined ? undefined : checkReason(reason);
      if (refusal !== undefined) return answer(reply, refusal);
      const details = { username, ...request.body };
      const disabled = await disableMember(context, request, { action: 'user disable', details });
      if (disabled instanceof Refusal) return answer(reply, disabled);
      const { user, entry, stillAt } = disabled;
      if (!cancelOrders) {
        const body = shownUser(user);
        if (stillAt === undefined) return answer(reply, body);
        const error = `${username} is disabled, but ${stillAt}, which has its session, cannot be reached; try again`;
        return answer(reply, { ...body, error }, 503);
      }
      const outcome = await cancelUntilGone(context, disabled, reason);
      const done = { sentence: `${username} is disabled; `, facts: shownUser(user) };
      return sendOutcome(reply, context, entry, outcome, done);
    },
  );
}

/** A member that was disabled, and what became of its session. */
export interface DisabledMember {
  readonly user: User;
  readonly entry: AuditEntry;
  /** The gateway that goes on with the session, since it cannot be told; undefined: the session ends. */
  readonly stillAt: string | undefined;
}

/** The row and its audit entry; then the end of the member's session. */
export async function disableMember(
  context: AdminContext,
  request: FastifyRequest,
  action: AuditedAction & { readonly details: { readonly username: string } },
): Promise<DisabledMember | Refusal> {
  const { control } = context;
  const disabled = await control.orm.em.fork().transactional(async (tx) => {
    const user = await findMember(tx, action.details.username);
    if (user instanceof Refusal) return user;
    user.status = 'disabled';
    return { user, entry: audit(tx, context, request, action) };
  });
  if (disabled instanceof Refusal) return disabled;
  const { senderCompId } = disabled.user;
  // Whichever gateway has the session, and one that is just about to open it.
  const text = 'disabled by the operator';
  const unreached = tellGateways(control, { type: 'LogoutMember', senderCompId, text });
  return { ...disabled, stillAt: await deafGatewayOf(control, senderCompId, unreached) };
}

/** Cancels at once, and once more when the session has ended: until then it may have sent more. */
export async function cancelUntilGone(
  context: AdminContext,
  { user, stillAt }: DisabledMember,
  reason: string | undefined,
): Promise<CancelOutcome> {
  const { control } = context;
  const isOn = (): Promise<boolean> => isLoggedOn(control, user.senderCompId);
  const wasOn = await isOn();
  const first = await cancelMember(context, user, byOperator(reason), undefined);
  if (stillAt !== undefined) {
    const missed = { where: `the session at ${stillAt}`, reason: 'it cannot be reached' };
    return { ...first, unreachable: [...first.unreachable, missed] };
  }
  if (!wasOn) return first;
  const deadline = systemClock.now() + GONE_TIMEOUT_MS;
  const pollMs = control.cluster === undefined ? GONE_POLL_MS : GONE_ROWS_POLL_MS;
  while ((await isOn()) && systemClock.now() < deadline) await delay(systemClock, pollMs);
  const second = await cancelMember(context, user, byOperator(reason), undefined);
  // What could not be reached the first time is asked again: the second answer is the one that counts.
  return { ...second, cancelsRequested: joined(first, second).cancelsRequested };
}
