/** A clock that stands still until a test moves it; timers fire in the order of their time. */
import type { CancelTimer, Clock } from '../../src/platform/clock.ts';

interface Timer {
  at: number;
  readonly callback: () => void;
  readonly intervalMs: number | undefined;
}

export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Timers that have not fired yet. */
  get timerCount(): number {
    return this.#timers.size;
  }

  after(delayMs: number, callback: () => void): CancelTimer {
    return this.#add({ at: this.#now + delayMs, callback, intervalMs: undefined });
  }

  every(intervalMs: number, callback: () => void): CancelTimer {
    return this.#add({ at: this.#now + intervalMs, callback, intervalMs });
  }

  /** Moves the time on and fires what is due, each timer at its own time. */
  advance(byMs: number): void {
    const end = this.#now + byMs;
    for (let timer = this.#nextUntil(end); timer !== undefined; timer = this.#nextUntil(end)) {
      this.#now = Math.max(this.#now, timer.at);
      if (timer.intervalMs === undefined) this.#timers.delete(timer);
      else timer.at += timer.intervalMs;
      timer.callback();
    }
    this.#now = end;
  }

  /** Sets the time without firing anything: as the system's clock may be set, backwards too. */
  set(now: number): void {
    this.#now = now;
  }

  #add(timer: Timer): CancelTimer {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #nextUntil(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  }
}
