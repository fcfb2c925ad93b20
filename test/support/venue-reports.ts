/** One report of each kind that a member can be told, for tests of what goes out. */
import type { ExecutionReport, OrderCancelReject, Report } from '../../src/matching/execution-report.ts';

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
  ...[0, 1, 2, 3, 6, 11, 13, 18, 99].map((ordRejReason): [string, Report] => [
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
];
