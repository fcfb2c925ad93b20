/**
 * Whether the database answers: its fault while it does not, who is told when it goes and comes, how long a commit may
 * take, and when it is tried again. Apart from the writer, which acts on it.
 */
import type { CancelTimer, Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Message, Tell } from './protocol.ts';

export interface StoreWatchOptions {
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  /** Gateways of the node, told when the store goes and comes. */
  readonly gateways: readonly string[];
  readonly retryFromMs: number;
  readonly retryToMs: number;
  /** How long the database may take over a commit; then it counts as away until it has answered. Default: for ever. */
  readonly commitStallMs?: number;
}

/** One that sweeps a large book may take as much longer as the store lets it. */
const ALLOWED_MS_PER_ROW = 1;

/** The writer's view of the store; what comes due comes as messages to the writer. */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  #fault: string | undefined;
  #retryMs: number;
  #isRetryDue = false;
  #cancelOverdue: CancelTimer = () => {};

  constructor(options: StoreWatchOptions) {
    this.#options = options;
    this.#retryMs = options.retryFromMs;
  }

  /** Why the store counts as away; undefined while it answers. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** A commit is on its way: CommitOverdue comes when it takes too long. */
  commitStarted(commitNo: number, rowCount: number): void {
    const { clock, tell, commitStallMs } = this.#options;
    if (commitStallMs === undefined) return;
    const overdue = { type: 'CommitOverdue', commitNo } as const;
    const allowedMs = commitStallMs + rowCount * ALLOWED_MS_PER_ROW;
    this.#cancelOverdue = clock.after(allowedMs, () => tell({ type: 'persistence' }, overdue));
  }

  /** It has been answered, whatever the answer. */
  commitFinished(): void {
    this.#cancelOverdue();
  }

  /** The store does not answer. */
  gone(reason: string): void {
    if (this.#fault === undefined) {
      this.#options.log.error('the database does not answer: orders are refused until it does', { reason });
      this.#tellAll({ type: 'StoreUnavailable', reason });
    }
    this.#fault = reason;
  }

  /** It has answered, after `lastCommitNo`. */
  back(lastCommitNo: number): void {
    this.#retryMs = this.#options.retryFromMs;
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#options.log.info('the database is back', { lastCommitNo });
    this.#tellAll({ type: 'StoreAvailable' });
  }

  /** RetryCommit comes after a while that doubles each time. */
  scheduleRetry(): void {
    if (this.#isRetryDue) return;
    this.#isRetryDue = true;
    const { clock, tell, retryToMs } = this.#options;
    clock.after(this.#retryMs, () => tell({ type: 'persistence' }, { type: 'RetryCommit' }));
    this.#retryMs = Math.min(this.#retryMs * 2, retryToMs);
  }

  /** RetryCommit has come. */
  retryBegun(): void {
    this.#isRetryDue = false;
  }

  #tellAll(news: Extract<Message, { readonly type: 'StoreUnavailable' | 'StoreAvailable' }>): void {
    const { tell, gateways } = this.#options;
    tell({ type: 'exchange' }, news);
    for (const name of gateways) tell({ type: 'gateway', name }, news);
  }
}
