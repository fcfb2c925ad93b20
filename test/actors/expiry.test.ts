/** Orders that are good till a time: they end when it comes, whatever else happens at that moment. */
import { expect } from 'chai';
import type { NewOrderSingle } from '../../src/matching/order-commands.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import { audit } from '../support/audit.ts';
import { failingBook } from '../support/faults.ts';
import { ALICE, BOB, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import { DAY_MS, type Member, openVenue, START_AT, type Venue, type VenueOptions } from '../support/venue.ts';

const MINUTE_MS = 60_000;
const END = START_AT + MINUTE_MS;
const ETH = { symbol: 'ETH-USD' } as const;

function till(expireTime: number): Partial<NewOrderSingle> {
  return { timeInForce: '6', expireTime };
}

describe('expiry', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  async function open(options: VenueOptions = {}): Promise<void> {
    ({ venue, alice, bob } = await openFundedVenue(options));
  }

  /** The clock shows `at`, and the scheduler says so. */
  async function becomes(at: number): Promise<void> {
    venue.clock.set(at);
    venue.tell({ type: 'exchange' }, { type: 'ExpireDue', upTo: at });
    await venue.settled();
  }

  function held(userId: number): bigint {
    return venue.store.balance(userId, 'USD').held;
  }

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    venue.shutdown();
  });

  it('is told in the second in which it happens, with what was filled, and frees what was held', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', till(END)), buyOrder('later', '1', '99', till(END + 1)));
    bob.send(sellOrder('b', '0.25', '100'));
    await venue.settled();
    alice.clear();
    await becomes(END - 1);
    expect(alice.lines()).to.deep.equal([]);
    await becomes(END);
    expect(alice.lines()).to.deep.equal(['8 C/C a 0.25/0']);
    await becomes(END + 1);
    expect(alice.lines()).to.deep.equal(['8 C/C a 0.25/0', '8 C/C later 0/0']);
    expect(held(ALICE)).to.equal(0n);
  });

  it('comes before an order of that millisecond, even when the scheduler has not said so', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', till(END)));
    await venue.settled();
    venue.clock.set(END);
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 C/C a 0/0']);
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/1']);
  });

  it('ends an order that was held up on its way for longer than it was good', async () => {
    await open({ wrapBook: failingBook([{ clOrdId: 'fault', when: 'before', times: 1 }]) });
    venue.store.loadGate.close();
    bob.send(sellOrder('fault', '1', '300'));
    await venue.quiet();
    alice.send(buyOrder('a', '1', '100', till(END)));
    await venue.quiet();
    venue.clock.set(END);
    venue.store.loadGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 C/C a 0/0']);
  });

  it('goes by the time that a replace has set', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', till(END)));
    await venue.settled();
    const changes = { timeInForce: '6', expireTime: END + MINUTE_MS } as const;
    alice.send(replaceOrder('y', 'a', '1', '100', changes));
    await venue.settled();
    await becomes(END);
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 5/0 y<a 0/1']);
    await becomes(END + MINUTE_MS);
    expect(alice.lines().slice(2)).to.deep.equal(['8 C/C y 0/0']);
  });

  it('of an ExpireDate comes at the end of that trading day', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', { timeInForce: '6', expireDate: '2024-05-07' }));
    await venue.settled();
    const endOfDay = Date.UTC(2024, 4, 8);
    await becomes(endOfDay - 1);
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
    await becomes(endOfDay);
    expect(alice.lines().slice(1)).to.deep.equal(['8 C/C a 0/0']);
  });

  it('of Day orders comes with the second as well', async () => {
    await open();
    alice.send(buyOrder('day', '1', '100'), buyOrder('gtc', '1', '99', { timeInForce: '1' }));
    await venue.settled();
    await becomes(START_AT + DAY_MS / 2);
    expect(alice.lines().slice(2)).to.deep.equal(['8 C/C day 0/0']);
  });

  it('that comes while the venue is down happens before anything else when it is up', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', till(END)), buyOrder('later', '1', '100', till(END + DAY_MS)));
    await venue.settled();
    const { store, clock } = venue;
    venue.shutdown();
    clock.set(END + MINUTE_MS);
    venue = await openVenue({ store, clock });
    await venue.settled();
    expect(venue.store.openOrders().map((order) => order.clOrdId)).to.deep.equal(['later']);
    expect(store.events.at(-1)).to.deep.include({ type: 'OrderExpired', at: END + MINUTE_MS });
    expect(held(ALICE)).to.equal(parseAmount('100.2'));
    bob = await venue.member(BOB);
    bob.send(sellOrder('b', '2', '100'));
    await venue.settled();
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/2', '8 F/1 b 1/1 @100*1']);
  });

  it('goes on while the operator halts the symbol or lets it take cancels only', async () => {
    await open();
    alice.send(buyOrder('a1', '1', '100', till(END)), buyOrder('a2', '1', '100', till(END + 1)));
    await venue.settled();
    const setStatus = { type: 'SetTradingStatus', symbol: 'BTC-USD' } as const;
    venue.tell(
      { type: 'exchange' },
      { ...setStatus, status: { type: 'Halted', by: 'operator', reason: 'test' } },
    );
    await becomes(END);
    venue.tell({ type: 'exchange' }, { ...setStatus, status: { type: 'CancelOnly', reason: 'test' } });
    await becomes(END + 1);
    expect(alice.lines().slice(2)).to.deep.equal(['8 C/C a1 0/0', '8 C/C a2 0/0']);
  });

  it('happens once when its commit is void, and again by the rebuilt book', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', till(END)));
    await venue.settled();
    alice.clear();
    venue.store.refuseWhen = (batch) =>
      batch.events.some((event) => event.type === 'OrderAccepted' && event.order.clOrdId === 'poison');
    venue.store.commitGate.close();
    bob.send(sellOrder('held', '1', '300'));
    await venue.quiet();
    bob.send(sellOrder('poison', '1', '300'));
    venue.clock.set(END);
    venue.tell({ type: 'exchange' }, { type: 'ExpireDue', upTo: END });
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 C/C a 0/0']);
  });

  it('writes nothing when there is nothing to end', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', till(END)));
    await venue.settled();
    const { lastCommitNo } = venue.persistenceStatus();
    for (let second = 1; second < 60; second += 1) await becomes(START_AT + second * 1_000);
    expect(venue.persistenceStatus().lastCommitNo).to.equal(lastCommitNo);
  });

  it('does not run backwards when the clock does', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', till(END)));
    await venue.settled();
    // The scheduler has seen a later time than the clock shows now.
    venue.clock.set(END - MINUTE_MS);
    venue.tell({ type: 'exchange' }, { type: 'ExpireDue', upTo: END });
    await venue.settled();
    expect(alice.lines().slice(1)).to.deep.equal(['8 C/C a 0/0']);
    expect(alice.reports.at(-1)?.at).to.equal(END);
  });

  it('that cannot be committed in any symbol halts them all, one by one', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', till(END)), buyOrder('e', '1', '100', { ...ETH, ...till(END) }));
    await venue.settled();
    venue.store.refuseWhen = (batch) => batch.events.some((event) => event.type === 'OrderExpired');
    await becomes(END);
    expect(venue.store.halts.map(({ symbol }) => symbol)).to.have.members(['BTC-USD', 'ETH-USD']);
    expect(venue.persistenceStatus().isRedoing).to.equal(false);
  });

  it('that cannot be committed halts its symbol, and no other', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100', till(END)), buyOrder('e', '1', '100', { ...ETH, ...till(END) }));
    await venue.settled();
    alice.clear();
    venue.store.refuseWhen = (batch) =>
      batch.events.some((event) => event.type === 'OrderExpired' && event.order.symbol === 'BTC-USD');
    await becomes(END);
    expect(venue.store.halts.map(({ symbol }) => symbol)).to.deep.equal(['BTC-USD']);
    expect(venue.store.halts[0]?.reason).to.equal(
      'what ends by time cannot end: refused by the database (22021)',
    );
    alice.send(buyOrder('e2', '1', '100', ETH), buyOrder('a2', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.have.members(['8 C/C e 0/0', '8 0/0 e2 0/1', '8 8/8 a2 103=2']);
    // The reason is gone: the operator resumes it, and it ends as it should have.
    venue.store.refuseWhen = () => false;
    const status = { type: 'Open' } as const;
    venue.tell({ type: 'exchange' }, { type: 'SetTradingStatus', symbol: 'BTC-USD', status });
    await venue.settled();
    expect(alice.lines().at(-1)).to.equal('8 C/C a 0/0');
  });
});
