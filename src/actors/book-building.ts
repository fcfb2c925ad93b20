/** A book on its way from rows to trading: portion by portion, so that other symbols trade meanwhile. */
import type { OrderSnapshot } from '../matching/types.ts';
import type { MatchingBook } from './book-run.ts';
import type { LoadedBook } from './ports.ts';

/** A book that has some of its orders. */
export interface Building {
  readonly book: MatchingBook;
  readonly loaded: LoadedBook;
  readonly orderCount: number;
}

/** With the first portion. Throws when its rows make no book. */
export function startBuilding(
  createBook: (loaded: LoadedBook) => MatchingBook,
  loaded: LoadedBook,
): Building {
  return { book: createBook(loaded), loaded, orderCount: loaded.orders.length };
}

/** With one portion more. */
export function buildOn({ book, loaded, orderCount }: Building, orders: readonly OrderSnapshot[]): Building {
  for (const order of orders) book.restore(order);
  return { book, loaded, orderCount: orderCount + orders.length };
}
