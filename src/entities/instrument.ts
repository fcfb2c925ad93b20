/**
 * What can be traded, and whether it trades now. Assets, tick and lot never change once the row exists: every
 * price and quantity of the symbol was checked against them.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { amount, instant } from './columns.ts';

export const INSTRUMENT_STATUSES = ['open', 'cancel_only', 'halted'] as const;
/** Who halted: during an operator's halt cancels work, during a crash halt they do not. */
export const HALTED_BY = ['operator', 'crash'] as const;

export const InstrumentRow = defineEntity({
  name: 'InstrumentRow',
  tableName: 'instruments',
  checks: [
    { name: 'instruments_steps_check', expression: 'tick_size > 0 and lot_size > 0' },
    {
      name: 'instruments_quantities_check',
      expression: 'min_quantity > 0 and max_quantity >= min_quantity',
    },
    { name: 'instruments_assets_check', expression: 'base_asset <> quote_asset' },
    {
      name: 'instruments_limits_check',
      expression:
        'price_band_bps > 0 and market_protection_bps >= 0 and market_protection_bps < 10000 and ' +
        'max_notional > 0 and max_open_orders > 0',
    },
    { name: 'instruments_fees_check', expression: 'maker_fee_rate >= 0 and taker_fee_rate >= 0' },
    { name: 'instruments_reference_price_check', expression: 'reference_price > 0' },
    { name: 'instruments_halt_check', expression: "(status = 'halted') = (halted_by is not null)" },
  ],
  properties: {
    /** Symbol (55). */
    symbol: p.string().length(32).primary(),
    baseAsset: p.string().length(16),
    quoteAsset: p.string().length(16),
    tickSize: amount(),
    lotSize: amount(),
    minQuantity: amount(),
    maxQuantity: amount(),
    /** The most that an order may be worth at its limit, in the quote asset; null: no bound. */
    maxNotional: amount().nullable(),
    /** How many open orders a member may have here; null: no bound. */
    maxOpenOrders: p.integer().nullable(),
    /** A post-only order that would trade is re-priced behind the best opposite price, not refused. */
    postOnlySlides: p.boolean().default(false),
    /** How far from the reference price a limit may be, in hundredths of a percent. */
    priceBandBps: p.integer().nullable(),
    /** How far from the reference price a market order may trade, in hundredths of a percent. */
    marketProtectionBps: p.integer(),
    /** In 10^-8 of the notional. */
    makerFeeRate: p.integer(),
    takerFeeRate: p.integer(),
    /** Set by the operator; a committed trade outranks it. */
    referencePrice: amount().nullable(),
    status: p.enum(INSTRUMENT_STATUSES).default('open'),
    haltedBy: p.enum(HALTED_BY).nullable(),
    statusReason: p.text().nullable(),
    createdAt: instant().defaultRaw('now()'),
  },
});

/** A row of `instruments`. */
export type InstrumentRow = InferEntity<typeof InstrumentRow>;
