/**
 * What a Logon (A) says, without what follows from it: whether it is one that the venue may answer, what is wrong with
 * it, and the terms that it asks for.
 */
import type { MemberSettings } from './member-settings.ts';
import type { FixMessage } from './message.ts';
import type { SessionLimits } from './session-limits.ts';
import type { Credentials, SessionConfig } from './session-protocol.ts';
import type { LogonTerms, SessionState } from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { parseUtcTimestamp } from './timestamp.ts';
import { validate } from './validator.ts';
import { APPL_VER_ID_50SP2, type FixVersion, versionOf } from './version.ts';

/** What the first message of a connection comes to. */
export type LogonReading =
  /** Nobody that the venue knows: the connection is closed without a word. */
  | { readonly type: 'Refused'; readonly reason: string }
  | {
      readonly type: 'Logon';
      readonly version: FixVersion;
      readonly credentials: Credentials;
      readonly terms: LogonTerms;
    };

/** EncryptMethod (98): none. */
export const NO_ENCRYPTION = '0';
/** Longest CancelOnDisconnectWindow (8014): a day. */
const MAX_CANCEL_WINDOW_SECONDS = 86_400;
const POSITIVE_INTEGER = /^[1-9]\d{0,14}$/;

/** Reads the first message of a connection. */
export function readLogon(message: FixMessage, config: SessionConfig, now: number): LogonReading {
  const refused = (reason: string): LogonReading => ({ type: 'Refused', reason });
  if (message.msgType !== MSG_TYPE.Logon)
    return refused(`the first message is no Logon but ${message.msgType}`);
  const version = versionOf(message.beginString);
  if (version === undefined) return refused(`BeginString(8) is ${message.beginString}`);
  if (version === 'FIX.5.0SP2' && message.get(TAG.DefaultApplVerID) !== APPL_VER_ID_50SP2)
    return refused(`DefaultApplVerID(1137) is not ${APPL_VER_ID_50SP2}`);
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
    version,
    credentials: { senderCompId: Number(senderCompId), username, password },
    terms: termsOf(message, msgSeqNum, config.limits),
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

/** What a Logon (A) asks for. */
export function termsOf(message: FixMessage, msgSeqNum: number, limits: SessionLimits): LogonTerms {
  return {
    msgSeqNum,
    heartBtInt: grantHeartBtInt(message.getInt(TAG.HeartBtInt) ?? 0, limits),
    isReset: message.get(TAG.ResetSeqNumFlag) === 'Y',
    nextExpectedSeqNum: message.getInt(TAG.NextExpectedMsgSeqNum),
    // Kept for as long as the session lasts, and what the socket read with it is not.
    message: message.detached(),
  };
}

/** What is wrong with a Logon in a way that only a member is told. */
export function faultOf(state: SessionState, message: FixMessage): string | undefined {
  const violation = validate(message, state.version, state.validatorOptions);
  if (violation !== undefined) return violation.text;
  if (message.get(TAG.EncryptMethod) !== NO_ENCRYPTION) {
    return 'EncryptMethod(98) must be 0: encrypt the connection instead';
  }
  if ((message.getInt(TAG.HeartBtInt) ?? -1) < 0) return 'HeartBtInt(108) must be 0 or more';
  const window = message.getInt(TAG.CancelOnDisconnectWindow) ?? 0;
  if (window < 0 || window > MAX_CANCEL_WINDOW_SECONDS) {
    return `CancelOnDisconnectWindow(8014) must be from 0 to ${MAX_CANCEL_WINDOW_SECONDS} seconds`;
  }
  return undefined;
}

/** Cancel on disconnect: what the Logon says (8013, 8014), else what is agreed. Undefined: orders stay. */
export function cancelAfterMsOf(message: FixMessage, settings: MemberSettings): number | undefined {
  const asked = message.get(TAG.CancelOrdersOnDisconnect);
  const isOn = asked === undefined ? settings.cancelOnDisconnect : asked === 'Y';
  if (!isOn) return undefined;
  const windowSeconds = message.getInt(TAG.CancelOnDisconnectWindow);
  return windowSeconds === undefined ? settings.cancelGraceMs : windowSeconds * 1000;
}
