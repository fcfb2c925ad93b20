/** A stream of plausible and implausible book commands from a seed, for the model and restore tests. */
import {
  type BookCommand,
  BUY,
  type EnterOrder,
  type ExpireOrders,
  type Lots,
  lots,
  type OrderId,
  type OrderInstructions,
  type OrderLabels,
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
  /** Also stops, icebergs, post-only, MinQty, all or none, good till date and self-trade prevention. */
  readonly hasInstructions?: boolean;
}

/** The instant from which good-till-date orders of a stream count; one unit per day of the stream and order. */
const FIRST_INSTANT = 1_700_000_000_000;

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
      return {
        type: 'MassCancelOrders',
        userId: undefined,
        side: undefined,
        clOrdId: undefined,
        unsolicited: { execRestatementReason: 99, text: 'halt' },
      };
    if (draw < 0.0005) {
      this.#day += 1;
      return { type: 'ExpireOrders', tradingDay: this.#tradingDay() };
    }
    if (this.#profile.hasInstructions === true && draw < 0.004) return this.#operate();
    if (draw < (crowded ? 0.4 : 0.06)) return this.#cancel(openOrders);
    if (draw < 0.7) return this.#profile.hasInstructions === true ? this.#enterAnyKind() : this.#enter();
    return this.#replace(openOrders);
  }

  /** What reaches several orders at once: time passing, and mass cancels. */
  #operate(): BookCommand {
    const random = this.#random;
    if (random.chance(0.7)) return this.#passTime();
    const isMember = random.chance(0.5);
    return {
      type: 'MassCancelOrders',
      userId: random.chance(0.8) ? random.integer(1, 4) : undefined,
      side: random.pick([BUY, SELL, undefined]),
      clOrdId: isMember ? 'q' : undefined,
      unsolicited: isMember ? undefined : { execRestatementReason: 8, text: 'by the operator' },
      ...this.#portion(),
    };
  }

  #passTime(): ExpireOrders {
    const upTo = FIRST_INSTANT + this.#lastOrderId;
    return { type: 'ExpireOrders', tradingDay: this.#tradingDay(), upTo, ...this.#portion() };
  }

  /** Mostly all at once; else a portion, which the same command or any other comes after. */
  #portion(): { readonly atMost?: number } {
    const random = this.#random;
    return random.chance(0.6) ? {} : { atMost: random.integer(1, 3) };
  }

  #enterAnyKind(): EnterOrder {
    const random = this.#random;
    const plain = { ...this.#enter(), userId: random.integer(1, 4) };
    const kind = random.pick(['plain', 'plain', 'plain', 'stop', 'iceberg', 'post-only', 'least'] as const);
    const order = this.#withKind(plain, kind);
    const endsAtTime = order.timeInForce === '1' && random.chance(0.3);
    return {
      ...order,
      ...(endsAtTime ? { timeInForce: '6', ...this.#end() } : {}),
      ...(random.chance(0.5) ? this.#selfTradeTerms() : {}),
      ...(random.chance(0.1) ? this.#labels() : {}),
    };
  }

  #withKind(order: EnterOrder, kind: 'plain' | 'stop' | 'iceberg' | 'post-only' | 'least'): EnterOrder {
    const random = this.#random;
    const { quantity } = order;
    const lasting = { timeInForce: random.pick<TimeInForce>(['0', '1']) };
    const maxFloor = { maxFloor: lots(random.integer(Math.ceil(quantity / 6), quantity)) };
    switch (kind) {
      case 'plain':
        return order;
      case 'stop': {
        const ordType = random.pick(['3', '4'] as const);
        const isIceberg = ordType === '4' && random.chance(0.2);
        const stopPx = this.#anyPrice();
        return { ...order, ...lasting, ordType, stopPx, ...(isIceberg ? maxFloor : {}) };
      }
      case 'iceberg':
        return { ...order, ...lasting, ordType: '2', ...maxFloor };
      case 'post-only': {
        const isIceberg = random.chance(0.3);
        const slides = random.chance(0.5) ? ({ slides: true } as const) : {};
        return {
          ...order,
          ...lasting,
          ordType: '2',
          execInst: '6',
          ...slides,
          ...(isIceberg ? maxFloor : {}),
        };
      }
      case 'least':
        if (random.chance(0.3)) return { ...order, timeInForce: random.pick(['3', '4']), execInst: 'G' };
        return { ...order, minQty: lots(Math.max(1, random.integer(1, quantity) - random.integer(0, 2))) };
    }
  }

  #end(): Pick<EnterOrder, 'expireTime' | 'expireDate'> {
    const expireTime = FIRST_INSTANT + this.#lastOrderId + this.#random.integer(1, 300);
    return this.#random.chance(0.3) ? { expireTime, expireDate: this.#tradingDay() } : { expireTime };
  }

  #selfTradeTerms(): OrderInstructions {
    const random = this.#random;
    const modes = ['CancelNewest', 'CancelOldest', 'CancelBoth', 'Decrement'] as const;
    const selfTradePrevention = random.pick(modes);
    return random.chance(0.3)
      ? { selfTradePrevention, selfTradeGroup: random.integer(1, 2) }
      : { selfTradePrevention };
  }

  #labels(): OrderLabels {
    const random = this.#random;
    const account = `a${random.integer(1, 9)}`;
    return random.chance(0.5) ? { account } : { account, secondaryClOrdId: 's', clOrdLinkId: 'l' };
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
    const clOrdId = `r${random.integer(1, 1e9)}`;
    return {
      type: 'ReplaceOrder',
      orderId,
      clOrdId,
      price,
      quantity,
      ...this.#newInstructions(order, quantity),
    };
  }

  #newInstructions(order: OrderSnapshot | undefined, quantity: Lots): OrderInstructions {
    if (order === undefined || this.#profile.hasInstructions !== true) return {};
    const random = this.#random;
    const isThin = order.maxFloor !== undefined && order.maxFloor * 6 < quantity;
    const mayHide = order.ordType === '2' || order.ordType === '4';
    return {
      ...(order.stopPx !== undefined && random.chance(0.5) ? { stopPx: this.#anyPrice() } : {}),
      ...(isThin || (mayHide && random.chance(0.2))
        ? { maxFloor: lots(random.integer(Math.ceil(quantity / 6), quantity)) }
        : {}),
      ...(order.timeInForce === '6' && random.chance(0.4) ? this.#end() : {}),
    };
  }

  #anyPrice(): Ticks {
    return ticks(this.#random.integer(this.#profile.lowestPrice, this.#profile.highestPrice));
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
    const { largestQuantity } = this.#profile;
    // Of very large quantities each order of magnitude comes as often: sums pass every bound.
    if (largestQuantity > 1e6) return lots(Math.floor(largestQuantity ** this.#random.next()));
    return lots(this.#random.integer(1, largestQuantity));
  }

  #tradingDay(): string {
    return new Date(Date.UTC(2024, 0, this.#day)).toISOString().slice(0, 10);
  }
}
