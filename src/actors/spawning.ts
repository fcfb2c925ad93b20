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
import type { BookProxy } from './book-proxy.ts';
import type { MatchingBook } from './book-run.ts';
import { orderBookActor } from './order-book.ts';
import type { IdSource, LoadedBook, MarketDirectory, TradingCalendar } from './ports.ts';
import type { TradingStatus } from './protocol.ts';

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

export interface SpawnerOptions {
  readonly system: Pick<ActorSystem, 'spawn' | 'isAlive' | 'tell'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly markets: MarketDirectory;
  readonly calendar: TradingCalendar;
  readonly ids: IdSource;
  readonly limits: SpawnLimits;
  /** In a cluster: the stand-in for a book that lives on another node; undefined for one that lives here. */
  readonly proxyOf?: (
    symbol: string,
    generation: number,
    accounts: () => Iterable<UserId>,
  ) => BookProxy | undefined;
  readonly createBook: (loaded: LoadedBook) => MatchingBook;
  readonly createAccount?: (...args: ConstructorParameters<typeof Account>) => Account;
}

/** Spawns accounts and books that do not live yet. `generation`: of the state that they are born into. */
export class Spawner {
  readonly #options: SpawnerOptions;
  /** Members whose accounts live, and the symbols whose books do, each with how much work waits there. */
  readonly #accounts = new Map<UserId, () => number>();
  readonly #books = new Map<string, () => number>();

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
    const { system, limits, clock, log, markets, calendar, ids, createAccount } = this.#options;
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
      ...(createAccount === undefined ? {} : { createAccount }),
    });
    this.#accounts.set(userId, actor.stashed);
    system.spawn({ type: 'account', userId }, actor.behavior, actor.policy);
  }

  /** A symbol that was halted by a crash stays so; any other status is the account's affair. */
  book(symbol: string, status: TradingStatus, generation: number): void {
    const { system, limits, clock, log, calendar, createBook } = this.#options;
    if (system.isAlive({ type: 'book', symbol })) return;
    const proxy = this.#options.proxyOf?.(symbol, generation, () => this.#accounts.keys());
    if (proxy !== undefined) {
      this.#books.set(symbol, proxy.keptCount);
      system.spawn({ type: 'book', symbol }, proxy.behavior, proxy.policy);
      return;
    }
    const { bookStash: stashCapacity, sweepPortion, incidentsToHalt, incidentWindowMs } = limits;
    const actor = orderBookActor({
      symbol,
      tell: system.tell,
      clock,
      log,
      createBook,
      tradingDayAt: (at) => calendar.tradingDayAt(at),
      haltedBecause: status.type === 'Halted' && status.by === 'crash' ? status.reason : undefined,
      generation,
      stashCapacity,
      sweepPortion,
      incidentsToHalt,
      incidentWindowMs,
    });
    this.#books.set(symbol, actor.stashed);
    system.spawn({ type: 'book', symbol }, actor.behavior, actor.policy);
  }
}

function largest(stashes: ReadonlyMap<unknown, () => number>): number {
  let most = 0;
  for (const stashed of stashes.values()) most = Math.max(most, stashed());
  return most;
}
