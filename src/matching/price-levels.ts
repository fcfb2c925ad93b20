/**
 * One side of the book: its price levels from the best price on, each with a queue of orders, oldest first.
 *
 * Levels are kept in a skip list. The best level is its first element and the next best is one link away, which
 * is what matching, fill-or-kill and depth ask for; a level comes and goes in O(log levels) wherever it is. A
 * sorted array would be as quick near the touch, but a member who places an order at each of a million prices
 * would make every new level move megabytes; a balanced tree needs three times the code for the same bound.
 */
import { assert } from '../platform/assert.ts';
import type { BookOrder } from './book-order.ts';
import { BUY, type Lots, type Side, type Ticks } from './types.ts';

/** The orders at one price, in a doubly linked queue: joining and leaving it are O(1). */
export class PriceLevel {
  readonly price: Ticks;
  /** Distance from the best conceivable price: levels ascend by it on both sides. */
  readonly rank: number;
  /** The following level on each floor of the skip list; `links[0]` is the next best price. */
  readonly links: (PriceLevel | undefined)[];
  /** Sum of the orders' LeavesQty (151). A bigint: a sum over many orders may leave the safe integers. */
  quantity = 0n;
  orderCount = 0;
  oldest: BookOrder | undefined = undefined;
  newest: BookOrder | undefined = undefined;

  constructor(price: Ticks, rank: number, floorCount: number) {
    this.price = price;
    this.rank = rank;
    this.links = new Array<PriceLevel | undefined>(floorCount).fill(undefined);
  }

  /** Puts the order last in the queue. */
  append(order: BookOrder): void {
    order.level = this;
    order.older = this.newest;
    if (this.newest === undefined) this.oldest = order;
    else this.newest.newer = order;
    this.newest = order;
    this.orderCount += 1;
    this.quantity += BigInt(order.leavesQty);
  }

  /** Takes the order out of the queue, wherever it stands. */
  unlink(order: BookOrder): void {
    if (order.older === undefined) this.oldest = order.newer;
    else order.older.newer = order.newer;
    if (order.newer === undefined) this.newest = order.older;
    else order.newer.older = order.older;
    order.level = undefined;
    order.older = undefined;
    order.newer = undefined;
    this.orderCount -= 1;
    this.quantity -= BigInt(order.leavesQty);
  }

  /** Says that a queued order has `quantity` lots less to trade than before. */
  reduce(quantity: Lots): void {
    this.quantity -= BigInt(quantity);
  }
}

/** The price levels of one side, best first: bids descend, asks ascend. Holds no empty level between commands. */
export class PriceLevels {
  readonly #sign: 1 | -1;
  /** The first level of each floor; grows with the tallest level seen. */
  readonly #head: (PriceLevel | undefined)[] = [undefined];
  /** Scratch of {@link #descend}: on each floor, the links that precede the searched rank. */
  readonly #path: (PriceLevel | undefined)[][] = [];
  #coin = 0x9e3779b9;

  constructor(side: Side) {
    this.#sign = side === BUY ? -1 : 1;
  }

  /** The level that trades first. */
  get best(): PriceLevel | undefined {
    return this.#head[0];
  }

  /** The best level, if an aggressor with this limit may trade there. */
  bestWithin(limit: Ticks): PriceLevel | undefined {
    const best = this.#head[0];
    return best !== undefined && best.rank <= this.#sign * limit ? best : undefined;
  }

  /** Whether at least `quantity` lots rest at prices within `limit`: the question of fill or kill (59=4). */
  canFill(limit: Ticks, quantity: Lots): boolean {
    const worstRank = this.#sign * limit;
    let missing = BigInt(quantity);
    for (let level = this.best; level !== undefined && level.rank <= worstRank; level = level.links[0]) {
      missing -= level.quantity;
      if (missing <= 0n) return true;
    }
    return false;
  }

  /** The level at `price`, made when there is none. */
  levelAt(price: Ticks): PriceLevel {
    const rank = this.#sign * price;
    this.#descend(rank);
    const found = this.#path[0]?.[0];
    if (found !== undefined && found.rank === rank) return found;

    const level = new PriceLevel(price, rank, this.#drawFloorCount());
    for (let floor = 0; floor < level.links.length; floor += 1) {
      if (floor === this.#head.length) this.#head.push(undefined);
      const preceding = this.#path[floor] ?? this.#head;
      level.links[floor] = preceding[floor];
      preceding[floor] = level;
    }
    return level;
  }

  /** Removes a level whose queue has become empty. */
  remove(level: PriceLevel): void {
    assert(level.orderCount === 0 && level.quantity === 0n, 'a level goes only when its queue is empty');
    this.#descend(level.rank);
    for (let floor = 0; floor < level.links.length; floor += 1) {
      const preceding = this.#path[floor];
      assert(preceding !== undefined && preceding[floor] === level, 'a level is linked on all of its floors');
      preceding[floor] = level.links[floor];
    }
  }

  /** The levels, best first. The side must not change while they are read. */
  *[Symbol.iterator](): Generator<PriceLevel> {
    for (let level = this.best; level !== undefined; level = level.links[0]) yield level;
  }

  #descend(rank: number): void {
    let links = this.#head;
    for (let floor = this.#head.length - 1; floor >= 0; floor -= 1) {
      let level = links[floor];
      while (level !== undefined && level.rank < rank) {
        links = level.links;
        level = links[floor];
      }
      this.#path[floor] = links;
    }
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
    return 1 + (trailingZeroCount >> 1);
  }
}
