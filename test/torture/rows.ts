/** What the venue has committed, as far as a torture run compares it with its members' records: one snapshot a time. */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { OrderSnapshot, Ticks } from '../../src/matching/types.ts';
import { KnownInstruments, ticksOf } from '../../src/persistence/instruments.ts';
import { ORDER_RECORD_COLUMNS, type OrderRecord, toSnapshot } from '../../src/persistence/order-rows.ts';
import { load, type Sql } from '../../src/persistence/sql.ts';
import type { CommittedReport } from './told.ts';

/** An order, with decimals as text. */
export interface CommittedOrder {
  readonly id: string;
  readonly userId: number;
  readonly symbol: string;
  readonly entryClOrdId: string;
  readonly clOrdId: string;
  readonly side: string;
  readonly ordType: string;
  readonly status: string;
  readonly entryPrice: string;
  readonly price: string;
  readonly entryQuantity: string;
  readonly quantity: string;
  readonly filledQuantity: string;
  readonly remainingQuantity: string;
  readonly isOpen: boolean;
  readonly acceptedSeq: number;
  readonly at: number;
}

/** A book as it would be rebuilt. */
export interface CommittedBook {
  readonly symbol: string;
  readonly lastSeq: number;
  readonly lastPrice: Ticks | undefined;
  readonly orders: readonly OrderSnapshot[];
}

export interface CommittedAccount {
  readonly userId: number;
  readonly lastSeq: number;
  /** Units of 10^-18. */
  readonly balances: readonly { readonly asset: string; readonly amount: bigint; readonly held: bigint }[];
}

/** How far rows have been compared: what is closed and lies below is not read again. */
export interface Compared {
  /** The last number of each source. */
  readonly lastSeqs: ReadonlyMap<string, number>;
  /** Orders that were open. */
  readonly openOrders: readonly string[];
  readonly lastRequestId: string;
}

/** From here on everything is read. */
export const NOTHING_COMPARED: Compared = { lastSeqs: new Map(), openOrders: [], lastRequestId: '0' };

/** One consistent state of the rows. */
export interface CommittedRows {
  readonly userIds: ReadonlyMap<number, number>;
  /** Those that are or were open, and those that came since. */
  readonly orders: readonly CommittedOrder[];
  /** How many orders each user has in all. */
  readonly orderCounts: ReadonlyMap<number, number>;
  /** Those that came since, by user. */
  readonly reports: ReadonlyMap<number, readonly CommittedReport[]>;
  /** Those that came since, in ascending order. */
  readonly requests: readonly { readonly id: string; readonly userId: number; readonly clOrdId: string }[];
  readonly transfers: readonly {
    readonly userId: number;
    readonly asset: string;
    readonly amount: string;
    readonly id: string;
  }[];
  readonly books: readonly CommittedBook[];
  readonly accounts: readonly CommittedAccount[];
  /** The last number of each source. */
  readonly lastSeqs: ReadonlyMap<string, number>;
}

/** Reads the rows that have not been compared. */
export function readRows(orm: MikroORM, compared: Compared): Promise<CommittedRows> {
  return load(orm, async (sql) => {
    const users = await sql.rows<{ id: number; sender_comp_id: number | null }>(
      'select id, sender_comp_id from users',
    );
    const orders = await readOrders(sql, compared);
    const counts = await sql.rows<{ user_id: number; count: string }>(
      'select user_id, count(*) from orders group by user_id',
    );
    return {
      userIds: new Map(users.map((user) => [Number(user.sender_comp_id), user.id])),
      orders,
      orderCounts: new Map(counts.map((row) => [row.user_id, Number(row.count)])),
      reports: await readReports(sql, orders, compared),
      requests: await sql.rows(
        'select id::text, user_id as "userId", cl_ord_id as "clOrdId" from requests r where r.id > $1 order by r.id',
        [compared.lastRequestId],
      ),
      transfers: await sql.rows(
        'select user_id as "userId", asset, amount::text, idempotency_key as id from transfers',
      ),
      books: await readBooks(sql),
      accounts: await readAccounts(sql),
      lastSeqs: await readLastSeqs(sql),
    };
  });
}

function readOrders(sql: Sql, compared: Compared): Promise<readonly CommittedOrder[]> {
  const columns =
    'id, user_id as "userId", symbol, entry_cl_ord_id as "entryClOrdId", cl_ord_id as "clOrdId", side, ' +
    'ord_type as "ordType", status, entry_price::text as "entryPrice", price::text, ' +
    'entry_quantity::text as "entryQuantity", quantity::text, filled_quantity::text as "filledQuantity", ' +
    'remaining_quantity::text as "remainingQuantity", is_open as "isOpen", ' +
    'accepted_seq::int as "acceptedSeq", (extract(epoch from created_at) * 1000)::float8 as at';
  return sql.rows<CommittedOrder>(
    `select ${columns} from orders o left join unnest($1::text[], $2::bigint[]) as v(source, seq) ` +
      'on v.source = o.symbol ' +
      'where o.is_open or o.accepted_seq > coalesce(v.seq, 0) or o.id = any($3::bigint[])',
    [...seqColumns(compared), compared.openOrders],
  );
}

