/** Reports as rows, and rows as reports: what a member is told after a reconnect is what was committed. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { type ReportDetails, ReportRow } from '../entities/report.ts';
import type {
  ExecType,
  ExecutionReport,
  OrderCancelReject,
  OrderMassCancelReport,
  Report,
} from '../matching/execution-report.ts';
import type { OrdStatus, OrdType, Side, TimeInForce } from '../matching/types.ts';
import { assert, assertNever } from '../platform/assert.ts';
import { type BulkColumns, bulkColumns, type RowOf } from './bulk.ts';

const KEYS = [
  'userId',
  'source',
  'sourceSeq',
  'at',
  'msgType',
  'orderId',
  'clOrdId',
  'origClOrdId',
  'execType',
  'ordStatus',
  'symbol',
  'side',
  'ordType',
  'timeInForce',
  'orderQty',
  'price',
  'cumQty',
  'leavesQty',
  'avgPx',
  'lastQty',
  'lastPx',
  'tradeId',
  'lastLiquidityInd',
  'fee',
  'feeAsset',
  'reason',
  'restatementReason',
  'responseTo',
  'text',
  'details',
] as const;

export type ReportCells = RowOf<ReportRow, (typeof KEYS)[number]>;

export function reportColumns(orm: MikroORM): BulkColumns<ReportCells> {
  return bulkColumns(orm, ReportRow, KEYS);
}

export function reportCells(report: Report): ReportCells {
  switch (report.type) {
    case 'ExecutionReport':
      return executionCells(report);
    case 'OrderCancelReject':
      return cancelRejectCells(report);
    case 'OrderMassCancelReport':
      return massCancelCells(report);
    default:
      return assertNever(report);
  }
}

function executionCells(report: ExecutionReport): ReportCells {
  const { fill } = report;
  return {
    userId: report.userId,
    source: report.source,
    sourceSeq: report.sourceSeq,
    at: report.at,
    msgType: '8',
    orderId: report.orderId ?? null,
    clOrdId: report.clOrdId,
    origClOrdId: report.origClOrdId ?? null,
    execType: report.execType,
    ordStatus: report.ordStatus,
    symbol: report.symbol,
    side: oneLetter(report.side),
    ordType: report.ordType ?? null,
    timeInForce: report.timeInForce ?? null,
    orderQty: storable(report.orderQty),
    price: storable(report.price),
    cumQty: report.cumQty,
    leavesQty: report.leavesQty,
    avgPx: report.avgPx,
    lastQty: fill?.lastQty ?? null,
    lastPx: fill?.lastPx ?? null,
    tradeId: fill?.tradeId ?? null,
    lastLiquidityInd: fill?.lastLiquidityInd ?? null,
    fee: fill?.fee ?? null,
    feeAsset: fill?.feeAsset ?? null,
    reason: report.ordRejReason ?? null,
    restatementReason: report.execRestatementReason ?? null,
    responseTo: null,
    text: report.text ?? null,
    details: executionDetails(report),
  };
}

function executionDetails({ instructions, execRefId }: ExecutionReport): ReportDetails | null {
  if (instructions === undefined && execRefId === undefined) return null;
  return { ...(instructions && { instructions }), ...(execRefId !== undefined && { execRefId }) };
}

function cancelRejectCells(report: OrderCancelReject): ReportCells {
  return {
    ...NO_EXECUTION,
    userId: report.userId,
    source: report.source,
    sourceSeq: report.sourceSeq,
    at: report.at,
    msgType: '9',
    orderId: report.orderId ?? null,
    clOrdId: report.clOrdId,
    origClOrdId: report.origClOrdId ?? null,
    ordStatus: report.ordStatus,
    reason: report.cxlRejReason,
    responseTo: report.cxlRejResponseTo,
    text: report.text,
    details: null,
  };
}

function massCancelCells(report: OrderMassCancelReport): ReportCells {
  const { totalAffectedOrders, unanswered, massCancelRequestType } = report;
  return {
    ...NO_EXECUTION,
    userId: report.userId,
    source: report.source,
    sourceSeq: report.sourceSeq,
    at: report.at,
    msgType: 'r',
    orderId: null,
    clOrdId: report.clOrdId,
    origClOrdId: null,
    ordStatus: null,
    symbol: report.symbol ?? null,
    side: report.side === undefined ? null : oneLetter(report.side),
    reason: report.massCancelRejectReason ?? null,
    responseTo: null,
    text: report.text ?? null,
    details: {
      ...(totalAffectedOrders === undefined ? {} : { totalAffectedOrders }),
      unanswered,
      ...(massCancelRequestType === undefined ? {} : { massCancelRequestType }),
    },
  };
}

const NO_EXECUTION = {
  execType: null,
  symbol: null,
  side: null,
  ordType: null,
  timeInForce: null,
  orderQty: null,
  price: null,
  cumQty: null,
  leavesQty: null,
  avgPx: null,
  lastQty: null,
  lastPx: null,
  tradeId: null,
  lastLiquidityInd: null,
  fee: null,
  feeAsset: null,
  restatementReason: null,
} as const;

const DECIMAL = /^-?(?=\.?\d)\d{0,500}(?:\.\d{0,500})?$/;

/**
 * A refusal repeats numbers as the member sent them. Those that NUMERIC cannot hold are left out of the row: a
 * member's text must not be able to fail a commit that others share.
 */
