/**
 * What a node does when a book comes, done beforehand with a copy of it that is thrown away: members do not wait for what
 * takes longer the first time. In portions, since the node trades meanwhile.
 */
import { type Clock, delay } from '../platform/clock.ts';
import { type Building, buildOn, startBuilding } from './book-building.ts';
import type { MatchingBook } from './book-run.ts';
import type { BookPreparation, LoadedBook } from './ports.ts';

/** Orders of one portion. */
const PORTION = 500;
/** Nothing is quicker for more of them. */
const MAX_ORDERS = 3_000;

export interface RehearsalOptions {
  readonly clock: Clock;
  /** Makes a book of which nobody hears. */
  readonly createBook: (loaded: LoadedBook) => MatchingBook;
}

/** Prepares for books that come. */
export interface Rehearsed extends Omit<BookPreparation, 'prepareBook'> {
  prepareBook(symbol: string): Promise<void>;
}

/** A preparation that builds each book once before it comes. */
export function rehearsed(preparation: BookPreparation, { clock, createBook }: RehearsalOptions): Rehearsed {
  return {
    forgetPreparedBook: (symbol) => preparation.forgetPreparedBook(symbol),
    async prepareBook(symbol) {
      const loaded = await preparation.prepareBook(symbol);
      if (loaded === undefined) return;
      const orders = loaded.orders.slice(0, MAX_ORDERS);
      let building: Building = startBuilding(createBook, { ...loaded, orders: orders.slice(0, PORTION) });
      while (building.orderCount < orders.length) {
        await delay(clock, 0);
        building = buildOn(building, orders.slice(building.orderCount, building.orderCount + PORTION));
      }
    },
  };
}
