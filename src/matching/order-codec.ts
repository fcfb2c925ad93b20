/**
 * Orders between their two forms: the commands and snapshots of src/matching/types.ts, in FIX's words, and the
 * columns of an order pool with the records about them. What is not a number lives here, by slot.
 */
import { assert } from '../platform/assert.ts';
import * as at from './event-buffer.ts';
import * as code from './order-pool.ts';
import { notionalOf, type OrderPool } from './order-pool.ts';
import type {
  EnterOrder,
  Lots,
  OrderInstructions,
  OrderLabels,
  OrderSnapshot,
  OrdStatus,
  OrdType,
  SelfTradePrevention,
  Side,
  Ticks,
  TimeInForce,
} from './types.ts';

// FIX's digits are the codes of the columns; a hole is a digit that this book does not know.
const SIDES = ['', '1', '2'] as readonly Side[];
const ORD_TYPES = ['', '1', '2', '3', '4'] as readonly OrdType[];
const TIMES_IN_FORCE = ['0', '1', '', '3', '4', '', '6'] as readonly TimeInForce[];
const SELF_TRADE_MODES: readonly (SelfTradePrevention | undefined)[] = [
  undefined,
  'CancelNewest',
  'CancelOldest',
  'CancelBoth',
  'Decrement',
];

/** Writes orders into the columns of one book and reads snapshots from them. */
export class OrderCodec {
  readonly #symbol: string;
  readonly #orders: OrderPool;
  /** ClOrdID (11) by slot. */
  readonly #clOrdIds: string[] = [''];
  /** By slot; undefined for an order without labels. */
  readonly #labels: (OrderLabels | undefined)[] = [undefined];

  constructor(symbol: string, orders: OrderPool) {
    this.#symbol = symbol;
    this.#orders = orders;
  }

  /** A slot with a new order's columns. */
  enter(command: EnterOrder, enteredAt: number): number {
    const slot = this.#write(command);
    this.#orders.enteredAt[slot] = enteredAt;
    return slot;
  }

  /** A slot with the columns of an open order. */
  restore(order: OrderSnapshot): number {
    const orders = this.#orders;
    const slot = this.#write(order);
    orders.cumQty[slot] = order.cumQty;
    orders.leavesQty[slot] = order.leavesQty;
    orders.displayedQty[slot] = order.displayedQty ?? order.leavesQty;
    orders.setNotional(slot, order.cumNotional);
    orders.priority[slot] = order.priority;
    orders.acceptedSeq[slot] = order.acceptedSeq;
    orders.enteredAt[slot] = order.enteredAt;
    orders.triggered[slot] = order.triggered === true ? 1 : 0;
    return slot;
  }

