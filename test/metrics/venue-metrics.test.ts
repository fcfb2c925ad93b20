/** The figures of a venue in this process, with a store and books that fail when a test says so. */
import { expect } from 'chai';
import { SessionCounts } from '../../src/fix/session-counts.ts';
import { SELL } from '../../src/matching/types.ts';
import { VenueMetrics } from '../../src/metrics/venue-metrics.ts';
import { Exposition } from '../support/exposition.ts';
import { type BookFault, failingBook } from '../support/faults.ts';
import { buyOrder, cancelOrder, sellOrder } from '../support/member-commands.ts';
import { openVenue, type Venue } from '../support/venue.ts';

const ALICE = 1;
const BOB = 2;
const CAROL = 3;

const BOUNDS = {
  maxCommandsInFlight: 1_000,
  slowdownRequestsInFlight: 600,
  maxJournalBytes: 64_000,
  accountStash: 100,
  bookStash: 101,
  maxConnections: 10,
  maxUnauthenticatedConnections: 5,
  maxPendingHandshakes: 6,
  maxPendingLogins: 7,
  maxQueuedReports: 8,
  maxUnansweredRequestsPerSession: 9,
  maxQueuedAboveGap: 11,
  maxUnsentBytes: 12,
};
const LOAD = {
  byPhase: {
    AwaitingLogon: 2,
    Judging: 1,
    Claiming: 0,
    Opening: 0,
    Active: 4,
    Resetting: 0,
    Finishing: 0,
    LoggingOut: 0,
    Ended: 0,
  },
  unauthenticated: 3,
  readingPaused: 1,
  unansweredRequests: 8,
  mostQueuedReports: 4,
  mostUnansweredRequests: 5,
  mostQueuedAboveGap: 6,
  mostUnsentBytes: 7,
};

