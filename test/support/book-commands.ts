/** Short ways to say what a book is told, and what an order looks like afterwards. */
import { OrderBook, type OrderBookOptions } from '../../src/matching/order-book.ts';
import {
  type BookCommand,
  type BookEvent,
  BUY,
  type CancelOrder,
  type EnterOrder,
  lots,
  type OrderId,
  type OrderSnapshot,
  type ReplaceOrder,
  SELL,
  type Ticks,
  ticks,
} from '../../src/matching/types.ts';

export const SYMBOL = 'BTC-USD';
export const AT = 1_700_000_000_000;

/** A Day limit order of user 100 + orderId with ClOrdID `c<orderId>`, unless `changes` say otherwise. */
export function buy(
  orderId: OrderId,
  quantity: number,
  price: number,
  changes: Partial<EnterOrder> = {},
): EnterOrder {
  return {
    type: 'EnterOrder',
    orderId,
    userId: 100 + orderId,
    clOrdId: `c${orderId}`,
    side: BUY,
    ordType: '2',
    timeInForce: '0',
    price: ticks(price),
    quantity: lots(quantity),
    makerFeeRate: 100_000,
    takerFeeRate: 200_000,
    tradingDay: '2024-05-06',
    ...changes,
  };
}

/** {@link buy} on the other side. */
export function sell(
  orderId: OrderId,
  quantity: number,
  price: number,
  changes: Partial<EnterOrder> = {},
): EnterOrder {
  return { ...buy(orderId, quantity, price), side: SELL, ...changes };
}

/** A member's cancel with ClOrdID `x<orderId>`. */
export function cancel(orderId: OrderId): CancelOrder {
  return { type: 'CancelOrder', orderId, clOrdId: `x${orderId}`, unsolicited: undefined };
}

/** A member's replace to a new total quantity and price with ClOrdID `r<orderId>`. */
export function replace(orderId: OrderId, quantity: number, price: number): ReplaceOrder {
  return {
    type: 'ReplaceOrder',
    orderId,
    clOrdId: `r${orderId}`,
    quantity: lots(quantity),
    price: ticks(price),
  };
}

/** The order that `command` made, as accepted under number `seq` at {@link AT}, with `changes` since then. */
export function orderOf(
  command: EnterOrder,
  seq: number,
  changes: Partial<OrderSnapshot> = {},
): OrderSnapshot {
  const { type: _, ...terms } = command;
  return {
    ...terms,
    symbol: SYMBOL,
    cumQty: lots(0),
    leavesQty: command.quantity,
    cumNotional: 0n,
    ordStatus: '0',
    priority: seq,
    acceptedSeq: seq,
    enteredAt: AT,
    ...changes,
  };
}

/** An empty book that numbers its trades 1, 2, 3 … */
export function emptyBook(
  lastSeq = 0,
  firstTradeId = 1,
  lastPx?: Ticks,
  bounds: Pick<OrderBookOptions, 'maxHiddenSlices'> = {},
): OrderBook {
  let tradeId = firstTradeId - 1;
  return new OrderBook({
    symbol: SYMBOL,
    lastSeq,
    lastPx,
    ...bounds,
    nextTradeId: () => {
      tradeId += 1;
      return tradeId;
    },
  });
}

/** Carries the commands out at {@link AT} and returns all their events. */
export function run(book: OrderBook, ...commands: readonly BookCommand[]): BookEvent[] {
  const events: BookEvent[] = [];
  for (const command of commands) book.execute(command, AT, events);
  return events;
}
