/**
 * The Store port on simulated rows: each call is carried out in one moment and answered in a later one, in any order
 * that the seed likes, and may fail for now, be refused for good, lose its answer or its node. A commit that is
 * carried out is durable, whatever becomes of its answer.
 */
import {
  type CommitBatch,
  type CommitOutcome,
  type Store,
  StoreUnavailableError,
} from '../../src/actors/ports.ts';
import type { Rows } from './rows.ts';
import { Task } from './task.ts';

/** One process of the venue: what it still waits for when it is over is nobody's affair. */
export interface Life {
  isOver: boolean;
  /** Another node has taken a book of it: it must not take one back. */
  isOvertaken: boolean;
}

interface Call {
  readonly life: Life;
  readonly name: string;
  readonly isCommit: boolean;
  /** Changes rows, or reads them; returns how the caller is told. */
  readonly carryOut: () => () => void;
  answer: (() => void) | undefined;
}

export interface DatabaseOptions {
  readonly rows: Rows;
  readonly trace: ((line: string) => void) | undefined;
  /** After each commit that wrote. */
  readonly onCommitted: (batch: CommitBatch, before: readonly number[]) => void;
  /** A refusal that nobody planned: the last safeguard had to step in. */
  readonly onRefused: (batch: CommitBatch, reason: string) => void;
}

export class Database {
  readonly #options: DatabaseOptions;
  readonly #calls: Call[] = [];
  /** While true it does not answer. */
  isAway = false;
  #losesNextAnswer = false;
  /** Batches for which it is true are refused for good. */
  refuseWhen: (batch: CommitBatch) => boolean = () => false;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  get pendingCount(): number {
    return this.#calls.length;
  }

  /** The next commit is written, but its answer is lost. */
  loseNextAnswer(): void {
    this.#losesNextAnswer = true;
  }

  /** The store as one process sees it. */
  connect(life: Life): Store {
    const { rows } = this.#options;
    const load = <Loaded>(name: string, read: () => Loaded): Promise<Loaded> =>
      this.#call(life, name, false, () => {
        if (this.isAway) throw new StoreUnavailableError('the simulation took the database away');
        return read();
      });
    return {
      lastCommitNo: rows.lastCommitNo,
      commit: (batch) => this.#call(life, `commit ${batch.commitNo}`, true, () => this.#commit(batch)),
      loadBook: (symbol) =>
        load(`load ${symbol}`, () => {
          if (life.isOvertaken) throw new StoreUnavailableError('the lock of this node is lost');
          return rows.loadBook(symbol);
        }),
      loadAccount: (userId, day) => load(`load account ${userId}`, () => rows.loadAccount(userId, day)),
      openSession: (request) => load(`open session of ${request.userId}`, () => rows.openSession(request)),
      loadMessages: (id, begin, end) => load(`messages of ${id}`, () => rows.loadMessages(id, begin, end)),
      pendingCancels: () => load('pending cancels', () => []),
    };
  }

  /** Any other look-up, which takes its time and fails like the store's own. */
  read<Found>(life: Life, name: string, find: () => Found): Promise<Found> {
    return this.#call(life, name, false, () => {
      if (this.isAway) throw new StoreUnavailableError('the simulation took the database away');
      return find();
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
        if (!(error instanceof StoreUnavailableError)) throw error;
        return () => task.reject(error);
      }
    };
    this.#calls.push({ life, name, isCommit, carryOut, answer: undefined });
    return task;
  }

  #commit(batch: CommitBatch): CommitOutcome {
    const { rows, onCommitted, onRefused } = this.#options;
    if (this.isAway) return { type: 'Unavailable', reason: 'the simulation took the database away' };
    const isRepeat = batch.commitNo === rows.lastCommitNo;
    if (!isRepeat && this.refuseWhen(batch)) {
      return { type: 'Refused', sqlState: '22021', reason: 'the simulation refused it' };
    }
    const seqsBefore = batch.books.map(({ symbol }) => rows.book(symbol).lastSeq);
    const outcome = rows.write(batch);
    if (outcome.type === 'Refused') onRefused(batch, outcome.reason);
    if (outcome.type !== 'Committed') return outcome;
    if (!isRepeat) onCommitted(batch, seqsBefore);
    if (!this.#losesNextAnswer) return outcome;
    this.#losesNextAnswer = false;
    return { type: 'Unavailable', reason: 'the simulation lost the answer' };
  }
}
