/**
 * What an order does when it enters, is replaced, triggered, cancelled or expires: on slots, with records of numbers
 * as events. src/matching/order-book.ts puts commands and events in words around it.
 */
import { BookState } from './book-state.ts';
import * as record from './event-buffer.ts';
import type { OrderPool } from './order-pool.ts';
import * as code from './order-pool.ts';
import { type PriceLadder, slicesOf } from './price-ladder.ts';
import * as reason from './reasons.ts';
import { Sweeps } from './sweeps.ts';
import { Trading } from './trading.ts';
import type { OrderSnapshot } from './types.ts';

/** New terms of an order: what does not change is repeated. */
export interface NewTerms {
  price: number;
  quantity: number;
  stopPx: number;
  maxFloor: number;
  expireTime: number;
  expireDate: number;
}

export interface MatchingCoreOptions {
  readonly lastSeq: number;
  /** The price of the last trade, which triggers stop orders; 0 before the first. */
  readonly lastPx: number;
  /** Bounds the cascade of one command: each waiting stop order triggers at most once. */
  readonly maxWaitingStops: number;
  /** Bounds what one aggressor can set off besides: each hidden slice of an iceberg is a trade. Absent: no bound. */
  readonly maxHiddenSlices?: number;
}

/** One book. An order goes in through {@link OrderPool.allocate}, its columns, and {@link enter} or {@link restore}. */
export class MatchingCore {
  readonly #book: BookState;
  readonly #trading: Trading;
  readonly #maxWaitingStops: number;
  readonly #maxHiddenSlices: number;
  /** Ends many orders at once, by time or by command. */
  readonly sweeps: Sweeps;
  /** Stop orders that a trade has reached and that have not run. */
  readonly #reached: number[] = [];

