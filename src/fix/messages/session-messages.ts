/** The session's own messages; those of FIX.5.0SP2 are FIXT.1.1's. */
import { group, in50, optional, required, since44 } from './field-rules.ts';
import { TEXT } from './header.ts';

/** Logon (A). Without the right 553 and 554 the connection is closed. */
export const LOGON = [
  ...required('EncryptMethod HeartBtInt'),
  ...in50(required('DefaultApplVerID')),
  ...optional('RawDataLength RawData ResetSeqNumFlag MaxMessageSize'),
  ...since44(optional('NextExpectedMsgSeqNum')),
  ...group('NoMsgTypes', [
    ...optional('RefMsgType MsgDirection'),
    ...in50(optional('RefApplVerID RefApplExtID RefCstmApplVerID DefaultVerIndicator')),
  ]),
  ...since44(optional('TestMessageIndicator')),
  ...optional('Username Password'),
  ...in50([
    ...optional('NewPassword EncryptedPasswordMethod EncryptedPasswordLen EncryptedPassword'),
    ...optional('EncryptedNewPasswordLen EncryptedNewPassword SessionStatus'),
    ...optional('DefaultApplExtID DefaultCstmApplVerID'),
    ...TEXT,
  ]),
  ...optional('CancelOrdersOnDisconnect CancelOnDisconnectWindow'),
];

/** Heartbeat (0). */
export const HEARTBEAT = optional('TestReqID');

/** TestRequest (1). */
export const TEST_REQUEST = required('TestReqID');

/** ResendRequest (2). EndSeqNo (16) 0 is infinity. */
export const RESEND_REQUEST = required('BeginSeqNo EndSeqNo');

/** Reject (3). */
export const REJECT = [
  ...required('RefSeqNum'),
  ...optional('RefTagID RefMsgType'),
  ...in50(optional('RefApplVerID RefApplExtID RefCstmApplVerID')),
  ...optional('SessionRejectReason'),
  ...TEXT,
];

/** SequenceReset (4). */
export const SEQUENCE_RESET = [...optional('GapFillFlag'), ...required('NewSeqNo')];

/** Logout (5). */
export const LOGOUT = [...in50(optional('SessionStatus')), ...TEXT];
