/**
 * Back to 1 in mid-session, by a Logon (A) with ResetSeqNumFlag (141=Y): the member's own, or the venue's, which the
 * member answers. Nothing under old numbers may still be owed when they end.
 */
import { logOut, logOutAndEnd } from './ending.ts';
import { judgeMsgSeqNum } from './inbound.ts';
import { open, sayLoggedOn, sendLogon, stageReports, takeKept } from './logon.ts';
import { cancelAfterMsOf, faultOf, termsOf } from './logon-terms.ts';
import type { FixMessage } from './message.ts';
import { requestMissing } from './resend.ts';
import type { StoredSession } from './session-protocol.ts';
import { beginOutboundNumbers, enter, outboundOf, type SessionState, say } from './session-state.ts';
import { TAG } from './tags.ts';

/** How long a member may take to answer the venue's reset, in multiples of what it may take for a Logout. */
const ANSWER_FACTOR = 5;

/** Active: a Logon with 141=Y. The numbers are cut when every request before it is answered. */
export function takeResetLogon(state: SessionState, message: FixMessage, msgSeqNum: number): void {
  const fault = faultOf(state, message);
  if (fault !== undefined) {
    logOut(state, fault);
    return;
  }
  state.logon = termsOf(message, msgSeqNum, state.config.limits);
  if (state.ownReset === 'Announced') state.ownReset = 'Answered';
  else state.isResetDue = true;
  if (message.has(TAG.CancelOrdersOnDisconnect)) {
    state.cancelAfterMs = cancelAfterMsOf(message, state.settings);
  }
  enter(state, 'Resetting');
}

/** Active: an operator wants both sides back at 1. Once is enough. */
export function beginOwnReset(state: SessionState): void {
  if (state.ownReset !== undefined) return;
  state.ownReset = 'Due';
  state.isResetDue = true;
  enter(state, 'Resetting');
}

/** Resetting or Finishing: nothing is owed any more, and there is a number for the answer to the Logout. */
export function isSettled(state: SessionState): boolean {
  // Who asks for a reset does not want what it asked for before; when the venue does, the member still may.
  if (state.ownReset === 'Due' && state.resend !== undefined) return false;
  if (state.missed.isBehind) return false;
  return state.inbound.unansweredCount === 0 && outboundOf(state).isReady;
}

/** Resetting, and settled: cuts the numbers. Returns what the member has sent meanwhile, if it may be processed. */
export function cutNumbers(state: SessionState): readonly FixMessage[] {
  if (state.ownReset === 'Answered') return endOwnReset(state);
  open(state);
  return [];
}

/**
 * Opening: the store has cut the numbers for the venue's reset; the member is told. What it sends until it answers is
 * still under its old numbers, and is taken.
 */
export function announceOwnReset(state: SessionState, opened: StoredSession): readonly FixMessage[] {
  beginOutboundNumbers(state, opened);
  stageReports(state, opened);
  state.isResetDue = false;
  state.ownReset = 'Announced';
  state.resetAnnouncedAt = state.now;
  enter(state, 'Active');
  sendLogon(state, { heartBtInt: state.logon?.heartBtInt ?? 0, isReset: true }, undefined);
  say(state, 'info', 'numbers reset', { nextInSeqNum: state.inbound.nextSeqNum });
  // It has another epoch now.
  if (state.epoch !== undefined) sayLoggedOn(state);
  // Behind the Logon: without it the member could not read the Logout's number.
  if (state.farewell !== undefined) {
    logOutAndEnd(state, state.farewell);
    return [];
  }
  return takeKept(state);
}

/** Active: whether the member has had its time to answer the venue's reset. */
export function isOwnResetIgnored(state: SessionState): boolean {
  const answerMs = state.config.limits.logoutTimeoutMs * ANSWER_FACTOR;
  return state.ownReset === 'Announced' && state.now - state.resetAnnouncedAt >= answerMs;
}

/** The member's numbers are at 1 as well, as the store has said since the announcement. */
function endOwnReset(state: SessionState): readonly FixMessage[] {
  const { logon } = state;
  state.ownReset = undefined;
  state.inbound.start(1);
  enter(state, 'Active');
  if (logon === undefined) return [];
  const verdict = judgeMsgSeqNum(1, logon.msgSeqNum, false);
  if (verdict.type === 'InOrder') {
    state.inbound.consume();
  } else {
    state.inbound.queue(logon.msgSeqNum, { message: logon.message, isServed: true });
    requestMissing(state, logon.msgSeqNum);
  }
  return takeKept(state);
}
