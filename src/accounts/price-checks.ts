/** How far prices may be from the price that they refer to: the band of limits, and the protection of market orders. */
import { type Instrument, priceText } from '../matching/instrument.ts';
import { BUY, type Side, type Ticks, ticks } from '../matching/types.ts';
import { ORD_REJ_REASON, type OrderFault, shown } from './order-checks.ts';
import type { TradingTerms } from './trading-terms.ts';

/** Price (44) inside the price band: the instrument's, or the member's where that is narrower. */
export function checkBand(
  instrument: Instrument,
  terms: TradingTerms,
  price: { readonly ticks: Ticks; readonly text: string },
  referencePrice: Ticks | undefined,
): OrderFault | undefined {
  const ofInstrument = instrument.priceBandBps;
  const ofMember = terms.priceBandBps;
  const isMembers = ofMember !== undefined && (ofInstrument === undefined || ofMember < ofInstrument);
  const bps = isMembers ? ofMember : ofInstrument;
  if (bps === undefined) return undefined;
  const refuse = (text: string): OrderFault => ({ ordRejReason: ORD_REJ_REASON.Other, text });
  if (referencePrice === undefined) {
    const band = isMembers
      ? `you have a price band but ${instrument.symbol} has`
      : `${instrument.symbol} has a price band but`;
    return refuse(`${band} no reference price yet: the operator must set one`);
  }
  const lowest = awayFrom(referencePrice, -bps, 'up');
  const highest = awayFrom(referencePrice, bps, 'down');
  const steps = BigInt(price.ticks);
  if (steps >= lowest && steps <= highest) return undefined;
  const percent = `${isMembers ? 'your ' : ''}${bps / 100}%`;
  const reference = priceText(instrument, referencePrice);
  return refuse(
    `Price(44)=${shown(price.text)} is more than ${percent} away from the reference price ${reference}`,
  );
}

/** The worst price of a market order (40=1), or why there is none. */
export function marketPrice(
  instrument: Instrument,
  side: Side,
  referencePrice: Ticks | undefined,
): Ticks | OrderFault {
  if (referencePrice !== undefined) return protectionPrice(instrument, side, referencePrice);
  return {
    ordRejReason: ORD_REJ_REASON.Other,
    text: `no market orders in ${instrument.symbol} yet: it has neither a trade nor a reference price`,
  };
}

/**
 * The worst price of an order that trades at the market: `around` (the reference price, or StopPx) away by the
 * protection percentage, rounded inward to the tick, and one tick at least.
 */
export function protectionPrice(instrument: Instrument, side: Side, around: Ticks): Ticks {
  const distance = instrument.marketProtectionBps;
  const price = side === BUY ? awayFrom(around, distance, 'down') : awayFrom(around, -distance, 'up');
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return ticks(Number(price < 1n ? 1n : price > most ? most : price));
}

const ONE_IN_BPS = 10_000n;

/** `price` × (1 + bps/10,000), to whole ticks. */
function awayFrom(price: Ticks, bps: number, rounding: 'up' | 'down'): bigint {
  const scaled = BigInt(price) * (ONE_IN_BPS + BigInt(bps));
  return rounding === 'down' ? scaled / ONE_IN_BPS : (scaled + ONE_IN_BPS - 1n) / ONE_IN_BPS;
}
