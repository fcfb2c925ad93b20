/** What ends many orders at once: in portions, one commit after the other, and told as if it had been one. */
import { expect } from 'chai';
import type { MatchingBook } from '../../src/actors/order-book.ts';
import type { Reply } from '../../src/actors/protocol.ts';
import { audit } from '../support/audit.ts';
import { ALICE, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, massCancel, sellOrder } from '../support/member-commands.ts';
import { DAY_MS, type Member, openVenue, START_AT, type Venue, type VenueOptions } from '../support/venue.ts';

const ETH = { symbol: 'ETH-USD' } as const;
const PORTION = 2;
const BY_OPERATOR = { execRestatementReason: 8, text: 'by the operator' };
const OF_FIVE = ['a1', 'a2', 'a3', 'a4', 'a5'];

describe('ending many orders', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  async function open(options: VenueOptions = {}): Promise<void> {
    const limits = { ...options.limits, sweepPortion: PORTION };
    ({ venue, alice, bob } = await openFundedVenue({ ...options, limits, maxEventsPerCommit: PORTION }));
    alice.send(...OF_FIVE.map((clOrdId, index) => buyOrder(clOrdId, '1', `${100 + index}`)));
    await venue.settled();
    alice.clear();
  }

  function openIds(): string[] {
    return venue.store.openOrders().map(({ clOrdId }) => clOrdId);
  }

  /** Of the commits since then, how many orders each ended. */
  function endsPerCommit(since: number): number[] {
    return venue.store.batches
      .slice(since)
      .map(({ events }) => events.filter(({ type }) => /Canceled|Expired/.test(type)).length)
      .filter((count) => count > 0);
  }

  function cancelAll(by: 'symbol' | 'member'): Promise<Reply> {
    return venue.ask((replyTo) => {
      const command = { type: 'CancelMemberOrders', unsolicited: BY_OPERATOR } as const;
      const ofSymbol = { type: 'CancelSymbolOrders', symbol: 'BTC-USD', unsolicited: BY_OPERATOR } as const;
      const ofMember = { type: 'SubmitAccountCommand', userId: ALICE, command } as const;
      venue.tell({ type: 'exchange' }, by === 'symbol' ? { ...ofSymbol, replyTo } : { ...ofMember, replyTo });
    });
  }

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    expect(venue.clock.timerCount, 'timers that nobody needs any more').to.equal(0);
    venue.shutdown();
  });

  it('by a mass cancel takes no commit more than a portion of them, and one report counts them all', async () => {
    await open();
    const since = venue.store.batches.length;
    alice.send(massCancel('q'));
    await venue.settled();
    expect(endsPerCommit(since)).to.deep.equal([2, 2, 1]);
    expect(alice.lines().slice(0, 5)).to.deep.equal(OF_FIVE.map((id) => `8 4/4 q<${id} 0/0`));
    expect(alice.reports.at(-1)).to.deep.include({ type: 'OrderMassCancelReport', totalAffectedOrders: 5 });
    expect(alice.reports).to.have.length(6);
  });

  it('waits for each portion’s commit: other symbols trade in between, this one behind it', async () => {
    await open();
    venue.store.commitGate.close();
    alice.send(massCancel('q'));
    bob.send(sellOrder('b', '1', '104'), sellOrder('e', '1', '100', ETH));
    await venue.quiet();
    expect(venue.persistenceStatus().bufferedEntries).to.be.at.most(1);
    venue.store.commitGate.letOnePass();
    await venue.quiet();
    venue.store.commitGate.letOnePass();
    await venue.quiet();
    expect(bob.lines()).to.deep.equal(['8 0/0 e 0/1']);
    expect(openIds()).to.have.members(['a3', 'a4', 'a5', 'e']);
    venue.store.commitGate.open();
    await venue.settled();
    expect(bob.lines()).to.deep.equal(['8 0/0 e 0/1', '8 0/0 b 0/1']);
  });

  it('does not let its report wait for less than all, as long as portions come', async () => {
    await open({ limits: { massCancelWaitMs: 1_000 } });
    venue.store.commitGate.close();
    alice.send(massCancel('q'));
    for (let portion = 0; portion < 3; portion += 1) {
      await venue.quiet();
      venue.clock.advance(900);
      await venue.quiet();
      venue.store.commitGate.letOnePass();
    }
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.reports.at(-1)).to.deep.include({ totalAffectedOrders: 5, unanswered: [] });
  });

  for (const by of ['symbol', 'member'] as const) {
    it(`by the operator (${by}) is answered once, with all of them`, async () => {
      await open();
      expect(await cancelAll(by)).to.deep.equal({ type: 'CancelsRequested', orderCount: 5 });
      expect(openIds()).to.deep.equal([]);
    });
  }

  it('by the operator counts what was committed before a portion had to be run again', async () => {
    await open();
    let portions = 0;
    venue.store.refuseWhen = ({ events }) => {
      if (events.some(({ type }) => type === 'OrderCanceled')) portions += 1;
      return portions === 2;
    };
    expect(await cancelAll('symbol')).to.deep.equal({ type: 'CancelsRequested', orderCount: 5 });
    expect(openIds()).to.deep.equal([]);
  });

  it('gives up when a portion cannot be committed, says how many it had ended, and trades on', async () => {
    await open();
    venue.store.refuseWhen = ({ events }) =>
      events.some((event) => event.type === 'OrderCanceled' && event.order.clOrdId === 'a4');
    const reply = await cancelAll('symbol');
    await venue.settled();
    expect(reply.type).to.equal('CommandRejected');
    expect(reply)
      .to.have.property('text')
      .that.matches(/22021.*; before that 2 orders were canceled$/);
    expect(openIds()).to.have.members(['a3', 'a4', 'a5']);
    expect(venue.store.halts).to.deep.equal([]);
    bob.send(sellOrder('b', '1', '104'));
    await venue.settled();
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/1', '8 F/2 b 1/0 @104*1']);
  });

  it('ends each once when the book crashes in the middle of it', async () => {
    let portions = 0;
    const wrapBook = (book: MatchingBook): MatchingBook => ({
      get lastSeq() {
        return book.lastSeq;
      },
      restore: (order) => book.restore(order),
      isDue: (tradingDay, upTo) => book.isDue(tradingDay, upTo),
      execute(command, at, events) {
        const outcome = book.execute(command, at, events);
        if (command.type === 'MassCancelOrders') portions += 1;
        if (portions === 2) {
          portions += 1;
          throw new Error('the test fails the second portion');
        }
        return outcome;
      },
    });
    await open({ wrapBook });
    alice.send(massCancel('q'));
    await venue.settled();
    expect(alice.lines().slice(0, 5)).to.deep.equal(OF_FIVE.map((id) => `8 4/4 q<${id} 0/0`));
    expect(alice.reports.at(-1)).to.deep.include({ totalAffectedOrders: 5, unanswered: [] });
    expect(alice.reports).to.have.length(6);
  });

  it('by time, after a restart too, is over before any command is carried out', async () => {
    await open();
    const { store, clock } = venue;
    venue.shutdown();
    clock.set(START_AT + DAY_MS);
    const since = store.batches.length;
    store.commitGate.close();
    venue = await openVenue({ store, clock, limits: { sweepPortion: PORTION } });
    venue.tell({ type: 'exchange' }, { type: 'ExpireDue', upTo: clock.now() });
    store.commitGate.open();
    bob = await venue.member(2);
    bob.send(sellOrder('b', '1', '100'));
    await venue.settled();
    expect(endsPerCommit(since)).to.deep.equal([2, 2, 1]);
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/1']);
    expect(openIds()).to.deep.equal(['b']);
  });
});
