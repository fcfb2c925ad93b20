/**
 * Many histories, seed after seed, here or on threads of their own: what a seed comes to depends on nothing but the
 * seed. Used by the test, the command line and `npm run bench:simulation`.
 */
import { Worker } from 'node:worker_threads';
import type { FaultKind } from './fault-counts.ts';
import { type HistoryCounts, playHistory } from './history.ts';
import { scriptOf } from './script.ts';

/** Seeds `first` to `first + count - 1`. */
export interface SeedRange {
  readonly first: number;
  readonly count: number;
}

export type Sums = Record<Exclude<keyof HistoryCounts, 'faults'> | 'histories' | 'steps', number>;

/** What histories came to together. */
export interface SeedRun {
  readonly sums: Sums;
  readonly faults: Map<FaultKind, number>;
  readonly failures: { readonly seed: number; readonly breaches: readonly string[] }[];
}

/** Seeds that a thread is given at a time. */
const PORTION = 250;

function emptyRun(): SeedRun {
  const sums = { histories: 0, steps: 0, moments: 0, commits: 0, trades: 0, requests: 0, reports: 0 };
  return { sums, faults: new Map(), failures: [] };
}

function addRun(into: SeedRun, run: SeedRun): void {
  for (const name of Object.keys(into.sums) as (keyof Sums)[]) into.sums[name] += run.sums[name];
  for (const [kind, count] of run.faults) into.faults.set(kind, (into.faults.get(kind) ?? 0) + count);
  into.failures.push(...run.failures);
}

/** Plays them in this thread. */
export function playSeeds({ first, count }: SeedRange): SeedRun {
  const run = emptyRun();
  for (let seed = first; seed < first + count; seed += 1) {
    const script = scriptOf(seed);
    const { breaches, counts } = playHistory(script);
    const { faults, ...numbers } = counts;
    const sums = { ...numbers, histories: 1, steps: script.steps.length };
    const failures = breaches.length > 0 ? [{ seed, breaches }] : [];
    addRun(run, { sums, faults: new Map(faults), failures });
  }
  return run;
}

/** Plays them on so many threads, until all are played or `goesOn` says no. */
export async function playSeedsOnThreads(
  { first, count }: SeedRange,
  threads: number,
  goesOn: () => boolean = () => true,
): Promise<SeedRun> {
  const whole = emptyRun();
  const end = first + count;
  let next = first;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./seeds-worker.ts', import.meta.url));
    try {
      while (next < end && goesOn()) {
        const range = { first: next, count: Math.min(PORTION, end - next) };
        next += range.count;
        addRun(whole, await playOn(worker, range));
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  whole.failures.sort((left, right) => left.seed - right.seed);
  return whole;
}

function playOn(worker: Worker, range: SeedRange): Promise<SeedRun> {
  return new Promise((resolve, reject) => {
    const onMessage = (run: SeedRun): void => {
      worker.off('error', reject);
      resolve(run);
    };
    worker.once('message', onMessage);
    worker.once('error', reject);
    worker.postMessage(range);
  });
}
