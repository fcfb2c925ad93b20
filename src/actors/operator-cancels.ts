/**
 * The operator's cancels in books, until their answer: a book cancels in portions and tells of each when it is
 * committed, and the operator is told once, with all of them.
 */
import type { Address, BookMassCanceled, Tell } from './protocol.ts';

interface UnderWay {
  readonly replyTo: Address;
  canceledCount: number;
}

/** Gathers what books tell. It is kept outside of the exchange's state, and no redo makes it void. */
export class OperatorCancels {
  readonly #tell: Tell;
  readonly #byCommandNo = new Map<number, UnderWay>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  get isIdle(): boolean {
    return this.#byCommandNo.size === 0;
  }

  /** A book has been asked. */
  begin(commandNo: number, replyTo: Address): void {
    this.#byCommandNo.set(commandNo, { replyTo, canceledCount: 0 });
  }

  /** A portion is committed, or the book could do nothing more. */
  bookAnswered({ commandNo, canceledCount, isLast, fault }: BookMassCanceled): void {
    const one = this.#byCommandNo.get(commandNo);
    if (one === undefined) return;
    one.canceledCount += canceledCount;
    if (!isLast) return;
    this.#byCommandNo.delete(commandNo);
    const { replyTo, canceledCount: orderCount } = one;
    if (fault === undefined) this.#tell(replyTo, { type: 'CancelsRequested', orderCount });
    else this.#tell(replyTo, { type: 'CommandRejected', text: afterCancels(fault, orderCount) });
  }
}

/** Why no more orders were canceled, and how many were. */
export function afterCancels(text: string, canceledCount: number): string {
  return canceledCount === 0 ? text : `${text}; before that ${canceledCount} orders were canceled`;
}
