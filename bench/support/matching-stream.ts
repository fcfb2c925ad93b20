/**
 * Seeded streams of operations for `bench/matching.ts`: what to enter, cancel and replace, as numbers, with targets
 * that are alive when their turn comes. A book makes the stream, so that every contender meets the same market.
 */

import { LEAVES_QTY, ORDER_ID, RECORD_STRIDE } from '../../src/matching/event-buffer.ts';
import { MatchingCore } from '../../src/matching/matching-core.ts';
import { BUY_SIDE, GOOD_TILL_CANCEL, LIMIT, SELL_SIDE } from '../../src/matching/order-pool.ts';
import { type Random, randomFrom } from '../../test/support/random.ts';

export const ENTER = 1;
export const CANCEL = 2;
export const REPLACE = 3;

/** Columns by operation. */
export interface Stream {
  readonly name: string;
  readonly operationCount: number;
  /** The first so many operations fill the book and are not measured. */
  readonly preloadCount: number;
  readonly kind: Uint8Array;
  readonly orderId: Float64Array;
  readonly side: Uint8Array;
  readonly price: Int32Array;
  /** Of a replace the new total. */
  readonly quantity: Int32Array;
  /** Of a replace what would be left: for books that count so. */
  readonly leaves: Int32Array;
  /** Orders that rest at the end. */
  restingCount: number;
}

export interface StreamProfile {
  readonly name: string;
  readonly operationCount: number;
  readonly preloadCount: number;
  /** Shares of new passive orders, cancels and replaces; the rest is aggressive. */
  readonly passive: number;
  readonly cancel: number;
  readonly replace: number;
  /** Aggressive orders take more when more than this many rest. */
  readonly restingAim: number;
  /** Distance from the middle: exponential with this mean, or uniform up to it. */
  readonly ticks: number;
  readonly isUniform: boolean;
}

/** The streams of the benchmark, of `count` operations each. */
export function streamProfiles(count: number): readonly StreamProfile[] {
  const first = { operationCount: count, preloadCount: 0, restingAim: 3_000 };
  return [
    {
      name: 'a market, 3,000 orders at some 60 prices a side',
      ...first,
      passive: 0.55,
      cancel: 0.25,
      replace: 0.1,
      ticks: 10,
      isUniform: false,
    },
    {
      name: '95 % of orders cancelled, 20,000 ticks',
      ...first,
      passive: 0.5,
      cancel: 0.475,
      replace: 0,
      ticks: 10_000,
      isUniform: true,
    },
    {
      name: '1,000,000 resting orders, 95 % cancels, 20,000 ticks',
      operationCount: 1_000_000 + count / 2,
      preloadCount: 1_000_000,
      restingAim: 1_000_000,
      passive: 0.04,
      cancel: 0.95,
      replace: 0,
      ticks: 10_000,
      isUniform: true,
    },
  ];
}

const START_MIDDLE = 100_000;

/** Makes a stream: the same for the same profile and seed. */
export function makeStream(profile: StreamProfile, seed: number): Stream {
  return new StreamMaker(profile, randomFrom(seed)).make();
}

class StreamMaker {
  readonly #profile: StreamProfile;
  readonly #random: Random;
  readonly #core = new MatchingCore({ lastSeq: 0, lastPx: 0, maxWaitingStops: 0 });
  /** Live orders and where each stands in the list: a random one is picked in O(1). */
  readonly #live: number[] = [];
  readonly #places = new Map<number, number>();
  readonly #stream: Stream;
  #middle = START_MIDDLE;
  #lastOrderId = 0;

