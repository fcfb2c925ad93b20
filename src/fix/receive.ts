/**
 * What the session makes of a message while it is logged on: who sent it and when, its number, its fields, and
 * then its meaning. Messages above a gap wait, and are processed in order when it closes.
 */
import { answerLogout, end, logOutAndEnd } from './ending.ts';
import { judgeMsgSeqNum } from './inbound.ts';
import { beginReset, isSettled, isTimeOff } from './logon.ts';
import type { FixMessage } from './message.ts';
import { readOrderCommand } from './order-messages.ts';
import { REJECT_REASON, sendReject, sendViolation } from './rejects.ts';
import { unsupportedRequest } from './reports.ts';
import { readResendRequest, requestMissing, resendRange } from './resend.ts';
import { BEGIN_STRING, enter, outboundOf, type SessionState, say, sendAdmin } from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { parseUtcTimestamp } from './timestamp.ts';
import { validate } from './validator.ts';

/** Active: judges a message and does what it says. */
export function receive(state: SessionState, message: FixMessage): void {
  noteSignOfLife(state);
  if (message.beginString !== BEGIN_STRING) {
    logOutAndEnd(state, `BeginString(8) is ${message.beginString} and must be ${BEGIN_STRING}`);
    return;
  }
  const { msgSeqNum } = message;
  if (msgSeqNum === undefined) {
    logOutAndEnd(state, 'MsgSeqNum(34) is missing or not a positive integer');
    return;
  }
  if (endOnWrongOrigin(state, message, msgSeqNum)) return;
  const isPossDup = message.get(TAG.PossDupFlag) === 'Y';
  if (isResetLogon(message) && !isPossDup) {
    beginReset(state, message, msgSeqNum);
    return;
  }
  if (isSequenceReset(message) && resetInbound(state, message)) return;
  const verdict = judgeMsgSeqNum(state.inbound.nextSeqNum, msgSeqNum, isPossDup);
  switch (verdict.type) {
    case 'InOrder':
      process(state, message);
      processQueue(state);
      return;
    case 'Gap':
      receiveAboveGap(state, message, msgSeqNum);
      return;
    case 'AlreadyProcessed':
      isOrigSendingTimeRight(state, message);
      return;
    case 'TooLow':
      logOutAndEnd(state, `MsgSeqNum(34) too low, expecting ${verdict.expected} but received ${msgSeqNum}`);
      return;
  }
}

/** LoggingOut: the member's Logout ends the session; resends are still served, requests are not taken. */
export function receiveLast(state: SessionState, message: FixMessage): void {
  noteSignOfLife(state);
  const isInOrder = message.msgSeqNum === state.inbound.nextSeqNum;
  if (message.msgType === MSG_TYPE.Logout) {
    if (isInOrder) state.inbound.consume();
    end(state, 'logged out');
    return;
  }
  // A request keeps its number unconsumed, so that it shows as a gap at the next logon.
  if (!isInOrder || !isSessionMessage(message)) return;
  state.inbound.consume();
  if (message.msgType === MSG_TYPE.ResendRequest && validate(message, state.validatorOptions) === undefined) {
    serveResendRequest(state, message);
  }
}

function noteSignOfLife(state: SessionState): void {
  state.lastReceivedAt = state.now;
  state.testRequestedAt = undefined;
  state.probedAt = undefined;
}

