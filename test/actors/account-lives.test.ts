/** Accounts that leave an engine and come back to it, while rows that the one before has asked for are on their way. */
import { expect } from 'chai';
import { AccountFences } from '../../src/actors/account-fences.ts';
import { AccountLoads } from '../../src/actors/account-loads.ts';
import { createLoader } from '../../src/actors/loads.ts';
import type { Fence, LoadAccount, LoadOrder, Message } from '../../src/actors/protocol.ts';
import { Recalls } from '../../src/actors/recalls.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { until } from '../support/until.ts';

const TRADING_DAY = '2024-05-06';
const SYMBOLS = ['BTC-USD', 'ETH-USD'] as const;

describe('a load of an account', () => {
  it('is told to the log when its member has waited for long, and to the meter in any case', () => {
    const warnings: unknown[] = [];
    const took: number[] = [];
    const clock = new ManualClock(0);
    const loads = new AccountLoads({
      userId: 1,
      tell: () => {},
      clock,
      log: { warn: (_event, fields) => warnings.push(fields) },
      meter: { accountLoaded: (ms) => took.push(ms) },
      markets: { symbols: () => [...SYMBOLS] },
      calendar: { tradingDayAt: () => TRADING_DAY },
    });
    const rows = { orders: [], closed: [], clOrdIds: [] };
    loads.ask(false);
    clock.advance(250);
    loads.finished(rows);
    expect(warnings).to.deep.equal([]);
    // Asked for again meanwhile: the member has waited since the first time.
    loads.ask(true);
    clock.advance(200);
    loads.ask(true);
    clock.advance(51);
    const used = { clOrdId: 'a', orderId: undefined, tradingDay: TRADING_DAY };
    loads.finished({ ...rows, clOrdIds: [used] });
    expect(took).to.deep.equal([250, 251]);
    expect(warnings).to.deep.equal([{ userId: 1, ms: 251, openOrders: 0, closedOrders: 0, clOrdIds: 1 }]);
  });
});

describe('an account that comes back to an engine', () => {
  /** One that lives here by this epoch of its shard. */
  function open(epoch: number) {
    const told: Message[] = [];
    const loads = new AccountLoads({
      userId: 1,
      tell: (_address, message) => told.push(message),
      log: silentLog,
      clock: new ManualClock(Date.UTC(2024, 4, 6)),
      markets: { symbols: () => [...SYMBOLS] },
      calendar: { tradingDayAt: () => TRADING_DAY },
      shard: { shard: 1, epoch },
    });
    return { loads, told };
  }

  it('waits for the rows that it has asked for itself', () => {
    const { loads, told } = open(3);
    loads.ask(false);
    const [asked] = told as LoadAccount[];
    expect(loads.isLastAnswer({ life: 2 }), 'an answer to the one before').to.equal(false);
    expect(loads.isLastAnswer(asked ?? {}), 'its own').to.equal(true);
    // Whatever came for the one before is not counted, so that its next rows are its last again.
    loads.ask(true);
    const [, fence] = told as Fence[];
    expect(loads.isLastAnswer(fence ?? {})).to.equal(true);
  });

  it('waits for the closed order that it has asked for itself', () => {
    const told: Message[] = [];
    const recalls = new Recalls(1, (_address, message) => told.push(message), { shard: 1, epoch: 3 });
    recalls.add([{ orderId: 7, routed: { commandNo: 1, userId: 1 } as never, text: 'closed' }]);
    const [asked] = told as LoadOrder[];
    expect(recalls.isLastAnswer({ orderId: 7, life: 2 }), 'an answer to the one before').to.equal(false);
    expect(recalls.isLastAnswer(asked ?? { orderId: 7 }), 'its own').to.equal(true);
  });

  it('hears for whom a closed order was read, where there is one and where it cannot be read', async () => {
    const told: Message[] = [];
    const store = new MemoryStore();
    store.brokenLoads.add('order:8');
    const loader = createLoader({
      tell: (_address, message) => told.push(message),
      clock: new ManualClock(0),
      log: silentLog,
      store,
      retryFromMs: 100,
      retryToMs: 300,
      onOwnershipLost: () => {},
      reservedSeqNums: 10,
    });
    for (const orderId of [7, 8]) loader.loadOrder(1, orderId, 3);
    loader.loadOrder(1, 9);
    await until('the orders', () => told.length === 3);
    const order = undefined;
    expect(told).to.have.deep.members([
      { type: 'OrderLoaded', orderId: 7, order, life: 3 },
      { type: 'OrderLoaded', orderId: 8, order, life: 3 },
      { type: 'OrderLoaded', orderId: 9, order },
    ]);
  });

  it('reads its rows when its own fence has passed every book', () => {
    const loaded: (number | undefined)[] = [];
    const fences = new AccountFences({
      tell: () => {},
      whenDurable: (load) => load(),
      loadAccount: (_userId, _tradingDay, life) => loaded.push(life),
    });
    const [before, after] = [2, 3].map((epoch) => {
      const { loads, told } = open(epoch);
      loads.ask(true);
      return told as Fence[];
    });
    const pass = (passed: readonly Fence[] | undefined, no: 0 | 1): void => {
      const fence = passed?.[no];
      if (fence !== undefined) fences.reached({ type: 'FenceReached', fence, symbol: SYMBOLS[no] });
    };
    pass(before, 0);
    pass(after, 0);
    expect(loaded, 'when the fences of two have passed one book').to.deep.equal([]);
    pass(after, 1);
    expect(loaded).to.deep.equal([3]);
  });
});
