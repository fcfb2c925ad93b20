/** Books and sent messages as they were last committed: what actors are rebuilt from. Accounts: load-account.ts. */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { ClaimedBook, LoadedOrders, NodeLife, StoredMessages } from '../actors/ports.ts';
import { NotOwnerError, StoreUnavailableError } from '../actors/ports.ts';
import type { Claims } from './claims.ts';
import { type KnownInstruments, ticksOf } from './instruments.ts';
import { ORDER_STATE_COLUMNS, type OrderStateRecord, toSnapshot } from './order-rows.ts';
import { isPassing, load, onConnection, prepared, reasonOf, type Sql } from './sql.ts';

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
