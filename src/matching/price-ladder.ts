/**
 * Price levels in the order in which they trade, each with a queue of orders, oldest first: one side of the book,
 * or the stop orders of one side.
 *
 * Levels are a skip list in typed arrays: the best level is its first element, the next one is a link away, and a level
 * comes and goes in O(log levels) wherever it is, also when a member has an order at each of a million prices, where a
 * sorted array would move megabytes. The levels of the prices used last are remembered in a small direct-mapped table,
 * a mere hint, so that an order at a price that exists searches nothing. Measured with `bench/matching.ts` on its first
 * stream (typed arrays in all cases but the first): levels and orders as objects 1.0 million operations/s, skip list
 * alone 4.5, with the table 5.3; on the second, where nearly every order makes its own level, 3.7 with and without.
 */
import { assert } from '../platform/assert.ts';
import type { OrderPool } from './order-pool.ts';

const FIRST_CAPACITY = 32;
/** Enough for 4^12 levels. */
const FLOORS = 12;
const HINT_COUNT = 1024;
/** Sums beyond the safe integers are kept as two numbers: high × 2^53 + low. */
const LOW_RANGE = 2 ** 53;

/** Levels ascend by rank, which is the price times the ladder's sign. Level 0 is the head, before all others. */
export class PriceLadder {
  /** 1 when the lowest price comes first, -1 when the highest does. */
  readonly sign: 1 | -1;
  readonly #orders: OrderPool;
  /** The first level; 0 when there is none. */
  best = 0;
  /** Orders in all queues. */
  orderCount = 0;
  #ranks = new Float64Array(FIRST_CAPACITY);
  #oldest = new Int32Array(FIRST_CAPACITY);
  #newest = new Int32Array(FIRST_CAPACITY);
  #counts = new Int32Array(FIRST_CAPACITY);
  /** Sums of the orders' displayed quantity, and of what icebergs hide behind it. */
  #displayedLow = new Float64Array(FIRST_CAPACITY);
  #displayedHigh = new Float64Array(FIRST_CAPACITY);
  #hiddenLow = new Float64Array(FIRST_CAPACITY);
  #hiddenHigh = new Float64Array(FIRST_CAPACITY);
  #floorCounts = new Int32Array(FIRST_CAPACITY);
  /** By level and floor, the following level; of a free level, on floor 0 the next free one. */
  #links = new Int32Array(FIRST_CAPACITY * FLOORS);
  /** Of the last descent: on each floor, the last level before the searched rank. */
  readonly #path = new Int32Array(FLOORS);
  /** By the lower bits of a price, the level last used for it: right if its rank is. */
  readonly #hints = new Int32Array(HINT_COUNT);
  #height = 1;
  #unused = 1;
  #free = 0;
  #coin = 0x9e3779b9;

  constructor(orders: OrderPool, sign: 1 | -1) {
    this.#orders = orders;
    this.sign = sign;
  }

  /** The price of a level. */
  price(level: number): number {
    return this.sign * this.#ranks[level]!;
  }

  /** The best level if its price is at or before `limit`, else 0. */
  bestWithin(limit: number): number {
    const best = this.best;
    return best !== 0 && this.#ranks[best]! <= this.sign * limit ? best : 0;
  }

  /** The level after this one if its price is at or before `limit`, else 0. */
  nextWithin(level: number, limit: number): number {
    const next = this.#links[level * FLOORS]!;
    return next !== 0 && this.#ranks[next]! <= this.sign * limit ? next : 0;
  }

  /** The level after this one; 0 after the last. */
  next(level: number): number {
    return this.#links[level * FLOORS]!;
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
    if (count === 0) this.#removeLevel(level);
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
    if (orders.maxFloor[slot] !== 0) this.#subtractHidden(level, orders.leavesQty[slot]! - displayed);
  }

