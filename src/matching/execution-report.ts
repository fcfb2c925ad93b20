/**
 * What a member is told: the facts of one ExecutionReport (8) or OrderCancelReject (9), with decimals already
 * as exact text. The same value becomes a row of `reports` and a FIX message, so that the two cannot differ.
 */
import type {
  OrderId,
  OrderLabels,
  OrdStatus,
  OrdType,
  Side,
  TimeInForce,
  TradeId,
  UserId,
} from './types.ts';

/**
 * ExecType (150): 0 new, 4 canceled, 5 replaced, 8 rejected, C expired, D restated, F trade, G trade correct,
 * H trade cancel, I order status, L triggered, which only FIX.5.0SP2 has.
 */
export type ExecType = '0' | '4' | '5' | '8' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'L';

/** What only some orders have, told back in each report of theirs; decimals as exact text. */
export interface ReportedInstructions extends OrderLabels {
  /** StopPx (99). */
  readonly stopPx?: string;
  /** WorkingIndicator (636) of a stop order: false until it is triggered. */
  readonly isWorking?: boolean;
  /** ExpireTime (126), ms since the epoch, where the member sent it. */
  readonly expireTime?: number;
  /** ExpireDate (432) as `YYYY-MM-DD`. */
  readonly expireDate?: string;
  /** ExecInst (18). */
  readonly execInst?: '6' | 'G';
  /** MinQty (110). */
  readonly minQty?: string;
  /** MaxFloor (111). */
  readonly maxFloor?: string;
}

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
  /** ExecRestatementReason (378) of a cancel or a change that nobody asked for. */
  readonly execRestatementReason: number | undefined;
  readonly text: string | undefined;
  /** Absent for an order that has none. */
  readonly instructions?: ReportedInstructions;
  /** ExecRefID (19) of ExecType G and H: the report of the trade that is corrected or taken back. */
  readonly execRefId?: string;
  /** OrdStatusReqID (790) of an answer to an OrderStatusRequest (H). */
  readonly ordStatusReqId?: string;
  /** Of an answer to an OrderMassStatusRequest (AF). */
  readonly massStatus?: MassStatus;
}

export interface MassStatus {
  /** MassStatusReqID (584). */
  readonly massStatusReqId: string;
  /** TotNumReports (911). */
  readonly totNumReports: number;
  /** LastRptRequested (912). */
  readonly isLast: boolean;
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

/** The answer (r) to an OrderMassCancelRequest (q), when every book's cancels are committed. */
export interface OrderMassCancelReport {
  readonly type: 'OrderMassCancelReport';
  readonly userId: UserId;
  readonly source: string;
  readonly sourceSeq: number;
  readonly at: number;
  readonly clOrdId: string;
  /** Undefined: of all symbols. */
  readonly symbol: string | undefined;
  readonly side: Side | undefined;
  /** MassCancelRequestType (530) of a request that asked for another kind than 1 (of a symbol) and 7 (of all). */
  readonly massCancelRequestType?: string;
  /** MassCancelRejectReason (532): 0 not supported, 1 unknown symbol, 99 other; undefined when it was carried out. */
  readonly massCancelRejectReason: number | undefined;
  /** TotalAffectedOrders (533): so many are canceled; undefined where some may have been canceled uncounted. */
  readonly totalAffectedOrders: number | undefined;
  /** NoAffectedOrders (534): orders of books that have not answered in time, and may still be canceled. */
  readonly unanswered: readonly { readonly clOrdId: string; readonly orderId: OrderId }[];
  readonly text: string | undefined;
}

export type Report = ExecutionReport | OrderCancelReject | OrderMassCancelReport;

/** ExecID (17): unique venue-wide for ever, since a source's numbers are never used twice. */
export function execId(report: ExecutionReport): string {
  return report.sourceSeq === 0 ? '0' : `${report.source}-${report.sourceSeq}`;
}

/** The `source` of what an account reports itself. No symbol looks like it: symbols have no colon. */
export function accountSource(userId: UserId): string {
  return `user:${userId}`;
}
