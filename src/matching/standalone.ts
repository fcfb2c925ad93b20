/**
 * The book by itself, without a venue around it (`import { OrderBook } from 'onebook/matching'`): callers' own ids,
 * prices in ticks and quantities in lots, reports in the order in which they happened. Whatever is passed in, the
 * answer is a value: a refusal names its reason and has changed nothing.
 */
import {
  type DecimalFault,
  parseStepSize,
  type StepFault,
  type StepSize,
  stepsToText,
  textToSteps,
} from '../platform/decimal.ts';
import { goTogether, isSliced } from './combinations.ts';
import { OrderBook as Book, type DepthLevel } from './order-book.ts';
import {
  type BookCommand,
  type BookEvent,
  BUY,
  type EnterOrder,
  type Lots,
  type OrderId,
  type OrderInstructions,
  type OrderSnapshot,
  type OrdStatus,
  type OrdType,
  SELL,
  type Side,
  type Ticks,
  type TimeInForce,
} from './types.ts';

export type { SelfTradePrevention } from './types.ts';
/** Decimal text to whole ticks or lots and back, never through a float: `0.1` and `0.2` are 1 and 2 of a step of 0.1. */
export {
  BUY,
  type DecimalFault,
  type DepthLevel,
  parseStepSize,
  SELL,
  type Side,
  type StepFault,
  type StepSize,
  stepsToText,
  textToSteps,
};

/** A caller's name for an order. `1` and `'1'` are two, 0 and -0 are one: 0. */
export type Id = string | number;

/** A new order. */
export interface NewOrder extends Omit<OrderInstructions, 'stopPx' | 'minQty' | 'maxFloor' | 'expireDate'> {
  readonly id: Id;
  readonly side: Side;
  /** OrdType (40); default 2, limit. */
  readonly ordType?: OrdType;
  /** TimeInForce (59); default 1, good till cancel. */
  readonly timeInForce?: TimeInForce;
  /** Whole ticks. Of a market or stop order the worst price at which it may trade; absent: any. */
  readonly price?: number;
  /** Whole lots. */
  readonly quantity: number;
  readonly stopPx?: number;
  /** At most the quantity. */
  readonly minQty?: number;
  readonly maxFloor?: number;
  /** Whose order it is: a positive safe integer, for self-trade prevention; default 1. */
  readonly owner?: number;
}

/**
 * New terms of an order that rests or waits.
 *
 * | price | quantity | priority |
 * |---|---|---|
 * | the same | smaller or the same | kept |
 * | the same | larger | lost: behind all others at the price |
 * | another, better or worse | any | lost, and the order trades first if it crosses |
 */
export interface Modification {
  /** Absent: stays. */
  readonly price?: number;
  /** The new total, filled part included; absent: stays. At or below what is filled, the order ends as filled. */
  readonly quantity?: number;
}

/** What happened to one order; a trade is two reports, the resting order's first. */
export interface Report {
  readonly type: BookEvent['type'];
  readonly id: Id;
  readonly side: Side;
  readonly ordStatus: OrdStatus;
  readonly price: number;
  readonly quantity: number;
  readonly cumQty: number;
  readonly leavesQty: number;
  readonly fill?: Fill;
  readonly text?: string;
}

export interface Fill {
  readonly tradeId: number;
  /** The resting order's price. */
  readonly price: number;
  readonly quantity: number;
  readonly counterparty: Id;
  readonly isMaker: boolean;
}

export type RefusalReason =
  /** Neither text nor a number. */
  | 'InvalidId'
  /** Of an order that is live, or was, unless ids may be used again. */
  | 'DuplicateId'
  /** No live order of this id, or none of this owner. */
  | 'UnknownId'
  | 'InvalidPrice'
  | 'InvalidQuantity'
  /** Terms that do not exist or do not go together. */
  | 'InvalidTerms'
  /** A post-only order to a price at which it would trade at once. */
  | 'WouldTrade'
  /** More slices of icebergs than a book hides. */
  | 'TooManySlices';

/** Either reports, or the reason why nothing was done. */
export type Answer =
  | { readonly type: 'Done'; readonly reports: readonly Report[] }
  | { readonly type: 'Refused'; readonly reason: RefusalReason };

export interface StandaloneOptions {
  /**
   * Whether an id may be used again once its order is gone. Without it every id ever used is remembered, which takes
   * memory; default false.
   */
  readonly reusesIds?: boolean;
}

