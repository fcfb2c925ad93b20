/** How much waits in the sessions of a gateway; apart from it, since only whoever watches bounds wants to know. */
import type { Connection } from '../fix/connection.ts';
import { PHASES, type SessionPhase } from '../fix/session-table.ts';
import type { FixSession } from './fix-session.ts';

/** The sessions of a gateway, summed; where each has a bound of its own, the one that is nearest to it. */
export interface GatewayLoad {
  readonly byPhase: Readonly<Record<SessionPhase, number>>;
  /** Connections before their Logon. Bound: maxUnauthenticatedConnections. */
  readonly unauthenticated: number;
  /** Sessions whose sockets are not read at the moment. */
  readonly readingPaused: number;
  /** Of all sessions together. Bound: slowdownRequestsInFlight. */
  readonly unansweredRequests: number;
  readonly mostQueuedReports: number;
  readonly mostUnansweredRequests: number;
  readonly mostQueuedAboveGap: number;
  readonly mostUnsentBytes: number;
}

/** Looks at each session. `unauthenticated`: connections before their Logon. */
export function loadOfSessions(
  sessions: Iterable<{ readonly session: FixSession; readonly connection: Connection }>,
  unauthenticated: number,
): GatewayLoad {
  const byPhase = Object.fromEntries(PHASES.map((phase) => [phase, 0])) as Record<SessionPhase, number>;
  const load = {
    byPhase,
    unauthenticated,
    readingPaused: 0,
    unansweredRequests: 0,
    mostQueuedReports: 0,
    mostUnansweredRequests: 0,
    mostQueuedAboveGap: 0,
    mostUnsentBytes: 0,
  };
  for (const { session, connection } of sessions) {
    const one = session.load();
    if (one === undefined) continue;
    byPhase[one.phase] += 1;
    if (one.isReadingPaused) load.readingPaused += 1;
    load.unansweredRequests += one.unansweredRequests;
    load.mostQueuedReports = Math.max(load.mostQueuedReports, one.queuedReports);
    load.mostUnansweredRequests = Math.max(load.mostUnansweredRequests, one.unansweredRequests);
    load.mostQueuedAboveGap = Math.max(load.mostQueuedAboveGap, one.queuedAboveGap);
    load.mostUnsentBytes = Math.max(load.mostUnsentBytes, connection.unsentBytes());
  }
  return load;
}

/** For whoever sends members to gateways that have room. */
export interface GatewayOccupancy {
  readonly connections: number;
  /** One more is closed at once. */
  readonly maxConnections: number;
}
