/** What the operator has set for one member: its limits, its fees, and how its orders treat each other by default. */
import type { FeeRate } from '../matching/instrument.ts';
import type { SelfTradePrevention } from '../matching/types.ts';

export interface TradingTerms {
  /** For orders that do not say it themselves; undefined: the member's orders may trade with each other. */
  readonly selfTradePrevention: SelfTradePrevention | undefined;
  /** The most that an order may be for, in base units of 10^-18, whatever its symbol; undefined: no bound. */
  readonly maxQuantity: bigint | undefined;
  /** The most that an order may be worth at its limit, in quote units of 10^-18; undefined: no bound. */
  readonly maxNotional: bigint | undefined;
  /** Open orders over all symbols; undefined: no bound. */
  readonly maxOpenOrders: number | undefined;
  /** How far from the reference price a limit may be, in hundredths of a percent; undefined: the instrument's band. */
  readonly priceBandBps: number | undefined;
  /** Of its orders that add liquidity, whatever their symbol; undefined: the instrument's. */
  readonly makerFeeRate: FeeRate | undefined;
  /** Of its orders that remove liquidity; undefined: the instrument's. */
  readonly takerFeeRate: FeeRate | undefined;
}

/** A member for whom nothing was set. */
export const NO_TERMS: TradingTerms = {
  selfTradePrevention: undefined,
  maxQuantity: undefined,
  maxNotional: undefined,
  maxOpenOrders: undefined,
  priceBandBps: undefined,
  makerFeeRate: undefined,
  takerFeeRate: undefined,
};
