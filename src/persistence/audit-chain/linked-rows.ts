/**
 * What a link covers of each table, column by column and in which order. Of an order that is what was accepted: its
 * `orders` row is also its New report, and what changes of it later has reports of its own.
 */
import type { AmendmentRow } from '../amendment-rows.ts';
import type { InstructionCells } from '../instruction-rows.ts';
import type { NewOrderRow } from '../order-rows.ts';
import type { ReportCells } from '../report-rows.ts';
import type { RequestRow, TradeRow } from '../rows.ts';
import type { RowBytes } from './row-bytes.ts';

/** The tables in the order in which a link has them, which `audit_links.row_counts` relies on. */
export const LINKED_TABLES = [
  'orders',
  'trades',
  'trade_amendments',
  'reports',
  'requests',
  'transfers',
] as const;

export type LinkedTable = (typeof LINKED_TABLES)[number];

export type LinkedOrder = NewOrderRow & Partial<InstructionCells>;

export interface TransferRow {
  readonly userId: number;
  readonly asset: string;
  readonly amount: string;
  readonly idempotencyKey: string;
  readonly requestedBy: string;
  readonly createdAt: number;
  readonly kind: string;
  readonly reason: string | null;
}

/** What one commit wrote. Tables whose ids the database gives keep the order of the statement, which is that of the ids. */
export interface LinkedRows {
  readonly orders: readonly LinkedOrder[];
  readonly trades: readonly TradeRow[];
  readonly trade_amendments: readonly AmendmentRow[];
  readonly reports: readonly ReportCells[];
  readonly requests: readonly RequestRow[];
  readonly transfers: readonly TransferRow[];
}

/** Orders by id, trades by id, reports by source and number: so that they come in the same order when they are read. */
export function inOrder(rows: LinkedRows): LinkedRows {
  return {
    ...rows,
    orders: ascending(rows.orders, byId),
    trades: ascending(rows.trades, byId),
    reports: reportsInOrder(rows.reports),
  };
}

function byId(left: { readonly id: number }, right: { readonly id: number }): number {
  return left.id - right.id;
}

function ascending<Row>(rows: readonly Row[], compare: (left: Row, right: Row) => number): readonly Row[] {
  for (let index = 1; index < rows.length; index += 1) {
    if (compare(rows[index - 1] as Row, rows[index] as Row) > 0) return rows.toSorted(compare);
  }
  return rows;
}

function reportsInOrder(rows: readonly ReportCells[]): readonly ReportCells[] {
  const bySource = new Map<string, ReportCells[]>();
  for (const row of rows) {
    const found = bySource.get(row.source);
    if (found === undefined) bySource.set(row.source, [row]);
    else found.push(row);
  }
  return [...bySource.keys()].sort().flatMap((source) => ascending(bySource.get(source) ?? [], bySourceSeq));
}

function bySourceSeq(left: ReportCells, right: ReportCells): number {
  return left.sourceSeq - right.sourceSeq || left.userId - right.userId;
}

export function writeOrder(to: RowBytes, row: LinkedOrder): void {
  to.number(row.id);
  to.number(row.userId);
  to.text(row.symbol);
  to.text(row.entryClOrdId);
  to.code(row.side);
  to.code(row.ordType);
  to.code(row.timeInForce);
  to.amount(row.entryPrice);
  to.amount(row.entryQuantity);
  to.number(row.makerFeeRate);
  to.number(row.takerFeeRate);
  to.number(row.acceptedSeq);
  to.text(row.tradingDay);
  to.number(row.createdAt);
  to.amount(row.entryStopPx);
  to.amount(row.entryMaxFloor);
  to.number(row.entryExpireAt);
  to.text(row.entryExpireDate);
  to.amount(row.minQty);
  to.code(row.execInst);
  to.flag(row.slides);
  to.text(row.stpMode);
  to.number(row.stpGroup);
  to.text(row.account);
  to.text(row.secondaryClOrdId);
  to.text(row.clOrdLinkId);
}

export function writeTrade(to: RowBytes, row: TradeRow): void {
  to.number(row.id);
  to.number(row.executedAt);
  to.text(row.symbol);
  to.amount(row.price);
  to.amount(row.quantity);
  to.number(row.makerOrderId);
  to.number(row.takerOrderId);
  to.number(row.makerUserId);
  to.number(row.takerUserId);
  to.code(row.takerSide);
  to.amount(row.makerFee);
  to.amount(row.takerFee);
  to.number(row.makerSeq);
  to.number(row.takerSeq);
}

export function writeAmendment(to: RowBytes, row: AmendmentRow): void {
  to.number(row.tradeId);
  to.text(row.symbol);
  to.text(row.kind);
  to.amount(row.priceBefore);
  to.amount(row.priceAfter);
  to.amount(row.quantityBefore);
  to.amount(row.quantityAfter);
  to.amount(row.makerFeeBefore);
  to.amount(row.makerFeeAfter);
  to.amount(row.takerFeeBefore);
  to.amount(row.takerFeeAfter);
  to.number(row.makerSeq);
  to.number(row.takerSeq);
  to.flag(row.chargedToVenue);
  to.json(row.charges);
  to.text(row.reason);
  to.text(row.requestedBy);
  to.number(row.executedAt);
}

export function writeReport(to: RowBytes, row: ReportCells): void {
  to.number(row.userId);
  to.text(row.source);
  to.number(row.sourceSeq);
  to.number(row.at);
  to.code(row.msgType);
  to.number(row.orderId);
  to.text(row.clOrdId);
  to.text(row.origClOrdId);
  to.code(row.execType);
  to.code(row.ordStatus);
  to.text(row.symbol);
  to.code(row.side);
  to.code(row.ordType);
  to.code(row.timeInForce);
  to.spoken(row.orderQty);
  to.spoken(row.price);
  to.spoken(row.cumQty);
  to.spoken(row.leavesQty);
  to.spoken(row.avgPx);
  to.spoken(row.lastQty);
  to.spoken(row.lastPx);
  to.number(row.tradeId);
  to.number(row.lastLiquidityInd);
  to.spoken(row.fee);
  to.text(row.feeAsset);
  to.number(row.reason);
  to.number(row.restatementReason);
  to.number(row.responseTo);
  to.text(row.text);
  to.json(row.details);
}

export function writeRequest(to: RowBytes, row: RequestRow): void {
  to.number(row.userId);
  to.text(row.tradingDay);
  to.number(row.createdAt);
  to.text(row.clOrdId);
  to.code(row.msgType);
  to.number(row.orderId);
  to.flag(row.accepted);
}

/**
 * Kind and reason come first, where the kind is not what the sign says or there is a reason: else the bytes are those of
 * before there were any. No kind begins with the byte with which a number does, its length being another.
 */
export function writeTransfer(to: RowBytes, row: TransferRow): void {
  if (row.reason !== null || row.kind !== (row.amount.startsWith('-') ? 'withdrawal' : 'deposit')) {
    to.text(row.kind);
    to.text(row.reason);
  }
  to.number(row.userId);
  to.text(row.asset);
  to.amount(row.amount);
  to.text(row.idempotencyKey);
  to.text(row.requestedBy);
  to.number(row.createdAt);
}
