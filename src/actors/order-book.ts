/**
 * The actor of one symbol: it serialises what reaches the pure book, stamps time, journals each finished batch as
 * one message, and is rebuilt from rows when it throws. It is the only place where a symbol is matched.
 */
import type { BookEvent, ExpireOrders } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { BookActor, BookState, OrderBookOptions } from './book-actor.ts';
import { isForStandIn } from './book-answers.ts';
import { type Building, buildOn, startBuilding } from './book-building.ts';
import { BookOutput } from './book-output.ts';
import { type BookRun, type MatchingBook, piecesOf, runBatch, runSweep, sweepIn } from './book-run.ts';
import { BookTime } from './book-time.ts';
import { Incidents } from './incidents.ts';
import type {
  BookMessage,
  BookProxyMessage,
  BookRequest,
  BookRequests,
  BookSeatMessage,
  BounceReason,
  ExpireDue,
  Fence,
  VoidFence,
  WaitingReply,
} from './protocol.ts';
import { RebuildCell } from './rebuild-cell.ts';
import { type Crash, rebuildWith } from './supervision.ts';

export type { OrderBookOptions } from './book-actor.ts';
export type { MatchingBook } from './book-run.ts';

/** Work that keeps its place while the book is rebuilt. */
type Work = BookRequests | ExpireDue | Fence;
/** What each phase has its own answer to. */
type Handled = Exclude<BookMessage, BookProxyMessage | BookSeatMessage | { type: 'HaltBook' }>;

