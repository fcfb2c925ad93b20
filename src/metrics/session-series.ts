/** Connections, logons, sessions, and what is sent again. */
import type { SessionCounts } from '../fix/session-counts.ts';
import { byLabel, type Series } from './series.ts';
import type { WatchedNode } from './watched-node.ts';

/** Counters of the sessions. */
export function sessionCounters(
  counts: SessionCounts,
  node: () => WatchedNode | undefined,
): readonly Series[] {
  return [
    {
      name: 'connections_total',
      help: 'Connections that became a session, logged on or not, as a count.',
      read: () => counts.connections,
    },
    {
      name: 'connections_refused_total',
      help: 'Connections that were closed at once for a bound, as a count.',
      read: () => counts.refusedConnections,
    },
    {
      name: 'login_verdicts_total',
      help: 'Logons that were judged, as a count by verdict: accepted, disabled, refused (wrong, unknown or locked out), unavailable (no database, or too many at once).',
      labels: ['verdict'],
      read: () => lowered('verdict', counts.logins),
    },
    {
      name: 'lockouts_total',
      help: 'Failed logons that locked a member or a network out, or did so for longer, as a count.',
      read: () => node()?.logins().lockouts ?? 0,
    },
    {
      name: 'logons_total',
      help: 'Logons that were answered with one, those in mid-session included, as a count.',
      read: () => counts.logons,
    },
    {
      name: 'sessions_ended_total',
      help: 'Connections that ended, as a count by how: before_logon, logged_out, by_venue (the venue logged the member out), lost (without a Logout).',
      labels: ['how'],
      read: () =>
        byLabel('how', [
          ['before_logon', counts.ends.BeforeLogon],
          ['logged_out', counts.ends.LoggedOut],
          ['by_venue', counts.ends.ByVenue],
          ['lost', counts.ends.Lost],
        ]),
    },
    {
      name: 'fix_messages_total',
      help: 'Whole FIX messages, session messages and resends among them, as a count by direction, seen from the venue.',
      labels: ['direction'],
      read: () =>
        byLabel('direction', [
          ['in', counts.messagesIn],
          ['out', counts.messagesOut],
        ]),
    },
    {
      name: 'fix_garbled_total',
      help: 'Bytes that were no message and were ignored, as a count.',
      read: () => counts.garbled,
    },
    {
      name: 'resend_requests_total',
      help: 'ResendRequests (2), as a count by who sent them.',
      labels: ['by'],
      read: () =>
        byLabel('by', [
          ['member', counts.resendsAskedFor],
          ['venue', counts.resendsRequested],
        ]),
    },
    {
      name: 'messages_resent_total',
      help: 'Application messages that were sent again, as a count; gap fills are not counted.',
      read: () => counts.messagesResent,
    },
  ];
}

/** Sessions as they are at the moment. */
export function sessionGauges(node: () => WatchedNode | undefined): readonly Series[] {
  return [
    {
      name: 'sessions',
      help: 'Connections at the moment, as a count by phase; Active: logged on.',
      labels: ['phase'],
      read: () => byLabel('phase', Object.entries(node()?.gateway.load().byPhase ?? {})),
    },
    {
      name: 'sessions_reading_paused',
      help: 'Sessions whose socket is not read at the moment, since something of theirs is waited for, as a count.',
      read: () => node()?.gateway.load().readingPaused ?? 0,
    },
  ];
}

function lowered(label: string, counts: Readonly<Record<string, number>>): ReturnType<typeof byLabel> {
  return byLabel(
    label,
    Object.entries(counts).map(([name, count]) => [name.toLowerCase(), count] as const),
  );
}
