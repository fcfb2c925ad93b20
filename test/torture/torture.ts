/**
 * A torture run: a real venue, members that trade at random and keep their own record, and one fault after another.
 * After each round the records, the rows and the books must agree; the first difference ends the run. What is
 * tortured, a venue of one process or a cluster, is one of two {@link Tortured}.
 */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import { openTorturedCluster } from './cluster/tortured.ts';
import { openTorturedVenue } from './one-venue.ts';
import { reasonOf, stackOf } from './reasons.ts';

export interface TortureOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Of several processes; one venue by default. */
  readonly isCluster?: boolean;
  /** Of a cluster: the only kind of failure that there is, for whoever looks into it. */
  readonly only?: string | undefined;
  /** Data and logs stay where nothing has failed, too. */
  readonly keepsAll?: boolean;
  /** What happens, line by line. */
  readonly say: (line: string) => void;
}

/** How a run ended. */
export type TortureResult =
  | { readonly type: 'Clean'; readonly summary: readonly string[] }
  | {
      readonly type: 'Failed';
      readonly summary: readonly string[];
      readonly reason: string;
      /** Faults that had been injected. */
      readonly faultNo: number;
      /** Where the data and the logs are; undefined when they could not be kept. */
      readonly keptIn: string | undefined;
    };

/** Told as it happens, with the time of the run before it. */
export type Tell = (line: string) => void;

/** What is tortured, with the members that trade there and the proofs. */
export interface Tortured {
  /** Opens the market and lets the members in, with their money. */
  begin(): Promise<void>;
  /** Plays a round and proves that everything agrees; returns its number. `sinceMs`: of the run, so far. */
  playRound(sinceMs: () => number): Promise<number>;
  /** The last proofs, and an end in order. */
  end(): Promise<void>;
  /** Ends every process, whatever is under way. */
  abandon(): Promise<void>;
  /** Puts what there is into the directory, which does not exist yet. Returns what could not be cleaned up. */
  keep(dir: string): Promise<string | undefined>;
  /** Removes everything. Returns what could not be cleaned up. */
  close(): Promise<string | undefined>;
  /** The end of its log. */
  readonly log: readonly string[];
  /** The number of the last fault; 0 before the first. */
  readonly faultNo: number;
  /** What was done, in a few words. */
  readonly progress: string;
  /** What was done, in full. */
  summary(tookMs: number): readonly string[];
}

const MINUTE_MS = 60_000;
/** So much of the time is left for the end of the last round. */
const LAST_ROUND_MS = 10_000;

/** Runs until the time is over or something does not agree. */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const { minutes, seed, isCluster, keepsAll, only, say } = options;
  const startedAt = systemClock.now();
  const sinceMs = (): number => systemClock.now() - startedAt;
  const endsAt = startedAt + minutes * MINUTE_MS - LAST_ROUND_MS;
  const tell: Tell = (line) => say(`${seconds(sinceMs())} ${line}`);
  const tortured = await (isCluster === true
    ? openTorturedCluster(seed, tell, only)
    : openTorturedVenue(seed, tell));
  try {
    await tortured.begin();
    do {
      const no = await tortured.playRound(sinceMs);
      tell(`round ${no} agrees: ${tortured.progress}`);
    } while (systemClock.now() < endsAt);
    await tortured.end();
  } catch (error) {
    const { faultNo } = tortured;
    const reason = reasonOf(error);
    // At once: whatever becomes of the processes and of the disk, this is what the run has found.
    tell(`FAILED after fault ${faultNo} of seed ${seed}: ${reason}`);
    const summary = tortured.summary(sinceMs());
    await tortured
      .abandon()
      .catch((problem: unknown) => tell(`the venue does not end: ${reasonOf(problem)}`));
    const keptIn = await keep(tortured, seed, error, tell);
    return { type: 'Failed', reason, faultNo, keptIn, summary };
  }
  const summary = tortured.summary(sinceMs());
  if (keepsAll === true) await keep(tortured, seed, 'nothing has failed', tell);
  const problem = keepsAll === true ? undefined : await tortured.close();
  if (problem !== undefined) tell(`the disk is not cleaned up: ${problem}`);
  return { type: 'Clean', summary };
}

/** Where the data and the log stay; what goes wrong with that is told, and is not the run's result. */
async function keep(
  tortured: Tortured,
  seed: number,
  error: unknown,
  tell: Tell,
): Promise<string | undefined> {
  const kept = join(tmpdir(), `onebook-torture-failed-${seed}-${process.pid}`);
  const logPath = `${kept}.log`;
  try {
    const log = [error instanceof Error ? `FAILED: ${stackOf(error)}` : String(error), ...tortured.log];
    await writeFile(logPath, `${log.join('\n')}\n`, { mode: 0o600 });
    tell(`log: ${logPath}`);
    const problem = await tortured.keep(kept);
    tell(`data directory: ${kept}`);
    if (problem !== undefined) tell(`the disk is not cleaned up: ${problem}`);
    return kept;
  } catch (failure) {
    tell(`not kept: ${reasonOf(failure)}`);
    return undefined;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(7)} s`;
}
