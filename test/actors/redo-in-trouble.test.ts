/** Commits that fail for good while something else goes wrong as well. */
import { expect } from 'chai';
import type { CommitBatch } from '../../src/actors/ports.ts';
import { audit } from '../support/audit.ts';
import { failingBook } from '../support/faults.ts';
import { openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, sellOrder } from '../support/member-commands.ts';
import type { Member, Venue, VenueOptions } from '../support/venue.ts';

const ETH = { symbol: 'ETH-USD' } as const;

/** True for a batch in which an order with one of these ClOrdIDs was accepted. */
function accepts(batch: CommitBatch, ...clOrdIds: readonly string[]): boolean {
  return batch.events.some(
    (event) => event.type === 'OrderAccepted' && clOrdIds.includes(event.order.clOrdId),
  );
}

describe('redo in trouble', () => {
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

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    expect(venue.lostSymbols).to.deep.equal([]);
    venue.shutdown();
  });

  it('while a book is being rebuilt leaves the book with its last epoch', async () => {
    await open({ wrapBook: failingBook([{ clOrdId: 'fault', when: 'after', times: 1 }]) });
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    venue.store.commitGate.close();
    alice.send(buyOrder('poison', '1', '100'), buyOrder('a1', '1', '100'));
    await venue.quiet();
    alice.send(buyOrder('fault', '1', '100'), buyOrder('a2', '1', '100'));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    alice.send(buyOrder('a3', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal([
      '8 8/8 poison 103=99',
      '8 0/0 a1 0/1',
      '8 0/0 fault 0/1',
      '8 0/0 a2 0/1',
      '8 0/0 a3 0/1',
    ]);
  });

  it('while the rows of a book are being read leaves the book with its last epoch', async () => {
    await open({ wrapBook: failingBook([{ clOrdId: 'fault', when: 'after', times: 1, symbol: 'BTC-USD' }]) });
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    venue.store.loadGate.close();
    alice.send(buyOrder('fault', '1', '100'));
    await venue.quiet();
    alice.send(buyOrder('poison', '1', '100', ETH));
    await venue.quiet();
    expect(venue.persistenceStatus().isRedoing).to.equal(true);
    venue.store.loadGate.open();
    await venue.settled();
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.have.members(['8 0/0 fault 0/1', '8 8/8 poison 103=99', '8 0/0 a 0/1']);
  });

  it('answers the commands of a symbol that is halted, and of one that a command makes crash', async () => {
    const always = Number.POSITIVE_INFINITY;
    await open({
      limits: { incidentsToHalt: 1 },
      wrapBook: failingBook([
        { clOrdId: 'halts', when: 'after', times: always },
        { clOrdId: 'halts too', when: 'after', times: always },
      ]),
    });
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    alice.send(buyOrder('halts', '1', '100'));
    await venue.settled();
    await holdCommitOn();
    alice.send(buyOrder('poison', '1', '100', ETH), buyOrder('e', '1', '90', ETH));
    venue.tell({ type: 'exchange' }, { type: 'RollTradingDay', tradingDay: '2024-05-06' });
    await venue.quiet();
    alice.send(buyOrder('halts too', '1', '100', ETH));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines().filter((text) => !text.includes('held'))).to.have.members([
      '8 8/8 halts 103=2',
      '8 8/8 poison 103=2',
      '8 8/8 e 103=2',
      '8 8/8 halts too 103=2',
    ]);

    async function holdCommitOn(): Promise<void> {
      venue.store.commitGate.close();
      bob.send(sellOrder('held', '1', '300', ETH));
      await venue.quiet();
    }
  });

  it('turns away the commands of an account that cannot be read, and goes on with the others', async () => {
    await open();
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    await holdCommit();
    alice.send(buyOrder('poison', '1', '100'), buyOrder('a', '1', '100'));
    bob.send(sellOrder('b', '1', '100'));
    await venue.quiet();
    venue.store.brokenLoads.add('user:1');
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.refusals.flatMap(({ commands }) => commands.map((one) => one.msgSeqNum))).to.deep.equal([
      2, 3,
    ]);
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/1']);
    expect(venue.exchangeStatus().commandsInFlight).to.equal(0);
  });

  it('waits while the database is away, refuses newcomers, and ends when it is back', async () => {
    await open();
    venue.store.refuseWhen = (batch) => accepts(batch, 'poison');
    await holdCommit();
    alice.send(buyOrder('a1', '1', '100'), buyOrder('poison', '1', '100'), buyOrder('a2', '1', '100'));
    await venue.quiet();
    venue.store.commitGate.letOnePass();
    await venue.quiet();
    venue.store.commitGate.letOnePass();
    await venue.quiet();
    venue.store.isAway = true;
    venue.store.commitGate.open();
    await venue.quiet();
    bob.send(sellOrder('b', '1', '200'));
    await venue.quiet();
    expect(bob.refusals.map(({ refusal }) => refusal)).to.deep.equal(['StoreUnavailable']);
    venue.store.isAway = false;
    venue.clock.advance(100);
    await venue.settled();
    expect(alice.lines()).to.deep.equal([
      '8 0/0 first 0/0.001',
      '8 0/0 a1 0/1',
      '8 8/8 poison 103=99',
      '8 0/0 a2 0/1',
    ]);
  });

  it('survives a journal entry that makes no sense', async () => {
    await open();
    const entry = { type: 'JournalBook', symbol: 'NO-SUCH', epoch: 1, generation: 0, lastSeq: 1 } as const;
    venue.tell({ type: 'persistence' }, { ...entry, events: [], done: [], replies: [] });
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
    expect(venue.errors.map(({ event }) => event)).to.include('a journal entry makes no sense');
  });
});
