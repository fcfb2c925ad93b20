/**
 * The way to a redo: everything that a lasting commit failure has made void forgets it, books before accounts. What
 * books gave back until then is in the accounts' mailboxes before VoidAccount is.
 */
import type { UserId } from '../matching/types.ts';
import type { BeginRedo, BookVoid, Tell } from './protocol.ts';

/** What lives, as it is now. */
export interface VoidingOptions {
  readonly tell: Tell;
  readonly symbols: () => readonly string[];
  readonly accounts: ReadonlyMap<UserId, unknown>;
}

/** Voids books and accounts, a generation at a time. */
export class Voiding {
  readonly #options: VoidingOptions;
  #generation = 0;
  /** Books that have not said yet that they give nothing back any more. */
  #booksToVoid = new Set<string>();

  constructor(options: VoidingOptions) {
    this.#options = options;
  }

  /** What is spawned now is born into this one. */
  get generation(): number {
    return this.#generation;
  }

  begin({ generation }: BeginRedo): void {
    this.#generation = generation;
    this.#booksToVoid = new Set(this.#options.symbols());
    const fenceCount = this.#options.accounts.size + 1;
    for (const symbol of this.#booksToVoid) {
      this.#options.tell({ type: 'book', symbol }, { type: 'VoidFence', generation, fenceCount });
    }
    if (this.#booksToVoid.size === 0) this.#voidAccounts();
  }

  /** When it was the last of them, it is the accounts' turn. */
  bookIsVoid({ symbol, generation }: BookVoid): void {
    if (generation !== this.#generation) return;
    this.#booksToVoid.delete(symbol);
    if (this.#booksToVoid.size === 0) this.#voidAccounts();
  }

  #voidAccounts(): void {
    const { accounts, tell } = this.#options;
    const generation = this.#generation;
    const fenceCount = accounts.size + 1;
    for (const userId of accounts.keys()) {
      tell({ type: 'account', userId }, { type: 'VoidAccount', generation, fenceCount });
    }
  }
}
