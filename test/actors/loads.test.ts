/** Loads of accounts: in turn, repeated while the store is away, all answered. Those of books: book-loads.test.ts. */
import { expect } from 'chai';
import { createLoader } from '../../src/actors/loads.ts';
import type { Message } from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('loader', () => {
  const told: Message[] = [];
  const store = new MemoryStore();
  const clock = new ManualClock(0);
  const loader = createLoader({
    tell: (_address, message) => told.push(message),
    clock,
    log: silentLog,
    store,
    retryFromMs: 100,
    retryToMs: 300,
    onOwnershipLost: () => {},
    reservedSeqNums: 10,
  });

  beforeEach(() => {
    told.length = 0;
    store.loadGate.open();
    store.brokenLoads.clear();
    store.isAway = false;
  });

  it('reads one account once at a time, so that the last answer is the newest state', async () => {
    store.loadGate.close();
    loader.loadAccount(1, '2024-05-06');
    loader.loadAccount(1, '2024-05-06');
    await turns();
    expect(store.loadGate.waitingCount).to.equal(1);
    store.loadGate.open();
    await turns();
    expect(told.filter(({ type }) => type === 'AccountLoaded')).to.have.length(2);
  });

  it('answers all that is asked for while one load runs by one more, each for its life and its day', async () => {
    store.loadGate.close();
    loader.loadAccount(1, '2024-05-06', 1);
    for (const life of [1, 2]) loader.loadAccount(1, '2024-05-06', life);
    loader.loadAccount(1, '2024-05-07', 2);
    const waitingCounts: number[] = [];
    for (let load = 0; load < 3; load += 1) {
      await turns();
      waitingCounts.push(told.length);
      expect(store.loadGate.waitingCount).to.equal(1);
      store.loadGate.letOnePass();
    }
    await turns();
    expect(waitingCounts).to.deep.equal([0, 1, 3]);
    const lives = told.map((message) => (message.type === 'AccountLoaded' ? message.life : message.type));
    expect(lives).to.deep.equal([1, 1, 2, 2]);
    expect(store.loadGate.waitingCount).to.equal(0);
  });

  it('repeats a load while the store is away, later and later up to a bound', async () => {
    store.isAway = true;
    loader.loadAccount(1, '2024-05-06');
    await turns();
    for (const delayMs of [100, 200, 300]) {
      clock.advance(delayMs - 1);
      await turns();
      expect(clock.timerCount).to.equal(1);
      clock.advance(1);
      await turns();
    }
    store.isAway = false;
    clock.advance(300);
    await turns();
    expect(told.map(({ type }) => type)).to.deep.equal(['AccountLoaded']);
  });

  it('tells why a load failed for good, and goes on with the next', async () => {
    store.brokenLoads.add('user:1');
    loader.loadAccount(1, '2024-05-06');
    loader.loadAccount(1, '2024-05-06');
    await turns();
    const reason = 'the rows of user:1 make no sense';
    expect(told).to.deep.equal([
      { type: 'LoadFailed', reason },
      { type: 'LoadFailed', reason },
    ]);
  });
});
