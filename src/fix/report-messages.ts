/**
 * Writes reports as each version says them: an ExecutionReport (8) or an OrderCancelReject (9); an OrderMassCancelReport
 * (r) is written by mass-cancel-report.ts. What a version cannot say is said by its nearest word, and the text says the
 * rest.
 */
import {
  type ExecutionReport,
  execId,
  type MassStatus,
  type OrderCancelReject,
  type Report,
  type ReportedInstructions,
} from '../matching/execution-report.ts';
import { assertNever } from '../platform/assert.ts';
import { massCancelMsgType, writeMassCancelReport } from './mass-cancel-report.ts';
import { EXECUTION_REPORT, ORDER_CANCEL_REJECT } from './messages/order-reports.ts';
import { MSG_TYPE } from './tags.ts';
import { typedTags } from './typed-messages.ts';
import type { FixVersion } from './version.ts';
import type { MessageWriter } from './writer.ts';

const TAG = typedTags(EXECUTION_REPORT);
const REJECT = typedTags(ORDER_CANCEL_REJECT);

/** OrderID (37) of an order that is not known. */
const NO_ORDER = 'NONE';
const MISC_FEE_TYPE_EXCHANGE_FEES = '4';

/** OrdRejReason (103): invalid price increment, which FIX.4.4 says as other (99). */
const ORD_REJ_REASON_INCREMENT = 18;
const ORD_REJ_REASON_OTHER = 99;
/** ExecRestatementReason (378). */
const RESTATEMENT_OTHER = 99;

/** ExecTransType (20) of FIX.4.2, by the ExecType (150) of later versions; 0 for all others. */
const EXEC_TRANS_TYPE: Readonly<Record<string, string>> = { H: '1', G: '2', I: '3' };
const EXEC_TRANS_TYPE_NEW = '0';
/** ExecTypes (150) that FIX.4.2 says by the OrdStatus (39). */
const SAID_BY_STATUS_42: readonly string[] = ['F', 'G', 'H', 'I'];
/** ExecType (150) of a stop order's trigger: FIX.5.0SP2 alone has it, the others restate the order. */
const TRIGGERED = 'L';
const RESTATED = 'D';
/** OrdStatus (39) and ExecType (150) of FIX.4.2: the order has been replaced. */
const REPLACED = '5';
/** What FIX.4.2 has no word for is said by the one that leaves it to the venue. */
const VENUE_OPTION_42 = { ordRejReason: 0, cxlRejReason: 2, execRestatementReason: 4 } as const;
const LAST_REASON_42 = { ordRejReason: 8, cxlRejReason: 3, execRestatementReason: 5 } as const;
/** CxlRejReason (102): duplicate ClOrdID, which FIX.4.2 says as too late (0). */
const CXL_REJ_REASON_DUPLICATE = 6;
const CXL_REJ_REASON_TOO_LATE = 0;

/** MsgType (35) that a report is sent as: 8, 9 or r; in FIX.4.2, which has no r, B for it. */
export function reportMsgType(report: Report, version: FixVersion): string {
  switch (report.type) {
    case 'ExecutionReport':
      return MSG_TYPE.ExecutionReport;
    case 'OrderCancelReject':
      return MSG_TYPE.OrderCancelReject;
    case 'OrderMassCancelReport':
      return massCancelMsgType(version);
    default:
      return assertNever(report);
  }
}

/** Appends the body of a report; the caller begins the message of {@link reportMsgType} and ends it. */
export function writeReport(writer: MessageWriter, report: Report, version: FixVersion): void {
  switch (report.type) {
    case 'ExecutionReport':
      if (version === 'FIX.4.2') writeExecutionReport42(writer, report);
      else writeExecutionReport(writer, report, version);
      return;
    case 'OrderCancelReject':
      writeOrderCancelReject(writer, report, version);
      return;
    case 'OrderMassCancelReport':
      writeMassCancelReport(writer, report, version);
      return;
    default:
      assertNever(report);
  }
}

