/**
 * The operator's mass cancel: of a symbol, of everything, or of a member. Books are asked one by one, so that what
 * is on its way is caught too, and those that do not answer are named.
 */
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Address, Message } from '../actors/protocol.ts';
import type { AuditEntry } from '../entities/audit-entry.ts';
import { InstrumentRow } from '../entities/instrument.ts';
import { Order } from '../entities/order.ts';
import type { Side, UnsolicitedCancel } from '../matching/types.ts';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, ask, audit, findMember, recordOutcome } from './context.ts';
import { checkReason, checkSymbol, quoted } from './values.ts';

interface CancelBody {
  readonly username?: string;
  readonly symbol?: string;
  readonly all?: true;
  /** Side (54); absent: both. */
  readonly side?: Side;
  /** Why, for the audit and for the members whose orders they are. */
  readonly reason?: string;
}

/** What the operator's cancels came to. */
export interface CancelOutcome {
  /** Orders that were canceled, or whose books have been told to. */
  readonly cancelsRequested: number;
  /** What did not answer: its orders may be open still. */
  readonly unreachable: readonly { readonly where: string; readonly reason: string }[];
}

const CANCEL_BODY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    username: { type: 'string', maxLength: 64 },
    symbol: { type: 'string', maxLength: 64 },
    all: { const: true },
    side: { enum: ['1', '2'] },
    reason: { type: 'string', maxLength: 1_000 },
  },
} as const;

/** `POST /v1/orders/cancel`: answers 503, with what was done, when not everything could be reached. */
export function cancelRoutes(app: FastifyInstance, context: AdminContext): void {
  app.post<{ Body: CancelBody }>(
    '/v1/orders/cancel',
    { schema: { body: CANCEL_BODY } },
    async (request, reply) => {
      const em = context.control.orm.em.fork();
      const { username, symbol, all, side, reason } = request.body;
      if ([username, symbol, all].filter((choice) => choice !== undefined).length !== 1) {
        return answer(reply, new Refusal(400, 'say which orders: exactly one of username, symbol and all'));
      }
      const refusal = reason === undefined ? undefined : checkReason(reason);
      if (refusal !== undefined) return answer(reply, refusal);
      const unsolicited = byOperator(reason);
      const recorded = async (): Promise<AuditEntry> => {
        const entry = audit(em, context, request, { action: 'order cancel', details: { ...request.body } });
        await em.flush();
        return entry;
      };
      if (username !== undefined) {
        const user = await findMember(em, username);
        if (user instanceof Refusal) return answer(reply, user);
        const entry = await recorded();
        return sendOutcome(reply, context, entry, await cancelMember(context, user, unsolicited, side));
      }
      const symbols = await symbolsToCancel(em, symbol);
      if (symbols instanceof Refusal) return answer(reply, symbols);
      const entry = await recorded();
      return sendOutcome(reply, context, entry, await cancelInBooks(context, symbols, { side, unsolicited }));
    },
  );
}

/** ExecRestatementReason (378) 8: market option. The text is Text (58) of the members' reports. */
export function byOperator(reason: string | undefined): UnsolicitedCancel {
  const why = reason === undefined ? '' : `: ${reason}`;
  return { execRestatementReason: 8, text: `canceled by the operator${why}` };
}

/** Cancels in each of the books, directly; answered when the cancels are committed. */
export async function cancelInBooks(
  context: AdminContext,
  symbols: readonly string[],
  scope: {
    readonly userId?: number;
    readonly side: Side | undefined;
    readonly unsolicited: UnsolicitedCancel;
  },
): Promise<CancelOutcome> {
  const { userId, side, unsolicited } = scope;
  const narrowed = { ...(userId === undefined ? {} : { userId }), ...(side === undefined ? {} : { side }) };
  const counts = await Promise.all(
    symbols.map((symbol) =>
      requestCancels(context, (replyTo) => {
        return { type: 'CancelSymbolOrders', symbol, ...narrowed, unsolicited, replyTo };
      }),
    ),
  );
  return outcomeOf(symbols, counts);
}

/**
 * Cancels a member's orders through its account, behind everything that the member has sent; then asks the books
 * in which it has open orders, which answer when the cancels are committed.
 */
