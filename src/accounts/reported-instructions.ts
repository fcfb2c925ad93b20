/** What each report of an order tells back of its instructions and labels; nothing at all of a plain order. */
import type { ReportedInstructions } from '../matching/execution-report.ts';
import { type Instrument, priceText, quantityText } from '../matching/instrument.ts';
import type { OrderSnapshot } from '../matching/types.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Undefined for a plain order, so that its reports stay small. */
export function reportedInstructions(
  order: OrderSnapshot,
  instrument: Instrument,
): ReportedInstructions | undefined {
  if (isPlain(order)) return undefined;
  const told: Writable<ReportedInstructions> = {};
  if (order.stopPx !== undefined) {
    told.stopPx = priceText(instrument, order.stopPx);
    told.isWorking = order.triggered === true;
  }
  // An ExpireDate is told as it was sent: the instant that the venue made of it is its own affair.
  if (order.expireDate !== undefined) told.expireDate = order.expireDate;
  else if (order.expireTime !== undefined) told.expireTime = order.expireTime;
  if (order.execInst !== undefined) told.execInst = order.execInst;
  if (order.minQty !== undefined) told.minQty = quantityText(instrument, order.minQty);
  if (order.maxFloor !== undefined) told.maxFloor = quantityText(instrument, order.maxFloor);
  if (order.account !== undefined) told.account = order.account;
  if (order.secondaryClOrdId !== undefined) told.secondaryClOrdId = order.secondaryClOrdId;
  if (order.clOrdLinkId !== undefined) told.clOrdLinkId = order.clOrdLinkId;
  return told;
}

function isPlain(order: OrderSnapshot): boolean {
  return (
    order.stopPx === undefined &&
    order.expireTime === undefined &&
    order.execInst === undefined &&
    order.minQty === undefined &&
    order.maxFloor === undefined &&
    order.account === undefined &&
    order.secondaryClOrdId === undefined &&
    order.clOrdLinkId === undefined
  );
}
