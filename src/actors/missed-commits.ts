/**
 * What an account may not have been told of what was committed for it: which commits it knows, from rows or since, and
 * which symbols have changed. A link that ends takes news away, and so does a book that moves to another node.
 */
import type { Account } from '../accounts/account.ts';
import { isContained, NO_COMMITS } from '../platform/commit-numbers.ts';
import type { Moves } from './moves.ts';
import type { LoadedAccount } from './ports.ts';
import type { JudgeAgain, Settle } from './protocol.ts';

export class MissedCommits {
  readonly #moves: Moves | undefined;
  #loaded: LoadedAccount['commits'] = NO_COMMITS;
  /** Of each writer, the last of which the account was told since then. */
  readonly #told = new Map<string, number>();
  /** In which something has changed since then. */
  readonly #settled = new Set<string>();
  /** By symbol: the account has all that was done under epochs before this one. */
  readonly #epochs = new Map<string, number>();
  /** The last move of a book of which rows that were asked for since have all. */
  #knownMoveNo = 0;

  /** `moves`: absent where nothing can be missed. */
  constructor(moves?: Moves) {
    this.#moves = moves;
  }

  /** Rows with these commits in them are all that the account knows now. */
  loaded(commits: LoadedAccount['commits']): void {
    this.#loaded = commits;
    this.#told.clear();
    this.#settled.clear();
  }

  /** Rows that have all that was done before this move will be read before the account does anything, or it needs none. */
  willKnow({ lastMoveNo }: Pick<JudgeAgain, 'lastMoveNo'>): void {
    this.#knownMoveNo = Math.max(this.#knownMoveNo, lastMoveNo);
  }

  /** Rows will be read as they are from now on. */
  willRead(): void {
    if (this.#moves !== undefined) this.willKnow({ lastMoveNo: this.#moves.lastNo });
  }

  /** The rows that were read have it. */
  isKnown(message: Settle): boolean {
    return isContained(this.#loaded, message);
  }

  /**
   * Whether there was something before it of which the account knows nothing: from its writer, or from whoever had a book
   * before that one. It was committed before it, and so rows that are read from now on have it, and this as well.
   */
  isAfterMissed({ writer, previousNo = 0, books = [] }: Settle): boolean {
    const knownNo = this.#told.get(writer) ?? this.#loaded.get(writer) ?? 0;
    const isMissed = previousNo > knownNo || books.some((book) => !this.#hasAllBefore(book));
    if (isMissed) for (const { symbol, epoch } of books) this.#epochs.set(symbol, epoch);
    return isMissed;
  }

  #hasAllBefore({ symbol, epoch }: NonNullable<Settle['books']>[number]): boolean {
    if (this.#moves === undefined || this.#epochs.get(symbol) === epoch) return true;
    return this.#moves.hasAllBefore(symbol, epoch, this.#knownMoveNo);
  }

  /** The account is about to apply it. */
  learn({ writer, commitNo, orders, books = [] }: Settle): void {
    this.#told.set(writer, commitNo);
    for (const { symbol, epoch } of books) this.#epochs.set(symbol, epoch);
    for (const { symbol } of orders) this.#settled.add(symbol);
  }

  /** Whether rows may have been read before some of the moves. */
  mayBeOld({ moved, lastMoveNo }: JudgeAgain): boolean {
    return moved === undefined || lastMoveNo > this.#knownMoveNo;
  }

  /** Whether they concern the account: an order that is closed may have been before that what it was not told. */
  concern(account: Account, { moved }: JudgeAgain): boolean {
    const hasMoved = (symbol: string): boolean =>
      moved === undefined || (moved.get(symbol) ?? 0) > this.#knownMoveNo;
    for (const symbol of this.#settled) if (hasMoved(symbol)) return true;
    return account.openOrders().some(({ symbol }) => hasMoved(symbol));
  }
}
