/** What the seat of a book is given, and what it gives to the stand-in that sits there. */
import type { Log } from '../platform/log.ts';
import type { BookActor } from './book-actor.ts';
import type { BookProxy } from './book-proxy.ts';
import type { BookRoute, ProxyNumbers } from './book-proxy-options.ts';
import type { JudgingAgain } from './judging-again.ts';
import type { Moves } from './moves.ts';
import type { Tell } from './protocol.ts';

export interface BookSeatOptions {
  readonly symbol: string;
  readonly tell: Tell;
  readonly log: Log;
  /** The epoch under which this node has the book from the start; undefined: it does not. */
  readonly epoch: number | undefined;
  /** The generation of state that the seat is born into: higher after each lasting commit failure. */
  readonly generation: number;
  /** From where this life of the node counts requests and fences; default: 0. */
  readonly firstNo?: number;
  /** Shared by the seats of all symbols. */
  readonly moves?: Moves;
  /** Requests that may wait while the book moves, of accounts here and of other nodes each. */
  readonly maxKeptRequests: number;
  /** To the owner; undefined while nobody has the book who can be reached. */
  readonly route: () => BookRoute | undefined;
  /** The other engines to which there is a link: told when the book changes hands. Default: none. */
  readonly engines?: () => readonly string[];
  readonly makeBook: (parts: {
    readonly generation: number;
    readonly loads: { lastNo: number };
  }) => BookActor;
  readonly makeProxy: (parts: ProxyParts) => BookProxy;
}

/** What a proxy is given by its seat. */
export interface ProxyParts {
  readonly generation: number;
  readonly numbers: ProxyNumbers;
  readonly again: JudgingAgain;
  readonly leftEpoch: number | undefined;
  readonly route: () => BookRoute | undefined;
}
