/**
 * From the first bytes of a connection to a session that is logged on: what a Logon (A) must say, the password,
 * the claim to be the only session of its SenderCompID, the numbers; and the reset in mid-session.
 */
import { assertNever } from '../platform/assert.ts';
import { end, flush, logOut, logOutAndEnd } from './ending.ts';
import { judgeMsgSeqNum } from './inbound.ts';
import type { FixMessage } from './message.ts';
import { requestMissing } from './resend.ts';
import type { SessionLimits } from './session-limits.ts';
import type { Credentials, LogonVerdict, SessionConfig, StoredSession } from './session-protocol.ts';
import {
  BEGIN_STRING,
  beginNumbers,
  enter,
  identityOf,
  type LogonTerms,
  outboundOf,
  type SessionState,
  say,
  sendAdmin,
  speakTo,
} from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { parseUtcTimestamp } from './timestamp.ts';
import { validate } from './validator.ts';

/** What the first message of a connection comes to. */
export type LogonReading =
  /** Nobody that the venue knows: the connection is closed without a word. */
  | { readonly type: 'Refused'; readonly reason: string }
  | {
      readonly type: 'Logon';
      readonly credentials: Credentials;
      readonly terms: LogonTerms;
      /** Wrong in a way that only a member is told, in a Logout once the password is verified. */
      readonly fault: string | undefined;
    };

const NO_ENCRYPTION = '0';
const POSITIVE_INTEGER = /^[1-9]\d{0,14}$/;

/** Reads the first message of a connection. */
export function readLogon(message: FixMessage, config: SessionConfig, now: number): LogonReading {
  const refused = (reason: string): LogonReading => ({ type: 'Refused', reason });
  if (message.msgType !== MSG_TYPE.Logon)
    return refused(`the first message is no Logon but ${message.msgType}`);
  if (message.beginString !== BEGIN_STRING) return refused(`BeginString(8) is ${message.beginString}`);
  const { msgSeqNum } = message;
  if (msgSeqNum === undefined) return refused('MsgSeqNum(34) is missing');
  const senderCompId = message.get(TAG.SenderCompID) ?? '';
  if (!POSITIVE_INTEGER.test(senderCompId)) return refused('SenderCompID(49) is not a positive integer');
  if (message.get(TAG.TargetCompID) !== config.venueCompId)
    return refused('TargetCompID(56) is not the venue');
  const sendingTime = parseUtcTimestamp(message.get(TAG.SendingTime) ?? '');
  if (sendingTime === undefined) return refused('SendingTime(52) is missing');
  if (isTimeOff(sendingTime, now, config.limits)) return refused('SendingTime(52) is too far off');
  const username = message.get(TAG.Username);
  const password = message.get(TAG.Password);
  if (!username || !password) return refused('Username(553) or Password(554) is missing');
  return {
    type: 'Logon',
    credentials: { senderCompId: Number(senderCompId), username, password },
    terms: termsOf(message, msgSeqNum, config.limits),
    fault: faultOf(message, config.limits),
  };
}

/** Whether a SendingTime (52) is off by more than the limit, either way. */
export function isTimeOff(sendingTime: number, now: number, limits: SessionLimits): boolean {
  return Math.abs(now - sendingTime) > limits.maxSendingTimeSkewMs;
}

/** HeartBtInt (108) within the venue's limits, in seconds. */
export function grantHeartBtInt(asked: number, limits: SessionLimits): number {
  return Math.min(Math.max(asked, limits.minHeartBtIntSeconds), limits.maxHeartBtIntSeconds);
}

function termsOf(message: FixMessage, msgSeqNum: number, limits: SessionLimits): LogonTerms {
  return {
    msgSeqNum,
    heartBtInt: grantHeartBtInt(message.getInt(TAG.HeartBtInt) ?? 0, limits),
    isReset: message.get(TAG.ResetSeqNumFlag) === 'Y',
    message,
  };
}

function faultOf(message: FixMessage, limits: SessionLimits): string | undefined {
  const violation = validate(message, { allowUserDefined: false, maxFieldBytes: limits.maxFieldBytes });
  if (violation !== undefined) return violation.text;
  if (message.get(TAG.EncryptMethod) !== NO_ENCRYPTION) {
    return 'EncryptMethod(98) must be 0: encrypt the connection instead';
  }
  if ((message.getInt(TAG.HeartBtInt) ?? -1) < 0) return 'HeartBtInt(108) must be 0 or more';
  return undefined;
}

/** AwaitingLogon: asks who it is, or closes. */
export function beginLogon(state: SessionState, message: FixMessage): void {
  const reading = readLogon(message, state.config, state.now);
  if (reading.type === 'Refused') {
    end(state, reading.reason);
    return;
  }
  const { credentials, terms, fault } = reading;
  state.logon = terms;
  state.farewell = fault;
  state.identity = { senderCompId: credentials.senderCompId, userId: undefined };
  state.effects.push({ type: 'Authenticate', credentials });
  enter(state, 'Judging');
}

