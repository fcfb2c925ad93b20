/** The bounds of the exchange: beyond them it answers with a reason, and it recovers by itself. */
import { expect } from 'chai';
import type { CommitBatch } from '../../src/actors/ports.ts';
import type { Reply } from '../../src/actors/protocol.ts';
import { audit } from '../support/audit.ts';
import { buyOrder, cancelOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import { type Member, openVenue, type Venue } from '../support/venue.ts';

const ALICE = 1;
const BOB = 2;

function acceptsPoison(batch: CommitBatch): boolean {
  return batch.events.some((event) => event.type === 'OrderAccepted' && event.order.clOrdId === 'poison');
}

describe('overload', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  beforeEach(async () => {
    venue = await openVenue({ limits: { maxCommandsInFlight: 20 } });
    alice = await venue.member(ALICE);
    bob = await venue.member(BOB);
    await venue.deposit(ALICE, 'USD', '10000');
    await venue.deposit(BOB, 'BTC', '10');
    alice.send(buyOrder('old', '1', '10'));
    await venue.settled();
    alice.clear();
  });

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    expect(venue.errors.filter(({ event }) => event === 'actor crashed')).to.deep.equal([]);
    venue.shutdown();
  });

  function orders(count: number, prefix = 'a') {
    return Array.from({ length: count }, (_, index) => buyOrder(`${prefix}${index + 1}`, '1', '10'));
  }

  function refusedSeqNums(member: Member): number[] {
    return member.refusals.flatMap(({ commands }) => commands.map((one) => one.msgSeqNum));
  }

  it('refuses orders beyond nine tenths of the bound and lets cancels use the last tenth', async () => {
    venue.store.commitGate.close();
    const first = alice.send(...orders(19));
    await venue.quiet();
    expect(refusedSeqNums(alice)).to.deep.equal([first + 18]);
    expect(alice.refusals[0]).to.deep.include({
      refusal: 'Overloaded',
      text: 'the venue is busy: 20 requests are on their way, try again',
    });
    alice.send(
      replaceOrder('g', 'old', '2', '10'),
      cancelOrder('x1', 'old'),
      cancelOrder('x2', 'a1'),
      cancelOrder('x3', 'a2'),
    );
    await venue.quiet();
    // A replace is no cancel; two cancels are 20 in flight, and the third is one too many.
    expect(refusedSeqNums(alice)).to.deep.equal([first + 18, first + 19, first + 22]);
    expect(venue.exchangeStatus().commandsInFlight).to.equal(20);

    venue.store.commitGate.open();
    await venue.settled();
    expect(venue.exchangeStatus().commandsInFlight).to.equal(0);
    expect(alice.lines()).to.include.members(['8 4/4 x1<old 0/0', '8 4/4 x2<a1 0/0', '8 0/0 a18 0/1']);
    alice.send(...orders(18, 'b'));
    await venue.settled();
    expect(refusedSeqNums(alice)).to.have.length(3);
  });

  it('counts all members together', async () => {
    venue.store.commitGate.close();
    alice.send(...orders(18));
    bob.send(sellOrder('b', '1', '100'));
    await venue.quiet();
    expect(refusedSeqNums(alice)).to.deep.equal([]);
    expect(refusedSeqNums(bob)).to.deep.equal([1]);
    venue.store.commitGate.open();
  });

  it('rejects an operator’s command when there is no room at all', async () => {
    venue.store.commitGate.close();
    alice.send(...orders(18), cancelOrder('x1', 'old'), cancelOrder('x2', 'a1'));
    await venue.quiet();
    expect((await venue.deposit(BOB, 'USD', '1')).type).to.equal('CommandRejected');
    venue.store.commitGate.open();
  });

  it('counts what waits for the end of a redo, and runs it afterwards', async () => {
    venue.store.refuseWhen = acceptsPoison;
    venue.store.commitGate.close();
    alice.send(buyOrder('poison', '1', '10'), buyOrder('b1', '1', '10'));
    await venue.quiet();
    venue.store.commitGate.letOnePass();
    await venue.quiet();
    expect(venue.persistenceStatus().isRedoing).to.equal(true);
    const sells = Array.from({ length: 20 }, (_, index) => sellOrder(`s${index + 1}`, '0.1', '99'));
    const first = bob.send(...sells.slice(0, 10));
    bob.send(...sells.slice(10));
    await venue.quiet();
    // Two are kept for the redo and two for cancels: sixteen find room.
    expect(refusedSeqNums(bob)).to.deep.equal([16, 17, 18, 19].map((index) => first + index));
    venue.store.commitGate.open();
    await venue.settled();
    expect(bob.lines()).to.have.length(16);
    expect(alice.lines()).to.deep.equal(['8 8/8 poison 103=99', '8 0/0 b1 0/1']);
  });

  describe('drain', () => {
    function drain(): { readonly reply: Promise<Reply>; isDone(): boolean } {
      let isDone = false;
      const reply = venue.ask((replyTo) =>
        venue.tell({ type: 'exchange' }, { type: 'DrainExchange', replyTo }),
      );
      void reply.then(() => {
        isDone = true;
      });
      return { reply, isDone: () => isDone };
    }

    it('refuses orders and replaces, lets cancels through, and is done when nothing is in flight', async () => {
      venue.store.commitGate.close();
      alice.send(buyOrder('a', '1', '10'));
      await venue.quiet();
      const draining = drain();
      const first = alice.send(
        buyOrder('late', '1', '10'),
        replaceOrder('g', 'old', '2', '10'),
        cancelOrder('x', 'old'),
      );
      await venue.quiet();
      expect(alice.refusals.map(({ refusal }) => refusal)).to.deep.equal(['Draining']);
      expect(refusedSeqNums(alice)).to.deep.equal([first, first + 1]);
      expect(venue.exchangeStatus().isDraining).to.equal(true);
      expect(draining.isDone()).to.equal(false);
      venue.store.commitGate.open();
      expect(await draining.reply).to.deep.equal({ type: 'Drained' });
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 4/4 x<old 0/0']);
    });

    it('is done at once when nothing is in flight', async () => {
      expect(await drain().reply).to.deep.equal({ type: 'Drained' });
    });

    it('waits for the end of a redo, and for the cancels that waited for it', async () => {
      venue.store.refuseWhen = acceptsPoison;
      venue.store.commitGate.close();
      alice.send(buyOrder('poison', '1', '10'));
      await venue.quiet();
      venue.store.commitGate.letOnePass();
      await venue.quiet();
      bob.send(sellOrder('b', '1', '100'));
      alice.send(cancelOrder('x', 'old'));
      await venue.quiet();
      const draining = drain();
      await venue.quiet();
      expect(draining.isDone()).to.equal(false);
      venue.store.commitGate.open();
      await draining.reply;
      expect(venue.store.openOrders()).to.deep.equal([]);
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 8/8 poison 103=99', '8 4/4 x<old 0/0']);
      expect(bob.refusals.map(({ refusal }) => refusal)).to.deep.equal(['Draining']);
    });
  });
});