describe('the metrics of a venue', () => {
  let clock: { wallMs: number; monotonicMs: number };
  let metrics: VenueMetrics;
  let venue: Venue | undefined;

  beforeEach(() => {
    clock = { wallMs: 1_000_000, monotonicMs: 50 };
    metrics = new VenueMetrics({
      clock: { now: () => clock.wallMs },
      dataDir: '.',
      monotonicMs: () => clock.monotonicMs,
    });
  });

  afterEach(() => {
    venue?.shutdown();
    venue = undefined;
  });

  async function open(faults: readonly BookFault[] = []): Promise<Venue> {
    venue = await openVenue({ meter: metrics.meter, wrapBook: failingBook(faults) });
    for (const userId of [ALICE, BOB]) {
      for (const asset of ['USD', 'BTC', 'ETH']) await venue.deposit(userId, asset, '1000');
    }
    return venue;
  }

  /** Shows the venue's own parts, and sessions that only the test knows. */
  function watch({ markets, exchangeStatus, largestStashes, persistenceStatus }: Venue): void {
    metrics.watch({
      bounds: BOUNDS,
      markets,
      exchange: { status: exchangeStatus, largestStashes },
      persistence: persistenceStatus,
      gateway: { load: () => LOAD },
      logins: () => ({ pendingLogins: 1, lockouts: 2 }),
      mostPendingHandshakes: () => 2,
    });
  }

  async function read(): Promise<Exposition> {
    return new Exposition(await metrics.text());
  }

  it('are well formed before anything has happened, and all of them say what they are', async () => {
    const figures = await read();
    expect(figures.names).to.include.members(['onebook_commit_seconds', 'nodejs_eventloop_lag_p99_seconds']);
    expect(figures.names).to.include.members(['process_resident_memory_bytes', 'nodejs_gc_duration_seconds']);
    for (const name of figures.names.filter((one) => one.startsWith('onebook_'))) {
      expect(figures.helpOf(name), name).match(
        /, (?:in (?:seconds|bytes|the unit|the same unit)|as a count)|^1|Number/,
      );
    }
    expect(figures.value('onebook_store_up')).equal(0);
    expect(figures.value('onebook_start_seconds')).equal(0);
    expect(figures.value('onebook_data_dir_free_bytes')).greaterThan(0);
  });

  it('count what a story of orders came to, exactly', async () => {
    const { member, settled } = await open();
    const [alice, bob] = [await member(ALICE), await member(BOB)];
    alice.send(sellOrder('a1', '3', '100.00'));
    await settled();
    bob.send(buyOrder('b1', '1', '100.00'));
    bob.send(buyOrder('b2', '1', '100.00'));
    bob.send(buyOrder('b3', '1', '50.00', { symbol: 'ETH-USD' }));
    await settled();
    bob.send(buyOrder('b4', '1000000', '100.00'));
    bob.send(buyOrder('b1', '1', '100.00'));
    alice.send(cancelOrder('a2', 'a1', { side: SELL }));
    alice.send(cancelOrder('a3', 'nothing'));
    await settled();
    const figures = await read();
    expect(figures.byLabel('onebook_orders_total', 'symbol')).deep.equal({ 'BTC-USD': 3, 'ETH-USD': 1 });
    expect(figures.byLabel('onebook_trades_total', 'symbol')).deep.equal({ 'BTC-USD': 2, 'ETH-USD': 0 });
    expect(figures.byLabel('onebook_reports_total', 'type')).include({
      new: 4,
      trade: 4,
      canceled: 1,
      rejected: 2,
      cancel_reject: 1,
      replaced: 0,
    });
    expect(figures.value('onebook_transfers_total')).equal(6);
    const rejects = [
      ['ExecutionReport', '3'],
      ['ExecutionReport', '6'],
      ['OrderCancelReject', '1'],
    ] as const;
    for (const [message, reason] of rejects) {
      expect(figures.value('onebook_rejects_total', { message, reason }), `${message} ${reason}`).equal(1);
    }
    expect(figures.value('onebook_commit_events_sum')).equal(4 + 2 + 1);
    expect(figures.value('onebook_commit_seconds_count')).equal(
      figures.value('onebook_commit_attempts_total', { outcome: 'committed' }),
    );
    // Those of the two members, with their first deposits.
    expect(figures.value('onebook_account_load_seconds_count')).equal(2);
  });

  it('count the reports that wait for members who are away', async () => {
    const { member, settled, tell } = await open();
    const [alice, bob] = [await member(ALICE), await member(BOB)];
    alice.send(sellOrder('a1', '3', '100.00'));
    await settled();
    tell({ type: 'persistence' }, { type: 'CloseSession', sessionId: `session of ${ALICE}`, userId: ALICE });
    bob.send(buyOrder('b1', '1', '100.00'), buyOrder('b2', '1', '100.00'));
    await settled();
    expect((await read()).value('onebook_reports_left_waiting_total')).equal(2);
  });

  it('show a database that hangs, that is away, and that refuses', async () => {
    const { member, store, settled, quiet, clock: venueClock } = await open();
    const alice = await member(ALICE);
    await settled();
    const committed = (await read()).value('onebook_commit_seconds_count');
    store.commitGate.close();
    alice.send(buyOrder('a1', '1', '100.00'));
    await quiet();
    clock.monotonicMs += 2_500;
    const hanging = await read();
    expect(hanging.value('onebook_commit_under_way_seconds')).equal(2.5);
    store.isAway = true;
    store.commitGate.open();
    await quiet();
    clock.monotonicMs += 500;
    const away = await read();
    expect(away.value('onebook_commit_attempts_total', { outcome: 'unavailable' })).equal(1);
    expect(away.value('onebook_commit_under_way_seconds')).equal(3);
    store.isAway = false;
    venueClock.advance(100);
    await settled();
    store.refuseWhen = (batch) => batch.events.length > 0;
    alice.send(buyOrder('a2', '1', '100.00'));
    await settled();
    const after = await read();
    expect(after.value('onebook_commit_under_way_seconds')).equal(0);
    // Once in its batch and once alone; the refusal that follows is committed.
    expect(after.value('onebook_commit_attempts_total', { outcome: 'refused' })).equal(2);
    expect(after.value('onebook_commit_seconds_count')).equal(committed + 2);
    expect(after.value('onebook_commit_seconds_sum')).equal(0);
  });

  it('count the actors that threw and the symbols that the venue halted', async () => {
    const faults = ['p1', 'p2', 'p3'].map((clOrdId): BookFault => ({ clOrdId, when: 'before', times: 2 }));
    const { member, settled } = await open(faults);
    const alice = await member(ALICE);
    const crashes = async (): Promise<unknown> => {
      const figures = await read();
      const restarts = (actor: string) =>
        figures.value('onebook_actor_crashes_total', { actor, decision: 'restart' });
      const halts = figures.value('onebook_crash_halts_total');
      return { book: restarts('book'), account: restarts('account'), halts };
    };
    alice.send(buyOrder('p1', '1', '100.00'));
    await settled();
    expect(await crashes()).deep.equal({ book: 2, account: 0, halts: 0 });
    alice.send(buyOrder('p2', '1', '100.00'));
    await settled();
    // The third incident halts the symbol, and nothing is run a second time.
    alice.send(buyOrder('p3', '1', '100.00'));
    await settled();
    expect(await crashes()).deep.equal({ book: 5, account: 0, halts: 1 });
  });

  it('show the depth of every queue and its bound, recovery and states of symbols', async () => {
    const opened = await open();
    const { store, member, settled, quiet } = opened;
    const carol = await member(CAROL);
    await settled();
    watch(opened);
    // Her account is loaded when it is first needed.
    store.loadGate.close();
    carol.send(buyOrder('c1', '1', '100.00'), buyOrder('c2', '1', '100.00'));
    carol.send(buyOrder('c3', '1', '100.00'));
    await quiet();
    const figures = await read();
    expect(figures.byLabel('onebook_queue_depth', 'queue')).deep.equal({
      commands_in_flight: 3,
      session_requests_of_all: 8,
      journal_bytes: 0,
      account_stash: 2,
      book_stash: 0,
      connections: 7,
      unauthenticated_connections: 3,
      pending_handshakes: 2,
      pending_logins: 1,
      session_reports: 4,
      session_requests: 5,
      session_above_gap: 6,
      session_unsent_bytes: 7,
    });
    expect(figures.byLabel('onebook_queue_bound', 'queue')).deep.equal({
      commands_in_flight: 1_000,
      session_requests_of_all: 600,
      journal_bytes: 64_000,
      account_stash: 100,
      book_stash: 101,
      connections: 10,
      unauthenticated_connections: 5,
      pending_handshakes: 6,
      pending_logins: 7,
      session_reports: 8,
      session_requests: 9,
      session_above_gap: 11,
      session_unsent_bytes: 12,
    });
    expect(figures.value('onebook_sessions', { phase: 'Active' })).equal(4);
    expect(figures.value('onebook_lockouts_total')).equal(2);
    store.loadGate.open();
    await settled();
    expect((await read()).value('onebook_queue_depth', { queue: 'commands_in_flight' })).equal(0);
    expect((await read()).value('onebook_queue_depth', { queue: 'account_stash' })).equal(0);
  });

  it('show which symbols do not trade, and why', async () => {
    const opened = await open();
    const { markets } = opened;
    watch(opened);
    const before = await read();
    expect(before.byLabel('onebook_symbols', 'state')).deep.equal({
      trading: 2,
      cancel_only: 0,
      halted_by_operator: 0,
      halted_by_crash: 0,
      recovering: 0,
    });
    markets.setReady('BTC-USD', false);
    markets.setStatus('ETH-USD', { type: 'Halted', by: 'operator', reason: 'news of alice' });
    const after = await read();
    const state = { trading: 0, recovering: 1, halted_by_operator: 1, halted_by_crash: 0 };
    expect(after.byLabel('onebook_symbols', 'state')).include(state);
    expect(after.value('onebook_symbol_closed', { symbol: 'BTC-USD', state: 'recovering' })).equal(1);
    expect(after.value('onebook_symbol_closed', { symbol: 'ETH-USD', state: 'halted_by_operator' })).equal(1);
    markets.setReady('ETH-USD', false);
    markets.setStatus('ETH-USD', { type: 'Halted', by: 'crash', reason: 'news of alice' });
    expect((await read()).value('onebook_symbols', { state: 'halted_by_crash' })).equal(1);
    expect(await metrics.text()).not.contain('alice');
  });

  it('show that the clock was set, and by how much', async () => {
    clock.monotonicMs += 60_000;
    clock.wallMs += 60_000;
    expect((await read()).value('onebook_clock_offset_seconds')).equal(0);
    clock.wallMs -= 3_600_000;
    expect((await read()).value('onebook_clock_offset_seconds')).equal(-3_600);
  });

  it('give who asks meanwhile the same answer', async () => {
    const first = metrics.text();
    expect(metrics.text()).equal(first);
    await first;
    const next = metrics.text();
    expect(next).not.equal(first);
    await next;
  });

  it('begin at 0 for what is labelled by a fixed set, so that the first one is an increase', async () => {
    const figures = await read();
    const requests = figures.byLabel('onebook_requests_total', 'type');
    expect(Object.keys(requests)).deep.equal(Object.keys(new SessionCounts().requests));
    expect(figures.value('onebook_actor_crashes_total', { actor: 'persistence', decision: 'restart' })).equal(
      0,
    );
  });
});