const DAY = '1970-01-01';
const SIDES: readonly unknown[] = [BUY, SELL];
const ORD_TYPES: readonly unknown[] = ['1', '2', '3', '4'] satisfies OrdType[];
const TIMES_IN_FORCE: readonly unknown[] = ['0', '1', '3', '4', '6'] satisfies TimeInForce[];
const EXEC_INSTS: readonly unknown[] = [undefined, '6', 'G'];
const SELF_TRADE_MODES: readonly unknown[] = [
  undefined,
  'CancelNewest',
  'CancelOldest',
  'CancelBoth',
  'Decrement',
];
const MAX_GROUP = 2 ** 31 - 1;
const DEFAULT_OWNER = 1;

/** A book of limit, market and stop orders that belongs to nobody. */
export class OrderBook {
  readonly #book: Book;
  readonly #orderIds = new Map<Id, OrderId>();
  readonly #ids = new Map<OrderId, Id>();
  readonly #usedIds: Set<Id> | undefined;
  #lastOrderId = 0;
  #lastTradeId = 0;

  constructor(options: StandaloneOptions = {}) {
    this.#usedIds = options.reusesIds === true ? undefined : new Set();
    this.#book = new Book({
      symbol: '',
      lastSeq: 0,
      nextTradeId: () => {
        this.#lastTradeId += 1;
        return this.#lastTradeId;
      },
    });
  }

  /** Enters an order. An id is used up by it, also where the book rejects the order. */
  enter(order: NewOrder): Answer {
    if (!isPlainObject(order)) return refused('InvalidTerms');
    if (!isId(order.id)) return refused('InvalidId');
    const id = order.id === 0 ? 0 : order.id;
    if (this.#orderIds.has(id) || this.#usedIds?.has(id) === true) return refused('DuplicateId');
    const command = commandOf(order, this.#lastOrderId + 1);
    if (typeof command === 'string') return refused(command);
    this.#lastOrderId += 1;
    this.#orderIds.set(id, command.orderId);
    this.#ids.set(command.orderId, id);
    this.#usedIds?.add(id);
    return this.#execute(command);
  }

  /** Cancels what is left of an order; with `owner`, only if it is theirs. */
  cancel(id: Id, owner?: number): Answer {
    const order = this.#live(id, owner);
    if (order === undefined) return refused('UnknownId');
    const { orderId } = order;
    return this.#execute({ type: 'CancelOrder', orderId, clOrdId: '', unsolicited: undefined });
  }

  /** Gives an order a new price or total quantity; with `owner`, only if it is theirs. */
  modify(id: Id, modification: Modification, owner?: number): Answer {
    const order = this.#live(id, owner);
    if (order === undefined) return refused('UnknownId');
    if (!isPlainObject(modification)) return refused('InvalidTerms');
    const { price = order.price, quantity = order.quantity } = modification;
    if (!isCount(price)) return refused('InvalidPrice');
    if (!isCount(quantity)) return refused('InvalidQuantity');
    const terms = { price: price as Ticks, quantity: quantity as Lots };
    if (!isSliced({ ...order, ...terms })) return refused('InvalidTerms');
    return this.#execute({ type: 'ReplaceOrder', orderId: order.orderId, clOrdId: '', ...terms });
  }

  /** Ends orders whose `expireTime` is at or before this time, a safe integer. */
  expire(upTo: number): Answer {
    if (!Number.isSafeInteger(upTo)) return refused('InvalidTerms');
    return this.#execute({ type: 'ExpireOrders', tradingDay: DAY, upTo });
  }

  bestBid(): number | undefined {
    return this.#book.bestBid();
  }

  bestAsk(): number | undefined {
    return this.#book.bestAsk();
  }

  /** At most `maxLevels` displayed price levels of one side, best first. */
  depth(side: Side, maxLevels = Number.POSITIVE_INFINITY): readonly DepthLevel[] {
    return SIDES.includes(side) ? this.#book.depth(side, maxLevels) : [];
  }

  /** Whether an order rests or waits under this id. */
  has(id: Id): boolean {
    return this.#orderIds.has(id);
  }

  /** An order of somebody else is as unknown as one that is gone: ids of others cannot be probed. */
  #live(id: Id, owner: number | undefined): OrderSnapshot | undefined {
    const orderId = this.#orderIds.get(id);
    const order = orderId === undefined ? undefined : this.#book.find(orderId);
    return owner === undefined || order?.userId === owner ? order : undefined;
  }

  #execute(command: BookCommand): Answer {
    const events: BookEvent[] = [];
    const outcome = this.#book.execute(command, 0, events);
    if (outcome === 'WouldTrade' || outcome === 'TooManySlices') return refused(outcome);
    const reports = events.flatMap((event) => this.#reportsOf(event));
    for (const event of events) {
      for (const order of 'maker' in event ? [event.maker, event.taker] : [event.order]) {
        if (order.leavesQty === 0) this.#forget(order.orderId);
      }
    }
    return { type: 'Done', reports };
  }

  #forget(orderId: OrderId): void {
    const id = this.#ids.get(orderId);
    if (id !== undefined) this.#orderIds.delete(id);
    this.#ids.delete(orderId);
  }

  #reportsOf(event: BookEvent): Report[] {
    // Nobody amends trades here.
    if (event.type === 'TradeAmended') return [];
    if (event.type !== 'TradeExecuted') {
      const report = this.#reportOn(event.type, event.order);
      if (event.type === 'OrderCanceled' && event.unsolicited !== undefined)
        return [{ ...report, text: event.unsolicited.text }];
      return 'text' in event ? [{ ...report, text: event.text }] : [report];
    }
    const { tradeId, price, quantity, maker, taker } = event;
    const fill = { tradeId, price, quantity };
    return [
      {
        ...this.#reportOn(event.type, maker),
        fill: { ...fill, counterparty: this.#idOf(taker.orderId), isMaker: true },
      },
      {
        ...this.#reportOn(event.type, taker),
        fill: { ...fill, counterparty: this.#idOf(maker.orderId), isMaker: false },
      },
    ];
  }

  #reportOn(type: BookEvent['type'], order: OrderSnapshot): Report {
    const { side, ordStatus, price, quantity, cumQty, leavesQty } = order;
    return { type, id: this.#idOf(order.orderId), side, ordStatus, price, quantity, cumQty, leavesQty };
  }

  #idOf(orderId: OrderId): Id {
    return this.#ids.get(orderId) ?? orderId;
  }
}

