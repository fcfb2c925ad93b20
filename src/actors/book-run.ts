/**
 * Runs requests on the pure book and says what there is to journal and what goes back: a batch at once, and a mass
 * cancel in portions, since what one entry of the journal holds must fit into one commit.
 */
import type {
  BookCommand,
  BookEvent,
  CommandOutcome,
  MassCancelOrders,
  OrderSnapshot,
} from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import { answersTo } from './book-answers.ts';
import type { BookRequest, BounceReason, WaitingReply } from './protocol.ts';
import { isSuspect } from './returned-requests.ts';

/** What the actor needs of a book; the real one is src/matching/order-book.ts. */
export interface MatchingBook {
  readonly lastSeq: number;
  /** Puts an open order back, in ascending priority, before any command. */
  restore(order: OrderSnapshot): void;
  /** False when expiry would do nothing; cheap, since it is asked before and after each batch. */
  isDue(tradingDay: string, upTo: number): boolean;
  execute(command: BookCommand, at: number, events: BookEvent[]): CommandOutcome;
}

/** What a run came to. */
export interface BookRun {
  readonly events: BookEvent[];
  /** Requests that are answered by the events. */
  readonly done: BookRequest[];
  readonly replies: WaitingReply[];
  /** Requests with which the book could do nothing, by what their accounts are told. */
  readonly bounced: ReadonlyMap<BounceReason['type'], BookRequest[]>;
  /** The mass cancel of which this is a portion, and not the last. */
  readonly partOf?: BookRequest;
}

/** A request that is run in portions, alone in its piece of work. */
export type Sweep = BookRequest & { readonly command: MassCancelOrders };

/**
 * The requests as pieces of work in their order, each journaled apart: a mass cancel is one of its own, and so is what has
 * to be committed alone.
 */
export function piecesOf(requests: readonly BookRequest[]): readonly (readonly BookRequest[])[] {
  if (!requests.some(isAlone)) return requests.length === 0 ? [] : [requests];
  const pieces: BookRequest[][] = [];
  let isOpen = false;
  for (const request of requests) {
    const piece = isOpen && !isAlone(request) ? pieces.at(-1) : undefined;
    if (piece === undefined) pieces.push([request]);
    else piece.push(request);
    isOpen = !isAlone(request);
  }
  return pieces;
}

/** The mass cancel that a piece of work is; undefined when it is a batch. */
export function sweepIn([first]: readonly BookRequest[]): Sweep | undefined {
  return first !== undefined && isSweep(first) ? first : undefined;
}

function isAlone(request: BookRequest): boolean {
  return isSweep(request) || isSuspect(request);
}

function isSweep(request: BookRequest): request is Sweep {
  return request.command.type === 'MassCancelOrders';
}

/** Runs all of them. */
export function runBatch(
  book: MatchingBook,
  symbol: string,
  requests: readonly BookRequest[],
  at: number,
): BookRun {
  const events: BookEvent[] = [];
  const done: BookRequest[] = [];
  const replies: WaitingReply[] = [];
  const bounced = new Map<BounceReason['type'], BookRequest[]>();
  for (const request of requests) {
    const outcome = book.execute(request.command, at, events);
    switch (outcome) {
      case 'Done':
      case 'Unfinished':
        done.push(request);
        if (request.cause === undefined) replies.push(...answersTo(request, symbol, 0, true));
        break;
      case 'NoSuchOrder':
      case 'WouldTrade':
      case 'TooManySlices':
        bounced.set(outcome, [...(bounced.get(outcome) ?? []), request]);
        break;
      default:
        assertNever(outcome);
    }
  }
  return { events, done, replies, bounced };
}

/** Cancels the oldest `portion` of the orders that are meant. */
export function runSweep(
  book: MatchingBook,
  symbol: string,
  request: Sweep,
  portion: number,
  at: number,
): BookRun {
  const events: BookEvent[] = [];
  const isLast = book.execute({ ...request.command, atMost: portion }, at, events) !== 'Unfinished';
  const replies = answersTo(request, symbol, events.length, isLast);
  const part = isLast ? {} : { partOf: request };
  return { events, done: isLast ? [request] : [], replies, bounced: new Map(), ...part };
}
