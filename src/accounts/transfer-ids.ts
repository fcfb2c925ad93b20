/**
 * The ids of the transfers that an account has booked last. Operators repeat a request that was not answered, at another
 * node too: whoever passes it on has looked at the rows, but the first one may have been on its way still. The constraint
 * of the table is the backstop; it refuses a whole commit, which is much for a request that is repeated in good faith.
 */

/** How many are remembered, of what the account has booked and of its rows: far more than are under way at a time. */
export const TRANSFER_IDS_KEPT = 100;

export class TransferIds {
  /** Oldest first. */
  readonly #ids = new Set<string>();

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size <= TRANSFER_IDS_KEPT) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }
}
