/**
 * Open orders of books that are about to come to this node, read while another still trades them: what members wait for
 * when the book has come is then only what has changed since. It saves work and decides nothing: once the book is owned,
 * rows say of each order whether what was read is what is there.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import {
  type BookPreparation,
  type ClaimedBook,
  type LoadedBook,
  type LoadedOrders,
  NotOwnerError,
} from '../actors/ports.ts';
import type { OrderSnapshot } from '../matching/types.ts';
import { type KnownInstruments, ticksOf } from './instruments.ts';
import { loadOrders, PORTION, read } from './loads.ts';
import { ORDER_STATE_COLUMNS, type OrderStateRecord, toSnapshot } from './order-rows.ts';
import { load, prepared, type Sql } from './sql.ts';

/** Orders of one portion: nobody waits for it, and the node trades meanwhile. */
const PORTION_BEFOREHAND = 500;
/** Orders that are kept for books to come, of all of them. A book with more is read when it has come. */
const MAX_KEPT_ORDERS = 100_000;

/** What was read before the book came. */
interface Kept {
  /** Of the server: what it says of versions means nothing to another. */
  readonly serverStart: string;
  readonly orders: OrdersByVersion;
}

/** By id and version of their rows. */
type OrdersByVersion = ReadonlyMap<string, OrderSnapshot>;

/** A book as rows have it. */
interface Current {
  readonly claimed: ClaimedBook;
  readonly kept: Kept;
}

/** What there is when the book has come. */
interface Complete {
  readonly epoch: number;
  readonly orders: readonly OrderSnapshot[];
}

export class PreparedBooks implements BookPreparation {
  readonly #orm: MikroORM;
  readonly #instruments: KnownInstruments;
  readonly #maxKeptOrders: number;
  /** The last preparation of each book that has one: an earlier one comes to nothing. */
  readonly #wanted = new Map<string, object>();
  readonly #kept = new Map<string, Kept>();
  readonly #complete = new Map<string, Complete>();

  constructor(orm: MikroORM, instruments: KnownInstruments, maxKeptOrders = MAX_KEPT_ORDERS) {
    this.#orm = orm;
    this.#instruments = instruments;
    this.#maxKeptOrders = maxKeptOrders;
  }

