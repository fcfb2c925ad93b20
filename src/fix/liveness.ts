/** Time passing: heartbeats and test requests of a session that is logged on, and the bounds on waiting. */
import { end, journalIfMoved, logOutAndEnd } from './ending.ts';
import { outboundOf, type SessionState, sendAdmin } from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';

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
  const heartBtIntMs = (state.logon?.heartBtInt ?? 0) * 1000;
  const isProbeUnanswered =
    state.probedAt !== undefined && state.now - state.probedAt >= limits.probeTimeoutMs;
  if (isProbeUnanswered) {
    end(state, 'another connection wants this session and this one does not answer');
    return;
  }
  if (state.inbound.isStuck(state.now, limits.gapTimeoutMs)) {
    logOutAndEnd(state, `no answer to the ResendRequest from ${state.inbound.nextSeqNum}`);
    return;
  }
  const silenceMs = state.now - state.lastReceivedAt;
  const verdict = judgeSilence(silenceMs, heartBtIntMs, state.testRequestedAt !== undefined);
  if (verdict === 'Dead') {
    end(state, `nothing was received for ${silenceMs} ms`);
    return;
  }
  if (verdict === 'Test') sendTestRequest(state);
  const isOutboundSilent = heartBtIntMs > 0 && state.now - state.lastSentAt >= heartBtIntMs;
  // When numbers run out a heartbeat would only queue up.
  if (isOutboundSilent && verdict !== 'Test' && outboundOf(state).waitingCount === 0) {
    sendAdmin(state, MSG_TYPE.Heartbeat);
  }
  journalIfMoved(state);
}

/** Another connection claims this session: if this one is a dead half, it must not lock the member out. */
export function probe(state: SessionState): void {
  if (state.probedAt !== undefined) return;
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
