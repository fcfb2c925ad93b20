/**
 * Whether a node's clock and the database's agree. Trading days, GTD and ClOrdID days are by the nodes' clocks, which are
 * compared here alone: leases and ages are the database's.
 */

/** Beyond it, operators are told. Ms. */
export const MAX_CLOCK_OFFSET_MS = 1_000;

/** One look at the database's clock. All in ms. */
export interface ClockReading {
  /** By the node's clock, when the answer was there. */
  readonly answeredAt: number;
  /** From the question to the answer, by a clock that nobody sets. */
  readonly tripMs: number;
  /** By the database's clock, at some moment of the trip. */
  readonly readAt: number;
}

/**
 * By how many whole ms the node's clock is ahead of the database's (behind: negative), given what it was believed to be
 * before; 0 at first. A trip that took long says little: of what it allows, this is what is nearest to the belief, so
 * that an answer that was late is never taken for a clock that is wrong.
 */
export function clockOffset(before: number, { answeredAt, tripMs, readAt }: ClockReading): number {
  const most = answeredAt - readAt;
  const least = most - Math.ceil(tripMs);
  return Math.min(most, Math.max(least, before));
}

/** The clocks differ by more than a venue can have. */
export function isClockAway(offsetMs: number): boolean {
  return Math.abs(offsetMs) > MAX_CLOCK_OFFSET_MS;
}
