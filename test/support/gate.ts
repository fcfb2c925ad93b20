/** A gate that a test closes to keep something in flight, and opens when it has seen enough. */
export class Gate {
  #isClosed = false;
  #waiting: (() => void)[] = [];

  /** How many wait before the closed gate. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Lets all pass, now and from now on. */
  open(): void {
    this.#isClosed = false;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  /** Lets the first that waits pass; the gate stays closed. */
  letOnePass(): void {
    this.#waiting.shift()?.();
  }

  /** Resolves at once, or when the gate is opened. */
  pass(): Promise<void> {
    if (!this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
