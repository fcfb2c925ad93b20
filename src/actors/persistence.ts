/**
 * The only writer of the node: it gathers what books, accounts and sessions journal while a commit is in flight,
 * writes all of it as the next one, and tells members, accounts and the exchange after the COMMIT, never before.
 * Loads go through the same mailbox and are answered when everything journaled before them has committed.
 *
 * Its state lives in a cell outside of nact, so that a crash of the actor keeps the buffer.
 */
import type { Report } from '../matching/execution-report.ts';
import type { Instrument } from '../matching/instrument.ts';
import type { UserId } from '../matching/types.ts';
import { assert, assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Behavior } from './actor-system.ts';
import { type CommitOutputs, type JournalEntry, type PreparedCommit, prepareCommit } from './commit-batch.ts';
import { logReport } from './event-log.ts';
import { createLoader } from './loads.ts';
import { type Meter, NO_METER } from './meter.ts';
import type { CommitOutcome, Store } from './ports.ts';
import type { FenceReached, PersistenceMessage, Tell } from './protocol.ts';
import { EVERY_GENERATION, Redo } from './redo.ts';
import { type CrashPolicy, restartFresh } from './supervision.ts';

export interface PersistenceOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter?: Meter;
  readonly store: Store;
  readonly instrumentOf: (symbol: string) => Instrument | undefined;
  readonly symbols: () => readonly string[];
  /** Gateways of the node, told when the store goes and comes. */
  readonly gateways: readonly string[];
  /** False once the actor has been stopped: what a commit in flight comes to is then nobody's affair. */
  readonly isRunning: () => boolean;
  /** Another node owns our books: this one must stop. */
  readonly onOwnershipLost: (symbols: readonly string[]) => void;
  /** How long session rows wait for company when nothing else is written. */
  readonly sessionFlushMs: number;
  /** Events that one commit takes at most; what is beyond waits for the next. */
  readonly maxEventsPerCommit: number;
  readonly retryFromMs: number;
  readonly retryToMs: number;
  /** Outbound numbers that a session reserves at a time. */
  readonly reservedSeqNums: number;
}

/** What the operator sees of the writer. */
export interface PersistenceStatus {
  readonly lastCommitNo: number;
  readonly lastBatchEvents: number;
  readonly bufferedEntries: number;
  readonly storeFault: string | undefined;
  readonly isRedoing: boolean;
  /** Everything that was journaled is committed, told and in the log. */
  readonly isIdle: boolean;
}

interface InFlight {
  readonly entries: readonly JournalEntry[];
  readonly prepared: PreparedCommit;
  /** Loads that wait for this commit. */
  readonly loads: readonly (() => void)[];
}

type PersistenceState = Record<never, never>;

