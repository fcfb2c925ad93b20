/**
 * What the demo's members do, step by step, and what must come of it: every message that the venue owes them, and
 * the rows that are left. Fees are 10 basis points for the resting side and 20 for the incoming one.
 */
import { contains, same } from './expectations.ts';
import type { MemberName, TradeOrder } from './protocol.ts';
import { BUY, DAY, GOOD_TILL_CANCEL, LIMIT, SELL, type Step, stepMessages } from './step-messages.ts';

/** What the scenario is traded in. */
export const SYMBOL = 'BTC-USD';
/** The price at which alice cannot pay the order that she has no funds for. */
export const PRICE = '50000.00';

/** Instruments of the demo as the admin API takes them. */
export const INSTRUMENTS = [
  { symbol: SYMBOL, base: 'BTC', quote: 'USD', tick: '0.01', lot: '0.0001', referencePrice: PRICE },
  { symbol: 'ETH-USD', base: 'ETH', quote: 'USD', tick: '0.01', lot: '0.001', referencePrice: '3000.00' },
  { symbol: 'AAPL', base: 'AAPL', quote: 'USD', tick: '0.01', lot: '1', referencePrice: '200.00' },
].map((terms) => ({ ...terms, makerBps: '10', takerBps: '20' }));

/** What each member has at least when the trading begins. */
export const FUNDS: Readonly<Record<MemberName, Readonly<Record<string, string>>>> = {
  alice: { USD: '100000' },
  bob: { BTC: '10', ETH: '100', AAPL: '1000' },
};

/** The steps of one run. Every ClOrdID (11) begins with the run's id. */
export function stepsOf(run: Pick<TradeOrder, 'runId' | 'unaffordableQty'>): Step[] {
  const { runId, unaffordableQty } = run;
  const { id, order, report, accepted, fill } = stepMessages(runId, SYMBOL, PRICE);
  return [
    {
      title: 'bob offers 1 BTC at 50,000.00: the book is empty, so his order rests',
      request: order('bob', 'b1', { side: SELL, quantity: '1', price: PRICE }),
      reports: [accepted('bob', 'b1', '1')],
    },
    {
      title: "alice buys 0.4 BTC and would pay 50,100.00: she gets it at bob's price, a part of his order",
      request: order('alice', 'a1', { side: BUY, quantity: '0.4', price: '50100.00' }),
      reports: [
        accepted('alice', 'a1', '0.4'),
        fill('alice', 'a1', {
          ...{ OrdStatus: '2', LastQty: '0.4', OrderQty: '0.4', CumQty: '0.4', LeavesQty: '0' },
          ...{ AvgPx: PRICE, SecondaryExecID: same('first trade'), LastLiquidityInd: '2', MiscFeeAmt: '40' },
        }),
        fill('bob', 'b1', {
          ...{ OrdStatus: '1', LastQty: '0.4', OrderQty: '1', CumQty: '0.4', LeavesQty: '0.6' },
          ...{ AvgPx: PRICE, SecondaryExecID: same('first trade'), LastLiquidityInd: '1', MiscFeeAmt: '20' },
        }),
      ],
    },
    {
      title: "alice bids for 1 BTC at 50,000.00: it fills bob's order, and the rest of hers rests",
      request: order('alice', 'a2', { side: BUY, quantity: '1', price: PRICE }),
      reports: [
        accepted('alice', 'a2', '1'),
        fill('alice', 'a2', {
          ...{ OrdStatus: '1', LastQty: '0.6', OrderQty: '1', CumQty: '0.6', LeavesQty: '0.4' },
          ...{ AvgPx: PRICE, SecondaryExecID: same('second trade'), LastLiquidityInd: '2', MiscFeeAmt: '60' },
        }),
        fill('bob', 'b1', {
          ...{ OrdStatus: '2', LastQty: '0.6', OrderQty: '1', CumQty: '1', LeavesQty: '0' },
          ...{ AvgPx: PRICE, SecondaryExecID: same('second trade'), LastLiquidityInd: '1', MiscFeeAmt: '30' },
        }),
      ],
    },
    {
      title: 'alice replaces it: 49,500.00 instead, and 1.2 BTC in all, of which she has 0.6',
      request: {
        member: 'alice',
        name: 'OrderCancelReplaceRequest',
        fields: {
          ...{ OrigClOrdID: id('a2'), ClOrdID: id('a3'), Symbol: SYMBOL, Side: BUY },
          ...{ OrderQty: '1.2', OrdType: LIMIT, Price: '49500.00', TimeInForce: DAY },
        },
      },
      reports: [
        report('alice', 'a3', {
          ...{ OrderID: same('OrderID of a2'), OrigClOrdID: id('a2'), ExecType: '5', OrdStatus: '1' },
          ...{ OrderQty: '1.2', Price: '49500.00', CumQty: '0.6', LeavesQty: '0.6', AvgPx: PRICE },
        }),
      ],
    },
    {
      title: 'alice cancels what is left of it',
      request: {
        member: 'alice',
        name: 'OrderCancelRequest',
        fields: { OrigClOrdID: id('a3'), ClOrdID: id('a4'), Symbol: SYMBOL, Side: BUY, OrderQty: '1.2' },
      },
      reports: [
        report('alice', 'a4', {
          ...{ OrderID: same('OrderID of a2'), OrigClOrdID: id('a3'), ExecType: '4', OrdStatus: '4' },
          ...{ OrderQty: '1.2', CumQty: '0.6', LeavesQty: '0' },
        }),
      ],
    },
    {
      title: 'bob cancels his first order, but it is filled: the venue says so',
      request: {
        member: 'bob',
        name: 'OrderCancelRequest',
        fields: { OrigClOrdID: id('b1'), ClOrdID: id('b2'), Symbol: SYMBOL, Side: SELL, OrderQty: '1' },
      },
      reports: [
        {
          member: 'bob',
          name: 'OrderCancelReject',
          fields: {
            ...{ OrderID: same('OrderID of b1'), ClOrdID: id('b2'), OrigClOrdID: id('b1') },
            ...{ OrdStatus: '2', CxlRejResponseTo: '1', CxlRejReason: '0' },
          },
        },
      ],
    },
    {
      title: `alice bids for ${unaffordableQty} BTC and lacks the funds: her order never reaches the book`,
      request: order('alice', 'a5', { side: BUY, quantity: unaffordableQty, price: PRICE }),
      reports: [
        report('alice', 'a5', {
          ...{ OrderID: 'NONE', ExecType: '8', OrdStatus: '8', OrdRejReason: '3' },
          ...{ CumQty: '0', LeavesQty: '0', Text: contains('insufficient funds') },
        }),
      ],
    },
    {
      title: 'alice leaves a bid in the book, good till canceled',
      request: order('alice', 'a6', {
        ...{ side: BUY, quantity: '0.5', price: '49000.00', timeInForce: GOOD_TILL_CANCEL },
      }),
      reports: [accepted('alice', 'a6', '0.5')],
    },
    {
      title: 'bob leaves an offer: whoever connects next can trade with either',
      request: order('bob', 'b3', {
        ...{ side: SELL, quantity: '0.25', price: '51000.00', timeInForce: GOOD_TILL_CANCEL },
      }),
      reports: [accepted('bob', 'b3', '0.25')],
    },
  ];
}

