/** What the operator decides while the venue trades: whether a symbol is open, and what a member may do. */
import { expect } from 'chai';
import { NO_TERMS } from '../../src/accounts/trading-terms.ts';
import type { TradingStatus } from '../../src/actors/protocol.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import { audit } from '../support/audit.ts';
import { failingAccount, failingBook } from '../support/faults.ts';
import { ALICE, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, cancelOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import type { Member, Venue, VenueOptions } from '../support/venue.ts';

const ETH = { symbol: 'ETH-USD' } as const;
const HALT: TradingStatus = { type: 'Halted', by: 'operator', reason: 'news' };
const CANCEL_ONLY: TradingStatus = { type: 'CancelOnly', reason: 'a busy day' };
const OPEN: TradingStatus = { type: 'Open' };

describe('what the operator decides', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  async function open(options: VenueOptions = {}): Promise<void> {
    ({ venue, alice, bob } = await openFundedVenue(options));
  }

  async function set(status: TradingStatus, symbol = 'BTC-USD'): Promise<void> {
    venue.tell({ type: 'exchange' }, { type: 'SetTradingStatus', symbol, status });
    await venue.settled();
  }

  /** Symbols of which the gateway was told, since the venue was open. */
  function newsOf(): string[] {
    return venue.news.flatMap((one) => (one.type === 'SecurityStatusChanged' ? [one.symbol] : []));
  }

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    venue.shutdown();
  });

  describe('of a symbol that takes cancels only', () => {
    beforeEach(async () => {
      await open();
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '99'));
      await venue.settled();
      alice.clear();
      await set(CANCEL_ONLY);
    });

    it('orders and replaces are refused with the reason, cancels are not', async () => {
      alice.send(
        buyOrder('a3', '1', '100'),
        replaceOrder('y', 'a1', '2', '100'),
        cancelOrder('x', 'a1'),
        buyOrder('e', '1', '100', ETH),
      );
      await venue.settled();
      expect(alice.lines()).to.have.members([
        '8 8/8 a3 103=2',
        '9 G 102=2 39=0 y<a1',
        '8 4/4 x<a1 0/0',
        '8 0/0 e 0/1',
      ]);
      const refused = alice.reports.find(({ clOrdId }) => clOrdId === 'a3');
      expect(refused?.text).to.equal('BTC-USD takes cancels only: a busy day');
    });

    it('a mass cancel ends what is open, and orders trade again once it is open', async () => {
      const all = { symbol: undefined, side: undefined, mayBeRepeat: false } as const;
      alice.send({ type: 'OrderMassCancelRequest', clOrdId: 'q', ...all });
      await venue.settled();
      expect(venue.store.openOrders()).to.deep.equal([]);
      await set(OPEN);
      alice.send(buyOrder('a3', '1', '100'));
      bob.send(sellOrder('b', '1', '100'));
      await venue.settled();
      expect(alice.lines()).to.include.members(['8 0/0 a3 0/1', '8 F/2 a3 1/0 @100*1']);
    });
  });

  it('lets a symbol that crashed take cancels, from its rows, before it opens', async () => {
    await open({
      limits: { incidentsToHalt: 1 },
      wrapBook: failingBook([{ clOrdId: 'fault', when: 'after', times: 1 }]),
    });
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    alice.send(buyOrder('fault', '1', '100'));
    await venue.settled();
    alice.clear();
    await set(CANCEL_ONLY);
    alice.send(cancelOrder('x', 'a'), buyOrder('a2', '1', '100'));
    await venue.settled();
    expect(alice.lines()).to.have.members(['8 4/4 x<a 0/0', '8 8/8 a2 103=2']);
  });

  it('about a symbol that crashes at the same moment comes second: the crash halt that is on its way outlives it', async () => {
    await open({
      limits: { incidentsToHalt: 1 },
      wrapBook: failingBook([{ clOrdId: 'fault', when: 'after', times: 1 }]),
    });
    venue.store.commitGate.close();
    alice.send(buyOrder('fault', '1', '100'));
    await venue.quiet();
    const status = () => venue.markets.find('BTC-USD')?.status;
    expect(status()).to.deep.include({ type: 'Halted', by: 'crash' });
    // The rows say Open now, and that the symbol is halted when the halt is committed.
    venue.tell({ type: 'exchange' }, { type: 'SetTradingStatus', symbol: 'BTC-USD', status: OPEN });
    await venue.quiet();
    expect(status()).to.deep.include({ type: 'Halted', by: 'crash' });
    venue.store.commitGate.open();
    await venue.settled();
    expect(status()).to.deep.include({ type: 'Halted', by: 'crash' });
    await set(OPEN);
    expect(status()).to.deep.equal(OPEN);
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    expect(alice.lines().at(-1)).to.equal('8 0/0 a 0/1');
  });

  describe('is told to the gateways', () => {
    it('when a symbol is ready for the first time', async () => {
      await open();
      expect(newsOf()).to.have.members(['BTC-USD', 'ETH-USD']);
    });

    it('when a symbol halts, takes cancels only, and opens', async () => {
      await open();
      const before = newsOf().length;
      await set(HALT);
      await set(CANCEL_ONLY);
      await set(OPEN);
      expect(newsOf().slice(before)).to.deep.equal(['BTC-USD', 'BTC-USD', 'BTC-USD']);
    });

    it('when a symbol crashes for good, and when it is there again', async () => {
      await open({
        limits: { incidentsToHalt: 1 },
        wrapBook: failingBook([{ clOrdId: 'fault', when: 'after', times: 1 }]),
      });
      const before = newsOf().length;
      alice.send(buyOrder('fault', '1', '100'));
      await venue.settled();
      expect(newsOf().slice(before)).to.deep.equal(['BTC-USD']);
      expect(venue.markets.find('BTC-USD')?.status).to.deep.include({ type: 'Halted', by: 'crash' });
      await set(OPEN);
      // It may trade, and a moment later it can.
      expect(newsOf().slice(before)).to.deep.equal(['BTC-USD', 'BTC-USD', 'BTC-USD']);
      expect(venue.markets.find('BTC-USD')).to.deep.include({ ready: true, status: OPEN });
    });

    it('but not when a book is rebuilt and nothing has changed for members', async () => {
      await open({ wrapBook: failingBook([{ clOrdId: 'fault', when: 'after', times: 1 }]) });
      const before = newsOf().length;
      alice.send(buyOrder('fault', '1', '100'));
      await venue.settled();
      expect(newsOf().slice(before)).to.deep.equal([]);
    });
  });

  describe('of a member', () => {
    const terms = { ...NO_TERMS, maxQuantity: parseAmount('1') as bigint };

    it('holds from the next order on', async () => {
      await open();
      venue.store.terms.set(ALICE, terms);
      venue.tell({ type: 'exchange' }, { type: 'TradingTermsChanged', userId: ALICE, terms });
      await venue.settled();
      alice.send(buyOrder('a1', '1.1', '10'), buyOrder('a2', '1', '10'));
      await venue.settled();
      expect(alice.lines()).to.have.members(['8 8/8 a1 103=3', '8 0/0 a2 0/1']);
      const refused = alice.reports.find(({ clOrdId }) => clOrdId === 'a1');
      expect(refused?.text).to.equal('OrderQty(38)=1.1 is above your maximum 1');
      const lifted = { type: 'TradingTermsChanged', userId: ALICE, terms: NO_TERMS } as const;
      venue.tell({ type: 'exchange' }, lifted);
      await venue.settled();
      alice.send(buyOrder('a3', '1.1', '10'));
      await venue.settled();
      expect(alice.lines().at(-1)).to.equal('8 0/0 a3 0/1.1');
    });

    it('wakes no account that nobody needs', async () => {
      await open();
      venue.tell({ type: 'exchange' }, { type: 'TradingTermsChanged', userId: 77, terms });
      await venue.settled();
      expect(venue.system.isAlive({ type: 'account', userId: 77 })).to.equal(false);
      expect(venue.errors).to.deep.equal([]);
    });

    it('is not lost when the account is being loaded from rows that were read before', async () => {
      await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
      venue.store.loadGate.close();
      alice.send(buyOrder('fault', '1', '10'));
      await venue.quiet();
      venue.tell({ type: 'exchange' }, { type: 'TradingTermsChanged', userId: ALICE, terms });
      await venue.quiet();
      venue.store.loadGate.open();
      await venue.settled();
      alice.send(buyOrder('a', '1.1', '10'));
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 0/0 fault 0/1', '8 8/8 a 103=3']);
    });

    it('is read from the rows after a crash', async () => {
      await open({ createAccount: failingAccount({ judge: { fault: 1 } }) });
      venue.store.terms.set(ALICE, terms);
      venue.tell({ type: 'exchange' }, { type: 'TradingTermsChanged', userId: ALICE, terms });
      alice.send(buyOrder('fault', '1', '10'), buyOrder('a', '1.1', '10'));
      await venue.settled();
      expect(alice.lines()).to.have.members(['8 0/0 fault 0/1', '8 8/8 a 103=3']);
    });
  });
});
