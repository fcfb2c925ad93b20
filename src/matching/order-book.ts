/**
 * The order book of one symbol: price-time priority, trades at the resting order's price. Pure: commands in,
 * events out, no clock and no I/O, so that the same commands always make the same events.
 *
 * Orders are found by id in a Map, which also remembers their age: an order enters it when it comes to rest and
 * leaves it when it closes or loses priority, so that the Map's own order is ascending priority. Prices are in
 * price-levels.ts.
 */
import { assert, assertNever } from '../platform/assert.ts';
import { BookOrder } from './book-order.ts';
import { type PriceLevel, PriceLevels } from './price-levels.ts';
import { StateHash } from './state-hash.ts';
import {
  type BookCommand,
  type BookEvent,
  BUY,
  type CancelAllOrders,
  type CancelOrder,
  type CommandOutcome,
  type EnterOrder,
  type ExpireOrders,
  type Lots,
  type OrderId,
  type OrderSnapshot,
  type ReplaceOrder,
  SELL,
  type Side,
  type Ticks,
  type TradeId,
} from './types.ts';

export interface OrderBookOptions {
  readonly symbol: string;
  /** The last sequence number that the book gave out before; 0 for a new book. */
  readonly lastSeq: number;
  /** Gives an id that no trade of the venue ever had. */
  readonly nextTradeId: () => TradeId;
}

/** One price of {@link OrderBook.depth}. */
export interface DepthLevel {
  readonly price: Ticks;
  /** Lots at this price; a bigint, since a sum over many orders may leave the safe integers. */
  readonly quantity: bigint;
  readonly orderCount: number;
}

export class OrderBook {
  readonly #symbol: string;
  readonly #nextTradeId: () => TradeId;
  readonly #bids = new PriceLevels(BUY);
  readonly #asks = new PriceLevels(SELL);
  /** Resting orders only, in ascending priority. */
  readonly #orders = new Map<OrderId, BookOrder>();
  #lastSeq: number;
  #lastRestoredPriority = 0;

  constructor(options: OrderBookOptions) {
    this.#symbol = options.symbol;
    this.#lastSeq = options.lastSeq;
    this.#nextTradeId = options.nextTradeId;
  }

