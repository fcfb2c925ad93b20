/** How an account judges an OrderCancelRequest (F), and what that has in common with a replace (G). */
import type { OrderCancelReplaceRequest, OrderCancelRequest } from '../matching/order-commands.ts';
import type { AccountState, WorkingOrder } from './account-state.ts';
import { NO_ORDER } from './cl-ord-ids.ts';
import { type Decision, isCommitted, type JudgeContext, recallOrder } from './judgement.ts';
import { closedText, shown } from './order-checks.ts';
import { CXL_REJ_REASON } from './refusals.ts';
import { refuseCancel, refuseGone } from './refuse.ts';
import { statusReport } from './reports.ts';

/** Sends a good cancel to the order's book. */
export function judgeCancel(
  account: AccountState,
  command: OrderCancelRequest,
  context: JudgeContext,
): Decision {
  const order = judgeNamed(account, command, 'F', context);
  if ('type' in order) return order;
  account.clOrdIds.send(command.clOrdId, NO_ORDER, context.tradingDay);
  const { orderId, symbol } = order.state;
  const { clOrdId } = command;
  const cancel = { type: 'CancelOrder', orderId, clOrdId, unsolicited: undefined } as const;
  return { type: 'ToBook', symbol, command: cancel };
}

/** What F and G have in common: a new ClOrdID, an open order of one's own, and agreement about it. */
export function judgeNamed(
  account: AccountState,
  command: OrderCancelRequest | OrderCancelReplaceRequest,
  msgType: 'F' | 'G',
  context: JudgeContext,
): Decision | WorkingOrder {
  const { clOrdIds } = account;
  const { clOrdId } = command;
  const refuse = (cxlRejReason: number, text: string): Decision =>
    refuseCancel(account, command, msgType, { cxlRejReason, text }, context);
  if (clOrdIds.isInFlight(clOrdId)) return { type: 'WaitForRequest', clOrdId };
  const { tradingDay } = context;
  const orderId = account.orderIdNamed(command.origClOrdId, command.orderId, tradingDay);
  const order = account.orders.get(orderId);
  const isUsed = clOrdIds.orderIdOfUsed(clOrdId, tradingDay, command.mayBeRepeat) !== undefined;
  if (isUsed && command.mayBeRepeat) {
    const state = account.find(orderId);
    // The order may be on its way anew, itself a repeat: nothing may be told of it before it is committed.
    if (state !== undefined && !isCommitted(state)) return { type: 'WaitForRequest', clOrdId: state.clOrdId };
    const instrument = context.market?.instrument;
    if (state !== undefined && instrument?.symbol === state.symbol) {
      return { type: 'Answer', reports: [statusReport(state, instrument, context.at)] };
    }
    const ordStatus = state === undefined ? account.ordStatusOf(orderId) : undefined;
    // The first copy may have been what closed the order: then it was not too late.
    if (ordStatus !== undefined) return recallOrder(orderId, ordStatus);
    // Its first copy was refused for what is checked below, and is refused for it again.
  } else if (isUsed) {
    return refuse(CXL_REJ_REASON.DuplicateClOrdId, `ClOrdID(11)=${shown(clOrdId)} was used before`);
  }
  if (command.orderId !== undefined && orderId !== NO_ORDER && command.orderId !== String(orderId)) {
    return refuse(CXL_REJ_REASON.UnknownOrder, 'OrderID(37) and OrigClOrdID(41) name different orders');
  }
  if (order === undefined) return refuseGone(account, command, msgType, orderId, context);
  if (command.symbol !== order.state.symbol) {
    return refuse(CXL_REJ_REASON.Other, `Symbol(55)=${shown(command.symbol)} is not the order's`);
  }
  if (command.side !== order.state.side) return refuse(CXL_REJ_REASON.Other, "Side(54) is not the order's");
  const closed = whyClosed(msgType, context);
  return closed === undefined ? order : refuse(CXL_REJ_REASON.VenueOption, closed);
}

/** Replaces need an open market; cancels are only refused where the book itself has failed. */
function whyClosed(msgType: 'F' | 'G', { market }: JudgeContext): string | undefined {
  if (market === undefined) return undefined;
  const { status } = market;
  const isFailed = status.type === 'Halted' && status.by === 'crash';
  return msgType === 'G' || isFailed ? closedText(market) : undefined;
}
