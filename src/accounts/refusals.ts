/**
 * The reports of requests that an account refuses: 8 with 150=8 for a D, 9 for an F or a G. Numbers of price and
 * quantity are repeated as the member sent them, since nothing else is known to be true of them.
 */
import {
  accountSource,
  type ExecutionReport,
  type OrderCancelReject,
  type Report,
} from '../matching/execution-report.ts';
import type {
  NewOrderSingle,
  OrderCancelReplaceRequest,
  OrderCancelRequest,
} from '../matching/order-commands.ts';
import type { OrderId, OrdStatus, Side, UserId } from '../matching/types.ts';
import type { OrderFault } from './order-checks.ts';

/** CxlRejReason (102) values that the venue uses. */
export const CXL_REJ_REASON = {
  TooLate: 0,
  UnknownOrder: 1,
  VenueOption: 2,
  DuplicateClOrdId: 6,
  Other: 99,
} as const;

/** Where a report comes from and when. */
export interface ReportStamp {
  readonly userId: UserId;
  readonly sourceSeq: number;
  readonly at: number;
}

/** What is known of the order that a cancel or replace names. */
export interface NamedOrder {
  readonly orderId: OrderId;
  readonly ordStatus: OrdStatus;
}

/** The facts of a D that a refusal repeats; `side` as sent. */
export type RefusedOrder = Pick<NewOrderSingle, 'clOrdId' | 'symbol' | 'orderQty'> & {
  readonly side: Side;
} & Partial<Pick<NewOrderSingle, 'ordType' | 'timeInForce' | 'price'>>;

/** ExecutionReport (8) with ExecType (150) and OrdStatus (39) 8. */
export function refusedOrder(order: RefusedOrder, fault: OrderFault, stamp: ReportStamp): ExecutionReport {
  return {
    ...zeroReport(order, stamp),
    execType: '8',
    ordRejReason: fault.ordRejReason,
    text: fault.text,
  };
}

/** The answer to a repeat (43 or 97) of an order that was refused: status rejected, nothing new happens. */
export function refusedBefore(order: RefusedOrder, stamp: Omit<ReportStamp, 'sourceSeq'>): ExecutionReport {
  return {
    ...zeroReport(order, { ...stamp, sourceSeq: 0 }),
    execType: 'I',
    text: 'this ClOrdID was refused before',
  };
}

function zeroReport(order: RefusedOrder, stamp: ReportStamp): ExecutionReport {
  return {
    type: 'ExecutionReport',
    userId: stamp.userId,
    source: accountSource(stamp.userId),
    sourceSeq: stamp.sourceSeq,
    at: stamp.at,
    orderId: undefined,
    clOrdId: order.clOrdId,
    origClOrdId: undefined,
    execType: '8',
    ordStatus: '8',
    symbol: order.symbol,
    side: order.side,
    ordType: order.ordType,
    timeInForce: order.timeInForce,
    orderQty: order.orderQty,
    price: order.price,
    cumQty: '0',
    leavesQty: '0',
    avgPx: '0',
    fill: undefined,
    ordRejReason: undefined,
    execRestatementReason: undefined,
    text: undefined,
  };
}

/** OrderCancelReject (9). `order` is undefined when the request names none that the member has. */
export function refusedCancel(
  request: Pick<OrderCancelRequest | OrderCancelReplaceRequest, 'clOrdId' | 'origClOrdId'>,
  msgType: 'F' | 'G',
  order: NamedOrder | undefined,
  fault: { readonly cxlRejReason: number; readonly text: string },
  stamp: ReportStamp,
): OrderCancelReject {
  return {
    type: 'OrderCancelReject',
    userId: stamp.userId,
    source: accountSource(stamp.userId),
    sourceSeq: stamp.sourceSeq,
    at: stamp.at,
    orderId: order?.orderId,
    clOrdId: request.clOrdId,
    origClOrdId: request.origClOrdId,
    ordStatus: order?.ordStatus ?? '8',
    cxlRejResponseTo: msgType === 'F' ? 1 : 2,
    cxlRejReason: fault.cxlRejReason,
    text: fault.text,
  };
}

/** The FIX message that a refusal answers. */
export function refusedMsgType(report: Report): 'D' | 'F' | 'G' {
  if (report.type === 'ExecutionReport') return 'D';
  return report.cxlRejResponseTo === 1 ? 'F' : 'G';
}
