/**
 * An ExecutionReport (8), OrderCancelReject (9) or OrderMassCancelReport (r) that a member was or will be told: the
 * journal and the drop copy. The New report of an order is its `orders` row, and a status answer has no row. Partitioned by month.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { ExecType, OrderMassCancelReport, ReportedInstructions } from '../matching/execution-report.ts';
import type { OrdStatus, OrdType, Side, TimeInForce } from '../matching/types.ts';
import { fixCode, instant, safeBigint, spokenDecimal } from './columns.ts';

/** Of an 8 what the order was asked for and ExecRefID (19); of an r what it counts. */
export interface ReportDetails {
  readonly instructions?: ReportedInstructions;
  readonly execRefId?: string;
  readonly totalAffectedOrders?: number;
  readonly unanswered?: OrderMassCancelReport['unanswered'];
  readonly massCancelRequestType?: string;
}

export const ReportRow = defineEntity({
  name: 'ReportRow',
  tableName: 'reports',
  checks: [
    { name: 'reports_msg_type_check', expression: "msg_type in ('8', '9', 'r')" },
    { name: 'reports_ord_status_check', expression: "(ord_status is null) = (msg_type = 'r')" },
  ],
  indexes: [{ name: 'reports_by_link_index', type: 'brin', properties: ['link'] }],
  properties: {
    userId: p.integer().primary(),
    /** The book's symbol, or the account. */
    source: p.string().length(64).primary(),
    /** Gap-free per source, in commit order; with the source it is the ExecID (17). */
    sourceSeq: safeBigint().primary(),
    /** TransactTime (60). */
    at: instant().primary(),
    msgType: fixCode<'8' | '9' | 'r'>(),
    /** OrderID (37); null is told as NONE. */
    orderId: safeBigint().nullable(),
    clOrdId: p.text(),
    origClOrdId: p.text().nullable(),
    /** ExecType (150) of an 8. */
    execType: fixCode<ExecType>().nullable(),
    /** OrdStatus (39) of an 8 or a 9. */
    ordStatus: fixCode<OrdStatus>().nullable(),
    symbol: p.text().nullable(),
    side: fixCode<Side>().nullable(),
    ordType: fixCode<OrdType>().nullable(),
    timeInForce: fixCode<TimeInForce>().nullable(),
    orderQty: spokenDecimal().nullable(),
    price: spokenDecimal().nullable(),
    cumQty: spokenDecimal().nullable(),
    leavesQty: spokenDecimal().nullable(),
    avgPx: spokenDecimal().nullable(),
    lastQty: spokenDecimal().nullable(),
    lastPx: spokenDecimal().nullable(),
    /** SecondaryExecID (527) of a fill. */
    tradeId: safeBigint().nullable(),
    /** LastLiquidityInd (851): 1 added, 2 removed. */
    lastLiquidityInd: p.smallint().nullable(),
    /** MiscFeeAmt (137). */
    fee: spokenDecimal().nullable(),
    feeAsset: p.string().length(16).nullable(),
    /** OrdRejReason (103) of an 8, CxlRejReason (102) of a 9, MassCancelRejectReason (532) of an r. */
    reason: p.integer().nullable(),
    /** ExecRestatementReason (378). */
    restatementReason: p.integer().nullable(),
    /** CxlRejResponseTo (434) of a 9. */
    responseTo: p.smallint().nullable(),
    text: p.text().nullable(),
    /** What only some reports have; null for those of plain orders. */
    details: p.json<ReportDetails>().columnType('jsonb').nullable(),
    /** The link of the audit trail that covers the row; 0: it is older than the trail. */
    link: safeBigint().defaultRaw('0'),
  },
});

/** A row of `reports`. */
export type ReportRow = InferEntity<typeof ReportRow>;
