/**
 * Reads orders, cancels and replaces: D, F and G become commands, or a refusal that names what the venue does
 * not do. Decimals stay the text that was sent.
 */
import type {
  MemberCommand,
  NewOrderSingle,
  OrderCancelReplaceRequest,
  OrderCancelRequest,
} from '../matching/order-commands.ts';
import type { OrdType, Side, TimeInForce } from '../matching/types.ts';
import { AssertionError } from '../platform/assert.ts';
import { enumName, fieldNameIn } from './dictionary.ts';
import { type FieldLayout, PerLayout } from './layout.ts';
import type { FixMessage } from './message.ts';
import { HEADER } from './messages/header.ts';
import {
  NEW_ORDER_SINGLE,
  ORDER_CANCEL_REPLACE_REQUEST,
  ORDER_CANCEL_REQUEST,
} from './messages/order-entry.ts';
import { MSG_TYPE } from './tags.ts';
import { requiredText, typedTags } from './typed-messages.ts';
import type { FixVersion } from './version.ts';

/** A NewOrderSingle (D) that the venue understands and does not do: the answer is an 8 with 150=8. */
export interface OrderRefused {
  readonly type: 'OrderRefused';
  readonly clOrdId: string;
  readonly symbol: string;
  /** Side (54) as sent: it may be one that the venue does not take. */
  readonly side: string;
  /** OrderQty (38) as sent; `0` when the order has another kind of quantity. */
  readonly orderQty: string;
  readonly ordRejReason: 11;
  /** Text (58) with the field and its value. */
  readonly text: string;
}

/** An F or G that the venue understands and does not do: the answer is a 9. */
export interface CancelRefused {
  readonly type: 'CancelRefused';
  readonly clOrdId: string;
  readonly origClOrdId: string | undefined;
  /** OrderID (37) as sent. */
  readonly orderId: string | undefined;
  readonly symbol: string;
  readonly side: string;
  readonly orderQty: string;
  /** CxlRejResponseTo (434): 1 for F, 2 for G. */
  readonly cxlRejResponseTo: 1 | 2;
  readonly cxlRejReason: 2;
  readonly text: string;
}

export type OrderRefusal = OrderRefused | CancelRefused;

export type OrderCommandReading =
  | { readonly type: 'Command'; readonly command: MemberCommand }
  | { readonly type: 'Unsupported'; readonly refusal: OrderRefusal };

const HEAD = typedTags(HEADER);
const ORDER = typedTags(NEW_ORDER_SINGLE);
const CANCEL = typedTags(ORDER_CANCEL_REQUEST);
const REPLACE = typedTags(ORDER_CANCEL_REPLACE_REQUEST);

const ORD_REJ_REASON_UNSUPPORTED = 11;
const CXL_REJ_REASON_VENUE_OPTION = 2;
const LIMIT: OrdType = '2';
const DAY: TimeInForce = '0';

const SIDES: readonly string[] = ['1', '2'] satisfies Side[];
const ORD_TYPES: readonly string[] = ['1', '2'] satisfies OrdType[];
const TIMES_IN_FORCE: readonly string[] = ['0', '1', '3', '4'] satisfies TimeInForce[];
const NONE: readonly string[] = [];

/**
 * Fields that change what an order means, with the values that the venue does: none for a field that it does
 * not take at all. Whatever is not here is either used or changes nothing.
 */
const SUPPORTED_VALUES: (readonly string[] | undefined)[] = [];
for (const [tag, values] of [
  [ORDER.Side, SIDES],
  [ORDER.OrdType, ORD_TYPES],
  [ORDER.TimeInForce, TIMES_IN_FORCE],
  [ORDER.SettlType, ['0']],
  [ORDER.PriceType, ['2']],
  [ORDER.QtyType, ['0']],
  [ORDER.ForexReq, ['N']],
  ...[
    ORDER.ExecInst,
    ORDER.MinQty,
    ORDER.MaxFloor,
    ORDER.MaxShow,
    ORDER.CashOrderQty,
    ORDER.OrderPercent,
    ORDER.StopPx,
    ORDER.EffectiveTime,
    ORDER.ExpireDate,
    ORDER.ExpireTime,
    ORDER.OrderQty2,
    ORDER.Price2,
    ORDER.PegOffsetValue,
    ORDER.PegPriceType,
    ORDER.DiscretionInst,
    ORDER.TargetStrategy,
    ORDER.NoStrategyParameters,
    ORDER.MatchIncrement,
    ORDER.MaxPriceLevels,
    ORDER.PriceProtectionScope,
    ORDER.TriggerType,
    ORDER.DisplayQty,
    ORDER.SecondaryDisplayQty,
    ORDER.DisplayWhen,
    ORDER.DisplayMethod,
    ORDER.RefreshQty,
  ].map((tag): [number, readonly string[]] => [tag, NONE]),
] as readonly (readonly [number, readonly string[]])[]) {
  while (SUPPORTED_VALUES.length <= tag) SUPPORTED_VALUES.push(undefined);
  SUPPORTED_VALUES[tag] = values;
}

