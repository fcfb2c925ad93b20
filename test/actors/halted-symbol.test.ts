/** A symbol that a crash has halted is alone: all others go on, with the same members and the same money. */
import { expect } from 'chai';
import { audit } from '../support/audit.ts';
import { failingBook } from '../support/faults.ts';
import { openFundedVenue } from '../support/funded-venue.ts';
import { buyOrder, cancelOrder, sellOrder } from '../support/member-commands.ts';

const POISONS = ['p1', 'p2', 'p3'];

describe('a symbol that a crash has halted', () => {
  it('leaves all others open: whoever had orders there trades on', async () => {
    const { venue, alice, bob } = await openFundedVenue({
      wrapBook: failingBook(POISONS.map((clOrdId) => ({ clOrdId, when: 'after', times: Infinity }))),
    });
    await venue.deposit(bob.userId, 'ETH', '10');
    alice.send(buyOrder('e1', '1', '100', { symbol: 'ETH-USD' }), buyOrder('b1', '1', '100'));
    await venue.settled();
    for (const clOrdId of POISONS) {
      bob.send(sellOrder(clOrdId, '1', '200'));
      await venue.settled();
    }
    expect(venue.markets.find('BTC-USD')?.status).to.deep.include({ type: 'Halted', by: 'crash' });
    expect(venue.markets.find('ETH-USD')?.status).to.deep.equal({ type: 'Open' });
    alice.clear();
    bob.clear();

    bob.send(sellOrder('s', '0.4', '100', { symbol: 'ETH-USD' }));
    await venue.settled();
    alice.send(cancelOrder('x', 'e1', { symbol: 'ETH-USD' }));
    await venue.settled();
    expect(bob.lines()).to.deep.equal(['8 0/0 s 0/0.4', '8 F/2 s 0.4/0 @100*0.4']);
    expect(alice.lines()).to.deep.equal(['8 F/1 e1 0.4/0.6 @100*0.4', '8 4/4 x<e1 0.4/0']);
    audit(venue);
    venue.shutdown();
  });
});
