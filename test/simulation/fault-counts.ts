/**
 * The kinds of trouble that a history can have, counted when they happen and not when they are planned, so that a
 * simulation in which nothing breaks any more is seen.
 */
export const FAULT_KINDS = [
  'crash of the node',
  'commit lost before it was done',
  'commit lost after it was done',
  'load lost before it was done',
  'load lost after it was done',
  'call while away',
  'refused commit',
  'connection cut',
  'session crash',
  'account crash',
  'book crash',
  'persistence crash',
  'exchange crash',
  'clock jump',
  'day roll',
  'take-over',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** How often each kind has happened. */
export class FaultCounts {
  readonly byKind = new Map<FaultKind, number>();

  add(kind: FaultKind, count = 1): void {
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + count);
  }
}
