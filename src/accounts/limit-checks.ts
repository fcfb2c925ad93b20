/** The most that orders may be: what an instrument allows everybody, and what the operator allows one member. */
import type { Instrument } from '../matching/instrument.ts';
import type { Lots, Ticks } from '../matching/types.ts';
import { formatAmount } from '../platform/decimal.ts';
import { baseUnitsOf, notionalOf } from './holds.ts';
import { ORD_REJ_REASON, type OrderFault, shown } from './order-checks.ts';
import type { TradingTerms } from './trading-terms.ts';

/** How large one order is. */
export interface OrderSize {
  /** OrderQty (38) as sent. */
  readonly orderQty: string;
  readonly quantity: Lots;
  /** The limit, or the protection price. */
  readonly price: Ticks;
}

/** The instrument's notional, then the member's quantity and notional. */
export function checkSize(
  instrument: Instrument,
  terms: TradingTerms,
  size: OrderSize,
): OrderFault | undefined {
  const ofInstrument = instrument.maxNotional;
  const { maxQuantity, maxNotional } = terms;
  if (ofInstrument === undefined && maxQuantity === undefined && maxNotional === undefined) return undefined;
  const notional = notionalOf(instrument, size.price, size.quantity);
  const worth = (most: string): OrderFault =>
    exceedsLimit(
      `the order is worth ${quoteText(instrument, notional)} ${instrument.quoteAsset}, above ${most}`,
    );
  if (ofInstrument !== undefined && notional > ofInstrument) {
    return worth(`the maximum ${quoteText(instrument, ofInstrument)}`);
  }
  if (maxQuantity !== undefined && baseUnitsOf(instrument, size.quantity) > maxQuantity) {
    return exceedsLimit(
      `OrderQty(38)=${shown(size.orderQty)} is above your maximum ${formatAmount(maxQuantity)}`,
    );
  }
  if (maxNotional !== undefined && notional > maxNotional) {
    return worth(`your maximum ${quoteText(instrument, maxNotional)}`);
  }
  return undefined;
}

/**
 * Whether one more order may be open. Every order that the venue is at work on counts, one that will not rest too:
 * nobody can know beforehand.
 */
export function checkOpenOrders(
  instrument: Instrument,
  terms: TradingTerms,
  openOrders: { readonly inSymbol: number; readonly inAll: number },
): OrderFault | undefined {
  if (instrument.maxOpenOrders !== undefined && openOrders.inSymbol >= instrument.maxOpenOrders) {
    return exceedsLimit(`you have ${openOrders.inSymbol} open orders in ${instrument.symbol}, the maximum`);
  }
  if (terms.maxOpenOrders !== undefined && openOrders.inAll >= terms.maxOpenOrders) {
    return exceedsLimit(`you have ${openOrders.inAll} open orders, your maximum`);
  }
  return undefined;
}

/**
 * Whether the member may have one stop order more waiting in the symbol. A book holds a bounded number of them for
 * everybody: the bound of each member is what keeps one from taking all of it.
 */
export function checkWaitingStops(symbol: string, waiting: number, most: number): OrderFault | undefined {
  if (waiting < most) return undefined;
  return exceedsLimit(`you have ${waiting} stop orders waiting in ${symbol}, the maximum`);
}

/** OrdRejReason (103) 3. */
function exceedsLimit(text: string): OrderFault {
  return { ordRejReason: ORD_REJ_REASON.ExceedsLimit, text };
}

/** A quote amount with the tick's decimals at least: 1200.00, 0.00012. */
function quoteText(instrument: Instrument, units: bigint): string {
  const text = formatAmount(units);
  const [integer, fraction = ''] = text.split('.');
  const { decimals } = instrument.tick;
  return fraction.length >= decimals ? text : `${integer}.${fraction.padEnd(decimals, '0')}`;
}
