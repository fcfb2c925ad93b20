/**
 * Who is told of a commit: sessions, accounts, the exchange, waiting operators, and the log. Apart from the writer, which
 * alone decides when: nothing here knows whether a commit is in.
 */
import type { Report } from '../matching/execution-report.ts';
import type { UserId } from '../matching/types.ts';
import type { Log } from '../platform/log.ts';
import type { CommitOutputs } from './commit-batch.ts';
import { logReport } from './event-log.ts';
import type { Meter } from './meter.ts';
import type { Tell } from './protocol.ts';

export interface AnnouncerOptions {
  readonly tell: Tell;
  readonly log: Log;
  readonly meter: Meter;
  /** The node, whose commits these are. */
  readonly writer: string;
}

/** Tells what commits made true. */
export interface Announcer {
  /** From now on the member's reports go to this session. */
  follow(userId: UserId, sessionId: string): void;
  /** Nothing more for this session; another one of the member's may have taken its place. */
  unfollow(userId: UserId, sessionId: string): void;
  /** To be called after COMMIT, in the order of the commits. */
  announce(outputs: CommitOutputs, commitNo: number): void;
  /** Writes what was announced to the log. */
  logAnnounced(): void;
  /** Announced and not yet in the log. */
  readonly hasUnlogged: boolean;
}

export function createAnnouncer({ tell, log, meter, writer }: AnnouncerOptions): Announcer {
  const followers = new Map<UserId, string>();
  let unlogged: Report[] = [];

  /** Lines cost as much as the rest of a commit's handling: they wait until the next commit is on its way. */
  function logLater(reports: readonly Report[]): void {
    if (unlogged.length === 0) tell({ type: 'persistence' }, { type: 'LogDue' });
    for (const report of reports) unlogged.push(report);
  }

  function announceReports({ reportsByUser, answeredBySession }: CommitOutputs, commitNo: number): void {
    const answered = new Map(answeredBySession);
    for (const [userId, reports] of reportsByUser) {
      logLater(reports);
      meter.reported(reports);
      const sessionId = followers.get(userId);
      if (sessionId === undefined) {
        // What answers a question has no row, and is gone with who asked.
        meter.reportsLeftWaiting(reports.filter(({ sourceSeq }) => sourceSeq > 0).length);
        continue;
      }
      const ofSession = answered.get(sessionId) ?? [];
      answered.delete(sessionId);
      tell(
        { type: 'session', sessionId },
        { type: 'ReportsCommitted', writer, commitNo, reports, answered: ofSession },
      );
    }
    for (const [sessionId, ofSession] of answered) {
      tell(
        { type: 'session', sessionId },
        { type: 'ReportsCommitted', writer, commitNo, reports: [], answered: ofSession },
      );
    }
  }

  return {
    follow(userId, sessionId) {
      followers.set(userId, sessionId);
    },
    unfollow(userId, sessionId) {
      if (followers.get(userId) === sessionId) followers.delete(userId);
    },
    announce(outputs, commitNo) {
      for (const [userId, settlement] of outputs.settlements) {
        tell({ type: 'account', userId }, { type: 'Settle', writer, commitNo, ...settlement });
      }
      announceReports(outputs, commitNo);
      for (const { sessionId, reservedOutSeqNum } of outputs.sessions) {
        tell({ type: 'session', sessionId }, { type: 'NumbersReserved', reservedOutSeqNum });
      }
      const { completedCount: count, lastPrices } = outputs;
      if (count > 0 || lastPrices.length > 0) {
        tell({ type: 'exchange' }, { type: 'CommandsCompleted', count, lastPrices });
      }
      for (const { to, reply } of outputs.replies) tell(to, reply);
    },
    logAnnounced() {
      const reports = unlogged;
      unlogged = [];
      for (const report of reports) logReport(log, report);
    },
    get hasUnlogged() {
      return unlogged.length > 0;
    },
  };
}
