/**
 * Tells accounts that books of other nodes have moved: one that dies has hundreds, and so each account hears once of all that
 * move at about the same time. What an account has asked of such a book it is told apart from this, and at once.
 */
import type { Clock } from '../platform/clock.ts';
import type { BookMoved, JudgeAgain, MovedBooksDue, Tell } from './protocol.ts';

export interface MovedBooksOptions {
  readonly tell: Tell;
  readonly clock: Pick<Clock, 'after'>;
  /** Tells every account that lives. */
  readonly tellAccounts: (message: JudgeAgain) => void;
}

/** For so long moves are gathered, ms: about the time in which one view of the cluster has reached all books here. */
const GATHER_MS = 5;

/** Gathers moves. It is kept outside of the exchange's state. */
export class MovedBooks {
  readonly #options: MovedBooksOptions;
  #moved = new Map<string, number>();

  constructor(options: MovedBooksOptions) {
    this.#options = options;
  }

  receive(message: BookMoved | MovedBooksDue): void {
    if (message.type === 'BookMoved') this.#add(message);
    else this.#tellAccounts();
  }

  #add({ symbol, moveNo }: BookMoved): void {
    const { clock, tell } = this.#options;
    if (this.#moved.size === 0) {
      clock.after(GATHER_MS, () => tell({ type: 'exchange' }, { type: 'MovedBooksDue' }));
    }
    this.#moved.set(symbol, moveNo);
  }

  #tellAccounts(): void {
    const moved = this.#moved;
    this.#moved = new Map();
    let lastMoveNo = 0;
    for (const moveNo of moved.values()) lastMoveNo = Math.max(lastMoveNo, moveNo);
    this.#options.tellAccounts({ type: 'JudgeAgain', moved, lastMoveNo, asked: [] });
  }
}
