/**
 * From the first bytes of a connection to a session that is logged on: the Logon (A), the password, the claim to be
 * the only session of its SenderCompID, the numbers, the answer.
 */
import { assertNever } from '../platform/assert.ts';
import { end, flush, logOutAndEnd } from './ending.ts';
import { judgeMsgSeqNum } from './inbound.ts';
import { cancelAfterMsOf, faultOf, NO_ENCRYPTION, readLogon } from './logon-terms.ts';
import type { MemberSettings } from './member-settings.ts';
import type { FixMessage } from './message.ts';
import { isTold } from './reports.ts';
import { requestMissing, resendRange } from './resend.ts';
import type { LogonVerdict, StoredSession } from './session-protocol.ts';
import { compileSchedule } from './session-schedule.ts';
import {
  beginNumbers,
  enter,
  identityOf,
  type LogonTerms,
  outboundOf,
  type SessionState,
  say,
  sendAdmin,
  speakTo,
} from './session-state.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { utcTimestamp } from './timestamp.ts';
import { APPL_VER_ID_50SP2 } from './version.ts';

/** AwaitingLogon: asks who it is, or closes. */
export function beginLogon(state: SessionState, message: FixMessage): void {
  const reading = readLogon(message, state.config, state.now);
  if (reading.type === 'Refused') {
    end(state, reading.reason);
    return;
  }
  const { version, credentials, terms } = reading;
  state.version = version;
  state.logon = terms;
  state.identity = { senderCompId: credentials.senderCompId, userId: undefined };
  state.effects.push({ type: 'Authenticate', credentials });
  enter(state, 'Judging');
}

/** Judging: the password has been verified, or not. */
export function takeVerdict(state: SessionState, verdict: LogonVerdict): void {
  const { identity } = state;
  if (identity === undefined) return;
  switch (verdict.type) {
    case 'Refused':
    case 'Unavailable':
      end(state, verdict.reason);
      return;
    case 'Disabled':
      state.farewell = verdict.text;
      claim(state, identity.senderCompId, verdict.userId);
      return;
    case 'Accepted':
      agree(state, identity.senderCompId, verdict.settings);
      claim(state, identity.senderCompId, verdict.userId);
      return;
    default:
      assertNever(verdict);
  }
}

/** Takes over what is agreed with the member, and judges its Logon by that. */
function agree(state: SessionState, senderCompId: number, settings: MemberSettings): void {
  const { logon, now } = state;
  const { limits } = state.config;
  if (logon === undefined) return;
  state.settings = settings;
  state.validatorOptions = {
    allowUserDefined: !settings.validateUserDefinedFields,
    maxFieldBytes: limits.maxFieldBytes,
  };
  const perSecond = settings.ordersPerSecond ?? limits.maxOrdersPerSecond;
  state.throttle = state.config.throttles.of(senderCompId, perSecond, limits.minThrottleAbuse, now);
  state.schedule = settings.schedule === undefined ? undefined : compileSchedule(settings.schedule);
  const times = state.schedule?.at(now);
  const closed =
    times === undefined || times.isOpen
      ? undefined
      : `outside the session's schedule: it opens at ${utcTimestamp(times.opensAt)} UTC`;
  state.farewell = faultOf(state, logon.message) ?? closed;
  // A Logon that is refused leaves the numbers as they are.
  if (state.farewell !== undefined) return;
  // Number 1 says that its last Logout was answered: a venue that died before it had stored the reset owes it.
  const isOwed = settings.resetOnLogout && logon.msgSeqNum === 1;
  state.isResetDue = settings.resetOnLogon || logon.isReset || isOwed;
  state.scheduledResetAt = times?.resetAt;
  state.cancelAfterMs = cancelAfterMsOf(logon.message, settings);
}

function claim(state: SessionState, senderCompId: number, userId: number): void {
  state.identity = { senderCompId, userId };
  state.isClaimed = true;
  speakTo(state, senderCompId);
  state.effects.push({ type: 'Claim', senderCompId });
  enter(state, 'Claiming');
}

/** Claiming or Resetting: asks the store for the numbers. */
export function open(state: SessionState): void {
  // What was said under the old numbers is on its way before the store cuts them.
  flush(state);
  // The store hands over again what has a row.
  state.backlog = state.backlog.slice(state.backlogSent).filter(({ report }) => report.sourceSeq === 0);
  state.backlogSent = 0;
  state.undeliveredCount = 0;
  state.isOpenInStore = true;
  state.effects.push({
    type: 'Open',
    ...identityOf(state),
    reset: state.isResetDue,
    resetIfBegunBefore: state.scheduledResetAt,
    // A Logon that is refused is no session: what the last one left behind stays due.
    cancelAfterMs: state.farewell === undefined ? state.cancelAfterMs : 'unchanged',
    logonSeqNum: state.logon?.msgSeqNum ?? 1,
    nextExpectedSeqNum: state.logon?.nextExpectedSeqNum,
  });
  enter(state, 'Opening');
}

