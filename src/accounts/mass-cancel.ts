/** How an account judges an OrderMassCancelRequest (q), and what its report (r) says when the books have answered. */
import type { OrderMassCancelReport } from '../matching/execution-report.ts';
import type { OrderMassCancelRequest } from '../matching/order-commands.ts';
import type { OrderId } from '../matching/types.ts';
import type { AccountState } from './account-state.ts';
import { NO_ORDER } from './cl-ord-ids.ts';
import type { Decision, JudgeContext, Moment } from './judgement.ts';
import { closedText, shown, unknownSymbolText } from './order-checks.ts';
import { MASS_CANCEL_REJ_REASON, massCancelReport } from './refusals.ts';
import { refuseMassCancel } from './refuse.ts';

/** Orders that one report (r) lists (534) at most: a message has a bounded length. The text counts the others. */
export const MAX_ORDERS_LISTED = 1_000;

/** What the books came to. */
export interface MassCancelOutcome {
  /** TotalAffectedOrders (533); undefined where some may have been canceled uncounted. */
  readonly totalAffectedOrders: number | undefined;
  /** Of books that did not answer. */
  readonly unansweredSymbols: readonly string[];
}

/** Sends a good request to every book in which the member has orders that it names, those on their way included. */
export function judgeMassCancel(
  account: AccountState,
  command: OrderMassCancelRequest,
  context: JudgeContext,
): Decision {
  const { clOrdId, symbol, side } = command;
  const { at, market, tradingDay } = context;
  const { UnknownSymbol, Other } = MASS_CANCEL_REJ_REASON;
  const refuse = (massCancelRejectReason: number, text: string): Decision =>
    refuseMassCancel(account, command, { massCancelRejectReason, text }, context);
  if (account.clOrdIds.isInFlight(clOrdId)) return { type: 'WaitForRequest', clOrdId };
  const known = account.clOrdIds.orderIdOfUsed(clOrdId, tradingDay, command.mayBeRepeat);
  if (known !== undefined && !(command.mayBeRepeat && known === NO_ORDER)) {
    return refuse(Other, `ClOrdID(11)=${shown(clOrdId)} was used before`);
  }
  // What it was for is done, and has been reported: orders that came after it are not meant.
  if (known !== undefined) return answerAtOnce(account, command, ANSWERED_BEFORE, at);
  if (symbol !== undefined && market === undefined) return refuse(UnknownSymbol, unknownSymbolText(symbol));
  if (symbol !== undefined && market?.status.type === 'Halted' && market.status.by === 'crash') {
    return refuse(Other, closedText(market) ?? '');
  }
  const symbols = account.bySymbol.symbols({ symbol, side });
  if (symbols.length === 0) {
    account.clOrdIds.rememberRefusedCancel(clOrdId, tradingDay);
    return answerAtOnce(account, command, undefined, at);
  }
  account.clOrdIds.send(clOrdId, NO_ORDER, tradingDay);
  account.massCancels.set(clOrdId, account.lastSentNo);
  const { userId } = account;
  const cancel = { type: 'MassCancelOrders', userId, side, clOrdId, unsolicited: undefined } as const;
  return { type: 'MassCancel', symbols, command: cancel };
}

const ANSWERED_BEFORE = 'a repeat of a request that was answered before: nothing was done now';

/** No order is canceled by it. */
function answerAtOnce(
  account: AccountState,
  command: OrderMassCancelRequest,
  text: string | undefined,
  at: number,
): Decision {
  const nothing = { totalAffectedOrders: 0, unanswered: [] };
  const report = massCancelReport(command, nothing, account.stamp(at));
  return { type: 'AnswerMassCancel', report: { ...report, text } };
}

/** The report of a request whose books have answered, or had the time to. */
export function reportMassCancel(
  account: AccountState,
  command: OrderMassCancelRequest,
  outcome: MassCancelOutcome,
  { at, tradingDay }: Moment,
): OrderMassCancelReport {
  const { clOrdId } = command;
  const { clOrdIds } = account;
  // Of one that ran again after a failed commit the account does not know which orders came later: it names all.
  const lastSentNo = account.massCancels.get(clOrdId) ?? Number.POSITIVE_INFINITY;
  clOrdIds.settle(clOrdId);
  const isKnown = account.massCancels.delete(clOrdId);
  if (isKnown || clOrdIds.orderIdOf(clOrdId, tradingDay) === undefined) {
    clOrdIds.rememberRefusedCancel(clOrdId, tradingDay);
  }
  const { totalAffectedOrders, unansweredSymbols } = outcome;
  const unanswered: { readonly clOrdId: string; readonly orderId: OrderId }[] = [];
  let leftOut = 0;
  for (const symbol of unansweredSymbols) {
    for (const { state, sentNo } of account.bySymbol.select({ symbol, side: command.side })) {
      if (sentNo > lastSentNo) continue;
      if (unanswered.length >= MAX_ORDERS_LISTED) leftOut += 1;
      else unanswered.push({ clOrdId: state.clOrdId, orderId: state.orderId });
    }
  }
  const report = massCancelReport(command, { totalAffectedOrders, unanswered }, account.stamp(at));
  return leftOut === 0 ? report : { ...report, text: `${leftOut} orders more may still be canceled` };
}
