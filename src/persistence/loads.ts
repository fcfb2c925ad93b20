/** Books, accounts and sent messages as they were last committed: what actors are rebuilt from. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { NO_TERMS } from '../accounts/trading-terms.ts';
import type {
  ClaimedBook,
  KnownClOrdId,
  LoadedAccount,
  LoadedOrders,
  NodeLife,
  StoredMessages,
} from '../actors/ports.ts';
import { NotOwnerError, StoreUnavailableError } from '../actors/ports.ts';
import type { OrderSnapshot, UserId } from '../matching/types.ts';
import type { CommitNumbers } from '../platform/commit-numbers.ts';
import type { Claims } from './claims.ts';
import { type KnownInstruments, ticksOf, unitsOf } from './instruments.ts';
import { ORDER_STATE_COLUMNS, type OrderRecord, type OrderStateRecord, toSnapshot } from './order-rows.ts';
import { isPassing, load, onConnection, prepared, reasonOf, type Sql } from './sql.ts';
import { TERMS_RECORD_COLUMNS, type TermsRecord, toTradingTerms } from './trading-terms.ts';

/** Orders of one portion: it becomes snapshots without a pause, and another command may wait for that. */
export const PORTION = 2_000;

/**
 * Makes `owner` the owner of these books under their next epochs. A commit under an older epoch has finished before this
 * answers, or is refused after: the open orders are from now on what they are.
 *
 * @throws NotOwnerError when another node has taken one of them since `claims` had it.
 */
export async function claimBooks(
  orm: MikroORM,
  symbols: readonly string[],
  owner: string,
  claims: Claims,
  instruments: KnownInstruments,
): Promise<readonly ClaimedBook[]> {
  const claimed = await load(
    orm,
    async (sql) => {
      await sql.rows(
        'insert into books (symbol) select symbol from instruments where symbol = any($1::text[]) ' +
          'on conflict do nothing',
        [symbols],
      );
      await instruments.learn(sql, symbols);
      const rows = await sql.rows<OwnerRecord>(LOCK_BOOKS, [symbols]);
      const lost = rows.filter((row) => !claims.begin(row.symbol, { ...row, epoch: Number(row.epoch) }));
      if (lost.length > 0) throw new NotOwnerError(lost.map(({ symbol }) => symbol));
      const books = await sql.rows<BookRecord>(CLAIM_BOOKS, [symbols, owner]);
      return books.map((record) => claimedBook(record, instruments));
    },
    // Not a snapshot of the start: what commits while the update waits for the row must be seen.
    'begin',
  );
  for (const { symbol, epoch } of claimed) claims.done(symbol, epoch);
  return claimed;
}

/**
 * The same in a cluster, where epochs begin with membership's claims: those of the books that this life owns, as they
 * were left. Whoever owned them before has committed its last, and this life's own commits come before its loads.
 */
export function ownedBooks(
  orm: MikroORM,
  symbols: readonly string[],
  owner: NodeLife,
  instruments: KnownInstruments,
): Promise<readonly ClaimedBook[]> {
  return read(orm, async (sql) => {
    const books = await sql.rows<BookRecord>(OWNED_BOOKS, [symbols, owner.name, owner.incarnation]);
    await instruments.learn(
      sql,
      books.map(({ symbol }) => symbol),
    );
    return books.map((record) => claimedBook(record, instruments));
  });
}

function claimedBook(record: BookRecord, instruments: KnownInstruments): ClaimedBook {
  const { symbol, epoch, last_seq: lastSeq, last_price: lastPrice } = record;
  return {
    symbol,
    epoch: Number(epoch),
    lastSeq: Number(lastSeq),
    lastPrice: lastPrice === null ? undefined : ticksOf(instruments.get(symbol), lastPrice),
  };
}

interface BookRecord {
  readonly symbol: string;
  readonly epoch: string;
  readonly last_seq: string;
  readonly last_price: string | null;
}

interface OwnerRecord {
  readonly symbol: string;
  readonly owner: string | null;
  readonly epoch: string;
}

/** Rows are locked in the order in which commits lock them. */
const LOCK_BOOKS =
  'select symbol, owner, epoch from books where symbol = any($1::text[]) order by symbol for update';