  #write(order: EnterOrder | OrderSnapshot): number {
    const orders = this.#orders;
    const slot = orders.allocate();
    orders.orderId[slot] = order.orderId;
    orders.userId[slot] = order.userId;
    orders.side[slot] = Number(order.side);
    orders.ordType[slot] = Number(order.ordType);
    orders.timeInForce[slot] = Number(order.timeInForce);
    orders.price[slot] = order.price;
    orders.quantity[slot] = order.quantity;
    orders.makerFeeRate[slot] = order.makerFeeRate;
    orders.takerFeeRate[slot] = order.takerFeeRate;
    orders.tradingDay[slot] = dayNumber(order.tradingDay);
    // The pool has set the columns of absent fields to 0.
    if (order.stopPx !== undefined) orders.stopPx[slot] = order.stopPx;
    if (order.expireTime !== undefined) orders.expireTime[slot] = order.expireTime;
    if (order.expireDate !== undefined) orders.expireDate[slot] = dayNumber(order.expireDate);
    if (order.minQty !== undefined) orders.minQty[slot] = order.minQty;
    if (order.maxFloor !== undefined) orders.maxFloor[slot] = order.maxFloor;
    if (order.execInst !== undefined) orders.execution[slot] = executionOf(order.execInst, order.slides);
    if (order.selfTradePrevention !== undefined)
      orders.selfTrade[slot] = SELF_TRADE_MODES.indexOf(order.selfTradePrevention);
    if (order.selfTradeGroup !== undefined) orders.selfTradeGroup[slot] = order.selfTradeGroup;
    this.#clOrdIds[slot] = order.clOrdId;
    this.#labels[slot] = labelsOf(order);
    return slot;
  }

  clOrdId(slot: number): string {
    return this.#clOrdIds[slot]!;
  }

  setClOrdId(slot: number, clOrdId: string): void {
    this.#clOrdIds[slot] = clOrdId;
  }

  /** A copy of an order as it stands. */
  snapshot(slot: number): OrderSnapshot {
    const orders = this.#orders;
    const cumQty = orders.cumQty[slot]!;
    return this.#compose(slot, cumQty === 0 ? '0' : '1', {
      price: orders.price[slot]!,
      quantity: orders.quantity[slot]!,
      cumQty,
      leavesQty: orders.leavesQty[slot]!,
      displayedQty: orders.displayedQty[slot]!,
      cumNotional: notionalOf(orders.notionalLow[slot]!, orders.notionalHigh[slot]!),
      priority: orders.priority[slot]!,
      triggered: orders.triggered[slot]!,
    });
  }

  /** The order of a record as it stood then. */
  snapshotAt(records: Float64Array, start: number, ordStatus: OrdStatus): OrderSnapshot {
    return this.#compose(records[start + at.SLOT]!, ordStatus, {
      price: records[start + at.PRICE]!,
      quantity: records[start + at.QUANTITY]!,
      cumQty: records[start + at.CUM_QTY]!,
      leavesQty: records[start + at.LEAVES_QTY]!,
      displayedQty: records[start + at.DISPLAYED_QTY]!,
      cumNotional: notionalOf(records[start + at.NOTIONAL_LOW]!, records[start + at.NOTIONAL_HIGH]!),
      priority: records[start + at.PRIORITY]!,
      triggered: records[start + at.IS_TRIGGERED]!,
    });
  }

  #compose(slot: number, ordStatus: OrdStatus, state: OrderState): OrderSnapshot {
    const orders = this.#orders;
    const plain: OrderSnapshot = {
      orderId: orders.orderId[slot]!,
      userId: orders.userId[slot]!,
      symbol: this.#symbol,
      clOrdId: this.#clOrdIds[slot]!,
      side: SIDES[orders.side[slot]!]!,
      ordType: ORD_TYPES[orders.ordType[slot]!]!,
      timeInForce: TIMES_IN_FORCE[orders.timeInForce[slot]!]!,
      price: state.price as Ticks,
      quantity: state.quantity as Lots,
      cumQty: state.cumQty as Lots,
      leavesQty: state.leavesQty as Lots,
      cumNotional: state.cumNotional,
      ordStatus,
      priority: state.priority,
      acceptedSeq: orders.acceptedSeq[slot]!,
      makerFeeRate: orders.makerFeeRate[slot]!,
      takerFeeRate: orders.takerFeeRate[slot]!,
      tradingDay: dayText(orders.tradingDay[slot]!),
      enteredAt: orders.enteredAt[slot]!,
    };
    const labels = this.#labels[slot];
    if (isPlain(orders, slot)) return labels === undefined ? plain : { ...plain, ...labels };
    return { ...plain, ...this.#instructions(slot, state), ...labels };
  }

  /** The fields that only some orders have; absent where they do not apply. */
  #instructions(slot: number, state: OrderState): Partial<OrderSnapshot> {
    const orders = this.#orders;
    const fields: Writable<OrderInstructions & Pick<OrderSnapshot, 'triggered' | 'displayedQty'>> = {};
    if (orders.stopPx[slot] !== 0) fields.stopPx = orders.stopPx[slot] as Ticks;
    if (orders.expireTime[slot] !== 0) fields.expireTime = orders.expireTime[slot]!;
    if (orders.expireDate[slot] !== 0) fields.expireDate = dayText(orders.expireDate[slot]!);
    const execution = orders.execution[slot]!;
    if (execution === code.ALL_OR_NONE) fields.execInst = 'G';
    else if (execution !== code.ANY_EXECUTION) fields.execInst = '6';
    if (execution === code.POST_ONLY_SLIDE) fields.slides = true;
    if (orders.minQty[slot] !== 0) fields.minQty = orders.minQty[slot] as Lots;
    if (orders.maxFloor[slot] !== 0) {
      fields.maxFloor = orders.maxFloor[slot] as Lots;
      fields.displayedQty = state.displayedQty as Lots;
    }
    const selfTradePrevention = SELF_TRADE_MODES[orders.selfTrade[slot]!];
    if (selfTradePrevention !== undefined) fields.selfTradePrevention = selfTradePrevention;
    if (orders.selfTradeGroup[slot] !== 0) fields.selfTradeGroup = orders.selfTradeGroup[slot]!;
    if (state.triggered !== 0) fields.triggered = true;
    return fields;
  }
}

/** The labels alone, without the fields that are absent; undefined when all are. */
function labelsOf({ account, secondaryClOrdId, clOrdLinkId }: OrderLabels): OrderLabels | undefined {
  if (account === undefined && secondaryClOrdId === undefined && clOrdLinkId === undefined) return undefined;
  return {
    ...(account === undefined ? {} : { account }),
    ...(secondaryClOrdId === undefined ? {} : { secondaryClOrdId }),
    ...(clOrdLinkId === undefined ? {} : { clOrdLinkId }),
  };
}

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** What of an order changes while it lives. */
interface OrderState {
  readonly price: number;
  readonly quantity: number;
  readonly cumQty: number;
  readonly leavesQty: number;
  readonly displayedQty: number;
  readonly cumNotional: bigint;
  readonly priority: number;
  readonly triggered: number;
}

function isPlain(orders: OrderPool, slot: number): boolean {
  return (
    orders.ordType[slot]! <= code.LIMIT &&
    orders.execution[slot] === code.ANY_EXECUTION &&
    orders.timeInForce[slot] !== code.GOOD_TILL_DATE &&
    orders.selfTrade[slot] === code.SELF_TRADE_ALLOWED &&
    orders.selfTradeGroup[slot] === 0 &&
    orders.minQty[slot] === 0 &&
    orders.maxFloor[slot] === 0
  );
}

function executionOf(execInst: '6' | 'G', slides: true | undefined): number {
  if (execInst === 'G') return code.ALL_OR_NONE;
  return slides === true ? code.POST_ONLY_SLIDE : code.POST_ONLY;
}

let lastDay = { text: '1970-01-01', number: 19_700_101 };

/** `YYYY-MM-DD` as the number YYYYMMDD: one compares like the other. */
export function dayNumber(text: string): number {
  if (text === lastDay.text) return lastDay.number;
  const number = Number(text.replaceAll('-', ''));
  assert(Number.isSafeInteger(number) && dayText(number) === text, `a day is YYYY-MM-DD: ${text}`);
  lastDay = { text, number };
  return number;
}

function dayText(number: number): string {
  if (number === lastDay.number) return lastDay.text;
  const digits = String(number).padStart(8, '0');
  const text = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
  lastDay = { text, number };
  return text;
}
