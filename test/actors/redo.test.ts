/** Commits that fail for good: the culprit is found and refused, and all others happen once, in their order. */
import { expect } from 'chai';
import { Account } from '../../src/accounts/account.ts';
import type { CommitBatch } from '../../src/actors/ports.ts';
import type { JournalSession } from '../../src/actors/protocol.ts';
import { SELL } from '../../src/matching/types.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import { audit } from '../support/audit.ts';
import { ALICE, BOB, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, cancelOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import { type Member, openVenue, type Venue, type VenueOptions } from '../support/venue.ts';

const ETH = { symbol: 'ETH-USD' } as const;

/** True for a batch in which an order with one of these ClOrdIDs was accepted. */
function accepts(batch: CommitBatch, ...clOrdIds: readonly string[]): boolean {
  return batch.events.some(
    (event) => event.type === 'OrderAccepted' && clOrdIds.includes(event.order.clOrdId),
  );
}

describe('redo', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  async function open(options: VenueOptions = {}): Promise<void> {
    ({ venue, alice, bob } = await openFundedVenue(options));
  }

  /** Holds the next commit, so that what is sent meanwhile is one batch behind it. */
  async function holdCommit(): Promise<void> {
    venue.store.commitGate.close();
    alice.send(buyOrder('first', '0.001', '1'));
    await venue.quiet();
    alice.clear();
  }

  /** ClOrdIDs of accepted orders, in the order in which they were committed, without `first`. */
  function acceptedIds(): string[] {
    return venue.store.events.flatMap((event) =>
      event.type === 'OrderAccepted' && event.order.clOrdId !== 'first' ? [event.order.clOrdId] : [],
    );
  }

  function alarms(): string[] {
    return venue.errors.filter(({ fields: { alarm } }) => alarm === true).map(({ event }) => event);
  }

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    expect(venue.lostSymbols).to.deep.equal([]);
    venue.shutdown();
  });

  const ids = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'];
  for (const { name, culprits } of [
    { name: 'the first', culprits: ['c1'] },
    { name: 'one in the middle', culprits: ['c3'] },
    { name: 'the last', culprits: ['c6'] },
    { name: 'two', culprits: ['c2', 'c5'] },
    { name: 'two in a row', culprits: ['c3', 'c4'] },
    { name: 'all', culprits: ids },
  ]) {
    it(`refuses the culprit (${name}) of a batch over two books and commits the others once, in order`, async () => {
      await open();
      venue.store.refuseWhen = (batch) => accepts(batch, ...culprits);
      await holdCommit();
      alice.send(buyOrder('c1', '1', '100'), buyOrder('c2', '1', '101', ETH));
      alice.send(buyOrder('c3', '1', '102'));
      bob.send(sellOrder('c4', '0.5', '100', ETH), sellOrder('c5', '0.5', '100'));
      alice.send(buyOrder('c6', '1', '90', ETH));
      await venue.quiet();
      const before = venue.store.batches.length;
      venue.store.commitGate.open();
      await venue.settled();

      expect(acceptedIds()).to.deep.equal(ids.filter((id) => !culprits.includes(id)));
      for (const id of ids) {
        const told = [...alice.reports, ...bob.reports].flatMap((report) =>
          report.clOrdId === id && report.type === 'ExecutionReport' && report.execType !== 'F'
            ? [report]
            : [],
        );
        expect(told.map((report) => report.ordStatus)).to.deep.equal([culprits.includes(id) ? '8' : '0']);
        expect(told[0]?.text).to.equal(
          culprits.includes(id) ? 'not accepted: refused by the database (22021)' : undefined,
        );
      }
      expect(alice.answered).to.have.members([1, 2, 3, 4, 5]);
      expect(bob.answered).to.have.members([1, 2]);
      // The commit that was held, and then one command each.
      const sizes = venue.store.batches
        .slice(before + 1)
        .map((batch) => batch.events.filter((event) => event.type === 'OrderAccepted').length);
      expect(Math.max(...sizes, 0)).to.be.at.most(1);
      expect(alarms().filter((event) => event.startsWith('command refused'))).to.have.length(culprits.length);
    });
  }

  it('runs what arrived meanwhile afterwards, and batches again', async () => {
    await open();
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    await holdCommit();
    alice.send(buyOrder('a1', '1', '100'), buyOrder('poison', '1', '100'), buyOrder('a2', '1', '100', ETH));
    await venue.quiet();
    venue.store.commitGate.letOnePass();
    await venue.quiet();
    venue.store.commitGate.letOnePass();
    await venue.quiet();
    expect(venue.persistenceStatus().isRedoing).to.equal(true);
    alice.send(buyOrder('late1', '1', '100'));
    bob.send(sellOrder('late2', '1', '200'));
    const deposit = venue.deposit(BOB, 'USD', '5');
    await venue.quiet();
    expect(acceptedIds()).to.deep.equal([]);
    const before = venue.store.batches.length;
    while (venue.persistenceStatus().isRedoing) {
      venue.store.commitGate.letOnePass();
      await venue.quiet();
    }
    // The first of what waited is held on its way to the store: the others become one commit behind it.
    venue.store.commitGate.open();
    await venue.settled();
    expect(acceptedIds()).to.deep.equal(['a1', 'a2', 'late1', 'late2']);
    expect((await deposit).type).to.equal('TransferBooked');
    // a1, a2 and the refusal alone; what waited in two.
    expect(venue.store.batches.length - before).to.equal(5);
  });

  it('runs trades, cancels and replaces again as they were, and not what they made of the void', async () => {
    await open();
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    await holdCommit();
    bob.send(sellOrder('poison', '1', '100'), sellOrder('b', '1', '101'));
    await venue.quiet();
    // Before the redo this one buys from the poison, after it from b; the cancel comes too late both times.
    alice.send(buyOrder('a', '1', '101'), cancelOrder('x', 'a'));
    await venue.quiet();
    alice.send(buyOrder('r', '1', '90'), replaceOrder('y', 'r', '2', '91'), cancelOrder('z', 'y'));
    bob.send(cancelOrder('xb', 'b', { side: SELL }));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(bob.lines()).to.deep.equal([
      '8 8/8 poison 103=99',
      '8 0/0 b 0/1',
      '8 F/2 b 1/0 @101*1',
      '9 F 102=0 39=2 xb<b',
    ]);
    expect(alice.lines().filter((text) => !text.includes('first'))).to.deep.equal([
      '8 0/0 a 0/1',
      '8 F/2 a 1/0 @101*1',
      '9 F 102=0 39=2 x<a',
      '8 0/0 r 0/1',
      '8 5/0 y<r 0/2',
      '8 4/4 z<y 0/0',
    ]);
  });

  it('keeps a cancel that a busy book gives back after the redo has begun', async () => {
    await open();
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    await holdCommit();
    bob.send(sellOrder('poison', '1', '200'));
    alice.send(buyOrder('a', '1', '99'));
    bob.send(sellOrder('b', '2', '99'));
    await venue.quiet();
    venue.store.commitGate.open();
    // A message a turn: the cancel waits behind these, and the fence of the redo behind the cancel.
    for (let index = 0; index < 30; index += 1) {
      venue.tell({ type: 'book', symbol: 'BTC-USD' }, { type: 'BookRequests', requests: [] });
    }
    alice.send(cancelOrder('x', 'a'));
    await venue.settled();
    expect(alice.lines().slice(-2)).to.deep.equal(['8 F/2 a 1/0 @99*1', '9 F 102=0 39=2 x<a']);
  });

  it('runs also what makes no row: repeats, duplicates that waited, cancels of nothing', async () => {
    await open();
    alice.send(buyOrder('old', '1', '80'));
    await venue.settled();
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    await holdCommit();
    const unsolicited = { execRestatementReason: 99, text: 'by the operator' };
    const command = { type: 'CancelMemberOrders', unsolicited } as const;
    alice.send(
      buyOrder('old', '1', '80', { mayBeRepeat: true }),
      buyOrder('a', '1', '100'),
      buyOrder('a', '1', '100'),
      buyOrder('poison', '1', '100'),
      buyOrder('poison', '1', '100', { mayBeRepeat: true }),
    );
    const ofSymbol = venue.ask((replyTo) =>
      venue.tell(
        { type: 'exchange' },
        { type: 'CancelSymbolOrders', symbol: 'ETH-USD', unsolicited, replyTo },
      ),
    );
    const ofMember = venue.ask((replyTo) =>
      venue.tell({ type: 'exchange' }, { type: 'SubmitAccountCommand', userId: BOB, command, replyTo }),
    );
    const tooMuch = venue.deposit(BOB, 'BTC', '-11');
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(await ofSymbol).to.deep.equal({ type: 'CancelsRequested', orderCount: 0 });
    expect(await ofMember).to.deep.equal({ type: 'CancelsRequested', orderCount: 0 });
    expect((await tooMuch).type).to.equal('TransferRefused');
    expect(alice.lines().filter((text) => !text.includes('first'))).to.deep.equal([
      '8 I/0 old 0/1',
      '8 0/0 a 0/1',
      '8 8/8 a 103=6',
      '8 8/8 poison 103=99',
      '8 I/8 poison 0/0',
    ]);
  });

  it('runs the operator’s cancels again, and does not stumble over what they cancelled before', async () => {
    await open();
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    alice.send(buyOrder('a1', '1', '90'), buyOrder('a2', '1', '91', ETH));
    await venue.settled();
    await holdCommit();
    const command = {
      type: 'CancelMemberOrders',
      unsolicited: { execRestatementReason: 99, text: 'by the operator' },
    } as const;
    bob.send(sellOrder('poison', '1', '100'));
    const cancelAll = () =>
      venue.ask((replyTo) =>
        venue.tell({ type: 'exchange' }, { type: 'SubmitAccountCommand', userId: ALICE, command, replyTo }),
      );
    const replies = [cancelAll(), cancelAll()];
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    for (const reply of replies) expect((await reply).type).to.equal('CancelsRequested');
    expect(alice.lines()).to.have.members([
      '8 0/0 first 0/0.001',
      '8 4/4 a1 0/0 378=99',
      '8 4/4 a2 0/0 378=99',
      '8 4/4 first 0/0 378=99',
    ]);
    expect(venue.store.openOrders()).to.deep.equal([]);
  });

  for (const by of ['symbol', 'member'] as const) {
    it(`runs the operator’s cancel (${by}) behind the orders that it followed`, async () => {
      await open();
      venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
      await holdCommit();
      bob.send(sellOrder('poison', '1', '200'));
      alice.send(buyOrder('before', '1', '90'));
      await venue.quiet();
      const unsolicited = { execRestatementReason: 99, text: 'by the operator' };
      const reply = venue.ask((replyTo) => {
        const command = { type: 'CancelMemberOrders', unsolicited } as const;
        const ofSymbol = { type: 'CancelSymbolOrders', symbol: 'BTC-USD', unsolicited, replyTo } as const;
        const ofMember = { type: 'SubmitAccountCommand', userId: ALICE, command, replyTo } as const;
        venue.tell({ type: 'exchange' }, by === 'symbol' ? ofSymbol : ofMember);
      });
      await venue.quiet();
      alice.send(buyOrder('after', '1', '91'));
      await venue.quiet();
      venue.store.commitGate.open();
      await venue.settled();
      expect(await reply).to.deep.equal({ type: 'CancelsRequested', orderCount: 2 });
      expect(venue.store.openOrders().map((order) => order.clOrdId)).to.deep.equal(['after']);
    });
  }

  it('refuses with an alarm what trips the balance constraint', async () => {
    let lives = 0;
    await open({
      createAccount(...args) {
        const [rows, ...others] = args;
        if (rows.userId !== ALICE) return new Account(...args);
        lives += 1;
        // Twice the account believes that it owns more than it does.
        if (lives > 2) return new Account(...args);
        const amount = parseAmount('1000000') as bigint;
        return new Account({ ...rows, balances: [{ asset: 'USD', amount }] }, ...others);
      },
    });
    bob.send(sellOrder('b', '1', '100'));
    alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '500', '100', ETH), buyOrder('a3', '1', '99'));
    await venue.settled();
    expect(alice.lines()).to.have.members([
      '8 0/0 a1 0/1',
      '8 F/2 a1 1/0 @100*1',
      '8 8/8 a2 103=99',
      '8 0/0 a3 0/1',
    ]);
    expect(alice.reports.find((report) => report.clOrdId === 'a2')?.text).to.match(/23514/);
    expect(alarms()).to.include('command refused: it cannot be committed');
  });

  it('judges anew from the rows, so that a state that was wrong harms nobody', async () => {
    await open();
    const transfer = {
      type: 'TransferFunds',
      kind: 'withdrawal',
      asset: 'USD',
      idempotencyKey: 'by hand',
      requestedBy: 'sql',
      reason: undefined,
    } as const;
    const lost = parseAmount('9900') as bigint;
    venue.store.transfers.push({ userId: ALICE, transfer: { ...transfer, amount: -lost }, at: 0 });
    const balance = venue.store.balance(ALICE, 'USD');
    venue.store.balances.set(`${ALICE} USD`, { ...balance, amount: balance.amount - lost });
    alice.send(buyOrder('a1', '1', '50'), buyOrder('a2', '1', '60'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a1 0/1', '8 8/8 a2 103=3']);
  });

  it('gives up on a command whose refusal cannot be committed either, and goes on', async () => {
    await open();
    venue.store.refuseWhen = (batch) =>
      accepts(batch, 'poison') || batch.reports.some((report) => report.clOrdId === 'poison');
    alice.send(buyOrder('a1', '1', '100'), buyOrder('poison', '1', '100'), buyOrder('a2', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a1 0/1', '8 0/0 a2 0/1']);
    expect(alice.refusals).to.have.length(1);
    expect(alice.refusals[0]?.commands.map(({ msgSeqNum }) => msgSeqNum)).to.deep.equal([2]);
    expect(alarms()).to.include('command dropped: neither it nor its refusal can be committed');
  });

  it('gives up on a command of the venue itself that cannot be committed, and tells the operator', async () => {
    await open();
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    venue.store.refuseWhen = (batch) => batch.events.some((event) => event.type === 'OrderCanceled');
    const unsolicited = { execRestatementReason: 99, text: 'by the operator' };
    const reply = await venue.ask((replyTo) =>
      venue.tell(
        { type: 'exchange' },
        { type: 'CancelSymbolOrders', symbol: 'BTC-USD', unsolicited, replyTo },
      ),
    );
    await venue.settled();
    expect(reply.type).to.equal('CommandRejected');
    expect(venue.store.openOrders()).to.have.length(1);
  });

  it('refuses a transfer whose key was used, and touches no balance', async () => {
    await open();
    expect((await venue.deposit(ALICE, 'USD', '5', 'once')).type).to.equal('TransferBooked');
    expect((await venue.deposit(ALICE, 'USD', '5', 'once')).type).to.equal('CommandRejected');
    await venue.settled();
    expect(venue.store.balance(ALICE, 'USD').amount).to.equal(parseAmount('10005'));
  });

  it('works in a venue without any symbol', async () => {
    venue = await openVenue({ instruments: [] });
    expect((await venue.deposit(ALICE, 'USD', '5', 'once')).type).to.equal('TransferBooked');
    expect((await venue.deposit(BOB, 'USD', '5', 'once')).type).to.equal('CommandRejected');
    expect((await venue.deposit(BOB, 'USD', '6', 'twice')).type).to.equal('TransferBooked');
  });

  it('does not begin for the rows of a session: the one that cannot be written is dropped', async () => {
    await open();
    await holdCommit();
    const row = (senderCompId: number): JournalSession => ({
      type: 'JournalSession',
      sessionId: `s${senderCompId}`,
      senderCompId,
      userId: senderCompId,
      nextInSeqNum: 2,
      nextOutSeqNum: 2,
      reservedOutSeqNum: 10,
      clean: false,
      resetAfter: false,
      sent: undefined,
      delivered: [],
    });
    venue.store.refuseWhen = (batch) => batch.sessions.some(({ senderCompId }) => senderCompId === 8);
    for (const senderCompId of [7, 8, 9]) venue.tell({ type: 'persistence' }, row(senderCompId));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.quiet();
    venue.clock.advance(5);
    // A session that opens meanwhile is not forgotten.
    await venue.member(10);
    await venue.settled();
    expect([...venue.store.sessions.keys()]).to.deep.equal([7, 9]);
    expect(venue.persistenceStatus().isRedoing).to.equal(false);
    expect(alarms()).to.include('a journal entry was dropped: it cannot be written');
  });

  it('keeps the rows of sessions that were in the batch of a culprit', async () => {
    await open();
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    await holdCommit();
    venue.tell(
      { type: 'persistence' },
      {
        type: 'JournalSession',
        sessionId: 'session of 1',
        senderCompId: ALICE,
        userId: ALICE,
        nextInSeqNum: 5,
        nextOutSeqNum: 6,
        reservedOutSeqNum: 100,
        clean: false,
        resetAfter: false,
        sent: undefined,
        delivered: [],
      },
    );
    alice.send(buyOrder('poison', '1', '100'));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(venue.store.sessions.get(ALICE)?.nextInSeqNum).to.equal(5);
  });
});
