/**
 * Time that only runs forwards, for how long something took, and what it shows about the system's clock: a wall clock
 * that is set, or that stood still with the machine, differs from it from then on.
 */
import type { Clock } from './clock.ts';

/** Milliseconds since some instant in the past, with fractions; not affected by setting the clock. */
export function monotonicMs(): number {
  return performance.now();
}

/**
 * By how many ms the clock has been set forwards (backwards: negative) since this call, whoever did it. Slow
 * adjustment by NTP shows too, and is far below a second.
 */
export function watchClock(clock: Pick<Clock, 'now'>, monotonic: () => number = monotonicMs): () => number {
  const offset = clock.now() - monotonic();
  return () => clock.now() - monotonic() - offset;
}
