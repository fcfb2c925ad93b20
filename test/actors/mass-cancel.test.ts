/** A mass cancel (q) over several books: one report (r) with the true count, whatever happens on the way. */
import { expect } from 'chai';
import type { Report } from '../../src/matching/execution-report.ts';
import type { OrderMassCancelRequest } from '../../src/matching/order-commands.ts';
import { BUY, SELL } from '../../src/matching/types.ts';
import { audit } from '../support/audit.ts';
import { failingAccount, failingBook } from '../support/faults.ts';
import { ALICE, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, line, sellOrder } from '../support/member-commands.ts';
import { until } from '../support/until.ts';
import { type Member, openVenue, type Venue, type VenueOptions } from '../support/venue.ts';

const ETH = { symbol: 'ETH-USD' } as const;
const WAIT_MS = 2_000;
const ALWAYS = Number.POSITIVE_INFINITY;

/** Of all symbols and both sides, unless `changes` say otherwise. */
function massCancel(clOrdId: string, changes: Partial<OrderMassCancelRequest> = {}): OrderMassCancelRequest {
  const all = { symbol: undefined, side: undefined, mayBeRepeat: false } as const;
  return { type: 'OrderMassCancelRequest', clOrdId, ...all, ...changes };
}

/** `r q 533=2 534=a,b`, `r q 532=99`; other reports as usual. */
function shown(report: Report): string {
  if (report.type !== 'OrderMassCancelReport') return line(report);
  const { clOrdId, massCancelRejectReason, totalAffectedOrders, unanswered } = report;
  if (massCancelRejectReason !== undefined) return `r ${clOrdId} 532=${massCancelRejectReason}`;
  const left = unanswered.map((order) => order.clOrdId).sort();
  return `r ${clOrdId} 533=${totalAffectedOrders}${left.length === 0 ? '' : ` 534=${left.join()}`}`;
}

