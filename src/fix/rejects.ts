/** What is said of a message that cannot be taken: Reject (3) and BusinessMessageReject (j). */
import type { FixMessage } from './message.ts';
import { type SessionState, say, sendAdmin, sendApplication } from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import type { Violation } from './validator.ts';
import type { MessageWriter } from './writer.ts';

/** SessionRejectReason (373) as the session itself uses it. */
export const REJECT_REASON = {
  requiredTagMissing: 1,
  valueIsIncorrect: 5,
  compIdProblem: 9,
  sendingTimeProblem: 10,
  other: 99,
} as const;

/** BusinessRejectReason (380). */
export const BUSINESS_REJECT_REASON = { unsupportedMessageType: 3, applicationNotAvailable: 4 } as const;

/** Whom a rejected message was from or for is whom its reject is for or from. */
const REVERSED_ROUTING: readonly (readonly [number, number])[] = [
  [TAG.OnBehalfOfCompID, TAG.DeliverToCompID],
  [TAG.OnBehalfOfSubID, TAG.DeliverToSubID],
  [TAG.OnBehalfOfLocationID, TAG.DeliverToLocationID],
  [TAG.DeliverToCompID, TAG.OnBehalfOfCompID],
  [TAG.DeliverToSubID, TAG.OnBehalfOfSubID],
  [TAG.DeliverToLocationID, TAG.OnBehalfOfLocationID],
];

/** Reject (3) or BusinessMessageReject (j), as the validator found. */
export function sendViolation(state: SessionState, message: FixMessage, violation: Violation): void {
  if (violation.type === 'Reject') {
    sendReject(state, message, violation.sessionRejectReason, violation.refTagId, violation.text);
  } else {
    sendBusinessReject(state, message, violation.businessRejectReason, violation.text);
  }
}

/** Reject (3) of a message, with the tag that is to blame (371). */
export function sendReject(
  state: SessionState,
  message: FixMessage,
  sessionRejectReason: number,
  refTagId: number | undefined,
  text: string,
): void {
  sendAdmin(state, MSG_TYPE.Reject, (writer) => {
    reverseRouting(writer, message);
    writer.field(TAG.RefSeqNum, message.msgSeqNum ?? 0);
    if (refTagId !== undefined && refTagId > 0) writer.field(TAG.RefTagID, refTagId);
    if (message.msgType !== '') writer.field(TAG.RefMsgType, message.msgType);
    writer.field(TAG.SessionRejectReason, sessionRejectReason).field(TAG.Text, text);
  });
  say(state, 'info', 'message rejected', { msgSeqNum: message.msgSeqNum, sessionRejectReason, text });
}

function sendBusinessReject(
  state: SessionState,
  message: FixMessage,
  businessRejectReason: number,
  text: string,
): void {
  const clOrdId = message.get(TAG.ClOrdID);
  sendApplication(state, MSG_TYPE.BusinessMessageReject, (writer) => {
    reverseRouting(writer, message);
    writer.field(TAG.RefSeqNum, message.msgSeqNum ?? 0).field(TAG.RefMsgType, message.msgType);
    if (clOrdId) writer.field(TAG.BusinessRejectRefID, clOrdId);
    writer.field(TAG.BusinessRejectReason, businessRejectReason).field(TAG.Text, text);
  });
  say(state, 'info', 'message rejected', { msgSeqNum: message.msgSeqNum, businessRejectReason, text });
}

function reverseRouting(writer: MessageWriter, message: FixMessage): void {
  for (const [from, to] of REVERSED_ROUTING) {
    const value = message.get(from);
    if (value) writer.field(to, value);
  }
}
