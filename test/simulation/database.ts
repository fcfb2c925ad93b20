/**
 * The Store port on simulated rows: each call is carried out in one moment and answered in a later one, in any order
 * that the seed likes, and may fail for now, be refused for good, lose its answer or its node. A commit that is
 * carried out is durable, whatever becomes of its answer.
 */
import {
  type CommitBatch,
  type CommitOutcome,
  NotOwnerError,
  type Store,
  StoreUnavailableError,
} from '../../src/actors/ports.ts';
import { Claims } from '../../src/persistence/claims.ts';
import type { FaultKind } from './fault-counts.ts';
import { NODE_NAME, type Rows } from './rows.ts';
import { Task } from './task.ts';

/** One process of the venue: what it still waits for when it is over is nobody's affair. */
export interface Life {
  isOver: boolean;
  /** Another node has taken a book of it. */
  isOvertaken: boolean;
}

type CallKind = 'commit' | 'load';

interface Call {
  readonly life: Life;
  readonly name: string;
  readonly isCommit: boolean;
  /** Changes rows, or reads them; returns how the caller is told. */
  readonly carryOut: () => () => void;
  answer: (() => void) | undefined;
}

/** One of each for all: making an error takes longer than a moment of a history. */
const AWAY = new StoreUnavailableError('the simulation took the database away');

const LOST = new StoreUnavailableError('the simulation broke the connection');

export interface DatabaseOptions {
  readonly rows: Rows;
  readonly trace: ((line: string) => void) | undefined;
  /** After each commit that wrote. */
  readonly onCommitted: (batch: CommitBatch, before: readonly number[]) => void;
  /** A refusal that nobody planned: the last safeguard had to step in. */
  readonly onRefused: (batch: CommitBatch, reason: string) => void;
  /** A trouble that was planned has happened. */
  readonly onFault: (kind: FaultKind) => void;
}

export class Database {
  readonly #options: DatabaseOptions;
  readonly #calls: Call[] = [];
  /** While true it does not answer. */
  isAway = false;
  /** The next call of each kind whose connection breaks: before it is carried out, or after. */
  readonly #breaks: Record<CallKind, 'before' | 'after' | undefined> = { commit: undefined, load: undefined };
  /** Batches for which it is true are refused for good. */
  refuseWhen: (batch: CommitBatch) => boolean = () => false;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  get pendingCount(): number {
    return this.#calls.length;
  }

  /** The connection breaks in the next call of the kind: it was carried out, or it was not, and nobody is told which. */
  breakNext(kind: CallKind, isDone: boolean): void {
    this.#breaks[kind] = isDone ? 'after' : 'before';
  }

  /** All trouble ends. */
  recover(): void {
    this.isAway = false;
    this.#breaks.commit = undefined;
    this.#breaks.load = undefined;
  }

  /** The store as one process sees it. */
  connect(life: Life): Store {
    const { rows } = this.#options;
    const claims = new Claims(NODE_NAME);
    const load = <Loaded>(name: string, find: () => Loaded): Promise<Loaded> => this.read(life, name, find);
    return {
      writer: NODE_NAME,
      lastCommitNo: rows.lastCommitNo,
      commit: (batch) => this.#call(life, `commit ${batch.commitNo}`, true, () => this.#commit(batch)),
      claimBooks: (symbols) =>
        load(`claim ${symbols.join(', ')}`, () => rows.claimBooks(symbols, NODE_NAME, claims)).then(
          (books) => {
            for (const { symbol, epoch } of books) claims.done(symbol, epoch);
            return books;
          },
        ),
      loadOrders: (book, after) => load(`load ${book.symbol}`, () => rows.loadOrders(book, after)),
      loadAccount: (userId, day) => load(`load account ${userId}`, () => rows.loadAccount(userId, day)),
      loadOrder: (userId, orderId) => load(`load order ${orderId}`, () => rows.loadOrder(userId, orderId)),
      openSession: (request) => load(`open session of ${request.userId}`, () => rows.openSession(request)),
      loadMessages: (id, begin, end) => load(`messages of ${id}`, () => rows.loadMessages(id, begin, end)),
      pendingCancels: () => load('pending cancels', () => []),
      // Of a cluster.
      loadUndelivered: () => Promise.reject(new Error('nothing is missed on one node')),
      resetSession: () => Promise.reject(new Error('one node resets in a commit')),
      succeeded: () => Promise.reject(new Error('one node knows its sessions')),
    };
  }

  /** Any other look-up, which takes its time and fails like the store's own. */
  read<Found>(life: Life, name: string, find: () => Found): Promise<Found> {
    return this.#call(life, name, false, () => {
      if (this.isAway) throw this.#awayError();
      const breaks = this.#takeBreak('load');
      if (breaks === 'before') throw LOST;
      const found = find();
      if (breaks === 'after') throw LOST;
      return found;
    });
  }

  /** Moves the call number `index` on by one moment. */
  runOne(index: number): void {
    const call = this.#calls[index];
    if (call === undefined) throw new Error(`no call ${index} is pending`);
    if (call.answer === undefined) {
      this.#options.trace?.(`database: ${call.name}`);
      call.answer = call.carryOut();
      return;
    }
    this.#calls.splice(index, 1);
    call.answer();
  }

  /** The process is gone: a commit on its way arrives all the same, or does not. */
  crash(life: Life, commitArrives: boolean): void {
    for (const call of this.#calls.filter((one) => one.life === life)) {
      if (call.isCommit && call.answer === undefined && commitArrives) call.carryOut();
      this.#calls.splice(this.#calls.indexOf(call), 1);
    }
  }

  #call<Answer>(life: Life, name: string, isCommit: boolean, work: () => Answer): Promise<Answer> {
    const task = new Task<Answer>();
    if (life.isOver) return task;
    const carryOut = (): (() => void) => {
      try {
        const answer = work();
        return () => task.resolve(answer);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError || error instanceof NotOwnerError)) throw error;
        return () => task.reject(error);
      }
    };
    this.#calls.push({ life, name, isCommit, carryOut, answer: undefined });
    return task;
  }

  #commit(batch: CommitBatch): CommitOutcome {
    const { rows, onCommitted, onRefused, onFault } = this.#options;
    if (this.isAway) return { type: 'Unavailable', reason: this.#awayError().message };
    const breaks = this.#takeBreak('commit');
    if (breaks === 'before') return { type: 'Unavailable', reason: LOST.message };
    const isRepeat = batch.commitNo === rows.lastCommitNo;
    if (!isRepeat && this.refuseWhen(batch)) {
      onFault('refused commit');
      return { type: 'Refused', sqlState: '22021', reason: 'the simulation refused it' };
    }
    const seqsBefore = batch.books.map(({ symbol }) => rows.book(symbol).lastSeq);
    const outcome = rows.write(batch);
    if (outcome.type === 'Refused') onRefused(batch, outcome.reason);
    if (outcome.type !== 'Committed') return outcome;
    if (!isRepeat) onCommitted(batch, seqsBefore);
    return breaks === 'after' ? { type: 'Unavailable', reason: LOST.message } : outcome;
  }

  #awayError(): StoreUnavailableError {
    this.#options.onFault('call while away');
    return AWAY;
  }

  #takeBreak(kind: CallKind): 'before' | 'after' | undefined {
    const breaks = this.#breaks[kind];
    this.#breaks[kind] = undefined;
    if (breaks !== undefined) this.#options.onFault(`${kind} lost ${breaks} it was done`);
    return breaks;
  }
}