function storable(text: string | undefined): string | null {
  return text !== undefined && DECIMAL.test(text) ? text : null;
}

/** The same for Side (54) of a request that is refused for it. */
function oneLetter(side: Side): Side | null {
  return side.length === 1 ? side : null;
}

/** Columns that make up a {@link ReportRecord}, for `select … from reports r`. */
export const REPORT_RECORD_COLUMNS =
  'r.user_id, r.source, r.source_seq, r.msg_type, r.order_id, r.cl_ord_id, r.orig_cl_ord_id, r.exec_type, ' +
  'r.ord_status, r.symbol, r.side, r.ord_type, r.time_in_force, r.order_qty, r.price, r.cum_qty, ' +
  'r.leaves_qty, r.avg_px, r.last_qty, r.last_px, r.trade_id, r.last_liquidity_ind, r.fee, r.fee_asset, ' +
  'r.reason, r.restatement_reason, r.response_to, r.text, r.details, (extract(epoch from r.at) * 1000)::bigint as at_ms';

/** A row of `reports` as the driver gives it. */
export interface ReportRecord {
  readonly user_id: number;
  readonly source: string;
  readonly source_seq: string;
  readonly msg_type: '8' | '9' | 'r';
  readonly order_id: string | null;
  readonly cl_ord_id: string;
  readonly orig_cl_ord_id: string | null;
  readonly exec_type: ExecType | null;
  readonly ord_status: OrdStatus | null;
  readonly symbol: string | null;
  readonly side: Side | null;
  readonly ord_type: OrdType | null;
  readonly time_in_force: TimeInForce | null;
  readonly order_qty: string | null;
  readonly price: string | null;
  readonly cum_qty: string | null;
  readonly leaves_qty: string | null;
  readonly avg_px: string | null;
  readonly last_qty: string | null;
  readonly last_px: string | null;
  readonly trade_id: string | null;
  readonly last_liquidity_ind: 1 | 2 | null;
  readonly fee: string | null;
  readonly fee_asset: string | null;
  readonly reason: number | null;
  readonly restatement_reason: number | null;
  readonly response_to: 1 | 2 | null;
  readonly text: string | null;
  readonly details: ReportDetails | null;
  readonly at_ms: string;
}

export function toReport(record: ReportRecord): Report {
  const { ord_status: ordStatus, details } = record;
  const common = {
    userId: record.user_id,
    source: record.source,
    sourceSeq: Number(record.source_seq),
    at: Number(record.at_ms),
    clOrdId: record.cl_ord_id,
  };
  if (record.msg_type === 'r') {
    return {
      ...common,
      type: 'OrderMassCancelReport',
      symbol: record.symbol ?? undefined,
      side: record.side ?? undefined,
      massCancelRejectReason: record.reason ?? undefined,
      totalAffectedOrders: details?.totalAffectedOrders,
      unanswered: details?.unanswered ?? [],
      text: record.text ?? undefined,
      ...(details?.massCancelRequestType === undefined
        ? {}
        : { massCancelRequestType: details.massCancelRequestType }),
    };
  }
  assert(ordStatus !== null, 'an 8 or 9 has tag 39');
  const orderId = record.order_id === null ? undefined : Number(record.order_id);
  if (record.msg_type === '9') {
    const { response_to: cxlRejResponseTo, reason: cxlRejReason } = record;
    assert(cxlRejResponseTo !== null && cxlRejReason !== null, 'a 9 has tags 434 and 102');
    return {
      ...common,
      orderId,
      ordStatus,
      type: 'OrderCancelReject',
      origClOrdId: record.orig_cl_ord_id ?? undefined,
      cxlRejResponseTo,
      cxlRejReason,
      text: record.text ?? '',
    };
  }
  assert(record.exec_type !== null, 'an 8 has tag 150');
  return {
    ...common,
    orderId,
    ordStatus,
    type: 'ExecutionReport',
    origClOrdId: record.orig_cl_ord_id ?? undefined,
    execType: record.exec_type,
    symbol: record.symbol ?? '',
    side: record.side ?? '1',
    ordType: record.ord_type ?? undefined,
    timeInForce: record.time_in_force ?? undefined,
    orderQty: record.order_qty ?? '0',
    price: record.price ?? undefined,
    cumQty: record.cum_qty ?? '0',
    leavesQty: record.leaves_qty ?? '0',
    avgPx: record.avg_px ?? '0',
    fill: toFill(record),
    ordRejReason: record.reason ?? undefined,
    execRestatementReason: record.restatement_reason ?? undefined,
    text: record.text ?? undefined,
    ...details,
  };
}

function toFill(record: ReportRecord): ExecutionReport['fill'] {
  const {
    trade_id: tradeId,
    last_qty: lastQty,
    last_px: lastPx,
    last_liquidity_ind: lastLiquidityInd,
  } = record;
  if (tradeId === null || lastQty === null || lastPx === null || lastLiquidityInd === null) return undefined;
  return {
    tradeId: Number(tradeId),
    lastQty,
    lastPx,
    lastLiquidityInd,
    fee: record.fee ?? '0',
    feeAsset: record.fee_asset ?? '',
  };
}
