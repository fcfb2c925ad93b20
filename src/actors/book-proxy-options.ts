/** What the stand-in of a book is given, and the ways to the book as it knows them. */
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { JudgingAgain } from './judging-again.ts';
import type { Tell } from './protocol.ts';

/** A way to the book. */
export interface BookRoute {
  readonly node: string;
  /** Another one with every new link as well. */
  readonly key: string;
  /** The owner's life and epoch: with another one, what the rows have is all that the owner before has done. */
  readonly owner: string;
  /** Under which the owner has the book: requests are for the book under this epoch. */
  readonly epoch: number;
  /** The link, which is another one each time; 0 for the book of this node. */
  readonly linkNo: number;
}

/** Numbers that no two proxies of one book on one node may share, in whatever lives: answers come late. */
export interface ProxyNumbers {
  lastRequestNo: number;
  lastFenceNo: number;
}

export interface BookProxyOptions {
  readonly symbol: string;
  /** The name of this node. */
  readonly node: string;
  readonly tell: Tell;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
  /** Undefined while nobody has the book who can be reached; what leads to this node itself counts as none. */
  readonly route: () => BookRoute | undefined;
  /** Shared by all proxies that the book has here in turn. */
  readonly numbers?: ProxyNumbers;
  readonly again?: JudgingAgain;
  /** Under which the book was on this very node until now; all that was done of it is known here. */
  readonly leftEpoch?: number | undefined;
  /** Of the state from which entries come. */
  readonly generation: number;
  /** Requests without an answer. */
  readonly maxKeptRequests: number;
  /** How long a request waits for a way to the book; then it is given back, ms. What was sent may be done, and waits. */
  readonly routeWaitMs: number;
}
