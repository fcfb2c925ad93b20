/**
 * What the operator made of a trade afterwards: a bust takes it back, a correction changes its price or reduces its
 * quantity. The row of the trade stays as it was, and the latest amendment says how it stands. Never changed.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { amount, instant, safeBigint } from './columns.ts';

export const AMENDMENT_KINDS = ['bust', 'correct'] as const;

export interface VenueChargeCell {
  readonly userId: number;
  readonly asset: string;
  /** Decimal text. */
  readonly amount: string;
}

export const TradeAmendment = defineEntity({
  name: 'TradeAmendment',
  tableName: 'trade_amendments',
  checks: [
    {
      name: 'trade_amendments_amounts_check',
      expression:
        'price_before > 0 and price_after > 0 and quantity_before > 0 and ' +
        'quantity_after >= 0 and quantity_after <= quantity_before',
    },
    {
      name: 'trade_amendments_charges_check',
      expression: 'charged_to_venue = (jsonb_array_length(charges) > 0)',
    },
    { name: 'trade_amendments_bust_check', expression: "(kind = 'bust') = (quantity_after = 0)" },
    {
      name: 'trade_amendments_fees_check',
      expression:
        'maker_fee_before >= 0 and maker_fee_after >= 0 and taker_fee_before >= 0 and taker_fee_after >= 0',
    },
  ],
  indexes: [
    { name: 'trade_amendments_by_trade_index', properties: ['tradeId'] },
    { name: 'trade_amendments_by_link_index', type: 'brin', properties: ['link'] },
  ],
  properties: {
    id: safeBigint().columnType('bigint').primary().autoincrement().generated('by default as identity'),
    /** `trades.id`. */
    tradeId: safeBigint(),
    symbol: p.string().length(32),
    kind: p.enum(AMENDMENT_KINDS),
    /** LastPx (31) as it stood, and from now on; a bust leaves it as it was. */
    priceBefore: amount(),
    priceAfter: amount(),
    /** LastQty (32); 0 after a bust. */
    quantityBefore: amount(),
    quantityAfter: amount(),
    /** MiscFeeAmt (137) of each party, in the quote asset. */
    makerFeeBefore: amount(),
    makerFeeAfter: amount(),
    takerFeeBefore: amount(),
    takerFeeAfter: amount(),
    /** Book sequence numbers of the reports (150=H or G): with the symbol their ExecIDs (17). */
    makerSeq: safeBigint(),
    takerSeq: safeBigint(),
    /** The venue paid what parties no longer had: to whom, and how much. */
    chargedToVenue: p.boolean(),
    charges: p.json<readonly VenueChargeCell[]>().columnType('jsonb'),
    reason: p.text(),
    /** Who asked: an operator's name, not a member. */
    requestedBy: p.text(),
    executedAt: instant(),
    /** The link of the audit trail that covers the row; 0: it is older than the trail. */
    link: safeBigint().defaultRaw('0'),
  },
});

/** A row of `trade_amendments`. */
export type TradeAmendment = InferEntity<typeof TradeAmendment>;
