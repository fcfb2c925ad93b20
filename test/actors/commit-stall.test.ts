/**
 * What the writer makes of a database that does not answer, and of what waits for it meanwhile, by hand: no actor
 * system runs here.
 */
import { expect } from 'chai';
import { persistenceActor } from '../../src/actors/persistence.ts';
import type { CommitOutcome } from '../../src/actors/ports.ts';
import type { JournalSession, Message, PersistenceMessage } from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { BTC_USD } from '../support/instruments.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const STALL_MS = 1_000;
const FRAME_BYTES = 4_000;

describe('a commit that is not answered', () => {
  let clock: ManualClock;
  let told: Message[];
  let answer: (outcome: CommitOutcome) => Promise<void>;
  let actor: ReturnType<typeof persistenceActor>;
  let nextSeqNum: number;

  beforeEach(() => {
    clock = new ManualClock(0);
    told = [];
    nextSeqNum = 1;
    const store = new MemoryStore();
    store.commit = () =>
      new Promise((resolve) => {
        answer = async (outcome) => {
          resolve(outcome);
          await new Promise<void>((done) => setImmediate(done));
        };
      });
    actor = persistenceActor({
      tell(address, message) {
        if (address.type === 'persistence') receive(message as PersistenceMessage);
        else told.push(message);
      },
      clock,
      log: silentLog,
      store,
      instrumentOf: () => BTC_USD,
      symbols: () => [],
      gateways: [],
      isRunning: () => true,
      onOwnershipLost: () => {},
      sessionFlushMs: 1,
      maxEventsPerCommit: 1_000,
      retryFromMs: 100,
      retryToMs: 1_000,
      commitStallMs: STALL_MS,
      maxJournalBytes: 3 * FRAME_BYTES,
      reservedSeqNums: 1_000,
    });
  });

  function receive(message: PersistenceMessage): void {
    actor.behavior.receive({}, message);
  }

  /** A session has sent something. */
  function sent(): JournalSession {
    const seqNum = nextSeqNum;
    nextSeqNum += 1;
    return {
      type: 'JournalSession',
      sessionId: 'one',
      senderCompId: 100,
      userId: 7,
      nextInSeqNum: seqNum,
      nextOutSeqNum: seqNum + 1,
      reservedOutSeqNum: 1_000,
      clean: false,
      resetAfter: false,
      sent: { firstSeqNum: seqNum, lastSeqNum: seqNum, frames: Buffer.alloc(FRAME_BYTES) },
      delivered: [],
    };
  }

  function beginCommit(): void {
    receive(sent());
    clock.advance(1);
  }

  const faults = (): string[] =>
    told.flatMap(({ type }) => (type === 'StoreUnavailable' || type === 'StoreAvailable' ? [type] : []));

  it('makes the store count as away until it is', async () => {
    beginCommit();
    clock.advance(STALL_MS - 1);
    expect(faults()).to.deep.equal([]);
    clock.advance(1);
    expect(faults()).to.deep.equal(['StoreUnavailable']);
    expect(actor.status().storeFault).to.equal('the database has not answered commit 1 in time');
    await answer({ type: 'Committed' });
    expect(faults()).to.deep.equal(['StoreUnavailable', 'StoreAvailable']);
    expect(actor.status().storeFault).to.equal(undefined);
  });

  it('counts from the start of each, and leaves no timer behind', async () => {
    beginCommit();
    clock.advance(STALL_MS - 1);
    await answer({ type: 'Committed' });
    beginCommit();
    clock.advance(STALL_MS - 1);
    await answer({ type: 'Committed' });
    clock.advance(STALL_MS);
    expect(faults()).to.deep.equal([]);
    expect(clock.timerCount).to.equal(0);
  });

  it('lets what sessions have sent wait up to a bound, the commit under way included', async () => {
    beginCommit();
    receive(sent());
    expect(actor.isJournalFull()).to.equal(false);
    receive(sent());
    expect(actor.isJournalFull()).to.equal(true);
    await answer({ type: 'Committed' });
    expect(actor.isJournalFull()).to.equal(false);
    clock.advance(1);
    await answer({ type: 'Committed' });
    expect(actor.status().journalBytes).to.equal(0);
  });

  it('frees what a row cost that cannot be written', async () => {
    beginCommit();
    await answer({ type: 'Refused', sqlState: '22000', reason: 'no such row' });
    expect(actor.status().journalBytes).to.equal(0);
    expect(actor.status().isIdle).to.equal(true);
  });
});
