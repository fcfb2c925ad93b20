/**
 * The only writer of the node: it gathers what books, accounts and sessions journal while a commit is in flight,
 * writes all of it as the next one, and tells members, accounts and the exchange after the COMMIT, never before.
 * Loads go through the same mailbox and are answered when everything journaled before them has committed.
 *
 * Its state lives in a cell outside of nact, so that a crash of the actor keeps the buffer.
 */
import type { Instrument } from '../matching/instrument.ts';
import { assert, assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { AccountFences } from './account-fences.ts';
import type { Behavior } from './actor-system.ts';
import { createAnnouncer } from './announcements.ts';
import { type JournalEntry, type PreparedCommit, prepareCommit } from './commit-batch.ts';
import type { Followers } from './followed-members.ts';
import { JournalBuffer } from './journal-buffer.ts';
import { createLoader } from './loads.ts';
import { type Meter, NO_METER } from './meter.ts';
import type { CommitOutcome, Store } from './ports.ts';
import type { PersistenceMessage, Tell } from './protocol.ts';
import { isIndependent, Redo, survivesRedo } from './redo.ts';
import { SessionDesk } from './session-desk.ts';
import { StoreWatch } from './store-watch.ts';
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
  /** Another node owns our books or shards of accounts: this one must stop. */
  readonly onOwnershipLost: (symbols: readonly string[], shards?: readonly number[]) => void;
  /** How long session rows wait for company when nothing else is written. */
  readonly sessionFlushMs: number;
  /** Events that one commit takes at most; what is beyond waits for the next. */
  readonly maxEventsPerCommit: number;
  readonly retryFromMs: number;
  readonly retryToMs: number;
  /** How long the database may take over a commit; then it counts as away until it has answered. Default: for ever. */
  readonly commitStallMs?: number;
  /** Bytes of sent messages that may wait to be stored before sessions are not read any more. Default: any. */
  readonly maxJournalBytes?: number;
  /** Outbound numbers that a session reserves at a time. */
  readonly reservedSeqNums: number;
  /** In a cluster: the name of the gateway of a node, which may have a member's session. */
  readonly gatewayOf?: (nodeName: string) => string;
  readonly sessionAnswerMs?: number;
  /** On a gateway: told which members have a session, so that other engines are. */
  readonly followers?: Followers;
}

