/** A command that a router sends again, since it does not know whether the first attempt was carried out. */
import { expect } from 'chai';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import { ALICE, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, cancelOrder, sellOrder } from '../support/member-commands.ts';
import type { Member, Venue } from '../support/venue.ts';

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

  async function sendAgain(command: MemberCommand): Promise<void> {
    const routed = {
      commandNo: 1_000,
      userId: ALICE,
      origin: { sessionId: `session of ${ALICE}`, msgSeqNum: 99 },
      replyTo: undefined,
      command,
      referencePrice: undefined,
      tradingDay: '2024-05-06',
      isSentAgain: true,
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
});