  constructor(options: MatchingCoreOptions) {
    this.#book = new BookState(options.lastSeq, options.lastPx);
    this.#trading = new Trading(this.#book);
    this.#maxWaitingStops = options.maxWaitingStops;
    this.#maxHiddenSlices = options.maxHiddenSlices ?? Number.POSITIVE_INFINITY;
    this.sweeps = new Sweeps(this.#book);
  }

  /** The orders and where they are: to be read, and to fill in the columns of a new one. */
  get book(): BookState {
    return this.#book;
  }

  /** Puts an open order where its columns say, without an event. Orders come in ascending priority. */
  restore(slot: number): void {
    const isWaiting = isStop(this.#book.orders, slot) && this.#book.orders.triggered[slot] === 0;
    if (isWaiting) this.#book.wait(slot);
    else this.#book.rest(slot);
    this.sweeps.watchEnd(slot);
  }

  /** Accepts a new order and lets it trade. Its CumQty is 0; its slot is the core's from here on. */
  enter(slot: number): void {
    const { orders, events } = this.#book;
    const quantity = orders.quantity[slot]!;
    const seq = this.#book.takeSeq();
    orders.priority[slot] = seq;
    orders.acceptedSeq[slot] = seq;
    orders.leavesQty[slot] = quantity;
    this.#book.cutSlice(slot);
    const refusal = this.#refusal(slot);
    if (refusal !== reason.NO_REASON) {
      orders.leavesQty[slot] = 0;
      orders.displayedQty[slot] = 0;
      events.write(record.REJECTED, orders, slot, seq, 0, quantity, refusal);
      orders.free(slot);
      return;
    }
    events.write(record.ACCEPTED, orders, slot, seq, 0, 0, reason.NO_REASON);
    this.#trading.firstPx = 0;
    if (isStop(orders, slot)) this.#arm(slot);
    else {
      if (orders.execution[slot] === code.POST_ONLY_SLIDE) this.#slide(slot);
      this.#executeNew(slot);
    }
    this.#runReached();
    if (orders.state[slot] !== code.AGGRESSOR) this.sweeps.watchEnd(slot);
  }

  /** Cancels what is left of an order that rests or waits. */
  cancel(slot: number): void {
    this.#book.withdraw(slot);
    this.#book.end(record.CANCELED, slot, reason.NO_REASON);
  }

  /**
   * Gives an order new terms, and returns 0; or the reason why nothing is done. Priority is kept only if no price
   * changes and neither the quantity nor the display grows.
   */
  replace(slot: number, terms: Readonly<NewTerms>): number {
    const { orders, events } = this.#book;
    const isFilled = terms.quantity <= orders.cumQty[slot]!;
    const keepsPlace = !isFilled && keepsPriority(orders, slot, terms);
    if (!isFilled && this.#mayNotMoveTo(slot, terms.price)) return reason.POST_ONLY_WOULD_TRADE;
    if (!isFilled && this.#hidesTooMuch(slot, terms, keepsPlace)) return reason.TOO_MANY_SLICES;
    const seq = this.#book.takeSeq();
    const priceBefore = orders.price[slot]!;
    const quantityBefore = orders.quantity[slot]!;
    const expireTimeBefore = orders.expireTime[slot]!;
    const ladder = this.#book.ladderOf(slot);
    const isWaiting = orders.state[slot] === code.WAITING;

    if (keepsPlace) ladder.subtract(slot);
    else this.#book.withdraw(slot);
    orders.price[slot] = terms.price;
    orders.quantity[slot] = isFilled ? orders.cumQty[slot]! : terms.quantity;
    orders.leavesQty[slot] = orders.quantity[slot]! - orders.cumQty[slot]!;
    if (isWaiting) orders.stopPx[slot] = terms.stopPx;
    orders.maxFloor[slot] = terms.maxFloor;
    orders.expireTime[slot] = terms.expireTime;
    orders.expireDate[slot] = terms.expireDate;
    if (keepsPlace) {
      const displayed = orders.displayedQty[slot]!;
      this.#book.cutSlice(slot);
      // A slice that is partly used up stays so: only its limits may cut it further.
      if (terms.maxFloor !== 0 && displayed < orders.displayedQty[slot]!)
        orders.displayedQty[slot] = displayed;
      ladder.add(slot);
    } else {
      this.#book.cutSlice(slot);
      if (!isFilled) orders.priority[slot] = seq;
    }
    events.write(record.REPLACED, orders, slot, seq, priceBefore, quantityBefore, reason.NO_REASON);
    if (isFilled) {
      orders.free(slot);
      return reason.NO_REASON;
    }
    this.#trading.firstPx = 0;
    if (!keepsPlace) {
      if (isWaiting) this.#arm(slot);
      else {
        if (orders.execution[slot] === code.POST_ONLY_SLIDE) this.#slide(slot);
        this.#execute(slot);
      }
    }
    this.#runReached();
    if (terms.expireTime !== expireTimeBefore && orders.state[slot] !== code.AGGRESSOR)
      this.sweeps.watchEnd(slot);
    return reason.NO_REASON;
  }

  /**
   * Gives an order, where it is in the book, other fills than it had. LeavesQty stays as it is, and so do the order's
   * place and what is displayed of it; trades of the past trigger nothing.
   */
  amend(order: Pick<OrderSnapshot, 'orderId' | 'quantity' | 'cumQty' | 'cumNotional'>): void {
    const { orders, index } = this.#book;
    const slot = index.get(order.orderId);
    if (slot === 0) return;
    orders.quantity[slot] = order.quantity;
    orders.cumQty[slot] = order.cumQty;
    orders.setNotional(slot, order.cumNotional);
  }

  /** Why an order may not enter at all; 0 when it may. */
  #refusal(slot: number): number {
    const { orders, buyStops, sellStops, hiddenSlices } = this.#book;
    if (isStop(orders, slot)) {
      if (buyStops.orderCount + sellStops.orderCount >= this.#maxWaitingStops) return reason.TOO_MANY_STOPS;
    } else if (this.#mayNotMoveTo(slot, orders.price[slot]!)) return reason.POST_ONLY_WOULD_TRADE;
    const maxFloor = orders.maxFloor[slot]!;
    if (maxFloor === 0) return reason.NO_REASON;
    const slices = slicesOf(orders.leavesQty[slot]! - orders.displayedQty[slot]!, maxFloor);
    return hiddenSlices + slices > this.#maxHiddenSlices ? reason.TOO_MANY_SLICES : reason.NO_REASON;
  }

  /** Whether a replace adds slices to those that the book's icebergs hide, and there would be too many. */
  #hidesTooMuch(slot: number, { maxFloor, quantity }: Readonly<NewTerms>, keepsPlace: boolean): boolean {
    if (maxFloor === 0) return false;
    const { orders, hiddenSlices } = this.#book;
    const displayed = orders.displayedQty[slot]!;
    const floorBefore = orders.maxFloor[slot]!;
    const before = floorBefore === 0 ? 0 : slicesOf(orders.leavesQty[slot]! - displayed, floorBefore);
    const leavesQty = quantity - orders.cumQty[slot]!;
    const slice = Math.min(maxFloor, leavesQty);
    const after = slicesOf(leavesQty - (keepsPlace ? Math.min(displayed, slice) : slice), maxFloor);
    return after > before && hiddenSlices - before + after > this.#maxHiddenSlices;
  }

  /** Whether a post-only order would trade at `price` and cannot slide away. */
  #mayNotMoveTo(slot: number, price: number): boolean {
    const { execution, state } = this.#book.orders;
    const isPostOnly = execution[slot] === code.POST_ONLY || execution[slot] === code.POST_ONLY_SLIDE;
    if (!isPostOnly || state[slot] === code.WAITING) return false;
    const facing = this.#book.facing(slot);
    const opposite = facing.bestWithin(price);
    if (opposite === 0) return false;
    if (execution[slot] === code.POST_ONLY) return true;
    const behind = facing.price(opposite) - facing.sign;
    return behind < 1 || behind > Number.MAX_SAFE_INTEGER;
  }

  /** Moves a post-only order that would trade to one tick behind the best opposite price. */
  #slide(slot: number): void {
    const { orders } = this.#book;
    const facing = this.#book.facing(slot);
    const priceBefore = orders.price[slot]!;
    const opposite = facing.bestWithin(priceBefore);
    if (opposite === 0) return;
    orders.price[slot] = facing.price(opposite) - facing.sign;
    this.#book.events.write(
      record.RESTATED,
      orders,
      slot,
      this.#book.takeSeq(),
      priceBefore,
      0,
      reason.PRICE_SLIDE,
    );
  }

  /** Fill or kill, and all or none, which on an immediate order asks the same. */
  #wantsAll(slot: number): boolean {
    const { execution, timeInForce } = this.#book.orders;
    return timeInForce[slot] === code.FILL_OR_KILL || execution[slot] === code.ALL_OR_NONE;
  }

