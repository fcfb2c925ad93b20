/**
 * When the socket of a session is left unread, so that what the venue cannot do yet waits at the member and not in
 * the venue. Apart from session.ts, since it is a rule about all sessions together: a member that sends little is
 * always read, however much the others send.
 */
import { outboundOf, type SessionState } from './session-state.ts';

/** Messages of one step, so that what came of them is seen before more is taken. */
const MOST_AT_ONCE = 1_000;

/** The sum over the sessions of a gateway: each keeps its own part of it right. */
export interface UnansweredRequests {
  total: number;
}

/** The limits that it follows; each is described in session-limits.ts. */
export interface ReadingLimits {
  readonly maxUnansweredRequestsPerSession: number;
  readonly slowdownRequestsInFlight: number;
  readonly slowdownRequestsPerSession: number;
}

/**
 * How many requests a session may have unanswered while all of them have so many: as many as there is room left. So n
 * sessions that send all they can come to rest at the n+1st part of `slowdownRequestsInFlight` each, and as much as
 * that is free for whoever comes next.
 */
export function mayBeUnanswered(limits: ReadingLimits, unansweredOfAll: number): number {
  const room = limits.slowdownRequestsInFlight - unansweredOfAll;
  return Math.max(floorOf(limits), Math.min(room, limits.maxUnansweredRequestsPerSession));
}

function floorOf(limits: ReadingLimits): number {
  return Math.min(limits.slowdownRequestsPerSession, limits.maxUnansweredRequestsPerSession);
}

/**
 * How many messages of what has been read already the session may take: as many as keep it within its bound, were all
 * of them requests. Only a session that is active makes others wait; whatever else it is sent, it judges at once.
 */
export function roomToRead(state: SessionState): number {
  if (state.phase !== 'Active') return Number.POSITIVE_INFINITY;
  if (state.isPaused) return 0;
  if (!state.isStoreUp) return MOST_AT_ONCE;
  const { unansweredCount } = state.inbound;
  const { limits } = state.config;
  // Each that is taken is one more of its own, and leaves room for one less.
  const shared = Math.floor((boundOf(state) - unansweredCount) / 2);
  const own = floorOf(limits) - unansweredCount;
  // One beyond the bound, by which reading pauses.
  return Math.min(Math.max(0, shared, own) + 1, MOST_AT_ONCE);
}

/**
 * Whether reading has to wait: while the Logon is dealt with, while numbers for answers are lacking, while too much
 * waits to be stored, and while too many requests are unanswered, until half of them are answered. Without a store
 * requests are refused at once, so that their count needs no brake.
 */
export function needsPause(state: SessionState): boolean {
  switch (state.phase) {
    case 'Judging':
    case 'Claiming':
    case 'Opening':
    case 'Resetting':
      return true;
    case 'Active': {
      if (outboundOf(state).waitingCount > 0 || state.config.isJournalFull?.() === true) return true;
      if (!state.isStoreUp) return false;
      const bound = boundOf(state);
      return state.inbound.unansweredCount > (state.isPaused ? bound / 2 : bound);
    }
    default:
      return false;
  }
}

/** Brings this session's part of the sum up to date: at the end of each step, in which all of it may have changed. */
export function countUnanswered(state: SessionState): void {
  setCounted(state, state.phase === 'Ended' ? 0 : state.inbound.unansweredCount);
}

/** Takes this session's part out of the sum. */
export function forgetUnanswered(state: SessionState): void {
  setCounted(state, 0);
}

function setCounted(state: SessionState, count: number): void {
  const { unanswered } = state.config;
  if (unanswered !== undefined) unanswered.total += count - state.countedUnanswered;
  state.countedUnanswered = count;
}

function boundOf({ config, inbound }: SessionState): number {
  return mayBeUnanswered(config.limits, config.unanswered?.total ?? inbound.unansweredCount);
}
