/**
 * The order book of one symbol as the actors use it: commands in, events out, no clock and no I/O, so that the same
 * commands always make the same events. Matching itself is src/matching/matching-core.ts; here are the words.
 */
import { assert, assertNever } from '../platform/assert.ts';
import { type Combination, goTogether } from './combinations.ts';
import { readEvents } from './event-reader.ts';
import { MatchingCore } from './matching-core.ts';
import { dayNumber, OrderCodec } from './order-codec.ts';
import type { PriceLadder } from './price-ladder.ts';
import * as reason from './reasons.ts';
import { StateHash } from './state-hash.ts';
import { amendOrder } from './trade-amendment.ts';
import {
  type AmendTrade,
  type BookCommand,
  type BookEvent,
  BUY,
  type CommandOutcome,
  type EnterOrder,
  type ExpireOrders,
  type MassCancelOrders,
  type OrderId,
  type OrderSnapshot,
  type ReplaceOrder,
  type Side,
  type Ticks,
  type TradeId,
  type UnsolicitedCancel,
} from './types.ts';

/** Bounds the cascade of stop orders that one command can set off, since each waiting one triggers at most once. */
export const DEFAULT_MAX_WAITING_STOPS = 10_000;

/**
 * Bounds the trades of one aggressor beyond the orders that it meets: what one command does is one commit, and each
 * hidden slice is a trade with a report of its own.
 */
export const DEFAULT_MAX_HIDDEN_SLICES = 20_000;

export interface OrderBookOptions {
  readonly symbol: string;
  /** The last sequence number that the book gave out before; 0 for a new book. */
  readonly lastSeq: number;
  /** Gives an id that no trade of the venue ever had. */
  readonly nextTradeId: () => TradeId;
  /** The price of the book's last trade, which triggers stop orders; absent before the first. */
  readonly lastPx?: Ticks | undefined;
  /** Stop orders beyond this many are refused; default {@link DEFAULT_MAX_WAITING_STOPS}. */
  readonly maxWaitingStops?: number | undefined;
  /** Icebergs that would hide more slices together are refused; default {@link DEFAULT_MAX_HIDDEN_SLICES}. */
  readonly maxHiddenSlices?: number | undefined;
}

/** One price of {@link OrderBook.depth}. */
export interface DepthLevel {
  readonly price: Ticks;
  /** Displayed lots at this price; a bigint, since a sum over many orders may leave the safe integers. */
  readonly quantity: bigint;
  readonly orderCount: number;
}

/** What {@link Sweeps} take for "any". */
const EVERY_USER = 0;
const BOTH_SIDES = 0;

/** Who asked for cancels, and why. */
interface CancelCause {
  readonly clOrdId: string | undefined;
  readonly unsolicited: UnsolicitedCancel | undefined;
}

export class OrderBook {
  readonly #symbol: string;
  readonly #nextTradeId: () => TradeId;
  readonly #core: MatchingCore;
  readonly #codec: OrderCodec;
  #lastRestoredPriority = 0;

