/**
 * Where chains begin that are verified: those whose oldest part has been put away with what the last closing noted of
 * them, all others with nothing.
 */
import { type ClosingRecord, lastClosing } from '../retention/closings.ts';
import type { Sql } from '../sql.ts';
import { linkNo, NO_LINK } from './link.ts';

export interface ChainStart {
  /** The number before the first link that is there. */
  readonly no: number;
  /** What the first link must follow. */
  readonly hash: Uint8Array;
}

export interface ChainStarts {
  /** Undefined: nothing has been closed. */
  readonly closing: ClosingRecord | undefined;
  /** The start of a writer's chain. */
  ofWriter(chain: number): ChainStart;
  ofOperators(): ChainStart;
}

export async function readChainStarts(sql: Sql): Promise<ChainStarts> {
  const closing = await lastClosing(sql);
  return {
    closing,
    ofWriter: (chain) =>
      closing?.chains.find((closed) => closed.chain === chain) ?? { no: linkNo(chain, 0), hash: NO_LINK },
    ofOperators: () => closing?.operators ?? { no: 0, hash: NO_LINK },
  };
}
