/**
 * Which books this life of the node has taken, and under which epochs: a node that has lost a book to another never
 * takes it back, whatever makes it load the book again. Apart from the statements, since the simulation's rows keep the
 * same rule.
 */

/** The row of a book, as far as its owner goes. */
export interface Ownership {
  readonly owner: string | null;
  readonly epoch: number;
}

/** The claims of one node since its start. */
export class Claims {
  readonly #owner: string;
  /** How the row of a book may stand if nobody else has touched it: in two ways while an answer is not known. */
  readonly #possible = new Map<string, readonly Ownership[]>();

  /** `owner`: the node's name in the rows. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /**
   * Before a claim of the book, whose row stands so: true for the first of this life, and as long as nobody else has
   * taken the book since.
   */
  begin(symbol: string, row: Ownership): boolean {
    const possible = this.#possible.get(symbol);
    const isOurs = possible?.some(({ owner, epoch }) => owner === row.owner && epoch === row.epoch) ?? true;
    if (isOurs) this.#possible.set(symbol, [row, { owner: this.#owner, epoch: row.epoch + 1 }]);
    return isOurs;
  }

  /** The claim is written, and answered. */
  done(symbol: string, epoch: number): void {
    this.#possible.set(symbol, [{ owner: this.#owner, epoch }]);
  }
}
