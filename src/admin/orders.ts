/** Orders, trades and balances as committed. */
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyInstance } from 'fastify';
import { Balance } from '../entities/balance.ts';
import { Order } from '../entities/order.ts';
import { Trade } from '../entities/trade.ts';
import { TradeAmendment } from '../entities/trade-amendment.ts';
import { User } from '../entities/user.ts';
import { formatAmount, parseAmount } from '../platform/decimal.ts';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, findMember } from './context.ts';
import { plainDecimal, quoted } from './values.ts';

interface Query {
  readonly username?: string;
  readonly symbol?: string;
  readonly all?: string;
  readonly limit?: string;
  readonly days?: string;
}

const DEFAULT_ROWS = 100;
/** Trades are looked for so far back, unless it is said how far: those of old months are left alone. */
const DEFAULT_TRADE_DAYS = 7;
const DAY_MS = 86_400_000;
const QUERY_FIELDS = {
  username: { type: 'string', maxLength: 64 },
  symbol: { type: 'string', maxLength: 64 },
  all: { enum: ['true', 'false'] },
  limit: { type: 'string', pattern: '^[1-9][0-9]{0,6}$' },
  days: { type: 'string', pattern: '^[1-9][0-9]{0,3}$' },
} as const;

/** `GET /v1/{orders,trades,balances}`. */
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

  app.get<{ Querystring: Query }>('/v1/trades', withQuery('symbol', 'limit', 'days'), async (request) => {
    const em = control.orm.em.fork();
    const { symbol, days = DEFAULT_TRADE_DAYS } = request.query;
    const limit = rowLimit(request.query);
    const executedAt = { $gte: new Date(control.now() - Number(days) * DAY_MS) };
    const rows = await em.find(Trade, symbol === undefined ? { executedAt } : { executedAt, symbol }, {
      orderBy: { id: 'desc', executedAt: 'desc' },
      limit: limit + 1,
    });
    const names = await usernames(
      em,
      rows.flatMap((row) => [row.makerUserId, row.takerUserId]),
    );
    const shown = rows.slice(0, limit);
    const amended = await amendments(em, shown);
    return {
      trades: shown.map((row) => ({ ...shownTrade(row, names), amended: amended.get(row.id) ?? null })),
      more: rows.length > limit,
    };
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
}

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

/** How trades stand that the operator has amended, in words, by trade. */
async function amendments(em: EntityManager, trades: readonly Trade[]): Promise<ReadonlyMap<number, string>> {
  const ids = trades.map((trade) => trade.id);
  const rows = await em.find(TradeAmendment, { tradeId: { $in: ids } }, { orderBy: { id: 'asc' } });
  return new Map(
    rows.map(({ tradeId, kind, quantityAfter, priceAfter }) => {
      const now = `${plainDecimal(quantityAfter)} at ${plainDecimal(priceAfter)}`;
      return [tradeId, kind === 'bust' ? 'busted' : `corrected: ${now}`];
    }),
  );
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
    stopPx: orNull(row.stopPx),
    triggered: row.stopPx == null ? null : row.triggered,
    expireTime: row.expireAt ?? null,
    expireDate: row.expireDate ?? null,
    execInst: row.execInst ?? null,
    minQty: orNull(row.minQty),
    maxFloor: orNull(row.maxFloor),
    displayedQty: orNull(row.displayedQuantity),
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

function orNull(column: string | null | undefined): string | null {
  return column == null ? null : plainDecimal(column);
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
