/**
 * Fences on their way to persistence: an account that is rebuilt loads when its fence has passed every book and what it had
 * there is committed; so does the stand-in of a book on another node, when its fence has passed that one.
 */
import type { FenceReached, Tell } from './protocol.ts';

export interface AccountFencesOptions {
  readonly tell: Tell;
  /** Runs it when all that was journaled before now has committed. */
  readonly whenDurable: (load: () => void) => void;
  readonly loadAccount: (userId: number, tradingDay: string, life: number | undefined) => void;
}

export class AccountFences {
  readonly #options: AccountFencesOptions;
  /** By account and fence, how many books it has passed. */
  readonly #seen = new Map<string, number>();

  constructor(options: AccountFencesOptions) {
    this.#options = options;
  }

  reached({ fence, symbol }: FenceReached): void {
    const { tell, whenDurable, loadAccount } = this.#options;
    const { proxy, userId, fenceNo, bookCount, tradingDay, life } = fence;
    if (proxy !== undefined) {
      whenDurable(() => tell({ type: 'book', symbol, node: proxy }, { type: 'BookFenced', fenceNo }));
      return;
    }
    const key = `${userId}/${life}/${fenceNo}`;
    const seen = (this.#seen.get(key) ?? 0) + 1;
    if (seen < bookCount) {
      this.#seen.set(key, seen);
      return;
    }
    this.#seen.delete(key);
    whenDurable(() => loadAccount(userId, tradingDay, life));
  }
}