/** What a row must say, by column. */
export type ExpectedRow = Readonly<Record<string, string>>;

/** `orders` of a run, the oldest first. The hold of a buy is its notional and 20 basis points. */
export function expectedOrders(runId: string): ExpectedRow[] {
  const row = (
    [member, clOrdId]: readonly [MemberName, string],
    [side, price, quantity]: readonly [string, string, string],
    [filled, remaining, hold, status]: readonly [string, string, string, string],
  ): ExpectedRow => {
    const terms = { member, cl_ord_id: `${runId}-${clOrdId}`, side, price, quantity };
    return { ...terms, filled, remaining, hold, status };
  };
  return [
    row(['bob', 'b1'], [SELL, PRICE, '1'], ['1', '0', '0', '2']),
    row(['alice', 'a1'], [BUY, '50100', '0.4'], ['0.4', '0', '0', '2']),
    row(['alice', 'a3'], [BUY, '49500', '1.2'], ['0.6', '0', '0', '4']),
    row(['alice', 'a6'], [BUY, '49000', '0.5'], ['0', '0.5', '24549', '0']),
    row(['bob', 'b3'], [SELL, '51000', '0.25'], ['0', '0.25', '0.25', '0']),
  ];
}

const TRADE = { price: PRICE, maker: 'bob', taker: 'alice', taker_side: BUY };

/** `trades` of a run, the oldest first. */
export const EXPECTED_TRADES: readonly ExpectedRow[] = [
  { ...TRADE, quantity: '0.4', maker_fee: '20', taker_fee: '40' },
  { ...TRADE, quantity: '0.6', maker_fee: '30', taker_fee: '60' },
];

/** What a run changes in `balances`: of a user, an asset, by how much. Fees go to the venue's own user. */
export const EXPECTED_CHANGES: readonly (readonly [member: string, asset: string, change: string])[] = [
  ['alice', 'BTC', '1'],
  ['alice', 'USD', '-50100'],
  ['bob', 'BTC', '-1'],
  ['bob', 'USD', '49950'],
  ['fees', 'USD', '150'],
];