function writeExecutionReport(writer: MessageWriter, report: ExecutionReport, version: FixVersion): void {
  const is44 = version === 'FIX.4.4';
  const isTooNew = is44 && report.ordRejReason === ORD_REJ_REASON_INCREMENT;
  const isTriggered44 = is44 && report.execType === TRIGGERED;
  writeIds(writer, report);
  if (report.execRefId !== undefined) writer.field(TAG.ExecRefID, report.execRefId);
  writer
    .field(TAG.ExecType, isTriggered44 ? RESTATED : report.execType)
    .field(TAG.OrdStatus, report.ordStatus);
  writeOrder(writer, report, version);
  writeReasons(
    writer,
    report,
    isTooNew ? ORD_REJ_REASON_OTHER : report.ordRejReason,
    isTriggered44 ? RESTATEMENT_OTHER : report.execRestatementReason,
  );
  if (report.ordStatusReqId !== undefined) writer.field(TAG.OrdStatusReqID, report.ordStatusReqId);
  if (report.massStatus !== undefined) writeMassStatus(writer, report.massStatus);
  const { fill } = report;
  if (fill === undefined) return;
  writer.field(TAG.SecondaryExecID, fill.tradeId).field(TAG.LastLiquidityInd, fill.lastLiquidityInd);
  if (isZero(fill.fee)) return;
  writer
    .field(TAG.NoMiscFees, 1)
    .field(TAG.MiscFeeAmt, fill.fee)
    .field(TAG.MiscFeeCurr, fill.feeAsset)
    .field(TAG.MiscFeeType, MISC_FEE_TYPE_EXCHANGE_FEES);
}

/** FIX.4.2 has ExecTransType (20), says trades and status by OrdStatus, and knows neither trade ids nor fees. */
function writeExecutionReport42(writer: MessageWriter, report: ExecutionReport): void {
  const { execType, ordRejReason } = report;
  const ordStatus = execType === '5' && report.ordStatus === '0' ? REPLACED : report.ordStatus;
  writeIds(writer, report);
  writer.field(TAG.ExecTransType, EXEC_TRANS_TYPE[execType] ?? EXEC_TRANS_TYPE_NEW);
  if (report.execRefId !== undefined) writer.field(TAG.ExecRefID, report.execRefId);
  writer.field(TAG.ExecType, execType42(execType, ordStatus)).field(TAG.OrdStatus, ordStatus);
  writeOrder(writer, report, 'FIX.4.2');
  const execRestatementReason = execType === TRIGGERED ? RESTATEMENT_OTHER : report.execRestatementReason;
  writeReasons(
    writer,
    report,
    ordRejReason !== undefined && ordRejReason > LAST_REASON_42.ordRejReason
      ? VENUE_OPTION_42.ordRejReason
      : ordRejReason,
    execRestatementReason !== undefined && execRestatementReason > LAST_REASON_42.execRestatementReason
      ? VENUE_OPTION_42.execRestatementReason
      : execRestatementReason,
  );
}

function execType42(execType: ExecutionReport['execType'], ordStatus: string): string {
  if (SAID_BY_STATUS_42.includes(execType)) return ordStatus;
  return execType === TRIGGERED ? RESTATED : execType;
}

/** OrderID (37) and ExecID (17). That is {@link execId}, without the text of it being made. */
function writeIds(writer: MessageWriter, report: ExecutionReport): void {
  writer.field(TAG.OrderID, report.orderId ?? NO_ORDER);
  if (report.sourceSeq === 0) writer.field(TAG.ExecID, execId(report));
  else writer.numbered(TAG.ExecID, report.source, report.sourceSeq);
}

/** From Symbol (55) to LastQty (32). */
function writeOrder(writer: MessageWriter, report: ExecutionReport, version: FixVersion): void {
  const { instructions, fill } = report;
  writer.field(TAG.Symbol, report.symbol).field(TAG.Side, report.side).field(TAG.OrderQty, report.orderQty);
  if (report.ordType !== undefined) writer.field(TAG.OrdType, report.ordType);
  if (report.price !== undefined) writer.field(TAG.Price, report.price);
  if (report.timeInForce !== undefined) writer.field(TAG.TimeInForce, report.timeInForce);
  if (instructions !== undefined) writeInstructions(writer, instructions, version);
  writer
    .field(TAG.LeavesQty, report.leavesQty)
    .field(TAG.CumQty, report.cumQty)
    .field(TAG.AvgPx, report.avgPx)
    .field(TAG.ClOrdID, report.clOrdId);
  if (report.origClOrdId !== undefined) writer.field(TAG.OrigClOrdID, report.origClOrdId);
  writer.time(TAG.TransactTime, report.at);
  if (fill !== undefined) writer.field(TAG.LastPx, fill.lastPx).field(TAG.LastQty, fill.lastQty);
}

