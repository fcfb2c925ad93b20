/**
 * What a member is told: the facts of one ExecutionReport (8) or OrderCancelReject (9), with decimals already
 * as exact text. The same value becomes a row of `reports` and a FIX message, so that the two cannot differ.
 */
import type { OrderId, OrdStatus, OrdType, Side, TimeInForce, TradeId, UserId } from './types.ts';

/**
 * ExecType (150): 0 new, 4 canceled, 5 replaced, 8 rejected, C expired, D restated, F trade, I order status,
 * L triggered, which only FIX.5.0SP2 has.
 */
export type ExecType = '0' | '4' | '5' | '8' | 'C' | 'D' | 'F' | 'I' | 'L';

export interface ExecutionReport {
  readonly type: 'ExecutionReport';
  readonly userId: UserId;
  /** The book's symbol, or {@link accountSource} for what an account says itself. */
  readonly source: string;
  /** Gap-free per source, in commit order; 0 for a status answer, which has no row. */
  readonly sourceSeq: number;
  /** TransactTime (60), ms since the epoch. */
  readonly at: number;
  /** OrderID (37); undefined is sent as NONE. */
  readonly orderId: OrderId | undefined;
  readonly clOrdId: string;
  readonly origClOrdId: string | undefined;
  readonly execType: ExecType;
  readonly ordStatus: OrdStatus;
  readonly symbol: string;
  readonly side: Side;
  readonly ordType: OrdType | undefined;
  readonly timeInForce: TimeInForce | undefined;
  /** OrderQty (38). */
  readonly orderQty: string;
  /** Price (44) of a limit order. */
  readonly price: string | undefined;
  readonly cumQty: string;
  readonly leavesQty: string;
  readonly avgPx: string;
  readonly fill: ReportedFill | undefined;
  /** OrdRejReason (103) of ExecType 8. */
  readonly ordRejReason: number | undefined;
  /** ExecRestatementReason (378) of a cancel that nobody asked for. */
  readonly execRestatementReason: number | undefined;
  readonly text: string | undefined;
}

export interface ReportedFill {
  readonly tradeId: TradeId;
  /** LastQty (32). */
  readonly lastQty: string;
  /** LastPx (31). */
  readonly lastPx: string;
  /** LastLiquidityInd (851): 1 added, 2 removed. */
  readonly lastLiquidityInd: 1 | 2;
  /** MiscFeeAmt (137), in `feeAsset`. */
  readonly fee: string;
  readonly feeAsset: string;
}

export interface OrderCancelReject {
  readonly type: 'OrderCancelReject';
  readonly userId: UserId;
  readonly source: string;
  readonly sourceSeq: number;
  readonly at: number;
  /** OrderID (37); undefined is sent as NONE. */
  readonly orderId: OrderId | undefined;
  readonly clOrdId: string;
  /** OrigClOrdID (41) of the request; undefined when it named its order by OrderID (37) alone. */
  readonly origClOrdId: string | undefined;
  /** The order's true status; 8 when it is unknown. */
  readonly ordStatus: OrdStatus;
  /** CxlRejResponseTo (434): 1 for F, 2 for G. */
  readonly cxlRejResponseTo: 1 | 2;
  /** CxlRejReason (102). */
  readonly cxlRejReason: number;
  readonly text: string;
}

export type Report = ExecutionReport | OrderCancelReject;

/** ExecID (17): unique venue-wide for ever, since a source's numbers are never used twice. */
export function execId(report: ExecutionReport): string {
  return report.sourceSeq === 0 ? '0' : `${report.source}-${report.sourceSeq}`;
}

/** The `source` of what an account reports itself. No symbol looks like it: symbols have no colon. */
export function accountSource(userId: UserId): string {
  return `user:${userId}`;
}
