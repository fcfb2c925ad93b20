/**
 * What accounts of this node have of what the books have done. What a book does is told by one node after another: the next
 * one's word is the whole of it only for who has all of the words before, from the wire or from rows. Shared by the seats of
 * all symbols and by the accounts, so that nobody has to be told where nothing was missed.
 */

interface Known {
  /** Accounts may have missed something by this move, and have it from rows that are read after it. */
  readonly moveNo: number;
  /** All that was done since, under epochs before this one, has come. */
  readonly epoch: number;
}

export class Moves {
  #lastNo = 0;
  readonly #known = new Map<string, Known>();

  /** The last move by which accounts may have missed something: rows that are read from now on have all from before it. */
  get lastNo(): number {
    return this.#lastNo;
  }

  /**
   * The book is under this epoch, and accounts may have missed something of what was done until now: rows have it. Returns
   * the number of the move.
   */
  missed(symbol: string, epoch: number): number {
    this.#lastNo += 1;
    this.#known.set(symbol, { moveNo: this.#lastNo, epoch });
    return this.#lastNo;
  }

  /** All that was done under epochs before this one has come to this node. */
  complete(symbol: string, epoch: number): void {
    const { moveNo = this.#lastNo } = this.#known.get(symbol) ?? {};
    this.#known.set(symbol, { moveNo, epoch });
  }

  /** Whether an account that has missed nothing by moves up to this one has all that was done under epochs before this one. */
  hasAllBefore(symbol: string, epoch: number, knownMoveNo: number): boolean {
    const known = this.#known.get(symbol);
    return known !== undefined && epoch <= known.epoch && known.moveNo <= knownMoveNo;
  }
}