  async prepareBook(symbol: string): Promise<LoadedBook | undefined> {
    const token = {};
    this.forgetPreparedBook(symbol);
    this.#wanted.set(symbol, token);
    const isWanted = (): boolean => this.#wanted.get(symbol) === token;
    const [server] = await read(this.#orm, async (sql) => {
      await this.#instruments.learn(sql, [symbol]);
      return sql.rows<{ started: string }>(SERVER_START);
    });
    const orders = new Map<string, OrderSnapshot>();
    let after = 0;
    for (;;) {
      const records = await read(this.#orm, (sql) => sql.rows<VersionRecord>(OPEN_VERSIONS, [symbol, after]));
      if (!isWanted()) return undefined;
      const instrument = this.#instruments.get(symbol);
      for (const record of records) orders.set(record.version, toSnapshot(record, instrument));
      if (this.#keptCount() + orders.size > this.#maxKeptOrders) return undefined;
      if (records.length < PORTION_BEFOREHAND) break;
      after = Number(records.at(-1)?.priority);
    }
    // Once more, in one state: less will have changed when the book comes, and nothing is done for the first time then.
    const before = { serverStart: server?.started ?? '', orders };
    const current = await load(this.#orm, (sql) => this.#readChanges(sql, symbol, before));
    if (current === undefined || !isWanted()) return undefined;
    this.#kept.set(symbol, current.kept);
    return { ...current.claimed, orders: byPriority(current.kept.orders) };
  }

  forgetPreparedBook(symbol: string): void {
    this.#wanted.delete(symbol);
    this.#kept.delete(symbol);
    this.#complete.delete(symbol);
  }

  /** As {@link loadOrders}, and what was read before is not read again. Only a load from the first order uses it. */
  async loadOrders(book: ClaimedBook, after: number): Promise<LoadedOrders> {
    if (after === 0) await this.#completeFor(book);
    const complete = this.#complete.get(book.symbol);
    if (complete === undefined || complete.epoch !== book.epoch) {
      return loadOrders(this.#orm, book, after, this.#instruments);
    }
    const { orders } = complete;
    const begin = orders.findIndex(({ priority }) => priority > after);
    const portion = begin < 0 ? [] : orders.slice(begin, begin + PORTION);
    const isLast = begin < 0 || begin + PORTION >= orders.length;
    if (isLast) this.#complete.delete(book.symbol);
    return { orders: portion, isLast };
  }

  async #completeFor({ symbol, epoch }: ClaimedBook): Promise<void> {
    const kept = this.#kept.get(symbol);
    this.forgetPreparedBook(symbol);
    if (kept === undefined) return;
    const current = await read(this.#orm, (sql) => this.#readChanges(sql, symbol, kept, epoch));
    if (current !== undefined) this.#complete.set(symbol, { epoch, orders: byPriority(current.kept.orders) });
  }

  /**
   * What there is now, of which what is kept is not read again. While the epoch is ours nobody else changes the rows, so
   * that all statements see one state; without an epoch they need a snapshot.
   */
  async #readChanges(
    sql: Sql,
    symbol: string,
    { serverStart, orders: known }: Kept,
    ownEpoch?: number,
  ): Promise<Current | undefined> {
    const [now] = await sql.rows<NowRecord>(VERSIONS_NOW, [symbol, ownEpoch ?? null]);
    if (now === undefined && ownEpoch !== undefined) throw new NotOwnerError([symbol]);
    if (now === undefined || now.started !== serverStart) return undefined;
    const epoch = Number(now.epoch);
    const orders = new Map<string, OrderSnapshot>();
    const changed: string[] = [];
    for (const version of now.versions?.split(',') ?? []) {
      const order = known.get(version);
      if (order === undefined) changed.push(version.slice(0, version.indexOf(' ')));
      else orders.set(version, order);
    }
    const instrument = this.#instruments.get(symbol);
    for (let from = 0; from < changed.length; from += PORTION) {
      const ids = changed.slice(from, from + PORTION);
      const records = await sql.rows<VersionRecord>(CHANGED_ORDERS, [symbol, epoch, ids]);
      // Some are missing: the epoch has gone by.
      if (records.length < ids.length) throw new NotOwnerError([symbol]);
      for (const record of records) orders.set(record.version, toSnapshot(record, instrument));
    }
    const lastPrice = now.last_price === null ? undefined : ticksOf(instrument, now.last_price);
    const claimed = { symbol, epoch, lastSeq: Number(now.last_seq), lastPrice };
    return { claimed, kept: { serverStart, orders } };
  }

  #keptCount(): number {
    let count = 0;
    for (const { orders } of this.#kept.values()) count += orders.size;
    return count;
  }
}

interface VersionRecord extends OrderStateRecord {
  readonly version: string;
}

interface NowRecord {
  readonly started: string;
  readonly epoch: string;
  readonly last_seq: string;
  readonly last_price: string | null;
  /** Null without any open order. */
  readonly versions: string | null;
}

const SERVER_START = prepared('select pg_postmaster_start_time()::text as started');

// Whatever changes a row makes another version of it, which bears the number of the transaction that made it.
const VERSION = "id || ' ' || xmin";

const OPEN_VERSIONS = prepared(
  `select ${ORDER_STATE_COLUMNS}, ${VERSION} as version from orders where symbol = $1 and is_open and priority > $2 ` +
    `order by priority limit ${PORTION_BEFOREHAND}`,
);

/** Without a row when the epoch, where there is one, has gone by. */
const VERSIONS_NOW = prepared(
  `select pg_postmaster_start_time()::text as started, epoch, last_seq, last_price, (select string_agg(${VERSION}, ',') from ` +
    '(select id, xmin from orders where orders.symbol = books.symbol and is_open order by priority) as open) as versions ' +
    'from books where symbol = $1 and ($2::bigint is null or epoch = $2)',
);

const CHANGED_ORDERS = prepared(
  `select ${ORDER_STATE_COLUMNS}, ${VERSION} as version from orders where id = any($3::bigint[]) and is_open ` +
    'and exists (select from books where books.symbol = $1 and epoch = $2)',
);

function byPriority(orders: OrdersByVersion): readonly OrderSnapshot[] {
  return [...orders.values()].sort((left, right) => left.priority - right.priority);
}
