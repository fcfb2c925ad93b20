/**
 * What an open order keeps of its owner's balance, so that nobody trades what they do not have. A buy holds the
 * quote asset at its worst price and fee, a sell holds the base asset; a seller's fee comes out of the proceeds.
 */

import type { FeeRate, Instrument } from '../matching/instrument.ts';
import { BUY, type Lots, type OrderSnapshot, type Side, type Ticks } from '../matching/types.ts';
import { assert } from '../platform/assert.ts';
import { feeOn } from './fees.ts';

/** What of an order decides its hold. An {@link OrderSnapshot} is one; a closed one holds nothing. */
export interface HoldTerms {
  readonly side: Side;
  /** The limit; for a market order its protection price. */
  readonly price: Ticks;
  readonly leavesQty: Lots;
  readonly makerFeeRate: FeeRate;
  readonly takerFeeRate: FeeRate;
}

/** An amount of one asset that is set aside, in units of 10^-18; never negative. */
export interface Hold {
  readonly asset: string;
  readonly amount: bigint;
}

/** The price (44) and total quantity (38) that a replace (G) in flight asks for. */
export interface PendingReplace {
  readonly price: Ticks;
  readonly quantity: Lots;
}

/** Price × quantity in quote units of 10^-18, exact. */
export function notionalOf(instrument: Instrument, price: Ticks, quantity: Lots): bigint {
  return BigInt(price) * BigInt(quantity) * instrument.quoteUnitsPerTickLot;
}

/** A quantity in base units of 10^-18, exact. */
export function baseUnitsOf(instrument: Instrument, quantity: Lots): bigint {
  return BigInt(quantity) * instrument.lot.units;
}

/**
 * The hold of an order with these terms. For a buy it covers each of its fills with the fee, as maker or as taker,
 * at the limit or better, and what remains after a fill is the hold of the rest or more.
 */
export function holdFor(instrument: Instrument, terms: HoldTerms): Hold {
  if (terms.side === BUY) {
    const amount = costOf(instrument, terms, terms.price, terms.leavesQty);
    return { asset: instrument.quoteAsset, amount };
  }
  return { asset: instrument.baseAsset, amount: baseUnitsOf(instrument, terms.leavesQty) };
}

/**
 * The hold of an order while replaces of it are on their way to the book: enough for every outcome, each replace
 * done or refused, with any fills before and after. With none pending it is the order's own hold.
 */
export function holdForReplace(
  instrument: Instrument,
  order: OrderSnapshot,
  pending: readonly PendingReplace[],
): Hold {
  const { side, price, quantity, cumQty } = order;
  assert(quantity === cumQty + order.leavesQty, `order ${order.orderId} is not working`);
  const leavesOf = (total: number): Lots => Math.max(0, total - cumQty) as Lots;
  const largestQuantity = pending.reduce(
    (largest, next) => Math.max(largest, next.quantity),
    quantity as number,
  );
  const largestLeaves = leavesOf(largestQuantity);
  if (side !== BUY) return { asset: instrument.baseAsset, amount: baseUnitsOf(instrument, largestLeaves) };

  const cost = (at: Ticks, lots: Lots): bigint => costOf(instrument, order, at, lots);
  const asset = instrument.quoteAsset;
  const [only, another] = pending;
  if (only === undefined) return { asset, amount: cost(price, order.leavesQty) };
  if (another !== undefined) {
    const largestPrice = pending.reduce(
      (largest, next) => (next.price > largest ? next.price : largest),
      price,
    );
    return { asset, amount: cost(largestPrice, largestLeaves) };
  }
  // The order may fill at its old price until the replace arrives, and at the new one from then on. The cost is
  // linear in the point of change, so that its ends decide: nothing filled before, or all that both totals share.
  const refused = cost(price, order.leavesQty);
  const replacedAtOnce = cost(only.price, leavesOf(only.quantity));
  const added = Math.max(0, only.quantity - quantity) as Lots;
  const replacedLate = cost(price, leavesOf(Math.min(quantity, only.quantity))) + cost(only.price, added);
  return { asset, amount: largestOf(refused, replacedAtOnce, replacedLate) };
}

/** Notional and the larger fee: whether the order will add or remove liquidity is not known beforehand. */
function costOf(
  instrument: Instrument,
  rates: Pick<HoldTerms, 'makerFeeRate' | 'takerFeeRate'>,
  price: Ticks,
  quantity: Lots,
): bigint {
  const notional = notionalOf(instrument, price, quantity);
  return notional + feeOn(notional, Math.max(rates.makerFeeRate, rates.takerFeeRate));
}

function largestOf(first: bigint, ...others: readonly bigint[]): bigint {
  return others.reduce((largest, next) => (next > largest ? next : largest), first);
}
