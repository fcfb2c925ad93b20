/** The parts of a symbol's move, from what the two engines have logged of it. */

/** ms. Members wait from when the owner begins to give the symbol up. */
export interface PartsOfMove {
  /** Request until the engine to which it goes has read what it can beforehand. */
  readonly prepared: number;
  /** Request until the owner begins to give the symbol up. */
  readonly noticed: number;
  /** From then until nothing of it is under way. */
  readonly drained: number;
  /** From then until rows say that it has left. */
  readonly released: number;
  /** From then until rows say that the other has it. */
  readonly claimed: number;
  /** From then until its book trades. */
  readonly ready: number;
}

interface Line {
  readonly event: string;
  readonly time: string;
  readonly drainMs?: number;
  readonly releaseMs?: number;
}

/** NaN for what the logs do not have. */
export function partsOfMove(askedAt: number, from: readonly string[], to: readonly string[]): PartsOfMove {
  const leaving = timeOf(lineOf(from, 'giving up'));
  const left = lineOf(from, 'given up');
  const claimed = timeOf(lineOf(to, 'claimed'));
  const ready = timeOf(lineOf(to, 'book ready'));
  return {
    prepared: timeOf(lineOf(to, 'prepared')) - askedAt,
    noticed: leaving - askedAt,
    drained: left?.drainMs ?? Number.NaN,
    released: left?.releaseMs ?? Number.NaN,
    claimed: claimed - timeOf(left),
    ready: ready - claimed,
  };
}

export function partsText(parts: PartsOfMove): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function lineOf(lines: readonly string[], event: string): Line | undefined {
  const line = lines.find((one) => one.includes(`"event":"${event}"`));
  return line === undefined ? undefined : (JSON.parse(line) as Line);
}

function timeOf(line: Line | undefined): number {
  return Date.parse(line?.time ?? '');
}
