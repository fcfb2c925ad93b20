/**
 * What an order asks for besides price and quantity, from the text that was sent to what a book understands. A plain
 * order has nothing of it and costs nothing here.
 */
import { isSliced, MAX_ICEBERG_SLICES } from '../matching/combinations.ts';
import { type Instrument, quantityText } from '../matching/instrument.ts';
import type { NewOrderSingle } from '../matching/order-commands.ts';
import type { Lots } from '../matching/types.ts';
import type { Extra, JudgeContext } from './judgement.ts';
import { checkLots, incorrectQuantity, ORD_REJ_REASON, type OrderFault, shown } from './order-checks.ts';
import type { TradingTerms } from './trading-terms.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Whether {@link checkInstructions} has anything to do. */
export function hasInstructions(order: NewOrderSingle, terms: TradingTerms): boolean {
  return (
    order.execInst !== undefined ||
    order.minQty !== undefined ||
    order.maxFloor !== undefined ||
    order.timeInForce === '6' ||
    terms.selfTradePrevention !== undefined ||
    order.selfTradePrevention !== undefined ||
    order.selfTradeGroup !== undefined ||
    order.account !== undefined ||
    order.secondaryClOrdId !== undefined ||
    order.clOrdLinkId !== undefined
  );
}

/** The instructions of a D whose fields go together, for an order of `quantity`, but StopPx. Only what applies is there. */
export function checkInstructions(
  order: NewOrderSingle,
  quantity: Lots,
  instrument: Instrument,
  terms: TradingTerms,
  context: JudgeContext,
): Extra | OrderFault {
  const checked: Writable<Extra> = {};
  if (order.minQty !== undefined) {
    const minQty = checkMinQty(instrument, order.minQty, quantity, order.orderQty);
    if (typeof minQty !== 'number') return minQty;
    checked.minQty = minQty;
  }
  if (order.maxFloor !== undefined) {
    const maxFloor = checkMaxFloor(instrument, order.maxFloor, quantity, order.orderQty);
    if (typeof maxFloor !== 'number') return maxFloor;
    checked.maxFloor = maxFloor;
  }
  if (order.timeInForce === '6') {
    const end = checkEnd(order, context);
    if ('text' in end) return end;
    checked.expireTime = end.expireTime;
    if (end.expireDate !== undefined) checked.expireDate = end.expireDate;
  }
  if (order.execInst !== undefined) checked.execInst = order.execInst;
  if (order.execInst === '6' && instrument.postOnlySlides) checked.slides = true;
  const prevention = order.selfTradePrevention ?? terms.selfTradePrevention;
  if (prevention !== undefined && prevention !== 'None') checked.selfTradePrevention = prevention;
  // Without a mode too: it tells the member's other orders which of its orders they must not meet.
  if (order.selfTradeGroup !== undefined) checked.selfTradeGroup = order.selfTradeGroup;
  if (order.account !== undefined) checked.account = order.account;
  if (order.secondaryClOrdId !== undefined) checked.secondaryClOrdId = order.secondaryClOrdId;
  if (order.clOrdLinkId !== undefined) checked.clOrdLinkId = order.clOrdLinkId;
  return checked;
}

/** MinQty (110): whole lots, not more than the order. */
function checkMinQty(
  instrument: Instrument,
  text: string,
  quantity: Lots,
  orderQty: string,
): Lots | OrderFault {
  const minQty = checkLots(instrument, 'MinQty(110)', text);
  if (typeof minQty !== 'number' || minQty <= quantity) return minQty;
  return incorrectQuantity(`MinQty(110)=${shown(text)} is above OrderQty(38)=${shown(orderQty)}`);
}

/** MaxFloor (111): whole lots, and no more slices than a book trades for one order. */
export function checkMaxFloor(
  instrument: Instrument,
  text: string,
  quantity: Lots,
  orderQty: string,
): Lots | OrderFault {
  const maxFloor = checkLots(instrument, 'MaxFloor(111)', text);
  if (typeof maxFloor !== 'number') return maxFloor;
  return checkSlices(instrument, maxFloor, quantity, orderQty) ?? maxFloor;
}

/** Refuses what would come in too many slices of `maxFloor`. */
export function checkSlices(
  instrument: Instrument,
  maxFloor: Lots,
  quantity: Lots,
  orderQty: string,
): OrderFault | undefined {
  if (isSliced({ maxFloor, quantity })) return undefined;
  return incorrectQuantity(
    `MaxFloor(111)=${quantityText(instrument, maxFloor)} cuts OrderQty(38)=${shown(orderQty)} ` +
      `into more than ${MAX_ICEBERG_SLICES} slices`,
  );
}

/** A UTCTimestamp has four digits for the year, and a leap second can lead beyond the last one. */
const END_OF_TIMESTAMPS = Date.UTC(10_000, 0, 1);

/** When a good-till-date order ends. */
export interface End {
  /** Ms since the epoch. */
  readonly expireTime: number;
  /** ExpireDate (432), if that is what was sent: the order ends with that trading day. */
  readonly expireDate?: string;
}

/** ExpireTime (126) or ExpireDate (432), of which one is there: in the future. */
export function checkEnd(
  { expireTime, expireDate }: Pick<NewOrderSingle, 'expireTime' | 'expireDate'>,
  context: Pick<JudgeContext, 'at' | 'endOfTradingDay'>,
): End | OrderFault {
  const past = (named: string): OrderFault => {
    return { ordRejReason: ORD_REJ_REASON.Other, text: `${named} lies in the past` };
  };
  if (expireDate !== undefined) {
    const end = context.endOfTradingDay(expireDate);
    return end > context.at
      ? { expireTime: end, expireDate }
      : past(`ExpireDate(432)=${expireDate.replaceAll('-', '')}`);
  }
  const end = expireTime ?? 0;
  if (end >= END_OF_TIMESTAMPS) {
    return { ordRejReason: ORD_REJ_REASON.Other, text: 'ExpireTime(126) lies beyond the year 9999' };
  }
  return end > context.at ? { expireTime: end } : past(`ExpireTime(126)=${utcTimestamp(end)}`);
}

/** An instant as FIX writes a UTCTimestamp. */
function utcTimestamp(at: number): string {
  return new Date(at).toISOString().replaceAll('-', '').replace('T', '-').replace('Z', '');
}
