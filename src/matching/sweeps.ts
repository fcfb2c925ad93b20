/**
 * What ends many orders at once: their time in force, and mass cancels. The oldest end first, and in portions where the
 * caller asks for it, so that what one command did fits into one commit, however large the book is. A portion finds the
 * list of the one before, unless something else has happened in the book: all of them together sort the orders once.
 */
import type { BookState } from './book-state.ts';
import * as record from './event-buffer.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import type { OrderPool } from './order-pool.ts';
import * as code from './order-pool.ts';
import * as reason from './reasons.ts';

/** Orders that are to end, oldest first. */
interface Sweep {
  readonly slots: readonly number[];
  /** The place of the first that has not ended. */
  next: number;
  /** The book's last sequence number when the sweep was left: with another one its slots say nothing. */
  seq: number;
  /** What was asked: trading day and time, or user and side. */
  readonly first: number;
  readonly second: number;
}

const NO_SWEEP: Sweep = { slots: [], next: 0, seq: -1, first: 0, second: 0 };

export class Sweeps {
  readonly #book: BookState;
  readonly #expiries = new ExpiryQueue();
  /** No Day order is of an earlier trading day, but for those of {@link #due}. */
  #earliestDay = Number.POSITIVE_INFINITY;
  #due = NO_SWEEP;
  #meant = NO_SWEEP;

  constructor(book: BookState) {
    this.#book = book;
  }

  /** Remembers when the order's time in force ends. */
  watchEnd(slot: number): void {
    const { orders, index } = this.#book;
    const timeInForce = orders.timeInForce[slot];
    if (timeInForce === code.DAY && orders.tradingDay[slot]! < this.#earliestDay) {
      this.#earliestDay = orders.tradingDay[slot]!;
    }
    if (timeInForce !== code.GOOD_TILL_DATE) return;
    if (this.#expiries.size >= 64 && this.#expiries.size > 2 * index.size) {
      this.#expiries.clear();
      for (let live = 1; live < orders.end; live += 1) {
        if (orders.state[live] !== code.AGGRESSOR && orders.timeInForce[live] === code.GOOD_TILL_DATE)
          this.#expiries.add(orders.expireTime[live]!, orders.orderId[live]!);
      }
      return;
    }
    this.#expiries.add(orders.expireTime[slot]!, orders.orderId[slot]!);
  }

  /** False when {@link expire} would do nothing; reads no order. */
  isDue(tradingDay: number, upTo: number): boolean {
    const { earliest } = this.#expiries;
    const isLeft = this.#due.slots.length > 0;
    return isLeft || this.#earliestDay < tradingDay || (earliest !== undefined && earliest <= upTo);
  }

  /**
   * Ends Day orders of trading days before `tradingDay` and good-till-date orders up to `upTo`, oldest first and no
   * more than `atMost`. True when none is left.
   */
  expire(tradingDay: number, upTo: number, atMost: number): boolean {
    if (!this.#goesOn(this.#due, tradingDay, upTo)) {
      for (const slot of this.#due.slots.slice(this.#due.next)) this.watchEnd(slot);
      this.#due = { ...NO_SWEEP, slots: this.#collectDue(tradingDay, upTo), first: tradingDay, second: upTo };
    }
    const { orders } = this.#book;
    const isDone = this.#end(this.#due, atMost, (slot) => {
      const isDay = orders.timeInForce[slot] === code.DAY;
      const why = isDay ? reason.TRADING_DAY_ENDED : reason.EXPIRE_TIME_REACHED;
      this.#book.end(record.EXPIRED, slot, why);
    });
    if (isDone) this.#due = NO_SWEEP;
    return isDone;
  }

  /** Cancels orders of a user (0: of all) and a side (0: of both) in the same way. True when none is left. */
  cancel(userId: number, side: number, atMost: number): boolean {
    if (!this.#goesOn(this.#meant, userId, side))
      this.#meant = { ...NO_SWEEP, slots: this.select(userId, side), first: userId, second: side };
    const isDone = this.#end(this.#meant, atMost, (slot) => {
      this.#book.end(record.CANCELED, slot, reason.NO_REASON);
    });
    if (isDone) this.#meant = NO_SWEEP;
    return isDone;
  }

  /**
   * The orders that rest or wait, of a user (0: of all) and a side (0: of both), in ascending priority. Reads two or
   * three columns from end to end, some 2 ms where a million orders rest, so that no other command has lists by user to
   * keep.
   */
  select(userId: number, side: number): number[] {
    const { orders } = this.#book;
    const selected: number[] = [];
    for (let slot = 1; slot < orders.end; slot += 1) {
      if (userId !== 0 && orders.userId[slot] !== userId) continue;
      if (orders.state[slot] === code.AGGRESSOR) continue;
      if (side === 0 || orders.side[slot] === side) selected.push(slot);
    }
    return byPriority(orders, selected);
  }

  #goesOn(sweep: Sweep, first: number, second: number): boolean {
    return sweep.seq === this.#book.lastSeq && sweep.first === first && sweep.second === second;
  }

  #end(sweep: Sweep, atMost: number, end: (slot: number) => void): boolean {
    const stop = Math.min(sweep.slots.length, sweep.next + atMost);
    for (; sweep.next < stop; sweep.next += 1) {
      const slot = sweep.slots[sweep.next]!;
      this.#book.withdraw(slot);
      end(slot);
    }
    sweep.seq = this.#book.lastSeq;
    return stop === sweep.slots.length;
  }

  #collectDue(tradingDay: number, upTo: number): number[] {
    const { orders, index } = this.#book;
    const due: number[] = [];
    while (this.#expiries.earliest !== undefined && this.#expiries.earliest <= upTo) {
      const slot = index.get(this.#expiries.take());
      const isDue = slot !== 0 && orders.expireTime[slot]! <= upTo;
      if (isDue && orders.timeInForce[slot] === code.GOOD_TILL_DATE) due.push(slot);
    }
    if (this.#earliestDay < tradingDay) {
      this.#earliestDay = Number.POSITIVE_INFINITY;
      for (let slot = 1; slot < orders.end; slot += 1) {
        if (orders.state[slot] === code.AGGRESSOR || orders.timeInForce[slot] !== code.DAY) continue;
        const day = orders.tradingDay[slot]!;
        if (day < tradingDay) due.push(slot);
        else if (day < this.#earliestDay) this.#earliestDay = day;
      }
    }
    // A replaced ExpireTime leaves an entry for the old one: an order may be due twice.
    return byPriority(orders, due).filter((slot, place, all) => slot !== all[place - 1]);
  }
}

function byPriority(orders: OrderPool, slots: number[]): number[] {
  return slots.sort((a, b) => orders.priority[a]! - orders.priority[b]!);
}
