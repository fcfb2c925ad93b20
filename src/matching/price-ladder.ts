/**
 * Price levels in the order in which they trade, each with a queue of orders, oldest first: one side of the book,
 * or the stop orders of one side.
 *
 * The levels are a tree (src/matching/level-tree.ts); orders are links in the columns of their pool. The levels of the
 * prices used last are remembered in a small direct-mapped table, a mere hint, so that an order at a price that exists
 * searches nothing. Measured with `bench/matching.ts` (million operations/s on its first and second stream): tree and
 * table 5.9 and 4.7, tree alone 5.0 and 4.3; a skip list instead of the tree 5.6 and 3.6; levels and orders as objects
 * 1.0 on the first.
 */
import { assert } from '../platform/assert.ts';
import { EMPTY_FLOATS, EMPTY_INTS, grown, LevelTree } from './level-tree.ts';
import type { OrderPool } from './order-pool.ts';

/** Hints of a ladder, powers of two: while it has few levels, and for good. */
const FIRST_HINT_COUNT = 16;
const HINT_COUNT = 1024;
/** Sums beyond the safe integers are kept as two numbers: high × 2^53 + low. */
const LOW_RANGE = 2 ** 53;

/** Levels ascend by rank, which is the price times the ladder's sign. Level 0 is none. */
export class PriceLadder {
  /** 1 when the lowest price comes first, -1 when the highest does. */
  readonly sign: 1 | -1;
  readonly #orders: OrderPool;
  /** Orders in all queues. */
  orderCount = 0;
  /** Slices (MaxFloor) of the orders in all queues, but for those that are displayed. */
  hiddenSlices = 0;
  readonly #levels = new LevelTree();
  #oldest = EMPTY_INTS;
  #newest = EMPTY_INTS;
  #counts = EMPTY_INTS;
  /** Sums of the orders' displayed quantity, and of what icebergs hide behind it. */
  #displayedLow = EMPTY_FLOATS;
  #displayedHigh = EMPTY_FLOATS;
  #hiddenLow = EMPTY_FLOATS;
  #hiddenHigh = EMPTY_FLOATS;
  /** By the lower bits of a price, the level last used for it: right if its rank is. */
  #hints = EMPTY_INTS;

  constructor(orders: OrderPool, sign: 1 | -1) {
    this.#orders = orders;
    this.sign = sign;
  }

  /** The first level; 0 when there is none. */
  get best(): number {
    return this.#levels.first;
  }

  /** The price of a level. */
  price(level: number): number {
    return this.sign * this.#levels.ranks[level]!;
  }

  /** The best level if its price is at or before `limit`, else 0. */
  bestWithin(limit: number): number {
    const best = this.#levels.first;
    return best !== 0 && this.#levels.ranks[best]! <= this.sign * limit ? best : 0;
  }

  /** The level after this one if its price is at or before `limit`, else 0. */
  nextWithin(level: number, limit: number): number {
    const next = this.#levels.next[level]!;
    return next !== 0 && this.#levels.ranks[next]! <= this.sign * limit ? next : 0;
  }

  /** The level after this one; 0 after the last. */
  next(level: number): number {
    return this.#levels.next[level]!;
  }

  /** The order that trades first at a level. */
  oldest(level: number): number {
    return this.#oldest[level]!;
  }

  /** Orders at a level. */
  count(level: number): number {
    return this.#counts[level]!;
  }

