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
  unsupportedApplVersion: 18,
  other: 99,
} as const;

/** BusinessRejectReason (380). */
export const BUSINESS_REJECT_REASON = {
  other: 0,
  unsupportedMessageType: 3,
  applicationNotAvailable: 4,
} as const;

const SPACE = 0x20;
const DELETE = 0x7f;

/** The last SessionRejectReason (373) that FIX.4.2 knows: beyond it only the text says why. */
const LAST_REASON_OF_42 = 11;

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
    reverseRouting(state, writer, message);
    // Not msgSeqNum: a SequenceReset in reset mode may have the number 0.
    writer.field(TAG.RefSeqNum, Math.max(message.getInt(TAG.MsgSeqNum) ?? 0, 0));
    if (refTagId !== undefined) writer.field(TAG.RefTagID, refTagId);
    if (isSayable(state, message.msgType)) writer.field(TAG.RefMsgType, message.msgType);
    const isKnown = state.version !== 'FIX.4.2' || sessionRejectReason <= LAST_REASON_OF_42;
    if (isKnown) writer.field(TAG.SessionRejectReason, sessionRejectReason);
    writer.field(TAG.Text, text);
  });
  say(state, 'info', 'message rejected', { msgSeqNum: message.msgSeqNum, sessionRejectReason, text });
}

/** BusinessMessageReject (j) of a message, with its ClOrdID (11) where it has one. */
export function sendBusinessReject(
  state: SessionState,
  message: FixMessage,
  businessRejectReason: number,
  text: string,
): void {
  const clOrdId = message.get(TAG.ClOrdID);
  sendApplication(state, MSG_TYPE.BusinessMessageReject, (writer) => {
    reverseRouting(state, writer, message);
    writer.field(TAG.RefSeqNum, message.msgSeqNum ?? 0).field(TAG.RefMsgType, message.msgType);
    if (isSayable(state, clOrdId)) writer.field(TAG.BusinessRejectRefID, clOrdId);
    writer.field(TAG.BusinessRejectReason, businessRejectReason).field(TAG.Text, text);
  });
  say(state, 'info', 'message rejected', { msgSeqNum: message.msgSeqNum, businessRejectReason, text });
}

function reverseRouting(state: SessionState, writer: MessageWriter, message: FixMessage): void {
  for (const [from, to] of REVERSED_ROUTING) {
    const value = message.get(from);
    if (isSayable(state, value)) writer.field(to, value);
  }
}

/** Whether a value of the rejected message may be repeated: the member would reject what the venue rejects. */
function isSayable(state: SessionState, value: string | undefined): value is string {
  if (value === undefined || value === '') return false;
  if (value.length > state.validatorOptions.maxFieldBytes) return false;
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if (code < SPACE || code === DELETE) return false;
  }
  return true;
}
