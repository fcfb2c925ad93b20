/** One report of each kind that a member can be told, for tests of what goes out. */
import type {
  ExecutionReport,
  OrderCancelReject,
  OrderMassCancelReport,
  Report,
  ReportedInstructions,
} from '../../src/matching/execution-report.ts';
import type { Side } from '../../src/matching/types.ts';

/** When all of them happened. */
export const REPORTED_AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A limit order that was accepted. */
export const NEW_REPORT: ExecutionReport = {
  type: 'ExecutionReport',
  userId: 17,
  source: 'BTC-USD',
  sourceSeq: 12,
  at: REPORTED_AT,
  orderId: 7,
  clOrdId: 'c1',
  origClOrdId: undefined,
  execType: '0',
  ordStatus: '0',
  symbol: 'BTC-USD',
  side: '1',
  ordType: '2',
  timeInForce: '1',
  orderQty: '0.50',
  price: '100.25',
  cumQty: '0.00',
  leavesQty: '0.50',
  avgPx: '0',
  fill: undefined,
  ordRejReason: undefined,
  execRestatementReason: undefined,
  text: undefined,
};

/** A part of it traded, with a fee. */
export const FILL_REPORT: ExecutionReport = {
  ...NEW_REPORT,
  execType: 'F',
  ordStatus: '1',
  cumQty: '0.20',
  leavesQty: '0.30',
  avgPx: '100.25',
  fill: {
    tradeId: 9,
    lastQty: '0.20',
    lastPx: '100.25',
    lastLiquidityInd: 2,
    fee: '0.02005',
    feeAsset: 'USD',
  },
};

/** An order that was refused, as if it had never been read further than its ids. */
export const REFUSED_REPORT: ExecutionReport = {
  ...NEW_REPORT,
  orderId: undefined,
  execType: '8',
  ordStatus: '8',
  ordType: undefined,
  timeInForce: undefined,
  price: undefined,
  leavesQty: '0.00',
  ordRejReason: 11,
  text: 'not supported',
};

/** A cancel that was refused: no such order. */
export const CANCEL_REJECT: OrderCancelReject = {
  type: 'OrderCancelReject',
  userId: 17,
  source: 'user:17',
  sourceSeq: 4,
  at: REPORTED_AT,
  orderId: undefined,
  clOrdId: 'c2',
  origClOrdId: 'c1',
  ordStatus: '8',
  cxlRejResponseTo: 1,
  cxlRejReason: 1,
  text: 'unknown order',
};

/** A mass cancel of everything, carried out. */
export const MASS_CANCEL_REPORT: OrderMassCancelReport = {
  type: 'OrderMassCancelReport',
  userId: 17,
  source: 'user:17',
  sourceSeq: 5,
  at: REPORTED_AT,
  clOrdId: 'q1',
  symbol: undefined,
  side: undefined,
  massCancelRejectReason: undefined,
  totalAffectedOrders: 2,
  unanswered: [],
  text: undefined,
};

/** What is said when no order is open: there is none to be about. */
export const NO_ORDER_REPORT: ExecutionReport = {
  ...NEW_REPORT,
  sourceSeq: 0,
  orderId: undefined,
  clOrdId: 'NONE',
  execType: 'I',
  ordStatus: '8',
  symbol: '[N/A]',
  side: '7' as Side,
  ordType: undefined,
  timeInForce: undefined,
  price: undefined,
  orderQty: '0',
  cumQty: '0',
  leavesQty: '0',
  massStatus: { massStatusReqId: 's1', totNumReports: 0, isLast: true },
};

/** All that an order may have told back. */
export const INSTRUCTIONS: ReportedInstructions = {
  stopPx: '99.50',
  isWorking: false,
  expireTime: Date.UTC(2026, 0, 3, 10),
  expireDate: '2026-01-03',
  execInst: '6',
  minQty: '0.10',
  maxFloor: '0.20',
  account: 'desk-7',
  secondaryClOrdId: 's1',
  clOrdLinkId: 'basket',
};

const FILLED = { ...FILL_REPORT, ordStatus: '2', cumQty: '0.50', leavesQty: '0.00' } as const;
const CLOSED = { leavesQty: '0.00' } as const;

