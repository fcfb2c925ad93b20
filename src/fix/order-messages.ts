/**
 * Between order messages and the venue's own types: D, F and G become commands, or a refusal that names what
 * the venue does not do; reports become the bodies of 8 and 9.
 */
import type { ExecutionReport, OrderCancelReject, Report } from '../matching/execution-report.ts';
import { execId } from '../matching/execution-report.ts';
import type {
  MemberCommand,
  NewOrderSingle,
  OrderCancelReplaceRequest,
  OrderCancelRequest,
} from '../matching/order-commands.ts';
import type { OrdType, Side, TimeInForce } from '../matching/types.ts';
import { AssertionError, assert, assertNever } from '../platform/assert.ts';
import { TAG_LIMIT } from './compiled-rules.ts';
import { enumName, fieldName } from './dictionary.ts';
import type { FixMessage } from './message.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { utcTimestamp } from './timestamp.ts';
import type { MessageWriter } from './writer.ts';

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
  readonly origClOrdId: string;
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

const ORD_REJ_REASON_UNSUPPORTED = 11;
const CXL_REJ_REASON_VENUE_OPTION = 2;
const MISC_FEE_TYPE_EXCHANGE_FEES = '4';
const LIMIT: OrdType = '2';
const DAY: TimeInForce = '0';

const SIDES: readonly string[] = ['1', '2'] satisfies Side[];
const ORD_TYPES: readonly string[] = ['1', '2'] satisfies OrdType[];
const TIMES_IN_FORCE: readonly string[] = ['0', '1', '3', '4'] satisfies TimeInForce[];

/**
 * Fields that change what an order means, with the values that the venue does: none for a field that it does
 * not take at all. Whatever is not here is either used or changes nothing.
 */
const SUPPORTED_VALUES: (readonly string[] | undefined)[] = new Array(TAG_LIMIT).fill(undefined);
for (const [tag, values] of [
  [TAG.Side, SIDES],
  [TAG.OrdType, ORD_TYPES],
  [TAG.TimeInForce, TIMES_IN_FORCE],
  [TAG.SettlType, ['0']],
  [TAG.PriceType, ['2']],
  [TAG.QtyType, ['0']],
  [TAG.ForexReq, ['N']],
  [TAG.ExecInst, []],
  [TAG.MinQty, []],
  [TAG.MaxFloor, []],
  [TAG.MaxShow, []],
  [TAG.CashOrderQty, []],
  [TAG.OrderPercent, []],
  [TAG.StopPx, []],
  [TAG.EffectiveTime, []],
  [TAG.ExpireDate, []],
  [TAG.ExpireTime, []],
  [TAG.OrderQty2, []],
  [TAG.Price2, []],
  [TAG.PegOffsetValue, []],
  [TAG.DiscretionInst, []],
  [TAG.TargetStrategy, []],
] as const) {
  SUPPORTED_VALUES[tag] = values;
}

/**
 * Reads a D, F or G that the validator has passed. Ticks, funds, symbols and duplicates are judged later; here
 * only what no instrument of this venue does is refused.
 */
export function readOrderCommand(message: FixMessage): OrderCommandReading {
  const text = unsupportedField(message);
  if (text !== undefined) return { type: 'Unsupported', refusal: refusalOf(message, text) };
  return { type: 'Command', command: commandOf(message) };
}

/** Names the first field with a value that the venue does not do. */
function unsupportedField(message: FixMessage): string | undefined {
  // What a cancel says about its order's terms is not used.
  const isCancel = message.msgType === MSG_TYPE.OrderCancelRequest;
  for (let i = 0; i < message.fieldCount; i += 1) {
    const tag = message.tagAt(i);
    const values = tag < TAG_LIMIT ? SUPPORTED_VALUES[tag] : undefined;
    if (values === undefined || (isCancel && tag !== TAG.Side)) continue;
    const value = message.valueAt(i);
    if (!values.includes(value)) return unsupportedText(tag, value);
  }
  if (!isCancel && message.has(TAG.Price) && message.get(TAG.OrdType) !== LIMIT) {
    return 'Price(44) is only for OrdType(40)=2 (Limit)';
  }
  return undefined;
}

function unsupportedText(tag: number, value: string): string {
  const meaning = enumName(tag, value);
  return `${fieldName(tag)}(${tag})=${value}${meaning === undefined ? '' : ` (${meaning})`} is not supported`;
}

