/** What is said of a message that cannot be taken: Reject (3) and BusinessMessageReject (j). */
import type { FixMessage } from './message.ts';
import { BUSINESS_MESSAGE_REJECT } from './messages/general-messages.ts';
import { REJECT } from './messages/session-messages.ts';
import { type SessionState, sayOften, sendAdmin, sendApplication } from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { writeFields } from './typed-messages.ts';
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
  unknownId: 1,
  unknownSecurity: 2,
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
  state.counts.reject(sessionRejectReason);
  const isKnown = state.version !== 'FIX.4.2' || sessionRejectReason <= LAST_REASON_OF_42;
  sendAdmin(state, MSG_TYPE.Reject, (writer) => {
    reverseRouting(state, writer, message);
    writeFields(writer, REJECT, state.version, {
      // Not msgSeqNum: a SequenceReset in reset mode may have the number 0.
      RefSeqNum: Math.max(message.getInt(TAG.MsgSeqNum) ?? 0, 0),
      RefTagID: refTagId,
      RefMsgType: sayable(state, message.msgType),
      SessionRejectReason: isKnown ? sessionRejectReason : undefined,
      Text: text,
    });
  });
  sayOften(state, 'info', 'message rejected', { msgSeqNum: message.msgSeqNum, sessionRejectReason, text });
}

/** The fields by which a member knows its requests: each kind has one of them. */
const REQUEST_ID_TAGS: readonly number[] = [
  TAG.ClOrdID,
  TAG.OrdStatusReqID,
  TAG.MassStatusReqID,
  TAG.SecurityReqID,
  TAG.SecurityStatusReqID,
];

/** BusinessMessageReject (j) of a message, with the id that it has: its ClOrdID (11), or that of a question. */
export function sendBusinessReject(
  state: SessionState,
  message: FixMessage,
  businessRejectReason: number,
  text: string,
): void {
  state.counts.businessReject(businessRejectReason);
  const idTag = REQUEST_ID_TAGS.find((tag) => message.has(tag));
  const refId = idTag === undefined ? undefined : sayable(state, message.get(idTag));
  sendApplication(state, MSG_TYPE.BusinessMessageReject, (writer) => {
    reverseRouting(state, writer, message);
    writeFields(writer, BUSINESS_MESSAGE_REJECT, state.version, {
      RefSeqNum: message.msgSeqNum ?? 0,
      RefMsgType: message.msgType,
      BusinessRejectRefID: refId,
      BusinessRejectReason: businessRejectReason,
      Text: text,
    });
  });
  sayOften(state, 'info', 'message rejected', { msgSeqNum: message.msgSeqNum, businessRejectReason, text });
}

function reverseRouting(state: SessionState, writer: MessageWriter, message: FixMessage): void {
  for (const [from, to] of REVERSED_ROUTING) {
    const value = sayable(state, message.get(from));
    if (value !== undefined) writer.field(to, value);
  }
}

/** A value of the rejected message, if it may be repeated: the member would reject what the venue rejects. */
function sayable(state: SessionState, value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (value.length > state.validatorOptions.maxFieldBytes) return undefined;
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if (code < SPACE || code === DELETE) return undefined;
  }
  return value;
}
