/** How far the books of a node are: a node is ready before they are, since whoever asks for one is answered. */
import type { MarketDirectory } from '../actors/ports.ts';

export interface BooksStatus {
  readonly total: number;
  /** Those that answer at once. */
  readonly ready: number;
  /** Those that are being built from their rows: what asks for one of them waits for it. */
  readonly loading: number;
  /** Those that are halted since they have crashed. */
  readonly halted: number;
  /** Some of their names. */
  readonly loadingSymbols: readonly string[];
  readonly haltedSymbols: readonly string[];
}

/** Names that an answer has of a kind: whoever wants all asks for the status of the node. */
const SHOWN_SYMBOLS = 20;

/** Before the node knows its symbols. */
export const NO_BOOKS: BooksStatus = {
  total: 0,
  ready: 0,
  loading: 0,
  halted: 0,
  loadingSymbols: [],
  haltedSymbols: [],
};

/** Counts the books of these markets. */
export function booksStatus(markets: MarketDirectory): BooksStatus {
  const symbols = markets.symbols();
  const loading: string[] = [];
  const halted: string[] = [];
  for (const symbol of symbols) {
    const market = markets.find(symbol);
    if (market === undefined || market.ready) continue;
    if (market.status.type === 'Halted' && market.status.by === 'crash') halted.push(symbol);
    else loading.push(symbol);
  }
  return {
    total: symbols.length,
    ready: symbols.length - loading.length - halted.length,
    loading: loading.length,
    halted: halted.length,
    loadingSymbols: loading.slice(0, SHOWN_SYMBOLS),
    haltedSymbols: halted.slice(0, SHOWN_SYMBOLS),
  };
}
