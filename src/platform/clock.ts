/**
 * Time as a port. Nothing outside this folder reads the system's clock or sets a timer, so that the same
 * actors run under a simulated one.
 */

/** Stops a timer; does nothing when it has fired or was cancelled before. */
export type CancelTimer = () => void;

export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. May step backwards when the system's clock is set. */
  now(): number;
  /** Calls `callback` once, after `delayMs`. */
  after(delayMs: number, callback: () => void): CancelTimer;
  /** Calls `callback` every `intervalMs` until cancelled. */
  every(intervalMs: number, callback: () => void): CancelTimer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  every(intervalMs, callback) {
    const timer = setInterval(callback, intervalMs);
    return () => clearInterval(timer);
  },
};

/** Resolves after `delayMs` of the given clock, or as soon as `signal` is aborted. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(delayMs, end);
    signal?.addEventListener('abort', end);
  });
}
