/** A venue whose books are loaded while members trade: what it does with a book that is not there yet. */
import { expect } from 'chai';
import type { ClaimedBook, LoadedOrders } from '../../src/actors/ports.ts';
import type { NewOrderSingle } from '../../src/matching/order-commands.ts';
import { audit } from '../support/audit.ts';
import { ALICE, BOB, openFundedVenue } from '../support/funded-venue.ts';
import { Gate } from '../support/gate.ts';
import { buyOrder, cancelOrder, sellOrder } from '../support/member-commands.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { DAY_MS, type Member, openVenue, START_AT, type Venue, type VenueOptions } from '../support/venue.ts';

const ETH = { symbol: 'ETH-USD' } as const;

/** Reads the orders of a symbol when the test lets it. */
class SlowStore extends MemoryStore {
  readonly gates = new Map<string, Gate>();
  readonly reads: string[] = [];

  override async loadOrders(book: ClaimedBook, after: number): Promise<LoadedOrders> {
    this.reads.push(book.symbol);
    await this.gates.get(book.symbol)?.pass();
    return super.loadOrders(book, after);
  }

  hold(symbol: string): Gate {
    const gate = new Gate();
    gate.close();
    this.gates.set(symbol, gate);
    return gate;
  }
}

describe('a book that is loaded in the background', () => {
  let store: SlowStore;
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  /** A first life leaves these orders of alice behind. */
  async function leave(...orders: NewOrderSingle[]): Promise<void> {
    store = new SlowStore();
    const before = await openFundedVenue({ store });
    before.alice.send(...orders);
    await before.venue.settled();
    before.venue.shutdown();
  }

  async function comeBack(options: VenueOptions = {}): Promise<void> {
    venue = await openVenue({ store, ...options });
    alice = await venue.member(ALICE);
    bob = await venue.member(BOB);
  }

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    venue.shutdown();
  });

  it('answers when it is there, and those beside it at once', async () => {
    await leave(buyOrder('a', '1', '100', ETH), buyOrder('b', '1', '99', ETH), buyOrder('c', '1', '98', ETH));
    const gate = store.hold('ETH-USD');
    await comeBack();
    expect(venue.markets.find('ETH-USD')?.ready).to.equal(false);
    bob.send(sellOrder('e', '3', '98', ETH), sellOrder('d', '1', '300'));
    await venue.quiet();
    expect(bob.lines()).to.deep.equal(['8 0/0 d 0/1']);
    gate.open();
    await venue.settled();
    // In the order in which they had come, out of two portions.
    const [, ...ofEth] = bob.lines();
    expect(ofEth).to.deep.equal([
      '8 0/0 e 0/3',
      '8 F/1 e 1/2 @100*1',
      '8 F/1 e 2/1 @99*1',
      '8 F/2 e 3/0 @98*1',
    ]);
  });

  it('is one book, whoever asks for it while it is loaded', async () => {
    await leave(buyOrder('a', '1', '100'));
    const gate = store.hold('BTC-USD');
    await comeBack();
    alice.send(cancelOrder('x', 'a'));
    bob.send(sellOrder('b', '1', '100'));
    await venue.quiet();
    gate.open();
    await venue.settled();
    expect(store.bookLoads.get('BTC-USD')).to.equal(2);
    expect(alice.lines()).to.deep.equal(['8 4/4 x<a 0/0']);
    expect(bob.lines()).to.deep.equal(['8 0/0 b 0/1']);
  });

  it('ends what was good till a time that has passed, though nobody asks for the book', async () => {
    await leave(
      buyOrder('day', '1', '100', ETH),
      buyOrder('gtd', '1', '99', { ...ETH, timeInForce: '6', expireTime: START_AT + 1_000 }),
      buyOrder('gtc', '1', '98', { ...ETH, timeInForce: '1' }),
    );
    const gate = store.hold('ETH-USD');
    await comeBack();
    venue.clock.set(START_AT + DAY_MS);
    venue.tell({ type: 'exchange' }, { type: 'ExpireDue', upTo: venue.clock.now() });
    await venue.quiet();
    expect(alice.lines()).to.deep.equal([]);
    gate.open();
    await alice.report(({ clOrdId }) => clOrdId === 'gtd');
    await venue.settled();
    expect(alice.lines()).to.have.members(['8 C/C day 0/0', '8 C/C gtd 0/0']);
    expect(store.openOrders().map(({ clOrdId }) => clOrdId)).to.deep.equal(['gtc']);
  });

  it('halts its symbol when a later portion of it makes no sense, and no other', async () => {
    await leave(buyOrder('a', '1', '100', ETH), buyOrder('b', '1', '99', ETH), buyOrder('c', '1', '98', ETH));
    await comeBack({
      wrapBook: (book, symbol) => ({
        get lastSeq() {
          return book.lastSeq;
        },
        restore() {
          throw new Error(`the test fails ${symbol}`);
        },
        isDue: (tradingDay, upTo) => book.isDue(tradingDay, upTo),
        execute: (command, at, events) => book.execute(command, at, events),
      }),
    });
    await venue.settled();
    bob.send(sellOrder('e', '1', '98', ETH), sellOrder('d', '1', '300'));
    await venue.settled();
    expect(bob.lines()).to.have.members(['8 8/8 e 103=2', '8 0/0 d 0/1']);
    expect(store.halts.map(({ symbol }) => symbol)).to.deep.equal(['ETH-USD']);
    expect(store.halts[0]?.reason).to.equal('the book cannot be rebuilt: the test fails ETH-USD');
  });

  it('lets an account that failed come back before it is there itself', async () => {
    await leave(buyOrder('a', '1', '100', ETH));
    const gate = store.hold('ETH-USD');
    await comeBack();
    bob.send(sellOrder('d', '1', '300'));
    await venue.quiet();
    const fence = { type: 'Fence', userId: BOB, fenceNo: 1, bookCount: 2, tradingDay: '2024-05-06' } as const;
    for (const symbol of ['BTC-USD', 'ETH-USD']) venue.tell({ type: 'book', symbol }, fence);
    const loads = store.reads.length;
    await venue.quiet();
    expect(store.reads).to.have.length(loads);
    bob.send(sellOrder('e', '1', '300'));
    await venue.quiet();
    expect(bob.lines()).to.deep.equal(['8 0/0 d 0/1', '8 0/0 e 0/1']);
    gate.open();
  });
});
