/**
 * The mass cancels of one account, a member's (q) until its report (r) is committed, an operator's until its answer. It is kept outside of the actor's state,
 * so that neither a crash of the account nor a redo after a failed commit loses a request or counts an order twice.
 */
import type { UserId } from '../matching/types.ts';
import { assert } from '../platform/assert.ts';
import type { CancelTimer, Clock } from '../platform/clock.ts';
import { type Outbox, putForBook } from './account-work.ts';
import type {
  AskedRequest,
  BookMassCanceled,
  MassCancelDue,
  MassCancelReported,
  RoutedCommand,
  Tell,
  WaitingReply,
} from './protocol.ts';
import { sweepEnded } from './redo.ts';

export interface MassCancelsOptions {
  readonly userId: UserId;
  readonly tell: Tell;
  readonly clock: Clock;
  /** How long books may take since one of them has told something; then the report is made without them. */
  readonly massCancelWaitMs: number;
}

/** What the books came to with one, as far as it is committed. */
export interface MassCancelResult {
  /** Orders that were canceled, as far as books have said. */
  readonly canceledCount: number;
  /** TotalAffectedOrders (533): the same, where nothing can have been done of which they have not said so. */
  readonly totalAffectedOrders: number | undefined;
  /** Symbols whose books have not answered in time, or could not. */
  readonly unansweredSymbols: readonly string[];
}

interface UnderWay {
  readonly routed: RoutedCommand;
  /** Symbols whose books have not answered. */
  readonly waitsFor: Set<string>;
  /** Symbols whose books have answered that they could not. */
  readonly failed: string[];
  canceledCount: number;
  /** False once a book may have canceled something and the word of it been lost. */
  isCountSure: boolean;
  /** Its books have had their time. */
  isDue: boolean;
  /** They are asked again, and all of them will answer. */
  waitsWithoutEnd: boolean;
  /** It is the account's work to make the report, or was: after a failed commit it is asked for again. */
  isTaken: boolean;
  stopTimer: CancelTimer;
}

/** Gathers the answers of books, each told after the commit of its cancels. */
export class MassCancels {
  readonly #options: MassCancelsOptions;
  readonly #byCommandNo = new Map<number, UnderWay>();

  constructor(options: MassCancelsOptions) {
    this.#options = options;
  }

  /** The books of these symbols, one at least, have been asked. */
  begin(routed: RoutedCommand, symbols: readonly string[]): void {
    const { commandNo } = routed;
    assert(symbols.length > 0 && !this.#byCommandNo.has(commandNo), 'a mass cancel asks some book, and once');
    const stopTimer = this.#startTimer(commandNo);
    const waitsFor = new Set(symbols);
    const nothing = { failed: [], canceledCount: 0, isDue: false, waitsWithoutEnd: false, isTaken: false };
    // Of one that was sent again another engine may have done a part.
    const isCountSure = routed.isSentAgain !== true;
    this.#byCommandNo.set(commandNo, { routed, waitsFor, ...nothing, isCountSure, stopTimer });
  }

  /**
   * Asks a book for this part once more, also when its time is over: what was asked before it must not rest. Not where
   * `isDone`, since rows have what was asked after it: it would cancel that too. Then this counts as the book's answer.
   */
  sweepAgain(part: AskedRequest, isDone: boolean, outbox: Outbox): void {
    const { symbol, request } = part;
    const one = this.#byCommandNo.get(request.gatheredBy?.commandNo ?? 0);
    if (one?.waitsFor.has(symbol)) one.isCountSure = false;
    if (!isDone) {
      putForBook(outbox, symbol, request);
      return;
    }
    this.drop([part]);
    const { tell, userId } = this.#options;
    const { commandNo = 0 } = request.gatheredBy ?? {};
    const answer = { commandNo, symbol, canceledCount: 0, isLast: true, fault: undefined } as const;
    tell({ type: 'account', userId }, { type: 'BookMassCanceled', ...answer });
  }

  /** No book will be asked for these parts again: a redo may wait for them. */
  drop(parts: readonly AskedRequest[]): void {
    for (const part of parts) this.#options.tell({ type: 'persistence' }, sweepEnded(part));
  }

  receive(message: BookMassCanceled | MassCancelDue | MassCancelReported): void {
    if (message.type === 'BookMassCanceled') this.#bookAnswered(message);
    else if (message.type === 'MassCancelReported') this.forget([message]);
    else this.#timeIsOver(message);
  }

  /** What is told to the account when these are committed. */
  whenReported(done: readonly RoutedCommand[]): readonly WaitingReply[] {
    const { userId } = this.#options;
    return done.flatMap(({ commandNo }) => {
      if (!this.#byCommandNo.has(commandNo)) return [];
      return { to: { type: 'account', userId }, reply: { type: 'MassCancelReported', commandNo } };
    });
  }

  /** One book's answer, or a portion of it. After the report was made it counts only if that has to be made again. */
  #bookAnswered({ commandNo, symbol, canceledCount, isLast, fault }: BookMassCanceled): void {
    const one = this.#byCommandNo.get(commandNo);
    if (!one?.waitsFor.has(symbol)) return;
    one.canceledCount += canceledCount;
    if (fault !== undefined) one.failed.push(symbol);
    if (isLast) one.waitsFor.delete(symbol);
    if (one.waitsFor.size === 0) one.stopTimer();
    else if (!isLast && !one.waitsWithoutEnd && !one.isTaken) {
      one.stopTimer();
      one.stopTimer = this.#startTimer(commandNo);
    }
  }

  #startTimer(commandNo: number): CancelTimer {
    const { clock, tell, userId, massCancelWaitMs } = this.#options;
    return clock.after(massCancelWaitMs, () =>
      tell({ type: 'account', userId }, { type: 'MassCancelDue', commandNo }),
    );
  }