  /** What others see at a level. */
  displayed(level: number): bigint {
    return sumOf(this.#displayedLow[level]!, this.#displayedHigh[level]!);
  }

  /** The lots at a level, hidden ones included, but no more than `enough`. */
  total(level: number, enough: number): number {
    if (this.#displayedHigh[level]! > 0 || this.#hiddenHigh[level]! > 0) return enough;
    const displayed = this.#displayedLow[level]!;
    if (displayed >= enough) return enough;
    const missing = enough - displayed;
    return this.#hiddenLow[level]! >= missing ? enough : displayed + this.#hiddenLow[level]!;
  }

  /** Queues an order behind all others at `price`. */
  append(slot: number, price: number): void {
    const orders = this.#orders;
    const level = this.#levelAt(price);
    const newest = this.#newest[level]!;
    orders.level[slot] = level;
    orders.older[slot] = newest;
    orders.newer[slot] = 0;
    if (newest === 0) this.#oldest[level] = slot;
    else orders.newer[newest] = slot;
    this.#newest[level] = slot;
    this.#counts[level] = this.#counts[level]! + 1;
    this.orderCount += 1;
    this.add(slot);
  }

  /** Takes an order out of its queue, wherever it stands. O(1), unless its level goes with it. */
  unlink(slot: number): void {
    const level = this.#orders.level[slot]!;
    this.subtract(slot);
    this.#detach(slot, level);
    this.orderCount -= 1;
    const count = this.#counts[level]! - 1;
    this.#counts[level] = count;
    if (count > 0) return;
    assert(this.#displayedLow[level] === 0 && this.#hiddenLow[level] === 0, 'an empty level has no quantity');
    this.#levels.remove(level);
  }

  /** Says that a queued order displays `quantity` lots less than before, and hides none less. */
  reduce(slot: number, quantity: number): void {
    this.#subtractDisplayed(this.#orders.level[slot]!, quantity);
  }

  /** Takes a queued order's quantity out of its level's sums, so that it may change: {@link add} puts it back. */
  subtract(slot: number): void {
    const orders = this.#orders;
    const level = orders.level[slot]!;
    const displayed = orders.displayedQty[slot]!;
    this.#subtractDisplayed(level, displayed);
    const maxFloor = orders.maxFloor[slot]!;
    if (maxFloor === 0) return;
    const hidden = orders.leavesQty[slot]! - displayed;
    this.#subtractHidden(level, hidden);
    this.hiddenSlices -= slicesOf(hidden, maxFloor);
  }

  /** Counts a queued order's quantity in its level's sums. */
  add(slot: number): void {
    const orders = this.#orders;
    const level = orders.level[slot]!;
    const displayed = orders.displayedQty[slot]!;
    this.#addDisplayed(level, displayed);
    const maxFloor = orders.maxFloor[slot]!;
    if (maxFloor === 0) return;
    const hidden = orders.leavesQty[slot]! - displayed;
    this.#addHidden(level, hidden);
    this.hiddenSlices += slicesOf(hidden, maxFloor);
  }

  /** Puts an order whose slice is used up behind all others of its level, with `displayed` of its hidden lots shown. */
  refresh(slot: number, displayed: number): void {
    const orders = this.#orders;
    const level = orders.level[slot]!;
    this.subtract(slot);
    orders.displayedQty[slot] = displayed;
    this.add(slot);
    const newest = this.#newest[level]!;
    if (newest === slot) return;
    this.#detach(slot, level);
    orders.older[slot] = newest;
    orders.newer[slot] = 0;
    orders.newer[newest] = slot;
    this.#newest[level] = slot;
  }

  #detach(slot: number, level: number): void {
    const orders = this.#orders;
    const older = orders.older[slot]!;
    const newer = orders.newer[slot]!;
    if (older === 0) this.#oldest[level] = newer;
    else orders.newer[older] = newer;
    if (newer === 0) this.#newest[level] = older;
    else orders.older[newer] = older;
  }

  // The sums. Each step keeps 0 <= low < 2^53, and every intermediate value is a safe integer.

  #addDisplayed(level: number, quantity: number): void {
    const low = this.#displayedLow[level]!;
    if (quantity < LOW_RANGE - low) this.#displayedLow[level] = low + quantity;
    else {
      this.#displayedLow[level] = low - (LOW_RANGE - quantity);
      this.#displayedHigh[level] = this.#displayedHigh[level]! + 1;
    }
  }

  #addHidden(level: number, quantity: number): void {
    const low = this.#hiddenLow[level]!;
    if (quantity < LOW_RANGE - low) this.#hiddenLow[level] = low + quantity;
    else {
      this.#hiddenLow[level] = low - (LOW_RANGE - quantity);
      this.#hiddenHigh[level] = this.#hiddenHigh[level]! + 1;
    }
  }

  #subtractDisplayed(level: number, quantity: number): void {
    const low = this.#displayedLow[level]!;
    if (quantity <= low) this.#displayedLow[level] = low - quantity;
    else {
      this.#displayedLow[level] = low + (LOW_RANGE - quantity);
      this.#displayedHigh[level] = this.#displayedHigh[level]! - 1;
    }
  }

  #subtractHidden(level: number, quantity: number): void {
    const low = this.#hiddenLow[level]!;
    if (quantity <= low) this.#hiddenLow[level] = low - quantity;
    else {
      this.#hiddenLow[level] = low + (LOW_RANGE - quantity);
      this.#hiddenHigh[level] = this.#hiddenHigh[level]! - 1;
    }
  }

  #levelAt(price: number): number {
    const rank = this.sign * price;
    const hints = this.#hints;
    const hint = hints[price & (hints.length - 1)]!;
    if (this.#levels.ranks[hint] === rank) return hint;
    const level = this.#levels.locate(rank);
    if (this.#counts.length < this.#levels.capacity) this.#grow();
    this.#hints[price & (this.#hints.length - 1)] = level;
    return level;
  }

  #grow(): void {
    const { capacity } = this.#levels;
    this.#oldest = grown(this.#oldest, new Int32Array(capacity));
    this.#newest = grown(this.#newest, new Int32Array(capacity));
    this.#counts = grown(this.#counts, new Int32Array(capacity));
    this.#displayedLow = grown(this.#displayedLow, new Float64Array(capacity));
    this.#displayedHigh = grown(this.#displayedHigh, new Float64Array(capacity));
    this.#hiddenLow = grown(this.#hiddenLow, new Float64Array(capacity));
    this.#hiddenHigh = grown(this.#hiddenHigh, new Float64Array(capacity));
    if (this.#hints.length < HINT_COUNT) {
      this.#hints = new Int32Array(capacity < FIRST_HINT_COUNT ? FIRST_HINT_COUNT : HINT_COUNT);
    }
  }
}

/** How many slices come after the one that is displayed: each is a trade of its own. */
export function slicesOf(hidden: number, maxFloor: number): number {
  return Math.ceil(hidden / maxFloor);
}

function sumOf(low: number, high: number): bigint {
  return BigInt(high) * BigInt(LOW_RANGE) + BigInt(low);
}
