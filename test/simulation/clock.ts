/**
 * The clock of a simulated venue: a wall clock that an operator or a time server may set, forwards and backwards, while
 * timers count the time that really passes, as Node's do.
 */
import type { CancelTimer, Clock } from '../../src/platform/clock.ts';
import { ManualClock } from '../support/manual-clock.ts';

export class SimulatedClock implements Clock {
  readonly #steady: ManualClock;
  #aheadMs = 0;

  constructor(now: number) {
    this.#steady = new ManualClock(now);
  }

  now(): number {
    return this.#steady.now() + this.#aheadMs;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    return this.#steady.after(delayMs, callback);
  }

  every(intervalMs: number, callback: () => void): CancelTimer {
    return this.#steady.every(intervalMs, callback);
  }

  /** Lets time pass, and fires what is due. */
  advance(byMs: number): void {
    this.#steady.advance(byMs);
  }

  /** Sets the wall clock, and nothing else. */
  jump(byMs: number): void {
    this.#aheadMs += byMs;
  }
}
