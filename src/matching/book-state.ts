/**
 * One book as numbers: its orders, where each of them is, and the moves between those places. Which moves an order
 * makes is decided in src/matching/trading.ts and src/matching/matching-core.ts.
 */
import { EventBuffer } from './event-buffer.ts';
import { OrderIndex } from './order-index.ts';
import * as code from './order-pool.ts';
import { OrderPool } from './order-pool.ts';
import { PriceLadder } from './price-ladder.ts';

/** An order is an aggressor, which is nowhere; or it rests, or waits for its trigger, and can be found. */
export class BookState {
  readonly orders = new OrderPool();
  readonly events = new EventBuffer();
  /** Every order that rests or waits. */
  readonly index = new OrderIndex();
  readonly bids = new PriceLadder(this.orders, -1);
  readonly asks = new PriceLadder(this.orders, 1);
  /** Stop orders of buyers: the lowest StopPx (99) is reached first. */
  readonly buyStops = new PriceLadder(this.orders, 1);
  readonly sellStops = new PriceLadder(this.orders, -1);
  /** The last book sequence number given out. */
  lastSeq: number;
  /** The price of the last trade; 0 before the first. */
  lastPx: number;

  constructor(lastSeq: number, lastPx: number) {
    this.lastSeq = lastSeq;
    this.lastPx = lastPx;
  }

  /** The ladder in which an order rests or waits. */
  ladderOf(slot: number): PriceLadder {
    const { side, state } = this.orders;
    if (state[slot] === code.WAITING) return side[slot] === code.BUY_SIDE ? this.buyStops : this.sellStops;
    return side[slot] === code.BUY_SIDE ? this.bids : this.asks;
  }

  /** Slices that icebergs of the book hide: so many trades more than it has orders may one aggressor make. */
  get hiddenSlices(): number {
    const { bids, asks, buyStops, sellStops } = this;
    return bids.hiddenSlices + asks.hiddenSlices + buyStops.hiddenSlices + sellStops.hiddenSlices;
  }

  /** The ladder that an order would trade with. */
  facing(slot: number): PriceLadder {
    return this.orders.side[slot] === code.BUY_SIDE ? this.asks : this.bids;
  }

  /** Queues an order at its price. */
  rest(slot: number): void {
    const { orders } = this;
    orders.state[slot] = code.RESTING;
    this.ladderOf(slot).append(slot, orders.price[slot]!);
    this.index.add(orders.orderId[slot]!, slot);
  }

  /** Queues a stop order at the price that triggers it. */
  wait(slot: number): void {
    const { orders } = this;
    orders.state[slot] = code.WAITING;
    this.ladderOf(slot).append(slot, orders.stopPx[slot]!);
    this.index.add(orders.orderId[slot]!, slot);
  }

  /** Takes an order out of where it rests or waits. */
  withdraw(slot: number): void {
    const { orders } = this;
    this.ladderOf(slot).unlink(slot);
    this.index.remove(orders.orderId[slot]!);
    orders.state[slot] = code.AGGRESSOR;
  }

  /** Reports the end of an order that is nowhere in the book, and gives its slot back. */
  end(kind: number, slot: number, why: number): void {
    this.close(kind, slot, why);
    this.orders.free(slot);
  }

  /** Reports the end of an aggressor whose slot is still in use. */
  close(kind: number, slot: number, why: number): void {
    const { orders } = this;
    const gone = orders.leavesQty[slot]!;
    orders.leavesQty[slot] = 0;
    orders.displayedQty[slot] = 0;
    this.events.write(kind, orders, slot, this.takeSeq(), 0, gone, why);
  }

  /** Shows as much as MaxFloor (111) allows of what is left: the slice of an order that does not rest yet. */
  cutSlice(slot: number): void {
    const { orders } = this;
    const maxFloor = orders.maxFloor[slot]!;
    const leavesQty = orders.leavesQty[slot]!;
    orders.displayedQty[slot] = maxFloor !== 0 && maxFloor < leavesQty ? maxFloor : leavesQty;
  }

  /** The next book sequence number: one per report. */
  takeSeq(): number {
    this.lastSeq += 1;
    return this.lastSeq;
  }
}
