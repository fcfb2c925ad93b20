/** An ExecutionReport with ExecType (150) New for tests that only need one with a number. */
import type { ExecutionReport } from '../../src/matching/execution-report.ts';

/** The New report of an order, with what is said otherwise. */
export function newReport(
  changes: Pick<ExecutionReport, 'userId' | 'sourceSeq' | 'at'> & Partial<ExecutionReport>,
): ExecutionReport {
  return {
    type: 'ExecutionReport',
    source: 'BTC-USD',
    orderId: changes.userId * 1_000 + (changes.sourceSeq % 1_000),
    clOrdId: `old-${changes.sourceSeq}`,
    origClOrdId: undefined,
    execType: '0',
    ordStatus: '0',
    symbol: 'BTC-USD',
    side: '1',
    ordType: '2',
    timeInForce: '0',
    orderQty: '1.00',
    price: '100.00',
    cumQty: '0.00',
    leavesQty: '1.00',
    avgPx: '0',
    fill: undefined,
    ordRejReason: undefined,
    execRestatementReason: undefined,
    text: undefined,
    ...changes,
  };
}