function writeInstructions(
  writer: MessageWriter,
  instructions: ReportedInstructions,
  version: FixVersion,
): void {
  const { stopPx, expireTime, expireDate, execInst, minQty, maxFloor, account } = instructions;
  if (stopPx !== undefined) writer.field(TAG.StopPx, stopPx);
  if (expireTime !== undefined) writer.time(TAG.ExpireTime, expireTime);
  if (expireDate !== undefined) writer.field(TAG.ExpireDate, expireDate.replaceAll('-', ''));
  if (execInst !== undefined) writer.field(TAG.ExecInst, execInst);
  if (minQty !== undefined) writer.field(TAG.MinQty, minQty);
  if (maxFloor !== undefined) writer.field(TAG.MaxFloor, maxFloor);
  if (account !== undefined) writer.field(TAG.Account, account);
  if (version === 'FIX.4.2') return;
  const { secondaryClOrdId, clOrdLinkId, isWorking } = instructions;
  if (secondaryClOrdId !== undefined) writer.field(TAG.SecondaryClOrdID, secondaryClOrdId);
  if (clOrdLinkId !== undefined) writer.field(TAG.ClOrdLinkID, clOrdLinkId);
  if (isWorking !== undefined) writer.field(TAG.WorkingIndicator, isWorking ? 'Y' : 'N');
}

function writeMassStatus(writer: MessageWriter, massStatus: MassStatus): void {
  writer
    .field(TAG.MassStatusReqID, massStatus.massStatusReqId)
    .field(TAG.TotNumReports, massStatus.totNumReports)
    .field(TAG.LastRptRequested, massStatus.isLast ? 'Y' : 'N');
}

function writeReasons(
  writer: MessageWriter,
  report: ExecutionReport,
  ordRejReason: number | undefined,
  execRestatementReason: number | undefined,
): void {
  if (ordRejReason !== undefined) writer.field(TAG.OrdRejReason, ordRejReason);
  if (execRestatementReason !== undefined) writer.field(TAG.ExecRestatementReason, execRestatementReason);
  if (report.text !== undefined && report.text !== '') writer.field(TAG.Text, report.text);
}

function writeOrderCancelReject(writer: MessageWriter, report: OrderCancelReject, version: FixVersion): void {
  writer.field(REJECT.OrderID, report.orderId ?? NO_ORDER).field(REJECT.ClOrdID, report.clOrdId);
  if (report.origClOrdId !== undefined) writer.field(REJECT.OrigClOrdID, report.origClOrdId);
  writer
    .field(REJECT.OrdStatus, report.ordStatus)
    .field(REJECT.CxlRejResponseTo, report.cxlRejResponseTo)
    .field(
      REJECT.CxlRejReason,
      version === 'FIX.4.2' ? cxlRejReason42(report.cxlRejReason) : report.cxlRejReason,
    )
    .field(REJECT.Text, report.text === '' ? 'refused' : report.text)
    .time(REJECT.TransactTime, report.at);
}

function cxlRejReason42(cxlRejReason: number): number {
  if (cxlRejReason === CXL_REJ_REASON_DUPLICATE) return CXL_REJ_REASON_TOO_LATE;
  return cxlRejReason > LAST_REASON_42.cxlRejReason ? VENUE_OPTION_42.cxlRejReason : cxlRejReason;
}

/** Whether decimal text stands for zero: `0`, `0.00`. */
function isZero(decimal: string): boolean {
  for (let i = 0; i < decimal.length; i += 1) {
    const character = decimal[i];
    if (character !== '0' && character !== '.' && character !== '-') return false;
  }
  return true;
}
