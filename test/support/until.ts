/**
 * Waiting for a condition of the outside world (a process, a server), where no injected clock can help. A wait
 * that is in vain fails with the name of what was waited for.
 */
import { delay, systemClock } from '../../src/platform/clock.ts';

const POLL_INTERVAL_MS = 5;

/** Resolves with the first value of `probe` that is neither false nor undefined; a throw counts as not yet. */
export async function until<Value>(
  what: string,
  probe: () => Value | Promise<Value>,
  timeoutMs = 15_000,
): Promise<Exclude<Value, false | undefined>> {
  const deadline = systemClock.now() + timeoutMs;
  let lastError: unknown;
  while (systemClock.now() < deadline) {
    try {
      const value = await probe();
      if (value !== false && value !== undefined) return value as Exclude<Value, false | undefined>;
    } catch (error) {
      lastError = error;
    }
    await delay(systemClock, POLL_INTERVAL_MS);
  }
  throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: lastError });
}
