/** A book of a million orders at half a million prices: it grows, finds, trades and gives back. */
import { expect } from 'chai';
import { MAKER_FILLED, ORDER_ID, RECORD_STRIDE } from '../../src/matching/event-buffer.ts';
import { MatchingCore } from '../../src/matching/matching-core.ts';
import { BUY_SIDE, GOOD_TILL_CANCEL, LIMIT, SELL_SIDE } from '../../src/matching/order-pool.ts';

const ORDER_COUNT = 1_000_000;
const LOWEST_ASK = 1_000_000_000;
const PRICE_COUNT = 500_000;
/** Prices come far from the one before, and each of them twice: the step is prime to their number. */
const PRICE_STEP = 77_773;

/** Made where it is used: a million orders are some 250 MiB. */
function emptyMarket() {
  const core = new MatchingCore({ lastSeq: 0, lastPx: 0, maxWaitingStops: 0 });
  const { orders, events } = core.book;
  const enter = (orderId: number, side: number, price: number, quantity: number) => {
    events.clear();
    const slot = orders.allocate();
    orders.orderId[slot] = orderId;
    orders.userId[slot] = 1 + (orderId % 1_000);
    orders.side[slot] = side;
    orders.ordType[slot] = LIMIT;
    orders.timeInForce[slot] = GOOD_TILL_CANCEL;
    orders.price[slot] = price;
    orders.quantity[slot] = quantity;
    core.enter(slot);
  };
  const makers = () => {
    const ids: number[] = [];
    for (let start = 0; start < events.count * RECORD_STRIDE; start += RECORD_STRIDE) {
      if (events.records[start] === MAKER_FILLED) ids.push(events.records[start + ORDER_ID] as number);
    }
    return ids;
  };
  return { core, enter, makers };
}

describe('order book of a million orders', () => {
  it('trades the oldest of the best price first, finds any order, and reuses what cancels give back', () => {
    const { core, enter, makers } = emptyMarket();
    const { orders, index, events, asks } = core.book;
    for (let orderId = 1; orderId <= ORDER_COUNT; orderId += 1) {
      enter(orderId, SELL_SIDE, LOWEST_ASK + 10 * ((orderId * PRICE_STEP) % PRICE_COUNT), 1);
    }
    const standing = () => [index.size, asks.orderCount, asks.price(asks.best)];
    expect(standing()).to.deep.equal([ORDER_COUNT, ORDER_COUNT, LOWEST_ASK]);

    enter(ORDER_COUNT + 1, BUY_SIDE, LOWEST_ASK, 2);
    expect(makers()).to.deep.equal([PRICE_COUNT, ORDER_COUNT]);
    expect(standing()).to.deep.equal([ORDER_COUNT - 2, ORDER_COUNT - 2, LOWEST_ASK + 10]);

    expect(orders.orderId[index.get(123_456)]).to.equal(123_456);
    const ofOneUser = core.sweeps.select(8, 0).map((slot) => orders.orderId[slot]);
    expect(ofOneUser).to.deep.equal(Array.from({ length: 1_000 }, (_, nth) => 7 + nth * 1_000));

    const { capacity } = orders;
    for (const slot of core.sweeps.select(0, 0)) {
      events.clear();
      core.cancel(slot);
    }
    expect([index.size, asks.orderCount, asks.best]).to.deep.equal([0, 0, 0]);
    for (let orderId = 1; orderId <= ORDER_COUNT / 10; orderId += 1) enter(orderId, SELL_SIDE, orderId, 1);
    expect([index.size, orders.capacity]).to.deep.equal([ORDER_COUNT / 10, capacity]);
  });
});
