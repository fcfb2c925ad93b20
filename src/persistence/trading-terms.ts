/** What is set for a member's trading, from its row of `users`: for the account, and for whoever changes it. */
import type { TradingTerms } from '../accounts/trading-terms.ts';
import type { SelfTradePrevention } from '../matching/types.ts';
import { unitsOf } from './instruments.ts';

/** The columns of a {@link TermsRecord}, for `select … from users`. */
export const TERMS_RECORD_COLUMNS =
  'self_trade_prevention, max_order_quantity, max_order_notional, max_open_orders, price_band_bps, ' +
  'maker_fee_rate, taker_fee_rate';

/** The columns as the driver gives them. */
export interface TermsRecord {
  readonly self_trade_prevention: SelfTradePrevention | null;
  readonly max_order_quantity: string | null;
  readonly max_order_notional: string | null;
  readonly max_open_orders: number | null;
  readonly price_band_bps: number | null;
  readonly maker_fee_rate: number | null;
  readonly taker_fee_rate: number | null;
}

export function toTradingTerms(record: TermsRecord): TradingTerms {
  const { max_order_quantity: maxQuantity, max_order_notional: maxNotional } = record;
  return {
    selfTradePrevention: record.self_trade_prevention ?? undefined,
    maxQuantity: maxQuantity === null ? undefined : unitsOf(maxQuantity),
    maxNotional: maxNotional === null ? undefined : unitsOf(maxNotional),
    maxOpenOrders: record.max_open_orders ?? undefined,
    priceBandBps: record.price_band_bps ?? undefined,
    makerFeeRate: record.maker_fee_rate ?? undefined,
    takerFeeRate: record.taker_fee_rate ?? undefined,
  };
}
