/**
 * The venue of a torture run: the command line's `start`, on a clock that jumps when it is told to and with books
 * that throw when they are told to. Everything else is the venue's own.
 */
import { Account } from '../../src/accounts/account.ts';
import type { MatchingBook } from '../../src/actors/order-book.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { OrderBook } from '../../src/matching/order-book.ts';
import { startNode } from '../../src/node.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { restoredBook } from '../support/venue.ts';
import { type Control, type LiveAccount, type LiveState, serveControl } from './control.ts';

/** Where this file is, for whoever starts it. */
export const TORTURED_VENUE = import.meta.filename;

/** Environment of the process; its names are not the venue's own. */
export const ENVIRONMENT = {
  /** How far its clock is ahead of the system's when it starts, ms. */
  clockOffsetMs: 'TORTURE_CLOCK_OFFSET_MS',
  /** When trading days begin, `HH:MM` UTC. */
  rollTime: 'TORTURE_ROLL_TIME',
} as const;

class TorturedVenue {
  readonly clock: Clock;
  readonly #books = new Map<string, OrderBook>();
  readonly #accounts = new Map<number, Account>();
  /** How many commands will still throw, by symbol. */
  readonly #failuresLeft = new Map<string, number>();
  #offsetMs: number;

  constructor(offsetMs: number) {
    this.#offsetMs = offsetMs;
    const { after, every } = systemClock;
    this.clock = { now: () => systemClock.now() + this.#offsetMs, after, every };
  }

  readonly createBook: NonNullable<Parameters<typeof startNode>[1]['createBook']> = (loaded, nextTradeId) => {
    const book = restoredBook(loaded, nextTradeId);
    this.#books.set(loaded.symbol, book);
    return this.#breakable(book, loaded.symbol);
  };

  readonly createAccount: NonNullable<Parameters<typeof startNode>[1]['createAccount']> = (...args) => {
    const account = new Account(...args);
    this.#accounts.set(account.userId, account);
    return account;
  };

  carryOut(control: Control): LiveState | undefined {
    switch (control.type) {
      case 'JumpClock':
        this.#offsetMs += control.byMs;
        return undefined;
      case 'BreakBook':
        this.#failuresLeft.set(control.symbol, control.times);
        return undefined;
      case 'TellState':
        return this.#state();
    }
  }

  #breakable(book: OrderBook, symbol: string): MatchingBook {
    return {
      get lastSeq() {
        return book.lastSeq;
      },
      restore: (order) => book.restore(order),
      isDue: (tradingDay, upTo) => book.isDue(tradingDay, upTo),
      execute: (command, at, events) => {
        const outcome = book.execute(command, at, events);
        const left = this.#failuresLeft.get(symbol) ?? 0;
        if (left === 0) return outcome;
        this.#failuresLeft.set(symbol, left - 1);
        throw new Error('a fault that was asked for');
      },
    };
  }

  #state(): LiveState {
    const books = [...this.#books].map(([symbol, book]) => {
      return { symbol, lastSeq: book.lastSeq, stateHash: book.stateHash() };
    });
    const assets = new Set(books.flatMap(({ symbol }) => symbol.split('-')));
    return { books, accounts: [...this.#accounts.values()].map((account) => liveAccount(account, assets)) };
  }
}

function liveAccount(account: Account, assets: ReadonlySet<string>): LiveAccount {
  return {
    userId: account.userId,
    lastSeq: account.lastSeq,
    balances: [...assets].map((asset) => ({
      asset,
      amount: String(account.balances.amount(asset)),
      available: String(account.balances.available(asset)),
    })),
    openOrders: account
      .openOrders()
      .map(({ orderId }) => orderId)
      .sort((left, right) => left - right),
  };
}

if (process.argv[1] === import.meta.filename) {
  const venue = new TorturedVenue(Number(process.env[ENVIRONMENT.clockOffsetMs] ?? 0));
  serveControl((control) => venue.carryOut(control));
  const rollTime = process.env[ENVIRONMENT.rollTime] ?? '00:00';
  const tradingCalendar = { timeZone: 'UTC', rollTime };
  const { clock, createBook, createAccount } = venue;
  process.exitCode = await runProgram(process.argv.slice(2), 'under torture', {
    startNode: async () => (config, options) =>
      startNode({ ...config, tradingCalendar }, { ...options, clock, createBook, createAccount }),
    demo: () => Promise.reject(new Error('there is no demo here')),
    reconcile: () => Promise.reject(new Error('there is no reconciliation here')),
    verifyAudit: () => Promise.reject(new Error('there is no verification here')),
    backup: () => Promise.reject(new Error('there is no backup here')),
    retention: () => Promise.reject(new Error('there is no retention here')),
  });
}
