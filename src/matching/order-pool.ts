/**
 * The orders of one book as columns of numbers: an order is a slot, the same index into every column. Slots are
 * reused, so that a book which trades all day allocates nothing; the queues of src/matching/price-ladder.ts run
 * through the columns `newer` and `older`. Slot 0 is no order: a link that is 0 ends its queue.
 *
 * Measured with `bench/matching.ts` (million operations/s on its three streams): columns 5.6, 4.7 and 1.2; all of an
 * order's numbers side by side in one array 5.0, 4.5 and 1.8. A book of thousands of orders, which the processor's
 * cache holds, was preferred to one of a million. Orders as objects 1.0 on the first.
 */
import { assert } from '../platform/assert.ts';

/** Side (54) as {@link OrderPool.side} holds it: FIX's own digits. */
export const BUY_SIDE = 1;
export const SELL_SIDE = 2;

/** OrdType (40) as {@link OrderPool.ordType} holds it: FIX's own digits. */
export const MARKET = 1;
export const LIMIT = 2;
export const STOP = 3;
export const STOP_LIMIT = 4;

/** TimeInForce (59) as {@link OrderPool.timeInForce} holds it: FIX's own digits. */
export const DAY = 0;
export const GOOD_TILL_CANCEL = 1;
export const IMMEDIATE_OR_CANCEL = 3;
export const FILL_OR_KILL = 4;
export const GOOD_TILL_DATE = 6;

/** What {@link OrderPool.execution} asks of the first moment of an order. */
export const ANY_EXECUTION = 0;
/** ExecInst (18) 6, participate don't initiate: refused when it would trade at once. */
export const POST_ONLY = 1;
/** The same, but re-priced behind the best opposite price instead of refused. */
export const POST_ONLY_SLIDE = 2;
/** ExecInst (18) G, all or none. */
export const ALL_OR_NONE = 3;

/** What {@link OrderPool.selfTrade} does when an order would meet one of its own user. */
export const SELF_TRADE_ALLOWED = 0;
export const CANCEL_NEWEST = 1;
export const CANCEL_OLDEST = 2;
export const CANCEL_BOTH = 3;
export const DECREMENT = 4;

/** Where an order is: {@link OrderPool.state}. */
export const AGGRESSOR = 0;
export const RESTING = 1;
/** A stop order that no trade has reached. */
export const WAITING = 2;

/** Small, as of all that a book begins with: a venue has thousands of books with few orders. 64 bytes lie in the heap. */
const FIRST_CAPACITY = 8;

/** Columns by slot. Ticks and lots are safe integers; a column is 0 where its field does not apply. */
export class OrderPool {
  // What matching reads.
  orderId = new Float64Array(FIRST_CAPACITY);
  userId = new Float64Array(FIRST_CAPACITY);
  price = new Float64Array(FIRST_CAPACITY);
  quantity = new Float64Array(FIRST_CAPACITY);
  cumQty = new Float64Array(FIRST_CAPACITY);
  leavesQty = new Float64Array(FIRST_CAPACITY);
  /** The part of LeavesQty that others see and trade with while the order rests; all of it without MaxFloor. */
  displayedQty = new Float64Array(FIRST_CAPACITY);
  /** Sum of price × quantity of the fills is `notionalHigh` × 2^53 + `notionalLow`. */
  notionalLow = new Float64Array(FIRST_CAPACITY);
  notionalHigh = new Float64Array(FIRST_CAPACITY);
  priority = new Float64Array(FIRST_CAPACITY);
  side = new Int32Array(FIRST_CAPACITY);
  ordType = new Int32Array(FIRST_CAPACITY);
  timeInForce = new Int32Array(FIRST_CAPACITY);
  execution = new Int32Array(FIRST_CAPACITY);
  selfTrade = new Int32Array(FIRST_CAPACITY);
  selfTradeGroup = new Int32Array(FIRST_CAPACITY);
  maxFloor = new Float64Array(FIRST_CAPACITY);
  minQty = new Float64Array(FIRST_CAPACITY);
  stopPx = new Float64Array(FIRST_CAPACITY);
  /** 1 for a stop order after its trigger. */
  triggered = new Int32Array(FIRST_CAPACITY);
  expireTime = new Float64Array(FIRST_CAPACITY);
  /** `YYYYMMDD`. */
  tradingDay = new Int32Array(FIRST_CAPACITY);
  // What the book only keeps.
  /** ExpireDate (432) as it was sent, `YYYYMMDD`. */
  expireDate = new Int32Array(FIRST_CAPACITY);
  acceptedSeq = new Float64Array(FIRST_CAPACITY);
  enteredAt = new Float64Array(FIRST_CAPACITY);
  makerFeeRate = new Float64Array(FIRST_CAPACITY);
  takerFeeRate = new Float64Array(FIRST_CAPACITY);
  // The place of the order.
  state = new Int32Array(FIRST_CAPACITY);
  /** The level of the ladder in which the order is queued. */
  level = new Int32Array(FIRST_CAPACITY);
  /** The next order of the queue; of a free slot, the next free one. */
  newer = new Int32Array(FIRST_CAPACITY);
  older = new Int32Array(FIRST_CAPACITY);

