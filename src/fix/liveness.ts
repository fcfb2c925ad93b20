/** Time passing: heartbeats and test requests of a session that is logged on, and the bounds on waiting. */

import { assertNever } from '../platform/assert.ts';
import { end, hasMoved, journalIfMoved, logOut, logOutAndEnd } from './ending.ts';
import { isOwnResetIgnored } from './numbers-reset.ts';
import { releaseOverdue } from './reports.ts';
import { requestUnasked } from './resend.ts';
import type { ScheduleState } from './session-schedule.ts';
import { outboundOf, type SessionState, sendAdmin } from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { utcTimestamp } from './timestamp.ts';

/** Inbound silence, in heartbeat intervals, after which a TestRequest (1) goes out. */
const TEST_AFTER = 1.2;
/** And after which the connection counts as dead. */
const DEAD_AFTER = 2.4;

/** What silence obliges to. */
export type LivenessVerdict = 'Alive' | 'Test' | 'Dead';

/** Judges `silenceMs` without a message from the member; an interval of 0 means no heartbeats. */
export function judgeSilence(silenceMs: number, heartBtIntMs: number, isTested: boolean): LivenessVerdict {
  if (heartBtIntMs === 0) return 'Alive';
  if (isTested && silenceMs >= heartBtIntMs * DEAD_AFTER) return 'Dead';
  return !isTested && silenceMs >= heartBtIntMs * TEST_AFTER ? 'Test' : 'Alive';
}

/** The tick of a session that is logged on. */
export function keepAlive(state: SessionState): void {
  const { limits } = state.config;
  const heartBtIntMs = heartBtIntMsOf(state);
  const isProbeUnanswered =
    state.probedAt !== undefined && state.now - state.probedAt >= limits.probeTimeoutMs;
  if (isProbeUnanswered) {
    end(state, 'another connection wants this session and this one does not answer');
    return;
  }
  if (state.probeDueAt !== undefined && state.now >= state.probeDueAt) sendProbe(state);
  const closed = reasonToClose(state);
  if (closed !== undefined) {
    logOut(state, closed);
    return;
  }
  if (state.inbound.isStuck(state.now, limits.gapTimeoutMs)) {
    logOutAndEnd(state, `no answer to the ResendRequest from ${state.inbound.nextSeqNum}`);
    return;
  }
  if (state.phase === 'Active' && isOwnResetIgnored(state)) {
    logOut(state, 'no answer to the Logon(A) with ResetSeqNumFlag(141)=Y');
    return;
  }
  requestUnasked(state);
  releaseOverdue(state);
  if (state.phase === 'Ended') return;
  // What is not read cannot be heard: then it is the member that judges whether it waits.
  const isDeaf = state.phase === 'Active' && state.isPaused;
  const silenceMs = isDeaf ? 0 : state.now - state.lastReceivedAt;
  const verdict = judgeSilence(silenceMs, heartBtIntMs, state.testRequestedAt !== undefined);
  if (verdict === 'Dead') {
    end(state, `nothing was received for ${silenceMs} ms`);
    return;
  }
  if (verdict === 'Test') sendTestRequest(state);
  if (isHeartbeatDue(state, heartBtIntMs)) sendAdmin(state, MSG_TYPE.Heartbeat);
  journalIfMoved(state);
}

/**
 * Whether the venue has been silent for an interval. Not while its TestRequest is unanswered: it has spoken, and
 * to a peer that may be dead. Nor when numbers have run out altogether, since a heartbeat would only queue up.
 */
function isHeartbeatDue(state: SessionState, heartBtIntMs: number): boolean {
  if (heartBtIntMs === 0 || state.testRequestedAt !== undefined) return false;
  return state.now - state.lastSentAt >= heartBtIntMs && outboundOf(state).hasNumber;
}

/** Why the member's schedule ends the session now; undefined while it does not. */
function reasonToClose(state: SessionState): string | undefined {
  if (state.phase !== 'Active') return undefined;
  const times = state.schedule?.at(state.now);
  if (times === undefined) return undefined;
  if (!times.isOpen) return `end of the session's schedule: it opens at ${utcTimestamp(times.opensAt)} UTC`;
  const isReset = times.resetAt > (state.scheduledResetAt ?? 0);
  return isReset ? 'sequence numbers go back to 1 now: log on again' : undefined;
}

