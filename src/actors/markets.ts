/**
 * The symbols of the node: terms, status and reference prices. The exchange writes it; accounts and the admin API
 * read it. It lives outside of any actor's state, so that a restart of the exchange keeps it.
 */
import type { Instrument } from '../matching/instrument.ts';
import type { Ticks } from '../matching/types.ts';
import type { InstrumentTerms, Market, MarketDirectory } from './ports.ts';
import type { TradingStatus } from './protocol.ts';

export class Markets implements MarketDirectory {
  readonly #markets = new Map<string, Market>();
  /** Symbols whose reference price is that of a trade. */
  readonly #traded = new Set<string>();
  #symbols: readonly string[] = [];

  find(symbol: string): Market | undefined {
    return this.#markets.get(symbol);
  }

  instrumentOf(symbol: string): Instrument | undefined {
    return this.#markets.get(symbol)?.instrument;
  }

  /** All symbols, in the order in which they were added. */
  symbols(): readonly string[] {
    return this.#symbols;
  }

  /**
   * Adds a symbol, or replaces the terms of one. A price that traded outranks the operator's, and the status of a
   * known symbol stays: it is told by {@link setStatus}, while the rows that were read may be older than that.
   */
  put(terms: InstrumentTerms): void {
    const { symbol } = terms.instrument;
    const { lastPrice } = terms;
    const known = this.#markets.get(symbol);
    const hasTraded = this.#traded.has(symbol);
    this.#markets.set(symbol, {
      instrument: terms.instrument,
      status: known?.status ?? terms.status,
      referencePrice: hasTraded ? known?.referencePrice : terms.referencePrice,
      ready: known?.ready ?? false,
    });
    if (known === undefined) this.#symbols = [...this.#symbols, symbol];
    // Of a symbol that has traded in this life it may be the price of an earlier trade.
    if (!hasTraded && lastPrice !== undefined) this.setReferencePrice(symbol, lastPrice);
  }

  setStatus(symbol: string, status: TradingStatus): void {
    this.#change(symbol, { status });
  }

  setReady(symbol: string, ready: boolean): void {
    this.#change(symbol, { ready });
  }

  /** The price of the last committed trade. */
  setReferencePrice(symbol: string, referencePrice: Ticks): void {
    this.#traded.add(symbol);
    this.#change(symbol, { referencePrice });
  }

  #change(symbol: string, change: Partial<Market>): void {
    const market = this.#markets.get(symbol);
    if (market !== undefined) this.#markets.set(symbol, { ...market, ...change });
  }
}
