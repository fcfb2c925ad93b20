/** What one user owns and what of it is set aside, per asset, in units of 10^-18. */
import { assert } from '../platform/assert.ts';
import { formatAmount } from '../platform/decimal.ts';
import type { Hold } from './holds.ts';

interface Balance {
  amount: bigint;
  held: bigint;
}

/** The largest amount that a NUMERIC(38,18) column holds. */
const LARGEST_AMOUNT = 10n ** 38n - 1n;

export class Balances {
  readonly #balances = new Map<string, Balance>();
  #setAside: readonly Hold[] = [];

  amount(asset: string): bigint {
    return this.#balances.get(asset)?.amount ?? 0n;
  }

  /** What a new hold or a withdrawal may take. */
  available(asset: string): bigint {
    const balance = this.#balances.get(asset);
    if (balance === undefined) return 0n;
    const free = balance.amount - balance.held;
    const left = this.#setAside.length === 0 ? free : free - this.#setAsideOf(asset);
    return left < 0n ? 0n : left;
  }

  add(asset: string, amount: bigint): void {
    this.#of(asset).amount += amount;
  }

  hold(hold: Hold): void {
    this.#of(hold.asset).held += hold.amount;
  }

  release(hold: Hold): void {
    this.#of(hold.asset).held -= hold.amount;
  }

  /**
   * Funds that are not available either, instead of those of the call before: not a hold, since no order has them, and
   * they may be gone already when they are freed.
   */
  setAside(funds: readonly Hold[]): void {
    this.#setAside = funds;
  }

  /** Whether the column can hold the balance after `amount` more. */
  fits(asset: string, amount: bigint): boolean {
    return this.amount(asset) + amount <= LARGEST_AMOUNT;
  }

  /** Asserts 0 <= held <= amount for every asset, as the database does. */
  check(): void {
    for (const [asset, { amount, held }] of this.#balances) {
      assert(held >= 0n && held <= amount, `balance of ${asset}: holds ${held} of ${amount}`);
    }
  }

  /** Text (58) of a refusal for lack of funds. */
  shortfallText(asset: string, needed: bigint): string {
    const available = formatAmount(this.available(asset));
    return `insufficient funds: needs ${formatAmount(needed)} ${asset}, available ${available} ${asset}`;
  }

  #setAsideOf(asset: string): bigint {
    return this.#setAside.find((funds) => funds.asset === asset)?.amount ?? 0n;
  }

  #of(asset: string): Balance {
    let balance = this.#balances.get(asset);
    if (balance === undefined) {
      balance = { amount: 0n, held: 0n };
      this.#balances.set(asset, balance);
    }
    return balance;
  }
}
