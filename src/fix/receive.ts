/**
 * What the session makes of a message while it is logged on: who sent it and when, its number, its fields, and
 * then its meaning. Messages above a gap wait, and are processed in order when it closes.
 */
import { answerLogout, endLoggedOut, logOutAndEnd } from './ending.ts';
import { judgeMsgSeqNum } from './inbound.ts';
import { isTimeOff } from './logon-terms.ts';
import type { FixMessage } from './message.ts';
import { isSettled, takeResetLogon } from './numbers-reset.ts';
import { readOrderCommand } from './order-requests.ts';
import {
  BUSINESS_REJECT_REASON,
  REJECT_REASON,
  sendBusinessReject,
  sendReject,
  sendViolation,
} from './rejects.ts';
import { unsupportedRequest } from './reports.ts';
import { readResendRequest, requestMissing, resendRange } from './resend.ts';
import { answerSecurityList } from './security-list.ts';
import { answerSecurityStatus } from './security-status.ts';
import { enter, outboundOf, type SessionState, sayOften, sendAdmin } from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { parseUtcTimestamp } from './timestamp.ts';
import { excerpt, validate } from './validator.ts';
import { APPL_VER_ID_50SP2, beginStringOf } from './version.ts';

/** Active: judges a message and does what it says. */
export function receive(state: SessionState, message: FixMessage): void {
  noteSignOfLife(state);
  const beginString = beginStringOf(state.version);
  if (message.beginString !== beginString) {
    logOutAndEnd(state, `BeginString(8) is ${excerpt(message.beginString)} and must be ${beginString}`);
    return;
  }
  const { msgSeqNum } = message;
  const isReset = isSequenceReset(message) && message.get(TAG.GapFillFlag) !== 'Y';
  // In reset mode the number counts for nothing, and some engines send 0.
  if (msgSeqNum === undefined && !(isReset && message.has(TAG.MsgSeqNum))) {
    logOutAndEnd(state, 'MsgSeqNum(34) is missing or not a positive integer');
    return;
  }
  if (endOnWrongOrigin(state, message)) return;
  if (isReset && resetInbound(state, message)) return;
  if (msgSeqNum === undefined) return;
  const isPossDup = message.get(TAG.PossDupFlag) === 'Y';
  if (isResetLogon(message) && !isPossDup) {
    takeResetLogon(state, message, msgSeqNum);
    return;
  }
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
      // Whoever wants to go is let go: both ways it ends with a Logout.
      if (message.msgType === MSG_TYPE.Logout) {
        answerLogoutNow(state);
        return;
      }
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
    endLoggedOut(state, 'logged out');
    return;
  }
  // A request keeps its number unconsumed, so that it shows as a gap at the next logon.
  if (isInOrder && isSessionMessage(message)) state.inbound.consume();
  const isAbove = (message.msgSeqNum ?? 0) > state.inbound.nextSeqNum;
  if ((isInOrder || isAbove) && message.msgType === MSG_TYPE.ResendRequest && isValid(state, message)) {
    serveResendRequest(state, message);
  }
}

function noteSignOfLife(state: SessionState): void {
  state.lastReceivedAt = state.now;
  state.testRequestedAt = undefined;
  state.probeDueAt = undefined;
  state.probedAt = undefined;
}

/**
 * True when the CompIDs or the SendingTime (52) were so wrong that the session has ended. One that is missing or
 * empty is the validator's to reject: it names nobody else.
 */
