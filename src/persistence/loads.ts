/** Books, accounts and sent messages as they were last committed: what actors are rebuilt from. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { NO_TERMS } from '../accounts/trading-terms.ts';
import type { KnownClOrdId, LoadedAccount, LoadedBook, StoredMessages } from '../actors/ports.ts';
import type { UserId } from '../matching/types.ts';
import { type KnownInstruments, ticksOf, unitsOf } from './instruments.ts';
import { ORDER_RECORD_COLUMNS, type OrderRecord, toSnapshot } from './order-rows.ts';
import { load, type Sql } from './sql.ts';
import { TERMS_RECORD_COLUMNS, type TermsRecord, toTradingTerms } from './trading-terms.ts';

/** A symbol that has no row in `instruments`. */
export class UnknownSymbolError extends Error {
  override readonly name = 'UnknownSymbolError';
}

/**
 * Makes `owner` the owner of the symbol's book under a new epoch, and reads its open orders. A commit under an
 * older epoch has finished before this answers, or is refused after.
 */
export function loadBook(
  orm: MikroORM,
  symbol: string,
  owner: string,
  instruments: KnownInstruments,
): Promise<LoadedBook> {
  return load(
    orm,
    async (sql) => {
      await sql.rows(
        'insert into books (symbol) select symbol from instruments where symbol = $1 on conflict do nothing',
        [symbol],
      );
      const [book] = await sql.rows<{ epoch: string; last_seq: string; last_price: string | null }>(
        'update books set owner = $2, epoch = epoch + 1 where symbol = $1 returning epoch, last_seq, last_price',
        [symbol, owner],
      );
      if (book === undefined) throw new UnknownSymbolError(`there is no instrument ${symbol}`);
      await instruments.learn(sql, [symbol]);
      const instrument = instruments.get(symbol);
      const orders = await sql.rows<OrderRecord>(
        `select ${ORDER_RECORD_COLUMNS} from orders where symbol = $1 and is_open order by priority`,
        [symbol],
      );
      return {
        symbol,
        epoch: Number(book.epoch),
        lastSeq: Number(book.last_seq),
        lastPrice: book.last_price === null ? undefined : ticksOf(instrument, book.last_price),
        orders: orders.map((record) => toSnapshot(record, instrument)),
      };
    },
    // Not a snapshot of the start: what commits while the update waits for the row must be seen.
    'begin',
  );
}

/** One consistent state of a user's account: `writer`'s commits up to `commitNo` and nothing after. */
export function loadAccount(
  orm: MikroORM,
  userId: UserId,
  tradingDay: string,
  writer: string,
  instruments: KnownInstruments,
): Promise<LoadedAccount> {
  return load(orm, async (sql) => {
    const commitNo = await readCommitNo(sql, writer);
    const [user] = await sql.rows<TermsRecord & { readonly last_seq: string | null }>(
      `select last_seq, ${TERMS_RECORD_COLUMNS} from users left join accounts on user_id = id where id = $1`,
      [userId],
    );
    const balances = await sql.rows<{ asset: string; amount: string }>(
      'select asset, amount from balances where user_id = $1 order by asset',
      [userId],
    );
    const fromDay = await readDayBefore(sql, userId, tradingDay);
    const records = await sql.rows<OrderRecord>(
      `select ${ORDER_RECORD_COLUMNS} from orders where user_id = $1 and is_open ` +
        `union all select ${ORDER_RECORD_COLUMNS} from orders ` +
        'where user_id = $1 and trading_day >= $2::date and not is_open order by id',
      [userId, fromDay],
    );
    const requests = await readRequests(sql, userId, fromDay, records);
    await instruments.learn(
      sql,
      records.map((record) => record.symbol),
    );
    return {
      userId,
      commitNo,
      lastSeq: Number(user?.last_seq ?? 0),
      balances: balances.map(({ asset, amount }) => ({ asset, amount: unitsOf(amount) })),
      orders: records.map((record) => toSnapshot(record, instruments.get(record.symbol))),
      clOrdIds: knownClOrdIds(records, requests),
      terms: user === undefined ? NO_TERMS : toTradingTerms(user),
    };
  });
}

interface RequestRecord {
  readonly cl_ord_id: string;
  readonly trading_day: string;
  readonly order_id: string | null;
  readonly may_be_forgotten: boolean;
}

/**
 * The last trading day before `tradingDay` on which the member has used a ClOrdID; without any, `tradingDay`. Days on
 * which nobody trades do not count, so that a repeat is known on a Monday as on any other day.
 */
async function readDayBefore(sql: Sql, userId: UserId, tradingDay: string): Promise<string> {
  const [last] = await sql.rows<{ trading_day: string }>(
    'select coalesce(greatest(' +
      '(select max(trading_day) from orders where user_id = $1 and trading_day < $2::date), ' +
      '(select max(trading_day) from requests where user_id = $1 and trading_day < $2::date)), ' +
      '$2::date) as trading_day',
    [userId, tradingDay],
  );
  return last?.trading_day ?? tradingDay;
}

/** Those from `fromDay` on, and accepted ones of earlier days that name an order which is still open. */
function readRequests(
  sql: Sql,
  userId: UserId,
  fromDay: string,
  records: readonly OrderRecord[],
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
      'and (trading_day >= $2::date or accepted and order_id = any($4::bigint[])) order by trading_day, id',
    [userId, fromDay, firstDay, older.map((record) => record.id)],
  );
}

function knownClOrdIds(
  records: readonly OrderRecord[],
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
  // Of the ids that replaces have given it, the requests tell.
  for (const { id, entry_cl_ord_id: clOrdId, trading_day: tradingDay } of records) {
    known.set(keyOf(tradingDay, clOrdId), { clOrdId, orderId: Number(id), tradingDay });
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

/** Number of the last commit of `writer` that the reader sees. */
export async function readCommitNo(sql: Sql, writer: string): Promise<number> {
  const [row] = await sql.rows<{ last_no: string }>('select last_no from commits where writer = $1', [
    writer,
  ]);
  return Number(row?.last_no ?? 0);
}
