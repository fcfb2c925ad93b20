/**
 * The checks that an order passes before funds are held for it, in the order of the venue's rules: symbol,
 * market, combination of type and time in force, tick and lot, bounds, price band. Each refusal names the field,
 * the limit and the value.
 */
import { type Instrument, priceText, quantityText } from '../matching/instrument.ts';
import {
  BUY,
  type Lots,
  lots,
  type OrdType,
  type Side,
  type Ticks,
  type TimeInForce,
  ticks,
} from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import { type StepFault, textToSteps } from '../platform/decimal.ts';

/** What an account needs to know of a symbol. */
export interface MarketView {
  readonly instrument: Instrument;
  readonly status: TradingStatusView;
  readonly ready: boolean;
}
export type TradingStatusView =
  | { readonly type: 'Open' }
  | { readonly type: 'Halted'; readonly by: 'operator' | 'crash'; readonly reason: string };

/** OrdRejReason (103) with its Text (58). */
export interface OrderFault {
  readonly ordRejReason: number;
  readonly text: string;
}

/** OrdRejReason (103) values that the venue uses. */
export const ORD_REJ_REASON = {
  VenueOption: 0,
  UnknownSymbol: 1,
  ExchangeClosed: 2,
  ExceedsLimit: 3,
  DuplicateOrder: 6,
  UnsupportedCharacteristic: 11,
  IncorrectQuantity: 13,
  /** Only since FIX 5.0: told as 99 or 0 in older versions. */
  InvalidPriceIncrement: 18,
  Other: 99,
} as const;

/** The numbers of an order, once its text has been found to be whole ticks and lots. */
export interface CheckedTerms {
  readonly price: Ticks;
  readonly quantity: Lots;
}

export interface OrderTerms {
  readonly side: Side;
  readonly ordType: OrdType;
  readonly timeInForce: TimeInForce;
  /** OrderQty (38) as sent. */
  readonly orderQty: string;
  /** Price (44) as sent. */
  readonly price: string | undefined;
}

/** Longest value that a reject's text repeats. */
const SHOWN_VALUE_LENGTH = 40;

/** A value of the member as a reject's text shows it: cut when it is long. */
export function shown(value: string): string {
  return value.length <= SHOWN_VALUE_LENGTH ? value : `${value.slice(0, SHOWN_VALUE_LENGTH)}…`;
}

/** Whether new orders and replaces may reach the book now. */
export function checkMarketOpen(market: MarketView): OrderFault | undefined {
  const { status, instrument } = market;
  if (status.type === 'Halted') {
    return {
      ordRejReason: ORD_REJ_REASON.ExchangeClosed,
      text: `${instrument.symbol} is halted: ${status.reason}`,
    };
  }
  return undefined;
}

/** Everything about the order's terms that needs no balance. Returns ticks and lots, or the first fault. */
export function checkTerms(
  instrument: Instrument,
  terms: OrderTerms,
  referencePrice: Ticks | undefined,
): CheckedTerms | OrderFault {
  const combination = checkCombination(terms);
  if (combination !== undefined) return combination;
  const quantity = checkQuantity(instrument, terms.orderQty);
  if (typeof quantity !== 'number') return quantity;
  const price =
    terms.ordType === '1'
      ? protectionPrice(instrument, terms.side, referencePrice)
      : checkLimit(instrument, terms.price ?? '', referencePrice);
  return typeof price === 'number' ? { price, quantity } : price;
}

function checkCombination(terms: OrderTerms): OrderFault | undefined {
  if (terms.ordType === '1' && terms.timeInForce === '1') {
    return {
      ordRejReason: ORD_REJ_REASON.UnsupportedCharacteristic,
      text: 'a market order does not rest: TimeInForce(59) must be 0, 3 or 4',
    };
  }
  return undefined;
}

