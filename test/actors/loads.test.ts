/** Loads of actors: in turn per book and account, repeated while the store is away, all answered. */
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
    reservedSeqNums: 10,
  });

  beforeEach(() => {
    told.length = 0;
    store.loadGate.open();
    store.brokenLoads.clear();
    store.isAway = false;
  });

  it('reads one book once at a time, so that the last answer has the last epoch', async () => {
    store.loadGate.close();
    loader.loadBook('BTC-USD');
    loader.loadBook('BTC-USD');
    loader.loadBook('ETH-USD');
    loader.loadAccount(1, '2024-05-06');
    loader.loadAccount(1, '2024-05-06');
    await turns();
    expect(store.loadGate.waitingCount).to.equal(3);
    store.loadGate.open();
    await turns();
    const epochs = told.flatMap((message) =>
      message.type === 'BookLoaded' ? [[message.loaded.symbol, message.loaded.epoch]] : [],
    );
    expect(epochs).to.have.deep.members([
      ['BTC-USD', 1],
      ['ETH-USD', 1],
      ['BTC-USD', 2],
    ]);
    expect(epochs.at(-1)).to.deep.equal(['BTC-USD', 2]);
    expect(told.filter(({ type }) => type === 'AccountLoaded')).to.have.length(2);
  });

  it('repeats a load while the store is away, later and later up to a bound', async () => {
    store.isAway = true;
    loader.loadBook('BTC-USD');
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
    expect(told.map(({ type }) => type)).to.deep.equal(['BookLoaded']);
  });

  it('tells why a load failed for good, and goes on with the next', async () => {
    store.brokenLoads.add('BTC-USD');
    loader.loadBook('BTC-USD');
    loader.loadBook('BTC-USD');
    await turns();
    const reason = 'the rows of BTC-USD make no sense';
    expect(told).to.deep.equal([
      { type: 'LoadFailed', reason },
      { type: 'LoadFailed', reason },
    ]);
  });
});
