/**
 * What a bust or a correction of one of its trades makes of an order: the same arithmetic for orders that are in the
 * book and for those that closed long ago.
 */
import { assert } from '../platform/assert.ts';
import { lots, type OrderSnapshot, type OrdStatus, type TradeAmendment, type TradeTerms } from './types.ts';

/** What an amendment does to both orders of its trade. */
export type AmendedTerms = Pick<TradeAmendment, 'before' | 'after'>;

/** A trade of which nothing remains is taken back: 150=H, not G. */
export function isBust({ after }: AmendedTerms): boolean {
  return after.quantity === 0;
}

/**
 * The order after the amendment: CumQty (14) and OrderQty (38) fall by what the trade loses, LeavesQty (151) stays,
 * so that nothing returns to the book. Asserts that the trade was the order's.
 */
export function amendOrder(order: OrderSnapshot, amendment: AmendedTerms): OrderSnapshot {
  const { before, after } = amendment;
  assert(after.quantity <= before.quantity, 'an amendment never makes a trade larger');
  const gone = before.quantity - after.quantity;
  const cumQty = lots(order.cumQty - gone);
  const quantity = lots(order.quantity - gone);
  const cumNotional = order.cumNotional - worth(before) + worth(after);
  assert(cumNotional >= 0n && (cumQty > 0 || cumNotional === 0n), `not a trade of order ${order.orderId}`);
  const amended = { ...order, quantity, cumQty, cumNotional };
  return { ...amended, ordStatus: statusAfter(amended, isBust(amendment)) };
}

/** A closed order stays closed; a correction leaves its status as it is. */
function statusAfter(
  { quantity, cumQty, leavesQty, ordStatus }: OrderSnapshot,
  isBusted: boolean,
): OrdStatus {
  if (leavesQty > 0) return cumQty === 0 ? '0' : '1';
  if (!isBusted) return ordStatus;
  return cumQty > 0 && cumQty === quantity ? '2' : '4';
}

/** Price × quantity in tick-lots. */
function worth({ price, quantity }: TradeTerms): bigint {
  return BigInt(price) * BigInt(quantity);
}
