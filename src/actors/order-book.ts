/**
 * The actor of one symbol: it serialises what reaches the pure book, stamps time, journals each finished batch as
 * one message, and is rebuilt from rows when it throws. It is the only place where a symbol is matched.
 */
import type { BookCommand, BookEvent, CommandOutcome } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Behavior } from './actor-system.ts';
import type { LoadedBook } from './ports.ts';
import type {
  BookMessage,
  BookRequest,
  BookRequests,
  BounceReason,
  Fence,
  RequestsBounced,
  Tell,
  VoidFence,
  WaitingReply,
} from './protocol.ts';
import { RebuildCell } from './rebuild-cell.ts';
import { type Crash, type CrashPolicy, rebuildWith } from './supervision.ts';

/** What the actor needs of a book; the real one is src/matching/order-book.ts. */
export interface MatchingBook {
  readonly lastSeq: number;
  execute(command: BookCommand, at: number, events: BookEvent[]): CommandOutcome;
}

export interface OrderBookOptions {
  readonly symbol: string;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  /** Builds a book with the loaded orders in it. */
  readonly createBook: (loaded: LoadedBook) => MatchingBook;
  readonly tradingDayAt: (at: number) => string;
  /** Why the symbol is halted from the start; undefined when it may trade. */
  readonly haltedBecause: string | undefined;
  /** The generation of state that the book is born into: higher after each lasting commit failure. */
  readonly generation: number;
  /** Batches that may wait while the book is rebuilt. */
  readonly stashCapacity: number;
  /** So many incidents within the window halt the symbol. */
  readonly incidentsToHalt: number;
  readonly incidentWindowMs: number;
}

type BookState =
  | { readonly phase: 'recovering' }
  | { readonly phase: 'trading'; readonly book: MatchingBook; readonly epoch: number }
  | { readonly phase: 'halted'; readonly reason: string }
  /** A commit failed for good: what arrives is handed back until every fence has. */
  | { readonly phase: 'void'; readonly fencesSeen: number; readonly unanswered: readonly BookRequest[] };

/** Work that keeps its place while the book is rebuilt. */
type Work = BookRequests | Fence;

