/**
 * A working order inside the book: the one mutable object of the matching core. It is also the link of its price
 * level's queue, so that a cancel finds its neighbours without a search.
 */
import { assert } from '../platform/assert.ts';
import type { PriceLevel } from './price-levels.ts';
import type {
  Lots,
  OrderId,
  OrderSnapshot,
  OrdStatus,
  OrdType,
  Side,
  Ticks,
  TimeInForce,
  UserId,
} from './types.ts';

/** An order while the book holds it. What leaves the book is a {@link BookOrder.snapshot}, never this object. */
export class BookOrder {
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly symbol: string;
  readonly side: Side;
  readonly ordType: OrdType;
  readonly timeInForce: TimeInForce;
  readonly acceptedSeq: number;
  readonly makerFeeRate: number;
  readonly takerFeeRate: number;
  readonly tradingDay: string;
  readonly enteredAt: number;
  clOrdId: string;
  price: Ticks;
  quantity: Lots;
  cumQty: Lots;
  leavesQty: Lots;
  cumNotional: bigint;
  ordStatus: OrdStatus;
  priority: number;

  /** The level at which the order rests; undefined while it is an aggressor. */
  level: PriceLevel | undefined = undefined;
  /** The next older order of the level, which trades before this one. */
  older: BookOrder | undefined = undefined;
  /** The next newer order of the level, which trades after this one. */
  newer: BookOrder | undefined = undefined;

  constructor(snapshot: OrderSnapshot) {
    this.orderId = snapshot.orderId;
    this.userId = snapshot.userId;
    this.symbol = snapshot.symbol;
    this.side = snapshot.side;
    this.ordType = snapshot.ordType;
    this.timeInForce = snapshot.timeInForce;
    this.acceptedSeq = snapshot.acceptedSeq;
    this.makerFeeRate = snapshot.makerFeeRate;
    this.takerFeeRate = snapshot.takerFeeRate;
    this.tradingDay = snapshot.tradingDay;
    this.enteredAt = snapshot.enteredAt;
    this.clOrdId = snapshot.clOrdId;
    this.price = snapshot.price;
    this.quantity = snapshot.quantity;
    this.cumQty = snapshot.cumQty;
    this.leavesQty = snapshot.leavesQty;
    this.cumNotional = snapshot.cumNotional;
    this.ordStatus = snapshot.ordStatus;
    this.priority = snapshot.priority;
  }

  /** A copy that later fills do not change. */
  snapshot(): OrderSnapshot {
    return {
      orderId: this.orderId,
      userId: this.userId,
      symbol: this.symbol,
      clOrdId: this.clOrdId,
      side: this.side,
      ordType: this.ordType,
      timeInForce: this.timeInForce,
      price: this.price,
      quantity: this.quantity,
      cumQty: this.cumQty,
      leavesQty: this.leavesQty,
      cumNotional: this.cumNotional,
      ordStatus: this.ordStatus,
      priority: this.priority,
      acceptedSeq: this.acceptedSeq,
      makerFeeRate: this.makerFeeRate,
      takerFeeRate: this.takerFeeRate,
      tradingDay: this.tradingDay,
      enteredAt: this.enteredAt,
    };
  }

  /** Moves `quantity` lots from LeavesQty (151) to CumQty (14), traded at `price`. */
  fill(price: Ticks, quantity: Lots): void {
    assert(quantity > 0 && quantity <= this.leavesQty, 'a fill is never larger than what is left');
    this.cumQty = (this.cumQty + quantity) as Lots;
    this.leavesQty = (this.leavesQty - quantity) as Lots;
    this.cumNotional += BigInt(price) * BigInt(quantity);
    this.ordStatus = this.leavesQty === 0 ? '2' : '1';
  }

  /** Ends the order with `ordStatus` and returns what was left of it. */
  close(ordStatus: '4' | 'C'): Lots {
    const leavesQty = this.leavesQty;
    this.leavesQty = 0 as Lots;
    this.ordStatus = ordStatus;
    return leavesQty;
  }

  /** Takes the terms of a replace (G): a total at or below CumQty (14) ends the order as filled. */
  amend(clOrdId: string, price: Ticks, quantity: Lots): void {
    this.clOrdId = clOrdId;
    this.price = price;
    this.quantity = quantity > this.cumQty ? quantity : this.cumQty;
    this.leavesQty = (this.quantity - this.cumQty) as Lots;
    if (this.leavesQty === 0) this.ordStatus = '2';
    else this.ordStatus = this.cumQty === 0 ? '0' : '1';
  }
}
