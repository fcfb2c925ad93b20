import { expect } from 'chai';
import type { Store } from '../../src/actors/ports.ts';
import { startHistoryUpkeep, trimHistory } from '../../src/persistence/history.ts';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { createStore } from '../../src/persistence/store.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { commitBatch, journalSession } from '../support/commit-batches.ts';
import { until } from '../support/until.ts';
import {
  ALICE,
  ALICE_COMP_ID,
  BOB,
  BOB_COMP_ID,
  type VenueDatabase,
  venueDatabase,
} from '../support/venue-database.ts';

const DAY_MS = 86_400_000;

describe('the history of sent messages', () => {
  let venue: VenueDatabase;
  let store: Store;
  let commitNo: number;
  beforeEach(async () => {
    venue = await venueDatabase();
    store = await createStore({ orm: venue.orm, nodeName: 'local' });
    commitNo = 0;
  });
  afterEach(() => venue.drop());

  /** Commits rows of two messages each, with numbers up to `lastSeqNum`. */
  async function send(compId: number, userId: number, lastSeqNum: number): Promise<void> {
    for (let firstSeqNum = 1; firstSeqNum < lastSeqNum; firstSeqNum += 2) {
      const sent = { firstSeqNum, lastSeqNum: firstSeqNum + 1, frames: Buffer.from('ab') };
      const row = journalSession(compId, userId, { sent, nextOutSeqNum: firstSeqNum + 2, clean: true });
      commitNo += 1;
      await store.commit(commitBatch(commitNo, { sessions: [row] }));
    }
  }

  const storedOf = async (compId: number): Promise<number[]> =>
    (await store.loadMessages(compId, 1, 0)).map((one) => one.lastSeqNum);

  const trim = (limits: Partial<Parameters<typeof trimHistory>[0]['limits']>, clock: Clock = systemClock) =>
    trimHistory({
      orm: venue.orm,
      clock,
      limits: { fixHistoryDays: 7, maxStoredMessagesPerSession: 1_000, ...limits },
      portion: 3,
    });

  it('is kept whole while it is within its bounds', async () => {
    await send(ALICE_COMP_ID, ALICE, 20);
    expect(await trim({ maxStoredMessagesPerSession: 20 })).equal(0);
    expect(await storedOf(ALICE_COMP_ID)).deep.equal([2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  });

  it('loses the first messages of a session that has more than are kept, and of no other', async () => {
    await send(ALICE_COMP_ID, ALICE, 20);
    await send(BOB_COMP_ID, BOB, 8);
    expect(await trim({ maxStoredMessagesPerSession: 8 })).equal(6);
    expect(await storedOf(ALICE_COMP_ID)).deep.equal([14, 16, 18, 20]);
    expect(await storedOf(BOB_COMP_ID)).deep.equal([2, 4, 6, 8]);
  });

  it('keeps a row of which one message is within the bound', async () => {
    await send(ALICE_COMP_ID, ALICE, 20);
    await trim({ maxStoredMessagesPerSession: 7 });
    expect(await storedOf(ALICE_COMP_ID)).deep.equal([14, 16, 18, 20]);
  });

  it('loses what is older than the days that are kept, in whatever partition', async () => {
    await ensurePartitions(venue.orm, systemClock.now() - 32 * DAY_MS);
    await ensurePartitions(venue.orm, systemClock.now());
    await send(ALICE_COMP_ID, ALICE, 20);
    await venue.query("update fix_messages set sent_at = now() - interval '8 days' where last_seq <= 10");
    await venue.query("update fix_messages set sent_at = now() - interval '6 days' where last_seq = 12");
    expect(await trim({})).equal(5);
    expect(await storedOf(ALICE_COMP_ID)).deep.equal([12, 14, 16, 18, 20]);
    const later = { ...systemClock, now: () => systemClock.now() + 10 * DAY_MS };
    expect(await trim({}, later)).equal(5);
    expect(await storedOf(ALICE_COMP_ID)).deep.equal([]);
  });

  it('loses what a session sent that ended with a reset', async () => {
    await send(ALICE_COMP_ID, ALICE, 8);
    commitNo += 1;
    const end = journalSession(ALICE_COMP_ID, ALICE, { nextOutSeqNum: 9, clean: true, resetAfter: true });
    await store.commit(commitBatch(commitNo, { sessions: [end] }));
    expect(await trim({})).equal(4);
  });

  it('is trimmed once a minute until that is stopped', async () => {
    await send(ALICE_COMP_ID, ALICE, 6);
    const timers: { readonly delayMs: number; readonly callback: () => void }[] = [];
    const clock: Clock = {
      ...systemClock,
      after(delayMs, callback) {
        if (delayMs < 1_000) return systemClock.after(delayMs, callback);
        const timer = { delayMs, callback };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    };
    const stop = startHistoryUpkeep({
      orm: venue.orm,
      clock,
      log: silentLog,
      limits: { fixHistoryDays: 7, maxStoredMessagesPerSession: 2 },
    });
    expect(timers.map((timer) => timer.delayMs)).deep.equal([60_000]);
    timers.shift()?.callback();
    await until('the history to be trimmed', async () => (await storedOf(ALICE_COMP_ID)).length === 1);
    await until('the next minute to be waited for', () => timers.length === 1);
    await stop();
    expect(timers).deep.equal([]);
  });
});