function endOnWrongOrigin(state: SessionState, message: FixMessage): boolean {
  const { config, identity, now } = state;
  const refuse = (reason: number, tag: number, text: string) => {
    if (message.msgSeqNum === state.inbound.nextSeqNum) state.inbound.consume();
    sendReject(state, message, reason, tag, text);
    logOutAndEnd(state, text);
    return true;
  };
  const senderCompId = message.get(TAG.SenderCompID);
  if (senderCompId && senderCompId !== String(identity?.senderCompId)) {
    const text = 'SenderCompID(49) is not the one that logged on';
    return refuse(REJECT_REASON.compIdProblem, TAG.SenderCompID, text);
  }
  const targetCompId = message.get(TAG.TargetCompID);
  if (targetCompId && targetCompId !== config.venueCompId) {
    const text = `TargetCompID(56) must be ${config.venueCompId}`;
    return refuse(REJECT_REASON.compIdProblem, TAG.TargetCompID, text);
  }
  const sendingTime = parseUtcTimestamp(message.get(TAG.SendingTime) ?? '');
  if (sendingTime !== undefined && isTimeOff(sendingTime, now, config.limits)) {
    const text = `SendingTime(52) is off by more than ${config.limits.maxSendingTimeSkewMs / 1000} s`;
    return refuse(REJECT_REASON.sendingTimeProblem, TAG.SendingTime, text);
  }
  return false;
}

/** Answers a Logout whose turn has not come: at once, unless there is no number for the answer yet. */
function answerLogoutNow(state: SessionState): void {
  if (outboundOf(state).isReady) answerLogout(state);
  else enter(state, 'Finishing');
}

function receiveAboveGap(state: SessionState, message: FixMessage, msgSeqNum: number): void {
  const isValidNow = isServedAboveGap(message) && isValid(state, message);
  if (isValidNow && message.msgType === MSG_TYPE.Logout) {
    answerLogoutNow(state);
    return;
  }
  // Both sides may miss something: whoever waited for the other would wait for ever.
  const isServed = isValidNow && message.msgType === MSG_TYPE.ResendRequest;
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
  const isLeftover = state.inbound.hasGap && isFromEarlierSession(message);
  state.inbound.consume();
  if (message.get(TAG.PossDupFlag) === 'Y' && !isOrigSendingTimeRight(state, message)) return;
  const violation = validate(message, state.version, state.validatorOptions);
  if (violation !== undefined) {
    sendViolation(state, message, violation);
    return;
  }
  if (rejectApplVersion(state, message) || isLeftover) return;
  switch (message.msgType) {
    case MSG_TYPE.NewOrderSingle:
    case MSG_TYPE.OrderCancelRequest:
    case MSG_TYPE.OrderCancelReplaceRequest:
    case MSG_TYPE.OrderMassCancelRequest:
    case MSG_TYPE.OrderStatusRequest:
    case MSG_TYPE.OrderMassStatusRequest:
      takeRequest(state, message);
      return;
    case MSG_TYPE.SecurityListRequest:
      if (!isTooFast(state, message)) answerSecurityList(state, message);
      return;
    case MSG_TYPE.SecurityStatusRequest:
      if (!isTooFast(state, message)) answerSecurityStatus(state, message);
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
      sayOften(state, 'warn', 'the member rejected a message', {
        refSeqNum: message.getInt(TAG.RefSeqNum),
        text: message.get(TAG.Text),
      });
      return;
    default:
      // A Heartbeat says nothing; the validator lets nothing else through.
      return;
  }
}

/**
 * A Logon or Logout that is sent again for the venue's ResendRequest, as some engines do instead of a GapFill:
 * what it said was for a session that is over.
 */
function isFromEarlierSession(message: FixMessage): boolean {
  const { msgType } = message;
  return message.get(TAG.PossDupFlag) === 'Y' && (msgType === MSG_TYPE.Logon || msgType === MSG_TYPE.Logout);
}

