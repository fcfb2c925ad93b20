/** What members are told, as it crosses from the engine to the gateway: 8, 9 and r. */
import type {
  ExecType,
  ExecutionReport,
  MassStatus,
  OrderCancelReject,
  OrderMassCancelReport,
  Report,
  ReportedFill,
  ReportedInstructions,
} from '../../matching/execution-report.ts';
import type { OrdType, Side, TimeInForce } from '../../matching/types.ts';
import {
  type Codec,
  count,
  flag,
  integer,
  listOf,
  oneOf,
  optional,
  orUndefined,
  record,
  text,
  union,
  variant,
} from './codec.ts';
import { execInst, LABELS, ordStatus } from './orders.ts';

// A refusal repeats what the member has sent, which may be what the venue does not offer.
const side = text as Codec<Side>;
const ordType = text as Codec<OrdType>;
const timeInForce = text as Codec<TimeInForce>;

const reportedFill = record<ReportedFill>({
  tradeId: integer,
  lastQty: text,
  lastPx: text,
  lastLiquidityInd: oneOf(1, 2),
  fee: text,
  feeAsset: text,
});

const reportedInstructions = record<ReportedInstructions>({
  ...LABELS,
  stopPx: optional(text),
  isWorking: optional(flag),
  expireTime: optional(integer),
  expireDate: optional(text),
  execInst: optional(execInst),
  minQty: optional(text),
  maxFloor: optional(text),
});

const massStatus = record<MassStatus>({ massStatusReqId: text, totNumReports: count, isLast: flag });

const COMMON = { userId: integer, source: text, sourceSeq: count, at: integer, clOrdId: text };

export const report: Codec<Report> = union<Report>({
  ExecutionReport: variant<ExecutionReport>('ExecutionReport', {
    ...COMMON,
    orderId: orUndefined(integer),
    origClOrdId: orUndefined(text),
    execType: oneOf<ExecType>('0', '4', '5', '8', 'C', 'D', 'F', 'G', 'H', 'I', 'L'),
    ordStatus,
    symbol: text,
    side,
    ordType: orUndefined(ordType),
    timeInForce: orUndefined(timeInForce),
    orderQty: text,
    price: orUndefined(text),
    cumQty: text,
    leavesQty: text,
    avgPx: text,
    fill: orUndefined(reportedFill),
    ordRejReason: orUndefined(integer),
    execRestatementReason: orUndefined(integer),
    text: orUndefined(text),
    instructions: optional(reportedInstructions),
    execRefId: optional(text),
    ordStatusReqId: optional(text),
    massStatus: optional(massStatus),
  }),
  OrderCancelReject: variant<OrderCancelReject>('OrderCancelReject', {
    ...COMMON,
    orderId: orUndefined(integer),
    origClOrdId: orUndefined(text),
    ordStatus,
    cxlRejResponseTo: oneOf(1, 2),
    cxlRejReason: integer,
    text,
  }),
  OrderMassCancelReport: variant<OrderMassCancelReport>('OrderMassCancelReport', {
    ...COMMON,
    symbol: orUndefined(text),
    side: orUndefined(side),
    massCancelRequestType: optional(text),
    massCancelRejectReason: orUndefined(integer),
    totalAffectedOrders: orUndefined(count),
    unanswered: listOf(record<{ clOrdId: string; orderId: number }>({ clOrdId: text, orderId: integer })),
    text: orUndefined(text),
  }),
});
