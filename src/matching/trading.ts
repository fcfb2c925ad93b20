/**
 * Price-time priority: one aggressor against the orders that rest, with the slices of icebergs and the prevention of
 * self-trades.
 */
import type { BookState } from './book-state.ts';
import * as record from './event-buffer.ts';
import type { OrderPool } from './order-pool.ts';
import * as code from './order-pool.ts';
import type { PriceLadder } from './price-ladder.ts';
import * as reason from './reasons.ts';

/** Trades aggressors of one book. */
export class Trading {
  readonly #book: BookState;
  /** The first price at which the aggressor of the moment traded; 0 when it has not. */
  firstPx = 0;

  constructor(book: BookState) {
    this.#book = book;
  }

  /**
   * Trades the aggressor, oldest order of the best price first, as far as its limit allows. One that is cancelled
   * by self-trade prevention has no LeavesQty (151) left, like one that is filled.
   */
  match(taker: number): void {
    const { orders } = this.#book;
    this.firstPx = 0;
    const facing = this.#book.facing(taker);
    const limit = orders.price[taker]!;
    const preventsSelfTrade = orders.selfTrade[taker] !== code.SELF_TRADE_ALLOWED;
    while (orders.leavesQty[taker] !== 0) {
      const level = facing.bestWithin(limit);
      if (level === 0) return;
      const maker = facing.oldest(level);
      if (preventsSelfTrade && isOwn(orders, taker, maker)) this.#preventSelfTrade(taker, maker);
      else this.#trade(maker, taker, facing);
    }
  }

  /** One trade, at the maker's price: what the maker displays against what the taker wants. */
  #trade(maker: number, taker: number, facing: PriceLadder): void {
    const { orders, events } = this.#book;
    const price = orders.price[maker]!;
    const displayed = orders.displayedQty[maker]!;
    const wanted = orders.leavesQty[taker]!;
    const quantity = displayed < wanted ? displayed : wanted;
    orders.fill(maker, price, quantity);
    orders.fill(taker, price, quantity);
    facing.reduce(maker, quantity);
    orders.displayedQty[maker] = displayed - quantity;
    this.#book.cutSlice(taker);
    if (this.firstPx === 0) this.firstPx = price;
    this.#book.lastPx = price;
    const makerSeq = this.#book.takeSeq();
    events.write(record.MAKER_FILLED, orders, maker, makerSeq, price, quantity, reason.NO_REASON);
    events.write(record.TAKER_FILLED, orders, taker, this.#book.takeSeq(), price, quantity, reason.NO_REASON);
    if (orders.leavesQty[maker] === 0) {
      this.#book.withdraw(maker);
      orders.free(maker);
    } else if (displayed === quantity) this.#refresh(maker, facing);
  }

