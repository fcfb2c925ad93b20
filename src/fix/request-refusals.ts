/**
 * Refusals of requests of which nothing is recorded: the exchange had no room, the store was away, or the account has
 * nothing true to say. Apart from reports.ts, since they have no row and no place in the order of any source.
 */
import type {
  ExecutionReport,
  OrderCancelReject,
  OrderMassCancelReport,
} from '../matching/execution-report.ts';
import type { Side } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import { BUSINESS_MESSAGE_REJECT } from './messages/general-messages.ts';
import { BUSINESS_REJECT_REASON } from './rejects.ts';
import { reportMsgType, writeReport } from './report-messages.ts';
import type { CommandsRefusedInput, NumberedRequest } from './session-protocol.ts';
import { type SessionState, sendApplication } from './session-state.ts';
import { MSG_TYPE } from './tags.ts';
import { writeFields } from './typed-messages.ts';

/** OrdRejReason (103): venue option. */
const VENUE_OPTION = 0;
/** CxlRejReason (102): venue option. */
const CANCEL_VENUE_OPTION = 2;
/** MassCancelRejectReason (532): other. */
const MASS_CANCEL_OTHER = 99;

type Command = NumberedRequest['command'];
type RequestType = 'D' | 'F' | 'G' | 'q' | 'H' | 'AF';

/** Nothing of these requests was done: each is told so, with what to do. */
export function sendRefusals(state: SessionState, input: CommandsRefusedInput): void {
  state.counts.refusals[input.refusal] += input.commands.length;
  for (const { msgSeqNum, command } of input.commands) {
    state.inbound.answer(msgSeqNum);
    state.held.forget(msgSeqNum);
    switch (input.refusal) {
      case 'StoreUnavailable': {
        const { applicationNotAvailable } = BUSINESS_REJECT_REASON;
        sendBusinessRefusal(state, msgSeqNum, command, applicationNotAvailable, input.text);
        break;
      }
      case 'Unanswerable':
        // A report would have to say something of the order, and that could be wrong.
        sendBusinessRefusal(state, msgSeqNum, command, BUSINESS_REJECT_REASON.other, input.text);
        break;
      case 'Overloaded':
      case 'Draining':
        sendRefusal(state, msgSeqNum, command, input.text);
        break;
      default:
        assertNever(input.refusal);
    }
  }
}

/** BusinessMessageReject (j): the request provably changed nothing. */
function sendBusinessRefusal(
  state: SessionState,
  msgSeqNum: number,
  command: Command,
  businessRejectReason: number,
  text: string,
): void {
  sendApplication(state, MSG_TYPE.BusinessMessageReject, (writer) => {
    writeFields(writer, BUSINESS_MESSAGE_REJECT, state.version, {
      RefSeqNum: msgSeqNum,
      RefMsgType: msgTypeOf(command),
      BusinessRejectRefID: idOf(command),
      BusinessRejectReason: businessRejectReason,
      Text: text,
    });
  });
}

function sendRefusal(state: SessionState, msgSeqNum: number, command: Command, text: string): void {
  const report = refusalOf(state, command, text);
  if (report === undefined) {
    // A status report would say that the order is not known.
    sendBusinessRefusal(state, msgSeqNum, command, BUSINESS_REJECT_REASON.other, text);
    return;
  }
  // Not as a Report: it has no row, and no place in the order of any source.
  sendApplication(state, reportMsgType(report, state.version), (writer) =>
    writeReport(writer, report, state.version),
  );
}

/** The answer of the request's own kind; undefined for a question about orders, which has none for this. */
function refusalOf(
  state: SessionState,
  command: Command,
  text: string,
): ExecutionReport | OrderCancelReject | OrderMassCancelReport | undefined {
  switch (command.type) {
    case 'NewOrderSingle':
      return orderRefused(state, command, text);
    case 'OrderCancelRequest':
    case 'OrderCancelReplaceRequest':
      return cancelRefused(state, command, text);
    case 'OrderMassCancelRequest':
      return massCancelRefused(state, command, text);
    case 'UnsupportedRequest':
      if (command.msgType === 'D') return orderRefused(state, command, text);
      return command.msgType === 'q'
        ? massCancelRefused(state, command, text)
        : cancelRefused(state, command, text);
    case 'OrderStatusRequest':
    case 'OrderMassStatusRequest':
      return undefined;
    default:
      return assertNever(command);
  }
}

