/**
 * Mass status requests (AF) in numbers: one is answered by as many reports as the member has open orders, and what is
 * on its way to a member is bounded all the same.
 */
import { expect } from 'chai';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import { ALICE, openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, massStatusRequest } from '../support/member-commands.ts';
import type { Member, Venue } from '../support/venue.ts';

const ORDER_COUNT = 20;
const ETH = { symbol: 'ETH-USD' } as const;

describe('mass status requests', () => {
  let venue: Venue;
  let alice: Member;

  async function open(maxStatusReportsPerMember: number): Promise<void> {
    ({ venue, alice } = await openFundedVenue({
      limits: { maxStatusReportsPerMember, maxCommandsInFlight: 2_000 },
    }));
    const half = Array.from({ length: ORDER_COUNT / 2 }, (_, index) => index);
    alice.send(
      ...half.map((index) => buyOrder(`b${index}`, '0.1', '100')),
      ...half.map((index) => buyOrder(`e${index}`, '0.1', '100', ETH)),
    );
    await venue.settled();
    alice.clear();
  }

  afterEach(() => venue.shutdown());

  function requests(count: number, changes: Parameters<typeof massStatusRequest>[1] = {}): MemberCommand[] {
    return Array.from({ length: count }, (_, index) => massStatusRequest(`m${index}`, changes));
  }

  function turnedAway(): number {
    return alice.refusals.reduce((sum, { commands }) => sum + commands.length, 0);
  }

  it('beyond what may be on its way are turned away until what was asked for before has left', async () => {
    await open(50);
    venue.store.commitGate.close();
    alice.send(buyOrder('held', '0.1', '99'));
    await venue.quiet();
    const first = alice.send(...requests(1_000));
    await venue.quiet();
    expect(venue.persistenceStatus().bufferedEntries).to.be.greaterThan(0);
    venue.store.commitGate.open();
    await venue.settled();
    const statuses = alice.lines().filter((line) => line.startsWith('8 I/0'));
    expect(statuses.length).to.equal(2 * ORDER_COUNT);
    expect(turnedAway()).to.equal(998);
    expect(alice.refusals[0]).to.deep.include({
      refusal: 'Overloaded',
      text:
        '40 reports of your mass status requests before this one are still on their way, ' +
        'and with this one there would be more than 50: send it again when you have them',
    });
    expect(alice.answered).to.include.members([first, first + 1]);
    alice.clear();
    alice.send(massStatusRequest('again'));
    await venue.settled();
    expect(alice.reports.length).to.equal(ORDER_COUNT + 1);
    expect(venue.exchangeStatus().commandsInFlight).to.equal(0);
  });

  it('for one symbol or side after the other are answered in one go, as long as they add up to no more', async () => {
    await open(ORDER_COUNT);
    alice.send(
      massStatusRequest('m1', { symbol: 'BTC-USD' }),
      massStatusRequest('m2', { symbol: 'ETH-USD' }),
      massStatusRequest('m3', { symbol: 'ETH-USD' }),
    );
    await venue.settled();
    expect(alice.reports.length).to.equal(ORDER_COUNT);
    expect(turnedAway()).to.equal(1);
  });

  it('that alone ask for more than that are answered in full, one at a time', async () => {
    await open(1);
    alice.send(...requests(2));
    await venue.settled();
    expect(alice.reports.length).to.equal(ORDER_COUNT);
    expect(turnedAway()).to.equal(1);
    alice.send(massStatusRequest('again'));
    await venue.settled();
    expect(alice.reports.length).to.equal(2 * ORDER_COUNT);
  });

  it('of a new session do not wait for what the last one has not read', async () => {
    await open(50);
    alice.isReading = false;
    alice.send(...requests(3));
    await venue.settled();
    expect([alice.reports.length, turnedAway()]).to.deep.equal([2 * ORDER_COUNT, 1]);
    alice.send(massStatusRequest('still'));
    await venue.settled();
    expect(turnedAway()).to.equal(2);
    const again = await venue.member(ALICE, 'another session');
    again.send(...requests(2));
    await venue.settled();
    expect([again.reports.length, again.refusals]).to.deep.equal([2 * ORDER_COUNT, []]);
  });

  it('are answered again after a commit that failed for good', async () => {
    await open(ORDER_COUNT);
    venue.store.refuseWhen = (batch) =>
      batch.events.some((event) => event.type === 'OrderAccepted' && event.order.clOrdId === 'poison');
    venue.store.commitGate.close();
    alice.send(buyOrder('held', '0.1', '99'));
    await venue.quiet();
    const first = alice.send(massStatusRequest('m1'), buyOrder('poison', '0.1', '98'));
    await venue.quiet();
    venue.store.commitGate.open();
    await venue.settled();
    expect(alice.answered).to.include(first);
    expect(turnedAway()).to.equal(0);
    alice.clear();
    alice.send(massStatusRequest('m2'));
    await venue.settled();
    expect(alice.reports.length).to.equal(ORDER_COUNT + 1);
  });
});