function refusalOf(message: FixMessage, text: string): OrderRefusal {
  const common = {
    clOrdId: requiredValue(message, TAG.ClOrdID),
    symbol: requiredValue(message, TAG.Symbol),
    side: requiredValue(message, TAG.Side),
    orderQty: message.get(TAG.OrderQty) ?? '0',
    text,
  };
  if (message.msgType === MSG_TYPE.NewOrderSingle) {
    return { type: 'OrderRefused', ...common, ordRejReason: ORD_REJ_REASON_UNSUPPORTED };
  }
  return {
    type: 'CancelRefused',
    ...common,
    origClOrdId: requiredValue(message, TAG.OrigClOrdID),
    orderId: message.get(TAG.OrderID),
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
  return {
    type: 'NewOrderSingle',
    clOrdId: requiredValue(message, TAG.ClOrdID),
    symbol: requiredValue(message, TAG.Symbol),
    side: sideOf(message),
    ordType: ordTypeOf(message),
    timeInForce: timeInForceOf(message) ?? DAY,
    orderQty: requiredValue(message, TAG.OrderQty),
    price: message.get(TAG.Price),
    mayBeRepeat: mayBeRepeat(message),
  };
}

function orderCancelRequest(message: FixMessage): OrderCancelRequest {
  return {
    type: 'OrderCancelRequest',
    clOrdId: requiredValue(message, TAG.ClOrdID),
    origClOrdId: requiredValue(message, TAG.OrigClOrdID),
    orderId: message.get(TAG.OrderID),
    symbol: requiredValue(message, TAG.Symbol),
    side: sideOf(message),
    mayBeRepeat: mayBeRepeat(message),
  };
}

function orderCancelReplaceRequest(message: FixMessage): OrderCancelReplaceRequest {
  return {
    type: 'OrderCancelReplaceRequest',
    clOrdId: requiredValue(message, TAG.ClOrdID),
    origClOrdId: requiredValue(message, TAG.OrigClOrdID),
    orderId: message.get(TAG.OrderID),
    symbol: requiredValue(message, TAG.Symbol),
    side: sideOf(message),
    ordType: ordTypeOf(message),
    timeInForce: timeInForceOf(message),
    orderQty: requiredValue(message, TAG.OrderQty),
    price: message.get(TAG.Price),
    mayBeRepeat: mayBeRepeat(message),
  };
}

function requiredValue(message: FixMessage, tag: number): string {
  const value = message.get(tag);
  assert(value !== undefined, 'the validator passed a message without a required field');
  return value;
}

function sideOf(message: FixMessage): Side {
  return requiredValue(message, TAG.Side) as Side;
}

function ordTypeOf(message: FixMessage): OrdType {
  return requiredValue(message, TAG.OrdType) as OrdType;
}

function timeInForceOf(message: FixMessage): TimeInForce | undefined {
  return message.get(TAG.TimeInForce) as TimeInForce | undefined;
}

function mayBeRepeat(message: FixMessage): boolean {
  return message.get(TAG.PossDupFlag) === 'Y' || message.get(TAG.PossResend) === 'Y';
}

/** MsgType (35) that a report is sent as: 8 or 9. */
export function reportMsgType(report: Report): string {
  return report.type === 'ExecutionReport' ? MSG_TYPE.ExecutionReport : MSG_TYPE.OrderCancelReject;
}

/** Appends the body of an ExecutionReport (8) or OrderCancelReject (9); the caller begins and ends it. */
export function writeReport(writer: MessageWriter, report: Report): void {
  switch (report.type) {
    case 'ExecutionReport':
      writeExecutionReport(writer, report);
      return;
    case 'OrderCancelReject':
      writeOrderCancelReject(writer, report);
      return;
    default:
      assertNever(report);
  }
}

function writeExecutionReport(writer: MessageWriter, report: ExecutionReport): void {
  writer
    .field(TAG.OrderID, report.orderId ?? 'NONE')
    .field(TAG.ExecID, execId(report))
    .field(TAG.ExecType, report.execType)
    .field(TAG.OrdStatus, report.ordStatus)
    .field(TAG.Symbol, report.symbol)
    .field(TAG.Side, report.side)
    .field(TAG.OrderQty, report.orderQty);
  if (report.ordType !== undefined) writer.field(TAG.OrdType, report.ordType);
  if (report.price !== undefined) writer.field(TAG.Price, report.price);
  if (report.timeInForce !== undefined) writer.field(TAG.TimeInForce, report.timeInForce);
  writer
    .field(TAG.LeavesQty, report.leavesQty)
    .field(TAG.CumQty, report.cumQty)
    .field(TAG.AvgPx, report.avgPx)
    .field(TAG.ClOrdID, report.clOrdId);
  if (report.origClOrdId !== undefined) writer.field(TAG.OrigClOrdID, report.origClOrdId);
  writer.field(TAG.TransactTime, utcTimestamp(report.at));
  const { fill } = report;
  if (fill !== undefined) writer.field(TAG.LastPx, fill.lastPx).field(TAG.LastQty, fill.lastQty);
  if (report.ordRejReason !== undefined) writer.field(TAG.OrdRejReason, report.ordRejReason);
  if (report.execRestatementReason !== undefined) {
    writer.field(TAG.ExecRestatementReason, report.execRestatementReason);
  }
  if (report.text !== undefined && report.text !== '') writer.field(TAG.Text, report.text);
  if (fill === undefined) return;
  writer.field(TAG.SecondaryExecID, fill.tradeId).field(TAG.LastLiquidityInd, fill.lastLiquidityInd);
  if (isZero(fill.fee)) return;
  writer
    .field(TAG.NoMiscFees, 1)
    .field(TAG.MiscFeeAmt, fill.fee)
    .field(TAG.MiscFeeCurr, fill.feeAsset)
    .field(TAG.MiscFeeType, MISC_FEE_TYPE_EXCHANGE_FEES);
}

function writeOrderCancelReject(writer: MessageWriter, report: OrderCancelReject): void {
  writer
    .field(TAG.OrderID, report.orderId ?? 'NONE')
    .field(TAG.ClOrdID, report.clOrdId)
    .field(TAG.OrigClOrdID, report.origClOrdId)
    .field(TAG.OrdStatus, report.ordStatus)
    .field(TAG.CxlRejResponseTo, report.cxlRejResponseTo)
    .field(TAG.CxlRejReason, report.cxlRejReason)
    .field(TAG.Text, report.text === '' ? 'refused' : report.text)
    .field(TAG.TransactTime, utcTimestamp(report.at));
}

/** Whether decimal text stands for zero: `0`, `0.00`. */
function isZero(decimal: string): boolean {
  for (let i = 0; i < decimal.length; i += 1) {
    const character = decimal[i];
    if (character !== '0' && character !== '.' && character !== '-') return false;
  }
  return true;
}
