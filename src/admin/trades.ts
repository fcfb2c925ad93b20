/**
 * Trades that the operator takes back (bust) or corrects. What is done is one commit, its audit entry included; what
 * is refused is in the audit as well.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { amendableFrom, noSuchTrade, type WantedAmendment } from '../accounts/amendments.ts';
import { Trade } from '../entities/trade.ts';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, ask, audit, OPERATOR_HEADER } from './context.ts';
import { checkReason, operatorName } from './values.ts';

interface ByTradeId {
  readonly tradeId: string;
}
interface BustBody {
  readonly reason: string;
  /** What a party no longer has the venue pays. */
  readonly chargeVenue?: boolean;
}
interface CorrectBody extends BustBody {
  readonly price?: string;
  readonly quantity?: string;
}

const PARAMS = { type: 'object', properties: { tradeId: { type: 'string', maxLength: 64 } } } as const;
const BUST_FIELDS = {
  reason: { type: 'string', maxLength: 1_000 },
  chargeVenue: { type: 'boolean' },
} as const;
const CORRECT_FIELDS = {
  ...BUST_FIELDS,
  price: { type: 'string', maxLength: 64 },
  quantity: { type: 'string', maxLength: 64 },
} as const;
const TRADE_ID = /^[1-9][0-9]{0,15}$/;

/** `POST /v1/trades/:tradeId/{bust,correct}`: answers when it is committed. */
export function tradeRoutes(app: FastifyInstance, context: AdminContext): void {
  app.post<{ Params: ByTradeId; Body: BustBody }>(
    '/v1/trades/:tradeId/bust',
    { schema: { params: PARAMS, body: bodyOf(BUST_FIELDS) } },
    (request, reply) => amend(context, request, reply, { type: 'Bust' }),
  );
  app.post<{ Params: ByTradeId; Body: CorrectBody }>(
    '/v1/trades/:tradeId/correct',
    { schema: { params: PARAMS, body: bodyOf(CORRECT_FIELDS) } },
    async (request, reply) => {
      const { price, quantity } = request.body;
      if (price === undefined && quantity === undefined) {
        return answer(reply, new Refusal(400, 'say the price that is right, the quantity, or both'));
      }
      return amend(context, request, reply, { type: 'Correct', price, quantity });
    },
  );
}

function bodyOf(properties: object): object {
  return { type: 'object', required: ['reason'], additionalProperties: false, properties };
}

async function amend(
  context: AdminContext,
  request: FastifyRequest<{ Params: ByTradeId; Body: BustBody }>,
  reply: FastifyReply,
  wanted: WantedAmendment,
): Promise<FastifyReply> {
  const { reason, chargeVenue = false } = request.body;
  const refusal = checkReason(reason);
  if (refusal !== undefined) return answer(reply, refusal);
  const tradeId = await findTradeId(context, request.params.tradeId);
  if (tradeId instanceof Refusal) return answer(reply, tradeId);
  const answered = await ask(context, (replyTo) =>
    context.control.tell(
      { type: 'exchange' },
      {
        type: 'SubmitTradeAmendment',
        tradeId,
        wanted,
        chargesVenue: chargeVenue,
        reason,
        requestedBy: operatorName(request.headers[OPERATOR_HEADER]),
        replyTo,
      },
    ),
  );
  if (!(answered instanceof Refusal) && answered.type === 'TradeAmended') {
    const { type: _, ...amended } = answered;
    return answer(reply, amended);
  }
  const refused = refusalOf(answered);
  const em = context.control.orm.em.fork();
  const details = { tradeId, ...request.body, outcome: { refused: refused.error } };
  audit(em, context, request, { action: wanted.type === 'Bust' ? 'trade bust' : 'trade correct', details });
  await em.flush();
  return answer(reply, refused);
}

function refusalOf(answered: Refusal | { readonly type: string; readonly text?: string }): Refusal {
  if (answered instanceof Refusal) return answered;
  if (answered.type === 'CommandRejected') return new Refusal(409, answered.text ?? '');
  throw new Error(`an amendment was answered with ${answered.type}`);
}

async function findTradeId(context: AdminContext, text: string): Promise<number | Refusal> {
  const tradeId = Number(text);
  if (!TRADE_ID.test(text) || !Number.isSafeInteger(tradeId)) {
    return new Refusal(400, 'a trade id is a positive integer; "onebook trades" shows them');
  }
  const { orm, now } = context.control;
  const executedAt = { $gte: amendableFrom(now()) };
  const trade = await orm.em.fork().findOne(Trade, { id: tradeId, executedAt });
  return trade === null ? new Refusal(404, noSuchTrade(tradeId)) : tradeId;
}
