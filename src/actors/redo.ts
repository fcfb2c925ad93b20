/**
 * What happens after a commit that failed for good. All state that was computed from it is void: accounts and
 * books forget theirs behind fences, the commands that were under way are kept, and when nothing is in flight any
 * more they run again in their original order, one per transaction. The one that fails alone is the culprit and is
 * refused; then batching resumes.
 *
 * Every account and book of the node takes part, not only those that the failed batch touched: the closure of what
 * it may have influenced is not worth computing for an event that is a bug of ours.
 */
import type { Log } from '../platform/log.ts';
import { rejectionsOf } from './book-answers.ts';
import type { JournalEntry } from './commit-batch.ts';
import type {
  BookRequest,
  JournalAccount,
  JournalBook,
  RoutedCommand,
  Tell,
  VoidFenceReached,
} from './protocol.ts';

/**
 * The generation of a journal entry that is true whatever becomes of the state of books and accounts: it is never
 * void, and its commands are never run again.
 */
export const EVERY_GENERATION = Number.MAX_SAFE_INTEGER;

/** A request of another node that was in so many refused commits is refused itself. */
const MAX_RETURNS = 2;

/** A command to run again: a member's or operator's, or one that the venue itself gave a book. */
type Kept =
  | { readonly type: 'Routed'; readonly routed: RoutedCommand }
  | { readonly type: 'Book'; readonly symbol: string; readonly request: BookRequest };

type Phase =
  | { readonly type: 'Idle' }
  /** Waiting until every book has seen every fence. */
  | {
      readonly type: 'Collecting';
      readonly booksLeft: ReadonlySet<string>;
      readonly culprit: Kept | undefined;
    }
  /** Running `current` alone, or refusing it. */
  | { readonly type: 'Running'; readonly current: Kept; readonly isRefusal: boolean };

export class Redo {
  readonly #tell: Tell;
  readonly #log: Log;
  readonly #symbols: () => readonly string[];
  #phase: Phase = { type: 'Idle' };
  #generation = 0;
  #kept: Kept[] = [];
  #isSorted = true;
  #reason = '';

  constructor(options: { tell: Tell; log: Log; symbols: () => readonly string[] }) {
    this.#tell = options.tell;
    this.#log = options.log;
    this.#symbols = options.symbols;
  }

  get isActive(): boolean {
    return this.#phase.type !== 'Idle';
  }

  get isRunning(): boolean {
    return this.#phase.type === 'Running';
  }

  /** True for what was computed from state that is void. */
  isStale(entry: JournalBook | JournalAccount): boolean {
    return entry.generation < this.#generation;
  }

  /** `failed` are the entries of the refused commit, `behind` those that were buffered after it. */
  begin(failed: readonly JournalEntry[], behind: readonly JournalEntry[], reason: string): void {
    const culprit = this.#culpritOf(failed);
    this.#generation += 1;
    this.#reason = reason;
    for (const entry of [...failed, ...behind]) this.#keepEntry(entry);
    if (culprit !== undefined) this.#kept = this.#kept.filter((kept) => !isSame(kept, culprit.kept));
    if (culprit?.isRefusal) this.#giveUp(culprit.kept);
    this.#tell({ type: 'exchange' }, { type: 'BeginRedo', generation: this.#generation });
    const booksLeft = new Set(this.#symbols());
    this.#phase = { type: 'Collecting', booksLeft, culprit: culprit?.isRefusal ? undefined : culprit?.kept };
    if (booksLeft.size === 0) this.#collected();
  }

  /** Keeps the commands of an entry that is void. */
  keep(entry: JournalBook | JournalAccount): void {
    this.#keepEntry(entry);
  }

  keepCommands(commands: readonly RoutedCommand[]): void {
    for (const routed of commands) this.#keep({ type: 'Routed', routed });
  }

  bookIsVoid(message: VoidFenceReached): void {
    for (const request of message.unanswered) this.#keepRequest(message.symbol, request);
    const phase = this.#phase;
    if (message.generation !== this.#generation || phase.type !== 'Collecting') return;
    const booksLeft = new Set(phase.booksLeft);
    booksLeft.delete(message.symbol);
    this.#phase = { ...phase, booksLeft };
    if (booksLeft.size === 0) this.#collected();
  }

  /** After each commit: the command that ran alone is done when its entry is in. */
  committed(entries: readonly JournalEntry[]): void {
    const phase = this.#phase;
    if (phase.type !== 'Running' || !entries.some((entry) => contains(entry, phase.current))) return;
    this.#runNext();
  }

  /** A command that fails in a transaction of its own is the culprit. */
  #culpritOf(failed: readonly JournalEntry[]): { kept: Kept; isRefusal: boolean } | undefined {
    const phase = this.#phase;
    if (phase.type !== 'Running') return undefined;
    const { current, isRefusal } = phase;
    const isCulprit = failed.some((entry) => contains(entry, current) || isPortion(entry, current));
    return isCulprit ? { kept: current, isRefusal } : undefined;
  }

  #collected(): void {
    const { culprit } = this.#phase as Phase & { type: 'Collecting' };
    this.#log.warn('running kept commands again', { commandCount: this.#kept.length });
    if (culprit?.type === 'Routed') {
      this.#refuse(culprit);
      return;
    }
    if (culprit !== undefined) this.#giveUp(culprit);
    this.#runNext();
  }