const CLAIM_BOOKS =
  'update books set owner = $2, owner_incarnation = null, epoch = epoch + 1 where symbol = any($1::text[]) ' +
  'returning symbol, epoch, last_seq, last_price';
const OWNED_BOOKS =
  'select symbol, epoch, last_seq, last_price from books where symbol = any($1::text[]) ' +
  'and owner = $2 and owner_incarnation = $3';

/**
 * A portion of a claimed book's open orders, by priority from the one after `after`. While the epoch is ours nobody else
 * changes them, so that portions read one after the other are one state.
 *
 * @throws NotOwnerError when it is no longer ours.
 */
export async function loadOrders(
  orm: MikroORM,
  { symbol, epoch }: ClaimedBook,
  after: number,
  instruments: KnownInstruments,
): Promise<LoadedOrders> {
  const records = await read(orm, (sql) =>
    sql.rows<OrderStateRecord | { readonly id: null }>(OPEN_ORDERS, [symbol, epoch, after]),
  );
  if (records.length === 0) throw new NotOwnerError([symbol]);
  const instrument = instruments.get(symbol);
  const orders = records.filter(isOrder).map((record) => toSnapshot(record, instrument));
  return { orders, isLast: orders.length < PORTION };
}

/** One row at least, without an order when there is none; no row when the epoch has gone by. */
const OPEN_ORDERS = prepared(
  'select open.* from books left join lateral (' +
    `select ${ORDER_STATE_COLUMNS} from orders where orders.symbol = books.symbol and is_open and priority > $3 ` +
    `order by priority limit ${PORTION}` +
    ') open on true where books.symbol = $1 and epoch = $2',
);

function isOrder(record: OrderStateRecord | { readonly id: null }): record is OrderStateRecord {
  return record.id !== null;
}

/** A single statement is a snapshot by itself. Passing failures are StoreUnavailableError. */
export async function read<Rows>(orm: MikroORM, work: (sql: Sql) => Promise<Rows>): Promise<Rows> {
  try {
    return await onConnection(orm, work);
  } catch (error) {
    throw isPassing(error) ? new StoreUnavailableError(reasonOf(error), { cause: error }) : error;
  }
}

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
    const fromDay = await readDayBefore(sql, userId, tradingDay);
    const { orders, records } = await readOrders(sql, userId, fromDay, instruments);
    const requests = await readRequests(sql, userId, { tradingDay, fromDay }, records);
    return {
      userId,
      commits,
      lastSeq: Number(user?.last_seq ?? 0),
      balances: balances.map(({ asset, amount }) => ({ asset, amount: unitsOf(amount) })),
      orders,
      clOrdIds: knownClOrdIds(records, requests),
      terms: user === undefined ? NO_TERMS : toTradingTerms(user),
    };
  });
}

/** By what ClOrdIDs an order is known. */
type NamedOrder = Pick<OrderRecord, 'id' | 'cl_ord_id' | 'entry_cl_ord_id' | 'trading_day'>;

/**
 * The orders of an account, in ascending OrderID. A member may have a million of them: they are read in portions, so that
 * others trade in between, and rows are let go of as soon as they are orders.
 */