/** What the operator sees of the writer. */
export interface PersistenceStatus {
  readonly lastCommitNo: number;
  readonly lastBatchEvents: number;
  readonly bufferedEntries: number;
  /** Sent messages that wait to be stored, those of the commit that is under way included. */
  readonly journalBytes: number;
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
  /** Whether as much waits as may wait: sessions must say nothing more. */
  readonly isJournalFull: () => boolean;
} {
  const { tell, clock, log, store, meter = NO_METER } = options;
  const self = { type: 'persistence' } as const;
  let lastCommitNo = store.lastCommitNo;
  let lastBatchEvents = 0;
  const buffer = new JournalBuffer(options.maxEventsPerCommit);
  let afterBuffer: (() => void)[] = [];
  let inFlight: InFlight | undefined;
  let flushScheduled = false;
  const { maxJournalBytes = Number.POSITIVE_INFINITY } = options;
  const loader = createLoader({ ...options, onSessionOpened: (request) => sessions.opened(request) });
  const redo = new Redo({ tell, log, symbols: options.symbols });
  const announcer = createAnnouncer({ tell, log, meter, store });
  const storeWatch = new StoreWatch(options);
  const sessions = new SessionDesk({
    tell,
    writer: store.writer,
    announcer,
    loader,
    followers: options.followers,
    hasOtherWriters: store.hasOtherWriters === true,
    announcedNo,
    whenDurable,
  });
  const fences = new AccountFences({ tell, whenDurable, loadAccount: loader.loadAccount });

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
        announcer.logAnnounced();
        break;
      case 'CommitHandlingFailed':
        throw message.error;
      case 'RetryCommit':
        storeWatch.retryBegun();
        if (inFlight !== undefined) write(inFlight.prepared);
        break;
      case 'CommitOverdue':
        if (inFlight?.prepared.batch.commitNo === message.commitNo) {
          storeWatch.gone(`the database has not answered commit ${message.commitNo} in time`);
        }
        break;
      case 'FlushDue':
        flushScheduled = false;
        commitNext(true);
        break;
      case 'AwaitCommits':
        whenDurable(() => tell(message.to, message.message));
        break;
      case 'LoadBook':
        whenDurable(() => loader.loadBook(message));
        break;
      case 'HurryBook':
        loader.hurryBook(message.symbol);
        break;
      case 'StopBookLoad':
        // Behind the load that it stops.
        whenDurable(() => loader.stopBookLoad(message.symbol));
        break;
      case 'LoadAccount':
        whenDurable(() => loader.loadAccount(message.userId, message.tradingDay, message.life));
        break;
      case 'LoadOrder':
        loader.loadOrder(message.userId, message.orderId, message.life);
        break;
      case 'OpenSession':
      case 'CloseSession':
      case 'FollowMembers':
      case 'UnfollowMember':
      case 'MembersFollowed':
      case 'PeerDown':
      case 'LoadMessages':
      case 'LoadUndelivered':
      case 'ResetSession':
      case 'SessionHeld':
        sessions.receive(message);
        break;
      case 'FenceReached':
        fences.reached(message);
        break;
      case 'VoidFenceReached':
        redo.bookIsVoid(message);
        break;
      case 'CommandsUnanswered':
        redo.keepCommands(message.commands, message.sweeps);
        break;
      default:
        assertNever(message);
    }
    return state;
  }

  /** The last commit of which everybody has been told. */
  function announcedNo(): number {
    return inFlight === undefined ? lastCommitNo : lastCommitNo - 1;
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
    if (!flush && afterBuffer.length === 0 && !buffer.isUrgent) {
      scheduleFlush();
      return;
    }
    // While commands run again one by one, each has a transaction to itself.
    const entries = buffer.take(redo.isRunning);
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
      buffer.noteWritten(entries);
      announcer.announce(prepared.outputs, lastCommitNo);
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

  /**
   * The outcome is handled in the turn in which it arrives, so that the database does not wait behind our mailbox for
   * the next commit. What fails there fails in the actor: its policy judges it and its log tells of it.
   */
  function write(prepared: PreparedCommit): void {
    meter.commitStarted();
    const { commitNo, events, reports } = prepared.batch;
    storeWatch.commitStarted(commitNo, events.length + reports.length);
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
    storeWatch.commitFinished();
    meter.commitFinished(outcome.type, finished.prepared.batch);
    switch (outcome.type) {
      case 'Committed': {
        storeWatch.back(lastCommitNo);
        inFlight = undefined;
        buffer.noteWritten(finished.entries);
        const { commitNo } = finished.prepared.batch;
        announcer.announce(finished.prepared.outputs, commitNo);
        for (const load of finished.loads) load();
        redo.committed(finished.entries);
        // After the announcement, which is only dispatched: the next entries may have no rows and be told at once.
        commitNext(false);
        return;
      }
      case 'Unavailable':
        storeWatch.gone(outcome.reason);
        storeWatch.scheduleRetry();
        return;
      case 'NotOwner':
        if (outcome.isLifeOver !== true && outcome.symbols.length === 0) {
          if (outcome.shards.length === 0) dropSessions(finished, outcome.sessions);
          else dropStale(finished, outcome.shards);
          return;
        }
        log.error('another node owns what this one wrote for: all that is in memory is void', {
          symbols: outcome.symbols,
          shards: outcome.shards,
        });
        options.onOwnershipLost(outcome.symbols, outcome.shards);
        return;
      case 'Refused':
        storeWatch.back(lastCommitNo);
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
  function beginRedo(failed: readonly JournalEntry[], reason: string, isStale = false): void {
    haltBookOf(failed, reason);
    const behind = buffer.keepOnly(failed, survivesRedo);
    redo.begin({ entries: failed, behind, reason, isStale });
    commitNext(false);
  }

  /**
   * Some of it was asked for by accounts that have another owner by now: those of an engine that has died, of which this
   * one's books had orders. What they computed with it is void, and those orders are that owner's affair.
   */
  function dropStale({ entries, loads }: InFlight, shards: readonly number[]): void {
    log.warn('accounts have gone to another engine: what they asked for is taken back', { shards });
    inFlight = undefined;
    lastCommitNo -= 1;
    afterBuffer = [...loads, ...afterBuffer];
    beginRedo(entries, 'the account is on another engine by now', true);
  }

  /** What a book did because time passed is no command's fault: the book would do it again, and again fail. */
  function haltBookOf(failed: readonly JournalEntry[], reason: string): void {
    const [only] = failed;
    if (failed.length > 1 || only?.type !== 'JournalBook') return;
    if (only.done.length > 0 || only.partOf !== undefined) return;
    const halt = { type: 'HaltBook', reason: `what ends by time cannot end: ${reason}` } as const;
    tell({ type: 'book', symbol: only.symbol }, halt);
  }

  /** Another gateway has these sessions: nothing of them is written here any more, and all else is. */
  function dropSessions({ entries, loads }: InFlight, lost: readonly number[]): void {
    inFlight = undefined;
    lastCommitNo -= 1;
    afterBuffer = [...loads, ...afterBuffer];
    const isLost = (entry: JournalEntry): boolean =>
      entry.type === 'JournalSession' && lost.includes(entry.senderCompId);
    for (const entry of entries) {
      if (entry.type !== 'JournalSession' || !isLost(entry)) continue;
      log.warn('a session has gone to another gateway', { senderCompId: entry.senderCompId });
      tell({ type: 'session', sessionId: entry.sessionId }, { type: 'SessionLost' });
    }
    buffer.keepOnly(entries, (entry) => !isLost(entry));
    commitNext(true);
  }

  /** Rows that depend on no other: the one that cannot be written is found and dropped. */
  function writeEachAlone(failed: readonly JournalEntry[]): void {
    if (failed.length > 1) {
      buffer.retryAlone(failed);
    } else {
      log.error('a journal entry was dropped: it cannot be written', {
        alarm: true,
        entryType: failed[0]?.type,
      });
      buffer.noteWritten(failed);
    }
    commitNext(true);
  }

  function scheduleFlush(): void {
    if (flushScheduled) return;
    flushScheduled = true;
    clock.after(options.sessionFlushMs, () => tell(self, { type: 'FlushDue' }));
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

  return {
    behavior: { initial: () => ({}), receive },
    policy: restartFresh(),
    status: () => ({
      lastCommitNo,
      lastBatchEvents,
      bufferedEntries: buffer.length,
      journalBytes: buffer.unwrittenBytes,
      storeFault: storeWatch.fault,
      isRedoing: redo.isActive,
      isIdle: inFlight === undefined && buffer.length === 0 && !announcer.hasUnlogged && !redo.isActive,
    }),
    isJournalFull: () => buffer.unwrittenBytes > maxJournalBytes,
  };
}
