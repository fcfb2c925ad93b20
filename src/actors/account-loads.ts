/**
 * When an account reads its rows: at once at first, later behind all that it has in flight, and not before there is
 * something to do where it can wait: a book that moves makes many read them again.
 */
import type { UserId } from '../matching/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { type Meter, NO_METER } from './meter.ts';
import type { LoadedAccount, MarketDirectory, TradingCalendar } from './ports.ts';
import type { AccountLoaded, LoadFailed, ShardEpoch, Tell } from './protocol.ts';

export interface AccountLoadsOptions {
  readonly userId: UserId;
  readonly tell: Tell;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'warn'>;
  readonly meter?: Pick<Meter, 'accountLoaded'>;
  readonly markets: Pick<MarketDirectory, 'symbols'>;
  readonly calendar: Pick<TradingCalendar, 'tradingDayAt'>;
  /** Its epoch tells the account from one that was here before it: what that has asked for may still be answered. */
  readonly shard?: ShardEpoch;
}

/** A load that takes longer is told to the log: so long the member has had no answers. */
export const LONG_LOAD_MS = 250;

/** The loads of one account. It is kept outside of the actor's state, so that a crash forgets none. */
export class AccountLoads {
  readonly #options: AccountLoadsOptions;
  #fenceNo = 0;
  /** Asked for and not answered. */
  #owedCount = 0;
  #isAsleep = false;
  /** When the account asked first for the rows that it waits for. */
  #askedAt: number | undefined;

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
    const { userId, tell, clock, markets, calendar, shard } = this.#options;
    this.#isAsleep = false;
    this.#owedCount += 1;
    this.#askedAt ??= clock.now();
    const tradingDay = calendar.tradingDayAt(clock.now());
    const life = shard === undefined ? {} : { life: shard.epoch };
    const symbols = markets.symbols();
    if (!behindFence || symbols.length === 0) {
      tell({ type: 'persistence' }, { type: 'LoadAccount', userId, tradingDay, ...life });
      return;
    }
    this.#fenceNo += 1;
    const fenceNo = this.#fenceNo;
    const common = { userId, fenceNo, bookCount: symbols.length, tradingDay, ...life };
    for (const symbol of symbols) tell({ type: 'book', symbol }, { type: 'Fence', ...common });
  }

  /** The account works again. */
  finished({ orders, closed, clOrdIds }: Pick<LoadedAccount, 'orders' | 'closed' | 'clOrdIds'>): void {
    const { userId, clock, log, meter = NO_METER } = this.#options;
    // The clock may have been set back meanwhile.
    const ms = Math.max(0, clock.now() - (this.#askedAt ?? clock.now()));
    this.#askedAt = undefined;
    meter.accountLoaded(ms);
    if (ms <= LONG_LOAD_MS) return;
    const counts = { openOrders: orders.length, closedOrders: closed.length, clOrdIds: clOrdIds.length };
    log.warn('an account took long to be read: its member waited', { userId, ms, ...counts });
  }

  /** Counts an answer; true for the last one that is owed: the account is good with that only. */
  isLastAnswer({ life }: Pick<AccountLoaded | LoadFailed, 'life'>): boolean {
    if (life !== this.#options.shard?.epoch) return false;
    this.#owedCount -= 1;
    return this.#owedCount === 0;
  }
}