  /** The report is made with what has been answered until then. */
  #timeIsOver({ commandNo }: MassCancelDue): void {
    const one = this.#byCommandNo.get(commandNo);
    if (one !== undefined) one.isDue = true;
  }

  /** Takes those whose report can be made: each once. */
  takeFinished(): readonly RoutedCommand[] {
    const finished: RoutedCommand[] = [];
    for (const one of this.#byCommandNo.values()) {
      if (one.isTaken || (one.waitsFor.size > 0 && !one.isDue)) continue;
      one.isTaken = true;
      finished.push(one.routed);
    }
    return finished;
  }

  /**
   * What there is to report now; undefined for a command that has asked no book. An account that was loaded in between
   * has been told before of all that its rows contain.
   */
  resultOf({ commandNo }: RoutedCommand): MassCancelResult | undefined {
    const one = this.#byCommandNo.get(commandNo);
    if (one === undefined) return undefined;
    const { canceledCount, isCountSure } = one;
    const totalAffectedOrders = isCountSure ? canceledCount : undefined;
    return { canceledCount, totalAffectedOrders, unansweredSymbols: [...one.failed, ...one.waitsFor] };
  }

  /** Those whose report is not committed: their ClOrdIDs (11) are on their way. */
  unreported(): readonly RoutedCommand[] {
    return Array.from(this.#byCommandNo.values(), ({ routed }) => routed);
  }

  /** What these came to is known for good; of other commands it says nothing. */
  forget(commands: readonly Pick<RoutedCommand, 'commandNo'>[]): void {
    if (this.#byCommandNo.size === 0) return;
    for (const { commandNo } of commands) {
      this.#byCommandNo.get(commandNo)?.stopTimer();
      this.#byCommandNo.delete(commandNo);
    }
  }

  /** Gives up those whose report is not being made yet. */
  takeAll(): readonly RoutedCommand[] {
    const all = [...this.#byCommandNo.values()].filter(({ isTaken }) => !isTaken);
    const commands = all.map(({ routed }) => routed);
    this.forget(commands);
    return commands;
  }

  /** A commit has failed for good: what books have not answered they are asked again, and all of them will answer. */
  waitWithoutEnd(): void {
    for (const one of this.#byCommandNo.values()) {
      one.stopTimer();
      one.isDue = false;
      one.waitsWithoutEnd = true;
    }
  }
}
