/**
 * An order in its last committed state. The row is also the order's New report (150=0): `entry*` keep what was
 * accepted, and `acceptedSeq` is that report's number in the book's sequence. What only some orders ask for is null
 * in the rows of the others.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { OrdStatus, OrdType, SelfTradePrevention, Side, TimeInForce } from '../matching/types.ts';
import { amount, fixCode, instant, safeBigint } from './columns.ts';
import { InstrumentRow } from './instrument.ts';
import { SELF_TRADE_MODES, User } from './user.ts';

export const Order = defineEntity({
  name: 'Order',
  tableName: 'orders',
  checks: [
    { name: 'orders_side_check', expression: "side in ('1', '2')" },
    { name: 'orders_ord_type_check', expression: "ord_type in ('1', '2', '3', '4')" },
    { name: 'orders_time_in_force_check', expression: "time_in_force in ('0', '1', '3', '4', '6')" },
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
    {
      name: 'orders_stop_check',
      expression:
        "(ord_type in ('3', '4')) = (stop_px is not null) and (stop_px is null) = (entry_stop_px is null) and " +
        'stop_px > 0 and entry_stop_px > 0 and (stop_px is not null or not triggered)',
    },
    {
      name: 'orders_expiry_check',
      expression:
        "(time_in_force = '6') = (expire_at is not null) and (expire_at is null) = (entry_expire_at is null) and " +
        '(expire_date is null or expire_at is not null) and ' +
        '(entry_expire_date is null or entry_expire_at is not null)',
    },
    { name: 'orders_exec_inst_check', expression: "exec_inst in ('6', 'G')" },
    { name: 'orders_slides_check', expression: "not slides or coalesce(exec_inst, '') = '6'" },
    { name: 'orders_min_qty_check', expression: 'min_qty > 0 and min_qty <= entry_quantity' },
    {
      name: 'orders_max_floor_check',
      expression:
        'max_floor > 0 and entry_max_floor > 0 and (entry_max_floor is null or max_floor is not null)',
    },
    {
      name: 'orders_displayed_quantity_check',
      expression:
        '(displayed_quantity is null) = (max_floor is null) and displayed_quantity >= 0 and ' +
        'displayed_quantity <= remaining_quantity and displayed_quantity <= max_floor',
    },
    { name: 'orders_stp_group_check', expression: 'stp_group > 0' },
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
    /** StopPx (99). */
    stopPx: amount().nullable(),
    entryStopPx: amount().nullable(),
    /** A trade has reached StopPx. */
    triggered: p.boolean().default(false),
    /** MaxFloor (111); a replace may be the first to have one. */
    maxFloor: amount().nullable(),
    entryMaxFloor: amount().nullable(),
    /** What of LeavesQty is displayed, where there is a MaxFloor. */
    displayedQuantity: amount().nullable(),
    /** MinQty (110). */
    minQty: amount().nullable(),
    /** ExecInst (18): 6 participate don't initiate, G all or none. */
    execInst: fixCode<'6' | 'G'>().nullable(),
    /** A post-only order that is re-priced where it would trade. */
    slides: p.boolean().default(false),
    /** When TimeInForce (59) 6 ends: ExpireTime (126), or the end of ExpireDate. */
    expireAt: instant().nullable(),
    entryExpireAt: instant().nullable(),
    /** ExpireDate (432), where that is what was sent. */
    expireDate: p.date().nullable(),
    entryExpireDate: p.date().nullable(),
    /** SelfMatchPreventionMode (7929); null: the owner's orders may trade with each other. */
    stpMode: p.enum(SELF_TRADE_MODES).$type<SelfTradePrevention>().nullable(),
    /** SelfMatchPreventionID (7928). */
    stpGroup: p.integer().nullable(),
    /** Account (1). */
    account: p.text().nullable(),
    /** SecondaryClOrdID (526). */
    secondaryClOrdId: p.text().nullable(),
    /** ClOrdLinkID (583). */
    clOrdLinkId: p.text().nullable(),
    /** The link of the audit trail that covers the row; 0: it is older than the trail. */
    link: safeBigint().defaultRaw('0'),
  },
});

/** A row of `orders`. */
export type Order = InferEntity<typeof Order>;
