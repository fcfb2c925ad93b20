/** What the naive book says of one order, or makes of it: orders are values, and each change is a new one. */
import {
  type AmendTrade,
  BUY,
  type Lots,
  lots,
  type OrderSnapshot,
  type ReplaceOrder,
  type Ticks,
} from '../../src/matching/types.ts';

/** Stop and stop-limit orders, triggered or not. */
export function isStop({ ordType }: OrderSnapshot): boolean {
  return ordType === '3' || ordType === '4';
}

/** A stop order that no trade has reached. */
export function isWaiting(order: OrderSnapshot): boolean {
  return isStop(order) && order.triggered !== true;
}

/** StopPx (99); 0 of an order without one. */
export function stopPxOf({ stopPx }: OrderSnapshot): number {
  return stopPx ?? 0;
}

/** Whether a trade at this price triggers a stop order. */
export function reaches(price: Ticks, order: OrderSnapshot): boolean {
  return order.side === BUY ? price >= stopPxOf(order) : price <= stopPxOf(order);
}

/** The order with the trade's new terms for its old ones. */
export function amended(
  order: OrderSnapshot,
  { before, after }: Pick<AmendTrade, 'before' | 'after'>,
): OrderSnapshot {
  const less = {
    ...order,
    quantity: lots(order.quantity - before.quantity + after.quantity),
    cumQty: lots(order.cumQty - before.quantity + after.quantity),
    cumNotional:
      order.cumNotional -
      BigInt(before.price) * BigInt(before.quantity) +
      BigInt(after.price) * BigInt(after.quantity),
  };
  if (less.leavesQty > 0) return { ...less, ordStatus: less.cumQty > 0 ? '1' : '0' };
  if (after.quantity > 0) return less;
  return { ...less, ordStatus: less.cumQty === less.quantity && less.cumQty > 0 ? '2' : '4' };
}

/** One tick behind an opposite order, seen from the one that would trade with it. */
export function behind(opposite: OrderSnapshot): number {
  return opposite.side === BUY ? opposite.price + 1 : opposite.price - 1;
}

/** Whether the incoming order objects to trading with this one. */
export function isOwn(taker: OrderSnapshot, maker: OrderSnapshot): boolean {
  if (taker.selfTradePrevention === undefined || taker.userId !== maker.userId) return false;
  return taker.selfTradeGroup === undefined || taker.selfTradeGroup === maker.selfTradeGroup;
}

/** What bounds the prices of an order, in words. */
export function limitName({ ordType }: OrderSnapshot): string {
  return ordType === '1' || ordType === '3' ? 'protection price' : 'limit';
}

/** What others see and trade with. */
export function shownOf(order: OrderSnapshot): number {
  return order.maxFloor === undefined ? order.leavesQty : (order.displayedQty ?? 0);
}

/** Slices that come after the one that is shown. */
export function hiddenSlicesOf(order: OrderSnapshot): number {
  return order.maxFloor === undefined ? 0 : Math.ceil((order.leavesQty - shownOf(order)) / order.maxFloor);
}

/** Shows a fresh slice. */
export function withSlice(order: OrderSnapshot): OrderSnapshot {
  if (order.maxFloor === undefined) return order;
  return { ...order, displayedQty: lots(Math.min(order.maxFloor, order.leavesQty)) };
}

/** Shows no more than was shown before. */
export function withSliceAtMost(order: OrderSnapshot, before: OrderSnapshot): OrderSnapshot {
  if (order.maxFloor === undefined) return order;
  const fresh = Math.min(order.maxFloor, order.leavesQty);
  return { ...order, displayedQty: lots(Math.min(fresh, shownOf(before))) };
}

/** The order with the end that a replace gives it, if it gives one. */
export function withNewEnd(order: OrderSnapshot, { expireTime, expireDate }: ReplaceOrder): OrderSnapshot {
  if (expireTime === undefined) return order;
  const { expireDate: _, ...dateless } = order;
  return { ...dateless, expireTime, ...(expireDate === undefined ? {} : { expireDate }) };
}

/** The order when nothing of it is left without a fill. */
export function ended(order: OrderSnapshot, ordStatus: '4' | 'C'): OrderSnapshot {
  return withSlice({ ...order, leavesQty: lots(0), ordStatus });
}

/** The order after a fill. */
export function filled(order: OrderSnapshot, price: Ticks, quantity: Lots): OrderSnapshot {
  return {
    ...order,
    cumQty: lots(order.cumQty + quantity),
    leavesQty: lots(order.leavesQty - quantity),
    cumNotional: order.cumNotional + BigInt(price) * BigInt(quantity),
    ordStatus: order.leavesQty === quantity ? '2' : '1',
  };
}
