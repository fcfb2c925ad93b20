/** Books, accounts and commits that fail on certain requests, as the script says, and otherwise are the real ones. */
import type { Account } from '../../src/accounts/account.ts';
import type { MatchingBook } from '../../src/actors/order-book.ts';
import type { CommitBatch } from '../../src/actors/ports.ts';
import type { BookEvent } from '../../src/matching/types.ts';
import { type AccountFaults, type BookFault, failingAccount, failingBook } from '../support/faults.ts';
import type { Trouble } from './script.ts';

const PLANNED = 'the test fails the ';

/** What an actor throws because the script wants it to. One for all: an error takes longer than a moment of a history. */
export const PLANNED_CRASH = new Error(`${PLANNED}actor`);

export class Troubles {
  readonly wrapBook: (book: MatchingBook, symbol: string) => MatchingBook;
  readonly createAccount: (...args: ConstructorParameters<typeof Account>) => Account;
  readonly #bookFaults: BookFault[] = [];
  readonly #accountFaults = { judge: {}, settle: {}, refuse: {}, massCanceled: {} } satisfies AccountFaults;
  readonly #poisons = new Set<string>();

  constructor() {
    this.wrapBook = failingBook(this.#bookFaults);
    this.createAccount = failingAccount(this.#accountFaults);
  }

  add(clOrdId: string, trouble: Trouble): void {
    switch (trouble.type) {
      case 'BreaksBook':
        this.#bookFaults.push({ clOrdId, when: trouble.when, times: trouble.times });
        return;
      case 'BreaksAccount': {
        const counts: Record<string, number> = this.#accountFaults[trouble.where];
        counts[clOrdId] = trouble.times;
        return;
      }
      case 'Poison':
        this.#poisons.add(clOrdId);
    }
  }

  /** A crash that the script asked for. */
  isPlanned(error: Error): boolean {
    return error.message.startsWith(PLANNED);
  }

  isPoisoned({ events }: CommitBatch): boolean {
    return this.#poisons.size > 0 && events.some((event) => this.#poisons.has(clOrdIdOf(event)));
  }

  /** What was planned and has not happened yet never will. */
  end(): void {
    this.#poisons.clear();
    for (const fault of this.#bookFaults) fault.times = 0;
    for (const counts of Object.values<Record<string, number>>(this.#accountFaults)) {
      for (const clOrdId of Object.keys(counts)) counts[clOrdId] = 0;
    }
  }
}

/** Of the request that the event answers, where it is one. */
function clOrdIdOf(event: BookEvent): string {
  if (event.type === 'OrderAccepted') return event.order.clOrdId;
  return event.type === 'OrderCanceled' ? (event.requestClOrdId ?? '') : '';
}
