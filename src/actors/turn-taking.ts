/** So many at a time, in the order in which they came: for work that everybody may want at once. */

type Work = (done: () => void) => void;

export class TurnTaking {
  readonly #most: number;
  readonly #waiting: Work[] = [];
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Does the work when it is its turn; the next one's comes when `done` is called. */
  take(work: Work): void {
    if (this.#count >= this.#most) {
      this.#waiting.push(work);
      return;
    }
    this.#count += 1;
    work(() => {
      this.#count -= 1;
      const next = this.#waiting.shift();
      if (next !== undefined) this.take(next);
    });
  }
}
