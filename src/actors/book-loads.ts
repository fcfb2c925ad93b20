/**
 * Loads of books, many at once when a node starts: claimed together, then read in portions, a few at a time, so that
 * neither memory nor the event loop is filled by them. A book that somebody waits for goes before all others.
 */
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import {
  type ClaimedBook,
  type LoadedOrders,
  NotOwnerError,
  type Store,
  StoreUnavailableError,
} from './ports.ts';
import type { LoadBook, Tell } from './protocol.ts';

export interface BookLoadsOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'claimBooks' | 'loadOrders' | 'hasOtherWriters'>;
  /** Another node has taken books of this one, which must stop. */
  readonly onOwnershipLost: (symbols: readonly string[]) => void;
  readonly retryFromMs: number;
  readonly retryToMs: number;
}

/** Portions that are read at the same time: the database makes one while the other becomes a book. */
const MAX_READS = 2;

/** One load of one book. */
interface Job {
  readonly symbol: string;
  readonly loadNo: number;
  delayMs: number;
}

/** A job whose orders are read. */
interface Reading extends Job {
  readonly claimed: ClaimedBook;
  /** Its first portion is told. */
  isBegun: boolean;
  /** Of the last order that was told. */
  lastPriority: number;
}

export class BookLoads {
  readonly #options: BookLoadsOptions;
  /** The last load of each book that has one: an earlier one ends where it is. */
  readonly #loadNos = new Map<string, number>();
  /** Books that somebody waits for. */
  readonly #hurried = new Set<string>();
  #unclaimed: Job[] = [];
  /** One of them cannot be claimed: each is claimed alone. */
  #suspects: Job[] = [];
  #isClaiming = false;
  /** To be read: the hurried ones in turn, the others one after the other. */
  readonly #hurriedReads: Reading[] = [];
  readonly #reads: Reading[] = [];
  #readCount = 0;

  constructor(options: BookLoadsOptions) {
    this.#options = options;
  }

  /** Is answered with BookLoaded and BookOrdersLoaded up to the last, or with BookLoadFailed. */
  load({ symbol, loadNo }: LoadBook): void {
    this.#loadNos.set(symbol, loadNo);
    this.#unclaimed.push({ symbol, loadNo, delayMs: this.#options.retryFromMs });
    this.#claim();
  }

  /** Somebody waits for the book. */
  hurry(symbol: string): void {
    this.#hurried.add(symbol);
    const index = this.#reads.findIndex((reading) => reading.symbol === symbol);
    if (index >= 0) this.#hurriedReads.push(...this.#reads.splice(index, 1));
  }

  /** The book has left the node: what is under way for it comes to nothing, and no answer. */
  stop(symbol: string): void {
    this.#loadNos.delete(symbol);
    this.#hurried.delete(symbol);
  }

  // ---- Claims ---------------------------------------------------------------------------------------------