  #capacity = FIRST_CAPACITY;
  /** Slots from here on were never used. */
  #unused = 1;
  #free = 0;

  /** A slot with every optional column 0. The caller fills in the rest. Slots given back are handed out last in, first out. */
  allocate(): number {
    let slot = this.#free;
    if (slot === 0) {
      if (this.#unused === this.#capacity) this.#grow();
      slot = this.#unused;
      this.#unused = slot + 1;
      return slot;
    }
    this.#free = this.newer[slot]!;
    this.cumQty[slot] = 0;
    this.notionalLow[slot] = 0;
    this.notionalHigh[slot] = 0;
    this.displayedQty[slot] = 0;
    this.execution[slot] = 0;
    this.selfTrade[slot] = 0;
    this.selfTradeGroup[slot] = 0;
    this.maxFloor[slot] = 0;
    this.minQty[slot] = 0;
    this.stopPx[slot] = 0;
    this.triggered[slot] = 0;
    this.expireTime[slot] = 0;
    this.expireDate[slot] = 0;
    this.state[slot] = AGGRESSOR;
    this.newer[slot] = 0;
    return slot;
  }

  /** Gives a slot back. Its columns stay readable until the next {@link allocate}. */
  free(slot: number): void {
    this.newer[slot] = this.#free;
    this.#free = slot;
  }

  /** The slots from 1 up to here, and not including it, have been used. */
  get end(): number {
    return this.#unused;
  }

  /** Slots that exist, used or not: the book's memory. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Moves `quantity` lots from LeavesQty (151) to CumQty (14), traded at `price`. */
  fill(slot: number, price: number, quantity: number): void {
    this.cumQty[slot] = this.cumQty[slot]! + quantity;
    this.leavesQty[slot] = this.leavesQty[slot]! - quantity;
    // A product or sum beyond the safe integers is never rounded down to a safe one: the test is exact.
    const notional = this.notionalLow[slot]! + price * quantity;
    if (notional <= Number.MAX_SAFE_INTEGER) this.notionalLow[slot] = notional;
    else this.#addNotional(slot, price, quantity);
  }

  #addNotional(slot: number, price: number, quantity: number): void {
    const sum =
      notionalOf(this.notionalLow[slot]!, this.notionalHigh[slot]!) + BigInt(price) * BigInt(quantity);
    this.setNotional(slot, sum);
  }

  /** Puts an exact sum into its two columns. */
  setNotional(slot: number, notional: bigint): void {
    this.notionalLow[slot] = Number(notional & LOW_MASK);
    this.notionalHigh[slot] = Number(notional >> LOW_BITS);
  }

  /** Every used column doubles. A book of a million orders has copied itself twelve times, the last time in some 50 ms. */
  #grow(): void {
    const capacity = this.#capacity * 2;
    assert(capacity <= MOST_ORDERS, 'a book cannot hold more orders');
    const columns = this as unknown as Record<string, Float64Array | Int32Array>;
    for (const [name, column] of Object.entries(columns)) {
      if (!ArrayBuffer.isView(column)) continue;
      const grown = column instanceof Float64Array ? new Float64Array(capacity) : new Int32Array(capacity);
      grown.set(column);
      columns[name] = grown;
    }
    this.#capacity = capacity;
  }
}

const MOST_ORDERS = 2 ** 27;
const LOW_BITS = 53n;
const LOW_MASK = 2n ** LOW_BITS - 1n;

/** The sum that two columns hold. */
export function notionalOf(low: number, high: number): bigint {
  return high === 0 ? BigInt(low) : (BigInt(high) << LOW_BITS) + BigInt(low);
}
