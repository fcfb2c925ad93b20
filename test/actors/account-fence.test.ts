/** An account that crashes while its orders wait in a book: it must not be built from rows that do not have them yet. */
import { expect } from 'chai';
import { audit } from '../support/audit.ts';
import { failingAccount, failingBook } from '../support/faults.ts';
import { openFundedVenue } from '../support/funded-venue.ts';
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
});
