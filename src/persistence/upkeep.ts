/** Work that a node does now and then beside its trading, one run at a time, until it stops. */
import type { Clock } from '../platform/clock.ts';

/**
 * Runs `work` at intervals, each counted from the end of the run before, the first from now. Returns what stops it, which
 * resolves when nothing is under way any more. `work` must not throw, and is to end soon after its signal is aborted.
 */
export function startUpkeep(
  clock: Clock,
  intervalMs: number,
  work: (signal: AbortSignal) => Promise<void>,
): () => Promise<void> {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    await work(stopping.signal);
    if (!stopping.signal.aborted) cancel = clock.after(intervalMs, start);
  };
  const start = (): void => {
    running = run();
  };
  let cancel = clock.after(intervalMs, start);
  return async () => {
    stopping.abort();
    cancel();
    await running;
  };
}
