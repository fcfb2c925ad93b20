/** How far a session is in its life and how much waits in it: for whoever watches the bounds of SessionLimits. */
import type { SessionState } from './session-state.ts';
import type { SessionPhase } from './session-table.ts';

export interface SessionLoad {
  readonly phase: SessionPhase;
  /** The socket is not read: the Logon is dealt with, too much is unanswered, or numbers are lacking. */
  readonly isReadingPaused: boolean;
  /** Committed reports that the member has not been sent. Bound: maxQueuedReports. */
  readonly queuedReports: number;
  /** Requests without an answer. Bound: maxUnansweredRequestsPerSession. */
  readonly unansweredRequests: number;
  /** Messages above a sequence gap. Bound: maxQueuedAboveGap. */
  readonly queuedAboveGap: number;
}

/** The session's load as it is between two steps. */
export function loadOf(state: SessionState): SessionLoad {
  return {
    phase: state.phase,
    isReadingPaused: state.isPaused,
    queuedReports: state.backlog.length - state.backlogSent + state.held.length + state.missed.heldCount,
    unansweredRequests: state.inbound.unansweredCount,
    queuedAboveGap: state.inbound.queuedCount,
  };
}
