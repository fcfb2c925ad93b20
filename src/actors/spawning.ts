/**
 * How accounts and books come to life: exactly one account per member and one book per symbol, each with what the
 * venue's parts and bounds it needs.
 */
import type { Account } from '../accounts/account.ts';
import type { UserId } from '../matching/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { accountActor } from './account.ts';
import type { ActorSystem } from './actor-system.ts';
import type { BookActor } from './book-actor.ts';
import { type BookProxy, bookProxy } from './book-proxy.ts';
import type { BookRoute } from './book-proxy-options.ts';
import type { MatchingBook } from './book-run.ts';
import { type BookSeat, bookSeat } from './book-seat.ts';
import type { ProxyParts } from './book-seat-options.ts';
import type { CommandsInFlight } from './commands-in-flight.ts';
import type { Meter } from './meter.ts';
import { Moves } from './moves.ts';
import { orderBookActor } from './order-book.ts';
import type { IdSource, LoadedBook, MarketDirectory, TradingCalendar } from './ports.ts';
import type { AccountMessage, ShardEpoch, TradingStatus } from './protocol.ts';

export interface SpawnLimits {
  /** Commands that wait while an account is loaded, and requests that wait while a book is. */
  readonly accountStash: number;
  readonly bookStash: number;
  readonly closedOrdersKept: number;
  readonly refusedCancelsKept: number;
  readonly maxWaitingStopsPerMember: number;
  readonly maxStatusReportsPerMember: number;
  readonly massCancelWaitMs: number;
  /** Orders that a mass cancel or expiry ends in one entry of the journal. */
  readonly sweepPortion: number;
  readonly incidentsToHalt: number;
  readonly incidentWindowMs: number;
}

/** What accounts and books of an engine need to know of the others in its cluster. */
export interface SpawnerCluster {
  /** The name of this node. */
  readonly self: string;
  /** From where this life of the node counts what others answer by number; default: 0. */
  readonly firstNo?: number;
  /** To the owner of the book; undefined while nobody has it who can be reached. */
  readonly routeOfBook: (symbol: string) => BookRoute | undefined;
  /** The other engines to which there is a link. */
  readonly engines: () => readonly string[];
  /** Under which this node has the book, as its actors have been told; undefined: it does not. */
  readonly epochOfBook: (symbol: string) => number | undefined;
  /** By what right the account of a member lives here; undefined: it does not. */
  readonly shardOf: (userId: UserId) => ShardEpoch | undefined;
  /** Requests that may wait for the book of one symbol, of accounts here and of other nodes each. */
  readonly maxKeptRequests: number;
  /** How long one of an account here waits for a way to the book, ms. */
  readonly routeWaitMs: number;
}

export interface SpawnerOptions {
  readonly system: Pick<ActorSystem, 'spawn' | 'isAlive' | 'tell' | 'stop'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly markets: MarketDirectory;
  readonly calendar: TradingCalendar;
  readonly ids: IdSource;
  readonly limits: SpawnLimits;
  /** Absent where this node has every account and every book. */
  readonly cluster?: SpawnerCluster;
  readonly createBook: (loaded: LoadedBook) => MatchingBook;
  readonly createAccount?: (...args: ConstructorParameters<typeof Account>) => Account;
  /** Default: nobody keeps figures. */
  readonly meter?: Meter;
  /** Seen by whoever moves accounts. */
  readonly inFlight?: CommandsInFlight;
}

/** Spawns accounts and books that do not live yet. `generation`: of the state that they are born into. */
export class Spawner {
  readonly #options: SpawnerOptions;
  /** Members whose accounts live, and the symbols whose books do, each with how much work waits there. */
  readonly #accounts = new Map<UserId, () => number>();
  readonly #books = new Map<string, () => number>();
  readonly #moves = new Moves();

  constructor(options: SpawnerOptions) {
    this.#options = options;
  }

  /** Members whose accounts live. */
  get accounts(): ReadonlyMap<UserId, unknown> {
    return this.#accounts;
  }

