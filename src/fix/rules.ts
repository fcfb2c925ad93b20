/**
 * The messages that the venue speaks in FIX.4.4, declared once: which fields they have, which of those must be
 * there, and who sends them.
 */
import { messageName } from './dictionary.ts';
import { HEADER, TRAILER } from './messages/blocks.ts';
import type { FieldRule } from './messages/field-rules.ts';
import {
  NEW_ORDER_SINGLE,
  ORDER_CANCEL_REPLACE_REQUEST,
  ORDER_CANCEL_REQUEST,
} from './messages/order-entry.ts';
import { EXECUTION_REPORT, ORDER_CANCEL_REJECT } from './messages/order-reports.ts';
import {
  BUSINESS_MESSAGE_REJECT,
  HEARTBEAT,
  LOGON,
  LOGOUT,
  REJECT,
  RESEND_REQUEST,
  SEQUENCE_RESET,
  TEST_REQUEST,
} from './messages/session-messages.ts';
import { MSG_TYPE } from './tags.ts';

/** Who sends a message: the member, the venue, or each to the other. */
export type Direction = 'fromMember' | 'fromVenue' | 'both';

export interface MessageRule {
  /** MsgType (35). */
  readonly msgType: string;
  readonly name: string;
  readonly direction: Direction;
  /** The body's fields; {@link HEADER} and {@link TRAILER} are on every message. */
  readonly fields: readonly FieldRule[];
}

export { HEADER, TRAILER };

function rule(msgType: string, direction: Direction, fields: readonly FieldRule[]): [string, MessageRule] {
  return [msgType, { msgType, name: messageName(msgType) ?? msgType, direction, fields }];
}

/** Every message of the venue by its MsgType (35). */
export const MESSAGE_RULES: ReadonlyMap<string, MessageRule> = new Map([
  rule(MSG_TYPE.Logon, 'both', LOGON),
  rule(MSG_TYPE.Heartbeat, 'both', HEARTBEAT),
  rule(MSG_TYPE.TestRequest, 'both', TEST_REQUEST),
  rule(MSG_TYPE.ResendRequest, 'both', RESEND_REQUEST),
  rule(MSG_TYPE.Reject, 'both', REJECT),
  rule(MSG_TYPE.SequenceReset, 'both', SEQUENCE_RESET),
  rule(MSG_TYPE.Logout, 'both', LOGOUT),
  rule(MSG_TYPE.NewOrderSingle, 'fromMember', NEW_ORDER_SINGLE),
  rule(MSG_TYPE.OrderCancelRequest, 'fromMember', ORDER_CANCEL_REQUEST),
  rule(MSG_TYPE.OrderCancelReplaceRequest, 'fromMember', ORDER_CANCEL_REPLACE_REQUEST),
  rule(MSG_TYPE.ExecutionReport, 'fromVenue', EXECUTION_REPORT),
  rule(MSG_TYPE.OrderCancelReject, 'fromVenue', ORDER_CANCEL_REJECT),
  rule(MSG_TYPE.BusinessMessageReject, 'both', BUSINESS_MESSAGE_REJECT),
]);
