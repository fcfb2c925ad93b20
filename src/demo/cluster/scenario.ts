/**
 * What members do in the cluster demo, before and after an engine is killed, and what must come of it. Fees are 10
 * basis points for the resting side and 20 for the incoming one; alice is at one gateway, bob at the other.
 */
import { same } from '../expectations.ts';
import type { ExpectedRow } from '../scenario.ts';
import { INSTRUMENTS } from '../scenario.ts';
import { BUY, SELL, type Step, stepMessages } from '../step-messages.ts';
import type { DemoMarket } from '../venue-setup.ts';

/** The symbol whose engine is killed, and one of the other engine. */
export const STRUCK = 'BTC-USD';
export const SPARED = 'ETH-USD';
export const PLACEMENT: Readonly<Record<string, string>> = { [STRUCK]: 'engine-1', [SPARED]: 'engine-2' };

const BTC_PRICE = '50000.00';
const ETH_PRICE = '3000.00';

/** What is traded. */
export const MARKET: DemoMarket = {
  instruments: INSTRUMENTS.filter(({ symbol }) => symbol === STRUCK || symbol === SPARED),
  funds: { alice: { USD: '100000' }, bob: { BTC: '10', ETH: '100' } },
  clearedSymbols: [STRUCK, SPARED],
};

/** Who owns the symbols when the first part begins. */
export interface Places {
  readonly struckEngine: string;
  readonly sparedEngine: string;
}

/** Trades in both symbols. */
export function firstSteps(runId: string, { struckEngine, sparedEngine }: Places): readonly Step[] {
  const btc = stepMessages(runId, STRUCK, BTC_PRICE);
  const eth = stepMessages(runId, SPARED, ETH_PRICE);
  return [
    {
      title: `bob, at gateway-2, offers 1 BTC at 50,000.00: it rests in the book on ${struckEngine}`,
      request: btc.order('bob', 'b1', { side: SELL, quantity: '1', price: BTC_PRICE }),
      reports: [btc.accepted('bob', 'b1', '1')],
    },
    {
      title: 'alice, at gateway-1, buys 0.4 BTC: one trade, told at both gateways',
      request: btc.order('alice', 'a1', { side: BUY, quantity: '0.4', price: BTC_PRICE }),
      reports: [
        btc.accepted('alice', 'a1', '0.4'),
        btc.fill('alice', 'a1', {
          ...{ OrdStatus: '2', LastQty: '0.4', CumQty: '0.4', LeavesQty: '0', MiscFeeAmt: '40' },
          ...{ SecondaryExecID: same('first BTC trade'), LastLiquidityInd: '2' },
        }),
        btc.fill('bob', 'b1', {
          ...{ OrdStatus: '1', LastQty: '0.4', CumQty: '0.4', LeavesQty: '0.6', MiscFeeAmt: '20' },
          ...{ SecondaryExecID: same('first BTC trade'), LastLiquidityInd: '1' },
        }),
      ],
    },
    {
      title: `alice bids for 3 ETH at 3,000.00: it rests in the book on ${sparedEngine}`,
      request: eth.order('alice', 'a2', { side: BUY, quantity: '3', price: ETH_PRICE }),
      reports: [eth.accepted('alice', 'a2', '3')],
    },
    {
      title: 'bob sells 1 ETH to it',
      request: eth.order('bob', 'b2', { side: SELL, quantity: '1', price: ETH_PRICE }),
      reports: [
        eth.accepted('bob', 'b2', '1'),
        eth.fill('bob', 'b2', {
          ...{ OrdStatus: '2', LastQty: '1', CumQty: '1', LeavesQty: '0', MiscFeeAmt: '6' },
          ...{ SecondaryExecID: same('first ETH trade'), LastLiquidityInd: '2' },
        }),
        eth.fill('alice', 'a2', {
          ...{ OrdStatus: '1', LastQty: '1', CumQty: '1', LeavesQty: '2', MiscFeeAmt: '3' },
          ...{ SecondaryExecID: same('first ETH trade'), LastLiquidityInd: '1' },
        }),
      ],
    },
  ];
}

/** The first order after the kill. */
export function orderAfterKill(runId: string, title: string): Step {
  const btc = stepMessages(runId, STRUCK, BTC_PRICE);
  return {
    title,
    request: btc.order('alice', 'a3', { side: BUY, quantity: '0.1', price: '49000.00' }),
    reports: [btc.accepted('alice', 'a3', '0.1')],
  };
}

