/** Orders, trades and balances as committed, and the operator's cancels. */
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyInstance } from 'fastify';
import type { Address, Message } from '../actors/protocol.ts';
import { Balance } from '../entities/balance.ts';
import { InstrumentRow } from '../entities/instrument.ts';
import { Order } from '../entities/order.ts';
import { Trade } from '../entities/trade.ts';
import { User } from '../entities/user.ts';
import type { UnsolicitedCancel } from '../matching/types.ts';
import { formatAmount, parseAmount } from '../platform/decimal.ts';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, ask, audit, findMember } from './context.ts';
import { checkSymbol, plainDecimal, quoted } from './values.ts';

interface Query {
  readonly username?: string;
  readonly symbol?: string;
  readonly all?: string;
  readonly limit?: string;
}

type CancelBody = { readonly username: string } | { readonly symbol: string } | { readonly all: true };

const DEFAULT_ROWS = 100;
const QUERY_FIELDS = {
  username: { type: 'string', maxLength: 64 },
  symbol: { type: 'string', maxLength: 64 },
  all: { enum: ['true', 'false'] },
  limit: { type: 'string', pattern: '^[1-9][0-9]{0,6}$' },
} as const;

/** ExecRestatementReason (378) 8: market option. */
const BY_OPERATOR: UnsolicitedCancel = { execRestatementReason: 8, text: 'canceled by the operator' };

/** `GET /v1/{orders,trades,balances}`, `POST /v1/orders/cancel`. */
export function orderRoutes(app: FastifyInstance, context: AdminContext): void {
  const { control } = context;
  const rowLimit = (query: Query): number => Math.min(Number(query.limit ?? DEFAULT_ROWS), context.maxRows);

  app.get<{ Querystring: Query }>(
    '/v1/orders',
    withQuery('username', 'symbol', 'all', 'limit'),
    async (request, reply) => {
      const em = control.orm.em.fork();
      const { symbol, all } = request.query;
      const user = await memberOf(em, request.query.username);
      if (user instanceof Refusal) return answer(reply, user);
      const limit = rowLimit(request.query);
      const rows = await em.find(
        Order,
        {
          ...(user === undefined ? {} : { userId: user.id }),
          ...(symbol === undefined ? {} : { symbol }),
          ...(all === 'true' ? {} : { isOpen: true }),
        },
        { orderBy: { id: 'desc' }, limit: limit + 1 },
      );
      const names = await usernames(
        em,
        rows.map((row) => row.userId),
      );
      return { orders: rows.slice(0, limit).map((row) => shownOrder(row, names)), more: rows.length > limit };
    },
  );

  app.get<{ Querystring: Query }>('/v1/trades', withQuery('symbol', 'limit'), async (request) => {
    const em = control.orm.em.fork();
    const { symbol } = request.query;
    const limit = rowLimit(request.query);
    const rows = await em.find(Trade, symbol === undefined ? {} : { symbol }, {
      orderBy: { id: 'desc', executedAt: 'desc' },
      limit: limit + 1,
    });
    const names = await usernames(
      em,
      rows.flatMap((row) => [row.makerUserId, row.takerUserId]),
    );
    return { trades: rows.slice(0, limit).map((row) => shownTrade(row, names)), more: rows.length > limit };
  });

  app.get<{ Querystring: Query }>('/v1/balances', withQuery('username', 'limit'), async (request, reply) => {
    const em = control.orm.em.fork();
    const user = await userOf(em, request.query.username);
    if (user instanceof Refusal) return answer(reply, user);
    const limit = rowLimit({ limit: String(context.maxRows), ...request.query });
    const rows = await em.find(Balance, user === undefined ? {} : { userId: user.id }, {
      orderBy: { userId: 'asc', asset: 'asc' },
      limit: limit + 1,
    });
    const names = await usernames(
      em,
      rows.map((row) => row.userId),
    );
    return {
      balances: rows.slice(0, limit).map((row) => shownBalance(row, names)),
      more: rows.length > limit,
    };
  });

  /** How many cancels were requested, or the refusal of one member's or symbol's. */
  const cancel = async (message: (replyTo: Address) => Message): Promise<number | Refusal> => {
    const reply = await ask(context, (replyTo) => control.tell({ type: 'exchange' }, message(replyTo)));
    if (reply instanceof Refusal) return reply;
    if (reply.type === 'CancelsRequested') return reply.orderCount;
    if (reply.type === 'CommandRejected') return new Refusal(503, reply.text);
    throw new Error(`a cancel was answered with ${reply.type}`);
  };
  const cancelMember = (userId: number): Promise<number | Refusal> =>
    cancel((replyTo) => ({
      type: 'SubmitAccountCommand',
      userId,
      command: { type: 'CancelMemberOrders', unsolicited: BY_OPERATOR },
      replyTo,
    }));

  app.post<{ Body: CancelBody }>(
    '/v1/orders/cancel',
    { schema: { body: CANCEL_BODY } },
    async (request, reply) => {
      const em = control.orm.em.fork();
      const { body } = request;
      let canceled: number | Refusal;
      const recorded = async (): Promise<void> => {
        audit(em, context, request, { action: 'order cancel', details: { ...body } });
        await em.flush();
      };
      if ('username' in body) {
        const user = await findMember(em, body.username);
        if (user instanceof Refusal) return answer(reply, user);
        await recorded();
        canceled = await cancelMember(user.id);
      } else if ('symbol' in body) {
        const { symbol } = body;
        const refusal = checkSymbol(symbol) ?? (await checkListed(em, symbol));
        if (refusal !== undefined) return answer(reply, refusal);
        await recorded();
        canceled = await cancel((replyTo) => ({
          type: 'CancelSymbolOrders',
          symbol,
          unsolicited: BY_OPERATOR,
          replyTo,
        }));
      } else {
        await recorded();
        const counts = await Promise.all((await membersWithOpenOrders(em)).map(cancelMember));
        canceled = counts.reduce<number | Refusal>(
          (sum, count) => (sum instanceof Refusal ? sum : count instanceof Refusal ? count : sum + count),
          0,
        );
      }
      return answer(reply, canceled instanceof Refusal ? canceled : { cancelsRequested: canceled });
    },
  );
}

