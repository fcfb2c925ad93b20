/**
 * FIX-REFERENCE's base table: each event of an order, and the reports that its member is told, in full. Member 1 is the
 * one who is told; member 2 is the rest of the market. Lines are read as `line` of member-commands.ts says.
 */
import { expect } from 'chai';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import { ticks } from '../../src/matching/types.ts';
import { AT, endOfTradingDay, TODAY, TOMORROW } from '../support/judging-desk.ts';
import { buyOrder, cancelOrder, massCancel, replaceOrder, sellOrder } from '../support/member-commands.ts';
import { SmallMarket } from '../support/small-market.ts';

const RICH = { balances: { USD: '10000', BTC: '100' } };

type Step = readonly [1 | 2, MemberCommand] | ((market: SmallMarket) => void);

/** Everything that member 1 is told while each step is done and committed before the next. */
function told(...steps: readonly Step[]): string[] {
  const market = new SmallMarket({ 1: RICH, 2: RICH }, { referencePrice: ticks(10_000) });
  for (const step of steps) {
    if (typeof step === 'function') step(market);
    else market.send(...step);
    market.settle();
  }
  return market.told(1);
}

const GTD = { timeInForce: '6' } as const;
const STP = { selfTradePrevention: 'CancelNewest' } as const;

/** Time passes, and the scheduler says so. */
const passTo =
  (at: number, tradingDay = TODAY) =>
  (market: SmallMarket): void => {
    market.at = at;
    market.tradingDay = tradingDay;
    market.operate({ type: 'ExpireOrders', tradingDay, upTo: at });
  };

