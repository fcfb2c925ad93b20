/** The session's own messages in FIX.4.4, and the two rejects that are not about orders. */
import { TEXT } from './blocks.ts';
import { type FieldRule, group, optional, required } from './field-rules.ts';

/** Logon (A). Without the right 553 and 554 the connection is closed. */
export const LOGON: readonly FieldRule[] = [
  ...required('EncryptMethod HeartBtInt'),
  ...optional('RawDataLength RawData ResetSeqNumFlag NextExpectedMsgSeqNum MaxMessageSize'),
  ...group('NoMsgTypes', optional('RefMsgType MsgDirection')),
  ...optional('TestMessageIndicator Username Password'),
];

/** Heartbeat (0). */
export const HEARTBEAT: readonly FieldRule[] = optional('TestReqID');

/** TestRequest (1). */
export const TEST_REQUEST: readonly FieldRule[] = required('TestReqID');

/** ResendRequest (2). EndSeqNo (16) 0 is infinity. */
export const RESEND_REQUEST: readonly FieldRule[] = required('BeginSeqNo EndSeqNo');

/** Reject (3). */
export const REJECT: readonly FieldRule[] = [
  ...required('RefSeqNum'),
  ...optional('RefTagID RefMsgType SessionRejectReason'),
  ...TEXT,
];

/** SequenceReset (4). */
export const SEQUENCE_RESET: readonly FieldRule[] = [...optional('GapFillFlag'), ...required('NewSeqNo')];

/** Logout (5). */
export const LOGOUT: readonly FieldRule[] = TEXT;

/** BusinessMessageReject (j). */
export const BUSINESS_MESSAGE_REJECT: readonly FieldRule[] = [
  ...optional('RefSeqNum'),
  ...required('RefMsgType'),
  ...optional('BusinessRejectRefID'),
  ...required('BusinessRejectReason'),
  ...TEXT,
];