/** Opening: the numbers are here, the Logon is answered. Returns what the member has sent meanwhile. */
export function start(state: SessionState, opened: StoredSession): readonly FixMessage[] {
  const { logon } = state;
  const kept = takeKept(state);
  if (logon === undefined) return [];
  beginNumbers(state, opened);
  stageReports(state, opened);
  enter(state, 'Active');
  state.lastReceivedAt = state.now;
  const verdict = judgeMsgSeqNum(opened.nextInSeqNum, logon.msgSeqNum, false);
  if (verdict.type === 'InOrder') state.inbound.consume();
  if (opened.isDisabled) state.farewell ??= 'this user is disabled';
  if (state.farewell !== undefined) {
    // The numbers are cut already: a member that asked for it must see so before it is told to go.
    if (opened.wasReset && logon.isReset) sendLogon(state, logon, undefined);
    logOutAndEnd(state, state.farewell);
    return [];
  }
  if (verdict.type === 'TooLow' || verdict.type === 'AlreadyProcessed') {
    logOutAndEnd(
      state,
      `MsgSeqNum(34) too low, expecting ${opened.nextInSeqNum} but received ${logon.msgSeqNum}`,
    );
    return [];
  }
  const wanted = logon.nextExpectedSeqNum;
  const firstUnused = opened.nextOutSeqNum;
  if (wanted !== undefined && wanted > firstUnused) {
    const text = `NextExpectedMsgSeqNum(789) is ${wanted}, but the venue's next number is ${firstUnused}`;
    logOutAndEnd(state, text);
    return [];
  }
  const isUsed = wanted !== undefined;
  sendLogon(state, logon, isUsed ? state.inbound.nextSeqNum : undefined);
  say(state, 'info', 'logged on', {
    heartBtInt: logon.heartBtInt,
    nextInSeqNum: state.inbound.nextSeqNum,
    nextOutSeqNum: outboundOf(state).nextSeqNum,
  });
  state.counts.logons += 1;
  sayLoggedOn(state);
  if (verdict.type === 'Gap') {
    state.inbound.queue(logon.msgSeqNum, { message: logon.message, isServed: true });
    // A member that uses 789 has been told in the answer what is missing, and sends it by itself.
    if (wanted === undefined) requestMissing(state, logon.msgSeqNum);
    else state.inbound.expectFill(logon.msgSeqNum, state.now);
  }
  if (wanted === undefined) return kept;
  if (wanted < firstUnused) resendRange(state, Math.max(wanted, 1), firstUnused);
  else state.backlogHeldUntil = undefined;
  return kept;
}

/** The gateway knows from then on for whom it looks after the session's end. */
export function sayLoggedOn(state: SessionState): void {
  const { cancelAfterMs, epoch } = state;
  const ofCluster = epoch === undefined ? {} : { epoch };
  state.effects.push({ type: 'LoggedOn', ...identityOf(state), cancelAfterMs, ...ofCluster });
}

/** Sends a Logon (A) with these terms, and the next number expected (789) where it is wanted. */
export function sendLogon(
  state: SessionState,
  logon: Pick<LogonTerms, 'heartBtInt' | 'isReset'>,
  nextExpectedSeqNum: number | undefined,
): void {
  sendAdmin(state, MSG_TYPE.Logon, (writer) => {
    writer.field(TAG.EncryptMethod, NO_ENCRYPTION).field(TAG.HeartBtInt, logon.heartBtInt);
    if (logon.isReset) writer.field(TAG.ResetSeqNumFlag, 'Y');
    if (nextExpectedSeqNum !== undefined) writer.field(TAG.NextExpectedMsgSeqNum, nextExpectedSeqNum);
    if (state.version === 'FIX.5.0SP2') writer.field(TAG.DefaultApplVerID, APPL_VER_ID_50SP2);
  });
}

/** Undelivered reports first, then those that were committed since they were read. */
export function stageReports(state: SessionState, opened: StoredSession): void {
  const live = state.backlog.filter(
    ({ commit, report }) => commit !== undefined && !isTold(opened.commits, commit, report),
  );
  const isPossResend = opened.deliveryUncertain;
  const { commits, undelivered } = opened;
  state.backlog = undelivered.map((report) => ({ commit: undefined, report, isPossResend }));
  for (const committed of live) state.backlog.push(committed);
  state.backlogSent = 0;
  state.undeliveredCount = undelivered.length;
  state.openedCommits = commits;
  if (opened.epoch !== undefined) state.missed.begin(commits, undelivered);
  // After a crash our numbers have jumped: the member asks for what is between before it wants anything new.
  const isHeld = isPossResend && undelivered.length > 0;
  state.backlogHeldUntil = isHeld ? state.now + state.config.limits.settleMs : undefined;
}

/** What was kept, for whoever processes it. */
export function takeKept(state: SessionState): readonly FixMessage[] {
  const { kept } = state;
  state.kept = [];
  state.keptBytes = 0;
  return kept;
}

/** Keeps a message for when the session is open; what is too much is left out and shows as a gap then. */
export function keep(state: SessionState, message: FixMessage): void {
  const { byteCount } = message;
  if (state.keptBytes + byteCount > state.config.limits.maxQueuedBytesAboveGap) return;
  state.kept.push(message.detached());
  state.keptBytes += byteCount;
}
