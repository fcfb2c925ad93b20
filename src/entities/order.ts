/**
 * An order in its last committed state. The row is also the order's New report (150=0): `entry*` keep what was
 * accepted, and `acceptedSeq` is that report's number in the book's sequence.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { OrdStatus, OrdType, Side, TimeInForce } from '../matching/types.ts';
import { amount, fixCode, instant, safeBigint } from './columns.ts';
import { InstrumentRow } from './instrument.ts';
import { User } from './user.ts';

export const Order = defineEntity({
  name: 'Order',
  tableName: 'orders',
  checks: [
    { name: 'orders_side_check', expression: "side in ('1', '2')" },
    { name: 'orders_ord_type_check', expression: "ord_type in ('1', '2')" },
    { name: 'orders_time_in_force_check', expression: "time_in_force in ('0', '1', '3', '4')" },
    { name: 'orders_status_check', expression: "status in ('0', '1', '2', '4', 'C')" },
    { name: 'orders_price_check', expression: 'price > 0 and entry_price > 0' },
    {
      name: 'orders_quantity_check',
      expression:
        'entry_quantity > 0 and filled_quantity >= 0 and filled_quantity <= quantity and ' +
        'remaining_quantity = case when is_open then quantity - filled_quantity else 0 end',
    },
    { name: 'orders_is_open_check', expression: "(status in ('0', '1')) = is_open" },
    { name: 'orders_hold_check', expression: 'hold >= 0 and (is_open or hold = 0)' },
    { name: 'orders_fees_check', expression: 'maker_fee_rate >= 0 and taker_fee_rate >= 0' },
  ],
  indexes: [
    { name: 'orders_open_by_priority_index', properties: ['symbol', 'priority'], where: 'is_open' },
    { name: 'orders_open_by_user_index', properties: ['userId'], where: 'is_open' },
    { name: 'orders_by_trading_day_index', properties: ['userId', 'tradingDay'] },
  ],
  properties: {
    /** OrderID (37). */
    id: safeBigint().primary().autoincrement(false),
    userId: () => p.manyToOne(User).mapToPk().fieldName('user_id').foreignKeyName('orders_user_id_foreign'),
    symbol: () =>
      p.manyToOne(InstrumentRow).mapToPk().fieldName('symbol').foreignKeyName('orders_symbol_foreign'),
    /** ClOrdID (11) of the NewOrderSingle (D). No length: a member's text must not be able to fail a commit. */
    entryClOrdId: p.text(),
    /** The last accepted ClOrdID (11). */
    clOrdId: p.text(),
    side: fixCode<Side>(),
    ordType: fixCode<OrdType>(),
    timeInForce: fixCode<TimeInForce>(),
    entryPrice: amount(),
    /** The limit; a market order's protection price. */
    price: amount(),
    entryQuantity: amount(),
    /** OrderQty (38). */
    quantity: amount(),
    /** CumQty (14). */
    filledQuantity: amount(),
    /** LeavesQty (151). */
    remainingQuantity: amount(),
    /** Sum of price × quantity of the fills, in the quote asset, exact. */
    cumNotional: amount(),
    makerFeeRate: p.integer(),
    takerFeeRate: p.integer(),
    /** What the order keeps of its owner's balance: the quote asset for a buy, the base asset for a sell. */
    hold: amount(),
    /** OrdStatus (39). */
    status: fixCode<OrdStatus>(),
    isOpen: p.boolean(),
    /** Place in the queue: the book sequence number that gave it; lower is older. */
    priority: safeBigint(),
    acceptedSeq: safeBigint(),
    tradingDay: p.date(),
    createdAt: instant(),
    updatedAt: instant(),
  },
});

/** A row of `orders`. */
export type Order = InferEntity<typeof Order>;
