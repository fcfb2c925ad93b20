/** Time as one book sees it: it never runs backwards, whatever the system's clock does, and says what has had its time. */
import type { ExpireOrders } from '../matching/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { MatchingBook } from './book-run.ts';

export class BookTime {
  readonly #clock: Clock;
  readonly #tradingDayAt: (at: number) => string;
  #last = 0;

  constructor(clock: Clock, tradingDayAt: (at: number) => string) {
    this.#clock = clock;
    this.#tradingDayAt = tradingDayAt;
  }

  /** Now, ms since the epoch; `earliest` or later. */
  stamp(earliest = 0): number {
    this.#last = Math.max(this.#clock.now(), earliest, this.#last);
    return this.#last;
  }

  /** Of the book: what was good till `at`; undefined when there is nothing. */
  expiryAt(book: MatchingBook, at: number): ExpireOrders | undefined {
    const tradingDay = this.#tradingDayAt(at);
    return book.isDue(tradingDay, at) ? { type: 'ExpireOrders', tradingDay, upTo: at } : undefined;
  }
}