  /** The last book sequence number given out: one per report, gap-free. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Puts an open order back where it was. For recovery: before any command, in ascending priority. Asserts that
   * the order is working, belongs here, and does not cross the book.
   */
  restore(order: OrderSnapshot): void {
    const { orderId, quantity, cumQty, leavesQty, ordStatus, priority } = order;
    assert(order.symbol === this.#symbol, `order ${orderId} belongs to another symbol`);
    assert(canRest(order), `order ${orderId} is of a kind that never rests`);
    assert(leavesQty > 0 && quantity === cumQty + leavesQty, `order ${orderId} is not working`);
    assert(ordStatus === (cumQty === 0 ? '0' : '1'), `order ${orderId} has the status of another state`);
    assert(priority > this.#lastRestoredPriority, `order ${orderId} is restored out of its turn`);
    assert(priority <= this.#lastSeq, `order ${orderId} is younger than the book`);
    assert(
      this.#facing(order.side).bestWithin(order.price) === undefined,
      `order ${orderId} crosses the book`,
    );
    this.#lastRestoredPriority = priority;
    this.#rest(new BookOrder(order));
  }

  /**
   * Carries out one command at time `at` (ms since the epoch) and appends what happened to `events`. Refusals by
   * the rules of the market happen before: the only one left is `NoSuchOrder`, which appends nothing.
   */
  execute(command: BookCommand, at: number, events: BookEvent[]): CommandOutcome {
    switch (command.type) {
      case 'EnterOrder':
        return this.#enter(command, at, events);
      case 'CancelOrder':
        return this.#cancel(command, at, events);
      case 'ReplaceOrder':
        return this.#replace(command, at, events);
      case 'ExpireOrders':
        return this.#expireDayOrders(command, at, events);
      case 'CancelAllOrders':
        return this.#cancelAll(command, at, events);
      default:
        return assertNever(command);
    }
  }

  /** A copy of an open order; undefined when it is closed or was never here. */
  find(orderId: OrderId): OrderSnapshot | undefined {
    return this.#orders.get(orderId)?.snapshot();
  }

  bestBid(): Ticks | undefined {
    return this.#bids.best?.price;
  }

  bestAsk(): Ticks | undefined {
    return this.#asks.best?.price;
  }

  /** At most `maxLevels` price levels of one side, best first. */
  depth(side: Side, maxLevels: number): DepthLevel[] {
    const depth: DepthLevel[] = [];
    for (const { price, quantity, orderCount } of this.#own(side)) {
      if (depth.length >= maxLevels) break;
      depth.push({ price, quantity, orderCount });
    }
    return depth;
  }

  /** Copies of all open orders in ascending priority: what {@link restore} takes. */
  *openOrders(): Generator<OrderSnapshot> {
    for (const order of this.#orders.values()) yield order.snapshot();
  }

  /**
   * Fingerprint of the open orders as they stand in their queues: equal for equal books, whatever their history.
   * {@link lastSeq} is not part of it.
   */
  stateHash(): string {
    const hash = new StateHash();
    const bigintAsText = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);
    for (const side of [this.#bids, this.#asks]) {
      for (const level of side) {
        for (let order = level.oldest; order !== undefined; order = order.newer) {
          hash.add(JSON.stringify(order.snapshot(), bigintAsText));
        }
      }
    }
    return hash.digest();
  }

  #enter(command: EnterOrder, at: number, events: BookEvent[]): CommandOutcome {
    assert(!this.#orders.has(command.orderId), `order ${command.orderId} is in the book already`);
    assert(command.quantity > 0, `order ${command.orderId} has no quantity`);
    const seq = this.#takeSeq();
    const accepted: OrderSnapshot = {
      orderId: command.orderId,
      userId: command.userId,
      symbol: this.#symbol,
      clOrdId: command.clOrdId,
      side: command.side,
      ordType: command.ordType,
      timeInForce: command.timeInForce,
      price: command.price,
      quantity: command.quantity,
      cumQty: 0 as Lots,
      leavesQty: command.quantity,
      cumNotional: 0n,
      ordStatus: '0',
      priority: seq,
      acceptedSeq: seq,
      makerFeeRate: command.makerFeeRate,
      takerFeeRate: command.takerFeeRate,
      tradingDay: command.tradingDay,
      enteredAt: at,
    };
    events.push({ type: 'OrderAccepted', order: accepted, seq, at });

    const order = new BookOrder(accepted);
    const limit = command.ordType === '1' ? 'protection price' : 'limit';
    if (command.timeInForce === '4' && !this.#facing(command.side).canFill(command.price, command.quantity)) {
      this.#expire(order, `the full quantity is not available at or within the ${limit}`, at, events);
      return 'Done';
    }
    this.#match(order, at, events);
    if (order.leavesQty === 0) return 'Done';
    if (canRest(order)) this.#rest(order);
    else this.#expire(order, `no more liquidity at or within the ${limit}`, at, events);
    return 'Done';
  }

  #cancel(command: CancelOrder, at: number, events: BookEvent[]): CommandOutcome {
    const order = this.#orders.get(command.orderId);
    if (order === undefined) return 'NoSuchOrder';
    const { clOrdId: requestClOrdId, unsolicited } = command;
    this.#remove(order);
    const canceledQty = order.close('4');
    const seq = this.#takeSeq();
    events.push({
      type: 'OrderCanceled',
      order: order.snapshot(),
      canceledQty,
      requestClOrdId,
      unsolicited,
      seq,
      at,
    });
    return 'Done';
  }

  #replace(command: ReplaceOrder, at: number, events: BookEvent[]): CommandOutcome {
    const order = this.#orders.get(command.orderId);
    if (order === undefined) return 'NoSuchOrder';
    assert(command.quantity > 0, `order ${command.orderId} is replaced to no quantity`);
    const before = order.snapshot();
    const origClOrdId = before.clOrdId;
    const seq = this.#takeSeq();
    const isFilled = command.quantity <= order.cumQty;
    const keepsPlace = !isFilled && command.price === order.price && command.quantity <= order.quantity;

    if (keepsPlace) this.#levelOf(order).reduce((order.quantity - command.quantity) as Lots);
    else this.#remove(order);
    order.amend(command.clOrdId, command.price, command.quantity);
    if (!keepsPlace && !isFilled) order.priority = seq;
    events.push({ type: 'OrderReplaced', order: order.snapshot(), before, origClOrdId, seq, at });
    if (keepsPlace) return 'Done';

    this.#match(order, at, events);
    if (order.leavesQty > 0) this.#rest(order);
    return 'Done';
  }

  #expireDayOrders(command: ExpireOrders, at: number, events: BookEvent[]): CommandOutcome {
    for (const order of this.#orders.values()) {
      if (order.timeInForce !== '0' || order.tradingDay >= command.tradingDay) continue;
      this.#remove(order);
      this.#expire(order, 'the trading day has ended', at, events);
    }
    return 'Done';
  }

  #cancelAll(command: CancelAllOrders, at: number, events: BookEvent[]): CommandOutcome {
    const { unsolicited } = command;
    for (const orderId of this.#orders.keys()) {
      this.#cancel({ type: 'CancelOrder', orderId, clOrdId: undefined, unsolicited }, at, events);
    }
    return 'Done';
  }

