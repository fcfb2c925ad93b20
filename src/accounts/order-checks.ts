/**
 * The first checks that an order passes: symbol, market, and each field by itself, which must be whole ticks or lots.
 * Each refusal names the field, the limit and the value.
 */
import { type Instrument, priceText, quantityText } from '../matching/instrument.ts';
import { type Lots, lots, type Ticks, ticks } from '../matching/types.ts';
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
  /** No new orders and no replaces; cancels, expiry and the end of the day go on. */
  | { readonly type: 'CancelOnly'; readonly reason: string }
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
  UnknownOrder: 5,
  DuplicateOrder: 6,
  UnsupportedCharacteristic: 11,
  IncorrectQuantity: 13,
  /** Only since FIX 5.0: told as 99 or 0 in older versions. */
  InvalidPriceIncrement: 18,
  Other: 99,
} as const;

/** Longest value that a reject's text repeats. */
const SHOWN_VALUE_LENGTH = 40;

/** A value of the member as a reject's text shows it: cut when it is long. */
export function shown(value: string): string {
  return value.length <= SHOWN_VALUE_LENGTH ? value : `${value.slice(0, SHOWN_VALUE_LENGTH)}…`;
}

/** Text (58) about a symbol that the venue does not know. */
export function unknownSymbolText(symbol: string): string {
  return `Symbol(55)=${shown(symbol)} is not traded here`;
}

/** Text (58) about a symbol that is not open for everything; undefined when it is. */
export function closedText({ status, instrument }: MarketView): string | undefined {
  if (status.type === 'Open') return undefined;
  const state = status.type === 'Halted' ? 'is halted' : 'takes cancels only';
  return `${instrument.symbol} ${state}: ${status.reason}`;
}

/** Whether new orders may reach the book now. */
export function checkMarketOpen(market: MarketView): OrderFault | undefined {
  const text = closedText(market);
  return text === undefined ? undefined : { ordRejReason: ORD_REJ_REASON.ExchangeClosed, text };
}

/** Text (58) about a Currency (15) that is not the symbol's; undefined when it is, or when there is none. */
export function currencyText(instrument: Instrument, currency: string | undefined): string | undefined {
  const { symbol, quoteAsset } = instrument;
  if (currency === undefined || currency === quoteAsset) return undefined;
  return `Currency(15)=${shown(currency)} is not ${quoteAsset}, in which ${symbol} is priced`;
}

/** OrderQty (38): whole lots within the instrument's bounds. */
export function checkQuantity(instrument: Instrument, orderQty: string): Lots | OrderFault {
  const quantity = checkLots(instrument, 'OrderQty(38)', orderQty);
  if (typeof quantity !== 'number') return quantity;
  const { minQuantity, maxQuantity } = instrument;
  if (quantity < minQuantity) {
    return incorrectQuantity(
      `OrderQty(38)=${shown(orderQty)} is below the minimum ${quantityText(instrument, minQuantity)}`,
    );
  }
  if (quantity > maxQuantity) {
    return incorrectQuantity(
      `OrderQty(38)=${shown(orderQty)} is above the maximum ${quantityText(instrument, maxQuantity)}`,
    );
  }
  return quantity;
}

/** A quantity field: whole lots, more than zero. */
export function checkLots(instrument: Instrument, field: string, value: string): Lots | OrderFault {
  const steps = textToSteps(value, instrument.lot);
  if (typeof steps === 'string') {
    return incorrectQuantity(stepFaultText(field, value, steps, 'lot', instrument));
  }
  return steps === 0 ? incorrectQuantity(`${field}=0: must be more than zero`) : lots(steps);
}

/** A price field: whole ticks, more than zero. */
export function checkTicks(instrument: Instrument, field: string, value: string): Ticks | OrderFault {
  const steps = textToSteps(value, instrument.tick);
  if (typeof steps === 'string') {
    const { InvalidPriceIncrement, Other } = ORD_REJ_REASON;
    const text = stepFaultText(field, value, steps, 'tick', instrument);
    return { ordRejReason: steps === 'off step' ? InvalidPriceIncrement : Other, text };
  }
  if (steps === 0) return { ordRejReason: ORD_REJ_REASON.Other, text: `${field}=0: must be more than zero` };
  return ticks(steps);
}

/** OrdRejReason (103) 13. */
export function incorrectQuantity(text: string): OrderFault {
  return { ordRejReason: ORD_REJ_REASON.IncorrectQuantity, text };
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
