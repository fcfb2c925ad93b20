/** Refusing: the report that says so, under the account's next number, and the ClOrdID that it uses up. */
import type { OrderCancelRequest, OrderMassCancelRequest } from '../matching/order-commands.ts';
import type { OrderId } from '../matching/types.ts';
import type { AccountState } from './account-state.ts';
import { NO_ORDER } from './cl-ord-ids.ts';
import type { Decision, Moment } from './judgement.ts';
import { type OrderFault, shown } from './order-checks.ts';
import {
  CXL_REJ_REASON,
  type RefusedOrder,
  refusedCancel,
  refusedMassCancel,
  refusedOrder,
} from './refusals.ts';

/** What names a request to cancel or replace, and its order. */
export type NamingRequest = Pick<OrderCancelRequest, 'clOrdId' | 'origClOrdId' | 'orderId'>;

/** Refuses a D. */
export function refuseNew(
  account: AccountState,
  order: RefusedOrder,
  fault: OrderFault,
  moment: Moment,
): Decision {
  account.clOrdIds.rememberRefused(order.clOrdId, moment.tradingDay);
  return { type: 'Refuse', report: refusedOrder(order, fault, account.stamp(moment.at)) };
}

/** Refuses an F or G with the true status of the order that it names. */
export function refuseCancel(
  account: AccountState,
  request: NamingRequest,
  msgType: 'F' | 'G',
  fault: { readonly cxlRejReason: number; readonly text: string },
  { at, tradingDay }: Moment,
): Decision {
  useUp(account, request.clOrdId, tradingDay);
  const order = account.statusOf(account.orderIdNamed(request.origClOrdId, request.orderId, tradingDay));
  return { type: 'Refuse', report: refusedCancel(request, msgType, order, fault, account.stamp(at)) };
}

/** Refuses an F or G whose order is not open: unknown, refused, or too late. */
export function refuseGone(
  account: AccountState,
  request: NamingRequest,
  msgType: 'F' | 'G',
  orderId: OrderId,
  moment: Moment,
): Decision {
  return refuseCancel(account, request, msgType, whyGone(account, request, orderId), moment);
}

function whyGone(account: AccountState, request: NamingRequest, orderId: OrderId) {
  if (orderId === NO_ORDER) {
    const named =
      request.origClOrdId === undefined
        ? `OrderID(37)=${shown(request.orderId ?? '')}`
        : `OrigClOrdID(41)=${shown(request.origClOrdId)}`;
    return { cxlRejReason: CXL_REJ_REASON.UnknownOrder, text: `no order with ${named}` };
  }
  if (account.ordStatusOf(orderId) === '8') {
    return { cxlRejReason: CXL_REJ_REASON.UnknownOrder, text: 'the order was rejected' };
  }
  return { cxlRejReason: CXL_REJ_REASON.TooLate, text: 'too late: the order is closed' };
}

/** Refuses a q with an r that says why (532). */
export function refuseMassCancel(
  account: AccountState,
  request: Pick<OrderMassCancelRequest, 'clOrdId' | 'symbol' | 'side'>,
  fault: { readonly massCancelRejectReason: number; readonly text: string },
  { at, tradingDay }: Moment,
): Decision {
  useUp(account, request.clOrdId, tradingDay);
  return { type: 'AnswerMassCancel', report: refusedMassCancel(request, fault, account.stamp(at)) };
}

/** The id of a cancel that does nothing, unless it was used up before: then it stays what it was. */
function useUp({ clOrdIds }: AccountState, clOrdId: string, tradingDay: string): void {
  if (clOrdIds.orderIdOfUsed(clOrdId, tradingDay, false) !== undefined) return;
  clOrdIds.rememberRefusedCancel(clOrdId, tradingDay);
}