  /** One commit at a time, since each waits for the disk: what is asked for meanwhile is claimed together. */
  #claim(): void {
    if (this.#isClaiming) return;
    const jobs = this.#takeUnclaimed().filter((job) => this.#isCurrent(job));
    if (jobs.length === 0) return;
    this.#isClaiming = true;
    this.#options.store.claimBooks(jobs.map(({ symbol }) => symbol)).then(
      (books) => {
        this.#onClaimed(jobs, books);
        this.#claimNext();
      },
      (error: unknown) => {
        if (error instanceof StoreUnavailableError) {
          this.#unclaimed.unshift(...jobs);
          this.#later(jobs, () => this.#claimNext());
          return;
        }
        if (error instanceof NotOwnerError) {
          this.#options.onOwnershipLost(error.symbols);
          return;
        }
        if (jobs.length > 1) this.#suspects = jobs;
        else for (const job of jobs) this.#fail(job, error);
        this.#claimNext();
      },
    );
  }

  #takeUnclaimed(): Job[] {
    if (this.#suspects.length > 0) return this.#suspects.splice(0, 1);
    return this.#unclaimed.splice(0);
  }

  #claimNext(): void {
    this.#isClaiming = false;
    this.#claim();
  }

  #onClaimed(jobs: readonly Job[], books: readonly ClaimedBook[]): void {
    const bySymbol = new Map(books.map((book) => [book.symbol, book]));
    const missing: Job[] = [];
    for (const job of jobs) {
      const claimed = bySymbol.get(job.symbol);
      if (claimed !== undefined) this.#enqueue({ ...job, claimed, isBegun: false, lastPriority: 0 });
      else if (this.#options.store.hasOtherWriters === true) missing.push(job);
      else this.#fail(job, new Error(`there is no instrument ${job.symbol}`));
    }
    if (missing.length > 0) this.#claimLater(missing);
    this.#read();
  }

  /** Others may own these by now: then the seats of their books are told so, and nobody waits any more. */
  #claimLater(jobs: readonly Job[]): void {
    this.#later(jobs, () => {
      this.#unclaimed.push(...jobs);
      this.#claim();
    });
  }

  // ---- Orders ---------------------------------------------------------------------------------------------

  #enqueue(reading: Reading): void {
    if (this.#hurried.has(reading.symbol)) this.#hurriedReads.push(reading);
    else if (reading.isBegun) this.#reads.unshift(reading);
    else this.#reads.push(reading);
  }

  #read(): void {
    while (this.#readCount < MAX_READS) {
      const reading = this.#hurriedReads.shift() ?? this.#reads.shift();
      if (reading === undefined) return;
      if (this.#isCurrent(reading)) this.#readPortion(reading);
    }
  }

  #readPortion(reading: Reading): void {
    this.#readCount += 1;
    this.#options.store.loadOrders(reading.claimed, reading.lastPriority).then(
      (loaded) => {
        this.#readCount -= 1;
        if (this.#isCurrent(reading)) this.#onPortion(reading, loaded);
        this.#read();
      },
      (error: unknown) => {
        this.#readCount -= 1;
        if (error instanceof StoreUnavailableError) {
          this.#later([reading], () => {
            this.#enqueue(reading);
            this.#read();
          });
        } else if (!(error instanceof NotOwnerError)) this.#fail(reading, error);
        else if (this.#isCurrent(reading)) this.#options.onOwnershipLost(error.symbols);
        this.#read();
      },
    );
  }

  #onPortion(reading: Reading, loaded: LoadedOrders): void {
    const { symbol, loadNo, claimed } = reading;
    const { orders, isLast } = loaded;
    const book = { type: 'book', symbol } as const;
    if (reading.isBegun) this.#options.tell(book, { type: 'BookOrdersLoaded', loadNo, loaded });
    else this.#options.tell(book, { type: 'BookLoaded', loadNo, loaded: { ...claimed, orders }, isLast });
    if (isLast) {
      this.#end(reading);
      return;
    }
    reading.isBegun = true;
    reading.lastPriority = orders.at(-1)?.priority ?? reading.lastPriority;
    reading.delayMs = this.#options.retryFromMs;
    this.#enqueue(reading);
  }

  // ---- The ends of loads ----------------------------------------------------------------------------------

  #isCurrent({ symbol, loadNo }: Job): boolean {
    return this.#loadNos.get(symbol) === loadNo;
  }

  #end({ symbol }: Job): void {
    this.#loadNos.delete(symbol);
    this.#hurried.delete(symbol);
  }

  #fail(job: Job, error: unknown): void {
    if (!this.#isCurrent(job)) return;
    const { symbol, loadNo } = job;
    const { log, tell } = this.#options;
    log.error('a book cannot be loaded', { symbol, err: error });
    this.#end(job);
    const reason = error instanceof Error ? error.message : String(error);
    tell({ type: 'book', symbol }, { type: 'BookLoadFailed', loadNo, reason });
  }

  /** Goes on with the jobs, together, when the store has had time to come back. */
  #later(jobs: readonly Job[], goOn: () => void): void {
    const { clock, retryToMs } = this.#options;
    const delayMs = Math.max(...jobs.map((job) => job.delayMs));
    for (const job of jobs) job.delayMs = Math.min(delayMs * 2, retryToMs);
    clock.after(delayMs, goOn);
  }
}