  constructor(profile: StreamProfile, random: Random) {
    this.#profile = profile;
    this.#random = random;
    const count = profile.operationCount;
    this.#stream = {
      name: profile.name,
      operationCount: count,
      preloadCount: profile.preloadCount,
      kind: new Uint8Array(count),
      orderId: new Float64Array(count),
      side: new Uint8Array(count),
      price: new Int32Array(count),
      quantity: new Int32Array(count),
      leaves: new Int32Array(count),
      restingCount: 0,
    };
  }

  make(): Stream {
    const { operationCount, preloadCount, passive, cancel, replace, restingAim } = this.#profile;
    for (let operation = 0; operation < operationCount; operation += 1) {
      if (this.#random.chance(0.1)) this.#middle += this.#random.integer(-1, 1);
      const draw = this.#random.next();
      const isCrowded = replace === 0 && this.#live.length > restingAim;
      if (operation < preloadCount || this.#live.length < 10) this.#passive(operation);
      else if (draw < passive && !isCrowded) this.#passive(operation);
      else if (draw < passive + cancel) this.#cancel(operation);
      else if (draw < passive + cancel + replace) this.#replace(operation);
      else this.#aggress(operation);
    }
    this.#stream.restingCount = this.#live.length;
    return this.#stream;
  }

  #passive(operation: number): void {
    const side = this.#random.chance(0.5) ? BUY_SIDE : SELL_SIDE;
    this.#enter(operation, side, this.#passivePrice(side), this.#random.integer(1, 100));
  }

  /** Behind the best opposite price, at its distance from the middle. */
  #passivePrice(side: number): number {
    const { ticks, isUniform } = this.#profile;
    const draw = this.#random.next();
    const distance = 1 + Math.floor(isUniform ? draw * ticks : -Math.log(1 - draw) * ticks);
    const { bids, asks } = this.#core.book;
    if (side === BUY_SIDE) {
      const price = Math.max(1, this.#middle - distance);
      return asks.best === 0 ? price : Math.min(price, asks.price(asks.best) - 1);
    }
    return bids.best === 0
      ? this.#middle + distance
      : Math.max(this.#middle + distance, bids.price(bids.best) + 1);
  }

  #aggress(operation: number): void {
    const { bids, asks } = this.#core.book;
    const side = this.#random.chance(0.5) ? BUY_SIDE : SELL_SIDE;
    const facing = side === BUY_SIDE ? asks : bids;
    if (facing.best === 0) {
      this.#passive(operation);
      return;
    }
    const appetite = this.#live.length > this.#profile.restingAim ? 900 : 100;
    const quantity = this.#profile.replace === 0 ? 20 : appetite;
    this.#enter(
      operation,
      side,
      facing.price(facing.best) + facing.sign * 10,
      this.#random.integer(1, quantity),
    );
  }

  #enter(operation: number, side: number, price: number, quantity: number): void {
    const { orders } = this.#core.book;
    this.#lastOrderId += 1;
    const orderId = this.#lastOrderId;
    this.#write(operation, ENTER, orderId, side, price, quantity, quantity);
    const slot = orders.allocate();
    orders.orderId[slot] = orderId;
    orders.side[slot] = side;
    orders.ordType[slot] = LIMIT;
    orders.timeInForce[slot] = GOOD_TILL_CANCEL;
    orders.price[slot] = price;
    orders.quantity[slot] = quantity;
    this.#core.enter(slot);
    this.#places.set(orderId, this.#live.push(orderId) - 1);
    this.#forgetEnded();
  }

  #cancel(operation: number): void {
    const orderId = this.#random.pick(this.#live);
    this.#write(operation, CANCEL, orderId, 0, 0, 0, 0);
    this.#core.cancel(this.#core.book.index.get(orderId));
    this.#forgetEnded();
  }

  /** To another price, or up: both lose priority in every book, so that all of them trade alike. */
  #replace(operation: number): void {
    const orderId = this.#random.pick(this.#live);
    const { orders, index } = this.#core.book;
    const slot = index.get(orderId);
    const side = orders.side[slot]!;
    const movedPrice = this.#passivePrice(side);
    const price = this.#random.chance(0.5) ? movedPrice : orders.price[slot]!;
    const quantity = orders.quantity[slot]! + this.#random.integer(1, 20);
    const leaves = quantity - orders.cumQty[slot]!;
    this.#write(operation, REPLACE, orderId, side, price, quantity, leaves);
    this.#core.replace(slot, { price, quantity, stopPx: 0, maxFloor: 0, expireTime: 0, expireDate: 0 });
    this.#forgetEnded();
  }

  #write(
    operation: number,
    kind: number,
    orderId: number,
    side: number,
    price: number,
    quantity: number,
    leaves: number,
  ): void {
    const stream = this.#stream;
    stream.kind[operation] = kind;
    stream.orderId[operation] = orderId;
    stream.side[operation] = side;
    stream.price[operation] = price;
    stream.quantity[operation] = quantity;
    stream.leaves[operation] = leaves;
  }

  #forgetEnded(): void {
    const { events } = this.#core.book;
    for (let start = 0; start < events.count * RECORD_STRIDE; start += RECORD_STRIDE) {
      if (events.records[start + LEAVES_QTY] !== 0) continue;
      const orderId = events.records[start + ORDER_ID]!;
      const place = this.#places.get(orderId);
      if (place === undefined) continue;
      const last = this.#live.pop()!;
      this.#places.delete(orderId);
      if (last === orderId) continue;
      this.#live[place] = last;
      this.#places.set(last, place);
    }
    events.clear();
  }
}
