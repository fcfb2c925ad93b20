/** The messages that most of a cluster's traffic is: an order on its way in, and what its member is told of it. */
import type {
  BookRequest,
  ReportsCommitted,
  RoutedCommand,
  SubmitCommands,
} from '../../src/actors/protocol.ts';
import type { WireMessage } from '../../src/cluster/wire.ts';
import type { ExecutionReport } from '../../src/matching/execution-report.ts';
import type { NewOrderSingle } from '../../src/matching/order-commands.ts';
import { lots, ticks } from '../../src/matching/types.ts';

const SYMBOL = 'BTC-USD';
const SESSION_ID = 'gateway-1:1001:7';
const USER_ID = 42;
const AT = 1_795_000_000_123;
const DAY = '2026-11-23';

function clOrdId(no: number): string {
  return `B${String(no).padStart(8, '0')}`;
}

/** A limit order as a session has read it. */
function order(no: number): NewOrderSingle {
  return {
    type: 'NewOrderSingle',
    clOrdId: clOrdId(no),
    symbol: SYMBOL,
    side: '1',
    ordType: '2',
    timeInForce: '0',
    orderQty: '0.0100',
    price: '49999.90',
    mayBeRepeat: false,
  };
}

/** From a gateway to the engine of the account: `count` orders of one socket read. */
export function submitCommands(firstNo: number, count: number): WireMessage {
  const commands = Array.from({ length: count }, (_, index) => {
    const no = firstNo + index;
    return { msgSeqNum: no, command: order(no), sending: { no, isAgain: false, receivedAt: 0, round: 0 } };
  });
  const message: SubmitCommands = {
    type: 'SubmitCommands',
    sessionId: SESSION_ID,
    userId: USER_ID,
    commands,
  };
  return { to: { type: 'exchange' }, message };
}

/** From the engine of the account to that of the book: `count` orders. */
export function bookRequests(firstNo: number, count: number): WireMessage {
  const requests = Array.from({ length: count }, (_, index): BookRequest => {
    const no = firstNo + index;
    const cause: RoutedCommand = {
      commandNo: no,
      userId: USER_ID,
      origin: { sessionId: SESSION_ID, msgSeqNum: no },
      replyTo: undefined,
      command: order(no),
      referencePrice: ticks(5_000_000),
      tradingDay: DAY,
      shard: { shard: USER_ID, epoch: 3 },
    };
    const command = {
      type: 'EnterOrder',
      orderId: 1_000_000 + no,
      userId: USER_ID,
      clOrdId: clOrdId(no),
      side: '1',
      ordType: '2',
      timeInForce: '0',
      price: ticks(4_999_990),
      quantity: lots(100),
      makerFeeRate: 0,
      takerFeeRate: 0,
      tradingDay: DAY,
    } as const;
    return { command, cause, from: { node: 'engine-2', requestNo: no, epoch: 3 } };
  });
  return { to: { type: 'book', symbol: SYMBOL }, message: { type: 'BookRequests', requests } };
}

/** Back to the gateway: `count` acknowledgements of one commit, for one member. */
export function reportsCommitted(commitNo: number, count: number): WireMessage {
  const reports = Array.from({ length: count }, (_, index): ExecutionReport => {
    const no = commitNo * count + index;
    return {
      type: 'ExecutionReport',
      userId: USER_ID,
      source: SYMBOL,
      sourceSeq: no,
      at: AT,
      orderId: 1_000_000 + no,
      clOrdId: clOrdId(no),
      origClOrdId: undefined,
      execType: '0',
      ordStatus: '0',
      symbol: SYMBOL,
      side: '1',
      ordType: '2',
      timeInForce: '0',
      orderQty: '0.0100',
      price: '49999.90',
      cumQty: '0',
      leavesQty: '0.0100',
      avgPx: '0',
      fill: undefined,
      ordRejReason: undefined,
      execRestatementReason: undefined,
      text: undefined,
    };
  });
  const message: ReportsCommitted = {
    type: 'ReportsCommitted',
    writer: 'engine-1',
    commitNo,
    reports,
    answered: reports.map(({ sourceSeq }) => sourceSeq),
  };
  return { to: { type: 'session', sessionId: SESSION_ID }, message };
}