  /** Shows the next slice of an iceberg, behind all others of its level. */
  #refresh(slot: number, ladder: PriceLadder): void {
    const { orders } = this.#book;
    const seq = this.#book.takeSeq();
    const maxFloor = orders.maxFloor[slot]!;
    const leavesQty = orders.leavesQty[slot]!;
    ladder.refresh(slot, maxFloor < leavesQty ? maxFloor : leavesQty);
    orders.priority[slot] = seq;
    this.#book.events.write(
      record.RESTATED,
      orders,
      slot,
      seq,
      orders.price[slot]!,
      0,
      reason.ICEBERG_REFRESH,
    );
  }

  /** Does what the incoming order says when it meets one of its own user. */
  #preventSelfTrade(taker: number, maker: number): void {
    const mode = this.#book.orders.selfTrade[taker];
    if (mode === code.DECREMENT) {
      const quantity = Math.min(this.#book.orders.leavesQty[taker]!, this.#book.orders.leavesQty[maker]!);
      this.#decrement(maker, quantity);
      this.#decrement(taker, quantity);
      return;
    }
    if (mode === code.CANCEL_OLDEST || mode === code.CANCEL_BOTH) {
      this.#book.withdraw(maker);
      this.#book.end(record.CANCELED, maker, reason.SELF_TRADE);
    }
    if (mode === code.CANCEL_NEWEST || mode === code.CANCEL_BOTH)
      this.#book.close(record.CANCELED, taker, reason.SELF_TRADE);
  }

  /** Takes lots off OrderQty and LeavesQty; an order of which nothing is left is cancelled instead. */
  #decrement(slot: number, quantity: number): void {
    const { orders } = this.#book;
    const isAggressor = orders.state[slot] === code.AGGRESSOR;
    if (orders.leavesQty[slot] === quantity) {
      if (isAggressor) this.#book.close(record.CANCELED, slot, reason.SELF_TRADE);
      else {
        this.#book.withdraw(slot);
        this.#book.end(record.CANCELED, slot, reason.SELF_TRADE);
      }
      return;
    }
    if (!isAggressor) this.#book.ladderOf(slot).subtract(slot);
    orders.quantity[slot] = orders.quantity[slot]! - quantity;
    orders.leavesQty[slot] = orders.leavesQty[slot]! - quantity;
    if (isAggressor) this.#book.cutSlice(slot);
    else {
      orders.displayedQty[slot] = Math.min(orders.displayedQty[slot]!, orders.leavesQty[slot]!);
      this.#book.ladderOf(slot).add(slot);
    }
    const seq = this.#book.takeSeq();
    this.#book.events.write(
      record.RESTATED,
      orders,
      slot,
      seq,
      orders.price[slot]!,
      quantity,
      reason.SELF_TRADE,
    );
  }

  /** Whether at least `quantity` lots of a new order would trade at once. */
  canTrade(taker: number, quantity: number): boolean {
    const { orders } = this.#book;
    const facing = this.#book.facing(taker);
    const limit = orders.price[taker]!;
    if (orders.selfTrade[taker] !== code.SELF_TRADE_ALLOWED) return this.#canTradeWithOthers(taker, quantity);
    let missing = quantity;
    for (let level = facing.bestWithin(limit); level !== 0; level = facing.nextWithin(level, limit)) {
      missing -= facing.total(level, missing);
      if (missing === 0) return true;
    }
    return false;
  }

  /** The same, without the member's own orders, and only up to the first one that would end the new order. */
  #canTradeWithOthers(taker: number, quantity: number): boolean {
    const { orders } = this.#book;
    const facing = this.#book.facing(taker);
    const limit = orders.price[taker]!;
    const mode = orders.selfTrade[taker]!;
    let missing = quantity;
    // What would be left of the new order, which its own ones decrement.
    let left = orders.leavesQty[taker]!;
    for (let level = facing.bestWithin(limit); level !== 0; level = facing.nextWithin(level, limit)) {
      // Fresh slices come behind all that is displayed at the level, own orders included.
      let hidden = 0;
      for (let maker = facing.oldest(level); maker !== 0; maker = orders.newer[maker]!) {
        if (isOwn(orders, taker, maker)) {
          if (mode === code.CANCEL_OLDEST) continue;
          if (mode === code.DECREMENT) left -= orders.leavesQty[maker]!;
          if (mode !== code.DECREMENT || left < missing) return false;
          continue;
        }
        const displayed = orders.displayedQty[maker]!;
        if (displayed >= missing) return true;
        missing -= displayed;
        left -= displayed;
        hidden = Math.min(missing, hidden + orders.leavesQty[maker]! - displayed);
      }
      if (hidden >= missing) return true;
      missing -= hidden;
      left -= hidden;
    }
    return false;
  }
}

/** The same user; and the same group, when the incoming order names one. */
function isOwn(orders: OrderPool, taker: number, maker: number): boolean {
  if (orders.userId[taker] !== orders.userId[maker]) return false;
  const group = orders.selfTradeGroup[taker];
  return group === 0 || group === orders.selfTradeGroup[maker];
}