/** Judging: the password has been verified, or not. */
export function takeVerdict(state: SessionState, verdict: LogonVerdict): void {
  const { identity } = state;
  if (identity === undefined) return;
  switch (verdict.type) {
    case 'Refused':
    case 'Unavailable':
      end(state, verdict.reason);
      return;
    case 'Disabled':
      state.farewell = verdict.text;
      claim(state, identity.senderCompId, verdict.userId);
      return;
    case 'Accepted':
      // A Logon that is refused leaves the numbers as they are.
      state.isResetDue =
        state.farewell === undefined && (verdict.resetOnLogon || state.logon?.isReset === true);
      claim(state, identity.senderCompId, verdict.userId);
      return;
    default:
      assertNever(verdict);
  }
}

function claim(state: SessionState, senderCompId: number, userId: number): void {
  state.identity = { senderCompId, userId };
  state.isClaimed = true;
  speakTo(state, senderCompId);
  state.effects.push({ type: 'Claim', senderCompId });
  enter(state, 'Claiming');
}

/** Claiming or Resetting: asks the store for the numbers. */
export function open(state: SessionState): void {
  // What was said under the old numbers is on its way before the store cuts them.
  flush(state);
  state.backlog = [];
  state.backlogSent = 0;
  state.isOpenInStore = true;
  state.effects.push({ type: 'Open', ...identityOf(state), reset: state.isResetDue });
  enter(state, 'Opening');
}

/** Opening: the numbers are here, the Logon is answered. Returns what the member has sent meanwhile. */
export function start(state: SessionState, opened: StoredSession): readonly FixMessage[] {
  const { logon } = state;
  const kept = state.kept;
  state.kept = [];
  state.keptBytes = 0;
  if (logon === undefined) return [];
  beginNumbers(state, opened);
  stageReports(state, opened);
  enter(state, 'Active');
  state.lastReceivedAt = state.now;
  const verdict = judgeMsgSeqNum(opened.nextInSeqNum, logon.msgSeqNum, false);
  if (verdict.type === 'InOrder') state.inbound.consume();
  if (state.farewell !== undefined) {
    logOutAndEnd(state, state.farewell);
    return [];
  }
  if (verdict.type === 'TooLow' || verdict.type === 'AlreadyProcessed') {
    logOutAndEnd(
      state,
      `MsgSeqNum(34) too low, expecting ${opened.nextInSeqNum} but received ${logon.msgSeqNum}`,
    );
    return [];
  }
  answerLogon(state, logon);
  if (verdict.type === 'Gap') {
    state.inbound.queue(logon.msgSeqNum, { message: logon.message, isServed: true });
    requestMissing(state, logon.msgSeqNum);
  }
  return kept;
}

function answerLogon(state: SessionState, logon: LogonTerms): void {
  sendAdmin(state, MSG_TYPE.Logon, (writer) => {
    writer.field(TAG.EncryptMethod, NO_ENCRYPTION).field(TAG.HeartBtInt, logon.heartBtInt);
    if (logon.isReset) writer.field(TAG.ResetSeqNumFlag, 'Y');
  });
  say(state, 'info', 'logged on', {
    heartBtInt: logon.heartBtInt,
    nextInSeqNum: state.inbound.nextSeqNum,
    nextOutSeqNum: outboundOf(state).nextSeqNum,
  });
}

/** Undelivered reports first, then those that were committed since they were read. */
function stageReports(state: SessionState, opened: StoredSession): void {
  const live = state.backlog.filter(({ commitNo }) => commitNo > opened.commitNo);
  const isPossResend = opened.deliveryUncertain;
  const { commitNo, undelivered } = opened;
  state.backlog = undelivered.map((report) => ({ commitNo, report, isPossResend }));
  for (const committed of live) state.backlog.push(committed);
  state.backlogSent = 0;
  state.undeliveredCount = undelivered.length;
  state.openedCommitNo = commitNo;
  // After a crash our numbers have jumped: the member asks for what is between before it wants anything new.
  const isHeld = isPossResend && undelivered.length > 0;
  state.backlogHeldUntil = isHeld ? state.now + state.config.limits.settleMs : undefined;
}

/** Keeps a message for when the session is open; what is too much is left out and shows as a gap then. */
export function keep(state: SessionState, message: FixMessage): void {
  const byteCount = message.bytes.length;
  if (state.keptBytes + byteCount > state.config.limits.maxQueuedBytesAboveGap) return;
  state.kept.push(message);
  state.keptBytes += byteCount;
}

/** Active: a Logon with 141=Y. The numbers are cut when every request before it is answered. */
export function beginReset(state: SessionState, message: FixMessage, msgSeqNum: number): void {
  const fault = faultOf(message, state.config.limits);
  if (fault !== undefined) {
    logOut(state, fault);
    return;
  }
  state.logon = termsOf(message, msgSeqNum, state.config.limits);
  state.isResetDue = true;
  enter(state, 'Resetting');
}

/** Resetting: whether nothing under the old numbers is owed any more. */
export function isSettled(state: SessionState): boolean {
  return state.inbound.unansweredCount === 0 && outboundOf(state).waitingCount === 0;
}
