/**
 * What an engine's actors have been told that they own, compared with what rows say: answers of claims and releases come
 * in any order with views, and either may be the older one.
 */
import type { Owned } from './membership.ts';

/** The symbols, or the shards, of one engine. */
export class KeptItems<Key> {
  readonly #epochs = new Map<Key, number>();
  readonly #leaving = new Set<Key>();
  /** The epochs that releases have left: a view in which the key is ours under an older one is of before. */
  readonly #released = new Map<Key, number>();
  /** Given up by the actors under these epochs, and nobody knows whether the rows have heard of it. */
  readonly #unsure = new Map<Key, number>();

  /** What a claim has taken; returns what of it is new. */
  add(taken: ReadonlyMap<Key, number>): ReadonlyMap<Key, number> {
    const found = new Map<Key, number>();
    for (const [key, epoch] of taken) {
      if (!this.#epochs.has(key)) found.set(key, epoch);
      this.#epochs.set(key, Math.max(epoch, this.#epochs.get(key) ?? 0));
      this.#unsure.delete(key);
    }
    return found;
  }

  /** Begins to give up `keys`; returns those that are kept and were not being given up. */
  begin(keys: readonly Key[]): readonly Key[] {
    const begun = keys.filter((key) => this.#epochs.has(key) && !this.#leaving.has(key));
    for (const key of begun) this.#leaving.add(key);
    return begun;
  }

  /**
   * They are forgotten by the actors, and `released` of them in rows too. What is forgotten and is not known to be released
   * is found again in the next view that shows it as ours, or gone in one that shows it as another's.
   */
  end(keys: readonly Key[], isForgotten: boolean, released: ReadonlyMap<Key, number>): void {
    for (const key of keys) {
      this.#leaving.delete(key);
      const epoch = this.#epochs.get(key);
      if (!isForgotten || epoch === undefined) continue;
      this.#epochs.delete(key);
      if (!released.has(key)) this.#unsure.set(key, epoch);
    }
    for (const [key, epoch] of released) this.#released.set(key, epoch);
  }

  /**
   * What rows give to another or nobody although it is kept, what they give to us although it is not, and what was given up
   * and turns out to be released.
   */
  compare(
    rows: ReadonlyMap<Key, Owned>,
    isOwn: (owned: Owned) => boolean,
  ): {
    readonly lost: readonly Key[];
    readonly found: ReadonlyMap<Key, number>;
    readonly gone: readonly Key[];
  } {
    const lost: Key[] = [];
    const found = new Map<Key, number>();
    const gone: Key[] = [];
    for (const [key, row] of rows) {
      const epoch = this.#epochs.get(key);
      if (isOwn(row)) {
        if (row.epoch < (this.#released.get(key) ?? 0)) continue;
        if (epoch === undefined) found.set(key, row.epoch);
        this.#epochs.set(key, Math.max(row.epoch, epoch ?? 0));
        this.#unsure.delete(key);
      } else if (epoch !== undefined) {
        // A view may know of a release before we have its answer.
        if (row.epoch <= epoch || this.#leaving.has(key)) continue;
        lost.push(key);
        this.#epochs.delete(key);
      } else if (row.epoch > (this.#unsure.get(key) ?? Number.POSITIVE_INFINITY)) {
        gone.push(key);
        this.#unsure.delete(key);
      }
    }
    return { lost, found, gone };
  }
}
