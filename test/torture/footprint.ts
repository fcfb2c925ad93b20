/** What a torture run uses as it goes on: the disk and the memory of its processes, so that a long run shows growth. */

/** Mebibytes at a moment. */
export interface Sample {
  readonly atMs: number;
  /** Of the data directory; undefined where it has no file system of its own. */
  readonly diskMib: number | undefined;
  readonly venueMib: number;
  /** The members and the audit: the process of the run itself. */
  readonly membersMib: number;
}

const MINUTE_MS = 60_000;
/** Moments that are told, in shares of the run. */
const SHARES = [0.25, 0.5, 0.75, 1] as const;

/** One line for the run's first minute, one for each quarter of it. */
export function footprintLines(samples: readonly Sample[]): string[] {
  const last = samples.at(-1);
  if (last === undefined) return [];
  const moments = [MINUTE_MS, ...SHARES.map((share) => share * last.atMs)].filter((ms) => ms <= last.atMs);
  const told = new Set(
    moments.sort((left, right) => left - right).map((ms) => samples.find(({ atMs }) => atMs >= ms)),
  );
  return [...told].flatMap((sample) => (sample === undefined ? [] : [lineOf(sample)]));
}

function lineOf({ atMs, diskMib, venueMib, membersMib }: Sample): string {
  const minutes = (atMs / MINUTE_MS).toFixed(1).padStart(5);
  const columns = [diskMib, venueMib, membersMib].map((mib) => (mib?.toFixed(0) ?? '-').padStart(9));
  return `  after ${minutes} minutes${columns.join('')}`;
}
