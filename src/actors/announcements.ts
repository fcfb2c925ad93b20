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
import { OwnedSources } from './owned-sources.ts';
import type { Store } from './ports.ts';
import type { Settle, Tell } from './protocol.ts';

export interface AnnouncerOptions {
  readonly tell: Tell;
  readonly log: Log;
  readonly meter: Meter;
  /** Names the node, whose commits these are. */
  readonly store: Pick<Store, 'writer' | 'hasOtherWriters' | 'lastCommitNo'>;
}

type Settlement = Pick<Settle, 'orders' | 'amendedOrders'>;

/** A session, and the last commit with reports of its member that it was told, or was not to be. */
interface Follower {
  readonly sessionId: string;
  /** The other node on which it is; undefined: this one. */
  readonly node: string | undefined;
  toldNo: number;
}

/** A session that is to be told a member's reports; on this node unless it names another. */
export interface FollowedSession {
  readonly userId: UserId;
  readonly sessionId: string;
  readonly node?: string;
}

/** Tells what commits made true. */
export interface Announcer {
  /** From now on the member's reports go to this session; those of commits up to `commitNo` did not. */
  follow(session: FollowedSession, commitNo: number): void;
  /** Nothing more for this session; another one of the member's may have taken its place. */
  unfollow(userId: UserId, sessionId: string): void;
  /** Nothing more for the sessions of another node. */
  unfollowNode(node: string): void;
  /** To be called after COMMIT, in the order of the commits. */
  announce(outputs: CommitOutputs, commitNo: number): void;
  /** Writes what was announced to the log. */
  logAnnounced(): void;
  /** Announced and not yet in the log. */
  readonly hasUnlogged: boolean;
}

export function createAnnouncer({ tell, log, meter, store }: AnnouncerOptions): Announcer {
  const { writer } = store;
  const followers = new Map<UserId, Follower>();
  const sources = store.hasOtherWriters === true ? new OwnedSources() : undefined;
  /** Where accounts may live on other nodes: the last commit of which each was told; at first, that before this life. */
  const settledNos = store.hasOtherWriters === true ? new Map<UserId, number>() : undefined;
  const { lastCommitNo: firstNo } = store;
  let unlogged: Report[] = [];

  /** By which an account knows whether it has missed anything; nothing where that cannot be. */
  function settledAfter(
    userId: UserId,
    commitNo: number,
    { orders, amendedOrders = [] }: Settlement,
    epochs: ReadonlyMap<string, number>,
  ): Pick<Settle, 'previousNo' | 'books'> {
    if (settledNos === undefined) return {};
    const previousNo = settledNos.get(userId) ?? firstNo;
    settledNos.set(userId, commitNo);
    const symbols = new Set([...orders, ...amendedOrders].map(({ symbol }) => symbol));
    return { previousNo, books: [...symbols].map((symbol) => ({ symbol, epoch: epochs.get(symbol) ?? 0 })) };
  }

  /** Lines cost as much as the rest of a commit's handling: they wait until the next commit is on its way. */
  function logLater(reports: readonly Report[]): void {
    if (unlogged.length === 0) tell({ type: 'persistence' }, { type: 'LogDue' });
    for (const report of reports) unlogged.push(report);
  }

  function announceReports(outputs: CommitOutputs, commitNo: number): void {
    const { reportsByUser, answeredBySession } = outputs;
    sources?.note(outputs, commitNo);
    const answered = new Map(answeredBySession);
    for (const [userId, reports] of reportsByUser) {
      logLater(reports);
      meter.reported(reports);
      const follower = followers.get(userId);
      if (follower === undefined) {
        // What answers a question has no row, and is gone with who asked.
        meter.reportsLeftWaiting(reports.filter(({ sourceSeq }) => sourceSeq > 0).length);
        continue;
      }
      const { sessionId } = follower;
      const ofSession = answered.get(sessionId) ?? [];
      answered.delete(sessionId);
      const ownedFromNo = sources?.ownedFrom(reports, outputs);
      const continuity =
        ownedFromNo === undefined ? {} : { continuity: { previousNo: follower.toldNo, ownedFromNo } };
      if (ownedFromNo !== undefined) follower.toldNo = commitNo;
      tell(
        { type: 'session', sessionId },
        { type: 'ReportsCommitted', writer, commitNo, ...continuity, reports, answered: ofSession },
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
    follow({ userId, sessionId, node }, commitNo) {
      followers.set(userId, { sessionId, node, toldNo: commitNo });
    },
    unfollow(userId, sessionId) {
      if (followers.get(userId)?.sessionId === sessionId) followers.delete(userId);
    },
    unfollowNode(node) {
      for (const [userId, follower] of followers) if (follower.node === node) followers.delete(userId);
    },
    announce(outputs, commitNo) {
      const epochs = new Map(outputs.books.map(({ symbol, epoch }) => [symbol, epoch]));
      for (const [userId, settlement] of outputs.settlements) {
        const after = settledAfter(userId, commitNo, settlement, epochs);
        tell({ type: 'account', userId }, { type: 'Settle', writer, commitNo, ...after, ...settlement });
      }
      announceReports(outputs, commitNo);
      for (const { sessionId, reservedOutSeqNum } of outputs.sessions) {
        tell({ type: 'session', sessionId }, { type: 'NumbersReserved', reservedOutSeqNum });
      }
      const { completed: commandNos, lastPrices } = outputs;
      if (commandNos.length > 0 || lastPrices.length > 0) {
        tell({ type: 'exchange' }, { type: 'CommandsCompleted', commandNos, lastPrices });
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
