/**
 * The open orders of an account by symbol and side, those on their way included, and how many of them are stops that
 * wait. Apart from the account, so that a question about one symbol or side (AF, q) costs what it has there and not
 * what the member has in all.
 */
import { BUY, type OrderSnapshot, SELL, type Side } from '../matching/types.ts';
import { assert } from '../platform/assert.ts';
import type { WorkingOrder } from './account-state.ts';

/** Which orders are meant: absent means all symbols, and both sides. */
export interface OrderSelection {
  readonly symbol: string | undefined;
  readonly side: Side | undefined;
}

interface OrdersOfSymbol {
  readonly buys: Set<WorkingOrder>;
  readonly sells: Set<WorkingOrder>;
  waitingStops: number;
}

export class OrdersBySymbol {
  readonly #symbols = new Map<string, OrdersOfSymbol>();

  add(order: WorkingOrder): void {
    const { symbol, side } = order.state;
    let orders = this.#symbols.get(symbol);
    if (orders === undefined) {
      orders = { buys: new Set(), sells: new Set(), waitingStops: 0 };
      this.#symbols.set(symbol, orders);
    }
    sideOf(orders, side).add(order);
    if (isWaitingStop(order.state)) orders.waitingStops += 1;
  }

  /** To be told before the order has its new state. */
  change(order: WorkingOrder, state: OrderSnapshot): void {
    // Nothing else of an order that is kept here can change, and few orders are stops.
    if (!isWaitingStop(order.state) || isWaitingStop(state)) return;
    this.#of(order).waitingStops -= 1;
  }

  remove(order: WorkingOrder): void {
    const orders = this.#of(order);
    sideOf(orders, order.state.side).delete(order);
    if (isWaitingStop(order.state)) orders.waitingStops -= 1;
    if (orders.buys.size + orders.sells.size === 0) this.#symbols.delete(order.state.symbol);
  }

  /** Stops of the symbol that wait for their trigger, or are on their way to it. */
  waitingStops(symbol: string): number {
    return this.#symbols.get(symbol)?.waitingStops ?? 0;
  }

  /** How many orders are meant. */
  count({ symbol, side }: OrderSelection): number {
    let count = 0;
    for (const orders of this.#chosen(symbol)) count += countOf(orders, side);
    return count;
  }

  /** The symbols in which orders are meant. */
  symbols({ symbol, side }: OrderSelection): string[] {
    const names = symbol === undefined ? [...this.#symbols.keys()] : [symbol];
    return names.filter((name) => this.count({ symbol: name, side }) > 0);
  }

  /** The orders that are meant, by symbol. */
  *select({ symbol, side }: OrderSelection): Generator<WorkingOrder, void, undefined> {
    for (const { buys, sells } of this.#chosen(symbol)) {
      if (side !== SELL) yield* buys;
      if (side !== BUY) yield* sells;
    }
  }

  #chosen(symbol: string | undefined): Iterable<OrdersOfSymbol> {
    if (symbol === undefined) return this.#symbols.values();
    const orders = this.#symbols.get(symbol);
    return orders === undefined ? [] : [orders];
  }

  #of({ state }: WorkingOrder): OrdersOfSymbol {
    const orders = this.#symbols.get(state.symbol);
    assert(orders !== undefined, `order ${state.orderId} is not among those of its symbol`);
    return orders;
  }
}

function sideOf(orders: OrdersOfSymbol, side: Side): Set<WorkingOrder> {
  return side === BUY ? orders.buys : orders.sells;
}

function countOf({ buys, sells }: OrdersOfSymbol, side: Side | undefined): number {
  return (side === SELL ? 0 : buys.size) + (side === BUY ? 0 : sells.size);
}

function isWaitingStop({ stopPx, triggered }: OrderSnapshot): boolean {
  return stopPx !== undefined && triggered !== true;
}
