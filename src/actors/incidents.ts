/** How often something has failed of late: a window that moves with time. */
export class Incidents {
  readonly #windowMs: number;
  #times: number[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Notes one; returns how many there were within the window, this one included. */
  add(now: number): number {
    this.#times = [...this.#times.filter((at) => now - at < this.#windowMs), now];
    return this.#times.length;
  }

  clear(): void {
    this.#times = [];
  }
}