export function persistenceActor(options: PersistenceOptions): {
  readonly behavior: Behavior<PersistenceState, PersistenceMessage>;
  readonly policy: CrashPolicy<PersistenceMessage>;
  readonly status: () => PersistenceStatus;
} {
  const { tell, clock, log, store, meter = NO_METER } = options;
  const self = { type: 'persistence' } as const;
  let lastCommitNo = store.lastCommitNo;
  let lastBatchEvents = 0;
  let buffer: JournalEntry[] = [];
  let afterBuffer: (() => void)[] = [];
  let inFlight: InFlight | undefined;
  /** Committed and told, and not yet in the log. */
  let unlogged: Report[] = [];
  let waitingForRetry = false;
  let flushScheduled = false;
  /** So many entries from the front of the buffer are written each alone, to find the one that cannot be. */
  let writeAlone = 0;
  let storeFault: string | undefined;
  let retryMs = options.retryFromMs;
  const followers = new Map<UserId, string>();
  const fencesSeen = new Map<string, number>();
  const loader = createLoader(options);
  const redo = new Redo({ tell, log, symbols: options.symbols });

  function receive(state: PersistenceState, message: PersistenceMessage): PersistenceState {
    switch (message.type) {
      case 'JournalBook':
      case 'JournalAccount':
        if (redo.isStale(message)) redo.keep(message);
        else journal(message);
        break;
      case 'JournalSession':
      case 'JournalHalt':
        journal(message);
        break;
      case 'LogDue':
        logCommitted();
        break;
      case 'CommitHandlingFailed':
        throw message.error;
      case 'RetryCommit':
        waitingForRetry = false;
        if (inFlight !== undefined) write(inFlight.prepared);
        break;
      case 'FlushDue':
        flushScheduled = false;
        commitNext(true);
        break;
      case 'AwaitCommits':
        whenDurable(() => tell(message.to, message.message));
        break;
      case 'LoadBook':
        whenDurable(() => loader.loadBook(message.symbol));
        break;
      case 'LoadAccount':
        whenDurable(() => loader.loadAccount(message.userId, message.tradingDay));
        break;
      case 'OpenSession':
        whenDurable(() => {
          // Following begins before the rows are read: what commits meanwhile is told, and known by its number.
          followers.set(message.userId, message.sessionId);
          loader.openSession(message);
        });
        break;
      case 'CloseSession':
        if (followers.get(message.userId) === message.sessionId) followers.delete(message.userId);
        break;
      case 'LoadMessages':
        whenDurable(() => loader.loadMessages(message));
        break;
      case 'FenceReached':
        onFence(message);
        break;
      case 'VoidFenceReached':
        redo.bookIsVoid(message);
        break;
      case 'CommandsUnanswered':
        redo.keepCommands(message.commands);
        break;
      default:
        assertNever(message);
    }
    return state;
  }

  // ---- Committing -----------------------------------------------------------------------------------------

  function journal(entry: JournalEntry): void {
    buffer.push(entry);
    commitNext(false);
  }

  /** Starts the next commit if none is in flight. Session rows alone wait a little for company. */
  function commitNext(flush: boolean): void {
    if (inFlight !== undefined) return;
    if (buffer.length === 0) {
      // What they waited for was discarded by a redo, or dropped.
      for (const load of afterBuffer.splice(0)) load();
      return;
    }
    const isUrgent =
      flush || afterBuffer.length > 0 || buffer.some((entry) => entry.type !== 'JournalSession');
    if (!isUrgent) {
      scheduleFlush();
      return;
    }
    const entries = takeEntries();
    const loads = buffer.length === 0 ? afterBuffer : [];
    if (buffer.length === 0) afterBuffer = [];
    let prepared: PreparedCommit;
    try {
      prepared = prepareCommit(lastCommitNo + 1, entries, options.instrumentOf, clock.now());
    } catch (error) {
      log.error('a journal entry makes no sense', { err: error });
      afterBuffer = [...loads, ...afterBuffer];
      beginRedo(entries, `internal error: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    if (!prepared.hasRows) {
      announce(prepared.outputs, lastCommitNo);
      for (const load of loads) load();
      redo.committed(entries);
      commitNext(false);
      return;
    }
    lastCommitNo += 1;
    lastBatchEvents = prepared.batch.events.length;
    inFlight = { entries, prepared, loads };
    write(prepared);
  }

  /** As many entries from the front of the buffer as one commit takes, one at least. */
  function takeEntries(): JournalEntry[] {
    // While commands run again one by one, each has a transaction to itself.
    if (redo.isRunning || writeAlone > 0) {
      writeAlone = Math.max(0, writeAlone - 1);
      return buffer.splice(0, 1);
    }
    let events = 0;
    let count = 0;
    for (const entry of buffer) {
      events += entry.type === 'JournalBook' ? entry.events.length : 1;
      if (count > 0 && events > options.maxEventsPerCommit) break;
      count += 1;
    }
    return buffer.splice(0, count);
  }

  /**
   * The outcome is handled in the turn in which it arrives, so that the database does not wait behind our mailbox for
   * the next commit. What fails there fails in the actor: its policy judges it and its log tells of it.
   */
  function write(prepared: PreparedCommit): void {
    meter.commitStarted();
    void store.commit(prepared.batch).then((outcome) => {
      if (!options.isRunning()) return;
      try {
        onCommitFinished(outcome);
      } catch (error) {
        tell(self, { type: 'CommitHandlingFailed', error });
      }
    });
  }

  function onCommitFinished(outcome: CommitOutcome): void {
    const finished = inFlight;
    assert(finished !== undefined, 'a commit finished that was not in flight');
    meter.commitFinished(outcome.type, finished.prepared.batch);
    switch (outcome.type) {
      case 'Committed': {
        storeIsBack();
        inFlight = undefined;
        const { commitNo } = finished.prepared.batch;
        announce(finished.prepared.outputs, commitNo);
        for (const load of finished.loads) load();
        redo.committed(finished.entries);
        // After the announcement, which is only dispatched: the next entries may have no rows and be told at once.
        commitNext(false);
        return;
      }
      case 'Unavailable':
        storeIsGone(outcome.reason);
        scheduleRetry();
        return;
      case 'NotOwner':
        log.error('another node owns books of this one: stopping', { symbols: outcome.symbols });
        options.onOwnershipLost(outcome.symbols);
        return;
      case 'Refused':
        storeIsBack();
        log.error('the database refused a commit', {
          alarm: true,
          sqlState: outcome.sqlState,
          reason: outcome.reason,
        });
        inFlight = undefined;
        lastCommitNo -= 1;
        afterBuffer = [...finished.loads, ...afterBuffer];
        if (finished.entries.every(isIndependent)) writeEachAlone(finished.entries);
        else beginRedo(finished.entries, `refused by the database (${outcome.sqlState})`);
        return;
      default:
        assertNever(outcome);
    }
  }

  /** The failed entries and all behind them came from state that is now void; only session rows still hold. */
  function beginRedo(failed: readonly JournalEntry[], reason: string): void {
    haltBookOf(failed, reason);
    const behind = buffer;
    buffer = [...failed, ...behind].filter((entry) => isIndependent(entry) || isTurnedAway(entry));
    redo.begin(failed, behind, reason);
    commitNext(false);
  }

  /** What a book did because time passed is no command's fault: the book would do it again, and again fail. */
  function haltBookOf(failed: readonly JournalEntry[], reason: string): void {
    const [only] = failed;
    if (failed.length > 1 || only?.type !== 'JournalBook') return;
    if (only.done.length > 0 || only.partOf !== undefined) return;
    const halt = { type: 'HaltBook', reason: `what ends by time cannot end: ${reason}` } as const;
    tell({ type: 'book', symbol: only.symbol }, halt);
  }

  /** Rows that depend on no other: the one that cannot be written is found and dropped. */
  function writeEachAlone(failed: readonly JournalEntry[]): void {
    if (failed.length > 1) {
      buffer = [...failed, ...buffer];
      writeAlone = failed.length;
    } else {
      log.error('a journal entry was dropped: it cannot be written', {
        alarm: true,
        entryType: failed[0]?.type,
      });
    }
    commitNext(true);
  }

  function announce(outputs: CommitOutputs, commitNo: number): void {
    for (const [userId, settlement] of outputs.settlements) {
      tell({ type: 'account', userId }, { type: 'Settle', commitNo, ...settlement });
    }
    const answered = new Map(outputs.answeredBySession);
    for (const [userId, reports] of outputs.reportsByUser) {
      logLater(reports);
      meter.reported(reports);
      const sessionId = followers.get(userId);
      if (sessionId === undefined) continue;
      const ofSession = answered.get(sessionId) ?? [];
      answered.delete(sessionId);
      tell(
        { type: 'session', sessionId },
        { type: 'ReportsCommitted', commitNo, reports, answered: ofSession },
      );
    }
    for (const [sessionId, ofSession] of answered) {
      tell(
        { type: 'session', sessionId },
        { type: 'ReportsCommitted', commitNo, reports: [], answered: ofSession },
      );
    }
    for (const { sessionId, reservedOutSeqNum } of outputs.sessions) {
      tell({ type: 'session', sessionId }, { type: 'NumbersReserved', reservedOutSeqNum });
    }
    const { completedCount: count, lastPrices } = outputs;
    if (count > 0 || lastPrices.length > 0) {
      tell({ type: 'exchange' }, { type: 'CommandsCompleted', count, lastPrices });
    }
    for (const { to, reply } of outputs.replies) tell(to, reply);
  }

  /** Lines cost as much as the rest of a commit's handling: they wait until the next commit is on its way. */
  function logLater(reports: readonly Report[]): void {
    if (unlogged.length === 0) tell(self, { type: 'LogDue' });
    for (const report of reports) unlogged.push(report);
  }

  function logCommitted(): void {
    const reports = unlogged;
    unlogged = [];
    for (const report of reports) logReport(log, report);
  }

  function scheduleFlush(): void {
    if (flushScheduled) return;
    flushScheduled = true;
    clock.after(options.sessionFlushMs, () => tell(self, { type: 'FlushDue' }));
  }

  // ---- The store comes and goes ---------------------------------------------------------------------------

  function scheduleRetry(): void {
    if (waitingForRetry) return;
    waitingForRetry = true;
    clock.after(retryMs, () => tell(self, { type: 'RetryCommit' }));
    retryMs = Math.min(retryMs * 2, options.retryToMs);
  }

  function storeIsGone(reason: string): void {
    if (storeFault === undefined) {
      log.error('the database does not answer: orders are refused until it does', { reason });
      const news = { type: 'StoreUnavailable', reason } as const;
      tell({ type: 'exchange' }, news);
      for (const name of options.gateways) tell({ type: 'gateway', name }, news);
    }
    storeFault = reason;
  }

  function storeIsBack(): void {
    retryMs = options.retryFromMs;
    if (storeFault === undefined) return;
    storeFault = undefined;
    log.info('the database is back', { lastCommitNo });
    tell({ type: 'exchange' }, { type: 'StoreAvailable' });
    for (const name of options.gateways) tell({ type: 'gateway', name }, { type: 'StoreAvailable' });
  }

  // ---- Loads ----------------------------------------------------------------------------------------------

  /** Runs `load` when all that was journaled before now has committed. */
  function whenDurable(load: () => void): void {
    if (buffer.length > 0) {
      afterBuffer.push(load);
      commitNext(false);
    } else if (inFlight !== undefined) {
      inFlight = { ...inFlight, loads: [...inFlight.loads, load] };
    } else {
      load();
    }
  }

  /** An account that is rebuilt loads when its fence has passed every book and what it had there is committed. */
  function onFence({ fence }: FenceReached): void {
    const key = `${fence.userId}/${fence.fenceNo}`;
    const seen = (fencesSeen.get(key) ?? 0) + 1;
    if (seen < fence.bookCount) {
      fencesSeen.set(key, seen);
      return;
    }
    fencesSeen.delete(key);
    whenDurable(() => loader.loadAccount(fence.userId, fence.tradingDay));
  }

  return {
    behavior: { initial: () => ({}), receive },
    policy: restartFresh(),
    status: () => ({
      lastCommitNo,
      lastBatchEvents,
      bufferedEntries: buffer.length,
      storeFault,
      isRedoing: redo.isActive,
      isIdle: inFlight === undefined && buffer.length === 0 && unlogged.length === 0 && !redo.isActive,
    }),
  };
}

/** What a session or a halt journals is true whatever becomes of the state of books and accounts. */
function isIndependent(entry: JournalEntry): boolean {
  return entry.type === 'JournalSession' || entry.type === 'JournalHalt';
}

/** Commands that an account turned away without having state. */
function isTurnedAway(entry: JournalEntry): boolean {
  return entry.type === 'JournalAccount' && entry.generation === EVERY_GENERATION;
}