type CommandOf<Type extends Command['type']> = Extract<Command, { readonly type: Type }>;

/** What every refusal has. Its ExecID (17) is made of the session's id and a number, and so is unique. */
function commonOf(state: SessionState, text: string) {
  state.lastRefusalNo += 1;
  return {
    userId: state.identity?.userId ?? 0,
    source: state.config.sessionId,
    sourceSeq: state.lastRefusalNo,
    at: state.now,
    orderId: undefined,
    text,
  };
}

function orderRefused(
  state: SessionState,
  command: CommandOf<'NewOrderSingle' | 'UnsupportedRequest'>,
  text: string,
): ExecutionReport {
  const isNewOrder = command.type === 'NewOrderSingle';
  return {
    type: 'ExecutionReport',
    ...commonOf(state, text),
    clOrdId: command.clOrdId,
    origClOrdId: undefined,
    execType: '8',
    ordStatus: '8',
    symbol: command.symbol,
    // An unsupported side is told back as it came.
    side: command.side as Side,
    ordType: isNewOrder ? command.ordType : undefined,
    timeInForce: isNewOrder ? command.timeInForce : undefined,
    orderQty: command.orderQty,
    price: isNewOrder ? command.price : undefined,
    cumQty: '0',
    leavesQty: '0',
    avgPx: '0',
    fill: undefined,
    ordRejReason: VENUE_OPTION,
    execRestatementReason: undefined,
  };
}

function cancelRefused(
  state: SessionState,
  command: CommandOf<'OrderCancelRequest' | 'OrderCancelReplaceRequest' | 'UnsupportedRequest'>,
  text: string,
): OrderCancelReject {
  return {
    type: 'OrderCancelReject',
    ...commonOf(state, text),
    clOrdId: command.clOrdId,
    origClOrdId: command.origClOrdId ?? command.clOrdId,
    ordStatus: '8',
    cxlRejResponseTo: msgTypeOf(command) === 'F' ? 1 : 2,
    cxlRejReason: CANCEL_VENUE_OPTION,
  };
}

function massCancelRefused(
  state: SessionState,
  command: CommandOf<'OrderMassCancelRequest' | 'UnsupportedRequest'>,
  text: string,
): OrderMassCancelReport {
  const requestType = command.type === 'UnsupportedRequest' ? command.massCancelRequestType : undefined;
  return {
    type: 'OrderMassCancelReport',
    ...commonOf(state, text),
    clOrdId: command.clOrdId,
    symbol: command.symbol || undefined,
    side: (command.side || undefined) as Side | undefined,
    ...(requestType === undefined ? {} : { massCancelRequestType: requestType }),
    massCancelRejectReason: MASS_CANCEL_OTHER,
    totalAffectedOrders: 0,
    unanswered: [],
  };
}

function msgTypeOf(command: Command): RequestType {
  switch (command.type) {
    case 'NewOrderSingle':
      return 'D';
    case 'OrderCancelRequest':
      return 'F';
    case 'OrderCancelReplaceRequest':
      return 'G';
    case 'OrderMassCancelRequest':
      return 'q';
    case 'OrderStatusRequest':
      return 'H';
    case 'OrderMassStatusRequest':
      return 'AF';
    case 'UnsupportedRequest':
      return command.msgType;
    default:
      return assertNever(command);
  }
}

/** BusinessRejectRefID (379): the id that the member knows its request by. */
function idOf(command: Command): string | undefined {
  switch (command.type) {
    case 'OrderStatusRequest':
      return command.clOrdId ?? command.ordStatusReqId ?? command.orderId;
    case 'OrderMassStatusRequest':
      return command.massStatusReqId;
    default:
      return command.clOrdId;
  }
}