/** The behaviour of the book and the policy that goes with it. */
export function orderBookActor(options: OrderBookOptions): BookActor {
  const { symbol, tell, clock, log, sweepPortion, loads = { lastNo: 0 } } = options;
  const goOn: WaitingReply = { to: { type: 'book', symbol }, reply: { type: 'ContinueBook' } };
  const output = new BookOutput(symbol, tell, options.generation);
  const cell = new RebuildCell<Work>(options.stashCapacity);
  let haltedBecause = options.haltedBecause;
  const incidents = new Incidents(options.incidentWindowMs);
  const time = new BookTime(clock, options.tradingDayAt);
  /** True while rows are turned into a book: a crash then is not the fault of a command. */
  let restoring = false;
  let culprit: BookRequest | undefined;
  /** Of the last load that was asked for: answers to an earlier one have an epoch that is over. */
  let loadNo = 0;
  let loadBegun = 0;
  /**
   * A mass cancel or expiry has orders left, and its last portion is not committed: nothing else happens in the book,
   * and there is never more of it in memory, nor before the commits of other books, than a portion.
   */
  let isWaiting = false;
  /** The expiry that has orders left. */
  let expiring: ExpireOrders | undefined;

  function initial(): BookState {
    if (culprit !== undefined) {
      output.bounce([culprit], {
        type: 'CommandFailed',
        text: 'the venue failed on this command: refused, nothing was done',
      });
      culprit = undefined;
    }
    if (haltedBecause !== undefined) return enterHalt(haltedBecause);
    loads.lastNo += 1;
    loadNo = loads.lastNo;
    loadBegun = clock.now();
    tell({ type: 'persistence' }, { type: 'LoadBook', symbol, loadNo });
    if (!cell.isIdle) hurry();
    return { phase: 'recovering', building: undefined };
  }

  function receive(state: BookState, message: BookMessage): BookState {
    // A book that was opened during a redo is sound: it is not among those that the fences are counted for.
    if (message.type === 'VoidFence' && message.generation <= output.generation) return state;
    if ('loadNo' in message && message.loadNo !== loadNo) return state;
    if (message.type === 'HaltBook') return onHaltBook(state, message.reason);
    if (isForStandIn(message)) return state;
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

  function whileRecovering(state: BookState & { phase: 'recovering' }, message: Handled): BookState {
    switch (message.type) {
      case 'BookRequests':
        if (cell.isIdle) hurry();
        accept(message, 'the book is being rebuilt: try again');
        return state;
      case 'Fence':
        // Of an account that has nothing here, all that it had is journaled: it need not wait for the book.
        if (isBehindSomething(message)) cell.push(message);
        else output.passFence(message);
        return state;
      case 'BookLoaded':
        return build(() => startBuilding(options.createBook, message.loaded), message.isLast);
      case 'BookOrdersLoaded': {
        const { building } = state;
        if (building === undefined) return state;
        return build(() => buildOn(building, message.loaded.orders), message.loaded.isLast);
      }
      case 'BookLoadFailed':
        return halt(`the book cannot be rebuilt: ${message.reason}`);
      case 'VoidFence':
        return enterVoid(message);
      case 'ExpireDue':
      case 'ContinueBook':
      case 'ResumeBook':
        return state;
      default:
        return assertNever(message);
    }
  }

  /** Requests of its account, or of any where another node asks. */
  function isBehindSomething({ userId, proxy }: Fence): boolean {
    if (proxy !== undefined) return !cell.isIdle;
    const isOfAccount = ({ cause }: BookRequest): boolean => cause?.userId === userId;
    return cell.some((piece) => piece.type === 'BookRequests' && piece.requests.some(isOfAccount));
  }

  function accept({ requests }: BookRequests, refusal: string): void {
    if (cell.isFull) output.bounce(requests, unavailable(refusal));
    else for (const piece of piecesOf(requests)) cell.push({ type: 'BookRequests', requests: piece });
  }

  function whileTrading(state: BookState & { phase: 'trading' }, message: Handled): BookState {
    switch (message.type) {
      case 'BookRequests':
        accept(message, 'the book ends many orders at once: try again');
        work(state.book, state.epoch);
        return state;
      case 'ExpireDue':
        // Without it nothing is lost: time passes for whatever comes next.
        if (!cell.isFull) cell.push(message);
        work(state.book, state.epoch);
        return state;
      case 'Fence':
        cell.push(message);
        work(state.book, state.epoch);
        return state;
      case 'ContinueBook':
        isWaiting = false;
        if (expire(state.book, state.epoch, time.stamp())) work(state.book, state.epoch);
        return state;
      case 'VoidFence':
        return enterVoid(message);
      case 'BookLoaded':
      case 'BookOrdersLoaded':
      case 'BookLoadFailed':
      case 'ResumeBook':
        return state;
      default:
        return assertNever(message);
    }
  }

  function whileHalted(state: BookState & { phase: 'halted' }, message: Handled): BookState {
    switch (message.type) {
      case 'BookRequests':
        output.bounce(message.requests, unavailable(`${symbol} is halted: ${state.reason}`));
        return state;
      case 'Fence':
        output.passFence(message);
        return state;
      case 'VoidFence':
        return enterVoid(message);
      case 'ResumeBook':
        haltedBecause = undefined;
        incidents.clear();
        return initial();
      case 'ExpireDue':
      case 'ContinueBook':
      case 'BookLoaded':
      case 'BookOrdersLoaded':
      case 'BookLoadFailed':
        return state;
      default:
        return assertNever(message);
    }
  }

  function whileVoid(state: BookState & { phase: 'void' }, message: Handled): BookState {
    switch (message.type) {
      case 'BookRequests':
        return { ...state, unanswered: [...state.unanswered, ...message.requests] };
      case 'VoidFence':
        return onVoidFence(state.unanswered, state.fencesSeen + 1, message);
      case 'Fence':
        output.passFence(message);
        return state;
      case 'ResumeBook':
        haltedBecause = undefined;
        incidents.clear();
        return state;
      case 'ExpireDue':
      case 'ContinueBook':
      case 'BookLoaded':
      case 'BookOrdersLoaded':
      case 'BookLoadFailed':
        return state;
      default:
        return assertNever(message);
    }
  }

  /** The first who waits for the book puts it before those for which nobody does. */
  function hurry(): void {
    tell({ type: 'persistence' }, { type: 'HurryBook', symbol });
  }

  function build(portion: () => Building, isLast: boolean): BookState {
    restoring = true;
    const building = portion();
    restoring = false;
    return isLast ? begin(building) : { phase: 'recovering', building };
  }

  function begin({ book, loaded: { epoch, lastPrice }, orderCount }: Building): BookState {
    restoring = true;
    isWaiting = false;
    expiring = undefined;
    // What has ended meanwhile ends before any command sees it.
    expire(book, epoch, time.stamp());
    restoring = false;
    work(book, epoch);
    tell({ type: 'exchange' }, { type: 'BookReady', symbol, lastPrice });
    log.info('book ready', { symbol, epoch, openOrders: orderCount, loadMs: clock.now() - loadBegun });
    return { phase: 'trading', book, epoch };
  }

  /**
   * Ends what was good till `at`: Day orders of earlier trading days, and good-till-date orders. Nobody waits for it, and
   * a book that forgets it does it again: only what happened is journaled. False when a portion is to be committed first.
   */
  function expire(book: MatchingBook, epoch: number, at: number): boolean {
    const isNew = expiring === undefined;
    const due = expiring ?? time.expiryAt(book, at);
    if (due === undefined) return true;
    const events: BookEvent[] = [];
    const isDone = book.execute({ ...due, atMost: sweepPortion }, at, events) !== 'Unfinished';
    expiring = isDone ? undefined : due;
    isWaiting = !isDone;
    const replies = isDone ? [] : [goOn];
    if (events.length > 0) output.journal(book, epoch, { events, done: [], replies });
    // Of one that took its time more may be due by now.
    return isDone && (isNew || expire(book, epoch, at));
  }

  function work(book: MatchingBook, epoch: number): void {
    if (!isWaiting) cell.drainWhile((piece) => carryOut(book, epoch, piece));
  }

  /** False when the piece is to be gone on with, after a commit. */
  function carryOut(book: MatchingBook, epoch: number, piece: Work): boolean {
    if (piece.type === 'Fence') {
      output.passFence(piece);
      return true;
    }
    const at = time.stamp(piece.type === 'ExpireDue' ? piece.upTo : 0);
    if (!expire(book, epoch, at)) return false;
    if (piece.type === 'ExpireDue') return true;
    const sweep = sweepIn(piece.requests);
    if (sweep === undefined) {
      finish(book, epoch, runBatch(book, symbol, piece.requests, at), at);
      return true;
    }
    const run = runSweep(book, symbol, sweep, sweepPortion, at);
    isWaiting = run.partOf !== undefined;
    output.journal(book, epoch, isWaiting ? { ...run, replies: [...run.replies, goOn] } : run);
    return !isWaiting;
  }

  function finish(book: MatchingBook, epoch: number, run: BookRun, at: number): void {
    // An order may arrive when its time is over already: stamped before the roll of the day, or held up.
    const due = time.expiryAt(book, at);
    if (due !== undefined) book.execute(due, at, run.events);
    if (run.done.length > 0 || run.events.length > 0) output.journal(book, epoch, run);
    for (const [type, requests] of run.bounced) output.bounce(requests, { type } as BounceReason);
  }

  /** The requests that wait; fences pass. */
  function takeWaiting(): BookRequest[] {
    const waiting: BookRequest[] = [];
    for (const piece of cell.takeAll()) {
      if (piece.type === 'Fence') output.passFence(piece);
      else if (piece.type === 'BookRequests') for (const request of piece.requests) waiting.push(request);
    }
    return waiting;
  }

  function enterVoid(fence: VoidFence): BookState {
    const waiting = takeWaiting();
    tell({ type: 'exchange' }, { type: 'BookVoid', symbol, generation: fence.generation });
    return onVoidFence(waiting, 1, fence);
  }

  function onVoidFence(unanswered: readonly BookRequest[], fencesSeen: number, fence: VoidFence): BookState {
    if (fencesSeen < fence.fenceCount) return { phase: 'void', fencesSeen, unanswered };
    const { generation } = fence;
    output.generation = generation;
    tell({ type: 'persistence' }, { type: 'VoidFenceReached', generation, symbol, unanswered });
    return initial();
  }

  function onHaltBook(state: BookState, reason: string): BookState {
    if (haltedBecause !== undefined) return state;
    if (state.phase !== 'void') return halt(reason);
    recordHalt(reason);
    return state;
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
    output.bounce(takeWaiting(), unavailable(`${symbol} is halted: ${reason}`));
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
      piece.type === 'BookRequests'
        ? piece.requests.map((request) => ({ ...piece, requests: [request] }))
        : [piece],
    );
    if (failed.culprit !== undefined) {
      // The second run belongs to the incident that its batch began.
      culprit = failed.culprit.type === 'BookRequests' ? failed.culprit.requests[0] : undefined;
      return;
    }
    const count = incidents.add(clock.now());
    if (count < options.incidentsToHalt) return;
    recordHalt(`crashed ${count} times within ${options.incidentWindowMs / 1000} s: ${error.message}`);
  }

  return {
    behavior: { initial, receive },
    policy: rebuildWith(onCrash),
    stashed: () => cell.size,
    isQuiet: ({ phase }) => phase === 'halted' || (phase !== 'void' && cell.isIdle && !isWaiting),
    generation: () => output.generation,
  };
}

function unavailable(text: string): BounceReason {
  return { type: 'BookUnavailable', text };
}
