/** A command that a router sends again, since it does not know whether the first attempt was carried out. */
import { expect } from 'chai';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import { ALICE, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, cancelOrder, sellOrder } from '../support/member-commands.ts';
import type { Member, Venue } from '../support/venue.ts';

const TODAY = '2024-05-06';
const TOMORROW = '2024-05-07';
const ROLL_AT = Date.UTC(2024, 4, 7);

describe('a command that is sent again', () => {
  let venue: Venue;
  let alice: Member;

  beforeEach(async () => {
    ({ venue, alice } = await openFundedVenue());
    alice.send(buyOrder('a', '1', '100'));
    await venue.settled();
    alice.clear();
  });

  afterEach(() => {
    venue.shutdown();
  });

  /** It has come now on this day; for the first time at `receivedAt`, by its gateway's clock. */
  async function sendAgain(command: MemberCommand, tradingDay = TODAY, receivedAt?: number): Promise<void> {
    const routed = {
      commandNo: 1_000,
      userId: ALICE,
      origin: { sessionId: `session of ${ALICE}`, msgSeqNum: 99 },
      replyTo: undefined,
      command,
      referencePrice: undefined,
      tradingDay,
      isSentAgain: true,
      ...(receivedAt === undefined ? {} : { receivedAt }),
    };
    venue.tell({ type: 'account', userId: ALICE }, { type: 'AccountCommands', commands: [routed] });
    await venue.quiet();
  }

  it('is answered without a report where its order is known: that comes from the rows', async () => {
    await sendAgain(buyOrder('a', '1', '100'));
    expect([alice.lines(), alice.answered]).to.deep.equal([[], [99]]);
  });

  it('is carried out where nothing is known of it', async () => {
    await sendAgain(buyOrder('b', '1', '99'));
    expect(alice.lines()).to.deep.equal(['8 0/0 b 0/1']);
  });

  for (const [what, command] of [
    ['another side', sellOrder('a', '1', '100')],
    ['another symbol', buyOrder('a', '1', '100', { symbol: 'ETH-USD' })],
  ] as const) {
    it(`is refused as a duplicate where its ClOrdID is that of an order of ${what}`, async () => {
      await sendAgain(command);
      expect(alice.lines()).to.deep.equal(['8 8/8 a 103=6']);
      expect(alice.answered).to.deep.equal([99]);
    });
  }

  it('is answered without a report where it was a cancel that is known', async () => {
    alice.send(cancelOrder('c', 'a'));
    await venue.settled();
    alice.clear();
    await sendAgain(cancelOrder('c', 'a'));
    expect([alice.lines(), alice.answered]).to.deep.equal([[], [99]]);
  });

  for (const [when, receivedAt] of [
    ['before the roll of the trading day', ROLL_AT - 3_600_000],
    ['shortly after it, as clocks differ', ROLL_AT + 59_000],
  ] as const) {
    it(`is answered without a report where its order is of the day before, and it came first ${when}`, async () => {
      await sendAgain(buyOrder('a', '1', '100'), TOMORROW, receivedAt);
      expect([alice.lines(), alice.answered]).to.deep.equal([[], [99]]);
    });
  }

  for (const [when, receivedAt] of [
    ['after the roll', ROLL_AT + 60_000],
    ['on the day on which it is judged', undefined],
  ] as const) {
    it(`is carried out where its ClOrdID is of the day before, and it came first ${when}`, async () => {
      alice.send(cancelOrder('c', 'a'));
      await venue.settled();
      alice.clear();
      await sendAgain(buyOrder('a', '1', '100'), TOMORROW, receivedAt);
      expect(alice.lines()).to.deep.equal(['8 0/0 a 0/1']);
      await sendAgain(cancelOrder('c', 'a'), TOMORROW, receivedAt);
      expect(alice.lines().at(-1)).to.equal('8 4/4 c<a 0/0');
    });
  }

  it('is carried out on a day that begins with it, where its ClOrdID is of the day before', async () => {
    alice.send(cancelOrder('c', 'a'));
    await venue.settled();
    alice.clear();
    await sendAgain(cancelOrder('c', 'a'), TOMORROW, ROLL_AT + 60_000);
    expect(alice.lines()).to.deep.equal(['9 F 102=0 39=4 c<a']);
  });

  it('is refused as a duplicate where its ClOrdID is that of an order which is open since the day before', async () => {
    await sendAgain(buyOrder('a', '1', '100'), TOMORROW, ROLL_AT + 60_000);
    expect([alice.lines(), alice.answered]).to.deep.equal([['8 8/8 a 103=6'], [99]]);
  });
});
