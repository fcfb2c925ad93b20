/**
 * The book's rules written for the reader: one array of immutable orders, searched with filters and sorts. Slow
 * and plain, so that the real book can be compared with it at every step.
 */
import {
  type BookCommand,
  type BookEvent,
  BUY,
  type CommandOutcome,
  type EnterOrder,
  type ExpireOrders,
  type Lots,
  lots,
  type OrderId,
  type OrderSnapshot,
  type ReplaceOrder,
  SELL,
  type Side,
  type Ticks,
  type TradeId,
  type UnsolicitedCancel,
} from '../../src/matching/types.ts';

export class NaiveBook {
  readonly #symbol: string;
  readonly #nextTradeId: () => TradeId;
  /** Open orders, in no particular order. */
  orders: readonly OrderSnapshot[] = [];
  lastSeq = 0;
  #at = 0;
  #events: BookEvent[] = [];

  constructor(symbol: string, nextTradeId: () => TradeId) {
    this.#symbol = symbol;
    this.#nextTradeId = nextTradeId;
  }

  execute(command: BookCommand, at: number, events: BookEvent[]): CommandOutcome {
    this.#at = at;
    this.#events = events;
    switch (command.type) {
      case 'EnterOrder':
        return this.#enter(command);
      case 'CancelOrder':
        return this.#cancel(command.orderId, command.clOrdId, command.unsolicited);
      case 'ReplaceOrder':
        return this.#replace(command);
      case 'ExpireOrders':
        return this.#expireDay(command);
      case 'CancelAllOrders':
        for (const order of this.byPriority()) this.#cancel(order.orderId, undefined, command.unsolicited);
        return 'Done';
    }
  }

  byPriority(): OrderSnapshot[] {
    return [...this.orders].sort((a, b) => a.priority - b.priority);
  }

  /** The orders of one side as they would trade: best price first, then oldest. */
  queue(side: Side): OrderSnapshot[] {
    const better = (a: OrderSnapshot, b: OrderSnapshot) =>
      side === BUY ? b.price - a.price : a.price - b.price;
    return this.byPriority()
      .filter((order) => order.side === side)
      .sort(better);
  }

  depth(side: Side): { price: Ticks; quantity: bigint; orderCount: number }[] {
    const queue = this.queue(side);
    return [...new Set(queue.map((order) => order.price))].map((price) => {
      const level = queue.filter((order) => order.price === price);
      const quantity = level.reduce((sum, order) => sum + BigInt(order.leavesQty), 0n);
      return { price, quantity, orderCount: level.length };
    });
  }

  #enter(command: EnterOrder): CommandOutcome {
    const { type: _, ...terms } = command;
    const seq = this.#seq();
    const order: OrderSnapshot = {
      ...terms,
      symbol: this.#symbol,
      cumQty: lots(0),
      leavesQty: command.quantity,
      cumNotional: 0n,
      ordStatus: '0',
      priority: seq,
      acceptedSeq: seq,
      enteredAt: this.#at,
    };
    this.#events.push({ type: 'OrderAccepted', order, seq, at: this.#at });

