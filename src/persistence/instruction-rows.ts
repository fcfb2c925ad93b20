/**
 * What only some orders have, as columns of their rows and back: stops, icebergs, ends, labels and the rest. Apart
 * from order-rows.ts, since the statements of plain orders do without these columns.
 */
import type { Order } from '../entities/order.ts';
import { type Instrument, priceText, quantityText } from '../matching/instrument.ts';
import type {
  Lots,
  OrderInstructions,
  OrderLabels,
  OrderSnapshot,
  SelfTradePrevention,
} from '../matching/types.ts';
import type { RowOf } from './bulk.ts';
import { lotsOf, ticksOf } from './instruments.ts';

/** What a later event may change of it. */
export const CHANGING_INSTRUCTIONS = [
  'stopPx',
  'triggered',
  'maxFloor',
  'displayedQuantity',
  'expireAt',
  'expireDate',
] as const;

export const FIXED_INSTRUCTIONS = [
  'entryStopPx',
  'entryMaxFloor',
  'entryExpireAt',
  'entryExpireDate',
  'minQty',
  'execInst',
  'slides',
  'stpMode',
  'stpGroup',
  'account',
  'secondaryClOrdId',
  'clOrdLinkId',
] as const;

export type ChangingInstructionCells = RowOf<Order, (typeof CHANGING_INSTRUCTIONS)[number]>;
export type InstructionCells = RowOf<
  Order,
  (typeof FIXED_INSTRUCTIONS)[number] | (typeof CHANGING_INSTRUCTIONS)[number]
>;

/** An order that has nothing of it, and never had: what an order once has it keeps, if with other values. */
export function isPlain(order: OrderSnapshot): boolean {
  return (
    order.stopPx === undefined &&
    order.maxFloor === undefined &&
    order.expireTime === undefined &&
    order.execInst === undefined &&
    order.minQty === undefined &&
    order.selfTradePrevention === undefined &&
    order.selfTradeGroup === undefined &&
    order.account === undefined &&
    order.secondaryClOrdId === undefined &&
    order.clOrdLinkId === undefined
  );
}

/** The columns of an order that the batch accepted as `entry` and left as `latest`. */
export function instructionCells(
  entry: OrderSnapshot,
  latest: OrderSnapshot,
  instrument: Instrument,
): InstructionCells {
  const { minQty } = entry;
  const terms = changingInstructionCells(entry, instrument);
  return {
    ...changingInstructionCells(latest, instrument),
    entryStopPx: terms.stopPx,
    entryMaxFloor: terms.maxFloor,
    entryExpireAt: terms.expireAt,
    entryExpireDate: terms.expireDate,
    minQty: minQty === undefined ? null : quantityText(instrument, minQty),
    execInst: entry.execInst ?? null,
    slides: entry.slides === true,
    stpMode: entry.selfTradePrevention ?? null,
    stpGroup: entry.selfTradeGroup ?? null,
    account: entry.account ?? null,
    secondaryClOrdId: entry.secondaryClOrdId ?? null,
    clOrdLinkId: entry.clOrdLinkId ?? null,
  };
}

export function changingInstructionCells(
  order: OrderSnapshot,
  instrument: Instrument,
): ChangingInstructionCells {
  const { stopPx, maxFloor, displayedQty } = order;
  return {
    stopPx: stopPx === undefined ? null : priceText(instrument, stopPx),
    triggered: order.triggered === true,
    maxFloor: maxFloor === undefined ? null : quantityText(instrument, maxFloor),
    displayedQuantity: displayedQty === undefined ? null : quantityText(instrument, displayedQty),
    expireAt: order.expireTime ?? null,
    expireDate: order.expireDate ?? null,
  };
}

/** Columns that make up an {@link InstructionStateRecord}, for `select … from orders`. */
export const INSTRUCTION_STATE_COLUMNS =
  'stop_px, triggered, max_floor, displayed_quantity, min_qty, exec_inst, slides, stp_mode, stp_group, account, ' +
  'secondary_cl_ord_id, cl_ord_link_id, expire_date, (extract(epoch from expire_at) * 1000)::bigint as expire_at_ms';

