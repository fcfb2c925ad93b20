/**
 * When an account reads its rows: at once at first, later behind all that it has in flight, and not before there is
 * something to do where it can wait: a book that moves makes many read them again.
 */
import type { UserId } from '../matching/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { MarketDirectory, TradingCalendar } from './ports.ts';
import type { Tell } from './protocol.ts';

export interface AccountLoadsOptions {
  readonly userId: UserId;
  readonly tell: Tell;
  readonly clock: Pick<Clock, 'now'>;
  readonly markets: Pick<MarketDirectory, 'symbols'>;
  readonly calendar: Pick<TradingCalendar, 'tradingDayAt'>;
}

/** The loads of one account. It is kept outside of the actor's state, so that a crash forgets none. */
export class AccountLoads {
  readonly #options: AccountLoadsOptions;
  #fenceNo = 0;
  /** Asked for and not answered. */
  #owedCount = 0;
  #isAsleep = false;

  constructor(options: AccountLoadsOptions) {
    this.#options = options;
  }

  /** What the account knew is void, and nobody has asked for its rows. */
  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  /** The rows are asked for when there is something to do. */
  sleep(): void {
    this.#isAsleep = true;
  }

  /** Asks for the rows; `behindFence`: when what the account has in flight has reached them. */
  ask(behindFence: boolean): void {
    const { userId, tell, clock, markets, calendar } = this.#options;
    this.#isAsleep = false;
    this.#owedCount += 1;
    const tradingDay = calendar.tradingDayAt(clock.now());
    const symbols = markets.symbols();
    if (!behindFence || symbols.length === 0) {
      tell({ type: 'persistence' }, { type: 'LoadAccount', userId, tradingDay });
      return;
    }
    this.#fenceNo += 1;
    const fenceNo = this.#fenceNo;
    const fence = { type: 'Fence', userId, fenceNo, bookCount: symbols.length, tradingDay } as const;
    for (const symbol of symbols) tell({ type: 'book', symbol }, fence);
  }

  /** Counts an answer; true for the last one that is owed: the account is good with that only. */
  isLastAnswer(): boolean {
    this.#owedCount -= 1;
    return this.#owedCount === 0;
  }
}
