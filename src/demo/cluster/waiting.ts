/** Waiting in the cluster demo: for conditions that others bring about, and never longer than the demo is wanted. */
import { type Clock, delay } from '../../platform/clock.ts';
import { SetupRefused } from '../venue-setup.ts';

/** Somebody wants the demo to end: what it was doing is void. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

const POLL_MS = 50;

/** What waits have in common. */
export interface Patience {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Resolves when `isDone` does with true. Throws {@link Stopped}, or {@link SetupRefused} with what `failure` says when
 * the time is over.
 */
export async function until(
  { clock, signal }: Patience,
  timeoutMs: number,
  failure: () => string,
  isDone: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = clock.now() + timeoutMs;
  while (!(await isDone())) {
    throwIfStopped(signal);
    if (clock.now() > deadline) throw new SetupRefused(failure());
    await delay(clock, POLL_MS, signal);
  }
  throwIfStopped(signal);
}

/** The result of `work`, unless the demo is stopped before: then {@link Stopped}, and `work` goes on for nobody. */
export async function unlessStopped<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  throwIfStopped(signal);
  const ended = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new Stopped('the demo is stopped'));
    signal.addEventListener('abort', stop, { signal: ended.signal });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    ended.abort();
  }
}

/** Between two steps that must not be left half done. */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new Stopped('the demo is stopped');
}