/** Those that an {@link InstructionRecord} has beside them. */
export const INSTRUCTION_ENTRY_COLUMNS =
  'entry_stop_px, entry_max_floor, entry_expire_date, ' +
  '(extract(epoch from entry_expire_at) * 1000)::bigint as entry_expire_at_ms';

/** The columns of the order as it is, as the driver gives them. */
export interface InstructionStateRecord {
  readonly stop_px: string | null;
  readonly triggered: boolean;
  readonly max_floor: string | null;
  readonly displayed_quantity: string | null;
  readonly min_qty: string | null;
  readonly exec_inst: '6' | 'G' | null;
  readonly slides: boolean;
  readonly stp_mode: SelfTradePrevention | null;
  readonly stp_group: number | null;
  readonly account: string | null;
  readonly secondary_cl_ord_id: string | null;
  readonly cl_ord_link_id: string | null;
  readonly expire_date: string | null;
  readonly expire_at_ms: string | null;
}

/** The same with what the order began as. */
export interface InstructionRecord extends InstructionStateRecord {
  readonly entry_stop_px: string | null;
  readonly entry_max_floor: string | null;
  readonly entry_expire_date: string | null;
  readonly entry_expire_at_ms: string | null;
}

/** What an {@link OrderSnapshot} has of it. */
type SnapshotInstructions = OrderInstructions &
  OrderLabels &
  Pick<OrderSnapshot, 'triggered' | 'displayedQty'>;
type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

/** The fields of the order as it was last committed; those that it does not have are absent. */
export function instructionsIn(record: InstructionStateRecord, instrument: Instrument): SnapshotInstructions {
  const fields = fixedInstructionsIn(record, instrument);
  if (record.stop_px !== null) fields.stopPx = ticksOf(instrument, record.stop_px);
  if (record.triggered) fields.triggered = true;
  if (record.max_floor !== null) fields.maxFloor = lotsOf(instrument, record.max_floor);
  if (record.displayed_quantity !== null) fields.displayedQty = lotsOf(instrument, record.displayed_quantity);
  if (record.expire_at_ms !== null) fields.expireTime = Number(record.expire_at_ms);
  if (record.expire_date !== null) fields.expireDate = record.expire_date;
  return fields;
}

/** The fields as they were when the order was accepted for `quantity`, the first slice displayed. */
export function entryInstructionsIn(
  record: InstructionRecord,
  quantity: Lots,
  instrument: Instrument,
): SnapshotInstructions {
  const fields = fixedInstructionsIn(record, instrument);
  if (record.entry_stop_px !== null) fields.stopPx = ticksOf(instrument, record.entry_stop_px);
  if (record.entry_max_floor !== null) {
    fields.maxFloor = lotsOf(instrument, record.entry_max_floor);
    fields.displayedQty = fields.maxFloor < quantity ? fields.maxFloor : quantity;
  }
  if (record.entry_expire_at_ms !== null) fields.expireTime = Number(record.entry_expire_at_ms);
  if (record.entry_expire_date !== null) fields.expireDate = record.entry_expire_date;
  return fields;
}

function fixedInstructionsIn(
  record: InstructionStateRecord,
  instrument: Instrument,
): Writable<SnapshotInstructions> {
  const fields: Writable<SnapshotInstructions> = {};
  if (record.min_qty !== null) fields.minQty = lotsOf(instrument, record.min_qty);
  if (record.exec_inst !== null) fields.execInst = record.exec_inst;
  if (record.slides) fields.slides = true;
  if (record.stp_mode !== null) fields.selfTradePrevention = record.stp_mode;
  if (record.stp_group !== null) fields.selfTradeGroup = record.stp_group;
  if (record.account !== null) fields.account = record.account;
  if (record.secondary_cl_ord_id !== null) fields.secondaryClOrdId = record.secondary_cl_ord_id;
  if (record.cl_ord_link_id !== null) fields.clOrdLinkId = record.cl_ord_link_id;
  return fields;
}
