/** Accounts that throw: rebuilt behind a fence, exact whatever was in flight. */
import { expect } from 'chai';
import { SELL } from '../../src/matching/types.ts';
import { audit } from '../support/audit.ts';
import { failingAccount, failingBook } from '../support/faults.ts';
import { ALICE, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, cancelOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import type { Member, Venue, VenueOptions } from '../support/venue.ts';

describe('rebuild of an account', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  async function open(options: VenueOptions = {}): Promise<void> {
    ({ venue, alice, bob } = await openFundedVenue(options));
  }

  function crashCount(): number {
    return venue.errors.filter(({ event }) => event === 'actor crashed').length;
  }

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    venue.shutdown();
  });

  it('refuses the poison in the middle of its batch and answers the others', async () => {
    await open({ createAccount: failingAccount({ judge: { poison: Number.POSITIVE_INFINITY } }) });
    alice.send(buyOrder('a1', '1', '100'), buyOrder('poison', '1', '100'), cancelOrder('x', 'a1'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a1 0/1', '8 8/8 poison 103=99', '8 4/4 x<a1 0/0']);
    expect(alice.answered).to.have.members([1, 2, 3]);
  });

  it('refuses nobody after a crash that does not happen again, and holds nothing twice', async () => {
    await open({ createAccount: failingAccount({ judge: { a2: 1 } }) });
    alice.send(buyOrder('a1', '30', '100'), buyOrder('a2', '30', '100'), buyOrder('a3', '30', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a1 0/30', '8 0/0 a2 0/30', '8 0/0 a3 0/30']);
  });

  it('is exact when its orders were in flight in several books', async () => {
    await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
    bob.send(sellOrder('b', '0.5', '100'));
    await venue.settled();
    venue.store.commitGate.close();
    alice.send(
      buyOrder('a1', '1', '100'),
      buyOrder('a2', '2', '100', { symbol: 'ETH-USD' }),
      buyOrder('a3', '3', '90'),
    );
    await venue.quiet();
    alice.send(cancelOrder('x', 'a3'), replaceOrder('y', 'a2', '3', '100', { symbol: 'ETH-USD' }));
    await venue.quiet();
    alice.send(buyOrder('fault', '1', '100'), sellOrder('s', '0.5', '150'));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(crashCount()).to.equal(1);
    expect(alice.lines()).to.have.members([
      '8 0/0 a1 0/1',
      '8 F/1 a1 0.5/0.5 @100*0.5',
      '8 0/0 a3 0/3',
      '8 0/0 a2 0/2',
      '8 4/4 x<a3 0/0',
      '8 5/0 y<a2 0/3',
      '8 0/0 fault 0/1',
      // The rebuilt account knows the fill that was in flight.
      '8 0/0 s 0/0.5',
    ]);
  });

  it('is exact when a commit could not be applied', async () => {
    await open({ createAccount: failingAccount({ settle: { a1: Number.POSITIVE_INFINITY } }) });
    alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100'));
    await venue.settled();
    alice.send(buyOrder('a3', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a1 0/1', '8 0/0 a2 0/1', '8 0/0 a3 0/1']);
    expect(crashCount()).to.equal(1);
  });

  it('ignores settlements that its load contains', async () => {
    await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    venue.store.commitGate.close();
    alice.send(buyOrder('a', '1', '100'));
    await venue.quiet();
    alice.send(buyOrder('fault', '1', '90'));
    await venue.quiet();
    venue.store.loadGate.close();
    venue.store.commitGate.open();
    // The commit settles while the load of it is on its way.
    await venue.quiet();
    venue.store.loadGate.open();
    await venue.settled();
    expect(venue.accounts.get(ALICE)?.balances.amount('BTC')).to.equal(10n ** 18n);
  });

  it('still answers a duplicate and a late cancel that waited when it crashed', async () => {
    await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    venue.store.commitGate.close();
    bob.send(sellOrder('b', '1', '100'));
    await venue.quiet();
    alice.send(cancelOrder('x', 'a'), buyOrder('d', '1', '90'), buyOrder('d', '1', '90'));
    await venue.quiet();
    alice.send(buyOrder('fault', '1', '80'));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines()).to.have.members([
      '8 0/0 a 0/1',
      '8 F/2 a 1/0 @100*1',
      '9 F 102=0 39=2 x<a',
      '8 0/0 d 0/1',
      '8 8/8 d 103=6',
      '8 0/0 fault 0/1',
    ]);
    expect(alice.answered).to.have.members([1, 2, 3, 4, 5]);
  });

  it('refuses a duplicate once when its batch is run a second time', async () => {
    await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
    alice.send(buyOrder('d', '1', '90'), buyOrder('d', '1', '90'), buyOrder('fault', '1', '80'));
    await venue.settled();
    expect(alice.lines()).to.have.members(['8 0/0 d 0/1', '8 8/8 d 103=6', '8 0/0 fault 0/1']);
    expect(alice.answered).to.have.members([1, 2, 3]);
  });

  it('turns a command away when even its refusal throws', async () => {
    const always = Number.POSITIVE_INFINITY;
    await open({
      createAccount: failingAccount({ judge: { poison: always }, refuse: { poison: always } }),
    });
    alice.send(buyOrder('poison', '1', '100'), buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
    expect(alice.refusals.flatMap(({ commands }) => commands.map((one) => one.msgSeqNum))).to.deep.equal([1]);
  });

  it('refuses a poisoned duplicate without touching the order that bears its ClOrdID', async () => {
    await open({ createAccount: failingAccount({ judge: { y: Number.POSITIVE_INFINITY } }) });
    alice.send(buyOrder('a', '1', '100'), replaceOrder('y', 'a', '1', '0'));
    await venue.settled();
    alice.send(buyOrder('y', '1', '100'));
    await venue.settled();
    expect(alice.lines().slice(-2)).to.deep.equal(['9 G 102=2 39=0 y<a', '8 8/8 y 103=99']);
    alice.send(cancelOrder('x', 'a'));
    await venue.settled();
    expect(alice.lines().at(-1)).to.equal('8 4/4 x<a 0/0');
  });

  it('lets other members trade on meanwhile', async () => {
    await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
    venue.store.loadGate.close();
    alice.send(buyOrder('fault', '1', '100'));
    await venue.quiet();
    bob.send(sellOrder('b', '1', '100'));
    await bob.report((report) => report.clOrdId === 'b');
    expect(alice.lines()).to.deep.equal([]);
    venue.store.loadGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 fault 0/1', '8 F/2 fault 1/0 @100*1']);
  });

  it('bounds what waits meanwhile: beyond it commands are turned away', async () => {
    await open({ limits: { accountStash: 2 }, createAccount: failingAccount({ judge: { fault: 1 } }) });
    venue.store.loadGate.close();
    alice.send(buyOrder('fault', '1', '100'));
    await venue.quiet();
    for (const clOrdId of ['a1', 'a2', 'a3']) alice.send(buyOrder(clOrdId, '1', '100'));
    await venue.quiet();
    expect(alice.refusals.map(({ refusal }) => refusal)).to.deep.equal(['Overloaded', 'Overloaded']);
    venue.store.loadGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 fault 0/1', '8 0/0 a1 0/1']);
    expect(venue.exchangeStatus().commandsInFlight).to.equal(0);
  });

  it('turns commands away when the account’s rows make no sense', async () => {
    await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
    venue.store.brokenLoads.add('user:1');
    alice.send(buyOrder('fault', '1', '100'));
    await venue.settled();
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.refusals.map(({ refusal }) => refusal)).to.deep.equal([
      'StoreUnavailable',
      'StoreUnavailable',
    ]);
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/1']);
  });

  it('and of a book at once leaves both exact', async () => {
    await open({
      wrapBook: failingBook([{ clOrdId: 'bookfault', when: 'after', times: 1 }]),
      createAccount: failingAccount({ judge: { fault: 1 } }),
    });
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    venue.store.commitGate.close();
    alice.send(buyOrder('a1', '0.5', '100'), buyOrder('bookfault', '0.3', '100'));
    await venue.quiet();
    alice.send(buyOrder('fault', '0.2', '100'), cancelOrder('x', 'b', { side: SELL }));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines()).to.have.members([
      '8 0/0 a1 0/0.5',
      '8 F/2 a1 0.5/0 @100*0.5',
      '8 0/0 bookfault 0/0.3',
      '8 F/2 bookfault 0.3/0 @100*0.3',
      '8 0/0 fault 0/0.2',
      '8 F/2 fault 0.2/0 @100*0.2',
      '9 F 102=1 39=8 x<b',
    ]);
  });
});