/** True when an application message of FIXT.1.1 was of another version than the session's, and has been rejected. */
function rejectApplVersion(state: SessionState, message: FixMessage): boolean {
  if (state.version !== 'FIX.5.0SP2') return false;
  const applVerId = message.get(TAG.ApplVerID);
  if (applVerId === undefined || applVerId === APPL_VER_ID_50SP2) return false;
  const text = `ApplVerID(1128) must be ${APPL_VER_ID_50SP2}, as the Logon said`;
  sendReject(state, message, REJECT_REASON.unsupportedApplVersion, TAG.ApplVerID, text);
  return true;
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

/** Hands a request about orders on to the exchange, or says why not. */
function takeRequest(state: SessionState, message: FixMessage): void {
  const msgSeqNum = message.msgSeqNum as number;
  const reading = readOrderCommand(message, state.version);
  if (!isCancel(message) && isTooFast(state, message)) return;
  if (reading.type === 'NotOffered') {
    sendBusinessReject(state, message, BUSINESS_REJECT_REASON.other, reading.text);
    return;
  }
  const command = reading.type === 'Command' ? reading.command : unsupportedRequest(reading.refusal);
  state.inbound.awaitAnswer(msgSeqNum);
  if (command.type === 'OrderMassCancelRequest') state.held.await(msgSeqNum, command.clOrdId);
  state.commands.push({ msgSeqNum, command });
  // A member that trades is not waiting for a resend.
  state.backlogHeldUntil = undefined;
}

/** What takes risk away is taken however fast it comes. */
function isCancel({ msgType }: FixMessage): boolean {
  return msgType === MSG_TYPE.OrderCancelRequest || msgType === MSG_TYPE.OrderMassCancelRequest;
}

/** True when the request came too fast and has been rejected. */
function isTooFast(state: SessionState, message: FixMessage): boolean {
  const verdict = state.throttle?.take(state.now);
  if (verdict === undefined || verdict.type === 'Passed') return false;
  if (verdict.type === 'Abuse') {
    logOutAndEnd(state, 'too many requests beyond the allowed rate');
    return true;
  }
  state.counts.throttled += 1;
  const perSecond = state.settings.ordersPerSecond ?? state.config.limits.maxOrdersPerSecond;
  const text = `more than ${perSecond} requests a second, cancels aside: try again in ${verdict.retryAfterMs} ms`;
  sendBusinessReject(state, message, BUSINESS_REJECT_REASON.other, text);
  return true;
}

function answerTestRequest(state: SessionState, message: FixMessage): void {
  const testReqId = message.get(TAG.TestReqID) as string;
  sendAdmin(state, MSG_TYPE.Heartbeat, (writer) => {
    writer.field(TAG.TestReqID, testReqId);
  });
}

function serveResendRequest(state: SessionState, message: FixMessage): void {
  const reading = readResendRequest(message, outboundOf(state).nextSeqNum - 1);
  state.counts.resendsAskedFor += 1;
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

/**
 * SequenceReset (4) in reset mode: its own number counts for nothing. False when something is wrong with it and it has
 * a number, under which it is rejected in its turn.
 */
function resetInbound(state: SessionState, message: FixMessage): boolean {
  const violation = validate(message, state.version, state.validatorOptions);
  if (violation !== undefined) {
    if (message.msgSeqNum !== undefined) return false;
    sendViolation(state, message, violation);
    return true;
  }
  const newSeqNo = message.getInt(TAG.NewSeqNo) as number;
  const expected = state.inbound.nextSeqNum;
  if (newSeqNo < expected) {
    const text = `NewSeqNo(36) must be ${expected} or more: the next number cannot be lowered`;
    sendReject(state, message, REJECT_REASON.valueIsIncorrect, TAG.NewSeqNo, text);
    return true;
  }
  // One that moves nothing is no progress of a gap, and no work.
  if (newSeqNo === expected) return true;
  sayOften(state, 'warn', 'the member reset its numbers', { expected, newSeqNo });
  state.inbound.moveTo(newSeqNo);
  processQueue(state);
  return true;
}

function isValid(state: SessionState, message: FixMessage): boolean {
  return validate(message, state.version, state.validatorOptions) === undefined;
}

/** Logout (5) and ResendRequest (2) do not wait for missing numbers. */
function isServedAboveGap(message: FixMessage): boolean {
  return message.msgType === MSG_TYPE.Logout || message.msgType === MSG_TYPE.ResendRequest;
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