/** OrderQty (38): whole lots within the instrument's bounds. */
export function checkQuantity(instrument: Instrument, orderQty: string): Lots | OrderFault {
  const steps = textToSteps(orderQty, instrument.lot);
  const refuse = (text: string): OrderFault => ({ ordRejReason: ORD_REJ_REASON.IncorrectQuantity, text });
  if (typeof steps === 'string')
    return refuse(stepFaultText('OrderQty(38)', orderQty, steps, 'lot', instrument));
  if (steps === 0) return refuse('OrderQty(38)=0: must be more than zero');
  if (steps < instrument.minQuantity) {
    return refuse(
      `OrderQty(38)=${shown(orderQty)} is below the minimum ${quantityText(instrument, instrument.minQuantity)}`,
    );
  }
  if (steps > instrument.maxQuantity) {
    return refuse(
      `OrderQty(38)=${shown(orderQty)} is above the maximum ${quantityText(instrument, instrument.maxQuantity)}`,
    );
  }
  return lots(steps);
}

/** Price (44): whole ticks, more than zero, inside the price band. */
function checkLimit(
  instrument: Instrument,
  price: string,
  referencePrice: Ticks | undefined,
): Ticks | OrderFault {
  const steps = textToSteps(price, instrument.tick);
  const refuse = (text: string, ordRejReason: number = ORD_REJ_REASON.Other): OrderFault => {
    return { ordRejReason, text };
  };
  if (typeof steps === 'string') {
    const text = stepFaultText('Price(44)', price, steps, 'tick', instrument);
    return refuse(text, steps === 'off step' ? ORD_REJ_REASON.InvalidPriceIncrement : ORD_REJ_REASON.Other);
  }
  if (steps === 0) return refuse('Price(44)=0: must be more than zero');
  if (instrument.priceBandBps === undefined) return ticks(steps);
  if (referencePrice === undefined) {
    return refuse(
      `${instrument.symbol} has a price band but no reference price yet: the operator must set one`,
    );
  }
  const lowest = awayFrom(referencePrice, -instrument.priceBandBps, 'up');
  const highest = awayFrom(referencePrice, instrument.priceBandBps, 'down');
  if (BigInt(steps) < lowest || BigInt(steps) > highest) {
    const reference = priceText(instrument, referencePrice);
    const percent = instrument.priceBandBps / 100;
    return refuse(`Price(44)=${shown(price)} is more than ${percent}% away from the last price ${reference}`);
  }
  return ticks(steps);
}

/**
 * The worst price of a market order: the reference price away by the protection percentage, rounded inward to the
 * tick, and one tick at least.
 */
function protectionPrice(
  instrument: Instrument,
  side: Side,
  referencePrice: Ticks | undefined,
): Ticks | OrderFault {
  if (referencePrice === undefined) {
    return {
      ordRejReason: ORD_REJ_REASON.Other,
      text: `no market orders in ${instrument.symbol} yet: it has neither a trade nor a reference price`,
    };
  }
  const distance = instrument.marketProtectionBps;
  const price =
    side === BUY ? awayFrom(referencePrice, distance, 'down') : awayFrom(referencePrice, -distance, 'up');
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return ticks(Number(price < 1n ? 1n : price > most ? most : price));
}

const ONE_IN_BPS = 10_000n;

/** `price` × (1 + bps/10,000), to whole ticks. */
function awayFrom(price: Ticks, bps: number, rounding: 'up' | 'down'): bigint {
  const scaled = BigInt(price) * (ONE_IN_BPS + BigInt(bps));
  return rounding === 'down' ? scaled / ONE_IN_BPS : (scaled + ONE_IN_BPS - 1n) / ONE_IN_BPS;
}

function stepFaultText(
  field: string,
  value: string,
  fault: StepFault,
  step: 'tick' | 'lot',
  instrument: Instrument,
): string {
  const named = `${field}=${shown(value)}`;
  switch (fault) {
    case 'off step': {
      const size = step === 'tick' ? priceText(instrument, ticks(1)) : quantityText(instrument, lots(1));
      return `${named} is not a multiple of the ${step} size ${size}`;
    }
    case 'negative':
      return `${named} must be more than zero`;
    case 'too large':
      return `${named} is larger than the venue can hold`;
    case 'too precise':
    case 'malformed':
      return `${named} is not a decimal number`;
    default:
      return assertNever(fault);
  }
}
