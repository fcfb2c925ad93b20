/** A directory of instruments that a test writes, where a venue would have the exchange's. */
import type { Security, SecurityDirectory, SecurityTrading } from '../../src/fix/security-directory.ts';
import type { Instrument } from '../../src/matching/instrument.ts';
import { BTC_USD } from './instruments.ts';

export class TestSecurities implements SecurityDirectory {
  readonly #securities = new Map<string, Security>();

  /** BTC-USD is open unless other instruments are given. */
  constructor(instruments: readonly Instrument[] = [BTC_USD]) {
    for (const instrument of instruments) this.add(instrument);
  }

  find(symbol: string): Security | undefined {
    return this.#securities.get(symbol);
  }

  symbols(): readonly string[] {
    return [...this.#securities.keys()];
  }

  add(instrument: Instrument): void {
    this.#securities.set(instrument.symbol, { instrument, status: { type: 'Open' }, ready: true });
  }

  remove(symbol: string): void {
    this.#securities.delete(symbol);
  }

  set(symbol: string, status: SecurityTrading, ready = true): void {
    const security = this.#securities.get(symbol);
    if (security === undefined) throw new Error(`there is no ${symbol}`);
    this.#securities.set(symbol, { ...security, status, ready });
  }
}
