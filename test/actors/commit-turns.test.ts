/** What the writer does in the turn in which a commit is answered, by hand: no actor system runs here. */
import { expect } from 'chai';
import { persistenceActor } from '../../src/actors/persistence.ts';
import type { CommitBatch, CommitOutcome } from '../../src/actors/ports.ts';
import type { JournalBook, Message } from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { buy, emptyBook, run } from '../support/book-commands.ts';
import { journalSession } from '../support/commit-batches.ts';
import { BTC_USD } from '../support/instruments.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('the turn in which a commit is answered', () => {
  let batches: CommitBatch[];
  let told: Message[];
  let logged: string[];
  let isRunning: boolean;
  let answer: (outcome: CommitOutcome) => Promise<void>;
  let actor: ReturnType<typeof persistenceActor>;

  beforeEach(() => {
    batches = [];
    told = [];
    logged = [];
    isRunning = true;
    const store = new MemoryStore();
    store.commit = (batch) => {
      batches.push(batch);
      return new Promise((resolve) => {
        answer = async (outcome) => {
          resolve(outcome);
          // A turn of the event loop: everything that the answer set off without a message is done.
          await new Promise<void>((done) => setImmediate(done));
        };
      });
    };
    actor = persistenceActor({
      tell: (_address, message) => told.push(message),
      clock: new ManualClock(0),
      log: { ...silentLog, info: (event) => logged.push(event) },
      store,
      instrumentOf: () => BTC_USD,
      symbols: () => [],
      gateways: [],
      isRunning: () => isRunning,
      onOwnershipLost: () => {
        throw new Error('nobody is there to be told');
      },
      sessionFlushMs: 5,
      maxEventsPerCommit: 1,
      retryFromMs: 100,
      retryToMs: 1_000,
      reservedSeqNums: 1_000,
    });
    for (const entry of twoOrders()) actor.behavior.receive({}, entry);
  });

  it('begins the next commit, and leaves the log for later', async () => {
    await answer({ type: 'Committed' });
    expect(batches.map((batch) => batch.commitNo)).deep.equal([1, 2]);
    expect(told.map((message) => message.type)).deep.equal(['Settle', 'LogDue']);
    expect(logged).deep.equal([]);
    await answer({ type: 'Committed' });
    expect(told.map((message) => message.type)).deep.equal(['Settle', 'LogDue', 'Settle']);
    expect(actor.status().isIdle).equal(false);
    actor.behavior.receive({}, { type: 'LogDue' });
    expect(logged).deep.equal(['order accepted', 'order accepted']);
    expect(actor.status().isIdle).equal(true);
  });

  it('gives what it throws to the actor, which crashes with it as with a message', async () => {
    await answer({ type: 'NotOwner', symbols: ['BTC-USD'], shards: [], sessions: [] });
    const [failure] = told;
    expect(failure?.type).equal('CommitHandlingFailed');
    expect(() => actor.behavior.receive({}, failure as { type: 'LogDue' })).throw('nobody is there');
    expect(batches).length(1);
  });

  it('lets go of sessions that another gateway has, and writes all else', async () => {
    await answer({ type: 'Committed' });
    await answer({ type: 'Committed' });
    for (const senderCompId of [1001, 1002]) {
      actor.behavior.receive({}, journalSession(senderCompId, senderCompId - 1000, { epoch: 1 }));
    }
    actor.behavior.receive({}, { type: 'FlushDue' });
    // One entry a commit, here: the lost one was first.
    await answer({ type: 'NotOwner', symbols: [], shards: [], sessions: [1001] });
    await answer({ type: 'Committed' });
    const last = batches
      .slice(2)
      .map(({ commitNo, sessions }) => [commitNo, sessions.map((one) => one.senderCompId)]);
    expect(last).deep.equal([
      [3, [1001]],
      [3, [1002]],
    ]);
    expect(told).deep.include({ type: 'SessionLost' });
    actor.behavior.receive({}, { type: 'LogDue' });
    expect(actor.status()).include({ isIdle: true, journalBytes: 0, lastCommitNo: 3 });
  });

  it('does nothing for an actor that was stopped', async () => {
    isRunning = false;
    await answer({ type: 'Committed' });
    expect([batches.length, told]).deep.equal([1, []]);
  });
});

function twoOrders(): JournalBook[] {
  const book = emptyBook();
  return [1, 2].map((orderId) => ({
    type: 'JournalBook',
    symbol: BTC_USD.symbol,
    epoch: 1,
    generation: 0,
    events: run(book, buy(orderId, 1, 100, { userId: 1 })),
    lastSeq: book.lastSeq,
    done: [],
    replies: [],
  }));
}
