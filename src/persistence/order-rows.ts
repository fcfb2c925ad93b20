/** Orders as rows, and rows as orders: the same snapshot comes back that was written. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { holdFor } from '../accounts/holds.ts';
import { Order } from '../entities/order.ts';
import { type Instrument, priceText, quantityText } from '../matching/instrument.ts';
import type {
  OrderAccepted,
  OrderSnapshot,
  OrdStatus,
  OrdType,
  Side,
  TimeInForce,
} from '../matching/types.ts';
import { assert } from '../platform/assert.ts';
import { formatAmount } from '../platform/decimal.ts';
import { type BulkColumns, bulkColumns, type RowOf } from './bulk.ts';
import {
  CHANGING_INSTRUCTIONS,
  type ChangingInstructionCells,
  entryInstructionsIn,
  FIXED_INSTRUCTIONS,
  INSTRUCTION_ENTRY_COLUMNS,
  INSTRUCTION_STATE_COLUMNS,
  type InstructionCells,
  type InstructionRecord,
  type InstructionStateRecord,
  instructionsIn,
} from './instruction-rows.ts';
import { lotsOf, ticksOf, unitsOf } from './instruments.ts';

/** What a later event may change of an order. */
const CHANGING = [
  'clOrdId',
  'price',
  'quantity',
  'filledQuantity',
  'remainingQuantity',
  'cumNotional',
  'hold',
  'status',
  'isOpen',
  'priority',
  'updatedAt',
] as const;

const FIXED = [
  'userId',
  'symbol',
  'entryClOrdId',
  'side',
  'ordType',
  'timeInForce',
  'entryPrice',
  'entryQuantity',
  'makerFeeRate',
  'takerFeeRate',
  'acceptedSeq',
  'tradingDay',
  'createdAt',
] as const;

/** An order that is new in the batch. */
export type NewOrderRow = RowOf<Order, 'id' | (typeof FIXED)[number] | (typeof CHANGING)[number]>;
/** The last state of an order that has a row. */
export type ChangedOrderRow = RowOf<Order, 'id' | (typeof CHANGING)[number]>;

/** The same of orders that are not plain. */
export type NewInstructedOrderRow = NewOrderRow & InstructionCells;
export type ChangedInstructedOrderRow = ChangedOrderRow & ChangingInstructionCells;

export function newOrderColumns(orm: MikroORM): BulkColumns<NewOrderRow> {
  return bulkColumns(orm, Order, ['id', ...FIXED, ...CHANGING]);
}

export function changedOrderColumns(orm: MikroORM): BulkColumns<ChangedOrderRow> {
  return bulkColumns(orm, Order, ['id', ...CHANGING]);
}

export function newInstructedOrderColumns(orm: MikroORM): BulkColumns<NewInstructedOrderRow> {
  const keys = ['id', ...FIXED, ...CHANGING, ...FIXED_INSTRUCTIONS, ...CHANGING_INSTRUCTIONS] as const;
  return bulkColumns(orm, Order, keys);
}

export function changedInstructedOrderColumns(orm: MikroORM): BulkColumns<ChangedInstructedOrderRow> {
  return bulkColumns(orm, Order, ['id', ...CHANGING, ...CHANGING_INSTRUCTIONS]);
}

/** The row of an order that the batch accepted, in its last state of the batch. */
export function newOrderRow(
  accepted: OrderAccepted,
  latest: OrderSnapshot,
  updatedAt: number,
  instrument: Instrument,
): NewOrderRow {
  const { order } = accepted;
  return {
    ...changedOrderRow(latest, updatedAt, instrument),
    userId: order.userId,
    symbol: order.symbol,
    entryClOrdId: order.clOrdId,
    side: order.side,
    ordType: order.ordType,
    timeInForce: order.timeInForce,
    entryPrice: priceText(instrument, order.price),
    entryQuantity: quantityText(instrument, order.quantity),
    makerFeeRate: order.makerFeeRate,
    takerFeeRate: order.takerFeeRate,
    acceptedSeq: order.acceptedSeq,
    tradingDay: order.tradingDay,
    createdAt: order.enteredAt,
  };
}

