/**
 * Answers to requests on their way to the member: committed reports in their order, behind those that an earlier
 * session did not deliver, and those of a mass cancel behind its own report.
 */
import type { Report } from '../matching/execution-report.ts';
import { assertNever } from '../platform/assert.ts';
import { type CommitName, type CommitNumbers, isContained } from '../platform/commit-numbers.ts';
import { end } from './ending.ts';
import type { OrderRefusal } from './request-readings.ts';
import { roomFor } from './resend.ts';
import type { ReportsCommittedInput, UnsupportedOrderRequest } from './session-protocol.ts';
import { type CommittedReport, identityOf, outboundOf, type SessionState, say } from './session-state.ts';

/** A request that the account refuses and records, in the exchange's words. */
export function unsupportedRequest(refusal: OrderRefusal): UnsupportedOrderRequest {
  const { type, clOrdId, symbol = '', side = '', text } = refusal;
  const common = { type: 'UnsupportedRequest', clOrdId, symbol, side, text } as const;
  switch (type) {
    case 'OrderRefused': {
      const { orderQty, ordRejReason } = refusal;
      return { ...common, msgType: 'D', origClOrdId: undefined, orderQty, reason: ordRejReason };
    }
    case 'CancelRefused': {
      const { origClOrdId, orderQty, cxlRejReason } = refusal;
      const msgType = refusal.cxlRejResponseTo === 1 ? 'F' : 'G';
      return { ...common, msgType, origClOrdId, orderQty, reason: cxlRejReason };
    }
    case 'MassCancelRefused': {
      const { massCancelRequestType, massCancelRejectReason } = refusal;
      return {
        ...common,
        msgType: 'q',
        origClOrdId: undefined,
        orderQty: '0',
        reason: massCancelRejectReason,
        massCancelRequestType,
      };
    }
    default:
      return assertNever(type);
  }
}

/** Sends committed reports, or puts them behind those that wait. */
export function sendReports(state: SessionState, input: ReportsCommittedInput): void {
  const { writer, commitNo } = input;
  const commit = { writer, commitNo };
  const reports = input.reports.filter((report) => !isTold(state.openedCommits, commit, report));
  const isFree = state.held.isIdle && state.backlogSent === state.backlog.length;
  if (isFree && !reports.some(isOfMassStatus)) {
    const outbound = outboundOf(state);
    for (const report of reports) outbound.send({ type: 'Report', report, isPossResend: false }, state.now);
    noteAnswers(state, input);
    return;
  }
  // Each of them is answered by one r, in the same order.
  const massCancels = input.answered.filter((msgSeqNum) => state.held.isPending(msgSeqNum));
  for (const report of reports) {
    const committed = { commit, report, isPossResend: false };
    if (!state.held.keep(committed, state.now)) pass(state, committed);
    if (report.type !== 'OrderMassCancelReport') continue;
    const msgSeqNum = massCancels.shift();
    if (msgSeqNum === undefined) continue;
    // Here and not when all is passed: what a repeat of it has canceled may follow in the same commit.
    state.held.forget(msgSeqNum);
    passReleased(state);
  }
  noteAnswers(state, input);
  if (state.held.length > state.config.limits.maxQueuedReports / 2) giveUpHolding(state);
  sendReleased(state);
}

/**
 * One of an answer to an AF, which may be as long as the member has open orders: it is sent as the member reads it,
 * and bounded where it is made (maxStatusReportsPerMember).
 */
export function isOfMassStatus(report: Report): boolean {
  return report.type === 'ExecutionReport' && report.massStatus !== undefined;
}

/** Sends what waited behind mass cancels that are answered or refused by now. */
export function sendReleased(state: SessionState): void {
  passReleased(state);
  const inOrder = state.backlog.length - Math.max(state.backlogSent, state.undeliveredCount);
  const waiting = inOrder - state.statusReportsWaiting;
  if (waiting > state.config.limits.maxQueuedReports) end(state, `${waiting} reports wait to be read`);
}

function passReleased(state: SessionState): void {
  for (const committed of state.held.takeReleased()) pass(state, committed);
}

/** A member is not kept from its executions for a mass cancel that nobody answers. */
export function releaseOverdue(state: SessionState): void {
  if (!state.held.isOverdue(state.now, state.config.limits.massCancelHoldMs)) return;
  giveUpHolding(state);
  sendReleased(state);
}

function giveUpHolding(state: SessionState): void {
  say(state, 'warn', 'a mass cancel is not answered: its reports go out before its own', {
    reportCount: state.held.length,
  });
  state.held.giveUp();
}

/** The report (r) of the mass cancel with this ClOrdID (11) is told: what waits for it alone may follow. */
export function tellHeld(state: SessionState, clOrdId: string): void {
  state.held.forgetFirst(clOrdId);
  passReleased(state);
}

/** Sends the report, or puts it behind those that wait for the member to read. */
export function pass(state: SessionState, committed: CommittedReport): void {
  const outbound = outboundOf(state);
  const isFree = state.backlogSent === state.backlog.length && outbound.waitingCount === 0;
  if (isFree && state.unsentBytes + outbound.byteCount <= roomFor(state)) {
    outbound.send({ type: 'Report', ...committed }, state.now);
    if (isOfMassStatus(committed.report)) state.statusReportsTold += 1;
  } else {
    putBehind(state, committed);
  }
}

/** Puts the report behind those that wait to be sent. */
export function putBehind(state: SessionState, committed: CommittedReport): void {
  state.backlog.push(committed);
  if (isOfMassStatus(committed.report)) state.statusReportsWaiting += 1;
}

/** The account may answer as many mass status requests (AF) again as have left. */
export function tellStatusReports(state: SessionState): void {
  const count = state.statusReportsTold;
  // What a session does not read is forgotten when the next one begins.
  if (count === 0 || state.phase === 'Ended') return;
  state.statusReportsTold = 0;
  state.effects.push({ type: 'StatusReportsTold', userId: identityOf(state).userId, count });
}

/**
 * Whether the store has handed the report over with the session itself. A status answer has no row, and so no
 * commit of its own: it is never contained.
 */
export function isTold(opened: CommitNumbers, commit: CommitName, report: Report): boolean {
  return report.sourceSeq !== 0 && isContained(opened, commit);
}

/** The effects of these requests are committed: their numbers may be saved. */
export function noteAnswers(state: SessionState, input: ReportsCommittedInput): void {
  for (const msgSeqNum of input.answered) {
    state.inbound.answer(msgSeqNum);
    state.held.forget(msgSeqNum);
  }
}

/** Sends as much of the backlog as the member reads. */
export function sendBacklog(state: SessionState): void {
  if (state.phase !== 'Active' || state.backlogSent === state.backlog.length) return;
  if (state.backlogHeldUntil !== undefined && state.now < state.backlogHeldUntil) return;
  state.backlogHeldUntil = undefined;
  const outbound = outboundOf(state);
  const room = roomFor(state) - state.unsentBytes;
  while (
    state.backlogSent < state.backlog.length &&
    outbound.byteCount <= room &&
    outbound.waitingCount === 0
  ) {
    const committed = state.backlog[state.backlogSent];
    if (committed === undefined) break;
    const { report, isPossResend } = committed;
    outbound.send({ type: 'Report', report, isPossResend }, state.now);
    state.backlogSent += 1;
    if (!isOfMassStatus(report)) continue;
    state.statusReportsWaiting -= 1;
    state.statusReportsTold += 1;
  }
  if (state.backlogSent < state.backlog.length) return;
  state.backlog = [];
  state.backlogSent = 0;
  state.undeliveredCount = 0;
}
