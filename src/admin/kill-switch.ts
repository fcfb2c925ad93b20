/** The kill switch: stops the whole venue, or one member, and cancels every order. One audit entry says who and why. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InstrumentRow } from '../entities/instrument.ts';
import { answer, Refusal } from './answers.ts';
import { byOperator, cancelInBooks, listedSymbols, sendOutcome } from './cancels.ts';
import { type AdminContext, audit } from './context.ts';
import { tellStatus } from './trading-status.ts';
import { cancelUntilGone, disableMember } from './user-status.ts';
import { checkReason } from './values.ts';

interface KillBody {
  /** Members are told. */
  readonly reason: string;
  /** Absent: the whole venue. */
  readonly username?: string;
}

const KILL_BODY = {
  type: 'object',
  required: ['reason'],
  additionalProperties: false,
  properties: {
    reason: { type: 'string', maxLength: 1_000 },
    username: { type: 'string', maxLength: 64 },
  },
} as const;

const ACTION = 'kill-switch';

/** `POST /v1/kill-switch`: answers 503, with what was done, when not everything could be reached. */
export function killSwitchRoutes(app: FastifyInstance, context: AdminContext): void {
  app.post<{ Body: KillBody }>('/v1/kill-switch', { schema: { body: KILL_BODY } }, async (request, reply) => {
    const { reason, username } = request.body;
    const refusal = checkReason(reason);
    if (refusal !== undefined) return answer(reply, refusal);
    return username === undefined
      ? killVenue(context, request, reply, reason)
      : killMember(context, request, reply, { reason, username });
  });
}

/**
 * Halts first: an order that an account judges after the halt is refused, and one that it judged before is in its
 * book before the cancel.
 */
async function killVenue(
  context: AdminContext,
  request: FastifyRequest,
  reply: FastifyReply,
  reason: string,
): Promise<FastifyReply> {
  const { symbols, halted, entry } = await context.inTurn(async () => {
    const done = await context.control.orm.em.fork().transactional(async (tx) => {
      // A statement that takes no lock which a commit of orders would have to wait for. A crash halt stays: its
      // book cannot be trusted with cancels.
      await tx.nativeUpdate(
        InstrumentRow,
        { $or: [{ haltedBy: null }, { haltedBy: 'operator' }] },
        { status: 'halted', haltedBy: 'operator', statusReason: reason },
      );
      const symbols = await listedSymbols(tx);
      const rows = await tx.find(InstrumentRow, { haltedBy: 'operator' }, { orderBy: { symbol: 'asc' } });
      const halted = rows.map(({ symbol }) => symbol);
      const entry = audit(tx, context, request, { action: ACTION, details: { reason, halted } });
      return { symbols, halted, entry };
    });
    for (const symbol of done.halted) {
      tellStatus(context, symbol, { type: 'Halted', by: 'operator', reason });
    }
    return done;
  });
  const scope = { side: undefined, unsolicited: byOperator(reason) };
  const outcome = await cancelInBooks(context, symbols, scope);
  const sentence = `halted: ${halted.join(', ') || 'nothing'}; `;
  return sendOutcome(reply, context, entry, outcome, { sentence, facts: { halted } });
}

async function killMember(
  context: AdminContext,
  request: FastifyRequest,
  reply: FastifyReply,
  details: { readonly reason: string; readonly username: string },
): Promise<FastifyReply> {
  const disabled = await disableMember(context, request, { action: ACTION, details });
  if (disabled instanceof Refusal) return answer(reply, disabled);
  const outcome = await cancelUntilGone(context, disabled, details.reason);
  const { username } = details;
  const done = { sentence: `${username} is disabled; `, facts: { disabled: username } };
  return sendOutcome(reply, context, disabled.entry, outcome, done);
}
