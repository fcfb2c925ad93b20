/**
 * What outlives the crash of an actor that is rebuilt from rows: the work it was doing, its stash, and when it
 * crashed. Actor and crash policy share one cell; nact keeps neither the failed message nor any state.
 *
 * Work is done from the cell, oldest first, and leaves it when done. After a crash the failed piece is taken apart
 * and run again one command at a time; a single command that fails again is the culprit.
 */
import { assert } from '../platform/assert.ts';

/** One piece of work; `isRetry` marks a single command that runs for the second time. */
interface Piece<Work> {
  readonly work: Work;
  readonly isRetry: boolean;
}

export class RebuildCell<Work> {
  #pieces: Piece<Work>[] = [];
  readonly #capacity: number;

  /** `capacity` bounds the pieces that wait while the actor is being rebuilt. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isFull(): boolean {
    return this.#pieces.length >= this.#capacity;
  }

  /** Pieces that wait. */
  get size(): number {
    return this.#pieces.length;
  }

  push(work: Work): void {
    this.#pieces.push({ work, isRetry: false });
  }

  /** Does what is waiting, oldest first. A piece stays at the head until `handle` has returned. */
  drain(handle: (work: Work) => void): void {
    this.drainWhile((work) => {
      handle(work);
      return true;
    });
  }

  /** The same, until `handle` says that a piece is not done: that one stays at the head, and all others behind it. */
  drainWhile(handle: (work: Work) => boolean): void {
    for (let piece = this.#pieces[0]; piece !== undefined; piece = this.#pieces[0]) {
      if (!handle(piece.work)) return;
      this.#pieces.shift();
    }
  }

  /**
   * Called by the crash policy while the failed piece is at the head. Takes it apart with `split` for a second run;
   * if it was a single command's second run, removes it and returns it as the culprit.
   */
  failed(split: (work: Work) => readonly Work[]): { readonly culprit: Work | undefined } {
    const piece = this.#pieces.shift();
    assert(piece !== undefined, 'a crash without work');
    if (piece.isRetry) return { culprit: piece.work };
    this.#pieces = [...split(piece.work).map((work) => ({ work, isRetry: true })), ...this.#pieces];
    return { culprit: undefined };
  }

  get isIdle(): boolean {
    return this.#pieces.length === 0;
  }

  /** Whether any piece that waits is such a one. */
  some(isSuch: (work: Work) => boolean): boolean {
    return this.#pieces.some(({ work }) => isSuch(work));
  }

  /** Takes everything that waits out of the cell, in order. */
  takeAll(): Work[] {
    return this.#pieces.splice(0).map((piece) => piece.work);
  }
}
