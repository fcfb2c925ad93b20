/** How an account answers questions about orders (H, AF): from what is committed, without a number and without a row. */
import type { MassStatus } from '../matching/execution-report.ts';
import type { OrderMassStatusRequest, OrderStatusRequest } from '../matching/order-commands.ts';
import type { OrderSnapshot } from '../matching/types.ts';
import type { AccountState } from './account-state.ts';
import { NO_ORDER } from './cl-ord-ids.ts';
import { type Decision, isCommitted, type JudgeContext, recallOrder } from './judgement.ts';
import { shown, unknownSymbolText } from './order-checks.ts';
import { noOrders, unknownOrder } from './refusals.ts';
import { statusReport } from './reports.ts';

/** Answers an OrderStatusRequest (H), when the request that the ClOrdID belongs to is answered. */
export function judgeStatus(
  account: AccountState,
  command: OrderStatusRequest,
  context: JudgeContext,
): Decision {
  const { clOrdId, orderId, ordStatusReqId } = command;
  if (clOrdId !== undefined && account.clOrdIds.isInFlight(clOrdId))
    return { type: 'WaitForRequest', clOrdId };
  const unknown = (text: string): Decision => {
    const stamp = { userId: account.userId, at: context.at };
    return { type: 'Answer', reports: [unknownOrder(command, text, stamp)] };
  };
  const named = account.orderIdNamed(clOrdId, orderId, context.tradingDay);
  if (named === NO_ORDER) {
    return unknown(
      clOrdId === undefined
        ? `no order with OrderID(37)=${shown(orderId ?? '')}`
        : `no order with ClOrdID(11)=${shown(clOrdId)}`,
    );
  }
  if (orderId !== undefined && orderId !== String(named)) {
    return unknown('OrderID(37) and ClOrdID(11) name different orders');
  }
  const order = account.find(named);
  if (order === undefined) return recallOrder(named, account.ordStatusOf(named));
  const instrument = account.orders.get(named)?.instrument ?? context.market?.instrument;
  // A closed order is told in the ticks and lots of its own symbol, which the question has not named.
  if (instrument?.symbol !== order.symbol) {
    return { type: 'TurnAway', text: notItsSymbol(command) };
  }
  const text = disagreement(command, order);
  const report = statusReport(order, instrument, context.at);
  return {
    type: 'Answer',
    reports: [{ ...report, text, ...(ordStatusReqId === undefined ? {} : { ordStatusReqId }) }],
  };
}

/** What the question has wrong about its order. It is answered all the same: a live order must not sound dead. */
function disagreement(request: OrderStatusRequest, order: OrderSnapshot): string | undefined {
  if (request.symbol !== order.symbol) return notItsSymbol(request);
  return request.side === order.side ? undefined : "Side(54) is not the order's";
}

function notItsSymbol({ symbol }: OrderStatusRequest): string {
  return `Symbol(55)=${shown(symbol)} is not the order's`;
}

/** Answers an OrderMassStatusRequest (AF) with the committed open orders, in ascending OrderID. */
export function judgeMassStatus(
  account: AccountState,
  command: OrderMassStatusRequest,
  context: JudgeContext,
): Decision {
  const { massStatusReqId, symbol, side } = command;
  const orders = [...account.bySymbol.select({ symbol, side })]
    .filter(({ state }) => isCommitted(state))
    .sort((left, right) => left.state.orderId - right.state.orderId);
  if (orders.length === 0) {
    const isUnknown = symbol !== undefined && context.market === undefined;
    const text = isUnknown ? unknownSymbolText(symbol) : 'no open orders';
    const stamp = { userId: account.userId, at: context.at };
    return { type: 'Answer', reports: [noOrders(command, text, stamp)] };
  }
  const reports = orders.map(({ state, instrument }, index) => {
    const isLast = index === orders.length - 1;
    const massStatus: MassStatus = { massStatusReqId, totNumReports: orders.length, isLast };
    return { ...statusReport(state, instrument, context.at), massStatus };
  });
  return { type: 'Answer', reports };
}
