/**
 * Which fields of an order go together: the table of `OrderInstructions` in src/matching/types.ts, with a text for
 * each way to break it. What passes here and has its values in order is what `goTogether` of src/matching accepts.
 */
import type { NewOrderSingle } from '../matching/order-commands.ts';
import { ORD_REJ_REASON, type OrderFault } from './order-checks.ts';

/** Refuses a D (103=11) whose fields contradict each other, or lack one that another calls for. */
export function checkCombination(order: NewOrderSingle): OrderFault | undefined {
  const text =
    priceFault(order) ??
    timeInForceFault(order) ??
    endFault(order) ??
    execInstFault(order) ??
    minQtyFault(order) ??
    maxFloorFault(order);
  return text === undefined ? undefined : { ordRejReason: ORD_REJ_REASON.UnsupportedCharacteristic, text };
}

/** Price (44) is of limits, StopPx (99) of stops; a stop limit has both. */
function priceFault({ ordType, price, stopPx }: NewOrderSingle): string | undefined {
  const hasLimit = ordType === '2' || ordType === '4';
  const isStop = ordType === '3' || ordType === '4';
  if (hasLimit && price === undefined) return needs('Price(44)', ordType);
  if (!hasLimit && price !== undefined) return notWith('Price(44)', ordType);
  if (isStop && stopPx === undefined) return needs('StopPx(99)', ordType);
  if (!isStop && stopPx !== undefined) return notWith('StopPx(99)', ordType);
  return undefined;
}

function timeInForceFault({ ordType, timeInForce }: NewOrderSingle): string | undefined {
  if (ordType === '1' && (timeInForce === '1' || timeInForce === '6')) {
    return 'OrdType(40)=1 (market) does not rest: TimeInForce(59) must be 0, 3 or 4';
  }
  if ((ordType === '3' || ordType === '4') && isMomentary(timeInForce)) {
    const meaning = ordType === '3' ? 'stop' : 'stop limit';
    return `OrdType(40)=${ordType} (${meaning}) waits for its trigger: TimeInForce(59) must be 0, 1 or 6`;
  }
  return undefined;
}

function endFault({ timeInForce, expireTime, expireDate }: NewOrderSingle): string | undefined {
  if (timeInForce === '6') {
    if (expireTime === undefined && expireDate === undefined) {
      return 'TimeInForce(59)=6 needs ExpireTime(126) or ExpireDate(432)';
    }
    return endFieldsFault(expireTime, expireDate);
  }
  return endWithout(expireTime, expireDate);
}

/** At most one of ExpireTime (126) and ExpireDate (432) says when an order ends. */
export function endFieldsFault(
  expireTime: number | undefined,
  expireDate: string | undefined,
): string | undefined {
  if (expireTime === undefined || expireDate === undefined) return undefined;
  return 'ExpireTime(126) and ExpireDate(432) exclude each other';
}

/** Neither of them belongs to an order that is not good till a date. */
export function endWithout(
  expireTime: number | undefined,
  expireDate: string | undefined,
): string | undefined {
  if (expireTime !== undefined) return 'ExpireTime(126) goes with TimeInForce(59)=6 only';
  return expireDate === undefined ? undefined : 'ExpireDate(432) goes with TimeInForce(59)=6 only';
}

function execInstFault({ execInst, ordType, timeInForce, minQty }: NewOrderSingle): string | undefined {
  if (execInst === 'G') {
    return isMomentary(timeInForce) ? undefined : 'ExecInst(18)=G goes with TimeInForce(59) 3 or 4 only';
  }
  if (execInst !== '6') return undefined;
  if (ordType !== '2') return 'ExecInst(18)=6 goes with OrdType(40)=2 only';
  if (isMomentary(timeInForce)) return 'ExecInst(18)=6 goes with TimeInForce(59) 0, 1 or 6 only';
  return minQty === undefined ? undefined : 'MinQty(110) does not go with ExecInst(18)=6';
}

function minQtyFault({ minQty, ordType }: NewOrderSingle): string | undefined {
  if (minQty === undefined || ordType === '1' || ordType === '2') return undefined;
  return notWith('MinQty(110)', ordType);
}

/** MaxFloor (111) is of orders that can rest. */
export function maxFloorFault(order: {
  readonly maxFloor?: string | undefined;
  readonly ordType: NewOrderSingle['ordType'];
  readonly timeInForce: NewOrderSingle['timeInForce'];
}): string | undefined {
  if (order.maxFloor === undefined) return undefined;
  if (order.ordType === '1' || order.ordType === '3') return notWith('MaxFloor(111)', order.ordType);
  return isMomentary(order.timeInForce)
    ? 'MaxFloor(111) goes with TimeInForce(59) 0, 1 or 6 only'
    : undefined;
}

function isMomentary(timeInForce: NewOrderSingle['timeInForce']): boolean {
  return timeInForce === '3' || timeInForce === '4';
}

/** Text (58) about a field that an OrdType (40) has no use for. */
export function notWith(field: string, ordType: string): string {
  return `${field} does not go with OrdType(40)=${ordType}`;
}

function needs(field: string, ordType: string): string {
  return `OrdType(40)=${ordType} needs ${field}`;
}
