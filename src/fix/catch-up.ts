/**
 * How a session of a cluster comes by reports that it was not told, or not in their order: it reads the rows and tells
 * what it has not told yet, and what it is told meanwhile waits for that.
 */
import { accountSource, type Report } from '../matching/execution-report.ts';
import { pass, putBehind, sendReleased, sendReports, tellHeld } from './reports.ts';
import type { ReportsCommittedInput, StoredReports } from './session-protocol.ts';
import { identityOf, type SessionState } from './session-state.ts';

/** Opening: keeps committed reports until it is known which of them the store hands over itself. */
export function holdReports(state: SessionState, input: ReportsCommittedInput): void {
  if (input.continuity !== undefined) {
    state.missed.hold(input, mostHeld(state));
    return;
  }
  const { writer, commitNo } = input;
  for (const report of input.reports) {
    putBehind(state, { commit: { writer, commitNo }, report, isPossResend: false });
  }
}

/** Tells committed reports, unless something may be missing before them. */
export function takeReports(state: SessionState, input: ReportsCommittedInput): void {
  const { missed } = state;
  if (missed.isBehind || !missed.isNext(input)) missed.hold(input, mostHeld(state));
  else sendReports(state, missed.taken(input));
}

/** What was read: all of it that was not told comes before what has waited. */
export function takeUndelivered(state: SessionState, { commits, reports }: StoredReports): void {
  const { missed } = state;
  if (!missed.readEnded(commits)) return;
  state.openedCommits = commits;
  const untold = reports.filter((report) => missed.take(report));
  for (const report of ownFirst(untold, identityOf(state).userId)) {
    const committed = { commit: undefined, report, isPossResend: false };
    if (report.type === 'OrderMassCancelReport') {
      pass(state, committed);
      tellHeld(state, report.clOrdId);
    } else if (!state.held.keep(committed, state.now)) {
      pass(state, committed);
    }
  }
  // As at a Logon: what the rows had is bounded by how long it was missed.
  state.undeliveredCount = state.backlog.length;
  sendReleased(state);
}

/** Tells what has waited for rows that are read by now. */
export function releaseHeld(state: SessionState): void {
  const { missed } = state;
  if (!missed.mayRelease || !isTelling(state)) return;
  const held = missed.takeHeld();
  for (const [index, input] of held.entries()) {
    if (!isTelling(state)) return;
    if (!missed.isNext(input)) {
      missed.giveBack(held.slice(index));
      return;
    }
    sendReports(state, missed.taken(input));
  }
}

/**
 * Asks for the rows: after everything that was told in this step is on its way to the store, and not while much of what
 * was read before is unread by the member, so that it need not all be kept here.
 */
export function readMissed(state: SessionState): void {
  const { missed, effects } = state;
  if (!missed.isReadDue || !isTelling(state)) return;
  if (state.backlog.length - state.backlogSent > mostHeld(state)) return;
  missed.readBegun();
  effects.push({ type: 'LoadUndelivered', ...identityOf(state) });
}

/** A mass cancel's report (r) is the account's own, and goes before what the books say of it. */
function ownFirst(reports: readonly Report[], userId: number): readonly Report[] {
  const own = accountSource(userId);
  const isOwn = ({ source }: Report): boolean => source === own;
  return [...reports.filter(isOwn), ...reports.filter((report) => !isOwn(report))];
}

function isTelling({ phase }: SessionState): boolean {
  return phase === 'Active' || phase === 'Resetting' || phase === 'Finishing';
}

function mostHeld(state: SessionState): number {
  return state.config.limits.maxQueuedReports / 2;
}
