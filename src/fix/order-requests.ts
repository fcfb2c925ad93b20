/**
 * Reads what members ask for of orders: D, F and G become commands, or a refusal that names what the venue does not
 * do; q, H and AF are read by mass-requests.ts. Decimals stay the text that was sent.
 */
import type {
  MemberCommand,
  NewOrderSingle,
  OrderCancelReplaceRequest,
  OrderCancelRequest,
  RequestedInstructions,
} from '../matching/order-commands.ts';
import type { OrderLabels, OrdType, SelfTradePrevention, Side, TimeInForce } from '../matching/types.ts';
import { AssertionError } from '../platform/assert.ts';
import { readMassCancel, readMassStatus, readOrderStatus } from './mass-requests.ts';
import type { FixMessage } from './message.ts';
import {
  NEW_ORDER_SINGLE,
  ORDER_CANCEL_REPLACE_REQUEST,
  ORDER_CANCEL_REQUEST,
} from './messages/order-entry.ts';
import type { OrderCommandReading, OrderRefusal } from './request-readings.ts';
import { EXTRA, extrasIn, unsupportedField } from './supported-fields.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { parseUtcTimestamp } from './timestamp.ts';
import { requiredText, typedTags } from './typed-messages.ts';
import type { FixVersion } from './version.ts';

const ORDER = typedTags(NEW_ORDER_SINGLE);
const CANCEL = typedTags(ORDER_CANCEL_REQUEST);
const REPLACE = typedTags(ORDER_CANCEL_REPLACE_REQUEST);

const ORD_REJ_REASON_UNSUPPORTED = 11;
const CXL_REJ_REASON_VENUE_OPTION = 2;
const DAY: TimeInForce = '0';

/** SelfMatchPreventionMode (7929). */
const SELF_TRADE_PREVENTIONS: Readonly<Record<string, SelfTradePrevention | 'None'>> = {
  0: 'None',
  1: 'CancelNewest',
  2: 'CancelOldest',
  3: 'CancelBoth',
  4: 'Decrement',
};

/**
 * Reads a D, F, G, q, H or AF that the validator has passed. Ticks, funds, symbols and duplicates are judged later;
 * here only what no instrument of this venue does is refused.
 */
export function readOrderCommand(message: FixMessage, version: FixVersion): OrderCommandReading {
  switch (message.msgType) {
    case MSG_TYPE.OrderMassCancelRequest:
      return readMassCancel(message, version);
    case MSG_TYPE.OrderStatusRequest:
      return readOrderStatus(message, version);
    case MSG_TYPE.OrderMassStatusRequest:
      return readMassStatus(message, version);
    default: {
      const text = unsupportedField(message, version);
      if (text !== undefined) return { type: 'Unsupported', refusal: refusalOf(message, text) };
      return { type: 'Command', command: commandOf(message) };
    }
  }
}

function refusalOf(message: FixMessage, text: string): OrderRefusal {
  const common = {
    clOrdId: requiredText(message, ORDER.ClOrdID),
    symbol: requiredText(message, ORDER.Symbol),
    side: requiredText(message, ORDER.Side),
    orderQty: message.get(ORDER.OrderQty) ?? '0',
    text,
  };
  if (message.msgType === MSG_TYPE.NewOrderSingle) {
    return { type: 'OrderRefused', ...common, ordRejReason: ORD_REJ_REASON_UNSUPPORTED };
  }
  return {
    type: 'CancelRefused',
    ...common,
    origClOrdId: message.get(CANCEL.OrigClOrdID),
    orderId: message.get(CANCEL.OrderID),
    cxlRejResponseTo: message.msgType === MSG_TYPE.OrderCancelRequest ? 1 : 2,
    cxlRejReason: CXL_REJ_REASON_VENUE_OPTION,
  };
}

function commandOf(message: FixMessage): MemberCommand {
  switch (message.msgType) {
    case MSG_TYPE.NewOrderSingle:
      return newOrderSingle(message);
    case MSG_TYPE.OrderCancelRequest:
      return orderCancelRequest(message);
    case MSG_TYPE.OrderCancelReplaceRequest:
      return orderCancelReplaceRequest(message);
    default:
      throw new AssertionError('only D, F and G are order commands');
  }
}

function newOrderSingle(message: FixMessage): NewOrderSingle {
  const orderQty = message.get(ORDER.OrderQty);
  // Without CashOrderQty (152) and OrderPercent (516), which were refused, there is one.
  if (orderQty === undefined) throw new AssertionError('the validator passed an order without a quantity');
  const order: Mutable<NewOrderSingle> = {
    type: 'NewOrderSingle',
    clOrdId: requiredText(message, ORDER.ClOrdID),
    symbol: requiredText(message, ORDER.Symbol),
    side: requiredText(message, ORDER.Side) as Side,
    ordType: requiredText(message, ORDER.OrdType) as OrdType,
    timeInForce: (message.get(ORDER.TimeInForce) as TimeInForce | undefined) ?? DAY,
    orderQty,
    price: message.get(ORDER.Price),
    mayBeRepeat: mayBeRepeat(message),
  };
  const extras = extrasIn(message);
  if (extras === 0) return order;
  const account = message.get(ORDER.Account);
  if (account !== undefined) order.account = account;
  if ((extras & EXTRA.currency) !== 0) addCurrency(order, message);
  if ((extras & EXTRA.otherLabels) !== 0) addOtherLabels(order, message);
  if ((extras & EXTRA.instructions) !== 0) {
    addInstructions(order, message);
    addSelfTradePrevention(order, message);
  }
  return order;
}

