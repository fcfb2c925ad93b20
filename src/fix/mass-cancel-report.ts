/**
 * Writes the answer to a mass cancel: an OrderMassCancelReport (r). Apart from the reports of single orders, with which
 * it has no field in common but the ids.
 */
import type { OrderMassCancelReport } from '../matching/execution-report.ts';
import { NEWS } from './messages/general-messages.ts';
import { ORDER_MASS_CANCEL_REPORT } from './messages/mass-orders.ts';
import { MSG_TYPE } from './tags.ts';
import { utcTimestamp } from './timestamp.ts';
import { writeFields } from './typed-messages.ts';
import type { FixVersion } from './version.ts';
import type { MessageWriter } from './writer.ts';

/** MassCancelRequestType (530): of one instrument, of all. */
const OF_SYMBOL = '1';
const OF_ALL = '7';
/** MassCancelResponse (531): refused; else what was asked for. */
const REFUSED = '0';
/** The reasons (532) that FIX.4.4 has room for: there it is one character, although 99 is among its values. */
const LAST_REASON_44 = 9;

/** MsgType (35) of the answer; FIX.4.2 has none, and a member that comes back with it is told by News (B). */
export function massCancelMsgType(version: FixVersion): string {
  return version === 'FIX.4.2' ? MSG_TYPE.News : MSG_TYPE.OrderMassCancelReport;
}

/** Appends the body of the answer; the caller begins the message of {@link massCancelMsgType} and ends it. */
export function writeMassCancelReport(
  writer: MessageWriter,
  report: OrderMassCancelReport,
  version: FixVersion,
): void {
  // Unique for ever, as an ExecID (17) is: by it a repeated report is known.
  const id = `${report.source}-${report.sourceSeq}`;
  if (version === 'FIX.4.2') {
    writeFields(writer, NEWS, version, {
      OrigTime: utcTimestamp(report.at),
      Headline: `OrderMassCancelReport ${id}`,
      NoLinesOfText: linesOf(report).map((Text) => ({ Text })),
    });
    return;
  }
  const { symbol, side, massCancelRejectReason: reason, totalAffectedOrders, unanswered, text } = report;
  const requestType = report.massCancelRequestType ?? (symbol === undefined ? OF_ALL : OF_SYMBOL);
  const isSayable = version === 'FIX.5.0SP2' || (reason ?? 0) <= LAST_REASON_44;
  writeFields(writer, ORDER_MASS_CANCEL_REPORT, version, {
    ClOrdID: report.clOrdId,
    OrderID: id,
    MassActionReportID: id,
    MassCancelRequestType: requestType,
    MassCancelResponse: reason === undefined ? requestType : REFUSED,
    MassCancelRejectReason: isSayable ? reason : undefined,
    TotalAffectedOrders: totalAffectedOrders,
    NoAffectedOrders:
      unanswered.length === 0
        ? undefined
        : unanswered.map(({ clOrdId, orderId }) => ({ OrigClOrdID: clOrdId, AffectedOrderID: orderId })),
    Symbol: symbol,
    Side: side,
    TransactTime: utcTimestamp(report.at),
    Text: text === '' ? undefined : text,
  });
}

/** The same in words. */
function linesOf(report: OrderMassCancelReport): string[] {
  const { clOrdId, massCancelRejectReason, totalAffectedOrders, unanswered, text } = report;
  if (massCancelRejectReason !== undefined) return [`mass cancel ${clOrdId} was refused: ${text}`];
  return [
    totalAffectedOrders === undefined
      ? `mass cancel ${clOrdId} is carried out: orders are canceled as reported`
      : `mass cancel ${clOrdId}: ${totalAffectedOrders} orders are canceled`,
    ...unanswered.map((order) => `${order.clOrdId} (OrderID ${order.orderId}) may still be canceled`),
    ...(text === undefined || text === '' ? [] : [text]),
  ];
}