export function changedOrderRow(
  order: OrderSnapshot,
  updatedAt: number,
  instrument: Instrument,
): ChangedOrderRow {
  return {
    id: order.orderId,
    clOrdId: order.clOrdId,
    price: priceText(instrument, order.price),
    quantity: quantityText(instrument, order.quantity),
    filledQuantity: quantityText(instrument, order.cumQty),
    remainingQuantity: quantityText(instrument, order.leavesQty),
    cumNotional: formatAmount(order.cumNotional * instrument.quoteUnitsPerTickLot),
    hold: formatAmount(holdFor(instrument, order).amount),
    status: order.ordStatus,
    isOpen: order.leavesQty > 0,
    priority: order.priority,
    updatedAt,
  };
}

/** Columns that make up an {@link OrderStateRecord}, for `select … from orders`. */
export const ORDER_STATE_COLUMNS =
  'id, user_id, symbol, cl_ord_id, side, ord_type, time_in_force, price, quantity, filled_quantity, ' +
  'remaining_quantity, cum_notional, maker_fee_rate, taker_fee_rate, status, priority, accepted_seq, trading_day, ' +
  `(extract(epoch from created_at) * 1000)::bigint as created_at_ms, ${INSTRUCTION_STATE_COLUMNS}`;

/** Columns that make up an {@link OrderRecord}. */
export const ORDER_RECORD_COLUMNS = `${ORDER_STATE_COLUMNS}, entry_cl_ord_id, entry_price, entry_quantity, ${INSTRUCTION_ENTRY_COLUMNS}`;

/** A row of `orders` as the driver gives it, without what it began as: wide integers and decimals are text. */
export interface OrderStateRecord extends InstructionStateRecord {
  readonly id: string;
  readonly user_id: number;
  readonly symbol: string;
  readonly cl_ord_id: string;
  readonly side: Side;
  readonly ord_type: OrdType;
  readonly time_in_force: TimeInForce;
  readonly price: string;
  readonly quantity: string;
  readonly filled_quantity: string;
  readonly remaining_quantity: string;
  readonly cum_notional: string;
  readonly maker_fee_rate: number;
  readonly taker_fee_rate: number;
  readonly status: OrdStatus;
  readonly priority: string;
  readonly accepted_seq: string;
  readonly trading_day: string;
  readonly created_at_ms: string;
}

/** The whole row. */
export interface OrderRecord extends OrderStateRecord, InstructionRecord {
  readonly entry_cl_ord_id: string;
  readonly entry_price: string;
  readonly entry_quantity: string;
}

/** The order as it was last committed. */
export function toSnapshot(record: OrderStateRecord, instrument: Instrument): OrderSnapshot {
  return { ...plainPartOf(record, instrument), ...instructionsIn(record, instrument) };
}

function plainPartOf(record: OrderStateRecord, instrument: Instrument): OrderSnapshot {
  const notional = unitsOf(record.cum_notional);
  assert(
    notional % instrument.quoteUnitsPerTickLot === 0n,
    `the notional ${record.cum_notional} is off step`,
  );
  return {
    orderId: Number(record.id),
    userId: record.user_id,
    symbol: record.symbol,
    clOrdId: record.cl_ord_id,
    side: record.side,
    ordType: record.ord_type,
    timeInForce: record.time_in_force,
    price: ticksOf(instrument, record.price),
    quantity: lotsOf(instrument, record.quantity),
    cumQty: lotsOf(instrument, record.filled_quantity),
    leavesQty: lotsOf(instrument, record.remaining_quantity),
    cumNotional: notional / instrument.quoteUnitsPerTickLot,
    ordStatus: record.status,
    priority: Number(record.priority),
    acceptedSeq: Number(record.accepted_seq),
    makerFeeRate: record.maker_fee_rate,
    takerFeeRate: record.taker_fee_rate,
    tradingDay: record.trading_day,
    enteredAt: Number(record.created_at_ms),
  };
}

/** The event that made the order, as it was before any fill or replace. */
export function toAcceptance(record: OrderRecord, instrument: Instrument): OrderAccepted {
  const snapshot = plainPartOf(record, instrument);
  const quantity = lotsOf(instrument, record.entry_quantity);
  const order: OrderSnapshot = {
    ...snapshot,
    clOrdId: record.entry_cl_ord_id,
    price: ticksOf(instrument, record.entry_price),
    quantity,
    cumQty: lotsOf(instrument, '0'),
    leavesQty: quantity,
    cumNotional: 0n,
    ordStatus: '0',
    priority: snapshot.acceptedSeq,
    ...entryInstructionsIn(record, quantity, instrument),
  };
  return { type: 'OrderAccepted', order, seq: snapshot.acceptedSeq, at: snapshot.enteredAt };
}