  constructor(options: OrderBookOptions) {
    this.#symbol = options.symbol;
    this.#nextTradeId = options.nextTradeId;
    this.#core = new MatchingCore({
      lastSeq: options.lastSeq,
      lastPx: options.lastPx ?? 0,
      maxWaitingStops: options.maxWaitingStops ?? DEFAULT_MAX_WAITING_STOPS,
      maxHiddenSlices: options.maxHiddenSlices ?? DEFAULT_MAX_HIDDEN_SLICES,
    });
    this.#codec = new OrderCodec(options.symbol, this.#core.book.orders);
  }

  /** The last book sequence number given out: one per report, gap-free. */
  get lastSeq(): number {
    return this.#core.book.lastSeq;
  }

  /** The price of the last trade. */
  get lastPx(): Ticks | undefined {
    return this.#core.book.lastPx === 0 ? undefined : (this.#core.book.lastPx as Ticks);
  }

  /**
   * Puts an open order back where it was. For recovery: before any command, in ascending priority. Asserts that
   * the order is working, belongs here, and does not cross the book.
   */
  restore(order: OrderSnapshot): void {
    const { orderId, quantity, cumQty, leavesQty, ordStatus, priority } = order;
    const isWaiting = (order.ordType === '3' || order.ordType === '4') && order.triggered !== true;
    assert(order.symbol === this.#symbol, `order ${orderId} belongs to another symbol`);
    assert(isWaiting || canRest(order), `order ${orderId} is of a kind that never rests`);
    assert(leavesQty > 0 && quantity === cumQty + leavesQty, `order ${orderId} is not working`);
    assert(ordStatus === (cumQty === 0 ? '0' : '1'), `order ${orderId} has the status of another state`);
    assert(priority > this.#lastRestoredPriority, `order ${orderId} is restored out of its turn`);
    assert(priority <= this.lastSeq, `order ${orderId} is younger than the book`);
    assert(hasSlice(order), `order ${orderId} displays what it cannot`);
    assertTerms(order);
    const facing = order.side === BUY ? this.#core.book.asks : this.#core.book.bids;
    assert(isWaiting || facing.bestWithin(order.price) === 0, `order ${orderId} crosses the book`);
    this.#lastRestoredPriority = priority;
    this.#core.restore(this.#codec.restore(order));
  }

  /**
   * Carries out one command at time `at` (ms since the epoch) and appends what happened to `events`. Refusals by
   * the rules of the market happen before; the few that only the book can judge are `OrderRejected` and the
   * outcomes other than `Done`, which append nothing.
   */
  execute(command: BookCommand, at: number, events: BookEvent[]): CommandOutcome {
    this.#core.book.events.clear();
    switch (command.type) {
      case 'EnterOrder':
        return this.#enter(command, at, events);
      case 'CancelOrder': {
        const slot = this.#core.book.index.get(command.orderId);
        if (slot === 0) return 'NoSuchOrder';
        this.#core.cancel(slot);
        return this.#done(at, events, command);
      }
      case 'ReplaceOrder':
        return this.#replace(command, at, events);
      case 'ExpireOrders':
        return this.#expire(command, at, events);
      case 'MassCancelOrders':
        return this.#massCancel(command, at, events);
      case 'AmendTrade':
        return this.#amend(command, at, events);
      default:
        return assertNever(command);
    }
  }

  /** False when `ExpireOrders` would do nothing now, which takes no look at any order. */
  isDue(tradingDay: string, upTo: number): boolean {
    return this.#core.sweeps.isDue(dayNumber(tradingDay), upTo);
  }

  /** A copy of an open order; undefined when it is closed or was never here. */
  find(orderId: OrderId): OrderSnapshot | undefined {
    const slot = this.#core.book.index.get(orderId);
    return slot === 0 ? undefined : this.#codec.snapshot(slot);
  }

  bestBid(): Ticks | undefined {
    return bestOf(this.#core.book.bids);
  }

  bestAsk(): Ticks | undefined {
    return bestOf(this.#core.book.asks);
  }

  /** At most `maxLevels` price levels of one side, best first: what others may see. */
  depth(side: Side, maxLevels: number): DepthLevel[] {
    const ladder = side === BUY ? this.#core.book.bids : this.#core.book.asks;
    const depth: DepthLevel[] = [];
    for (let level = ladder.best; level !== 0 && depth.length < maxLevels; level = ladder.next(level)) {
      const price = ladder.price(level) as Ticks;
      depth.push({ price, quantity: ladder.displayed(level), orderCount: ladder.count(level) });
    }
    return depth;
  }

  /** Copies of all open orders in ascending priority, waiting stop orders among them: what {@link restore} takes. */
  *openOrders(): Generator<OrderSnapshot> {
    for (const slot of this.#core.sweeps.select(EVERY_USER, BOTH_SIDES)) yield this.#codec.snapshot(slot);
  }

  /**
   * Fingerprint of the open orders as they stand in their queues: equal for equal books, whatever their history.
   * {@link lastSeq} and {@link lastPx} are not part of it.
   */
  stateHash(): string {
    const { bids, asks, buyStops, sellStops, orders } = this.#core.book;
    const hash = new StateHash();
    for (const ladder of [bids, asks, buyStops, sellStops]) {
      for (let level = ladder.best; level !== 0; level = ladder.next(level)) {
        for (let slot = ladder.oldest(level); slot !== 0; slot = orders.newer[slot]!) {
          const order = this.#codec.snapshot(slot);
          hash.add(JSON.stringify({ ...order, cumNotional: `${order.cumNotional}` }));
        }
      }
    }
    return hash.digest();
  }

  #enter(command: EnterOrder, at: number, events: BookEvent[]): CommandOutcome {
    assert(
      this.#core.book.index.get(command.orderId) === 0,
      `order ${command.orderId} is in the book already`,
    );
    assert(command.quantity > 0, `order ${command.orderId} has no quantity`);
    assertTerms(command);
    this.#core.enter(this.#codec.enter(command, at));
    return this.#done(at, events);
  }

  #replace(command: ReplaceOrder, at: number, events: BookEvent[]): CommandOutcome {
    const slot = this.#core.book.index.get(command.orderId);
    if (slot === 0) return 'NoSuchOrder';
    assert(command.quantity > 0, `order ${command.orderId} is replaced to no quantity`);
    const before = this.#codec.snapshot(slot);
    const { price, quantity, clOrdId } = command;
    const stopPx = command.stopPx ?? before.stopPx ?? 0;
    const maxFloor = command.maxFloor ?? before.maxFloor;
    const isSameEnd = command.expireTime === undefined;
    const expireTime = command.expireTime ?? before.expireTime;
    const expireDate = isSameEnd ? before.expireDate : command.expireDate;
    // A plain order that stays plain has nothing that might not go together.
    if (maxFloor !== undefined || expireTime !== undefined) {
      const hidden = maxFloor === undefined ? {} : { maxFloor };
      const end = expireTime === undefined ? {} : { expireTime };
      assertTerms({ ...before, quantity, ...hidden, ...end });
    }
    const expireDay = expireDate === undefined ? 0 : dayNumber(expireDate);
    const terms = {
      price,
      quantity,
      stopPx,
      maxFloor: maxFloor ?? 0,
      expireTime: expireTime ?? 0,
      expireDate: expireDay,
    };
    const why = this.#core.replace(slot, terms);
    if (why !== reason.NO_REASON) return why === reason.TOO_MANY_SLICES ? 'TooManySlices' : 'WouldTrade';
    this.#codec.setClOrdId(slot, clOrdId);
    return this.#done(at, events, undefined, before);
  }

  #expire(command: ExpireOrders, at: number, events: BookEvent[]): CommandOutcome {
    const { tradingDay, upTo = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = command;
    const isDone = this.#core.sweeps.expire(dayNumber(tradingDay), upTo, atMost);
    this.#done(at, events);
    return isDone ? 'Done' : 'Unfinished';
  }

  #amend(command: AmendTrade, at: number, events: BookEvent[]): CommandOutcome {
    const { type: _, maker, taker, ...amendment } = command;
    const parties = [this.#asItStands(maker), this.#asItStands(taker)] as const;
    if (parties[0] === undefined || parties[1] === undefined) return 'NoSuchOrder';
    const amended = { maker: amendOrder(parties[0], command), taker: amendOrder(parties[1], command) };
    for (const order of [amended.maker, amended.taker]) this.#core.amend(order);
    const makerSeq = this.#core.book.takeSeq();
    const takerSeq = this.#core.book.takeSeq();
    const symbol = this.#symbol;
    events.push({ type: 'TradeAmended', ...amendment, symbol, ...amended, makerSeq, takerSeq, at });
    return 'Done';
  }

  /** An order that is open in the book or closed for good; undefined for one that was open and is not any more. */
  #asItStands(committed: OrderSnapshot): OrderSnapshot | undefined {
    assert(committed.symbol === this.#symbol, `order ${committed.orderId} belongs to another symbol`);
    return this.find(committed.orderId) ?? (committed.leavesQty === 0 ? committed : undefined);
  }

  #massCancel(command: MassCancelOrders, at: number, events: BookEvent[]): CommandOutcome {
    assert(command.userId !== EVERY_USER, 'a mass cancel of one user names the user');
    const side = command.side === undefined ? BOTH_SIDES : Number(command.side);
    const { userId = EVERY_USER, atMost = Number.POSITIVE_INFINITY } = command;
    const isDone = this.#core.sweeps.cancel(userId, side, atMost);
    this.#done(at, events, command);
    return isDone ? 'Done' : 'Unfinished';
  }

  #done(at: number, events: BookEvent[], cause?: CancelCause, before?: OrderSnapshot): CommandOutcome {
    const context = {
      symbol: this.#symbol,
      at,
      nextTradeId: this.#nextTradeId,
      requestClOrdId: cause?.clOrdId,
      unsolicited: cause?.unsolicited,
      before,
    };
    readEvents(this.#core.book.events, this.#codec, context, events);
    return 'Done';
  }
}

function bestOf(ladder: PriceLadder): Ticks | undefined {
  return ladder.best === 0 ? undefined : (ladder.price(ladder.best) as Ticks);
}

/** Limit (40=2) and triggered stop-limit orders (40=4) wait in the book for a price, unless they are momentary. */
function canRest({ ordType, timeInForce }: OrderSnapshot): boolean {
  return (ordType === '2' || ordType === '4') && timeInForce !== '3' && timeInForce !== '4';
}

/** What is displayed is a slice of what is left, no larger than MaxFloor. */
function hasSlice({ maxFloor, displayedQty, leavesQty }: OrderSnapshot): boolean {
  if (maxFloor === undefined) return displayedQty === undefined;
  return displayedQty !== undefined && displayedQty > 0 && displayedQty <= Math.min(maxFloor, leavesQty);
}

/** The account has refused every other combination. */
function assertTerms(order: Combination & { readonly orderId: OrderId }): void {
  assert(goTogether(order), `order ${order.orderId} combines what does not go together`);
}
