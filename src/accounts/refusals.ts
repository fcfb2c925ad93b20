/**
 * The reports that an account makes by itself: of requests that it refuses (8 with 150=8 for a D, 9 for an F or a G),
 * of questions about orders that are not there, and of mass cancels. Numbers of price and quantity are repeated as the
 * member sent them, since nothing else is known to be true of them.
 */
import {
  accountSource,
  type ExecutionReport,
  type MassStatus,
  type OrderCancelReject,
  type OrderMassCancelReport,
  type Report,
} from '../matching/execution-report.ts';
import type {
  NewOrderSingle,
  OrderCancelReplaceRequest,
  OrderCancelRequest,
  OrderMassCancelRequest,
  OrderMassStatusRequest,
  OrderStatusRequest,
} from '../matching/order-commands.ts';
import type { OrderId, OrdStatus, Side, UserId } from '../matching/types.ts';
import { ORD_REJ_REASON, type OrderFault } from './order-checks.ts';

/** CxlRejReason (102) values that the venue uses. */
export const CXL_REJ_REASON = {
  TooLate: 0,
  UnknownOrder: 1,
  VenueOption: 2,
  DuplicateClOrdId: 6,
  Other: 99,
} as const;

/** MassCancelRejectReason (532) values that the venue uses. */
export const MASS_CANCEL_REJ_REASON = {
  Unsupported: 0,
  UnknownSymbol: 1,
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

/** A report about nothing that the venue knows has no number. */
type UnnumberedStamp = Omit<ReportStamp, 'sourceSeq'>;

/** Symbol (55) where there is none. */
const NO_SYMBOL = '[N/A]';
/** ClOrdID (11) where there is none. */
const NO_CL_ORD_ID = 'NONE';
/** Side (54) 7, undisclosed: 8 must have one, and the question was about both. */
const NO_SIDE = '7' as Side;

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
export function refusedBefore(order: RefusedOrder, stamp: UnnumberedStamp): ExecutionReport {
  return {
    ...zeroReport(order, { ...stamp, sourceSeq: 0 }),
    execType: 'I',
    text: 'this ClOrdID was refused before',
  };
}

/** The answer to an H about an order that the venue does not know, or knows nothing of any more: 39=8, 103=5. */
export function unknownOrder(
  request: OrderStatusRequest,
  text: string,
  stamp: UnnumberedStamp,
): ExecutionReport {
  const { clOrdId = NO_CL_ORD_ID, symbol, side, ordStatusReqId } = request;
  return {
    ...zeroReport({ clOrdId, symbol, side, orderQty: '0' }, { ...stamp, sourceSeq: 0 }),
    execType: 'I',
    ordRejReason: ORD_REJ_REASON.UnknownOrder,
    text,
    ...(ordStatusReqId === undefined ? {} : { ordStatusReqId }),
  };
}

/** The one answer to an AF when there is no order to tell of. */
export function noOrders(
  request: OrderMassStatusRequest,
  text: string,
  stamp: UnnumberedStamp,
): ExecutionReport {
  const { symbol = NO_SYMBOL, side = NO_SIDE, massStatusReqId } = request;
  const massStatus: MassStatus = { massStatusReqId, totNumReports: 0, isLast: true };
  return {
    ...zeroReport({ clOrdId: NO_CL_ORD_ID, symbol, side, orderQty: '0' }, { ...stamp, sourceSeq: 0 }),
    execType: 'I',
    text,
    massStatus,
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

/** OrderMassCancelReport (r) with MassCancelResponse (531) 0. */
export function refusedMassCancel(
  request: Pick<OrderMassCancelRequest, 'clOrdId' | 'symbol' | 'side'>,
  fault: { readonly massCancelRejectReason: number; readonly text: string },
  stamp: ReportStamp,
): OrderMassCancelReport {
  return { ...massCancelReport(request, { totalAffectedOrders: 0, unanswered: [] }, stamp), ...fault };
}

/** OrderMassCancelReport (r) of a request that was carried out. */
export function massCancelReport(
  { clOrdId, symbol, side }: Pick<OrderMassCancelRequest, 'clOrdId' | 'symbol' | 'side'>,
  outcome: Pick<OrderMassCancelReport, 'totalAffectedOrders' | 'unanswered'>,
  stamp: ReportStamp,
): OrderMassCancelReport {
  return {
    type: 'OrderMassCancelReport',
    userId: stamp.userId,
    source: accountSource(stamp.userId),
    sourceSeq: stamp.sourceSeq,
    at: stamp.at,
    clOrdId,
    symbol,
    side,
    massCancelRejectReason: undefined,
    totalAffectedOrders: outcome.totalAffectedOrders,
    unanswered: outcome.unanswered,
    text: undefined,
  };
}

/** The FIX message that a refusal answers. */
export function refusedMsgType(report: Report): 'D' | 'F' | 'G' | 'q' {
  if (report.type === 'ExecutionReport') return 'D';
  if (report.type === 'OrderMassCancelReport') return 'q';
  return report.cxlRejResponseTo === 1 ? 'F' : 'G';
}