/** The values of a field that leave an order what it is: others are refused. Undefined: the field changes nothing. */
export function supportedValues(tag: number): readonly string[] | undefined {
  return SUPPORTED_VALUES[tag];
}

/**
 * Reads a D, F or G that the validator has passed. Ticks, funds, symbols and duplicates are judged later; here
 * only what no instrument of this venue does is refused.
 */
export function readOrderCommand(message: FixMessage, version: FixVersion): OrderCommandReading {
  const text = unsupportedField(message, version);
  if (text !== undefined) return { type: 'Unsupported', refusal: refusalOf(message, text) };
  return { type: 'Command', command: commandOf(message) };
}

/** Names the first field with a value that the venue does not do. */
function unsupportedField(message: FixMessage, version: FixVersion): string | undefined {
  // What a cancel says about its order's terms is not used.
  const isCancel = message.msgType === MSG_TYPE.OrderCancelRequest;
  if (isSupportedThroughout(message, isCancel)) return undefined;
  for (let i = 0; i < message.fieldCount; i += 1) {
    const tag = message.tagAt(i);
    const values = tag < SUPPORTED_VALUES.length ? SUPPORTED_VALUES[tag] : undefined;
    if (values === undefined || (isCancel && tag !== ORDER.Side)) continue;
    const value = message.valueAt(i);
    if (!values.includes(value)) return unsupportedText(tag, value, version);
  }
  if (!isCancel && message.has(ORDER.Price) && message.get(ORDER.OrdType) !== LIMIT) {
    return 'Price(44) is only for OrdType(40)=2 (Limit)';
  }
  return undefined;
}

/** Where messages of one layout have fields of which not every value is supported. */
interface Restrictions {
  readonly places: readonly number[];
  /** For each place, 1 at the bytes that are supported there: values are one byte long. */
  readonly supported: readonly Uint8Array[];
}

const restrictionsOfOrders = new PerLayout<Restrictions>();
const restrictionsOfCancels = new PerLayout<Restrictions>();

/** Whether nothing in the message is unsupported; false when that is not known either. */
function isSupportedThroughout(message: FixMessage, isCancel: boolean): boolean {
  const { layout, source } = message;
  if (layout === undefined) return false;
  const kept = isCancel ? restrictionsOfCancels : restrictionsOfOrders;
  let restrictions = kept.get(layout);
  if (restrictions === undefined) {
    restrictions = restrictionsOf(layout, isCancel);
    kept.set(layout, restrictions);
  }
  const { places, supported } = restrictions;
  for (let i = 0; i < places.length; i += 1) {
    const start = message.startAt(places[i]!);
    if (message.endAt(places[i]!) - start !== 1 || supported[i]![source[start]!] !== 1) return false;
  }
  return true;
}

function restrictionsOf(layout: FieldLayout, isCancel: boolean): Restrictions {
  const places: number[] = [];
  const supported: Uint8Array[] = [];
  const hasPrice = layout.placeOf(ORDER.Price) >= 0;
  for (const [place, tag] of layout.tags.entries()) {
    const values = isCancel && tag !== ORDER.Side ? undefined : SUPPORTED_VALUES[tag];
    if (values === undefined) continue;
    const bytes = new Uint8Array(256);
    // A price is for limit orders only.
    const allowed = tag === ORDER.OrdType && hasPrice ? [LIMIT] : values;
    for (const value of allowed) bytes[value.charCodeAt(0)] = 1;
    places.push(place);
    supported.push(bytes);
  }
  return { places, supported };
}

function unsupportedText(tag: number, value: string, version: FixVersion): string {
  const meaning = enumName(tag, value);
  const name = fieldNameIn(version, tag);
  return `${name}(${tag})=${value}${meaning === undefined ? '' : ` (${meaning})`} is not supported`;
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
  return {
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
  return {
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
}

function mayBeRepeat(message: FixMessage): boolean {
  return message.get(HEAD.PossDupFlag) === 'Y' || message.get(HEAD.PossResend) === 'Y';
}
