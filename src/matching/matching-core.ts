/**
 * What an order does when it enters, is replaced, triggered, cancelled or expires: on slots, with records of numbers
 * as events. src/matching/order-book.ts puts commands and events in words around it.
 */
import { BookState } from './book-state.ts';
import * as record from './event-buffer.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { OrderPool } from './order-pool.ts';
import * as code from './order-pool.ts';
import type { PriceLadder } from './price-ladder.ts';
import * as reason from './reasons.ts';
import { Trading } from './trading.ts';

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
}

/** One book. An order goes in through {@link OrderPool.allocate}, its columns, and {@link enter} or {@link restore}. */
export class MatchingCore {
  readonly #book: BookState;
  readonly #trading: Trading;
  readonly #maxWaitingStops: number;
  readonly #expiries = new ExpiryQueue();
  /** No Day order is of an earlier trading day. */
  #earliestDay = Number.POSITIVE_INFINITY;
  /** Stop orders that a trade has reached and that have not run. */
  readonly #reached: number[] = [];

  constructor(options: MatchingCoreOptions) {
    this.#book = new BookState(options.lastSeq, options.lastPx);
    this.#trading = new Trading(this.#book);
    this.#maxWaitingStops = options.maxWaitingStops;
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
    this.#watchEnd(slot);
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
    if (orders.state[slot] !== code.AGGRESSOR) this.#watchEnd(slot);
  }

  /** Cancels what is left of an order that rests or waits. */
  cancel(slot: number): void {
    this.#book.withdraw(slot);
    this.#book.end(record.CANCELED, slot, reason.NO_REASON);
  }

  /**
   * Gives an order new terms. False, and nothing is done, when a post-only order would trade. Priority is kept only
   * if no price changes and neither the quantity nor the display grows.
   */
  replace(slot: number, terms: Readonly<NewTerms>): boolean {
    const { orders, events } = this.#book;
    const isFilled = terms.quantity <= orders.cumQty[slot]!;
    if (!isFilled && this.#mayNotMoveTo(slot, terms.price)) return false;
    const seq = this.#book.takeSeq();
    const priceBefore = orders.price[slot]!;
    const quantityBefore = orders.quantity[slot]!;
    const expireTimeBefore = orders.expireTime[slot]!;
    const ladder = this.#book.ladderOf(slot);
    const isWaiting = orders.state[slot] === code.WAITING;
    const keepsPlace = !isFilled && keepsPriority(orders, slot, terms);

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
      return true;
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
    if (terms.expireTime !== expireTimeBefore && orders.state[slot] !== code.AGGRESSOR) this.#watchEnd(slot);
    return true;
  }

  /** Ends Day orders of trading days before `tradingDay` and good-till-date orders up to `upTo`, oldest first. */
  expire(tradingDay: number, upTo: number): void {
    const { orders, index } = this.#book;
    const due: number[] = [];
    while (this.#expiries.earliest !== undefined && this.#expiries.earliest <= upTo) {
      const slot = index.get(this.#expiries.take());
      const isDue = slot !== 0 && orders.expireTime[slot]! <= upTo;
      if (isDue && orders.timeInForce[slot] === code.GOOD_TILL_DATE) due.push(slot);
    }
    if (this.#earliestDay < tradingDay) {
      this.#earliestDay = Number.POSITIVE_INFINITY;
      for (const slot of index) {
        if (orders.timeInForce[slot] !== code.DAY) continue;
        const day = orders.tradingDay[slot]!;
        if (day < tradingDay) due.push(slot);
        else if (day < this.#earliestDay) this.#earliestDay = day;
      }
    }
    for (const slot of byPriority(orders, due)) {
      // A replaced ExpireTime leaves an entry for the old one: an order may be due twice.
      if (orders.state[slot] === code.AGGRESSOR) continue;
      const isDay = orders.timeInForce[slot] === code.DAY;
      this.#book.withdraw(slot);
      this.#book.end(record.EXPIRED, slot, isDay ? reason.TRADING_DAY_ENDED : reason.EXPIRE_TIME_REACHED);
    }
  }

  /** The orders that rest or wait and that `accepts` takes, in ascending priority. Reads every order of the book. */
  select(accepts: (slot: number) => boolean): number[] {
    return byPriority(this.#book.orders, [...this.#book.index].filter(accepts));
  }

  /** Why an order may not enter at all; 0 when it may. */
  #refusal(slot: number): number {
    if (isStop(this.#book.orders, slot)) {
      const waitingCount = this.#book.buyStops.orderCount + this.#book.sellStops.orderCount;
      return waitingCount >= this.#maxWaitingStops ? reason.TOO_MANY_STOPS : reason.NO_REASON;
    }
    const mayNot = this.#mayNotMoveTo(slot, this.#book.orders.price[slot]!);
    return mayNot ? reason.POST_ONLY_WOULD_TRADE : reason.NO_REASON;
  }

  /** Whether a post-only order would trade at `price` and cannot slide away. */
  #mayNotMoveTo(slot: number, price: number): boolean {
    const { execution, state } = this.#book.orders;
    const isPostOnly = execution[slot] === code.POST_ONLY || execution[slot] === code.POST_ONLY_SLIDE;
    if (!isPostOnly || state[slot] === code.WAITING) return false;
    const facing = this.#book.facing(slot);
    const opposite = facing.bestWithin(price);
    if (opposite === 0) return false;
    return execution[slot] === code.POST_ONLY || facing.price(opposite) - facing.sign < 1;
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

  /** Remembers when the order's time in force ends. */
  #watchEnd(slot: number): void {
    const { orders, index } = this.#book;
    const timeInForce = orders.timeInForce[slot];
    if (timeInForce === code.DAY && orders.tradingDay[slot]! < this.#earliestDay) {
      this.#earliestDay = orders.tradingDay[slot]!;
    }
    if (timeInForce !== code.GOOD_TILL_DATE) return;
    if (this.#expiries.size >= 64 && this.#expiries.size > 2 * index.size) {
      this.#expiries.clear();
      for (const live of index) {
        if (orders.timeInForce[live] === code.GOOD_TILL_DATE)
          this.#expiries.add(orders.expireTime[live]!, orders.orderId[live]!);
      }
      return;
    }
    this.#expiries.add(orders.expireTime[slot]!, orders.orderId[slot]!);
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

function byPriority(orders: OrderPool, slots: number[]): number[] {
  return slots.sort((a, b) => orders.priority[a]! - orders.priority[b]!);
}
