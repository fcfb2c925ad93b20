/** What is agreed with a member, from its row of `users`: how its session is held, and as whom it may come. */
import type { Peer } from '../fix/connection.ts';
import type { MemberSettings } from '../fix/member-settings.ts';
import { parseSchedule } from '../fix/session-schedule.ts';
import { parseAddressPatterns } from '../platform/addresses.ts';

export interface MemberRecord {
  readonly id: number;
  readonly username: string;
  readonly password_hash: string;
  readonly status: 'active' | 'disabled' | 'venue';
  readonly reset_on_logon: boolean;
  readonly reset_on_logout: boolean;
  readonly validate_user_defined_fields: boolean;
  readonly session_schedule: string | null;
  readonly cancel_on_disconnect: boolean;
  readonly cancel_grace_ms: number;
  readonly orders_per_second: number | null;
  readonly allowed_addresses: readonly string[] | null;
  readonly certificate_subject: string | null;
}

/** The columns of a {@link MemberRecord}. */
export const MEMBER_RECORD_COLUMNS =
  'id, username, password_hash, status, reset_on_logon, reset_on_logout, validate_user_defined_fields, ' +
  'session_schedule, cancel_on_disconnect, cancel_grace_ms, orders_per_second, allowed_addresses, ' +
  'certificate_subject';

/** The settings of the session, or what is wrong with the row: nothing that the admin API writes. */
export function memberSettings(record: MemberRecord): MemberSettings | string {
  const text = record.session_schedule;
  const schedule = text === null ? undefined : parseSchedule(text);
  if (typeof schedule === 'string') return `the member's session_schedule cannot be read: ${schedule}`;
  return {
    resetOnLogon: record.reset_on_logon,
    resetOnLogout: record.reset_on_logout,
    validateUserDefinedFields: record.validate_user_defined_fields,
    schedule,
    cancelOnDisconnect: record.cancel_on_disconnect,
    cancelGraceMs: record.cancel_grace_ms,
    ordersPerSecond: record.orders_per_second ?? undefined,
  };
}

/** Why the member may not come from there, or with that certificate; undefined when it may. */
export function peerFault(record: MemberRecord, peer: Peer): string | undefined {
  const { allowed_addresses: patterns, certificate_subject: subject } = record;
  if (patterns !== null) {
    const allowed = parseAddressPatterns(patterns);
    if (typeof allowed === 'string') return `the member's allowed_addresses cannot be read: ${allowed}`;
    if (!allowed.matches(peer.remoteAddress)) return 'an address that is not allowed for the member';
  }
  if (subject === null || subject === peer.certificateSubject) return undefined;
  return peer.certificateSubject === undefined
    ? 'no client certificate, and the member must present one'
    : `the client certificate is not the member's: ${peer.certificateSubject}`;
}