describe('mass cancel', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  async function open(options: VenueOptions = {}): Promise<void> {
    ({ venue, alice, bob } = await openFundedVenue(options));
  }

  function told(member: Member): string[] {
    return member.reports.map(shown);
  }

  function reportsOfMassCancels(): string[] {
    return told(alice).filter((text) => text.startsWith('r '));
  }

  function openIds(): string[] {
    return venue.store.openOrders().map((order) => order.clOrdId);
  }

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    expect(venue.clock.timerCount, 'timers that nobody needs any more').to.equal(0);
    expect(venue.exchangeStatus().commandsInFlight).to.equal(0);
    venue.shutdown();
  });

  describe('with all books at work', () => {
    beforeEach(async () => {
      await open();
      alice.send(
        buyOrder('a1', '1', '100'),
        buyOrder('a2', '1', '99'),
        buyOrder('a3', '1', '100', ETH),
        buyOrder('a4', '1', '98'),
      );
      bob.send(sellOrder('b1', '1', '200'), sellOrder('b2', '1', '201', ETH));
      await venue.settled();
      alice.clear();
      bob.clear();
    });

    it('ends every order of the member, of nobody else, and then tells how many', async () => {
      const seqNum = alice.send(massCancel('q'));
      await venue.settled();
      expect(told(alice).slice(0, 4)).to.have.members([
        '8 4/4 q<a1 0/0',
        '8 4/4 q<a2 0/0',
        '8 4/4 q<a4 0/0',
        '8 4/4 q<a3 0/0',
      ]);
      expect(told(alice).slice(4)).to.deep.equal(['r q 533=4']);
      expect(alice.answered).to.include(seqNum);
      expect(told(bob)).to.deep.equal([]);
      expect(openIds()).to.have.members(['b1', 'b2']);
      const row = venue.store.requests.find((request) => request.clOrdId === 'q');
      expect(row).to.deep.include({ msgType: 'q', accepted: true, orderId: undefined, userId: ALICE });
    });

    it('ends those of one symbol, oldest first', async () => {
      alice.send(massCancel('q', { symbol: 'BTC-USD' }));
      await venue.settled();
      expect(told(alice)).to.deep.equal(['8 4/4 q<a1 0/0', '8 4/4 q<a2 0/0', '8 4/4 q<a4 0/0', 'r q 533=3']);
      expect(openIds()).to.include('a3');
    });

    it('ends those of one side', async () => {
      alice.send(massCancel('q1', { side: SELL }));
      await venue.settled();
      expect(told(alice)).to.deep.equal(['r q1 533=0']);
      alice.send(massCancel('q2', { side: BUY, symbol: 'ETH-USD' }));
      await venue.settled();
      expect(told(alice).slice(1)).to.deep.equal(['8 4/4 q2<a3 0/0', 'r q2 533=1']);
    });

    it('ends orders that are on their way, and none that comes after it', async () => {
      venue.store.commitGate.close();
      alice.send(buyOrder('a5', '1', '97', ETH), massCancel('q'), buyOrder('a6', '1', '96', ETH));
      await venue.quiet();
      expect(told(alice)).to.deep.equal([]);
      venue.store.commitGate.open();
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=5']);
      expect(openIds()).to.have.members(['a6', 'b1', 'b2']);
    });

    it('says nothing before the commits of all books', async () => {
      venue.store.commitGate.close();
      alice.send(massCancel('q'));
      await venue.quiet();
      venue.store.commitGate.letOnePass();
      await venue.quiet();
      expect(reportsOfMassCancels()).to.deep.equal([]);
      venue.store.commitGate.open();
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=4']);
    });

    it('refuses a symbol that is not traded, and a ClOrdID that is taken', async () => {
      alice.send(massCancel('q', { symbol: 'NO-SUCH' }), massCancel('a1'), massCancel('q'));
      await venue.settled();
      expect(told(alice)).to.deep.equal(['r q 532=1', 'r a1 532=99', 'r q 532=99']);
      expect(
        venue.store.requests.slice(-3).map(({ msgType, accepted }) => [msgType, accepted]),
      ).to.deep.equal([
        ['q', false],
        ['q', false],
        ['q', false],
      ]);
    });

    it('answers a second one with its ClOrdID after the first', async () => {
      venue.store.commitGate.close();
      alice.send(massCancel('q'), massCancel('q'));
      await venue.quiet();
      venue.store.commitGate.open();
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=4', 'r q 532=99']);
    });

    it('is let through by a venue that is about to stop, which waits for its report', async () => {
      const drained = venue.ask((replyTo) =>
        venue.tell({ type: 'exchange' }, { type: 'DrainExchange', replyTo }),
      );
      expect((await drained).type).to.equal('Drained');
      alice.send(massCancel('q'));
      await venue.settled();
      expect(alice.refusals).to.deep.equal([]);
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=4']);
    });

    it('is carried out again after a crash that took the report: nothing is left, and the member has an answer', async () => {
      venue.store.commitGate.close();
      alice.send(massCancel('q'));
      await venue.quiet();
      // The cancels of both books are committed; the process dies before the report is.
      venue.store.commitGate.letOnePass();
      await venue.quiet();
      venue.store.commitGate.letOnePass();
      await venue.quiet();
      expect(openIds()).to.have.members(['b1', 'b2']);
      venue.shutdown();
      const { store, clock } = venue;
      store.isAway = true;
      store.commitGate.open();
      await until('the end of the commit that was on its way', () => store.busyCount === 0);
      store.isAway = false;
      venue = await openVenue({ store, clock });
      alice = await venue.member(ALICE);
      expect(store.requests.some(({ msgType }) => msgType === 'q')).to.equal(false);
      alice.send(massCancel('q', { mayBeRepeat: true }));
      await venue.settled();
      expect(told(alice)).to.deep.equal(['r q 533=0']);
    });
  });

  describe('with a book that cannot answer', () => {
    it('tells after a while what was canceled, and which orders may still be', async () => {
      await open({ wrapBook: failingBook([{ clOrdId: 'fault', when: 'before', times: 1 }]) });
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH), buyOrder('a3', '1', '99', ETH));
      await venue.settled();
      alice.clear();
      venue.store.loadGate.close();
      alice.send(buyOrder('fault', '1', '98'));
      await venue.quiet();
      const seqNum = alice.send(massCancel('q'));
      await venue.quiet();
      alice.send(buyOrder('later', '1', '97'));
      venue.clock.advance(WAIT_MS - 1);
      await venue.quiet();
      expect(told(alice)).to.deep.equal(['8 4/4 q<a2 0/0', '8 4/4 q<a3 0/0']);
      expect(alice.answered).not.to.include(seqNum);
      venue.clock.advance(1);
      await venue.quiet();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=2 534=a1,fault']);
      expect(alice.answered).to.include(seqNum);
      venue.store.loadGate.open();
      await venue.settled();
      // What the book does in the end is told as well, and the report stays as it was.
      expect(told(alice).slice(3)).to.deep.equal([
        '8 0/0 fault 0/1',
        '8 4/4 q<a1 0/0',
        '8 4/4 q<fault 0/0',
        '8 0/0 later 0/1',
      ]);
    });

    it('does not wait for one that is halted', async () => {
      await open({
        limits: { incidentsToHalt: 1 },
        wrapBook: failingBook([{ clOrdId: 'fault', when: 'after', times: ALWAYS, symbol: 'ETH-USD' }]),
      });
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH));
      await venue.settled();
      alice.send(buyOrder('fault', '1', '98', ETH));
      await venue.settled();
      alice.clear();
      alice.send(massCancel('q1'), massCancel('q2', ETH));
      await venue.settled();
      expect(told(alice)).to.have.members(['8 4/4 q1<a1 0/0', 'r q1 533=1 534=a2', 'r q2 532=99']);
    });

    it('lists the orders of one that crashes over it', async () => {
      await open({ wrapBook: failingBook([{ clOrdId: 'q', when: 'after', times: 2, symbol: 'ETH-USD' }]) });
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH));
      await venue.settled();
      alice.clear();
      alice.send(massCancel('q'));
      await venue.settled();
      expect(told(alice)).to.have.members(['8 4/4 q<a1 0/0', 'r q 533=1 534=a2']);
      expect(openIds()).to.deep.equal(['a2']);
    });

    it('counts those of one that crashes once', async () => {
      await open({ wrapBook: failingBook([{ clOrdId: 'q', when: 'after', times: 1 }]) });
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH));
      await venue.settled();
      alice.send(massCancel('q'));
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=2']);
      expect(openIds()).to.deep.equal([]);
    });
  });

  describe('with an account that crashes', () => {
    it('on the request itself, carries it out once', async () => {
      await open({ createAccount: failingAccount({ judge: { q: 1 } }) });
      alice.send(buyOrder('a1', '1', '100'), massCancel('q'));
      await venue.settled();
      expect(told(alice)).to.deep.equal(['8 0/0 a1 0/1', '8 4/4 q<a1 0/0', 'r q 533=1']);
    });

    it('on the request each time, refuses it', async () => {
      await open({ createAccount: failingAccount({ judge: { q: ALWAYS } }) });
      alice.send(buyOrder('a1', '1', '100'), massCancel('q'));
      await venue.settled();
      expect(told(alice)).to.deep.equal(['8 0/0 a1 0/1', 'r q 532=99']);
      expect(openIds()).to.deep.equal(['a1']);
    });

    it('while books are at it, still tells the true count, and knows the ClOrdID as taken', async () => {
      await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH));
      await venue.settled();
      alice.clear();
      venue.store.commitGate.close();
      alice.send(massCancel('q'));
      await venue.quiet();
      alice.send(buyOrder('fault', '1', '100'), massCancel('q'));
      await venue.quiet();
      venue.store.commitGate.open();
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=2', 'r q 532=99']);
      // It was sent after the first, and before the second, which came to nothing.
      expect(openIds()).to.deep.equal(['fault']);
      expect(venue.errors.map(({ event }) => event)).to.deep.equal(['actor crashed']);
    });

    it('on the report, makes it again with the same count', async () => {
      await open({ createAccount: failingAccount({ massCanceled: { q: 1 } }) });
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH), massCancel('q'));
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=2']);
    });

    it('on the report each time, refuses it and says what was canceled', async () => {
      await open({ createAccount: failingAccount({ massCanceled: { q: ALWAYS } }) });
      alice.send(buyOrder('a1', '1', '100'), massCancel('q'), massCancel('q'));
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 532=99', 'r q 532=99']);
      expect(alice.reports.map(({ text }) => text).slice(-2)).to.deep.equal([
        'the venue failed on this command: refused, nothing was done; before that 1 orders were canceled',
        'ClOrdID(11)=q was used before',
      ]);
    });

    it('while it is loaded, tells the count when it is', async () => {
      await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH));
      await venue.settled();
      alice.clear();
      venue.store.commitGate.close();
      alice.send(massCancel('q'));
      await venue.quiet();
      venue.store.loadGate.close();
      alice.send(buyOrder('fault', '1', '100'));
      await venue.quiet();
      venue.store.commitGate.open();
      await venue.quiet();
      expect(reportsOfMassCancels()).to.deep.equal([]);
      venue.store.loadGate.open();
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=2']);
    });

    it('and whose rows make no sense turns it away', async () => {
      await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
      alice.send(buyOrder('a1', '1', '100'));
      await venue.settled();
      venue.store.commitGate.close();
      const seqNum = alice.send(massCancel('q'));
      await venue.quiet();
      venue.store.brokenLoads.add('user:1');
      alice.send(buyOrder('fault', '1', '100'));
      await venue.quiet();
      venue.store.commitGate.open();
      await venue.settled();
      const refused = alice.refusals.flatMap(({ commands }) => commands.map((one) => one.msgSeqNum));
      const answers = [...alice.answered, ...refused].filter((one) => one === seqNum);
      expect(answers).to.deep.equal([seqNum]);
    });
  });

  describe('with a commit that fails for good', () => {
    /** Everything that is sent now is one batch, behind a commit that is held. */
    async function holdCommit(): Promise<void> {
      venue.store.commitGate.close();
      bob.send(sellOrder('held', '1', '300'));
      await venue.quiet();
    }

    it('runs at its place again: what was sent before it is canceled, what came later is not', async () => {
      await open();
      venue.store.refuseWhen = (batch) =>
        batch.events.some((event) => event.type === 'OrderAccepted' && event.order.clOrdId === 'poison');
      alice.send(buyOrder('a1', '1', '100', ETH));
      await venue.settled();
      await holdCommit();
      alice.send(
        buyOrder('poison', '1', '100'),
        buyOrder('a2', '1', '100'),
        massCancel('q'),
        buyOrder('a3', '1', '99'),
        buyOrder('a4', '1', '98', ETH),
      );
      await venue.quiet();
      venue.store.commitGate.open();
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=2']);
      expect(openIds()).to.have.members(['held', 'a3', 'a4']);
      expect(alice.answered.toSorted((left, right) => left - right)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    });

    it('counts what one book had committed before, and what the other does after', async () => {
      await open();
      venue.store.refuseWhen = (batch) =>
        batch.events.some((event) => event.type === 'OrderAccepted' && event.order.clOrdId === 'poison');
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH));
      await venue.settled();
      venue.store.commitGate.close();
      alice.send(massCancel('q'));
      // The first book's part is in flight when the poison joins the second's.
      bob.send(sellOrder('poison', '1', '300'));
      await venue.quiet();
      venue.store.commitGate.open();
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=2']);
      expect(venue.store.batches.filter(({ books }) => books.length > 0).length).to.be.at.least(3);
      expect(openIds()).to.deep.equal([]);
    });

    it('of its report makes the report again, with the same count, and cancels nothing that came later', async () => {
      await open();
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH));
      await venue.settled();
      alice.clear();
      let failuresLeft = 1;
      venue.store.refuseWhen = (batch) => {
        const isReport = batch.reports.some(({ type }) => type === 'OrderMassCancelReport');
        if (!isReport || failuresLeft === 0) return false;
        failuresLeft -= 1;
        return true;
      };
      alice.send(massCancel('q'), buyOrder('a3', '1', '100'));
      await venue.settled();
      expect(reportsOfMassCancels()).to.deep.equal(['r q 533=2']);
      expect(openIds()).to.deep.equal(['a3']);
      expect(alice.answered).to.have.members([3, 4]);
    });

    it('of its report each time refuses it, and says what was canceled', async () => {
      await open();
      alice.send(buyOrder('a1', '1', '100'));
      await venue.settled();
      alice.clear();
      venue.store.refuseWhen = (batch) =>
        batch.reports.some(
          (report) => report.type === 'OrderMassCancelReport' && report.massCancelRejectReason === undefined,
        );
      alice.send(massCancel('q'));
      await venue.settled();
      expect(told(alice)).to.deep.equal(['8 4/4 q<a1 0/0', 'r q 532=99']);
      expect(alice.reports.at(-1)?.text).to.match(/22021.*before that 1 orders were canceled/);
    });

    it('of the cancels in one book lists their orders', async () => {
      await open();
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100', ETH));
      await venue.settled();
      alice.clear();
      venue.store.refuseWhen = (batch) =>
        batch.events.some((event) => event.type === 'OrderCanceled' && event.order.symbol === 'ETH-USD');
      alice.send(massCancel('q'));
      await venue.settled();
      expect(told(alice)).to.deep.equal(['8 4/4 q<a1 0/0', 'r q 533=1 534=a2']);
      expect(openIds()).to.deep.equal(['a2']);
    });
  });
});