  /** Pieces of work in the fullest stash of each kind. Bounds: accountStash and bookStash. */
  largestStashes(): { readonly account: number; readonly book: number } {
    return { account: largest(this.#accounts), book: largest(this.#books) };
  }

  account(userId: UserId, generation: number): void {
    if (this.#accounts.has(userId)) return;
    const { system, limits, clock, log, markets, calendar, ids } = this.#options;
    const { createAccount, cluster, inFlight, meter } = this.#options;
    const shard = cluster?.shardOf(userId);
    const { accountStash: stashCapacity, closedOrdersKept, refusedCancelsKept, massCancelWaitMs } = limits;
    const { maxWaitingStopsPerMember, maxStatusReportsPerMember } = limits;
    const actor = accountActor({
      userId,
      tell: system.tell,
      clock,
      log,
      markets,
      ids,
      calendar,
      generation,
      stashCapacity,
      closedOrdersKept,
      refusedCancelsKept,
      maxWaitingStopsPerMember,
      maxStatusReportsPerMember,
      massCancelWaitMs,
      ...(cluster === undefined ? {} : { moves: this.#moves }),
      ...(shard === undefined ? {} : { shard }),
      ...(inFlight === undefined ? {} : { inFlight }),
      ...(createAccount === undefined ? {} : { createAccount }),
      ...(meter === undefined ? {} : { meter }),
    });
    this.#accounts.set(userId, actor.stashed);
    system.spawn({ type: 'account', userId }, actor.behavior, actor.policy);
  }

  /** To every account that lives. */
  tellAccounts(message: AccountMessage): void {
    for (const userId of this.#accounts.keys())
      this.#options.system.tell({ type: 'account', userId }, message);
  }

  /** Stops the accounts for which it is true, and forgets them: they live elsewhere from now on. */
  forgetAccounts(isGone: (userId: UserId) => boolean): void {
    for (const userId of [...this.#accounts.keys()].filter(isGone)) {
      this.#accounts.delete(userId);
      this.#options.system.stop({ type: 'account', userId });
    }
  }

  /**
   * A symbol that was halted by a crash stays so; any other status is the account's affair. In a cluster it is a seat, in
   * which the book is where this node has it.
   */
  book(symbol: string, status: TradingStatus, generation: number): void {
    const { system, cluster } = this.#options;
    if (system.isAlive({ type: 'book', symbol })) return;
    if (cluster === undefined) {
      const book = this.#newBook(symbol, status, { generation });
      this.#books.set(symbol, book.stashed);
      system.spawn({ type: 'book', symbol }, book.behavior, book.policy);
    } else {
      const seat = this.#newSeat(symbol, status, generation, cluster);
      this.#books.set(symbol, seat.stashed);
      system.spawn({ type: 'book', symbol }, seat.behavior, seat.policy);
    }
  }

  #newBook(
    symbol: string,
    status: TradingStatus,
    parts: { readonly generation: number; readonly loads?: { lastNo: number } },
  ): BookActor {
    const { system, limits, clock, log, calendar, createBook } = this.#options;
    const { bookStash: stashCapacity, sweepPortion, incidentsToHalt, incidentWindowMs } = limits;
    return orderBookActor({
      symbol,
      tell: system.tell,
      clock,
      log,
      createBook,
      tradingDayAt: (at) => calendar.tradingDayAt(at),
      haltedBecause: status.type === 'Halted' && status.by === 'crash' ? status.reason : undefined,
      stashCapacity,
      sweepPortion,
      incidentsToHalt,
      incidentWindowMs,
      ...parts,
    });
  }

  #newSeat(symbol: string, status: TradingStatus, generation: number, cluster: SpawnerCluster): BookSeat {
    const { system, log, markets } = this.#options;
    return bookSeat({
      symbol,
      tell: system.tell,
      log,
      epoch: cluster.epochOfBook(symbol),
      firstNo: cluster.firstNo ?? 0,
      moves: this.#moves,
      engines: () => cluster.engines(),
      generation,
      maxKeptRequests: cluster.maxKeptRequests,
      route: () => cluster.routeOfBook(symbol),
      // Each is told what is known of the symbol when it begins.
      makeBook: (parts) => this.#newBook(symbol, markets.find(symbol)?.status ?? status, parts),
      makeProxy: (parts) => this.#newProxy(symbol, cluster, parts),
    });
  }

  #newProxy(symbol: string, cluster: SpawnerCluster, parts: ProxyParts): BookProxy {
    const { system, clock, log } = this.#options;
    const { self: node, maxKeptRequests, routeWaitMs } = cluster;
    return bookProxy({
      symbol,
      node,
      tell: system.tell,
      clock,
      log,
      maxKeptRequests,
      routeWaitMs,
      ...parts,
    });
  }
}

function largest(stashes: ReadonlyMap<unknown, () => number>): number {
  let most = 0;
  for (const stashed of stashes.values()) most = Math.max(most, stashed());
  return most;
}