describe('what a member is told of an order', () => {
  const table: readonly (readonly [string, readonly Step[], readonly string[]])[] = [
    ['accepted', [[1, buyOrder('x', '1', '100')]], ['8 0/0 x 0/1']],
    ['rejected', [[1, buyOrder('x', '0', '100')]], ['8 8/8 x 103=13']],
    [
      'partial fill, full fill',
      [
        [1, buyOrder('x', '1', '100')],
        [2, sellOrder('s', '0.4', '100')],
        [2, sellOrder('t', '0.6', '99')],
      ],
      ['8 0/0 x 0/1', '8 F/1 x 0.4/0.6 @100*0.4', '8 F/2 x 1/0 @100*0.6'],
    ],
    [
      'marketable on entry',
      [
        [2, sellOrder('s', '0.4', '100')],
        [1, buyOrder('x', '1', '101')],
      ],
      ['8 0/0 x 0/1', '8 F/1 x 0.4/0.6 @100*0.4'],
    ],
    [
      'market order: its remainder expires',
      [
        [2, sellOrder('s', '0.4', '100')],
        [1, buyOrder('x', '1', undefined)],
      ],
      ['8 0/0 x 0/1', '8 F/1 x 0.4/0.6 @100*0.4', '8 C/C x 0.4/0'],
    ],
    [
      'IOC remainder',
      [
        [2, sellOrder('s', '0.4', '100')],
        [1, buyOrder('x', '1', '100', { timeInForce: '3' })],
      ],
      ['8 0/0 x 0/1', '8 F/1 x 0.4/0.6 @100*0.4', '8 C/C x 0.4/0'],
    ],
    [
      'FOK kill',
      [
        [2, sellOrder('s', '0.4', '100')],
        [1, buyOrder('x', '1', '100', { timeInForce: '4' })],
      ],
      ['8 0/0 x 0/1', '8 C/C x 0/0'],
    ],
    [
      'all or none with IOC that cannot have all',
      [
        [2, sellOrder('s', '0.4', '100')],
        [1, buyOrder('x', '1', '100', { timeInForce: '3', execInst: 'G' })],
      ],
      ['8 0/0 x 0/1', '8 C/C x 0/0'],
    ],
    [
      'MinQty that is not there, and one that is',
      [
        [2, sellOrder('s', '0.4', '100')],
        [1, buyOrder('x', '1', '100', { minQty: '0.5' })],
        [1, buyOrder('y', '1', '100', { minQty: '0.4' })],
      ],
      ['8 0/0 x 0/1', '8 C/C x 0/0', '8 0/0 y 0/1', '8 F/1 y 0.4/0.6 @100*0.4'],
    ],
    [
      'Day expiry at the roll',
      [[1, buyOrder('x', '1', '100')], passTo(endOfTradingDay(TODAY), TOMORROW)],
      ['8 0/0 x 0/1', '8 C/C x 0/0'],
    ],
    [
      'GTD expiry by time and by date, not before it',
      [
        [1, buyOrder('x', '1', '100', { ...GTD, expireTime: AT + 2 })],
        [1, buyOrder('y', '1', '100', { ...GTD, expireDate: TODAY })],
        passTo(AT + 1),
        passTo(AT + 2),
        passTo(endOfTradingDay(TODAY)),
      ],
      ['8 0/0 x 0/1', '8 0/0 y 0/1', '8 C/C x 0/0', '8 C/C y 0/0'],
    ],
    [
      'post-only would cross',
      [
        [2, sellOrder('s', '1', '100')],
        [1, buyOrder('x', '1', '100', { execInst: '6' })],
        [1, buyOrder('y', '1', '99', { execInst: '6' })],
      ],
      ['8 8/8 x 103=99', '8 0/0 y 0/1'],
    ],
    [
      'STP removes resting',
      [
        [1, sellOrder('x', '1', '100')],
        [1, buyOrder('y', '0.4', '100', { selfTradePrevention: 'CancelOldest' })],
      ],
      ['8 0/0 x 0/1', '8 0/0 y 0/0.4', '8 4/4 x 0/0 378=8'],
    ],
    [
      'STP removes incoming, after what it filled',
      [
        [2, sellOrder('s', '0.4', '99')],
        [1, sellOrder('x', '1', '100')],
        [1, buyOrder('y', '1', '100', STP)],
      ],
      ['8 0/0 x 0/1', '8 0/0 y 0/1', '8 F/1 y 0.4/0.6 @99*0.4', '8 4/4 y 0.4/0 378=8'],
    ],
    [
      'STP removes both',
      [
        [1, sellOrder('x', '1', '100')],
        [1, buyOrder('y', '0.4', '100', { selfTradePrevention: 'CancelBoth' })],
      ],
      ['8 0/0 x 0/1', '8 0/0 y 0/0.4', '8 4/4 x 0/0 378=8', '8 4/4 y 0/0 378=8'],
    ],
    [
      'STP decrements the larger and removes the smaller',
      [
        [1, sellOrder('x', '1', '100')],
        [1, buyOrder('y', '0.4', '100', { selfTradePrevention: 'Decrement' })],
      ],
      ['8 0/0 x 0/1', '8 0/0 y 0/0.4', '8 D/0 x 0/0.6 378=5', '8 4/4 y 0/0 378=8'],
    ],
    [
      'cancel accepted',
      [
        [1, buyOrder('x', '1', '100')],
        [1, cancelOrder('y', 'x')],
      ],
      ['8 0/0 x 0/1', '8 4/4 y<x 0/0'],
    ],
    [
      'replace accepted: unfilled, part-filled, filled',
      [
        [1, buyOrder('x', '1', '100')],
        [1, replaceOrder('y', 'x', '2', '100')],
        [2, sellOrder('s', '0.4', '100')],
        [1, replaceOrder('z', 'y', '1', '101')],
        [1, replaceOrder('w', 'z', '0.4', '101')],
      ],
      ['8 0/0 x 0/1', '8 5/0 y<x 0/2', '8 F/1 y 0.4/1.6 @100*0.4', '8 5/1 z<y 0.4/0.6', '8 5/2 w<z 0.4/0'],
    ],
    [
      'unsolicited cancel',
      [
        [1, buyOrder('x', '1', '100')],
        (market) =>
          market.operate({
            type: 'MassCancelOrders',
            userId: undefined,
            side: undefined,
            clOrdId: undefined,
            unsolicited: { execRestatementReason: 8, text: 'by the operator' },
          }),
      ],
      ['8 0/0 x 0/1', '8 4/4 x 0/0 378=8'],
    ],
    [
      'mass cancel: one report of all, one of each order',
      [
        [1, buyOrder('x', '1', '100')],
        [1, sellOrder('y', '1', '101')],
        [1, massCancel('q')],
      ],
      ['8 0/0 x 0/1', '8 0/0 y 0/1', '8 4/4 q<x 0/0', '8 4/4 q<y 0/0', 'r q 533=2'],
    ],
    [
      'an iceberg’s fresh slice is restated, and goes behind others at its price',
      [
        [1, sellOrder('x', '1', '100', { maxFloor: '0.4' })],
        [2, sellOrder('s', '1', '100')],
        [2, buyOrder('b', '0.4', '100')],
        [2, buyOrder('c', '0.5', '100')],
      ],
      ['8 0/0 x 0/1', '8 F/1 x 0.4/0.6 @100*0.4', '8 D/1 x 0.4/0.6 378=8'],
    ],
    [
      'a stop is triggered by a trade at its price, then fills as a market order',
      [
        [1, buyOrder('x', '1', undefined, { ordType: '3', stopPx: '101' })],
        [2, sellOrder('s', '0.5', '101')],
        [2, sellOrder('t', '0.6', '102')],
        [2, buyOrder('b', '0.4', '101')],
      ],
      ['8 0/0 x 0/1', '8 L/0 x 0/1', '8 F/1 x 0.1/0.9 @101*0.1', '8 F/1 x 0.7/0.3 @102*0.6', '8 C/C x 0.7/0'],
    ],
    [
      'a stop limit is triggered, then rests',
      [
        [1, sellOrder('x', '1', '98', { ordType: '4', stopPx: '99' })],
        [2, buyOrder('b', '0.5', '99')],
        [2, sellOrder('s', '0.5', '99')],
        [1, cancelOrder('y', 'x', { side: '2' })],
      ],
      ['8 0/0 x 0/1', '8 L/0 x 0/1', '8 4/4 y<x 0/0'],
    ],
  ];
  for (const [title, steps, expected] of table) {
    it(title, () => {
      expect(told(...steps)).to.deep.equal(expected);
    });
  }
});