/** Every kind of report by what it tells. */
export const REPORTS: readonly (readonly [string, Report])[] = [
  ['a new order', NEW_REPORT],
  ['a market order', { ...NEW_REPORT, ordType: '1', price: undefined, timeInForce: '3' }],
  ['a fill', FILL_REPORT],
  ['the last fill', FILLED],
  ['a fill without a fee', { ...FILLED, fill: { ...FILL_REPORT.fill!, fee: '0' } }],
  ['a cancel', { ...NEW_REPORT, ...CLOSED, execType: '4', ordStatus: '4', clOrdId: 'c2', origClOrdId: 'c1' }],
  ...[6, 7, 8, 99].map((execRestatementReason): [string, Report] => [
    `a cancel for reason ${execRestatementReason}`,
    { ...NEW_REPORT, ...CLOSED, execType: '4', ordStatus: '4', execRestatementReason, text: 'halted' },
  ]),
  [
    'an expiry',
    { ...FILL_REPORT, ...CLOSED, fill: undefined, execType: 'C', ordStatus: 'C', text: 'rest of an IOC' },
  ],
  ['a replace', { ...NEW_REPORT, execType: '5', clOrdId: 'c2', origClOrdId: 'c1' }],
  ['a replace of a part-filled order', { ...NEW_REPORT, execType: '5', ordStatus: '1', cumQty: '0.20' }],
  ['a replace down to what is filled', { ...NEW_REPORT, ...CLOSED, execType: '5', ordStatus: '2' }],
  ...[0, 1, 2, 3, 5, 6, 11, 13, 18, 99].map((ordRejReason): [string, Report] => [
    `a refusal for reason ${ordRejReason}`,
    { ...REFUSED_REPORT, ordRejReason },
  ]),
  ...(['0', '1', '2', '4', '8', 'C'] as const).map((ordStatus): [string, Report] => [
    `the status ${ordStatus}`,
    { ...NEW_REPORT, sourceSeq: 0, execType: 'I', ordStatus },
  ]),
  ...[0, 1, 2, 6, 99].flatMap((cxlRejReason): [string, Report][] => [
    [`a refused cancel for reason ${cxlRejReason}`, { ...CANCEL_REJECT, cxlRejReason }],
    [
      `a refused replace for reason ${cxlRejReason}`,
      { ...CANCEL_REJECT, cxlRejReason, cxlRejResponseTo: 2, orderId: 7, ordStatus: '1' },
    ],
  ]),
  ['an order with every instruction', { ...NEW_REPORT, instructions: INSTRUCTIONS }],
  ['a trigger', { ...NEW_REPORT, execType: 'L', instructions: { ...INSTRUCTIONS, isWorking: true } }],
  ...[3, 5, 8].map((execRestatementReason): [string, Report] => [
    `a restatement for reason ${execRestatementReason}`,
    { ...NEW_REPORT, execType: 'D', execRestatementReason },
  ]),
  ...(['0', '1', '2', '4', 'C'] as const).map((ordStatus): [string, Report] => [
    `a bust of an order that is ${ordStatus}`,
    { ...NEW_REPORT, execType: 'H', ordStatus, execRefId: 'BTC-USD-12' },
  ]),
  ['a correction', { ...FILL_REPORT, execType: 'G', execRefId: 'BTC-USD-12' }],
  [
    'the status of an order that was asked for by id',
    { ...NEW_REPORT, sourceSeq: 0, execType: 'I', ordStatusReqId: 'r1' },
  ],
  [
    'the status of an order among many',
    {
      ...NEW_REPORT,
      sourceSeq: 0,
      execType: 'I',
      massStatus: { massStatusReqId: 's1', totNumReports: 2, isLast: true },
    },
  ],
  ['the status of no order', { ...NO_ORDER_REPORT }],
  ['a mass cancel', MASS_CANCEL_REPORT],
  ['a mass cancel of one side', { ...MASS_CANCEL_REPORT, symbol: 'BTC-USD', side: '1' }],
  [
    'a mass cancel that a book has not answered',
    { ...MASS_CANCEL_REPORT, unanswered: [{ clOrdId: 'c1', orderId: 7 }] },
  ],
  ['a mass cancel of which the count was lost', { ...MASS_CANCEL_REPORT, totalAffectedOrders: undefined }],
  ...[0, 1, 99].map((massCancelRejectReason): [string, Report] => [
    `a refused mass cancel for reason ${massCancelRejectReason}`,
    { ...MASS_CANCEL_REPORT, massCancelRejectReason, totalAffectedOrders: 0, text: 'why' },
  ]),
];
