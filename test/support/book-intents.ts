/** What fast-check makes lists of commands from: few prices and small quantities, so that what is left of a failure is short. */
import fc from 'fast-check';
import {
  type BookCommand,
  BUY,
  type EnterOrder,
  lots,
  type OrderId,
  type OrderInstructions,
  SELL,
  ticks,
} from '../../src/matching/types.ts';

/** What a list may contain: a command whose order id is chosen among those given out so far, and one unknown. */
export function intent(): fc.Arbitrary<(lastOrderId: OrderId) => BookCommand> {
  const price = fc.integer({ min: 8, max: 12 }).map(ticks);
  const quantity = fc.integer({ min: 1, max: 5 }).map(lots);
  const choice = fc.nat({ max: 24 });
  const tradingDay = fc.constantFrom('2024-05-06', '2024-05-07');
  const unsolicited = { execRestatementReason: 99, text: 'by the operator' };
  const atMost = fc.constantFrom(1, 2, 100);
  const enter = fc
    .record({
      userId: fc.integer({ min: 1, max: 3 }),
      side: fc.constantFrom(BUY, SELL),
      price,
      quantity,
      tradingDay,
      kind: kindOfOrder(),
      selfTrade: selfTradeTerms(),
    })
    .map(({ kind, selfTrade, ...terms }) => (lastOrderId: OrderId): BookCommand => {
      const orderId = lastOrderId + 1;
      const rates = { makerFeeRate: 100_000, takerFeeRate: 200_000 };
      const minQty = kind.minQty === undefined ? {} : { minQty: lots(Math.min(kind.minQty, terms.quantity)) };
      const clOrdId = `c${orderId}`;
      return { type: 'EnterOrder', orderId, clOrdId, ...terms, ...rates, ...kind, ...selfTrade, ...minQty };
    });
  const cancel = choice.map((nth) => (lastOrderId: OrderId): BookCommand => {
    return { type: 'CancelOrder', orderId: nth % (lastOrderId + 1), clOrdId: 'x', unsolicited: undefined };
  });
  const replace = fc
    .record({ nth: choice, price, quantity, stopPx: fc.option(price, { nil: undefined }) })
    .map(({ nth, stopPx, ...terms }) => (lastOrderId: OrderId): BookCommand => {
      const orderId = nth % (lastOrderId + 1);
      // A stop price says nothing to an order that does not wait for one, which the account refuses to ask.
      const stop = stopPx === undefined ? {} : { stopPx };
      return { type: 'ReplaceOrder', orderId, clOrdId: `r${nth}`, ...terms, ...stop };
    });
  const expire = fc
    .record({ tradingDay, upTo: fc.integer({ min: 1, max: 4 }), atMost })
    .map((terms) => (): BookCommand => {
      return { type: 'ExpireOrders', ...terms };
    });
  const massCancel = fc
    .record({ userId: fc.integer({ min: 1, max: 3 }), side: fc.constantFrom(BUY, SELL, undefined), atMost })
    .map((terms) => (): BookCommand => {
      return { type: 'MassCancelOrders', ...terms, clOrdId: 'q', unsolicited: undefined };
    });
  const cancelAll = fc.constant(
    (): BookCommand => ({
      type: 'MassCancelOrders',
      userId: undefined,
      side: undefined,
      clOrdId: undefined,
      unsolicited,
    }),
  );
  return fc.oneof(
    { weight: 14, arbitrary: enter },
    { weight: 3, arbitrary: cancel },
    { weight: 5, arbitrary: replace },
    { weight: 1, arbitrary: expire },
    { weight: 1, arbitrary: massCancel },
    { weight: 1, arbitrary: cancelAll },
  );
}

type Kind = Pick<EnterOrder, 'ordType' | 'timeInForce'> & OrderInstructions;

/** The rows of the table in src/matching/types.ts. */
function kindOfOrder(): fc.Arbitrary<Kind> {
  const price = fc.integer({ min: 8, max: 12 }).map(ticks);
  const quantity = fc.integer({ min: 1, max: 3 }).map(lots);
  const lasting = fc.constantFrom('0' as const, '1' as const);
  const momentary = fc.constantFrom('3' as const, '4' as const);
  const limit = fc.constant('2' as const);
  return fc.oneof(
    fc.record({ ordType: limit, timeInForce: lasting }),
    fc.record({ ordType: limit, timeInForce: momentary }),
    fc.record({ ordType: fc.constant('1' as const), timeInForce: lasting }),
    fc.record({ ordType: fc.constantFrom('3' as const, '4' as const), timeInForce: lasting, stopPx: price }),
    fc.record({ ordType: limit, timeInForce: lasting, maxFloor: quantity }),
    fc.record({ ordType: limit, timeInForce: lasting, minQty: quantity }),
    fc.record({ ordType: limit, timeInForce: momentary, execInst: fc.constant('G' as const) }),
    fc.record({ ordType: limit, timeInForce: lasting, execInst: fc.constant('6' as const) }),
    fc.record({
      ordType: limit,
      timeInForce: lasting,
      execInst: fc.constant('6' as const),
      slides: fc.constant(true as const),
    }),
    fc.record({
      ordType: limit,
      timeInForce: fc.constant('6' as const),
      expireTime: fc.integer({ min: 1, max: 4 }),
    }),
  );
}

function selfTradeTerms(): fc.Arbitrary<OrderInstructions> {
  const selfTradePrevention = fc.constantFrom(
    'CancelNewest' as const,
    'CancelOldest' as const,
    'CancelBoth' as const,
    'Decrement' as const,
  );
  return fc.oneof(
    fc.constant({}),
    fc.record({ selfTradePrevention }),
    fc.record({ selfTradePrevention, selfTradeGroup: fc.integer({ min: 1, max: 2 }) }),
  );
}
