/** An account that crashes while its orders wait in a book: it must not be built from rows that do not have them yet. */
import { expect } from 'chai';
import { orderBookActor } from '../../src/actors/order-book.ts';
import type { BookMessage, Message } from '../../src/actors/protocol.ts';
import { silentLog } from '../../src/platform/log.ts';
import { audit } from '../support/audit.ts';
import { failingAccount, failingBook } from '../support/faults.ts';
import { openFundedVenue } from '../support/funded-venue.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { buyOrder } from '../support/member-commands.ts';

describe('an account that is rebuilt', () => {
  it('while a book with its orders is rebuilt too, waits for them and spends nothing twice', async () => {
    const { venue, alice } = await openFundedVenue({
      wrapBook: failingBook([{ clOrdId: 'bookfault', when: 'before', times: 1 }]),
      createAccount: failingAccount({ judge: { fault: 1 } }),
    });
    venue.store.loadGate.close();
    alice.send(buyOrder('bookfault', '1', '100'));
    await venue.quiet();
    alice.send(buyOrder('a', '60', '100'));
    await venue.quiet();
    alice.send(buyOrder('fault', '60', '100'));
    await venue.quiet();
    venue.store.loadGate.open();
    await venue.settled();
    expect(alice.lines()).to.deep.equal(['8 0/0 bookfault 0/1', '8 0/0 a 0/60', '8 8/8 fault 103=3']);
    // Nothing else has failed: neither was the account wrong, nor did the database have to say so.
    expect(venue.errors.map(({ event }) => event)).to.deep.equal(['actor crashed', 'actor crashed']);
    audit(venue);
    venue.shutdown();
  });

  it('does not wait for a book in which others only have something', () => {
    const told: Message[] = [];
    const { behavior } = orderBookActor({
      symbol: 'BTC-USD',
      tell: (_address, message) => told.push(message),
      clock: new ManualClock(0),
      log: silentLog,
      createBook: () => expect.fail('nothing is loaded'),
      tradingDayAt: () => '2024-05-06',
      haltedBecause: undefined,
      generation: 0,
      stashCapacity: 10,
      sweepPortion: 10,
      incidentsToHalt: 3,
      incidentWindowMs: 1_000,
    });
    const command = { type: 'CancelOrder' };
    const requests = [{ command, cause: { userId: 1 } }, { command, cause: { userId: 2 } }, { command }];
    const fence = { type: 'Fence', fenceNo: 1, bookCount: 1, tradingDay: '2024-05-06' } as const;
    let state = behavior.initial();
    for (const message of [
      { type: 'BookRequests', requests } as unknown as BookMessage,
      ...[1, 2, 3].map((userId) => ({ ...fence, userId })),
      { ...fence, userId: 0, proxy: 'engine-2' },
    ]) {
      state = behavior.receive(state, message);
    }
    const passed = told.filter(({ type }) => type === 'FenceReached');
    expect(passed).to.have.length(1);
    expect(passed[0]).to.deep.include({ fence: { ...fence, userId: 3 } });
  });
});
