/**
 * What happens after a commit that failed for good. All state that was computed from it is void: accounts and
 * books forget theirs behind fences, the commands that were under way are kept, and when nothing is in flight any
 * more they run again in their original order, one per transaction. The one that fails alone is the culprit and is
 * refused; then batching resumes.
 *
 * Every account and book of the node takes part, not only those that the failed batch touched: the closure of what
 * it may have influenced is not worth computing for an event that is a bug of ours.
 */
import type { UserId } from '../matching/types.ts';
import type { Log } from '../platform/log.ts';
import { rejectionsOf } from './book-answers.ts';
import type { JournalEntry } from './commit-batch.ts';
import type {
  AskedRequest,
  BookRequest,
  BookRequestsAnswered,
  JournalAccount,
  JournalBook,
  ReturnedRequest,
  RoutedCommand,
  Tell,
  VoidFenceReached,
} from './protocol.ts';
import { MAX_RETURNS, requestsOf, returnCountOf } from './returned-requests.ts';

/**
 * The generation of a journal entry that is true whatever becomes of the state of books and accounts: it is never
 * void, and its commands are never run again.
 */
export const EVERY_GENERATION = Number.MAX_SAFE_INTEGER;

/**
 * An entry for commands that are answered, or nobody's, without anything of them to be written or told here: only the count
 * of what is under way and a redo that waits for them hear of it.
 */
export function endedElsewhere(userId: UserId, commands: readonly RoutedCommand[]): JournalAccount {
  const nothing = { refusals: [], massCancels: [], answers: [], transfers: [], replies: [] };
  const done = commands.map((routed) => ({ ...routed, origin: undefined }));
  return { type: 'JournalAccount', userId, generation: EVERY_GENERATION, lastSeq: 0, ...nothing, done };
}

/** What a session or a halt journals is true whatever becomes of the state of books and accounts. */
export function isIndependent(entry: JournalEntry): boolean {
  return entry.type === 'JournalSession' || entry.type === 'JournalHalt';
}

/** Also of {@link endedElsewhere} nothing was computed. */
export function survivesRedo(entry: JournalEntry): boolean {
  return isIndependent(entry) || (entry.type === 'JournalAccount' && entry.generation === EVERY_GENERATION);
}

/**
 * An entry for a part of a mass cancel with which nothing more is to be done: whoever waits for it has the answer, or is
 * gone, but for a redo.
 */
export function sweepEnded({ symbol, request }: AskedRequest): JournalBook {
  const nothing = { epoch: 0, lastSeq: 0, events: [], replies: [] };
  return { type: 'JournalBook', symbol, generation: EVERY_GENERATION, ...nothing, done: [request] };
}

/** A commit that has failed for good. */
export interface FailedCommit {
  readonly entries: readonly JournalEntry[];
  /** What was buffered after it. */
  readonly behind: readonly JournalEntry[];
  readonly reason: string;
  /** It was asked for by accounts that have another owner by now: nothing that is in it is at fault. */
  readonly isStale: boolean;
}

/** A command to run again: a member's or operator's, or one that the venue itself gave a book. */
type Kept =
  | { readonly type: 'Routed'; readonly routed: RoutedCommand }
  | { readonly type: 'Book'; readonly symbol: string; readonly request: BookRequest };

/** For one node. */
interface Answers {
  readonly bounced: BookRequestsAnswered['bounced'][number][];
  readonly returned: ReturnedRequest[];
}

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
  /** What was in the commit that has failed: books may give some of it back themselves. */
  #suspects: ReadonlySet<BookRequest> = new Set();

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

  begin({ entries: failed, behind, reason, isStale }: FailedCommit): void {
    const culprit = this.#culpritOf(failed);
    this.#generation += 1;
    this.#reason = reason;
    this.#suspects = new Set(isStale ? [] : failed.flatMap(requestsOf));
    for (const entry of [...failed, ...behind]) this.#keepEntry(entry);
    if (culprit !== undefined) this.#kept = this.#kept.filter((kept) => !isSame(kept, culprit.kept));
    if (culprit !== undefined && isStale) this.#leaveToOthers(culprit.kept);
    else if (culprit?.isRefusal) this.#giveUp(culprit.kept);
    this.#tell({ type: 'exchange' }, { type: 'BeginRedo', generation: this.#generation });
    const booksLeft = new Set(this.#symbols());
    const toRefuse = isStale || culprit?.isRefusal ? undefined : culprit?.kept;
    this.#phase = { type: 'Collecting', booksLeft, culprit: toRefuse };
    if (booksLeft.size === 0) this.#collected();
  }

  /** Keeps the commands of an entry that is void. */
  keep(entry: JournalBook | JournalAccount): void {
    this.#keepEntry(entry);
  }

  keepCommands(commands: readonly RoutedCommand[], sweeps: readonly AskedRequest[] = []): void {
    for (const routed of commands) this.#keep({ type: 'Routed', routed });
    for (const { symbol, request } of sweeps) this.#keep({ type: 'Book', symbol, request });
  }

  bookIsVoid(message: VoidFenceReached): void {
    this.#keepRequests(message.symbol, message.unanswered);
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
    this.#suspects = new Set();
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

  /** The account is another engine's, which is asked for it again: here it is answered without a word of it. */
  #leaveToOthers(kept: Kept): void {
    if (kept.type === 'Book') return;
    const { replyTo, commandNo } = kept.routed;
    if (replyTo !== undefined) this.#tell(replyTo, { type: 'CommandRejected', text: this.#reason });
    this.#tell({ type: 'exchange' }, { type: 'CommandsCompleted', commandNos: [commandNo], lastPrices: [] });
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
    this.#tell({ type: 'exchange' }, { type: 'CommandsCompleted', commandNos: [commandNo], lastPrices: [] });
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
      const bounced = (entry.bounced ?? []).map(({ request }) => request);
      this.#keepRequests(entry.symbol, [...entry.done, ...bounced]);
    } else if (entry.type === 'JournalAccount' && entry.generation !== EVERY_GENERATION) {
      this.keepCommands(entry.done);
    }
  }

  #keepRequests(symbol: string, requests: readonly BookRequest[]): void {
    const byNode = new Map<string, Answers>();
    for (const request of requests) {
      const { cause, from } = request;
      if (from !== undefined) {
        const ofNode = byNode.get(from.node) ?? { bounced: [], returned: [] };
        byNode.set(from.node, ofNode);
        this.#giveBack(request, from.requestNo, ofNode);
      } else if (cause === undefined) this.#keep({ type: 'Book', symbol, request });
      else this.#keep({ type: 'Routed', routed: cause });
    }
    for (const [node, answers] of byNode) {
      const answered = { type: 'BookRequestsAnswered', committed: [], ...answers } as const;
      this.#tell({ type: 'book', symbol, node }, answered);
    }
  }

  /** Another node has what it came from: its proxy has it judged again, but not for ever. */
  #giveBack(request: BookRequest, requestNo: number, answers: Answers): void {
    const isSuspect = this.#suspects.has(request);
    if (isSuspect && returnCountOf(request) >= MAX_RETURNS) {
      const reason = { type: 'CommandFailed', text: `not accepted: ${this.#reason}` } as const;
      answers.bounced.push({ requestNo, reason });
      this.#log.error('request of another node refused: it cannot be committed', {
        alarm: true,
        reason: this.#reason,
      });
    } else answers.returned.push({ requestNo, isSuspect });
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
