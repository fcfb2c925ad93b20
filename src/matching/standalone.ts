/**
 * The book by itself, without a venue around it (`import { OrderBook } from 'onebook/matching'`): callers' own ids,
 * prices in ticks and quantities in lots, every refusal an answer, and reports in the order in which they happened.
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

/** A caller's name for an order. */
export type Id = string | number;

/** A new order. A market order's price is the worst at which it may trade. */
export interface NewOrder extends Omit<OrderInstructions, 'stopPx' | 'minQty' | 'maxFloor'> {
  readonly id: Id;
  readonly side: Side;
  /** OrdType (40); default 2, limit. */
  readonly ordType?: OrdType;
  /** TimeInForce (59); default 1, good till cancel. */
  readonly timeInForce?: TimeInForce;
  /** Whole ticks. */
  readonly price: number;
  /** Whole lots. */
  readonly quantity: number;
  readonly stopPx?: number;
  readonly minQty?: number;
  readonly maxFloor?: number;
  /** Whose order it is: a positive safe integer, for self-trade prevention; default 1. */
  readonly owner?: number;
}

/** New terms. Priority is kept only if the price stays and the quantity does not grow. */
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
  | 'DuplicateId'
  | 'UnknownId'
  | 'InvalidPrice'
  | 'InvalidQuantity'
  | 'InvalidTerms'
  | 'WouldTrade';

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
const SIDES: readonly Side[] = [BUY, SELL];

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

  /** Enters an order. An id that is live, or was and may not be used again, is refused. */
  enter(order: NewOrder): Answer {
    const { id, price, quantity, owner = 1, ...rest } = order;
    if (this.#orderIds.has(id) || this.#usedIds?.has(id) === true) return refused('DuplicateId');
    if (!isCount(price) || !isAbsentOrCount(order.stopPx)) return refused('InvalidPrice');
    const quantities = [quantity, order.minQty ?? 1, order.maxFloor ?? 1];
    if (!quantities.every(isCount)) return refused('InvalidQuantity');
    const command = {
      type: 'EnterOrder',
      ordType: '2',
      timeInForce: '1',
      ...rest,
      orderId: this.#lastOrderId + 1,
      userId: owner,
      clOrdId: '',
      price,
      quantity,
      makerFeeRate: 0,
      takerFeeRate: 0,
      tradingDay: DAY,
    } as EnterOrder;
    const isKnown = SIDES.includes(order.side) && isCount(owner) && isAbsentOrCount(order.expireTime);
    if (!isKnown || !goTogether(command)) return refused('InvalidTerms');
    this.#lastOrderId += 1;
    this.#orderIds.set(id, command.orderId);
    this.#ids.set(command.orderId, id);
    this.#usedIds?.add(id);
    return this.#execute(command);
  }

  /** Cancels what is left of an order. */
  cancel(id: Id): Answer {
    const orderId = this.#orderIds.get(id);
    if (orderId === undefined) return refused('UnknownId');
    return this.#execute({ type: 'CancelOrder', orderId, clOrdId: '', unsolicited: undefined });
  }

  /** Gives an order a new price or total quantity. */
  modify(id: Id, modification: Modification): Answer {
    const orderId = this.#orderIds.get(id);
    const order = orderId === undefined ? undefined : this.#book.find(orderId);
    if (order === undefined) return refused('UnknownId');
    const { price = order.price, quantity = order.quantity } = modification;
    if (!isCount(price)) return refused('InvalidPrice');
    if (!isCount(quantity)) return refused('InvalidQuantity');
    const terms = { price: price as Ticks, quantity: quantity as Lots };
    if (!isSliced({ ...order, ...terms })) return refused('InvalidTerms');
    return this.#execute({ type: 'ReplaceOrder', orderId: order.orderId, clOrdId: '', ...terms });
  }

  /** Ends orders whose `expireTime` is at or before this time. */
  expire(upTo: number): Answer {
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
    return this.#book.depth(side, maxLevels);
  }

  /** Whether an order rests or waits under this id. */
  has(id: Id): boolean {
    return this.#orderIds.has(id);
  }

  #execute(command: BookCommand): Answer {
    const events: BookEvent[] = [];
    const outcome = this.#book.execute(command, 0, events);
    if (outcome === 'WouldTrade') return refused('WouldTrade');
    const reports = events.flatMap((event) => this.#reportsOf(event));
    for (const event of events) {
      for (const order of event.type === 'TradeExecuted' ? [event.maker, event.taker] : [event.order]) {
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

/** A positive safe integer: neither NaN nor infinite, nor text that looks like a number. */
function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isAbsentOrCount(value: unknown): boolean {
  return value === undefined || isCount(value);
}