/** The behaviour of the book and the policy that goes with it. */
export function orderBookActor(options: OrderBookOptions): {
  readonly behavior: Behavior<BookState, BookMessage>;
  readonly policy: CrashPolicy<BookMessage>;
} {
  const { symbol, tell, clock, log } = options;
  const cell = new RebuildCell<Work>(options.stashCapacity);
  let haltedBecause = options.haltedBecause;
  let generation = options.generation;
  let lastStamp = 0;
  /** True while rows are turned into a book: a crash then is not the fault of a command. */
  let restoring = false;
  let culprit: BookRequest | undefined;
  let incidents: number[] = [];
  /** Loads that were asked for and not answered: only the last answer is good, an earlier one has an epoch that is over. */
  let loadsOwed = 0;

  function initial(): BookState {
    if (culprit !== undefined) {
      bounce([culprit], {
        type: 'CommandFailed',
        text: 'the venue failed on this command: refused, nothing was done',
      });
      culprit = undefined;
    }
    if (haltedBecause !== undefined) return enterHalt(haltedBecause);
    loadsOwed += 1;
    tell({ type: 'persistence' }, { type: 'LoadBook', symbol });
    return { phase: 'recovering' };
  }

  function receive(state: BookState, message: BookMessage): BookState {
    // A book that was opened during a redo is sound: it is not among those that the fences are counted for.
    if (message.type === 'VoidFence' && message.generation <= generation) return state;
    if (message.type === 'BookLoaded' || message.type === 'LoadFailed') {
      loadsOwed -= 1;
      if (loadsOwed > 0) return state;
    }
    switch (state.phase) {
      case 'recovering':
        return whileRecovering(state, message);
      case 'trading':
        return whileTrading(state, message);
      case 'halted':
        return whileHalted(state, message);
      case 'void':
        return whileVoid(state, message);
      default:
        return assertNever(state);
    }
  }

  function whileRecovering(state: BookState, message: BookMessage): BookState {
    switch (message.type) {
      case 'BookRequests':
        if (cell.isFull) bounce(message.requests, unavailable('the book is being rebuilt: try again'));
        else cell.push(message);
        return state;
      case 'Fence':
        cell.push(message);
        return state;
      case 'BookLoaded':
        return restore(message.loaded);
      case 'LoadFailed':
        return halt(`the book cannot be rebuilt: ${message.reason}`);
      case 'VoidFence':
        return enterVoid(message);
      case 'ResumeBook':
        return state;
      default:
        return assertNever(message);
    }
  }

  function whileTrading(state: BookState & { phase: 'trading' }, message: BookMessage): BookState {
    switch (message.type) {
      case 'BookRequests':
      case 'Fence':
        cell.push(message);
        work(state.book, state.epoch);
        return state;
      case 'VoidFence':
        return enterVoid(message);
      case 'BookLoaded':
      case 'LoadFailed':
      case 'ResumeBook':
        return state;
      default:
        return assertNever(message);
    }
  }

  function whileHalted(state: BookState & { phase: 'halted' }, message: BookMessage): BookState {
    switch (message.type) {
      case 'BookRequests':
        bounce(message.requests, unavailable(`${symbol} is halted: ${state.reason}`));
        return state;
      case 'Fence':
        passFence(message);
        return state;
      case 'VoidFence':
        return enterVoid(message);
      case 'ResumeBook':
        haltedBecause = undefined;
        incidents = [];
        return initial();
      case 'BookLoaded':
      case 'LoadFailed':
        return state;
      default:
        return assertNever(message);
    }
  }

  function whileVoid(state: BookState & { phase: 'void' }, message: BookMessage): BookState {
    switch (message.type) {
      case 'BookRequests':
        return { ...state, unanswered: [...state.unanswered, ...message.requests] };
      case 'VoidFence':
        return onVoidFence(state.unanswered, state.fencesSeen + 1, message);
      case 'Fence':
        passFence(message);
        return state;
      case 'ResumeBook':
        haltedBecause = undefined;
        incidents = [];
        return state;
      case 'BookLoaded':
      case 'LoadFailed':
        return state;
      default:
        return assertNever(message);
    }
  }

  function restore(loaded: LoadedBook): BookState {
    restoring = true;
    const book = options.createBook(loaded);
    const state: BookState = { phase: 'trading', book, epoch: loaded.epoch };
    expireBefore(book, loaded.epoch);
    restoring = false;
    work(book, loaded.epoch);
    tell({ type: 'exchange' }, { type: 'BookReady', symbol, lastPrice: loaded.lastPrice });
    log.info('book ready', { symbol, epoch: loaded.epoch, openOrders: loaded.orders.length });
    return state;
  }

  /** Day orders of earlier trading days end before any command sees them. */
  function expireBefore(book: MatchingBook, epoch: number): void {
    const at = stamp();
    const command: BookCommand = { type: 'ExpireOrders', tradingDay: options.tradingDayAt(at) };
    const events: BookEvent[] = [];
    book.execute(command, at, events);
    if (events.length > 0) journal(book, epoch, events, [], []);
  }

  function work(book: MatchingBook, epoch: number): void {
    cell.drain((piece) => {
      if (piece.type === 'Fence') passFence(piece);
      else runBatch(book, epoch, piece.requests);
    });
  }

  function runBatch(book: MatchingBook, epoch: number, requests: readonly BookRequest[]): void {
    const at = stamp();
    const events: BookEvent[] = [];
    const done: BookRequest[] = [];
    const gone: BookRequest[] = [];
    const refused: BookRequest[] = [];
    const replies: WaitingReply[] = [];
    for (const request of requests) {
      const eventCount = events.length;
      const outcome = book.execute(request.command, at, events);
      if (outcome === 'NoSuchOrder') gone.push(request);
      else if (outcome === 'WouldTrade') refused.push(request);
      else done.push(request);
      if (request.replyTo !== undefined) {
        const orderCount = events.length - eventCount;
        replies.push({ to: request.replyTo, reply: { type: 'CancelsRequested', orderCount } });
      }
    }
    expireLate(book, requests, at, events);
    if (done.length > 0) journal(book, epoch, events, done, replies);
    if (gone.length > 0) bounce(gone, { type: 'NoSuchOrder' });
    if (refused.length > 0) bounce(refused, { type: 'CommandFailed', text: WOULD_TRADE });
  }

  /** An order that was stamped before the roll of the day may arrive behind it: it ends with its own day. */
  function expireLate(
    book: MatchingBook,
    requests: readonly BookRequest[],
    at: number,
    events: BookEvent[],
  ): void {
    const tradingDay = options.tradingDayAt(at);
    const isLate = requests.some(
      ({ command }) =>
        command.type === 'EnterOrder' && command.timeInForce === '0' && command.tradingDay < tradingDay,
    );
    if (isLate) book.execute({ type: 'ExpireOrders', tradingDay }, at, events);
  }

  function journal(
    book: MatchingBook,
    epoch: number,
    events: readonly BookEvent[],
    done: readonly BookRequest[],
    replies: readonly WaitingReply[],
  ): void {
    const { lastSeq } = book;
    tell(
      { type: 'persistence' },
      { type: 'JournalBook', symbol, epoch, generation, lastSeq, events, done, replies },
    );
  }

  /** Time never runs backwards inside a book, whatever the system's clock does. */
  function stamp(): number {
    lastStamp = Math.max(clock.now(), lastStamp);
    return lastStamp;
  }

  function passFence(fence: Fence): void {
    tell({ type: 'persistence' }, { type: 'FenceReached', fence, symbol });
  }

  /** Gives requests back to their accounts; what the venue itself asked for is done with, and the operator told. */
  function bounce(requests: readonly BookRequest[], reason: BounceReason): void {
    const byUser = new Map<number, RequestsBounced['bounced'][number][]>();
    const dropped: BookRequest[] = [];
    for (const request of requests) {
      const { cause } = request;
      if (cause === undefined) {
        dropped.push(request);
        continue;
      }
      const ofUser = byUser.get(cause.userId) ?? [];
      ofUser.push({ routed: cause, reason });
      byUser.set(cause.userId, ofUser);
    }
    for (const [userId, bounced] of byUser) {
      tell({ type: 'account', userId }, { type: 'RequestsBounced', bounced });
    }
    if (dropped.length > 0) journalDropped(dropped, reason);
  }

  /** Nothing happened, but somebody may wait for these requests: they take the road of all answers. */
  function journalDropped(requests: readonly BookRequest[], reason: BounceReason): void {
    const text = reason.type === 'NoSuchOrder' ? 'no such order' : reason.text;
    const replies = requests.flatMap(({ replyTo }) =>
      replyTo === undefined ? [] : [{ to: replyTo, reply: { type: 'CommandRejected', text } as const }],
    );
    const entry = { type: 'JournalBook', symbol, epoch: 0, generation, lastSeq: 0 } as const;
    tell({ type: 'persistence' }, { ...entry, events: [], done: requests, replies });
  }

  function enterVoid(fence: VoidFence): BookState {
    const waiting: BookRequest[] = [];
    for (const piece of cell.takeAll()) {
      if (piece.type === 'Fence') passFence(piece);
      else waiting.push(...piece.requests);
    }
    tell({ type: 'exchange' }, { type: 'BookVoid', symbol, generation: fence.generation });
    return onVoidFence(waiting, 1, fence);
  }

  function onVoidFence(unanswered: readonly BookRequest[], fencesSeen: number, fence: VoidFence): BookState {
    if (fencesSeen < fence.fenceCount) return { phase: 'void', fencesSeen, unanswered };
    generation = fence.generation;
    tell({ type: 'persistence' }, { type: 'VoidFenceReached', generation, symbol, unanswered });
    return initial();
  }

  function halt(reason: string): BookState {
    recordHalt(reason);
    return enterHalt(reason);
  }

  function recordHalt(reason: string): void {
    haltedBecause = reason;
    log.error('symbol halted', { symbol, reason });
    tell({ type: 'persistence' }, { type: 'JournalHalt', symbol, reason });
  }

  function enterHalt(reason: string): BookState {
    for (const piece of cell.takeAll()) {
      if (piece.type === 'Fence') passFence(piece);
      else bounce(piece.requests, unavailable(`${symbol} is halted: ${reason}`));
    }
    tell({ type: 'exchange' }, { type: 'BookHalted', symbol, reason });
    return { phase: 'halted', reason };
  }

  /** The crash policy: decides what the next `initial()` does with the failed work. */
  function onCrash({ error }: Crash<BookMessage>): void {
    if (restoring || cell.isIdle) {
      restoring = false;
      recordHalt(`the book cannot be rebuilt: ${error.message}`);
      return;
    }
    const failed = cell.failed((piece) =>
      piece.type === 'Fence' ? [piece] : piece.requests.map((request) => ({ ...piece, requests: [request] })),
    );
    if (failed.culprit !== undefined) {
      // The second run belongs to the incident that its batch began.
      culprit = failed.culprit.type === 'Fence' ? undefined : failed.culprit.requests[0];
      return;
    }
    const now = clock.now();
    incidents = [...incidents.filter((at) => now - at < options.incidentWindowMs), now];
    if (incidents.length >= options.incidentsToHalt) {
      recordHalt(
        `crashed ${incidents.length} times within ${options.incidentWindowMs / 1000} s: ${error.message}`,
      );
    }
  }

  return { behavior: { initial, receive }, policy: rebuildWith(onCrash) };
}

const WOULD_TRADE = 'post-only: at this price the order would trade at once';

function unavailable(text: string): BounceReason {
  return { type: 'BookUnavailable', text };
}
