/**
 * Where chains begin that are verified. A chain whose oldest part has been put away begins with what was noted of it;
 * so far all begin with nothing.
 */
import { NO_LINK } from './link.ts';

export interface ChainStart {
  /** The number before the first link that is there. */
  readonly no: number;
  /** What the first link must follow. */
  readonly hash: Uint8Array;
}

/** The start of the chain whose numbers come after `firstNo`. */
export function chainStart(firstNo: number): ChainStart {
  return { no: firstNo, hash: NO_LINK };
}