  #refuse(culprit: Kept & { type: 'Routed' }): void {
    const { routed } = culprit;
    this.#log.error('command refused: it cannot be committed', {
      alarm: true,
      userId: routed.userId,
      commandType: routed.command.type,
      reason: this.#reason,
    });
    this.#phase = { type: 'Running', current: culprit, isRefusal: true };
    this.#tell(
      { type: 'exchange' },
      { type: 'RefuseCommand', routed, text: `not accepted: ${this.#reason}` },
    );
  }

  /** What cannot even be refused durably is answered without a row, so that it cannot fail for ever. */
  #giveUp(culprit: Kept): void {
    const text = `the venue cannot store this: ${this.#reason}`;
    this.#log.error('command dropped: neither it nor its refusal can be committed', {
      alarm: true,
      commandType: culprit.type === 'Routed' ? culprit.routed.command.type : culprit.request.command.type,
      reason: this.#reason,
    });
    if (culprit.type === 'Book') {
      for (const { to, reply } of rejectionsOf(culprit.request, culprit.symbol, text)) this.#tell(to, reply);
      return;
    }
    const { origin, replyTo, command, userId, commandNo } = culprit.routed;
    if (command.type === 'OrderMassCancelRequest' || command.type === 'CancelMemberOrders') {
      this.#tell({ type: 'account', userId }, { type: 'MassCancelReported', commandNo });
    }
    if (replyTo !== undefined) this.#tell(replyTo, { type: 'CommandRejected', text });
    if (origin !== undefined && command.type !== 'TransferFunds' && command.type !== 'CancelMemberOrders') {
      const { sessionId, msgSeqNum } = origin;
      const commands = [{ msgSeqNum, command }];
      this.#tell(
        { type: 'session', sessionId },
        { type: 'CommandsRefused', refusal: 'StoreUnavailable', text, commands },
      );
    }
    this.#tell({ type: 'exchange' }, { type: 'CommandsCompleted', count: 1, lastPrices: [] });
  }

  #runNext(): void {
    if (!this.#isSorted) this.#kept.sort(byArrival);
    this.#isSorted = true;
    const next = this.#kept.shift();
    if (next === undefined) {
      this.#phase = { type: 'Idle' };
      this.#tell({ type: 'exchange' }, { type: 'EndRedo' });
      return;
    }
    this.#phase = { type: 'Running', current: next, isRefusal: false };
    if (next.type === 'Routed') {
      this.#tell({ type: 'exchange' }, { type: 'RedoCommand', routed: next.routed });
    } else {
      this.#tell(
        { type: 'exchange' },
        { type: 'RedoBookRequest', symbol: next.symbol, request: next.request },
      );
    }
  }

  #keepEntry(entry: JournalEntry): void {
    if (entry.type === 'JournalBook') {
      for (const request of entry.done) this.#keepRequest(entry.symbol, request);
    } else if (entry.type === 'JournalAccount' && entry.generation !== EVERY_GENERATION) {
      this.keepCommands(entry.done);
    }
  }

  #keepRequest(symbol: string, request: BookRequest): void {
    const { cause, from } = request;
    if (from !== undefined) this.#giveBack(symbol, request, from);
    else if (cause === undefined) this.#keep({ type: 'Book', symbol, request });
    else this.#keep({ type: 'Routed', routed: cause });
  }

  /** Another node has what it came from: its proxy has it judged again, but not for ever. */
  #giveBack(symbol: string, { cause }: BookRequest, from: NonNullable<BookRequest['from']>): void {
    const isCulprit = cause !== undefined && (cause.returnCount ?? 0) >= MAX_RETURNS;
    const numbers = [from.requestNo];
    const [bounced, returned] = isCulprit ? [numbers, []] : [[], numbers];
    if (isCulprit) {
      const reason = { type: 'CommandFailed', text: `not accepted: ${this.#reason}` } as const;
      const message = { type: 'RequestsBounced', bounced: [{ routed: cause, reason }] } as const;
      this.#tell({ type: 'account', userId: cause.userId }, message);
    }
    const answered = { type: 'BookRequestsAnswered', committed: [], bounced, returned } as const;
    this.#tell({ type: 'book', symbol, node: from.node }, answered);
  }

  #keep(kept: Kept): void {
    // Of a mass cancel whose portion is the culprit the book may still have the rest.
    const phase = this.#phase;
    if (phase.type === 'Collecting' && phase.culprit !== undefined && isSame(kept, phase.culprit)) return;
    this.#kept.push(kept);
    this.#isSorted = false;
  }
}

/** By arrival: a mass cancel in each book just before its report is made. */
function byArrival(left: Kept, right: Kept): number {
  return arrivalOf(left) - arrivalOf(right);
}

function arrivalOf(kept: Kept): number {
  if (kept.type === 'Routed') return kept.routed.commandNo;
  const { gatheredBy } = kept.request;
  // An amendment of a trade, which is not run again but dropped.
  return gatheredBy === undefined ? 0 : gatheredBy.commandNo - 0.5;
}

function isSame(left: Kept, right: Kept): boolean {
  if (left.type === 'Book') return right.type === 'Book' && left.request === right.request;
  return right.type === 'Routed' && left.routed.commandNo === right.routed.commandNo;
}

function isPortion(entry: JournalEntry, kept: Kept): boolean {
  return kept.type === 'Book' && entry.type === 'JournalBook' && entry.partOf === kept.request;
}

function contains(entry: JournalEntry, kept: Kept): boolean {
  if (entry.type === 'JournalBook') {
    return entry.done.some((request) =>
      kept.type === 'Book'
        ? request === kept.request
        : request.from === undefined && request.cause?.commandNo === kept.routed.commandNo,
    );
  }
  if (entry.type !== 'JournalAccount' || kept.type === 'Book') return false;
  return entry.done.some((routed) => routed.commandNo === kept.routed.commandNo);
}
