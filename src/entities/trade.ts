/** A trade between two orders, at the resting (maker's) order's price. Partitioned by month. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Side } from '../matching/types.ts';
import { amount, fixCode, instant, safeBigint } from './columns.ts';

export const Trade = defineEntity({
  name: 'Trade',
  tableName: 'trades',
  checks: [
    { name: 'trades_amounts_check', expression: 'price > 0 and quantity > 0' },
    { name: 'trades_fees_check', expression: 'maker_fee >= 0 and taker_fee >= 0' },
    { name: 'trades_taker_side_check', expression: "taker_side in ('1', '2')" },
    { name: 'trades_orders_check', expression: 'maker_order_id <> taker_order_id' },
  ],
  properties: {
    /** SecondaryExecID (527) of both reports. */
    id: safeBigint().primary().autoincrement(false),
    symbol: p.string().length(32),
    price: amount(),
    quantity: amount(),
    /** `orders.id`, without a constraint: a closed order goes with its history, and this row with it. */
    makerOrderId: safeBigint(),
    takerOrderId: safeBigint(),
    makerUserId: p.integer(),
    takerUserId: p.integer(),
    takerSide: fixCode<Side>(),
    /** MiscFeeAmt (137) of each party, in the quote asset. */
    makerFee: amount(),
    takerFee: amount(),
    executedAt: instant().primary(),
    /** Book sequence numbers of the fills: with the symbol their ExecIDs (17). Null for trades of early versions. */
    makerSeq: safeBigint().nullable(),
    takerSeq: safeBigint().nullable(),
    /** The link of the audit trail that covers the row; 0: it is older than the trail. */
    link: safeBigint().defaultRaw('0'),
  },
});

/** A row of `trades`. */
export type Trade = InferEntity<typeof Trade>;
