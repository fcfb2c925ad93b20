/** Nothing leaves the venue before the commit that makes it true, and a store that fails loses and repeats nothing. */
import { expect } from 'chai';
import { ticks } from '../../src/matching/types.ts';
import { audit } from '../support/audit.ts';
import { ALICE, BOB, openFundedVenue } from '../support/funded-venue.ts';
import { BTC_USD } from '../support/instruments.ts';
import { buyOrder, cancelOrder, sellOrder } from '../support/member-commands.ts';
import {
  ETH_USD,
  type Member,
  openTerms,
  openVenue,
  type Venue,
  type VenueOptions,
} from '../support/venue.ts';

describe('durability', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  async function open(options: VenueOptions = {}): Promise<void> {
    ({ venue, alice, bob } = await openFundedVenue(options));
  }

  beforeEach(() => open());

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    venue.shutdown();
  });

  it('tells nobody of an order before its commit', async () => {
    venue.store.commitGate.close();
    alice.send(buyOrder('a', '1', '100'));
    await venue.quiet();
    expect(venue.store.commitGate.waitingCount).to.equal(1);
    expect(alice.reports).to.deep.equal([]);
    expect(alice.answered).to.deep.equal([]);
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
    expect(alice.answered).to.deep.equal([1]);
  });

  it('tells nobody of a refusal before its commit', async () => {
    venue.store.commitGate.close();
    alice.send(buyOrder('a', '0', '100'));
    await venue.quiet();
    expect(alice.reports).to.deep.equal([]);
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 8/8 a 103=13']);
    expect(venue.store.reports.map((report) => report.clOrdId)).to.deep.equal(['a']);
  });

  it('tells neither side of a trade, nor its price, before the commit', async () => {
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    venue.store.commitGate.close();
    bob.send(sellOrder('b', '1', '100'));
    await venue.quiet();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
    expect(bob.lines()).to.deep.equal([]);
    expect(venue.markets.find('BTC-USD')?.referencePrice).to.equal(undefined);
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 F/2 a 1/0 @100*1']);
    expect(venue.markets.find('BTC-USD')?.referencePrice).to.equal(ticks(10_000));
  });

  it('answers a repeat, which has no row, after the commits before it and behind their reports', async () => {
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    alice.clear();
    venue.store.commitGate.close();
    bob.send(sellOrder('b', '0.4', '100'));
    await venue.quiet();
    alice.send(buyOrder('a', '1', '100', { mayBeRepeat: true }));
    await venue.quiet();
    expect(alice.lines()).to.deep.equal([]);
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines()[0]).to.equal('8 F/1 a 0.4/0.6 @100*0.4');
    expect(alice.lines()[1]).to.match(/^8 I/);
    expect(alice.reports).to.have.length(2);
  });

  it('answers a deposit after its commit', async () => {
    venue.store.commitGate.close();
    let reply: unknown;
    const answered = venue.deposit(ALICE, 'USD', '5').then((given) => {
      reply = given;
    });
    await venue.quiet();
    expect(reply).to.equal(undefined);
    venue.store.commitGate.open();
    await answered;
    expect(reply).to.deep.equal({ type: 'TransferBooked', balance: 10_005n * 10n ** 18n });
  });

  it('gathers what is journaled while a commit is in flight into the next one', async () => {
    const before = venue.store.batches.length;
    venue.store.commitGate.close();
    alice.send(buyOrder('a1', '1', '100'));
    await venue.quiet();
    for (const clOrdId of ['a2', 'a3', 'a4']) {
      alice.send(buyOrder(clOrdId, '1', '100'));
      await venue.quiet();
    }
    venue.store.commitGate.open();
    await venue.settled();
    const sizes = venue.store.batches.slice(before).map((batch) => batch.events.length);
    expect(sizes).to.deep.equal([1, 3]);
  });

  it('writes at most so many events in one commit, in their order', async () => {
    await venue.settled();
    venue.shutdown();
    await open({ maxEventsPerCommit: 3 });
    const before = venue.store.batches.length;
    venue.store.commitGate.close();
    for (const clOrdId of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8']) {
      alice.send(buyOrder(clOrdId, '1', '100'));
      await venue.quiet();
    }
    venue.store.commitGate.open();
    await venue.settled();
    const batches = venue.store.batches.slice(before);
    expect(batches.map((batch) => batch.events.length)).to.deep.equal([1, 3, 3, 1]);
    expect(alice.lines()).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8].map((index) => `8 0/0 a${index} 0/1`));
  });

  it('writes a batch of more events than one commit takes as a whole', async () => {
    await venue.settled();
    venue.shutdown();
    await open({ maxEventsPerCommit: 2 });
    const before = venue.store.batches.length;
    alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100'), buyOrder('a3', '1', '100'));
    await venue.settled();
    expect(venue.store.batches.slice(before).map((batch) => batch.events.length)).to.deep.equal([3]);
  });

  it('sends reports once when the answer to a commit was lost', async () => {
    venue.store.loseNextAnswer();
    alice.send(buyOrder('a', '1', '100'));
    await venue.quiet();
    expect(alice.reports).to.deep.equal([]);
    venue.clock.advance(100);
    await venue.settled();
    expect(venue.store.outcomes.slice(-2)).to.deep.equal(['Unavailable', 'Committed']);
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
    expect(venue.store.openOrders()).to.have.length(1);
  });

  it('refuses new commands while the database is away, and answers those in flight when it is back', async () => {
    venue.store.isAway = true;
    alice.send(buyOrder('a1', '1', '100'));
    await venue.quiet();
    alice.send(buyOrder('a2', '1', '100'), cancelOrder('x', 'a1'));
    const deposit = await venue.deposit(BOB, 'USD', '1');
    await venue.quiet();
    expect(alice.reports).to.deep.equal([]);
    expect(alice.refusals).to.have.length(1);
    expect(alice.refusals[0]).to.deep.include({ refusal: 'StoreUnavailable' });
    expect(alice.refusals[0]?.commands.map(({ msgSeqNum }) => msgSeqNum)).to.deep.equal([2, 3]);
    expect(deposit.type).to.equal('CommandRejected');

    // Later and later, up to a bound, and with the same number each time.
    venue.clock.advance(100);
    await venue.quiet();
    venue.clock.advance(100);
    await venue.quiet();
    expect(venue.store.outcomes.slice(-2)).to.deep.equal(['Unavailable', 'Unavailable']);
    const attempts = venue.store.outcomes.length;
    venue.clock.advance(99);
    await venue.quiet();
    expect(venue.store.outcomes).to.have.length(attempts);
    venue.store.isAway = false;
    venue.clock.advance(1);
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a1 0/1']);
    alice.send(buyOrder('a2', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a1 0/1', '8 0/0 a2 0/1']);
  });

  it('loads an account when the database is back, and then judges what waited', async () => {
    venue.store.isAway = true;
    const carol = 3;
    venue.tell(
      { type: 'exchange' },
      {
        type: 'SubmitCommands',
        sessionId: 'session of 1',
        userId: carol,
        commands: [{ msgSeqNum: 1, command: buyOrder('c', '1', '100') }],
      },
    );
    await venue.quiet();
    venue.store.isAway = false;
    venue.clock.advance(100);
    await venue.settled();
    expect(venue.store.reports.map((report) => [report.userId, report.clOrdId])).to.deep.equal([
      [carol, 'c'],
    ]);
  });

  it('opens a session only when all that was journaled before is committed', async () => {
    venue.store.commitGate.close();
    alice.send(buyOrder('a', '1', '100'));
    await venue.quiet();
    let isOpen = false;
    const opened = venue.member(3).then(() => {
      isOpen = true;
    });
    await venue.quiet();
    expect(isOpen).to.equal(false);
    venue.store.commitGate.open();
    await opened;
    expect(isOpen).to.equal(true);
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
  });

  it('comes back from its rows with the same books, holds and ClOrdIDs', async () => {
    bob.send(sellOrder('b1', '1', '100'), sellOrder('b2', '1', '100'));
    alice.send(buyOrder('a1', '0.5', '100'), buyOrder('a2', '3', '90'), buyOrder('bad', '0', '1'));
    await venue.settled();
    const hash = venue.books.get('BTC-USD')?.stateHash();
    const { store, clock } = venue;
    venue.shutdown();

    venue = await openVenue({ store, clock });
    alice = await venue.member(ALICE);
    bob = await venue.member(BOB);
    expect(venue.books.get('BTC-USD')?.stateHash()).to.equal(hash);
    expect(venue.markets.find('BTC-USD')?.referencePrice).to.equal(ticks(10_000));
    alice.send(
      buyOrder('a1', '1', '1'),
      buyOrder('bad', '1', '1'),
      buyOrder('a2', '1', '1', { mayBeRepeat: true }),
      buyOrder('a3', '97', '100'),
    );
    await venue.settled();
    expect(alice.lines()).to.have.members([
      '8 8/8 a1 103=6',
      '8 8/8 bad 103=6',
      '8 I/0 a2 0/3',
      '8 8/8 a3 103=3',
    ]);
    alice.send(buyOrder('a4', '1', '100'));
    await venue.settled();
    expect(bob.lines()).to.deep.equal(['8 F/2 b1 1/0 @100*0.5', '8 F/1 b2 0.5/0.5 @100*0.5']);
  });

  it('ends Day orders of earlier days before a book that was away sees a command', async () => {
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    const { store, clock } = venue;
    venue.shutdown();
    clock.advance(86_400_000);
    venue = await openVenue({ store, clock });
    bob = await venue.member(BOB);
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/1']);
    expect(store.orders.get(venue.store.openOrders()[0]?.orderId ?? 0)?.order.clOrdId).to.equal('b');
  });

  it('stops when another node owns one of its books', async () => {
    venue.store.takeOver('BTC-USD');
    alice.send(buyOrder('a', '1', '100'));
    await venue.quiet();
    expect(venue.lostSymbols).to.deep.equal(['BTC-USD']);
    expect(alice.reports).to.deep.equal([]);
    expect(venue.store.orders.size).to.equal(0);
    // What was in flight is never answered: the venue is begun anew, as its operator would.
    const { store, clock } = venue;
    venue.shutdown();
    venue = await openVenue({ store, clock });
  });

  it('refuses a stored price of the operator once a trade has made one', async () => {
    alice.send(buyOrder('a', '1', '100'));
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    venue.markets.put(openTerms(BTC_USD, { referencePrice: ticks(5_000) }));
    venue.markets.put(openTerms(ETH_USD, { referencePrice: ticks(5_000) }));
    expect(venue.markets.find('BTC-USD')?.referencePrice).to.equal(ticks(10_000));
    expect(venue.markets.find('ETH-USD')?.referencePrice).to.equal(ticks(5_000));
  });
});