  /** Lets a new order trade, unless less of it would trade at once than it asks for: all, or MinQty (110). */
  #executeNew(slot: number): void {
    const { orders } = this.#book;
    const wantsAll = this.#wantsAll(slot);
    const leastQuantity = wantsAll ? orders.quantity[slot]! : orders.minQty[slot]!;
    if (leastQuantity === 0 || this.#trading.canTrade(slot, leastQuantity)) this.#execute(slot);
    else {
      const why = wantsAll ? reason.FULL_QUANTITY_UNAVAILABLE : reason.MIN_QTY_UNAVAILABLE;
      this.#book.end(record.EXPIRED, slot, why);
    }
  }

  /** Lets an aggressor trade, then rests or ends what is left. */
  #execute(slot: number): void {
    const { orders } = this.#book;
    this.#trading.match(slot);
    if (orders.leavesQty[slot] === 0) orders.free(slot);
    else if (canRest(orders, slot)) this.#book.rest(slot);
    else this.#book.end(record.EXPIRED, slot, reason.NO_LIQUIDITY);
  }

  /** Sends a stop order on its way if the last trade has reached it, else lets it wait. */
  #arm(slot: number): void {
    const { stopPx, side } = this.#book.orders;
    const isBuy = side[slot] === code.BUY_SIDE;
    const isReached = isBuy ? this.#book.lastPx >= stopPx[slot]! : this.#book.lastPx <= stopPx[slot]!;
    if (this.#book.lastPx !== 0 && isReached) this.#reached.push(slot);
    else this.#book.wait(slot);
  }

  /** Runs the stop orders that the trades of this command reach, in the order in which they are reached. */
  #runReached(): void {
    const { orders } = this.#book;
    if (this.#book.buyStops.best === 0 && this.#book.sellStops.best === 0 && this.#reached.length === 0)
      return;
    this.#collectReached();
    for (let place = 0; place < this.#reached.length; place += 1) {
      const slot = this.#reached[place]!;
      const seq = this.#book.takeSeq();
      orders.priority[slot] = seq;
      orders.triggered[slot] = 1;
      this.#book.events.write(record.TRIGGERED, orders, slot, seq, this.#book.lastPx, 0, reason.NO_REASON);
      this.#trading.firstPx = 0;
      this.#execute(slot);
      this.#collectReached();
    }
    this.#reached.length = 0;
  }

  /**
   * One aggressor trades in one direction: its first price may lie on either side of the last trade before it, and
   * the later ones reach further and further on one side. Where no trade has reached before, both sides may be.
   */
  #collectReached(): void {
    if (this.#trading.firstPx === 0) return;
    this.#collect(this.#book.buyStops, this.#trading.firstPx);
    this.#collect(this.#book.sellStops, this.#trading.firstPx);
    this.#collect(this.#book.buyStops, this.#book.lastPx);
    this.#collect(this.#book.sellStops, this.#book.lastPx);
  }

  #collect(stops: PriceLadder, reachedPx: number): void {
    for (let level = stops.bestWithin(reachedPx); level !== 0; level = stops.bestWithin(reachedPx)) {
      const slot = stops.oldest(level);
      this.#book.withdraw(slot);
      this.#reached.push(slot);
    }
  }
}

function isStop(orders: OrderPool, slot: number): boolean {
  return orders.ordType[slot]! >= code.STOP;
}

/** Only limit and stop-limit orders that live longer than a moment wait in the book for a price. */
function canRest(orders: OrderPool, slot: number): boolean {
  const ordType = orders.ordType[slot];
  const timeInForce = orders.timeInForce[slot];
  if (ordType !== code.LIMIT && ordType !== code.STOP_LIMIT) return false;
  const isMomentary = timeInForce === code.IMMEDIATE_OR_CANCEL || timeInForce === code.FILL_OR_KILL;
  return !isMomentary;
}

function keepsPriority(orders: OrderPool, slot: number, terms: Readonly<NewTerms>): boolean {
  if (terms.price !== orders.price[slot] || terms.quantity > orders.quantity[slot]!) return false;
  if (orders.state[slot] === code.WAITING && terms.stopPx !== orders.stopPx[slot]) return false;
  const maxFloor = orders.maxFloor[slot]!;
  return maxFloor === 0 || (terms.maxFloor !== 0 && terms.maxFloor <= maxFloor);
}