/** True when the CompIDs or the SendingTime (52) were so wrong that the session has ended. */
function endOnWrongOrigin(state: SessionState, message: FixMessage, msgSeqNum: number): boolean {
  const { config, identity, now } = state;
  const refuse = (reason: number, tag: number, text: string) => {
    if (msgSeqNum === state.inbound.nextSeqNum) state.inbound.consume();
    sendReject(state, message, reason, tag, text);
    logOutAndEnd(state, text);
    return true;
  };
  if (message.get(TAG.SenderCompID) !== String(identity?.senderCompId)) {
    const text = 'SenderCompID(49) is not the one that logged on';
    return refuse(REJECT_REASON.compIdProblem, TAG.SenderCompID, text);
  }
  if (message.get(TAG.TargetCompID) !== config.venueCompId) {
    const text = `TargetCompID(56) must be ${config.venueCompId}`;
    return refuse(REJECT_REASON.compIdProblem, TAG.TargetCompID, text);
  }
  const sendingTime = parseUtcTimestamp(message.get(TAG.SendingTime) ?? '');
  // One that is missing or no time is the validator's to reject.
  if (sendingTime !== undefined && isTimeOff(sendingTime, now, config.limits)) {
    const text = `SendingTime(52) is off by more than ${config.limits.maxSendingTimeSkewMs / 1000} s`;
    return refuse(REJECT_REASON.sendingTimeProblem, TAG.SendingTime, text);
  }
  return false;
}

function receiveAboveGap(state: SessionState, message: FixMessage, msgSeqNum: number): void {
  if (message.msgType === MSG_TYPE.Logout) {
    answerLogout(state);
    return;
  }
  const isResendRequest = message.msgType === MSG_TYPE.ResendRequest;
  // Both sides may miss something: whoever waited for the other would wait for ever.
  const isServed = isResendRequest && validate(message, state.validatorOptions) === undefined;
  if (isServed) serveResendRequest(state, message);
  if (state.phase !== 'Active') return;
  state.inbound.queue(msgSeqNum, { message, isServed });
  requestMissing(state, msgSeqNum);
}

/** Whether OrigSendingTime (122) is there and not later than SendingTime (52); if not, that has been said. */
function isOrigSendingTimeRight(state: SessionState, message: FixMessage): boolean {
  // Many engines send GapFills with 43=Y and without 122.
  if (isSequenceReset(message)) return true;
  const origSendingTime = message.get(TAG.OrigSendingTime);
  if (origSendingTime === undefined) {
    const text = 'OrigSendingTime(122) is required when PossDupFlag(43) is Y';
    sendReject(state, message, REJECT_REASON.requiredTagMissing, TAG.OrigSendingTime, text);
    return false;
  }
  const first = parseUtcTimestamp(origSendingTime);
  const again = parseUtcTimestamp(message.get(TAG.SendingTime) ?? '');
  if (first === undefined || again === undefined || first <= again) return true;
  const text = 'OrigSendingTime(122) is later than SendingTime(52)';
  sendReject(state, message, REJECT_REASON.sendingTimeProblem, TAG.OrigSendingTime, text);
  logOutAndEnd(state, text);
  return false;
}

/** Processes the message whose turn it is, and consumes its number whatever comes of it. */
function process(state: SessionState, message: FixMessage): void {
  state.inbound.consume();
  if (message.get(TAG.PossDupFlag) === 'Y' && !isOrigSendingTimeRight(state, message)) return;
  const violation = validate(message, state.validatorOptions);
  if (violation !== undefined) {
    sendViolation(state, message, violation);
    return;
  }
  switch (message.msgType) {
    case MSG_TYPE.NewOrderSingle:
    case MSG_TYPE.OrderCancelRequest:
    case MSG_TYPE.OrderCancelReplaceRequest:
      takeRequest(state, message);
      return;
    case MSG_TYPE.TestRequest:
      answerTestRequest(state, message);
      return;
    case MSG_TYPE.ResendRequest:
      serveResendRequest(state, message);
      return;
    case MSG_TYPE.SequenceReset:
      fillInboundGap(state, message);
      return;
    case MSG_TYPE.Logout:
      if (isSettled(state)) answerLogout(state);
      else enter(state, 'Finishing');
      return;
    case MSG_TYPE.Logon: {
      const text = 'Logon(A) of a session that is logged on needs ResetSeqNumFlag(141)=Y';
      sendReject(state, message, REJECT_REASON.other, undefined, text);
      return;
    }
    case MSG_TYPE.Reject:
    case MSG_TYPE.BusinessMessageReject:
      say(state, 'warn', 'the member rejected a message', {
        refSeqNum: message.getInt(TAG.RefSeqNum),
        text: message.get(TAG.Text),
      });
      return;
    default:
      // A Heartbeat says nothing; the validator lets nothing else through.
      return;
  }
}

