/**
 * What the sessions of a gateway have done since the node started, as plain numbers that only grow. Each is counted
 * where it happens, by an addition; whoever shows them reads them when asked.
 */
import type { CommandsRefusedInput, LogonVerdict, NumberedRequest } from './session-protocol.ts';

/**
 * How a session ended.
 *
 * - `BeforeLogon`: it never was one: wrong password, health check, time-out. These are the ends before the store was
 *   asked for the member's numbers.
 * - `LoggedOut`: both sides have said Logout (5).
 * - `ByVenue`: the venue logged the member out, for something the member did or since the venue stops.
 * - `Lost`: without a Logout: the connection broke, the member was silent, or it does not read.
 */
export type SessionEnd = 'BeforeLogon' | 'LoggedOut' | 'ByVenue' | 'Lost';

/** Shared by the sessions of a gateway. */
export class SessionCounts {
  /** Connections that became a session, and those that the gateway closed at once. */
  connections = 0;
  refusedConnections = 0;
  /** Verdicts on Logons (A). */
  readonly logins: Record<LogonVerdict['type'], number> = {
    Accepted: 0,
    Disabled: 0,
    Refused: 0,
    Unavailable: 0,
  };
  /** Logons that were answered with one, those in mid-session (141=Y) included. */
  logons = 0;
  readonly ends: Record<SessionEnd, number> = { BeforeLogon: 0, LoggedOut: 0, ByVenue: 0, Lost: 0 };

  /** Whole messages, session messages and resends among them. */
  messagesIn = 0;
  messagesOut = 0;
  garbled = 0;
  /** Requests about orders that were handed on to the exchange. */
  readonly requests: Record<NumberedRequest['command']['type'], number> = {
    NewOrderSingle: 0,
    OrderCancelRequest: 0,
    OrderCancelReplaceRequest: 0,
    OrderMassCancelRequest: 0,
    OrderStatusRequest: 0,
    OrderMassStatusRequest: 0,
    UnsupportedRequest: 0,
  };

  /** Reject (3) by SessionRejectReason (373), BusinessMessageReject (j) by BusinessRejectReason (380). */
  readonly rejects = new Map<number, number>();
  readonly businessRejects = new Map<number, number>();
  /** Of the latter: for a rate that was too high. */
  throttled = 0;
  /** Requests that were handed on and never judged, by why. */
  readonly refusals: Record<CommandsRefusedInput['refusal'], number> = {
    StoreUnavailable: 0,
    Overloaded: 0,
    Draining: 0,
    Unanswerable: 0,
  };

  /** ResendRequests (2) of members, the venue's own, and messages that were sent again. */
  resendsAskedFor = 0;
  resendsRequested = 0;
  messagesResent = 0;

  /** Notes a Reject (3). */
  reject(sessionRejectReason: number): void {
    add(this.rejects, sessionRejectReason);
  }

  /** Notes a BusinessMessageReject (j). */
  businessReject(businessRejectReason: number): void {
    add(this.businessRejects, businessRejectReason);
  }
}

function add(counts: Map<number, number>, reason: number): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
