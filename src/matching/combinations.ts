/**
 * Which instructions of an order go together: the table of `OrderInstructions` in src/matching/types.ts. The account
 * refuses the others with a reason; the book asserts that it has.
 */
import type { EnterOrder, OrderInstructions, OrdType, TimeInForce } from './types.ts';

/** Slices that an iceberg order may come in: each is a trade of its own, however large the order that takes them. */
export const MAX_ICEBERG_SLICES = 1_000;

/** What {@link goTogether} looks at. */
export type Combination = OrderInstructions &
  Pick<EnterOrder, 'quantity'> & { readonly ordType: OrdType; readonly timeInForce: TimeInForce };

/** Whether the book knows what to do with an order of these terms. */
export function goTogether(order: Combination): boolean {
  const { ordType, timeInForce, execInst, minQty, maxFloor, stopPx, expireTime } = order;
  const isStop = ordType === '3' || ordType === '4';
  const isMomentary = timeInForce === '3' || timeInForce === '4';
  if (isStop !== (stopPx !== undefined)) return false;
  if ((timeInForce === '6') !== (expireTime !== undefined)) return false;
  if (isStop && (isMomentary || execInst !== undefined || minQty !== undefined)) return false;
  if (execInst === '6' && (ordType !== '2' || isMomentary || minQty !== undefined)) return false;
  if (execInst === 'G' && !isMomentary) return false;
  if (maxFloor !== undefined && (ordType === '1' || ordType === '3' || isMomentary)) return false;
  return isSliced(order) && (minQty === undefined || minQty > 0);
}

/** MaxFloor (111) is not 0 and leaves no more slices than a book will trade for one order. */
export function isSliced({ maxFloor, quantity }: Pick<Combination, 'maxFloor' | 'quantity'>): boolean {
  return maxFloor === undefined || (maxFloor > 0 && quantity / maxFloor <= MAX_ICEBERG_SLICES);
}