/** Processes what waited above a gap, as far as there is no further one. */
function processQueue(state: SessionState): void {
  while (state.phase === 'Active') {
    const queued = state.inbound.takeNext();
    if (queued === undefined) break;
    if (queued.isServed) state.inbound.consume();
    else process(state, queued.message);
  }
  if (state.phase !== 'Active') return;
  const shownBy = state.inbound.closeGap(state.now);
  if (shownBy !== undefined) requestMissing(state, shownBy);
}

function takeRequest(state: SessionState, message: FixMessage): void {
  const msgSeqNum = message.msgSeqNum as number;
  const reading = readOrderCommand(message);
  const command = reading.type === 'Command' ? reading.command : unsupportedRequest(reading.refusal);
  state.inbound.awaitAnswer(msgSeqNum);
  state.commands.push({ msgSeqNum, command });
  // A member that trades is not waiting for a resend.
  state.backlogHeldUntil = undefined;
}

function answerTestRequest(state: SessionState, message: FixMessage): void {
  const testReqId = message.get(TAG.TestReqID) as string;
  sendAdmin(state, MSG_TYPE.Heartbeat, (writer) => {
    writer.field(TAG.TestReqID, testReqId);
  });
}

function serveResendRequest(state: SessionState, message: FixMessage): void {
  const reading = readResendRequest(message, outboundOf(state).nextSeqNum - 1);
  if (reading.type === 'Range') resendRange(state, reading.begin, reading.end);
  else sendReject(state, message, REJECT_REASON.valueIsIncorrect, reading.tag, reading.text);
}

/** SequenceReset (4) with GapFillFlag (123=Y), in its turn. */
function fillInboundGap(state: SessionState, message: FixMessage): void {
  const newSeqNo = message.getInt(TAG.NewSeqNo) as number;
  if (newSeqNo >= state.inbound.nextSeqNum) {
    state.inbound.moveTo(newSeqNo);
    return;
  }
  const text = `NewSeqNo(36) must be above MsgSeqNum(34) ${message.msgSeqNum}`;
  sendReject(state, message, REJECT_REASON.valueIsIncorrect, TAG.NewSeqNo, text);
}

/** SequenceReset (4) in reset mode: its own number counts for nothing. False when it is for the usual road. */
function resetInbound(state: SessionState, message: FixMessage): boolean {
  if (message.get(TAG.GapFillFlag) === 'Y') return false;
  if (validate(message, state.validatorOptions) !== undefined) return false;
  const newSeqNo = message.getInt(TAG.NewSeqNo) as number;
  const expected = state.inbound.nextSeqNum;
  if (newSeqNo < expected) {
    const text = `NewSeqNo(36) must be ${expected} or more: the next number cannot be lowered`;
    sendReject(state, message, REJECT_REASON.valueIsIncorrect, TAG.NewSeqNo, text);
    return true;
  }
  say(state, 'warn', 'the member reset its numbers', { expected, newSeqNo });
  state.inbound.moveTo(newSeqNo);
  processQueue(state);
  return true;
}

function isSequenceReset(message: FixMessage): boolean {
  return message.msgType === MSG_TYPE.SequenceReset;
}

function isResetLogon(message: FixMessage): boolean {
  return message.msgType === MSG_TYPE.Logon && message.get(TAG.ResetSeqNumFlag) === 'Y';
}

const SESSION_MESSAGES: ReadonlySet<string> = new Set([
  MSG_TYPE.Heartbeat,
  MSG_TYPE.TestRequest,
  MSG_TYPE.ResendRequest,
  MSG_TYPE.Reject,
  MSG_TYPE.SequenceReset,
]);

function isSessionMessage(message: FixMessage): boolean {
  return SESSION_MESSAGES.has(message.msgType);
}
