/** Books that throw: rebuilt from rows, the command that did it refused, and nobody else the wiser. */
import { expect } from 'chai';
import { audit } from '../support/audit.ts';
import { failingBook } from '../support/faults.ts';
import { ALICE, openFundedVenue } from '../support/funded-venue.ts';
import { BTC_USD } from '../support/instruments.ts';
import { buyOrder, cancelOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import {
  ETH_USD,
  type Member,
  openTerms,
  openVenue,
  type Venue,
  type VenueOptions,
} from '../support/venue.ts';

describe('rebuild of a book', () => {
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

  for (const when of ['before', 'after'] as const) {
    it(`refuses the poison in the middle of a batch and answers the others (throws ${when} the change)`, async () => {
      await open({ wrapBook: failingBook([{ clOrdId: 'poison', when, times: Number.POSITIVE_INFINITY }]) });
      bob.send(sellOrder('b', '0.5', '100'));
      await venue.settled();
      alice.send(
        buyOrder('a1', '0.2', '100'),
        buyOrder('a2', '1', '99'),
        buyOrder('poison', '0.3', '100'),
        cancelOrder('x', 'a2'),
        buyOrder('a3', '0.1', '100'),
      );
      await venue.settled();
      expect(alice.lines()).to.deep.equal([
        '8 0/0 a1 0/0.2',
        '8 F/2 a1 0.2/0 @100*0.2',
        '8 0/0 a2 0/1',
        '8 8/8 poison 103=99',
        '8 4/4 x<a2 0/0',
        '8 0/0 a3 0/0.1',
        '8 F/2 a3 0.1/0 @100*0.1',
      ]);
      expect(alice.reports.find((report) => report.clOrdId === 'poison')?.text).to.match(/the venue failed/);
      expect(alice.answered.length).to.equal(5);
      expect(crashCount()).to.equal(2);
    });
  }

  it('refuses nobody after a crash that does not happen again', async () => {
    await open({ wrapBook: failingBook([{ clOrdId: 'a2', when: 'after', times: 1 }]) });
    alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '100'), buyOrder('a3', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a1 0/1', '8 0/0 a2 0/1', '8 0/0 a3 0/1']);
    expect(crashCount()).to.equal(1);
  });

  it('keeps what was journaled before the crash and not yet committed', async () => {
    await open({
      wrapBook: failingBook([{ clOrdId: 'poison', when: 'after', times: Number.POSITIVE_INFINITY }]),
    });
    venue.store.commitGate.close();
    alice.send(buyOrder('a1', '1', '100'));
    await venue.quiet();
    alice.send(buyOrder('a2', '1', '100'));
    await venue.quiet();
    alice.send(buyOrder('poison', '1', '100'));
    bob.send(sellOrder('b', '1.5', '100'));
    await venue.quiet();
    expect(crashCount()).to.equal(1);
    expect(alice.reports).to.deep.equal([]);
    expect(venue.store.bookLoads.get('BTC-USD')).to.equal(1);
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.lines()).to.have.members([
      '8 0/0 a1 0/1',
      '8 0/0 a2 0/1',
      '8 8/8 poison 103=99',
      '8 F/2 a1 1/0 @100*1',
      '8 F/1 a2 0.5/0.5 @100*0.5',
    ]);
    expect(bob.lines().at(-1)).to.equal('8 F/2 b 1.5/0 @100*0.5');
  });

  it('happens while other symbols trade on', async () => {
    await open({
      wrapBook: failingBook([{ clOrdId: 'poison', when: 'before', times: Number.POSITIVE_INFINITY }]),
    });
    venue.store.loadGate.close();
    alice.send(buyOrder('poison', '1', '100'), buyOrder('e', '1', '100', { symbol: 'ETH-USD' }));
    await alice.report((report) => report.clOrdId === 'e');
    expect(alice.lines()).to.deep.equal(['8 0/0 e 0/1']);
    expect(venue.store.bookLoads.get('ETH-USD')).to.equal(1);
    venue.store.loadGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 e 0/1', '8 8/8 poison 103=99']);
  });

  it('refuses a poisoned cancel and a poisoned replace with the order’s status', async () => {
    await open({
      wrapBook: failingBook([
        { clOrdId: 'x', when: 'after', times: Number.POSITIVE_INFINITY },
        { clOrdId: 'y', when: 'after', times: Number.POSITIVE_INFINITY },
      ]),
    });
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    alice.send(cancelOrder('x', 'a'), replaceOrder('y', 'a', '2', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '9 F 102=2 39=0 x<a', '9 G 102=2 39=0 y<a']);
  });

  it('bounds what waits meanwhile: beyond it orders are refused with the reason', async () => {
    await open({
      limits: { bookStash: 3 },
      wrapBook: failingBook([{ clOrdId: 'fault', when: 'before', times: 1 }]),
    });
    venue.store.loadGate.close();
    alice.send(buyOrder('fault', '1', '100'));
    await venue.quiet();
    for (const clOrdId of ['a1', 'a2', 'a3', 'a4']) {
      alice.send(buyOrder(clOrdId, '1', '100'));
      await venue.quiet();
    }
    venue.store.loadGate.open();
    await venue.settled();
    expect(alice.lines()).to.have.members([
      '8 8/8 a3 103=2',
      '8 8/8 a4 103=2',
      '8 0/0 fault 0/1',
      '8 0/0 a1 0/1',
      '8 0/0 a2 0/1',
    ]);
    expect(alice.reports[0]?.text).to.match(/being rebuilt/);
  });

  it('halts the symbol when the rows make no sense, and says why', async () => {
    await open({ wrapBook: failingBook([{ clOrdId: 'fault', when: 'before', times: 1 }]) });
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    venue.store.brokenLoads.add('BTC-USD');
    alice.send(buyOrder('fault', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 8/8 fault 103=2']);
    expect(venue.markets.find('BTC-USD')?.status).to.deep.include({ type: 'Halted', by: 'crash' });
    expect(venue.store.halts).to.have.length(1);
    expect(venue.store.halts[0]?.reason).to.match(/cannot be rebuilt/);
  });

  it('halts a symbol whose book throws while it is restored, and blames no command', async () => {
    let fails = false;
    const fault = failingBook([{ clOrdId: 'fault', when: 'before', times: 1 }]);
    await open({
      wrapBook(book, symbol) {
        if (fails) throw new Error('the test fails the restoration');
        return fault(book, symbol);
      },
    });
    fails = true;
    alice.send(buyOrder('fault', '1', '100'), buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 8/8 fault 103=2', '8 8/8 a 103=2']);
    expect(venue.store.halts[0]?.reason).to.match(/the test fails the restoration/);
  });

  it('halts a symbol whose expiry throws, and blames no command', async () => {
    const fault = failingBook([{ clOrdId: 'fault', when: 'before', times: 1 }]);
    let fails = false;
    await open({
      wrapBook(book, symbol) {
        const failing = fault(book, symbol);
        return {
          get lastSeq() {
            return failing.lastSeq;
          },
          restore: (order) => failing.restore(order),
          isDue: () => true,
          execute(command, at, events) {
            if (fails && command.type === 'ExpireOrders') throw new Error('the test fails the expiry');
            return failing.execute(command, at, events);
          },
        };
      },
    });
    fails = true;
    alice.send(buyOrder('fault', '1', '100'), buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 8/8 fault 103=2', '8 8/8 a 103=2']);
    expect(venue.markets.find('BTC-USD')?.status.type).to.equal('Halted');
  });

  describe('that keeps crashing', () => {
    beforeEach(async () => {
      const poison = (clOrdId: string) =>
        ({ clOrdId, when: 'before', times: Number.POSITIVE_INFINITY }) as const;
      await open({ wrapBook: failingBook(['p1', 'p2', 'p3', 'p4'].map(poison)) });
    });

    /** Three incidents within the minute. */
    async function crashThrice(): Promise<void> {
      for (const clOrdId of ['p1', 'p2', 'p3']) {
        bob.send(sellOrder(clOrdId, '1', '200'));
        await venue.settled();
      }
    }

    it('halts the symbol at the third incident within a minute', async () => {
      await crashThrice();
      expect(bob.lines()).to.deep.equal(['8 8/8 p1 103=99', '8 8/8 p2 103=99', '8 8/8 p3 103=2']);
      const status = venue.markets.find('BTC-USD')?.status;
      expect(status).to.deep.include({ type: 'Halted', by: 'crash' });
      expect(venue.store.halts.map((halt) => halt.symbol)).to.deep.equal(['BTC-USD']);
      expect(venue.store.halts[0]?.reason).to.match(
        /crashed 3 times within 60 s: the test fails the book on p3/,
      );
    });

    it('trades on when the third incident comes a minute after the first', async () => {
      bob.send(sellOrder('p1', '1', '200'));
      await venue.settled();
      bob.send(sellOrder('p2', '1', '200'));
      await venue.settled();
      venue.clock.advance(60_000);
      bob.send(sellOrder('p3', '1', '200'), sellOrder('b', '1', '200'));
      await venue.settled();
      expect(venue.markets.find('BTC-USD')?.status.type).to.equal('Open');
      expect(bob.lines().at(-1)).to.equal('8 0/0 b 0/1');
    });

    it('refuses orders, cancels and replaces while it is halted, with the true status, and keeps holds', async () => {
      alice.send(buyOrder('a', '1', '100'));
      await venue.settled();
      await crashThrice();
      alice.clear();
      alice.send(buyOrder('a2', '1', '100'), cancelOrder('x', 'a'), replaceOrder('y', 'a', '2', '100'));
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 8/8 a2 103=2', '9 F 102=2 39=0 x<a', '9 G 102=2 39=0 y<a']);
      expect(alice.reports.every((report) => report.text?.includes('is halted: crashed 3 times'))).to.equal(
        true,
      );
      expect(venue.store.balance(ALICE, 'USD').held).to.equal(100_200_000_000_000_000_000n);
    });

    it('answers the operator who cancels the orders of a halted symbol', async () => {
      await crashThrice();
      const unsolicited = { execRestatementReason: 99, text: 'by the operator' };
      const reply = await venue.ask((replyTo) =>
        venue.tell(
          { type: 'exchange' },
          { type: 'CancelSymbolOrders', symbol: 'BTC-USD', unsolicited, replyTo },
        ),
      );
      expect(reply.type).to.equal('CommandRejected');
    });

    it('trades on from its rows when the operator resumes it', async () => {
      alice.send(buyOrder('a', '1', '100'));
      await venue.settled();
      await crashThrice();
      const status = { type: 'Open' } as const;
      venue.tell({ type: 'exchange' }, { type: 'SetTradingStatus', symbol: 'BTC-USD', status });
      await venue.settled();
      bob.send(sellOrder('b', '0.4', '100'));
      await venue.settled();
      expect(bob.lines().at(-1)).to.equal('8 F/2 b 0.4/0 @100*0.4');
      // The count begins anew.
      bob.send(sellOrder('p4', '1', '200'));
      await venue.settled();
      expect(venue.markets.find('BTC-USD')?.status.type).to.equal('Open');
    });

    it('is resumed also when the operator had halted it meanwhile', async () => {
      await crashThrice();
      const halted = { type: 'Halted', by: 'operator', reason: 'news' } as const;
      venue.tell({ type: 'exchange' }, { type: 'SetTradingStatus', symbol: 'BTC-USD', status: halted });
      venue.tell(
        { type: 'exchange' },
        { type: 'SetTradingStatus', symbol: 'BTC-USD', status: { type: 'Open' } },
      );
      await venue.settled();
      bob.send(sellOrder('b', '1', '100'));
      await venue.settled();
      expect(bob.lines().at(-1)).to.equal('8 0/0 b 0/1');
    });

    it('stays halted over a restart of the venue, until it is resumed', async () => {
      alice.send(buyOrder('a', '1', '100'));
      await venue.settled();
      await crashThrice();
      const { store, clock } = venue;
      const reason = store.halts[0]?.reason ?? '';
      venue.shutdown();
      const halted = { type: 'Halted', by: 'crash', reason } as const;
      const instruments = [openTerms(BTC_USD, { status: halted }), openTerms(ETH_USD)];
      venue = await openVenue({ store, clock, instruments });
      alice = await venue.member(ALICE);
      alice.send(cancelOrder('x', 'a'));
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['9 F 102=2 39=0 x<a']);
      venue.tell(
        { type: 'exchange' },
        { type: 'SetTradingStatus', symbol: 'BTC-USD', status: { type: 'Open' } },
      );
      await venue.settled();
      alice.send(cancelOrder('x2', 'a'));
      await venue.settled();
      expect(alice.lines().at(-1)).to.equal('8 4/4 x2<a 0/0');
    });
  });
});
