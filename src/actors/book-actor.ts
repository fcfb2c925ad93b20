/** What the actor of a symbol is given and what it offers: apart from it, since a book's seat puts one in and takes it away. */
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Behavior } from './actor-system.ts';
import type { Building } from './book-building.ts';
import type { MatchingBook } from './book-run.ts';
import type { LoadedBook } from './ports.ts';
import type { BookMessage, BookRequest, Tell } from './protocol.ts';
import type { CrashPolicy } from './supervision.ts';

export interface OrderBookOptions {
  readonly symbol: string;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  /** Builds a book with the loaded orders in it, which may be the first of many. */
  readonly createBook: (loaded: LoadedBook) => MatchingBook;
  readonly tradingDayAt: (at: number) => string;
  /** Why the symbol is halted from the start; undefined when it may trade. */
  readonly haltedBecause: string | undefined;
  /** The generation of state that the book is born into: higher after each lasting commit failure. */
  readonly generation: number;
  /** Batches that may wait while the book is rebuilt, or ends many orders at once. */
  readonly stashCapacity: number;
  /** Orders that a mass cancel or expiry ends in one entry of the journal. */
  readonly sweepPortion: number;
  /** So many incidents within the window halt the symbol. */
  readonly incidentsToHalt: number;
  readonly incidentWindowMs: number;
  /** Where a symbol has had a book before on this node, an answer to a load of that one is not for this. */
  readonly loads?: { lastNo: number };
}

/** What happens to be true of a book: nothing of it outlives a crash. */
export type BookState =
  | { readonly phase: 'recovering'; readonly building: Building | undefined }
  | { readonly phase: 'trading'; readonly book: MatchingBook; readonly epoch: number }
  | { readonly phase: 'halted'; readonly reason: string }
  /** A commit failed for good: what arrives is handed back until every fence has. */
  | { readonly phase: 'void'; readonly fencesSeen: number; readonly unanswered: readonly BookRequest[] };

/** A book that can be spawned, or put into a seat. */
export interface BookActor {
  readonly behavior: Behavior<BookState, BookMessage>;
  readonly policy: CrashPolicy<BookMessage>;
  /** Pieces of work that wait while it is rebuilt. */
  readonly stashed: () => number;
  /** Nothing that it was given is left to be done, and nothing of it waits for a commit to go on. */
  readonly isQuiet: (state: BookState) => boolean;
  /** Of the state from which entries come. */
  readonly generation: () => number;
}
