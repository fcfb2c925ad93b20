/**
 * An account as it was last committed. Members close tens of thousands of orders a day, and wait while their account is
 * read: of what is closed only what a new request is judged by is read, as few long texts and not as rows. The rest of an
 * order is read when somebody asks for it.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { ClosedOrder } from '../accounts/closed-orders.ts';
import { NO_TERMS } from '../accounts/trading-terms.ts';
import { TRANSFER_IDS_KEPT } from '../accounts/transfer-ids.ts';
import type { LoadedAccount } from '../actors/ports.ts';
import type { OrderId, OrderSnapshot, OrdStatus, UserId } from '../matching/types.ts';
import { assert } from '../platform/assert.ts';
import type { CommitNumbers } from '../platform/commit-numbers.ts';
import { type KnownInstruments, unitsOf } from './instruments.ts';
import { KnownClOrdIds } from './known-cl-ord-ids.ts';
import { PORTION, read } from './loads.ts';
import { ORDER_STATE_COLUMNS, type OrderRecord, type OrderStateRecord, toSnapshot } from './order-rows.ts';
import { load, prepared, type Sql } from './sql.ts';
import { TERMS_RECORD_COLUMNS, type TermsRecord, toTradingTerms } from './trading-terms.ts';
import { inTurns } from './turns.ts';

/** One consistent state of a user's account: each writer's commits up to that of `commits` and nothing after. */
export function loadAccount(
  orm: MikroORM,
  userId: UserId,
  tradingDay: string,
  instruments: KnownInstruments,
): Promise<LoadedAccount> {
  return load(orm, async (sql) => {
    const commits = await readCommits(sql);
    const [user] = await sql.rows<TermsRecord & { readonly last_seq: string | null }>(
      `select last_seq, ${TERMS_RECORD_COLUMNS} from users left join accounts on user_id = id where id = $1`,
      [userId],
    );
    const balances = await sql.rows<{ asset: string; amount: string }>(
      'select asset, amount from balances where user_id = $1 order by asset',
      [userId],
    );
    const transfers = await sql.rows<{ id: string }>(TRANSFER_IDS, [userId]);
    const fromDay = await readDayBefore(sql, userId, tradingDay);
    const open = await readOpen(sql, userId, instruments);
    const known = new KnownClOrdIds();
    await readRequests(sql, userId, { tradingDay, fromDay }, open.records, known);
    const closed = await readClosed(sql, userId, fromDay, known);
    for (const { id, cl_ord_id: last, entry_cl_ord_id: entry, trading_day: day } of open.records) {
      known.addOrder(Number(id), day, entry, last);
    }
    return {
      userId,
      commits,
      lastSeq: Number(user?.last_seq ?? 0),
      balances: balances.map(({ asset, amount }) => ({ asset, amount: unitsOf(amount) })),
      orders: open.orders,
      closed,
      clOrdIds: known.all(),
      transferIds: transfers.map(({ id }) => id).reverse(),
      terms: user === undefined ? NO_TERMS : toTradingTerms(user),
    };
  });
}

const TRANSFER_IDS = prepared(
  `select idempotency_key as id from transfers where user_id = $1 order by id desc limit ${TRANSFER_IDS_KEPT}`,
);

/** An order of the user, open or closed, as it was last committed; undefined when there is none of this OrderID (37). */
export async function loadOrder(
  orm: MikroORM,
  userId: UserId,
  orderId: OrderId,
  instruments: KnownInstruments,
): Promise<OrderSnapshot | undefined> {
  return read(orm, async (sql) => {
    const [record] = await sql.rows<OrderStateRecord>(ORDER, [orderId, userId]);
    if (record === undefined) return undefined;
    await instruments.learn(sql, [record.symbol]);
    return toSnapshot(record, instruments.get(record.symbol));
  });
}

const ORDER = prepared(`select ${ORDER_STATE_COLUMNS} from orders where id = $1 and user_id = $2`);

/** By what ClOrdIDs an order is known. */
type NamedOrder = Pick<OrderRecord, 'id' | 'cl_ord_id' | 'entry_cl_ord_id' | 'trading_day'>;

/**
 * The open orders, in ascending OrderID. A member may have a million of them: they are read in portions, so that others
 * trade in between, and rows are let go of as soon as they are orders.
 */
async function readOpen(
  sql: Sql,
  userId: UserId,
  instruments: KnownInstruments,
): Promise<{ readonly orders: readonly OrderSnapshot[]; readonly records: readonly NamedOrder[] }> {
  await sql.rows(
    'declare open_orders no scroll cursor for ' +
      `select ${ORDER_STATE_COLUMNS}, entry_cl_ord_id from orders where user_id = $1 and is_open order by id`,
    [userId],
  );
  const orders: OrderSnapshot[] = [];
  const records: NamedOrder[] = [];
  for (;;) {
    const portion = await sql.rows<OrderStateRecord & NamedOrder>(`fetch ${PORTION} from open_orders`);
    await instruments.learn(
      sql,
      portion.map((record) => record.symbol),
    );
    for (const record of portion) {
      const { id, cl_ord_id, entry_cl_ord_id, trading_day } = record;
      orders.push(toSnapshot(record, instruments.get(record.symbol)));
      records.push({ id, cl_ord_id, entry_cl_ord_id, trading_day });
    }
    if (portion.length < PORTION) return { orders, records };
  }
}