/** On the engine that is left. */
export function lastSteps(runId: string): readonly Step[] {
  const btc = stepMessages(runId, STRUCK, BTC_PRICE);
  const eth = stepMessages(runId, SPARED, ETH_PRICE);
  return [
    {
      title: 'bob asks for his offer from before: it is there, with what it has traded',
      request: {
        member: 'bob',
        name: 'OrderStatusRequest',
        fields: { ClOrdID: btc.id('b1'), Symbol: STRUCK, Side: SELL },
      },
      reports: [
        btc.report('bob', 'b1', {
          ...{ OrderID: same('OrderID of b1'), ExecType: 'I', OrdStatus: '1' },
          ...{ OrderQty: '1', CumQty: '0.4', LeavesQty: '0.6', AvgPx: BTC_PRICE },
        }),
      ],
    },
    {
      title: 'alice buys the rest of it: trading goes on where it was',
      request: btc.order('alice', 'a4', { side: BUY, quantity: '0.6', price: BTC_PRICE }),
      reports: [
        btc.accepted('alice', 'a4', '0.6'),
        btc.fill('alice', 'a4', {
          ...{ OrdStatus: '2', LastQty: '0.6', CumQty: '0.6', LeavesQty: '0', MiscFeeAmt: '60' },
          ...{ SecondaryExecID: same('second BTC trade'), LastLiquidityInd: '2' },
        }),
        btc.fill('bob', 'b1', {
          ...{ OrdStatus: '2', LastQty: '0.6', CumQty: '1', LeavesQty: '0', MiscFeeAmt: '30' },
          ...{ SecondaryExecID: same('second BTC trade'), LastLiquidityInd: '1' },
        }),
      ],
    },
    {
      title: 'bob sells alice 2 ETH in the other symbol, whose engine did not change',
      request: eth.order('bob', 'b3', { side: SELL, quantity: '2', price: ETH_PRICE }),
      reports: [
        eth.accepted('bob', 'b3', '2'),
        eth.fill('bob', 'b3', {
          ...{ OrdStatus: '2', LastQty: '2', CumQty: '2', LeavesQty: '0', MiscFeeAmt: '12' },
          ...{ SecondaryExecID: same('second ETH trade'), LastLiquidityInd: '2' },
        }),
        eth.fill('alice', 'a2', {
          ...{ OrdStatus: '2', LastQty: '2', CumQty: '3', LeavesQty: '0', MiscFeeAmt: '6' },
          ...{ SecondaryExecID: same('second ETH trade'), LastLiquidityInd: '1' },
        }),
      ],
    },
  ];
}

/** `orders` of a run, by symbol and ClOrdID. The hold of a buy is its notional and 20 basis points. */
export function expectedOrders(runId: string): readonly ExpectedRow[] {
  const rows: readonly (readonly string[])[] = [
    ['a1', 'alice', STRUCK, BUY, '0.4', '0.4', '0', '0', '2'],
    ['a3', 'alice', STRUCK, BUY, '0.1', '0', '0.1', '4909.8', '0'],
    ['a4', 'alice', STRUCK, BUY, '0.6', '0.6', '0', '0', '2'],
    ['b1', 'bob', STRUCK, SELL, '1', '1', '0', '0', '2'],
    ['a2', 'alice', SPARED, BUY, '3', '3', '0', '0', '2'],
    ['b2', 'bob', SPARED, SELL, '1', '1', '0', '0', '2'],
    ['b3', 'bob', SPARED, SELL, '2', '2', '0', '0', '2'],
  ];
  return rows.map(([name = '', ...values]) => ({
    cl_ord_id: `${runId}-${name}`,
    ...Object.fromEntries(COLUMNS.map((column, index) => [column, values[index] ?? ''])),
  }));
}

const COLUMNS = ['member', 'symbol', 'side', 'quantity', 'filled', 'remaining', 'hold', 'status'];

/** `trades` of a run, the oldest first. */
export const EXPECTED_TRADES: readonly ExpectedRow[] = [
  {
    symbol: STRUCK,
    price: '50000',
    quantity: '0.4',
    maker: 'bob',
    taker: 'alice',
    maker_fee: '20',
    taker_fee: '40',
  },
  {
    symbol: SPARED,
    price: '3000',
    quantity: '1',
    maker: 'alice',
    taker: 'bob',
    maker_fee: '3',
    taker_fee: '6',
  },
  {
    symbol: STRUCK,
    price: '50000',
    quantity: '0.6',
    maker: 'bob',
    taker: 'alice',
    maker_fee: '30',
    taker_fee: '60',
  },
  {
    symbol: SPARED,
    price: '3000',
    quantity: '2',
    maker: 'alice',
    taker: 'bob',
    maker_fee: '6',
    taker_fee: '12',
  },
];

/** What a run changes in `balances`: of a user, an asset, by how much. Fees go to the venue's own user. */
export const EXPECTED_CHANGES: readonly (readonly [member: string, asset: string, change: string])[] = [
  ['alice', 'BTC', '1'],
  ['alice', 'ETH', '3'],
  ['alice', 'USD', '-59109'],
  ['bob', 'BTC', '-1'],
  ['bob', 'ETH', '-3'],
  ['bob', 'USD', '58932'],
  ['fees', 'USD', '177'],
];
