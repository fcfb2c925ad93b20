/** A stream of plausible and implausible book commands from a seed, for the model and restore tests. */
import {
  type BookCommand,
  BUY,
  type EnterOrder,
  type Lots,
  lots,
  type OrderId,
  type OrderSnapshot,
  SELL,
  type Side,
  type Ticks,
  type TimeInForce,
  ticks,
} from '../../src/matching/types.ts';
import type { Random } from './random.ts';

/** What kind of market the stream makes. */
export interface MarketProfile {
  readonly name: string;
  readonly lowestPrice: number;
  readonly highestPrice: number;
  readonly largestQuantity: number;
  /** Above this number of open orders, cancels prevail. */
  readonly openOrderAim: number;
}

export class RandomCommands {
  readonly #random: Random;
  readonly #profile: MarketProfile;
  #lastOrderId = 0;
  #day = 1;

  constructor(random: Random, profile: MarketProfile) {
    this.#random = random;
    this.#profile = profile;
  }

  /** The next command for a book whose open orders are these. */
  next(openOrders: readonly OrderSnapshot[]): BookCommand {
    const random = this.#random;
    const crowded = openOrders.length > this.#profile.openOrderAim;
    const draw = random.next();
    if (draw < 0.0002)
      return { type: 'CancelAllOrders', unsolicited: { execRestatementReason: 99, text: 'halt' } };
    if (draw < 0.0005) {
      this.#day += 1;
      return { type: 'ExpireOrders', tradingDay: this.#tradingDay() };
    }
    if (draw < (crowded ? 0.4 : 0.06)) return this.#cancel(openOrders);
    if (draw < 0.7) return this.#enter();
    return this.#replace(openOrders);
  }

  #enter(): EnterOrder {
    const random = this.#random;
    this.#lastOrderId += 1;
    const side = random.pick([BUY, SELL]);
    const timeInForce = random.pick<TimeInForce>(['0', '0', '0', '0', '1', '1', '1', '1', '3', '4']);
    return {
      type: 'EnterOrder',
      orderId: this.#lastOrderId,
      userId: random.integer(1, 9),
      clOrdId: `c${this.#lastOrderId}`,
      side,
      ordType: random.chance(0.06) ? '1' : '2',
      timeInForce,
      price: this.#price(side),
      quantity: this.#quantity(),
      makerFeeRate: 100_000,
      takerFeeRate: 200_000,
      tradingDay: this.#tradingDay(),
    };
  }

  #cancel(openOrders: readonly OrderSnapshot[]): BookCommand {
    const orderId = this.#someOrderId(openOrders);
    if (this.#random.chance(0.8))
      return { type: 'CancelOrder', orderId, clOrdId: 'x', unsolicited: undefined };
    const unsolicited = { execRestatementReason: 8, text: 'by the operator' };
    return { type: 'CancelOrder', orderId, clOrdId: undefined, unsolicited };
  }

  #replace(openOrders: readonly OrderSnapshot[]): BookCommand {
    const random = this.#random;
    const orderId = this.#someOrderId(openOrders);
    const order = openOrders.find((candidate) => candidate.orderId === orderId);
    const price = order !== undefined && random.chance(0.5) ? order.price : this.#price(order?.side ?? BUY);
    // Around what is filled and what is asked for lie the cases that differ.
    const near =
      order === undefined ? [1] : [order.cumQty - 1, order.cumQty, order.quantity - 1, order.quantity];
    const quantity = random.chance(0.5) ? lots(Math.max(1, random.pick(near))) : this.#quantity();
    return { type: 'ReplaceOrder', orderId, clOrdId: `r${random.integer(1, 1e9)}`, price, quantity };
  }

  /** Mostly an open order, sometimes one that is closed or never was. */
  #someOrderId(openOrders: readonly OrderSnapshot[]): OrderId {
    if (openOrders.length > 0 && this.#random.chance(0.95)) return this.#random.pick(openOrders).orderId;
    return openOrders.some((order) => order.orderId === this.#lastOrderId) ? 0 : this.#lastOrderId;
  }

  /** Mostly on the order's own side of the middle, so that both sides grow deep. */
  #price(side: Side): Ticks {
    const { lowestPrice, highestPrice } = this.#profile;
    const middle = Math.floor((lowestPrice + highestPrice) / 2);
    if (this.#random.chance(0.4)) return ticks(this.#random.integer(lowestPrice, highestPrice));
    return ticks(
      side === BUY ? this.#random.integer(lowestPrice, middle) : this.#random.integer(middle, highestPrice),
    );
  }

  #quantity(): Lots {
    return lots(this.#random.integer(1, this.#profile.largestQuantity));
  }

  #tradingDay(): string {
    return new Date(Date.UTC(2024, 0, this.#day)).toISOString().slice(0, 10);
  }
}
