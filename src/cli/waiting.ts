/** Waiting for what a node does after it has answered, within a bound: for commands that end when it is done. */
import { InvalidArgumentError, Option } from 'commander';
import { delay, systemClock } from '../platform/clock.ts';
import { monotonicMs } from '../platform/monotonic.ts';

const POLL_MS = 25;

/** Looks until `look` gives something else than undefined; undefined when it has not within `waitMs`. */
export async function lookUntil<Found>(
  waitMs: number,
  look: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const deadline = monotonicMs() + waitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || monotonicMs() >= deadline) return found;
    await delay(systemClock, POLL_MS);
  }
}

/** `--wait <seconds>`, in ms; `what` says for what. */
export function waitOption(what: string, defaultMs: number): Option {
  return new Option('--wait <seconds>', what)
    .argParser(readWaitMs)
    .default(defaultMs, String(defaultMs / 1000));
}

function readWaitMs(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(text)) throw new InvalidArgumentError('it is a number of seconds.');
  return seconds * 1000;
}

/** `85 ms`, `1.2 s`. */
export function tookText(ms: number): string {
  return ms < 1_000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}
