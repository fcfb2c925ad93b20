/**
 * How often something is done that takes longer the longer a run lasts: the more it takes, the longer it rests, so that
 * it never takes more than its part of the time.
 */
import { type Clock, systemClock } from '../../src/platform/clock.ts';

export class Pace {
  readonly #rests: number;
  readonly #clock: Clock;
  #count = 0;
  #lastTookMs = 0;
  #endedAt = Number.NEGATIVE_INFINITY;

  /** It rests for at least `rests` times as long as it took last. */
  constructor(rests: number, clock: Clock = systemClock) {
    this.#rests = rests;
    this.#clock = clock;
  }

  /** How often it was done. */
  get count(): number {
    return this.#count;
  }

  get lastTookMs(): number {
    return this.#lastTookMs;
  }

  /** Does it when it has rested long enough, or when it must be done. */
  async run(work: () => Promise<void>, isNeeded = false): Promise<void> {
    const startedAt = this.#clock.now();
    if (!isNeeded && startedAt - this.#endedAt < this.#rests * this.#lastTookMs) return;
    await work();
    this.#endedAt = this.#clock.now();
    this.#lastTookMs = this.#endedAt - startedAt;
    this.#count += 1;
  }
}