export async function cancelMember(
  context: AdminContext,
  { id: userId, username }: { readonly id: number; readonly username: string },
  unsolicited: UnsolicitedCancel,
  side: Side | undefined,
): Promise<CancelOutcome> {
  const narrowed = side === undefined ? {} : { side };
  const ofAccount = await requestCancels(context, (replyTo) => {
    const command = { type: 'CancelMemberOrders', ...narrowed, unsolicited } as const;
    return { type: 'SubmitAccountCommand', userId, command, replyTo };
  });
  const symbols = await symbolsOf(context.control.orm.em.fork(), userId);
  const ofBooks = await cancelInBooks(context, symbols, { userId, side, unsolicited });
  return joined(outcomeOf([`the account of ${username}`], [ofAccount]), ofBooks);
}

/** Both together. */
export function joined(one: CancelOutcome, other: CancelOutcome): CancelOutcome {
  return {
    cancelsRequested: one.cancelsRequested + other.cancelsRequested,
    unreachable: [...one.unreachable, ...other.unreachable],
  };
}

/** Records the outcome, and sends it: as a failure that says what was done when something was not reached. */
export async function sendOutcome(
  reply: FastifyReply,
  context: AdminContext,
  entry: AuditEntry,
  outcome: CancelOutcome,
  done: { readonly sentence?: string; readonly facts?: object } = {},
): Promise<FastifyReply> {
  await recordOutcome(context, entry, { ...outcome });
  const body = { ...done.facts, ...outcome };
  const { cancelsRequested, unreachable } = outcome;
  if (unreachable.length === 0) return answer(reply, body);
  const missed = unreachable.map(({ where, reason }) => `${where} (${reason})`).join(', ');
  const sentence = `${done.sentence ?? ''}cancels requested: ${cancelsRequested}, but not reached: ${missed}`;
  return answer(reply, { ...body, error: `${sentence}; try again` }, 503);
}

/** How many cancels were requested, or why not. */
async function requestCancels(
  context: AdminContext,
  message: (replyTo: Address) => Message,
): Promise<number | Refusal> {
  const { control } = context;
  const reply = await ask(context, (replyTo) => control.tell({ type: 'exchange' }, message(replyTo)));
  if (reply instanceof Refusal) return reply;
  if (reply.type === 'CancelsRequested') return reply.orderCount;
  if (reply.type === 'CommandRejected') return new Refusal(503, reply.text);
  throw new Error(`a cancel was answered with ${reply.type}`);
}

function outcomeOf(places: readonly string[], counts: readonly (number | Refusal)[]): CancelOutcome {
  return {
    cancelsRequested: counts.reduce<number>(
      (sum, count) => (typeof count === 'number' ? sum + count : sum),
      0,
    ),
    unreachable: places.flatMap((where, index) => {
      const count = counts[index];
      return count instanceof Refusal ? [{ where, reason: count.error }] : [];
    }),
  };
}

/** One symbol, if it is listed; all without one. */
async function symbolsToCancel(
  em: EntityManager,
  symbol: string | undefined,
): Promise<readonly string[] | Refusal> {
  if (symbol === undefined) return listedSymbols(em);
  const refusal = checkSymbol(symbol);
  if (refusal !== undefined) return refusal;
  const row = await em.findOne(InstrumentRow, { symbol });
  return row === null ? new Refusal(404, `there is no instrument ${quoted(symbol)}`) : [symbol];
}

/** Every instrument's symbol, in alphabetical order. */
export async function listedSymbols(em: EntityManager): Promise<readonly string[]> {
  const rows = await em.find(InstrumentRow, {}, { fields: ['symbol'], orderBy: { symbol: 'asc' } });
  return rows.map(({ symbol }) => symbol);
}

async function symbolsOf(em: EntityManager, userId: number): Promise<readonly string[]> {
  const rows = await em
    .createQueryBuilder(Order, 'o')
    .select('symbol', true)
    .where({ isOpen: true, userId })
    .orderBy({ symbol: 'asc' })
    .execute<{ symbol: string }[]>('all');
  return rows.map(({ symbol }) => symbol);
}