async function readReports(
  sql: Sql,
  orders: readonly CommittedOrder[],
  compared: Compared,
): Promise<ReadonlyMap<number, readonly CommittedReport[]>> {
  const columns =
    'r.user_id as "userId", r.source, r.source_seq::int as "sourceSeq", r.msg_type as "msgType", ' +
    '(extract(epoch from r.at) * 1000)::float8 as at, r.order_id::text as "orderId", r.cl_ord_id as "clOrdId", ' +
    'r.exec_type as "execType", r.ord_status as "ordStatus", r.order_qty as "orderQty", r.cum_qty as "cumQty", ' +
    'r.leaves_qty as "leavesQty", r.last_qty as "lastQty", r.last_px as "lastPx", ' +
    'r.trade_id::text as "tradeId", r.fee, r.details ->> \'totalAffectedOrders\' as "totalAffectedOrders"';
  const rows = await sql.rows<CommittedReport & { userId: number }>(
    `select ${columns} from reports r left join unnest($1::text[], $2::bigint[]) as v(source, seq) ` +
      'on v.source = r.source where r.source_seq > coalesce(v.seq, 0)',
    seqColumns(compared),
  );
  const byUser = new Map<number, CommittedReport[]>();
  const add = (userId: number, report: CommittedReport): void => {
    const reports = byUser.get(userId);
    if (reports === undefined) byUser.set(userId, [report]);
    else reports.push(report);
  };
  for (const row of rows) add(row.userId, row);
  for (const order of orders) {
    if (order.acceptedSeq > (compared.lastSeqs.get(order.symbol) ?? 0)) add(order.userId, newReportOf(order));
  }
  return byUser;
}

function seqColumns({ lastSeqs }: Compared): [string[], number[]] {
  return [[...lastSeqs.keys()], [...lastSeqs.values()]];
}

/** The New report of an order, which is in its row. */
function newReportOf(order: CommittedOrder): CommittedReport {
  return {
    source: order.symbol,
    sourceSeq: order.acceptedSeq,
    msgType: '8',
    at: order.at,
    orderId: order.id,
    clOrdId: order.entryClOrdId,
    execType: '0',
    ordStatus: '0',
    orderQty: order.entryQuantity,
    cumQty: '0',
    leavesQty: order.entryQuantity,
    lastQty: null,
    lastPx: null,
    tradeId: null,
    fee: null,
    totalAffectedOrders: null,
  };
}

async function readBooks(sql: Sql): Promise<readonly CommittedBook[]> {
  const books = await sql.rows<{ symbol: string; last_seq: string; last_price: string | null }>(
    'select symbol, last_seq, last_price from books',
  );
  const instruments = new KnownInstruments();
  await instruments.learn(
    sql,
    books.map(({ symbol }) => symbol),
  );
  const records = await sql.rows<OrderRecord>(
    `select ${ORDER_RECORD_COLUMNS} from orders where is_open order by priority`,
  );
  return books.map(({ symbol, last_seq: lastSeq, last_price: lastPrice }) => {
    const instrument = instruments.get(symbol);
    return {
      symbol,
      lastSeq: Number(lastSeq),
      lastPrice: lastPrice === null ? undefined : ticksOf(instrument, lastPrice),
      orders: records
        .filter((record) => record.symbol === symbol)
        .map((record) => toSnapshot(record, instrument)),
    };
  });
}

async function readAccounts(sql: Sql): Promise<readonly CommittedAccount[]> {
  const rows = await sql.rows<{
    user_id: number;
    last_seq: string;
    balances: readonly { asset: string; amount: string; held: string }[];
  }>(
    'select b.user_id, coalesce(max(a.last_seq), 0) as last_seq, json_agg(json_build_object(' +
      "'asset', b.asset, 'amount', (b.amount * 1e18)::numeric(60, 0)::text, " +
      "'held', (b.held * 1e18)::numeric(60, 0)::text)) as balances " +
      'from balances b left join accounts a on a.user_id = b.user_id group by b.user_id',
  );
  return rows.map((row) => ({
    userId: row.user_id,
    lastSeq: Number(row.last_seq),
    balances: row.balances.map(({ asset, amount, held }) => {
      return { asset, amount: BigInt(amount), held: BigInt(held) };
    }),
  }));
}

async function readLastSeqs(sql: Sql): Promise<ReadonlyMap<string, number>> {
  const rows = await sql.rows<{ source: string; last_seq: string }>(
    "select symbol as source, last_seq from books union all select 'user:' || user_id, last_seq from accounts",
  );
  return new Map(rows.map((row) => [row.source, Number(row.last_seq)]));
}
