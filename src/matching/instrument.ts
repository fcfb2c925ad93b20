/**
 * What can be traded and by which steps: the part of an instrument that prices, quantities and money are
 * computed with. Its status (open, halted) lives with the exchange, since it changes.
 */
import { assert } from '../platform/assert.ts';
import { AMOUNT_DECIMALS, formatAmount, type StepSize, stepsToText } from '../platform/decimal.ts';
import type { Lots, Ticks } from './types.ts';

/** A fee rate in hundred-millionths of the notional: 10,000 is one basis point. */
export type FeeRate = number;
export const FEE_RATE_ONE = 100_000_000n;
export const FEE_RATE_PER_BASIS_POINT = 10_000;

export interface Instrument {
  /** Symbol (55). */
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly tick: StepSize;
  readonly lot: StepSize;
  readonly minQuantity: Lots;
  readonly maxQuantity: Lots;
  /** The most that an order may be worth at its limit, in quote units of 10^-18; undefined: no bound. */
  readonly maxNotional: bigint | undefined;
  /** How many open orders a member may have here; undefined: no bound. */
  readonly maxOpenOrders: number | undefined;
  /** A post-only order that would trade is re-priced behind the best opposite price, not refused. */
  readonly postOnlySlides: boolean;
  /** How far from the reference price a limit may be, in hundredths of a percent; undefined: no band. */
  readonly priceBandBps: number | undefined;
  /** How far from the reference price a market order may trade, in hundredths of a percent. */
  readonly marketProtectionBps: number;
  readonly makerFeeRate: FeeRate;
  readonly takerFeeRate: FeeRate;
  /** Quote units (10^-18) of one lot at one tick. Exact: tick and lot together have at most 18 decimals. */
  readonly quoteUnitsPerTickLot: bigint;
}

/** Exact quote units of one lot at a price of one tick; `undefined` when 18 decimals cannot hold it. */
export function quoteUnitsPerTickLot(tick: StepSize, lot: StepSize): bigint | undefined {
  const product = tick.units * lot.units;
  const scale = 10n ** BigInt(AMOUNT_DECIMALS);
  return product % scale === 0n ? product / scale : undefined;
}

/** Price (44, 31) as text with the tick's decimals. */
export function priceText(instrument: Instrument, price: Ticks): string {
  return stepsToText(price, instrument.tick);
}

/** Quantity (38, 14, 151, 32) as text with the lot's decimals. */
export function quantityText(instrument: Instrument, quantity: Lots): string {
  return stepsToText(quantity, instrument.lot);
}

/**
 * AvgPx (6): the sum of price × quantity over the quantity, rounded half up at 18 decimals; `0` before a fill.
 * `cumNotional` is in tick-lots.
 */
export function avgPxText(instrument: Instrument, cumNotional: bigint, cumQty: Lots): string {
  if (cumQty === 0) return '0';
  assert(cumNotional >= 0n, 'a cumulative notional is never negative');
  const numerator = cumNotional * instrument.tick.units;
  const denominator = BigInt(cumQty);
  return formatAmount((numerator * 2n + denominator) / (denominator * 2n));
}
