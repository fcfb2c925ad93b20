/** Books and accounts that throw where a test says so, and otherwise are the real ones. */
import { Account, type Settlement } from '../../src/accounts/account.ts';
import type { MatchingBook } from '../../src/actors/order-book.ts';
import type { BookCommand } from '../../src/matching/types.ts';

export interface BookFault {
  readonly symbol?: string;
  /** ClOrdID (11) of the command that throws. */
  readonly clOrdId: string;
  /** Whether the book has changed when it throws. */
  readonly when: 'before' | 'after';
  /** How often it throws; Infinity for a poison. */
  times: number;
}

/** For `wrapBook`: the faults are shared by all lives of a book, and may be added to. */
export function failingBook(
  faults: readonly BookFault[],
): (book: MatchingBook, symbol: string) => MatchingBook {
  return (book, symbol) => ({
    get lastSeq() {
      return book.lastSeq;
    },
    restore: (order) => book.restore(order),
    isDue: (tradingDay, upTo) => book.isDue(tradingDay, upTo),
    execute(command, at, events) {
      const fault = faults.find(
        (one) =>
          one.times > 0 &&
          one.clOrdId === clOrdIdOf(command) &&
          (one.symbol === undefined || one.symbol === symbol),
      );
      if (fault === undefined) return book.execute(command, at, events);
      fault.times -= 1;
      if (fault.when === 'after') book.execute(command, at, events);
      throw new Error(`the test fails the book on ${fault.clOrdId}`);
    },
  });
}

function clOrdIdOf(command: BookCommand): string | undefined {
  return 'clOrdId' in command ? command.clOrdId : undefined;
}

export interface AccountFaults {
  /** ClOrdIDs (11) that throw when they are judged, and how often. */
  readonly judge?: Record<string, number>;
  /** ClOrdIDs (11) of orders that throw when their commit is applied, and how often. */
  readonly settle?: Record<string, number>;
  /** ClOrdIDs (11) of mass cancels that throw when their report is made, and how often. */
  readonly massCanceled?: Record<string, number>;
  /** ClOrdIDs (11) that throw when they are refused, and how often. */
  readonly refuse?: Record<string, number>;
}

/** For `createAccount`: the faults are shared by all lives of an account. */
export function failingAccount(
  faults: AccountFaults,
): (...args: ConstructorParameters<typeof Account>) => Account {
  return (...args) => {
    const account = new FailingAccount(...args);
    account.faults = faults;
    return account;
  };
}

/** One class for all faults: a class for each would be compiled for each. */
class FailingAccount extends Account {
  faults: AccountFaults = {};

  override judge(...args: Parameters<Account['judge']>): ReturnType<Account['judge']> {
    // After the change: what it did to the account must not survive.
    const decision = super.judge(...args);
    fail(this.faults.judge, args[0].type === 'OrderMassStatusRequest' ? undefined : args[0].clOrdId);
    return decision;
  }

  override refuseNew(...args: Parameters<Account['refuseNew']>): ReturnType<Account['refuseNew']> {
    const decision = super.refuseNew(...args);
    fail(this.faults.refuse, args[0].clOrdId);
    return decision;
  }

  override refuseCancel(...args: Parameters<Account['refuseCancel']>): ReturnType<Account['refuseCancel']> {
    const decision = super.refuseCancel(...args);
    fail(this.faults.refuse, args[0].clOrdId);
    return decision;
  }

  override massCanceled(...args: Parameters<Account['massCanceled']>): ReturnType<Account['massCanceled']> {
    const report = super.massCanceled(...args);
    fail(this.faults.massCanceled, args[0].clOrdId);
    return report;
  }

  override refuseMassCancel(
    ...args: Parameters<Account['refuseMassCancel']>
  ): ReturnType<Account['refuseMassCancel']> {
    const decision = super.refuseMassCancel(...args);
    fail(this.faults.refuse, args[0].clOrdId);
    return decision;
  }

  override settle(settlement: Settlement): ReturnType<Account['settle']> {
    for (const order of settlement.orders) fail(this.faults.settle, order.clOrdId);
    return super.settle(settlement);
  }
}

function fail(counts: Record<string, number> | undefined, clOrdId: string | undefined): void {
  const left = clOrdId === undefined ? 0 : (counts?.[clOrdId] ?? 0);
  if (counts === undefined || clOrdId === undefined || left === 0) return;
  counts[clOrdId] = left - 1;
  throw new Error(`the test fails the account on ${clOrdId}`);
}