  /** Counts a queued order's quantity in its level's sums. */
  add(slot: number): void {
    const orders = this.#orders;
    const level = orders.level[slot]!;
    const displayed = orders.displayedQty[slot]!;
    this.#addDisplayed(level, displayed);
    if (orders.maxFloor[slot] !== 0) this.#addHidden(level, orders.leavesQty[slot]! - displayed);
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

  // The skip list.

  #levelAt(price: number): number {
    const rank = this.sign * price;
    const hint = this.#hints[price & (HINT_COUNT - 1)]!;
    if (this.#ranks[hint] === rank) return hint;
    const level = this.#findOrInsert(rank);
    this.#hints[price & (HINT_COUNT - 1)] = level;
    return level;
  }

  #findOrInsert(rank: number): number {
    this.#descend(rank);
    const found = this.#links[this.#path[0]! * FLOORS]!;
    if (found !== 0 && this.#ranks[found] === rank) return found;

    const level = this.#allocate();
    const floorCount = this.#drawFloorCount();
    this.#ranks[level] = rank;
    this.#floorCounts[level] = floorCount;
    for (let floor = 0; floor < floorCount; floor += 1) {
      const preceding = floor < this.#height ? this.#path[floor]! * FLOORS + floor : floor;
      this.#links[level * FLOORS + floor] = this.#links[preceding]!;
      this.#links[preceding] = level;
    }
    if (floorCount > this.#height) this.#height = floorCount;
    this.best = this.#links[0]!;
    return level;
  }

  #removeLevel(level: number): void {
    const links = this.#links;
    assert(this.#displayedLow[level] === 0 && this.#hiddenLow[level] === 0, 'an empty level has no quantity');
    // Nothing precedes the best level but the head, which is the path of a descent that finds nothing smaller.
    if (level === this.best) this.#path.fill(0);
    else this.#descend(this.#ranks[level]!);
    for (let floor = this.#floorCounts[level]! - 1; floor >= 0; floor -= 1) {
      links[this.#path[floor]! * FLOORS + floor] = links[level * FLOORS + floor]!;
    }
    this.best = links[0]!;
    // No price has rank 0: a hint that still points here is wrong.
    this.#ranks[level] = 0;
    links[level * FLOORS] = this.#free;
    this.#free = level;
  }

  #descend(rank: number): void {
    const ranks = this.#ranks;
    const links = this.#links;
    const path = this.#path;
    let level = 0;
    for (let floor = this.#height - 1; floor >= 0; floor -= 1) {
      let next = links[level * FLOORS + floor]!;
      while (next !== 0 && ranks[next]! < rank) {
        level = next;
        next = links[level * FLOORS + floor]!;
      }
      path[floor] = level;
    }
  }

  #allocate(): number {
    const level = this.#free;
    if (level !== 0) {
      this.#free = this.#links[level * FLOORS]!;
      return level;
    }
    if (this.#unused === this.#ranks.length) this.#grow();
    this.#unused += 1;
    return this.#unused - 1;
  }

  /** One floor, and each further one with a chance of a quarter: xorshift32, so that replays are identical. */
  #drawFloorCount(): number {
    let coin = this.#coin;
    coin ^= coin << 13;
    coin ^= coin >>> 17;
    coin ^= coin << 5;
    this.#coin = coin;
    // Two zero bits in a row are one quarter: half the length of the trailing run of zeros is the luck drawn.
    const trailingZeroCount = 31 - Math.clz32(coin & -coin);
    return Math.min(FLOORS, 1 + (trailingZeroCount >> 1));
  }

  #grow(): void {
    const capacity = this.#ranks.length * 2;
    this.#ranks = grown(this.#ranks, new Float64Array(capacity));
    this.#oldest = grown(this.#oldest, new Int32Array(capacity));
    this.#newest = grown(this.#newest, new Int32Array(capacity));
    this.#counts = grown(this.#counts, new Int32Array(capacity));
    this.#displayedLow = grown(this.#displayedLow, new Float64Array(capacity));
    this.#displayedHigh = grown(this.#displayedHigh, new Float64Array(capacity));
    this.#hiddenLow = grown(this.#hiddenLow, new Float64Array(capacity));
    this.#hiddenHigh = grown(this.#hiddenHigh, new Float64Array(capacity));
    this.#floorCounts = grown(this.#floorCounts, new Int32Array(capacity));
    this.#links = grown(this.#links, new Int32Array(capacity * FLOORS));
  }
}

function grown<T extends Float64Array | Int32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

function sumOf(low: number, high: number): bigint {
  return BigInt(high) * BigInt(LOW_RANGE) + BigInt(low);
}