  /** Trades the aggressor, oldest order of the best price first, as far as its limit allows. */
  #match(taker: BookOrder, at: number, events: BookEvent[]): void {
    const facing = this.#facing(taker.side);
    while (taker.leavesQty > 0) {
      const level = facing.bestWithin(taker.price);
      if (level === undefined) return;
      const maker = level.oldest;
      assert(maker !== undefined, 'a level in the book has an order');
      const quantity = maker.leavesQty < taker.leavesQty ? maker.leavesQty : taker.leavesQty;
      maker.fill(level.price, quantity);
      taker.fill(level.price, quantity);
      level.reduce(quantity);
      if (maker.leavesQty === 0) this.#remove(maker);
      events.push({
        type: 'TradeExecuted',
        tradeId: this.#nextTradeId(),
        symbol: this.#symbol,
        price: level.price,
        quantity,
        maker: maker.snapshot(),
        taker: taker.snapshot(),
        makerSeq: this.#takeSeq(),
        takerSeq: this.#takeSeq(),
        at,
      });
    }
  }

  /** Reports the end of an order that is not in the book, or not any more. */
  #expire(order: BookOrder, text: string, at: number, events: BookEvent[]): void {
    const expiredQty = order.close('C');
    events.push({
      type: 'OrderExpired',
      order: order.snapshot(),
      expiredQty,
      text,
      seq: this.#takeSeq(),
      at,
    });
  }

  #rest(order: BookOrder): void {
    assert(!this.#orders.has(order.orderId), `order ${order.orderId} is in the book already`);
    this.#own(order.side).levelAt(order.price).append(order);
    this.#orders.set(order.orderId, order);
  }

  #remove(order: BookOrder): void {
    const level = this.#levelOf(order);
    level.unlink(order);
    if (level.orderCount === 0) this.#own(order.side).remove(level);
    this.#orders.delete(order.orderId);
  }

  #levelOf(order: BookOrder): PriceLevel {
    assert(order.level !== undefined, `order ${order.orderId} does not rest`);
    return order.level;
  }

  #own(side: Side): PriceLevels {
    return side === BUY ? this.#bids : this.#asks;
  }

  #facing(side: Side): PriceLevels {
    return side === BUY ? this.#asks : this.#bids;
  }

  #takeSeq(): number {
    this.#lastSeq += 1;
    return this.#lastSeq;
  }
}

/** Only limit orders (40=2) for the day (59=0) or till cancel (59=1) wait in the book. */
function canRest(order: Pick<OrderSnapshot, 'ordType' | 'timeInForce'>): boolean {
  return order.ordType === '2' && (order.timeInForce === '0' || order.timeInForce === '1');
}
