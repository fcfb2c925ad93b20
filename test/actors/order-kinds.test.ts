/** Orders that are more than plain, through account, book, rows and back: what only the whole road can get wrong. */
import { expect } from 'chai';
import type { ExecutionReport } from '../../src/matching/execution-report.ts';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import { parseAmount } from '../../src/platform/decimal.ts';
import { audit } from '../support/audit.ts';
import { failingBook } from '../support/faults.ts';
import { ALICE, BOB, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, cancelOrder, replaceOrder, sellOrder } from '../support/member-commands.ts';
import { type Member, openVenue, type Venue, type VenueOptions } from '../support/venue.ts';

const POST_ONLY = { execInst: '6' } as const;

/** OrderStatusRequest (H) about a buy order in BTC-USD. */
function statusOf(clOrdId: string): MemberCommand {
  const named = { clOrdId, orderId: undefined, symbol: 'BTC-USD', side: '1' } as const;
  return { type: 'OrderStatusRequest', ...named, ordStatusReqId: `about ${clOrdId}` };
}

describe('orders of every kind', () => {
  let venue: Venue;
  let alice: Member;
  let bob: Member;

  async function open(options: VenueOptions = {}): Promise<void> {
    ({ venue, alice, bob } = await openFundedVenue(options));
  }

  /** The process dies and another begins on its rows. */
  async function restart(): Promise<void> {
    await venue.settled();
    const { store, clock } = venue;
    venue.shutdown();
    venue = await openVenue({ store, clock });
    alice = await venue.member(ALICE);
    bob = await venue.member(BOB);
  }

  /** Alice and Bob trade a little at `price`. */
  async function tradeAt(price: string): Promise<void> {
    bob.send(sellOrder(`s${price}`, '0.1', price));
    alice.send(buyOrder(`b${price}`, '0.1', price));
    await venue.settled();
    alice.clear();
    bob.clear();
  }

  function held(userId: number, asset: string): bigint {
    return venue.store.balance(userId, asset).held;
  }

  afterEach(async () => {
    await venue.settled();
    audit(venue);
    expect(venue.exchangeStatus().commandsInFlight).to.equal(0);
    venue.shutdown();
  });

  describe('that the book rejects', () => {
    it('leave a refusal, no order, and no hold; their ClOrdID stays used', async () => {
      await open();
      bob.send(sellOrder('b', '1', '100'));
      await venue.settled();
      alice.send(buyOrder('a', '1', '100', POST_ONLY));
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 8/8 a 103=99']);
      const [report] = alice.reports as readonly ExecutionReport[];
      expect(report?.orderId).to.be.a('number');
      expect(report?.source).to.equal('BTC-USD');
      expect([...venue.store.orders.values()].map(({ order }) => order.clOrdId)).to.deep.equal(['b']);
      const row = venue.store.requests.at(-1);
      expect(row).to.deep.include({ msgType: 'D', clOrdId: 'a', accepted: false, orderId: report?.orderId });
      expect(held(ALICE, 'USD')).to.equal(0n);
      expect(alice.answered).to.deep.equal([1]);
      alice.clear();
      alice.send(buyOrder('a', '1', '90'), buyOrder('all', '99.8', '100'));
      await venue.settled();
      expect(alice.lines()).to.include.members(['8 8/8 a 103=6', '8 0/0 all 0/99.8']);
    });

    it('are known as rejected, and still after a restart', async () => {
      await open();
      bob.send(sellOrder('b', '1', '100'));
      await venue.settled();
      alice.send(buyOrder('a', '1', '100', POST_ONLY), statusOf('a'), cancelOrder('x', 'a'));
      await venue.settled();
      expect(alice.lines()).to.have.members(['8 8/8 a 103=99', '8 I/8 a 0/0', '9 F 102=1 39=8 x<a']);
      await restart();
      alice.send(buyOrder('a', '1', '90'), statusOf('a'), cancelOrder('y', 'a'));
      await venue.settled();
      expect(alice.lines().map((text) => text.split(' ').slice(0, 3).join(' '))).to.have.members([
        '8 8/8 a',
        '8 I/8 a',
        '9 F 102=1',
      ]);
    });

    it('are those for which too many wait already', async () => {
      await open({ maxWaitingStops: 1 });
      await tradeAt('100');
      alice.send(
        buyOrder('a1', '1', '110', { ordType: '4', stopPx: '105' }),
        buyOrder('a2', '1', '110', { ordType: '4', stopPx: '105' }),
      );
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 0/0 a1 0/1', '8 8/8 a2 103=3']);
    });

    it('are not those of others, when one member has as many as it may', async () => {
      await open({ maxWaitingStops: 4, limits: { maxWaitingStopsPerMember: 2 } });
      const stop = { ordType: '3', timeInForce: '1', stopPx: '105' } as const;
      alice.send(...['a1', 'a2', 'a3'].map((id) => buyOrder(id, '0.1', undefined, stop)));
      bob.send(sellOrder('b1', '0.1', undefined, { ...stop, stopPx: '50' }));
      await venue.settled();
      expect(alice.lines()).to.have.members(['8 0/0 a1 0/0.1', '8 0/0 a2 0/0.1', '8 8/8 a3 103=3']);
      expect(alice.reports.find(({ clOrdId }) => clOrdId === 'a3')?.text).to.equal(
        'you have 2 stop orders waiting in BTC-USD, the maximum',
      );
      expect(bob.lines()).to.deep.equal(['8 0/0 b1 0/0.1']);
    });

    it('are rejected once when their batch runs again', async () => {
      await open({ wrapBook: failingBook([{ clOrdId: 'a2', when: 'after', times: 1 }]) });
      bob.send(sellOrder('b', '1', '100'));
      await venue.settled();
      alice.send(buyOrder('a1', '1', '100', POST_ONLY), buyOrder('a2', '1', '100', POST_ONLY));
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 8/8 a1 103=99', '8 8/8 a2 103=99']);
      expect(held(ALICE, 'USD')).to.equal(0n);
    });
  });

  it('post-only: a replace to where it would trade is refused, and the order stays as it was', async () => {
    await open();
    bob.send(sellOrder('b', '1', '100'));
    alice.send(buyOrder('a', '1', '99', POST_ONLY));
    await venue.settled();
    alice.clear();
    alice.send(replaceOrder('y', 'a', '1', '100'), replaceOrder('z', 'a', '2', '98'));
    await venue.settled();
    expect(alice.lines()).to.have.members(['9 G 102=2 39=0 y<a', '8 5/0 z<a 0/2']);
    const refused = alice.reports.find(({ clOrdId }) => clOrdId === 'y');
    expect(refused?.text).to.equal('post-only: at this price the order would trade at once');
    expect(held(ALICE, 'USD')).to.equal(parseAmount('196.392'));
  });

  describe('stops', () => {
    beforeEach(async () => {
      await open();
      await tradeAt('100');
    });

    it('wait over a restart, and run when a trade reaches them', async () => {
      alice.send(buyOrder('stop', '1', undefined, { ordType: '3', stopPx: '101' }));
      await venue.settled();
      await restart();
      bob.send(sellOrder('b1', '0.1', '101'), sellOrder('b2', '2', '102'));
      await venue.settled();
      alice.send(buyOrder('trigger', '0.1', '101'));
      await venue.settled();
      expect(alice.lines()).to.deep.equal([
        '8 0/0 trigger 0/0.1',
        '8 F/2 trigger 0.1/0 @101*0.1',
        '8 L/0 stop 0/1',
        '8 F/2 stop 1/0 @102*1',
      ]);
      expect(held(ALICE, 'USD')).to.equal(0n);
    });

    it('know the last trade of the time before a restart', async () => {
      bob.send(sellOrder('b', '2', '100.5'));
      await restart();
      alice.send(buyOrder('stop', '1', undefined, { ordType: '3', stopPx: '100' }));
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 0/0 stop 0/1', '8 L/0 stop 0/1', '8 F/2 stop 1/0 @100.5*1']);
    });

    it('know the last committed trade, not one that was void', async () => {
      bob.send(sellOrder('b1', '0.1', '101'), sellOrder('b2', '2', '102'));
      await venue.settled();
      venue.store.refuseWhen = (batch) =>
        batch.events.some((event) => event.type === 'OrderAccepted' && event.order.clOrdId === 'poison');
      alice.clear();
      alice.send(
        buyOrder('poison', '0.1', '101'),
        buyOrder('stop', '1', undefined, { ordType: '3', stopPx: '101' }),
      );
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 8/8 poison 103=99', '8 0/0 stop 0/1']);
    });

    it('that were triggered before a restart rest after it like any other order', async () => {
      alice.send(buyOrder('stop', '1', '99', { ordType: '4', stopPx: '100' }));
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 0/0 stop 0/1', '8 L/0 stop 0/1']);
      await restart();
      bob.send(sellOrder('b', '0.5', '99'));
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 F/1 stop 0.5/0.5 @99*0.5']);
    });
  });

  it('icebergs show their next slice over a restart', async () => {
    await open();
    bob.send(sellOrder('ice', '3', '100', { maxFloor: '1' }), sellOrder('plain', '1', '100'));
    alice.send(buyOrder('a1', '1.5', '100'));
    await venue.settled();
    await restart();
    // What is shown of the iceberg is behind the plain order, of which a half is left.
    alice.send(buyOrder('a2', '0.5', '100'), buyOrder('a3', '2', '100'));
    await venue.settled();
    expect(bob.lines()).to.deep.equal([
      '8 F/2 plain 1/0 @100*0.5',
      '8 F/1 ice 2/1 @100*1',
      '8 D/1 ice 2/1 378=8',
      '8 F/2 ice 3/0 @100*1',
    ]);
  });

  describe('status requests', () => {
    it('are answered after the commit of what they are about, and leave no row', async () => {
      await open();
      venue.store.commitGate.close();
      const seqNum = alice.send(buyOrder('a', '1', '100'), statusOf('a'));
      await venue.quiet();
      expect(alice.lines()).to.deep.equal([]);
      venue.store.commitGate.open();
      await venue.settled();
      expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1', '8 I/0 a 0/1']);
      expect(alice.answered).to.have.members([seqNum, seqNum + 1]);
      const rows = venue.store.reports.length + venue.store.requests.length;
      alice.send(statusOf('a'), statusOf('nothing'));
      await venue.settled();
      expect(alice.lines().slice(2)).to.deep.equal(['8 I/0 a 0/1', '8 I/8 nothing 103=5']);
      expect(venue.store.reports.length + venue.store.requests.length).to.equal(rows);
    });

    it('for all orders name the committed ones', async () => {
      await open();
      alice.send(buyOrder('a1', '1', '100'), buyOrder('a2', '1', '99', { symbol: 'ETH-USD' }));
      await venue.settled();
      alice.clear();
      venue.store.commitGate.close();
      alice.send(buyOrder('a3', '1', '98'));
      await venue.quiet();
      const all = { symbol: undefined, side: undefined } as const;
      alice.send({ type: 'OrderMassStatusRequest', massStatusReqId: 'all', ...all });
      await venue.quiet();
      venue.store.commitGate.open();
      await venue.settled();
      const answers = (alice.reports as readonly ExecutionReport[]).filter(
        ({ execType }) => execType === 'I',
      );
      expect(answers.map(({ clOrdId, massStatus }) => [clOrdId, massStatus])).to.deep.equal([
        ['a1', { massStatusReqId: 'all', totNumReports: 2, isLast: false }],
        ['a2', { massStatusReqId: 'all', totNumReports: 2, isLast: true }],
      ]);
    });
  });
});
