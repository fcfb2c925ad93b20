/** Short ways to say which events a book is expected to answer with, all of them at {@link AT}. */
import { lots, type OrderSnapshot } from '../../src/matching/types.ts';
import { AT, SYMBOL } from './book-commands.ts';

/** What fills do to an order, from the fills themselves: [price, quantity]. */
export function filled(
  order: OrderSnapshot,
  ...fills: readonly (readonly [number, number])[]
): OrderSnapshot {
  const cumQty = lots(fills.reduce((sum, [, quantity]) => sum + quantity, 0));
  const leavesQty = lots(order.quantity - cumQty);
  const cumNotional = fills.reduce((sum, [price, quantity]) => sum + BigInt(price) * BigInt(quantity), 0n);
  return { ...order, cumQty, leavesQty, cumNotional, ordStatus: leavesQty === 0 ? '2' : '1' };
}

/** A trade that takes the numbers `makerSeq` and the next; the parties are as they stand after it. */
export function trade(
  tradeId: number,
  quantity: number,
  price: number,
  parties: { maker: OrderSnapshot; taker: OrderSnapshot },
  makerSeq: number,
) {
  return {
    type: 'TradeExecuted',
    tradeId,
    symbol: SYMBOL,
    price,
    quantity,
    ...parties,
    makerSeq,
    takerSeq: makerSeq + 1,
    at: AT,
  };
}

/** The acceptance of an order that {@link orderOf} made. */
export function accepted(order: OrderSnapshot) {
  return { type: 'OrderAccepted', order, seq: order.acceptedSeq, at: AT };
}

/** The end by time in force of what was left of `order`. */
export function expired(order: OrderSnapshot, expiredQty: number, text: string, seq: number) {
  return {
    type: 'OrderExpired',
    order: { ...order, leavesQty: 0, ordStatus: 'C' },
    expiredQty,
    text,
    seq,
    at: AT,
  };
}

/** A cancel that was asked for; `order` is as it stood before. */
export function canceled(order: OrderSnapshot, requestClOrdId: string, seq: number) {
  return {
    type: 'OrderCanceled',
    order: { ...order, leavesQty: 0, ordStatus: '4' },
    canceledQty: order.leavesQty,
    requestClOrdId,
    unsolicited: undefined,
    seq,
    at: AT,
  };
}