async function readOrders(
  sql: Sql,
  userId: UserId,
  fromDay: string,
  instruments: KnownInstruments,
): Promise<{ readonly orders: readonly OrderSnapshot[]; readonly records: readonly NamedOrder[] }> {
  const columns = `${ORDER_STATE_COLUMNS}, entry_cl_ord_id`;
  await sql.rows(
    'declare orders_of_account no scroll cursor for ' +
      `select ${columns} from orders where user_id = $1 and is_open union all select ${columns} from orders ` +
      'where user_id = $1 and trading_day >= $2::date and not is_open order by id',
    [userId, fromDay],
  );
  const orders: OrderSnapshot[] = [];
  const records: NamedOrder[] = [];
  for (;;) {
    const portion = await sql.rows<OrderStateRecord & NamedOrder>(`fetch ${PORTION} from orders_of_account`);
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

/**
 * Days for which ClOrdIDs are known that only requests tell: of cancels, of what was refused, and those that replaces
 * gave an open order in between. An order's own first and last one are known as long as it is.
 */
const REQUEST_DAYS = 14;

interface RequestRecord {
  readonly cl_ord_id: string;
  readonly trading_day: string;
  readonly order_id: string | null;
  readonly may_be_forgotten: boolean;
}

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
function readRequests(
  sql: Sql,
  userId: UserId,
  { tradingDay, fromDay }: { readonly tradingDay: string; readonly fromDay: string },
  records: readonly NamedOrder[],
): Promise<readonly RequestRecord[]> {
  const older = records.filter((record) => record.trading_day < fromDay);
  const firstDay = older.reduce(
    (day, record) => (record.trading_day < day ? record.trading_day : day),
    fromDay,
  );
  return sql.rows<RequestRecord>(
    // Only an accepted replace names its order from then on.
    "select cl_ord_id, trading_day, case when accepted and msg_type = 'G' then order_id end as order_id, " +
      "msg_type = 'q' or msg_type in ('F', 'G') and not accepted as may_be_forgotten " +
      'from requests where user_id = $1 and trading_day >= $3::date ' +
      'and (trading_day >= $2::date or accepted and order_id = any($4::bigint[])) ' +
      `and created_at >= ($5::date - ${REQUEST_DAYS})::timestamptz order by trading_day, id`,
    [userId, fromDay, firstDay, older.map((record) => record.id), tradingDay],
  );
}

function knownClOrdIds(
  records: readonly NamedOrder[],
  requests: readonly RequestRecord[],
): readonly KnownClOrdId[] {
  const known = new Map<string, KnownClOrdId>();
  const keyOf = (tradingDay: string, clOrdId: string): string => `${tradingDay} ${clOrdId}`;
  // A refused duplicate bears the ClOrdID of the order that it duplicates: the order wins.
  for (const request of requests) {
    const { cl_ord_id: clOrdId, trading_day: tradingDay, order_id: orderId } = request;
    const isForgettable = request.may_be_forgotten;
    const key = keyOf(tradingDay, clOrdId);
    const earlier = known.get(key);
    if (earlier?.orderId !== undefined) continue;
    // Used twice, by something that may be forgotten and by something that may not: it may not.
    const mayBeForgotten = isForgettable && (earlier === undefined || earlier.mayBeForgotten === true);
    known.set(key, {
      clOrdId,
      orderId: orderId === null ? undefined : Number(orderId),
      tradingDay,
      ...(mayBeForgotten ? { mayBeForgotten } : {}),
    });
  }
  // Of the ids that replaces have given it, the requests tell; of the last one the order itself, when they are older.
  const named = new Set([...known.values()].map(({ clOrdId, orderId }) => `${orderId} ${clOrdId}`));
  for (const record of records) {
    const { id, cl_ord_id: lastClOrdId, entry_cl_ord_id: clOrdId, trading_day: tradingDay } = record;
    const orderId = Number(id);
    if (!named.has(`${orderId} ${lastClOrdId}`)) {
      known.set(keyOf(tradingDay, lastClOrdId), { clOrdId: lastClOrdId, orderId, tradingDay });
    }
    known.set(keyOf(tradingDay, clOrdId), { clOrdId, orderId, tradingDay });
  }
  return [...known.values()];
}

/** What was sent with numbers from `beginSeqNum` to `endSeqNum` (0: to the end), in order of MsgSeqNum (34). */
export async function loadMessages(
  orm: MikroORM,
  senderCompId: number,
  beginSeqNum: number,
  endSeqNum: number,
): Promise<readonly StoredMessages[]> {
  const rows = await load(orm, (sql) =>
    sql.rows<{ first_seq: string; last_seq: string; frames: Buffer }>(
      'select first_seq, last_seq, frames from fix_messages where sender_comp_id = $1 ' +
        'and last_seq >= $2 and ($3::bigint = 0 or first_seq <= $3::bigint) order by first_seq',
      [senderCompId, beginSeqNum, endSeqNum],
    ),
  );
  return rows.map(({ first_seq: first, last_seq: last, frames }) => ({
    firstSeqNum: Number(first),
    lastSeqNum: Number(last),
    frames,
  }));
}

/** The last commit of each writer that the reader sees. */
async function readCommits(sql: Sql): Promise<CommitNumbers> {
  const rows = await sql.rows<{ writer: string; last_no: string }>('select writer, last_no from commits');
  return new Map(rows.map(({ writer, last_no: lastNo }) => [writer, Number(lastNo)]));
}
