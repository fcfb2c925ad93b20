/** A stream of members' requests of every kind from a seed, good ones mostly, as they come from the wire. */
import type {
  MemberCommand,
  NewOrderSingle,
  OrderCancelReplaceRequest,
} from '../../src/matching/order-commands.ts';
import {
  BUY,
  type OrdType,
  SELL,
  type SelfTradePrevention,
  type TimeInForce,
} from '../../src/matching/types.ts';
import { AT, TODAY, TOMORROW } from './judging-desk.ts';
import {
  buyOrder,
  cancelOrder,
  massCancel,
  massStatusRequest,
  replaceOrder,
  statusRequest,
} from './member-commands.ts';
import type { Random } from './random.ts';

const MODES: readonly (SelfTradePrevention | 'None')[] = [
  'None',
  'CancelNewest',
  'CancelOldest',
  'CancelBoth',
  'Decrement',
];

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The requests of one member. */
export class RandomRequests {
  readonly #random: Random;
  readonly #orders: NewOrderSingle[] = [];
  #lastNo = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): MemberCommand {
    const random = this.#random;
    const draw = random.next();
    const order = this.#orders.length === 0 ? undefined : random.pick(this.#orders.slice(-8));
    if (draw < 0.6 || order === undefined) return this.#newOrder();
    if (draw < 0.85) return this.#replace(order);
    const { clOrdId, side } = order;
    if (draw < 0.95) return cancelOrder(this.#id('x'), clOrdId, { side });
    if (draw < 0.97) return massCancel(this.#id('q'), random.chance(0.5) ? { side } : {});
    return random.chance(0.5) ? statusRequest(clOrdId, { side }) : massStatusRequest('m');
  }

  #newOrder(): NewOrderSingle {
    const random = this.#random;
    const ordType = random.pick<OrdType>(['1', '2', '2', '2', '2', '2', '3', '4']);
    const timeInForce = random.pick<TimeInForce>(['0', '0', '1', '1', '1', '3', '4', '6']);
    const plain = buyOrder(this.#id('d'), this.#quantity(), undefined, {
      side: random.pick([BUY, SELL]),
      ordType,
      timeInForce,
      ...(ordType === '2' || ordType === '4' ? { price: this.#price() } : {}),
    });
    const order: Writable<NewOrderSingle> = plain;
    if (ordType === '3' || ordType === '4') order.stopPx = this.#price();
    if (timeInForce === '6') this.#addEnd(order);
    const isMomentary = timeInForce === '3' || timeInForce === '4';
    if (random.chance(0.15)) order.execInst = isMomentary ? 'G' : '6';
    if (random.chance(0.15)) order.minQty = this.#quantity();
    if (random.chance(0.2)) order.maxFloor = this.#quantity();
    if (random.chance(0.5)) order.selfTradePrevention = random.pick(MODES);
    if (random.chance(0.2)) order.selfTradeGroup = random.integer(1, 2);
    if (random.chance(0.1)) order.account = 'desk 1';
    this.#orders.push(order);
    return order;
  }

  #replace({ clOrdId, side, ordType, timeInForce }: NewOrderSingle): OrderCancelReplaceRequest {
    const random = this.#random;
    const price = ordType === '2' || ordType === '4' ? this.#price() : undefined;
    const replace: Writable<OrderCancelReplaceRequest> = replaceOrder(
      this.#id('g'),
      clOrdId,
      this.#quantity(),
      price,
      { side, ordType },
    );
    if ((ordType === '3' || ordType === '4') && random.chance(0.6)) replace.stopPx = this.#price();
    if (random.chance(0.2)) replace.maxFloor = this.#quantity();
    if (timeInForce === '6' && random.chance(0.4)) this.#addEnd(replace);
    // Later requests name the order by this replace, whether it will be accepted or not.
    this.#orders.push({ ...buyOrder(replace.clOrdId, replace.orderQty, price), side, ordType, timeInForce });
    return replace;
  }

  #addEnd(order: Writable<Pick<NewOrderSingle, 'expireTime' | 'expireDate'>>): void {
    const random = this.#random;
    if (random.chance(0.3)) order.expireDate = random.pick([TODAY, TOMORROW]);
    else order.expireTime = AT + random.integer(-1, 200);
  }

  #price(): string {
    return `${this.#random.integer(95, 105)}`;
  }

  #quantity(): string {
    return `${this.#random.integer(1, 20) / 10}`;
  }

  #id(kind: string): string {
    this.#lastNo += 1;
    return `${kind}${this.#lastNo}`;
  }
}
