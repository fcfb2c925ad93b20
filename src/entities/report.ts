/**
 * An ExecutionReport (8) or OrderCancelReject (9) that a member was or will be told: the journal and the drop
 * copy. The New report of an order is its `orders` row, and a status answer has no row. Partitioned by month.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { ExecType } from '../matching/execution-report.ts';
import type { OrdStatus, OrdType, Side, TimeInForce } from '../matching/types.ts';
import { fixCode, instant, safeBigint, spokenDecimal } from './columns.ts';

export const ReportRow = defineEntity({
  name: 'ReportRow',
  tableName: 'reports',
  checks: [{ name: 'reports_msg_type_check', expression: "msg_type in ('8', '9')" }],
  properties: {
    userId: p.integer().primary(),
    /** The book's symbol, or the account. */
    source: p.string().length(64).primary(),
    /** Gap-free per source, in commit order; with the source it is the ExecID (17). */
    sourceSeq: safeBigint().primary(),
    /** TransactTime (60). */
    at: instant().primary(),
    msgType: fixCode<'8' | '9'>(),
    /** OrderID (37); null is told as NONE. */
    orderId: safeBigint().nullable(),
    clOrdId: p.text(),
    origClOrdId: p.text().nullable(),
    /** ExecType (150) of an 8. */
    execType: fixCode<ExecType>().nullable(),
    ordStatus: fixCode<OrdStatus>(),
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
    /** OrdRejReason (103) of an 8, CxlRejReason (102) of a 9. */
    reason: p.integer().nullable(),
    /** ExecRestatementReason (378). */
    restatementReason: p.integer().nullable(),
    /** CxlRejResponseTo (434) of a 9. */
    responseTo: p.smallint().nullable(),
    text: p.text().nullable(),
  },
});

/** A row of `reports`. */
export type ReportRow = InferEntity<typeof ReportRow>;
