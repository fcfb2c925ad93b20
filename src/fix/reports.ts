/**
 * Answers to requests on their way to the member: committed reports in their order, behind those that an earlier
 * session did not deliver, and refusals of requests that never reached an account.
 */
import type { ExecutionReport, OrderCancelReject, Report } from '../matching/execution-report.ts';
import type { Side } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import { end } from './ending.ts';
import { BUSINESS_MESSAGE_REJECT } from './messages/general-messages.ts';
import type { OrderRefusal } from './order-requests.ts';
import { BUSINESS_REJECT_REASON } from './rejects.ts';
import { reportMsgType, writeReport } from './report-messages.ts';
import { roomFor } from './resend.ts';
import type {
  CommandsRefusedInput,
  NumberedRequest,
  ReportsCommittedInput,
  UnsupportedOrderRequest,
} from './session-protocol.ts';
import { outboundOf, type SessionState, sendApplication } from './session-state.ts';
import { MSG_TYPE } from './tags.ts';
import { writeFields } from './typed-messages.ts';

/** OrdRejReason (103): venue option. */
const VENUE_OPTION = 0;
/** CxlRejReason (102): venue option. */
const CANCEL_VENUE_OPTION = 2;

/** A request that the account refuses and records, in the exchange's words. */
export function unsupportedRequest(refusal: OrderRefusal): UnsupportedOrderRequest {
  const { clOrdId, symbol, side, orderQty, text } = refusal;
  const common = { type: 'UnsupportedRequest', clOrdId, symbol, side, orderQty, text } as const;
  switch (refusal.type) {
    case 'OrderRefused':
      return { ...common, msgType: 'D', origClOrdId: undefined, reason: refusal.ordRejReason };
    case 'CancelRefused': {
      const msgType = refusal.cxlRejResponseTo === 1 ? 'F' : 'G';
      return { ...common, msgType, origClOrdId: refusal.origClOrdId, reason: refusal.cxlRejReason };
    }
    default:
      return assertNever(refusal);
  }
}

/** Opening: keeps committed reports until it is known which of them the store hands over itself. */
export function holdReports(state: SessionState, input: ReportsCommittedInput): void {
  for (const report of input.reports) {
    state.backlog.push({ commitNo: input.commitNo, report, isPossResend: false });
  }
}

/** Sends committed reports, or puts them behind those that wait. */
export function sendReports(state: SessionState, input: ReportsCommittedInput): void {
  noteAnswers(state, input);
  const reports = input.reports.filter((report) => !isContained(state, input.commitNo, report));
  if (state.backlogSent === state.backlog.length) {
    const outbound = outboundOf(state);
    for (const report of reports) outbound.send({ type: 'Report', report, isPossResend: false }, state.now);
    return;
  }
  holdReports(state, { ...input, reports });
  const waiting = state.backlog.length - Math.max(state.backlogSent, state.undeliveredCount);
  if (waiting > state.config.limits.maxQueuedReports) end(state, `${waiting} reports wait to be read`);
}

/**
 * Whether the store has handed the report over with the session itself. A status answer has no row, and so no
 * commit of its own: it is never contained.
 */
function isContained(state: SessionState, commitNo: number, report: Report): boolean {
  return commitNo <= state.openedCommitNo && report.sourceSeq !== 0;
}

/** The effects of these requests are committed: their numbers may be saved. */
export function noteAnswers(state: SessionState, input: ReportsCommittedInput): void {
  for (const msgSeqNum of input.answered) state.inbound.answer(msgSeqNum);
}

/** Sends as much of the backlog as the member reads. */
export function sendBacklog(state: SessionState): void {
  if (state.phase !== 'Active' || state.backlogSent === state.backlog.length) return;
  if (state.backlogHeldUntil !== undefined && state.now < state.backlogHeldUntil) return;
  state.backlogHeldUntil = undefined;
  const outbound = outboundOf(state);
  const room = roomFor(state) - state.unsentBytes;
  while (
    state.backlogSent < state.backlog.length &&
    outbound.byteCount <= room &&
    outbound.waitingCount === 0
  ) {
    const committed = state.backlog[state.backlogSent];
    if (committed === undefined) break;
    const { report, isPossResend } = committed;
    outbound.send({ type: 'Report', report, isPossResend }, state.now);
    state.backlogSent += 1;
  }
  if (state.backlogSent < state.backlog.length) return;
  state.backlog = [];
  state.backlogSent = 0;
  state.undeliveredCount = 0;
}