function refused(reason: RefusalReason): Answer {
  return { type: 'Refused', reason };
}

/** The order in the book's words, or what is wrong with it. */
function commandOf(order: NewOrder, orderId: OrderId): EnterOrder | RefusalReason {
  const { side, ordType = '2', timeInForce = '1', quantity, stopPx, minQty, maxFloor } = order;
  const { owner = DEFAULT_OWNER, execInst, slides, expireTime, selfTradePrevention, selfTradeGroup } = order;
  const price = order.price ?? (ordType === '1' || ordType === '3' ? worstPrice(side) : undefined);
  if (!isCount(price) || !isAbsentOrCount(stopPx)) return 'InvalidPrice';
  if (![quantity, minQty ?? 1, maxFloor ?? 1].every(isCount)) return 'InvalidQuantity';
  const isKnown =
    SIDES.includes(side) &&
    ORD_TYPES.includes(ordType) &&
    TIMES_IN_FORCE.includes(timeInForce) &&
    EXEC_INSTS.includes(execInst) &&
    (slides === undefined || slides === true) &&
    SELF_TRADE_MODES.includes(selfTradePrevention) &&
    isAbsentOrCount(selfTradeGroup) &&
    (selfTradeGroup ?? 1) <= MAX_GROUP &&
    isAbsentOrCount(expireTime) &&
    (minQty ?? 1) <= quantity &&
    isCount(owner);
  if (!isKnown) return 'InvalidTerms';
  const command: EnterOrder = {
    type: 'EnterOrder',
    orderId,
    userId: owner,
    clOrdId: '',
    side,
    ordType,
    timeInForce,
    price: price as Ticks,
    quantity: quantity as Lots,
    makerFeeRate: 0,
    takerFeeRate: 0,
    tradingDay: DAY,
    ...(stopPx === undefined ? {} : { stopPx: stopPx as Ticks }),
    ...(minQty === undefined ? {} : { minQty: minQty as Lots }),
    ...(maxFloor === undefined ? {} : { maxFloor: maxFloor as Lots }),
    ...(execInst === undefined ? {} : { execInst }),
    ...(slides === undefined ? {} : { slides }),
    ...(expireTime === undefined ? {} : { expireTime }),
    ...(selfTradePrevention === undefined ? {} : { selfTradePrevention }),
    ...(selfTradeGroup === undefined ? {} : { selfTradeGroup }),
  };
  return goTogether(command) ? command : 'InvalidTerms';
}

function worstPrice(side: Side): number {
  return side === BUY ? Number.MAX_SAFE_INTEGER : 1;
}

/** Something with named fields: no list, map, date or the like, in which terms would be looked for in vain. */
function isPlainObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function isId(value: unknown): boolean {
  return typeof value === 'string' || Number.isFinite(value);
}

/** A positive safe integer: neither NaN nor infinite, nor text that looks like a number. */
function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isAbsentOrCount(value: unknown): boolean {
  return value === undefined || isCount(value);
}