    const limit = command.ordType === '1' ? 'protection price' : 'limit';
    if (command.timeInForce === '4') {
      const available = this.#tradable(order).reduce((sum, maker) => sum + BigInt(maker.leavesQty), 0n);
      if (available < BigInt(order.quantity)) {
        this.#expire(order, `the full quantity is not available at or within the ${limit}`);
        return 'Done';
      }
    }
    const rest = this.#trade(order);
    if (rest.leavesQty === 0) return 'Done';
    if (command.ordType === '2' && ['0', '1'].includes(command.timeInForce))
      this.orders = [...this.orders, rest];
    else this.#expire(rest, `no more liquidity at or within the ${limit}`);
    return 'Done';
  }

  #cancel(orderId: OrderId, requestClOrdId: string | undefined, unsolicited: UnsolicitedCancel | undefined) {
    const order = this.#take(orderId);
    if (order === undefined) return 'NoSuchOrder';
    this.#events.push({
      type: 'OrderCanceled',
      order: { ...order, leavesQty: lots(0), ordStatus: '4' },
      canceledQty: order.leavesQty,
      requestClOrdId,
      unsolicited,
      seq: this.#seq(),
      at: this.#at,
    });
    return 'Done';
  }

  #replace(command: ReplaceOrder): CommandOutcome {
    const before = this.#take(command.orderId);
    if (before === undefined) return 'NoSuchOrder';
    const seq = this.#seq();
    const quantity = lots(Math.max(command.quantity, before.cumQty));
    const leavesQty = lots(quantity - before.cumQty);
    const losesPriority = leavesQty > 0 && (command.price !== before.price || quantity > before.quantity);
    const order: OrderSnapshot = {
      ...before,
      clOrdId: command.clOrdId,
      price: command.price,
      quantity,
      leavesQty,
      ordStatus: leavesQty === 0 ? '2' : before.cumQty > 0 ? '1' : '0',
      priority: losesPriority ? seq : before.priority,
    };
    this.#events.push({
      type: 'OrderReplaced',
      order,
      before,
      origClOrdId: before.clOrdId,
      seq,
      at: this.#at,
    });
    const rest = losesPriority ? this.#trade(order) : order;
    if (rest.leavesQty > 0) this.orders = [...this.orders, rest];
    return 'Done';
  }

  #expireDay(command: ExpireOrders): CommandOutcome {
    const due = this.byPriority().filter((o) => o.timeInForce === '0' && o.tradingDay < command.tradingDay);
    this.orders = this.orders.filter((order) => !due.includes(order));
    for (const order of due) this.#expire(order, 'the trading day has ended');
    return 'Done';
  }

  #tradable(taker: OrderSnapshot): OrderSnapshot[] {
    if (taker.side === BUY) return this.queue(SELL).filter((maker) => maker.price <= taker.price);
    return this.queue(BUY).filter((maker) => maker.price >= taker.price);
  }

  #trade(order: OrderSnapshot): OrderSnapshot {
    let taker = order;
    for (const resting of this.#tradable(order)) {
      if (taker.leavesQty === 0) break;
      const quantity = lots(Math.min(resting.leavesQty, taker.leavesQty));
      const maker = filled(resting, resting.price, quantity);
      taker = filled(taker, resting.price, quantity);
      this.#take(maker.orderId);
      if (maker.leavesQty > 0) this.orders = [...this.orders, maker];
      this.#events.push({
        type: 'TradeExecuted',
        tradeId: this.#nextTradeId(),
        symbol: this.#symbol,
        price: resting.price,
        quantity,
        maker,
        taker,
        makerSeq: this.#seq(),
        takerSeq: this.#seq(),
        at: this.#at,
      });
    }
    return taker;
  }

  #expire(order: OrderSnapshot, text: string): void {
    this.#events.push({
      type: 'OrderExpired',
      order: { ...order, leavesQty: lots(0), ordStatus: 'C' },
      expiredQty: order.leavesQty,
      text,
      seq: this.#seq(),
      at: this.#at,
    });
  }

  #take(orderId: OrderId): OrderSnapshot | undefined {
    const order = this.orders.find((candidate) => candidate.orderId === orderId);
    this.orders = this.orders.filter((candidate) => candidate !== order);
    return order;
  }

  #seq(): number {
    this.lastSeq += 1;
    return this.lastSeq;
  }
}

function filled(order: OrderSnapshot, price: Ticks, quantity: Lots): OrderSnapshot {
  return {
    ...order,
    cumQty: lots(order.cumQty + quantity),
    leavesQty: lots(order.leavesQty - quantity),
    cumNotional: order.cumNotional + BigInt(price) * BigInt(quantity),
    ordStatus: order.leavesQty === quantity ? '2' : '1',
  };
}