function heartBtIntMsOf(state: SessionState): number {
  return (state.logon?.heartBtInt ?? 0) * 1000;
}

/**
 * When the session next needs a tick, ms since the epoch: an idle one needs none for most of its heartbeat
 * interval. Never later than it is, and often earlier.
 */
export function dueAt(state: SessionState): number {
  const { limits } = state.config;
  switch (state.phase) {
    case 'AwaitingLogon':
      return state.phaseSince + limits.logonTimeoutMs;
    case 'Claiming':
    case 'Opening':
      return state.phaseSince + limits.openTimeoutMs;
    case 'LoggingOut':
      return state.phaseSince + limits.logoutTimeoutMs;
    case 'Active':
    case 'Resetting':
      return hasPendingWork(state) ? state.now : quietUntil(state);
    case 'Finishing':
      return state.now;
    case 'Judging':
    case 'Ended':
      return Number.POSITIVE_INFINITY;
    default:
      return assertNever(state.phase);
  }
}

/** Whether something waits that only a tick looks after: numbers to be journaled, a member that reads slowly. */
function hasPendingWork(state: SessionState): boolean {
  return (
    state.isPaused ||
    state.inbound.hasGap ||
    state.ownReset !== undefined ||
    state.probeDueAt !== undefined ||
    state.probedAt !== undefined ||
    state.resend !== undefined ||
    state.backlog.length > 0 ||
    state.held.length > 0 ||
    state.changedSymbols.size > 0 ||
    hasMoved(state)
  );
}

function quietUntil(state: SessionState): number {
  const heartBtIntMs = heartBtIntMsOf(state);
  const times = state.schedule?.at(state.now);
  const scheduled = times === undefined ? Number.POSITIVE_INFINITY : nextChange(times);
  if (heartBtIntMs === 0) return scheduled;
  if (state.testRequestedAt !== undefined) {
    return Math.min(state.lastReceivedAt + heartBtIntMs * DEAD_AFTER, scheduled);
  }
  const testDueAt = state.lastReceivedAt + heartBtIntMs * TEST_AFTER;
  return Math.min(state.lastSentAt + heartBtIntMs, testDueAt, scheduled);
}

function nextChange(times: ScheduleState): number {
  return times.isOpen ? Math.min(times.closesAt, times.nextResetAt) : 0;
}

/**
 * Another connection claims this session: if this one is a dead half, it must not lock the member out. One that has
 * just been heard of is alive, and is left in peace.
 */
export function probe(state: SessionState): void {
  if (state.probedAt !== undefined) return;
  state.probeDueAt = state.lastReceivedAt + state.config.limits.probeAfterSilenceMs;
  if (state.now >= state.probeDueAt) sendProbe(state);
}

function sendProbe(state: SessionState): void {
  state.probeDueAt = undefined;
  state.probedAt = state.now;
  sendTestRequest(state);
}

/** The tick of a phase that lasts only so long. */
export function timeOut(state: SessionState): void {
  const { limits } = state.config;
  const waitedMs = state.now - state.phaseSince;
  switch (state.phase) {
    case 'AwaitingLogon':
      if (waitedMs >= limits.logonTimeoutMs) end(state, `no Logon within ${limits.logonTimeoutMs} ms`);
      return;
    case 'Claiming':
    case 'Opening':
      if (waitedMs >= limits.openTimeoutMs)
        end(state, `the store did not open the session in ${waitedMs} ms`);
      return;
    case 'LoggingOut':
      if (waitedMs >= limits.logoutTimeoutMs) end(state, 'the Logout was not answered');
      return;
    default:
      return;
  }
}

function sendTestRequest(state: SessionState): void {
  state.testRequestedAt = state.now;
  state.lastTestReqNo += 1;
  const testReqId = `TEST-${state.lastTestReqNo}`;
  sendAdmin(state, MSG_TYPE.TestRequest, (writer) => {
    writer.field(TAG.TestReqID, testReqId);
  });
}
