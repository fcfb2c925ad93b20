/** One log line for each thing that happened to an order, written after the commit that makes it true. */
import type { Report } from '../matching/execution-report.ts';
import { execId } from '../matching/execution-report.ts';
import { assertNever } from '../platform/assert.ts';
import type { Log } from '../platform/log.ts';

/** What an ExecType (150) is called in the log. */
const EVENT_OF = {
  '0': 'order accepted',
  '4': 'order canceled',
  '5': 'order replaced',
  '8': 'order refused',
  C: 'order expired',
  D: 'order restated',
  F: 'order filled',
  G: 'trade corrected',
  H: 'trade busted',
  L: 'order triggered',
} as const;

/** Logs a committed report. Status answers are no event: nothing happened. */
export function logReport(log: Log, report: Report): void {
  const { userId, clOrdId } = report;
  switch (report.type) {
    case 'ExecutionReport': {
      if (report.execType === 'I') return;
      const { orderId, origClOrdId, execRefId, execRestatementReason } = report;
      const { symbol, ordStatus, orderQty, price, cumQty, leavesQty, fill, text } = report;
      log.info(EVENT_OF[report.execType], {
        userId,
        symbol,
        orderId,
        clOrdId,
        origClOrdId,
        execId: execId(report),
        ordStatus,
        orderQty,
        price,
        cumQty,
        leavesQty,
        lastQty: fill?.lastQty,
        lastPx: fill?.lastPx,
        tradeId: fill?.tradeId,
        execRefId,
        execRestatementReason,
        text,
      });
      return;
    }
    case 'OrderCancelReject': {
      const { orderId, origClOrdId, cxlRejReason, ordStatus, text } = report;
      log.info('cancel or replace refused', {
        userId,
        orderId,
        clOrdId,
        origClOrdId,
        ordStatus,
        cxlRejReason,
        text,
      });
      return;
    }
    case 'OrderMassCancelReport': {
      const { symbol, side, massCancelRejectReason, totalAffectedOrders, unanswered, text } = report;
      log.info(massCancelRejectReason === undefined ? 'mass cancel done' : 'mass cancel refused', {
        userId,
        clOrdId,
        symbol,
        side,
        massCancelRejectReason,
        totalAffectedOrders,
        unansweredOrders: unanswered.length,
        text,
      });
      return;
    }
    default:
      assertNever(report);
  }
}
