/**
 * What a session may ask about instruments: the part of the exchange's directory that FIX tells members. Sessions
 * read it and never write it.
 */
import type { Instrument } from '../matching/instrument.ts';

/** Whether a symbol trades, with the reason where it does not. */
export type SecurityTrading =
  | { readonly type: 'Open' }
  | { readonly type: 'CancelOnly'; readonly reason: string }
  | { readonly type: 'Halted'; readonly by: 'operator' | 'crash'; readonly reason: string };

/** One symbol. */
export interface Security {
  readonly instrument: Instrument;
  readonly status: SecurityTrading;
  /** False while its book is being built. */
  readonly ready: boolean;
}

/** Every symbol of the venue, as it is at the moment. */
export interface SecurityDirectory {
  find(symbol: string): Security | undefined;
  /** All symbols, in the order in which they were added. */
  symbols(): readonly string[];
}

/** A venue without instruments. */
export const NO_SECURITIES: SecurityDirectory = { find: () => undefined, symbols: () => [] };
