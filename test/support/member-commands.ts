/** What members ask for, and what they are told, in short forms that tests can be read by. */
import type { Report } from '../../src/matching/execution-report.ts';
import type {
  NewOrderSingle,
  OrderCancelReplaceRequest,
  OrderCancelRequest,
  OrderMassCancelRequest,
  OrderMassStatusRequest,
  OrderStatusRequest,
} from '../../src/matching/order-commands.ts';
import { BUY, SELL } from '../../src/matching/types.ts';

/** A Day limit order to buy in BTC-USD, unless `changes` say otherwise. */
export function buyOrder(
  clOrdId: string,
  orderQty: string,
  price: string | undefined,
  changes: Partial<NewOrderSingle> = {},
): NewOrderSingle {
  return {
    type: 'NewOrderSingle',
    clOrdId,
    symbol: 'BTC-USD',
    side: BUY,
    ordType: price === undefined ? '1' : '2',
    timeInForce: '0',
    orderQty,
    price,
    mayBeRepeat: false,
    ...changes,
  };
}

/** {@link buyOrder} on the other side. */
export function sellOrder(
  clOrdId: string,
  orderQty: string,
  price: string | undefined,
  changes: Partial<NewOrderSingle> = {},
): NewOrderSingle {
  return { ...buyOrder(clOrdId, orderQty, price), side: SELL, ...changes };
}

/** A cancel of a buy order in BTC-USD, unless `changes` say otherwise. */
export function cancelOrder(
  clOrdId: string,
  origClOrdId: string,
  changes: Partial<OrderCancelRequest> = {},
): OrderCancelRequest {
  return {
    type: 'OrderCancelRequest',
    clOrdId,
    origClOrdId,
    orderId: undefined,
    symbol: 'BTC-USD',
    side: BUY,
    mayBeRepeat: false,
    ...changes,
  };
}

/** A replace of a limit order to buy in BTC-USD, unless `changes` say otherwise. */
export function replaceOrder(
  clOrdId: string,
  origClOrdId: string,
  orderQty: string,
  price: string | undefined,
  changes: Partial<OrderCancelReplaceRequest> = {},
): OrderCancelReplaceRequest {
  return {
    type: 'OrderCancelReplaceRequest',
    clOrdId,
    origClOrdId,
    orderId: undefined,
    symbol: 'BTC-USD',
    side: BUY,
    ordType: '2',
    timeInForce: undefined,
    orderQty,
    price,
    mayBeRepeat: false,
    ...changes,
  };
}

/** A question (H) about a buy order in BTC-USD, unless `changes` say otherwise. */
export function statusRequest(
  clOrdId: string | undefined,
  changes: Partial<OrderStatusRequest> = {},
): OrderStatusRequest {
  return {
    type: 'OrderStatusRequest',
    clOrdId,
    orderId: undefined,
    symbol: 'BTC-USD',
    side: BUY,
    ordStatusReqId: undefined,
    ...changes,
  };
}

/** A question (AF) about all open orders, unless `changes` say otherwise. */
export function massStatusRequest(
  massStatusReqId: string,
  changes: Partial<OrderMassStatusRequest> = {},
): OrderMassStatusRequest {
  return { type: 'OrderMassStatusRequest', massStatusReqId, symbol: undefined, side: undefined, ...changes };
}

/** A cancel (q) of all orders, unless `changes` say otherwise. */
export function massCancel(
  clOrdId: string,
  changes: Partial<OrderMassCancelRequest> = {},
): OrderMassCancelRequest {
  return {
    type: 'OrderMassCancelRequest',
    clOrdId,
    symbol: undefined,
    side: undefined,
    mayBeRepeat: false,
    ...changes,
  };
}

/**
 * A report in one line: `8 F/1 a 0.4/0.6 @100.00*0.4` is ExecutionReport, ExecType/OrdStatus, ClOrdID, CumQty/
 * LeavesQty and the fill; `<x` names OrigClOrdID, `103=3` the reason. `9 F 102=0 39=2 x<a` is a refused cancel,
 * `r q 533=2` a mass cancel with its count, and `534=1` what it left out.
 */
export function line(report: Report): string {
  if (report.type === 'OrderMassCancelReport') {
    const { clOrdId, massCancelRejectReason, totalAffectedOrders, unanswered } = report;
    if (massCancelRejectReason !== undefined) return `r ${clOrdId} 532=${massCancelRejectReason}`;
    return `r ${clOrdId} 533=${totalAffectedOrders ?? '?'}${unanswered.length > 0 ? ` 534=${unanswered.length}` : ''}`;
  }
  if (report.type === 'OrderCancelReject') {
    const msgType = report.cxlRejResponseTo === 1 ? 'F' : 'G';
    return `9 ${msgType} 102=${report.cxlRejReason} 39=${report.ordStatus} ${report.clOrdId}<${report.origClOrdId}`;
  }
  const id = report.origClOrdId === undefined ? report.clOrdId : `${report.clOrdId}<${report.origClOrdId}`;
  const parts = [`8 ${report.execType}/${report.ordStatus} ${id}`];
  if (report.ordRejReason !== undefined) return `${parts[0]} 103=${report.ordRejReason}`;
  parts.push(`${Number(report.cumQty)}/${Number(report.leavesQty)}`);
  if (report.fill !== undefined) parts.push(`@${Number(report.fill.lastPx)}*${Number(report.fill.lastQty)}`);
  if (report.execRestatementReason !== undefined) parts.push(`378=${report.execRestatementReason}`);
  return parts.join(' ');
}