/** The closed orders from `fromDay` on; their ClOrdIDs go to `known`. */
async function readClosed(
  sql: Sql,
  userId: UserId,
  fromDay: string,
  known: KnownClOrdIds,
): Promise<readonly ClosedOrder[]> {
  const groups = await sql.rows<ClosedRecord>(CLOSED_ORDERS, [userId, fromDay]);
  const closed: ClosedOrder[] = [];
  for (const { trading_day: tradingDay, status: ordStatus, lines } of groups) {
    const take = (fields: readonly string[], at: number): void => {
      const orderId = Number(fields[at]);
      const entryClOrdId = fields[at + 1] ?? '';
      closed.push({ orderId, ordStatus, tradingDay });
      known.addOrder(orderId, tradingDay, entryClOrdId, fields[at + 2] || entryClOrdId);
    };
    await inTurns(forEachLine(lines, 3, take));
  }
  return closed;
}

interface ClosedRecord {
  readonly trading_day: string;
  readonly status: OrdStatus;
  readonly lines: string;
}

const CLOSED_ORDERS =
  'select trading_day, status, string_agg(id || chr(1) || entry_cl_ord_id || chr(1) || ' +
  "case when cl_ord_id = entry_cl_ord_id then '' else cl_ord_id end, chr(1)) as lines from orders " +
  'where user_id = $1 and trading_day >= $2::date and not is_open group by trading_day, status';

/**
 * Days for which ClOrdIDs are known that only requests tell: of cancels, of what was refused, and those that replaces
 * gave an open order in between. An order's own first and last one are known as long as it is.
 */
const REQUEST_DAYS = 14;

/**
 * The last trading day before `tradingDay` on which the member has used a ClOrdID; without any, `tradingDay`. Days on
 * which nobody trades do not count, so that a repeat is known on a Monday as on any other day. Requests are only looked
 * for in the last days, so that old partitions of them are left alone.
 */
async function readDayBefore(sql: Sql, userId: UserId, tradingDay: string): Promise<string> {
  const [last] = await sql.rows<{ trading_day: string }>(
    'select coalesce(greatest(' +
      '(select max(trading_day) from orders where user_id = $1 and trading_day < $2::date), ' +
      '(select max(trading_day) from requests where user_id = $1 and trading_day < $2::date ' +
      `and created_at >= ($2::date - ${REQUEST_DAYS})::timestamptz)), ` +
      '$2::date) as trading_day',
    [userId, tradingDay],
  );
  return last?.trading_day ?? tradingDay;
}

/**
 * Those from `fromDay` on, and accepted ones of earlier days that name an order which is still open; of the last
 * {@link REQUEST_DAYS} days in all.
 */
async function readRequests(
  sql: Sql,
  userId: UserId,
  { tradingDay, fromDay }: { readonly tradingDay: string; readonly fromDay: string },
  open: readonly NamedOrder[],
  known: KnownClOrdIds,
): Promise<void> {
  const older = open.filter((record) => record.trading_day < fromDay);
  const firstDay = older.reduce(
    (day, record) => (record.trading_day < day ? record.trading_day : day),
    fromDay,
  );
  const groups = await sql.rows<RequestsRecord>(REQUESTS, [
    userId,
    fromDay,
    firstDay,
    older.map((record) => record.id),
    tradingDay,
  ]);
  for (const { trading_day: day, may_be_forgotten: mayBeForgotten, lines } of groups) {
    const take = (fields: readonly string[], at: number): void => {
      const orderId = fields[at + 1];
      known.addRequest(fields[at] ?? '', day, orderId === '' ? undefined : Number(orderId), mayBeForgotten);
    };
    await inTurns(forEachLine(lines, 2, take));
  }
}

interface RequestsRecord {
  readonly trading_day: string;
  readonly may_be_forgotten: boolean;
  readonly lines: string;
}

const REQUESTS =
  // Only an accepted replace names its order from then on.
  "select trading_day, may_be_forgotten, string_agg(cl_ord_id || chr(1) || case when accepted and msg_type = 'G' " +
  "then coalesce(order_id::text, '') else '' end, chr(1) order by id) as lines from requests, " +
  "lateral (select msg_type = 'q' or msg_type in ('F', 'G') and not accepted as may_be_forgotten) kind " +
  'where user_id = $1 and trading_day >= $3::date ' +
  'and (trading_day >= $2::date or accepted and order_id = any($4::bigint[])) ' +
  `and created_at >= ($5::date - ${REQUEST_DAYS})::timestamptz group by trading_day, may_be_forgotten`;

/** SOH: no field of a FIX message has it. */
const SEPARATOR = '\x01';
/** What becomes values without a pause: some milliseconds, and another command may wait for that. */
const CHARACTERS_AT_ONCE = 500_000;

/**
 * Takes apart what a query has put into one text, since for the server and for this process that costs a tenth of as many
 * rows. The fields of all lines are separated alike, `fieldCount` of them are a line.
 */
function* forEachLine(
  lines: string,
  fieldCount: number,
  take: (fields: readonly string[], at: number) => void,
): Generator<void, void, void> {
  let fields: string[] = [];
  for (let begin = 0; ; ) {
    const end = lines.indexOf(SEPARATOR, begin + CHARACTERS_AT_ONCE);
    const more = lines.slice(begin, end < 0 ? undefined : end).split(SEPARATOR);
    fields = fields.length === 0 ? more : fields.concat(more);
    let at = 0;
    for (; at + fieldCount <= fields.length; at += fieldCount) take(fields, at);
    fields = fields.slice(at);
    if (end < 0) break;
    begin = end + 1;
    yield;
  }
  assert(fields.length === 0, 'every line has as many fields');
}

/** The last commit of each writer that the reader sees. */
async function readCommits(sql: Sql): Promise<CommitNumbers> {
  const rows = await sql.rows<{ writer: string; last_no: string }>('select writer, last_no from commits');
  return new Map(rows.map(({ writer, last_no: lastNo }) => [writer, Number(lastNo)]));
}