/** The exchange did not take these requests: each is told so, with what to do. */
export function sendRefusals(state: SessionState, input: CommandsRefusedInput): void {
  for (const request of input.commands) {
    state.inbound.answer(request.msgSeqNum);
    if (input.refusal === 'StoreUnavailable') sendNotAvailable(state, request, input.text);
    else sendRefusal(state, request, input.text);
  }
}

/** BusinessMessageReject (j) with 380=4: the request provably changed nothing. */
function sendNotAvailable(state: SessionState, request: NumberedRequest, text: string): void {
  sendApplication(state, MSG_TYPE.BusinessMessageReject, (writer) => {
    writeFields(writer, BUSINESS_MESSAGE_REJECT, state.version, {
      RefSeqNum: request.msgSeqNum,
      RefMsgType: msgTypeOf(request.command),
      BusinessRejectRefID: request.command.clOrdId,
      BusinessRejectReason: BUSINESS_REJECT_REASON.applicationNotAvailable,
      Text: text,
    });
  });
}

function sendRefusal(state: SessionState, request: NumberedRequest, text: string): void {
  const report =
    msgTypeOf(request.command) === 'D'
      ? orderRefused(state, request, text)
      : cancelRefused(state, request, text);
  // Not as a Report: it has no row, and no place in the order of any source.
  sendApplication(state, reportMsgType(report), (writer) => writeReport(writer, report, state.version));
}

function orderRefused(state: SessionState, { command }: NumberedRequest, text: string): ExecutionReport {
  state.lastRefusalNo += 1;
  const isNewOrder = command.type === 'NewOrderSingle';
  return {
    type: 'ExecutionReport',
    userId: state.identity?.userId ?? 0,
    source: state.config.sessionId,
    sourceSeq: state.lastRefusalNo,
    at: state.now,
    orderId: undefined,
    clOrdId: command.clOrdId,
    origClOrdId: undefined,
    execType: '8',
    ordStatus: '8',
    symbol: command.symbol,
    // An unsupported side is told back as it came.
    side: command.side as Side,
    ordType: isNewOrder ? command.ordType : undefined,
    timeInForce: isNewOrder ? command.timeInForce : undefined,
    orderQty: command.type === 'OrderCancelRequest' ? '0' : command.orderQty,
    price: isNewOrder ? command.price : undefined,
    cumQty: '0',
    leavesQty: '0',
    avgPx: '0',
    fill: undefined,
    ordRejReason: VENUE_OPTION,
    execRestatementReason: undefined,
    text,
  };
}

function cancelRefused(state: SessionState, { command }: NumberedRequest, text: string): OrderCancelReject {
  state.lastRefusalNo += 1;
  return {
    type: 'OrderCancelReject',
    userId: state.identity?.userId ?? 0,
    source: state.config.sessionId,
    sourceSeq: state.lastRefusalNo,
    at: state.now,
    orderId: undefined,
    clOrdId: command.clOrdId,
    origClOrdId:
      command.type === 'NewOrderSingle' ? command.clOrdId : (command.origClOrdId ?? command.clOrdId),
    ordStatus: '8',
    cxlRejResponseTo: msgTypeOf(command) === 'F' ? 1 : 2,
    cxlRejReason: CANCEL_VENUE_OPTION,
    text,
  };
}

function msgTypeOf(command: NumberedRequest['command']): 'D' | 'F' | 'G' {
  switch (command.type) {
    case 'NewOrderSingle':
      return 'D';
    case 'OrderCancelRequest':
      return 'F';
    case 'OrderCancelReplaceRequest':
      return 'G';
    case 'UnsupportedRequest':
      return command.msgType;
    default:
      return assertNever(command);
  }
}
