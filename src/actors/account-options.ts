/** What the actor of an account is given, apart from the actor, which is what it does. */
import type { Account } from '../accounts/account.ts';
import type { UserId } from '../matching/types.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { AmendmentsInFlight } from './amendment-reserve.ts';
import type { Meter } from './meter.ts';
import type { Moves } from './moves.ts';
import type { IdSource, MarketDirectory, TradingCalendar } from './ports.ts';
import type { ShardEpoch, Tell } from './protocol.ts';

export interface AccountOptions {
  readonly userId: UserId;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter?: Meter;
  readonly markets: MarketDirectory;
  readonly ids: Pick<IdSource, 'nextOrderId'>;
  readonly calendar: Pick<TradingCalendar, 'tradingDayAt' | 'endOf'>;
  /** In a cluster, by what right the account lives on this node. */
  readonly shard?: ShardEpoch;
  /** Seen by whoever moves accounts. */
  readonly inFlight?: AmendmentsInFlight;
  /** In a cluster, what came to this node of what books have done. */
  readonly moves?: Moves;
  /** The generation of state that the account is born into: higher after each lasting commit failure. */
  readonly generation: number;
  /** Batches that may wait while the account is loaded. */
  readonly stashCapacity: number;
  readonly closedOrdersKept: number;
  readonly refusedCancelsKept: number;
  readonly maxWaitingStopsPerMember: number;
  /** Reports that answer mass status requests (AF) and have not left; see status-budget.ts. */
  readonly maxStatusReportsPerMember: number;
  /** How long a mass cancel (q) waits for its books. */
  readonly massCancelWaitMs: number;
  /** Builds the account; tests put one that fails here. */
  readonly createAccount?: (...args: ConstructorParameters<typeof Account>) => Account;
}
