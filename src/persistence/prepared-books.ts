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
import { assert } from '../platform/assert.ts';
import { type KnownInstruments, ticksOf } from './instruments.ts';
import { loadOrders, PORTION, read } from './loads.ts';
import { ORDER_STATE_COLUMNS, type OrderStateRecord, toSnapshot } from './order-rows.ts';
import { load, prepared, type Sql } from './sql.ts';
import { atOnce, inTurns } from './turns.ts';

/** Orders of one portion: nobody waits for it, and the node trades meanwhile. */
const PORTION_BEFOREHAND = 500;
/** Orders of one step of work in memory: about a millisecond. */
const STEP = 1_000;
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
  /** By priority. */
  readonly orders: readonly OrderSnapshot[];
  /** Of the row of each of {@link orders}. */
  readonly versions: readonly string[];
}

/** Runs the steps of one piece of work. */
type RunSteps = <Result>(steps: Generator<void, Result, void>) => Result | Promise<Result>;

/** How a book is read: in a preparation, where the node trades meanwhile, or when it has come and members wait for it. */
interface Reading {
  readonly run: RunSteps;
  /** Orders of one portion that are read again. */
  readonly portion: number;
  readonly ownEpoch?: number;
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
  readonly #inTurns: RunSteps;
  /** The last preparation of each book that has one: an earlier one comes to nothing. */
  readonly #wanted = new Map<string, object>();
  readonly #kept = new Map<string, Kept>();
  readonly #complete = new Map<string, Complete>();

  /** `turns`: runs the steps of a preparation, between which the node trades. */
  constructor(
    orm: MikroORM,
    instruments: KnownInstruments,
    maxKeptOrders = MAX_KEPT_ORDERS,
    turns: RunSteps = inTurns,
  ) {
    this.#orm = orm;
    this.#instruments = instruments;
    this.#maxKeptOrders = maxKeptOrders;
    this.#inTurns = turns;
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
    const reading = { run: this.#inTurns, portion: PORTION_BEFOREHAND };
    const current = await load(this.#orm, (sql) => this.#readChanges(sql, symbol, before, reading));
    if (current === undefined) return undefined;
    const byVersion = await this.#inTurns(mapByVersion(current));
    if (!isWanted()) return undefined;
    this.#kept.set(symbol, { serverStart: before.serverStart, orders: byVersion });
    return { ...current.claimed, orders: current.orders };
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
    const reading = { run: atOnce, portion: PORTION, ownEpoch: epoch };
    const current = await read(this.#orm, (sql) => this.#readChanges(sql, symbol, kept, reading));
    if (current !== undefined) this.#complete.set(symbol, { epoch, orders: current.orders });
  }

  /**
   * What there is now, of which what is kept is not read again. While the epoch is ours nobody else changes the rows, so
   * that all statements see one state; without an epoch they need a snapshot.
   */
  async #readChanges(
    sql: Sql,
    symbol: string,
    { serverStart, orders: known }: Kept,
    { run, portion, ownEpoch }: Reading,
  ): Promise<Current | undefined> {
    const [now] = await sql.rows<NowRecord>(VERSIONS_NOW, [symbol, ownEpoch ?? null]);
    if (now === undefined && ownEpoch !== undefined) throw new NotOwnerError([symbol]);
    if (now === undefined || now.started !== serverStart) return undefined;
    const epoch = Number(now.epoch);
    const found = await run(compare(now.versions ?? '', known));
    const instrument = this.#instruments.get(symbol);
    const readAgain = new Map<string, OrderSnapshot>();
    for (let from = 0; from < found.changedIds.length; from += portion) {
      const ids = found.changedIds.slice(from, from + portion);
      const records = await sql.rows<VersionRecord>(CHANGED_ORDERS, [symbol, epoch, ids]);
      // Some are missing: the epoch has gone by.
      if (records.length < ids.length) throw new NotOwnerError([symbol]);
      for (const record of records) readAgain.set(record.id, toSnapshot(record, instrument));
    }
    const orders = await run(withChanges(found, readAgain));
    const lastPrice = now.last_price === null ? undefined : ticksOf(instrument, now.last_price);
    const claimed = { symbol, epoch, lastSeq: Number(now.last_seq), lastPrice };
    return { claimed, orders, versions: found.versions };
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

// ---- In memory ----------------------------------------------------------------------------------------------

/** What is there, by priority. */
interface Found {
  readonly versions: readonly string[];
  /** Undefined for each that is not what is kept. */
  readonly orders: readonly (OrderSnapshot | undefined)[];
  /** Ids of those. */
  readonly changedIds: readonly string[];
}

/** Looks up each version of `text`, where commas separate them, among what is known. */
function* compare(text: string, known: OrdersByVersion): Generator<void, Found, void> {
  const versions: string[] = [];
  const orders: (OrderSnapshot | undefined)[] = [];
  const changedIds: string[] = [];
  for (let begin = 0; begin < text.length; ) {
    const comma = text.indexOf(',', begin);
    const end = comma < 0 ? text.length : comma;
    const version = text.slice(begin, end);
    const order = known.get(version);
    if (order === undefined) changedIds.push(idOf(version));
    versions.push(version);
    orders.push(order);
    begin = end + 1;
    if (versions.length % STEP === 0) yield;
  }
  return { versions, orders, changedIds };
}

function* withChanges(
  { versions, orders }: Found,
  readAgain: ReadonlyMap<string, OrderSnapshot>,
): Generator<void, readonly OrderSnapshot[], void> {
  const all: OrderSnapshot[] = [];
  for (const [at, version] of versions.entries()) {
    const order = orders[at] ?? readAgain.get(idOf(version));
    assert(order !== undefined, 'what is not kept was read again');
    all.push(order);
    if (all.length % STEP === 0) yield;
  }
  return all;
}

function* mapByVersion({ versions, orders }: Current): Generator<void, OrdersByVersion, void> {
  const byVersion = new Map<string, OrderSnapshot>();
  for (const [at, version] of versions.entries()) {
    const order = orders[at];
    if (order !== undefined) byVersion.set(version, order);
    if (byVersion.size % STEP === 0) yield;
  }
  return byVersion;
}

function idOf(version: string): string {
  return version.slice(0, version.indexOf(' '));
}