function orderCancelRequest(message: FixMessage): OrderCancelRequest {
  return {
    type: 'OrderCancelRequest',
    clOrdId: requiredText(message, CANCEL.ClOrdID),
    origClOrdId: message.get(CANCEL.OrigClOrdID),
    orderId: message.get(CANCEL.OrderID),
    symbol: requiredText(message, CANCEL.Symbol),
    side: requiredText(message, CANCEL.Side) as Side,
    mayBeRepeat: mayBeRepeat(message),
  };
}

function orderCancelReplaceRequest(message: FixMessage): OrderCancelReplaceRequest {
  const orderQty = message.get(REPLACE.OrderQty);
  if (orderQty === undefined) throw new AssertionError('the validator passed a replace without a quantity');
  const replace: Mutable<OrderCancelReplaceRequest> = {
    type: 'OrderCancelReplaceRequest',
    clOrdId: requiredText(message, REPLACE.ClOrdID),
    origClOrdId: message.get(REPLACE.OrigClOrdID),
    orderId: message.get(REPLACE.OrderID),
    symbol: requiredText(message, REPLACE.Symbol),
    side: requiredText(message, REPLACE.Side) as Side,
    ordType: requiredText(message, REPLACE.OrdType) as OrdType,
    timeInForce: message.get(REPLACE.TimeInForce) as TimeInForce | undefined,
    orderQty,
    price: message.get(REPLACE.Price),
    mayBeRepeat: mayBeRepeat(message),
  };
  const extras = extrasIn(message);
  if ((extras & EXTRA.currency) !== 0) addCurrency(replace, message);
  if ((extras & EXTRA.instructions) !== 0) addInstructions(replace, message);
  return replace;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function addCurrency(found: { currency?: string }, message: FixMessage): void {
  const currency = message.get(ORDER.Currency);
  if (currency !== undefined) found.currency = currency;
}

/** Adds what a D and a G may ask for besides price and quantity; what was not sent stays absent. */
function addInstructions(
  found: Mutable<Omit<RequestedInstructions, 'selfTradePrevention' | 'selfTradeGroup' | keyof OrderLabels>>,
  message: FixMessage,
): void {
  const stopPx = message.get(ORDER.StopPx);
  if (stopPx !== undefined) found.stopPx = stopPx;
  const expireTime = message.get(ORDER.ExpireTime);
  if (expireTime !== undefined) found.expireTime = instantOf(expireTime);
  const expireDate = message.get(ORDER.ExpireDate);
  if (expireDate !== undefined) found.expireDate = dayOf(expireDate);
  const execInst = message.get(ORDER.ExecInst);
  if (execInst !== undefined) found.execInst = execInst as '6' | 'G';
  const minQty = message.get(ORDER.MinQty);
  if (minQty !== undefined) found.minQty = minQty;
  const maxFloor = message.get(ORDER.MaxFloor) ?? message.get(ORDER.DisplayQty);
  if (maxFloor !== undefined) found.maxFloor = maxFloor;
}

function addSelfTradePrevention(order: Mutable<NewOrderSingle>, message: FixMessage): void {
  const mode = message.get(ORDER.SelfMatchPreventionMode);
  const selfTradePrevention = mode === undefined ? undefined : SELF_TRADE_PREVENTIONS[mode];
  if (selfTradePrevention !== undefined) order.selfTradePrevention = selfTradePrevention;
  const selfTradeGroup = message.getInt(ORDER.SelfMatchPreventionID);
  if (selfTradeGroup !== undefined) order.selfTradeGroup = selfTradeGroup;
}

function addOtherLabels(order: Mutable<NewOrderSingle>, message: FixMessage): void {
  const secondaryClOrdId = message.get(ORDER.SecondaryClOrdID);
  if (secondaryClOrdId !== undefined) order.secondaryClOrdId = secondaryClOrdId;
  const clOrdLinkId = message.get(ORDER.ClOrdLinkID);
  if (clOrdLinkId !== undefined) order.clOrdLinkId = clOrdLinkId;
}

function instantOf(utcTimestamp: string): number {
  const at = parseUtcTimestamp(utcTimestamp);
  if (at === undefined) throw new AssertionError('the validator passed a time that is none');
  return at;
}

/** `YYYY-MM-DD` of `YYYYMMDD`. */
function dayOf(date: string): string {
  return `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
}

function mayBeRepeat(message: FixMessage): boolean {
  return message.get(TAG.PossDupFlag) === 'Y' || message.get(TAG.PossResend) === 'Y';
}
