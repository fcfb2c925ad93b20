/**
 * The messages that the venue speaks, declared once for all versions: which fields they have, which of those must
 * be there, and who sends them.
 */
import { isMessageOf, messageName } from './dictionary.ts';
import { type FieldRule, fieldsIn } from './messages/field-rules.ts';
import { BUSINESS_MESSAGE_REJECT, NEWS } from './messages/general-messages.ts';
import { HEADER, TRAILER } from './messages/header.ts';
import {
  ORDER_MASS_CANCEL_REPORT,
  ORDER_MASS_CANCEL_REQUEST,
  ORDER_MASS_STATUS_REQUEST,
  ORDER_STATUS_REQUEST,
} from './messages/mass-orders.ts';
import {
  NEW_ORDER_SINGLE,
  ORDER_CANCEL_REPLACE_REQUEST,
  ORDER_CANCEL_REQUEST,
} from './messages/order-entry.ts';
import { EXECUTION_REPORT, ORDER_CANCEL_REJECT } from './messages/order-reports.ts';
import {
  SECURITY_LIST,
  SECURITY_LIST_REQUEST,
  SECURITY_STATUS,
  SECURITY_STATUS_REQUEST,
} from './messages/reference-data.ts';
import {
  HEARTBEAT,
  LOGON,
  LOGOUT,
  REJECT,
  RESEND_REQUEST,
  SEQUENCE_RESET,
  TEST_REQUEST,
} from './messages/session-messages.ts';
import { MSG_TYPE } from './tags.ts';
import type { FixVersion } from './version.ts';

/** Who sends a message: the member, the venue, or each to the other. */
export type Direction = 'fromMember' | 'fromVenue' | 'both';

/** Session messages keep the session; application messages are what it is for, and are stored and resent. */
export type MessageCategory = 'session' | 'application';

/** One message as it is declared for all versions. */
export interface MessageRule {
  /** MsgType (35). */
  readonly msgType: string;
  readonly name: string;
  readonly category: MessageCategory;
  readonly direction: Direction;
  /** The body's fields in any version; {@link HEADER} and {@link TRAILER} are on every message. */
  readonly fields: readonly FieldRule[];
}

/** One version's messages. */
export interface VersionRules {
  readonly header: readonly FieldRule[];
  readonly trailer: readonly FieldRule[];
  /** By MsgType (35). */
  readonly messages: ReadonlyMap<string, MessageRule>;
}

export { HEADER, TRAILER };

function rule(
  msgType: string,
  category: MessageCategory,
  direction: Direction,
  fields: readonly FieldRule[],
): [string, MessageRule] {
  return [msgType, { msgType, name: messageName(msgType) ?? msgType, category, direction, fields }];
}

/** Every message of the venue by its MsgType (35). */
export const MESSAGE_RULES: ReadonlyMap<string, MessageRule> = new Map([
  rule(MSG_TYPE.Logon, 'session', 'both', LOGON),
  rule(MSG_TYPE.Heartbeat, 'session', 'both', HEARTBEAT),
  rule(MSG_TYPE.TestRequest, 'session', 'both', TEST_REQUEST),
  rule(MSG_TYPE.ResendRequest, 'session', 'both', RESEND_REQUEST),
  rule(MSG_TYPE.Reject, 'session', 'both', REJECT),
  rule(MSG_TYPE.SequenceReset, 'session', 'both', SEQUENCE_RESET),
  rule(MSG_TYPE.Logout, 'session', 'both', LOGOUT),
  rule(MSG_TYPE.NewOrderSingle, 'application', 'fromMember', NEW_ORDER_SINGLE),
  rule(MSG_TYPE.OrderCancelRequest, 'application', 'fromMember', ORDER_CANCEL_REQUEST),
  rule(MSG_TYPE.OrderCancelReplaceRequest, 'application', 'fromMember', ORDER_CANCEL_REPLACE_REQUEST),
  rule(MSG_TYPE.OrderMassCancelRequest, 'application', 'fromMember', ORDER_MASS_CANCEL_REQUEST),
  rule(MSG_TYPE.OrderStatusRequest, 'application', 'fromMember', ORDER_STATUS_REQUEST),
  rule(MSG_TYPE.OrderMassStatusRequest, 'application', 'fromMember', ORDER_MASS_STATUS_REQUEST),
  rule(MSG_TYPE.ExecutionReport, 'application', 'fromVenue', EXECUTION_REPORT),
  rule(MSG_TYPE.OrderCancelReject, 'application', 'fromVenue', ORDER_CANCEL_REJECT),
  rule(MSG_TYPE.OrderMassCancelReport, 'application', 'fromVenue', ORDER_MASS_CANCEL_REPORT),
  rule(MSG_TYPE.SecurityListRequest, 'application', 'fromMember', SECURITY_LIST_REQUEST),
  rule(MSG_TYPE.SecurityList, 'application', 'fromVenue', SECURITY_LIST),
  rule(MSG_TYPE.SecurityStatusRequest, 'application', 'fromMember', SECURITY_STATUS_REQUEST),
  rule(MSG_TYPE.SecurityStatus, 'application', 'fromVenue', SECURITY_STATUS),
  rule(MSG_TYPE.BusinessMessageReject, 'application', 'both', BUSINESS_MESSAGE_REJECT),
  rule(MSG_TYPE.News, 'application', 'fromVenue', NEWS),
]);

/** The messages as one version has them: those that it does not know are left out. */
export function rulesOf(version: FixVersion): VersionRules {
  const messages = [...MESSAGE_RULES]
    .filter(([msgType]) => isMessageOf(version, msgType))
    .map(([msgType, message]): [string, MessageRule] => [
      msgType,
      { ...message, fields: fieldsIn(version, message.fields) },
    ]);
  return {
    header: fieldsIn(version, HEADER),
    trailer: fieldsIn(version, TRAILER),
    messages: new Map(messages),
  };
}