const CANCEL_BODY = {
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
  properties: {
    username: { type: 'string', maxLength: 64 },
    symbol: { type: 'string', maxLength: 64 },
    all: { const: true },
  },
} as const;

function withQuery(...names: readonly (keyof typeof QUERY_FIELDS)[]) {
  const properties = Object.fromEntries(names.map((name) => [name, QUERY_FIELDS[name]]));
  return { schema: { querystring: { type: 'object', additionalProperties: false, properties } } };
}

async function memberOf(
  em: EntityManager,
  username: string | undefined,
): Promise<User | undefined | Refusal> {
  return username === undefined ? undefined : findMember(em, username);
}

/** Like a member, or the venue itself: its balance are the fees. */
async function userOf(em: EntityManager, username: string | undefined): Promise<User | undefined | Refusal> {
  if (username === undefined) return undefined;
  return (await em.findOne(User, { username })) ?? new Refusal(404, `there is no user ${quoted(username)}`);
}

async function checkListed(em: EntityManager, symbol: string): Promise<Refusal | undefined> {
  const row = await em.findOne(InstrumentRow, { symbol });
  return row === null ? new Refusal(404, `there is no instrument ${quoted(symbol)}`) : undefined;
}

async function membersWithOpenOrders(em: EntityManager): Promise<number[]> {
  const rows = await em
    .createQueryBuilder(Order, 'o')
    .select('userId', true)
    .where({ isOpen: true })
    .orderBy({ userId: 'asc' })
    .execute<{ userId: number }[]>('all');
  return rows.map((row) => row.userId);
}

async function usernames(
  em: EntityManager,
  userIds: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const users = await em.find(User, { id: { $in: [...new Set(userIds)] } });
  return new Map(users.map((user) => [user.id, user.username]));
}

function shownOrder(row: Order, names: ReadonlyMap<number, string>): object {
  return {
    orderId: row.id,
    username: names.get(row.userId),
    clOrdId: row.clOrdId,
    symbol: row.symbol,
    side: row.side,
    ordType: row.ordType,
    timeInForce: row.timeInForce,
    price: plainDecimal(row.price),
    orderQty: plainDecimal(row.quantity),
    cumQty: plainDecimal(row.filledQuantity),
    leavesQty: plainDecimal(row.remainingQuantity),
    ordStatus: row.status,
    hold: plainDecimal(row.hold),
    tradingDay: row.tradingDay,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

function shownTrade(row: Trade, names: ReadonlyMap<number, string>): object {
  return {
    tradeId: row.id,
    symbol: row.symbol,
    price: plainDecimal(row.price),
    quantity: plainDecimal(row.quantity),
    takerSide: row.takerSide,
    maker: names.get(row.makerUserId),
    taker: names.get(row.takerUserId),
    makerOrderId: row.makerOrderId,
    takerOrderId: row.takerOrderId,
    makerFee: plainDecimal(row.makerFee),
    takerFee: plainDecimal(row.takerFee),
    executedAt: row.executedAt,
  };
}

function shownBalance(row: Balance, names: ReadonlyMap<number, string>): object {
  const amount = parseAmount(row.amount);
  const held = parseAmount(row.held);
  const free = typeof amount === 'bigint' && typeof held === 'bigint' ? formatAmount(amount - held) : null;
  return {
    username: names.get(row.userId),
    asset: row.asset,
    amount: plainDecimal(row.amount),
    held: plainDecimal(row.held),
    available: free,
  };
}
