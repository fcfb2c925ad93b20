/** A node that has lost a book never takes it back; one that has not may load it as often as it likes. */
import { expect } from 'chai';
import { Claims } from '../../src/persistence/claims.ts';
import { createStore } from '../../src/persistence/store.ts';
import { loadBook } from '../support/loaded-book.ts';
import { venueDatabase } from '../support/venue-database.ts';

const SYMBOL = 'BTC-USD';
const LOST = { name: 'NotOwnerError', symbols: [SYMBOL] };

describe('the claims of a node', () => {
  it('take a book for the first time, whoever owned it', () => {
    const claims = new Claims('a');
    expect(claims.begin(SYMBOL, { owner: null, epoch: 0 })).equal(true);
    expect(new Claims('a').begin(SYMBOL, { owner: 'b', epoch: 7 })).equal(true);
  });

  it('take a book again that is still ours', () => {
    const claims = new Claims('a');
    claims.begin(SYMBOL, { owner: 'b', epoch: 7 });
    claims.done(SYMBOL, 8);
    expect(claims.begin(SYMBOL, { owner: 'a', epoch: 8 })).equal(true);
  });

  it('never take back what another node has taken', () => {
    const claims = new Claims('a');
    claims.begin(SYMBOL, { owner: null, epoch: 0 });
    claims.done(SYMBOL, 1);
    expect(claims.begin(SYMBOL, { owner: 'b', epoch: 2 })).equal(false);
    expect(claims.begin(SYMBOL, { owner: 'b', epoch: 2 })).equal(false);
  });

  it('never take back what the next life of the same node has taken', () => {
    const claims = new Claims('a');
    claims.begin(SYMBOL, { owner: null, epoch: 0 });
    claims.done(SYMBOL, 1);
    expect(claims.begin(SYMBOL, { owner: 'a', epoch: 2 })).equal(false);
  });

  it('go on after a claim whose answer was lost, written or not', () => {
    for (const row of [
      { owner: 'b', epoch: 7 },
      { owner: 'a', epoch: 8 },
    ]) {
      const claims = new Claims('a');
      claims.begin(SYMBOL, { owner: 'b', epoch: 7 });
      expect(claims.begin(SYMBOL, row)).equal(true);
    }
    const claims = new Claims('a');
    claims.begin(SYMBOL, { owner: 'b', epoch: 7 });
    expect(claims.begin(SYMBOL, { owner: 'c', epoch: 8 })).equal(false);
  });
});

describe('a store whose book another node has taken', () => {
  it('neither takes it back nor reads on in it', async () => {
    const venue = await venueDatabase();
    try {
      const store = await createStore({ orm: venue.orm, nodeName: 'local' });
      const other = await createStore({ orm: venue.orm, nodeName: 'other' });
      await loadBook(store, SYMBOL);
      const { epoch } = await loadBook(store, SYMBOL);
      const [claimed] = await other.claimBooks([SYMBOL]);
      const failure = (load: Promise<unknown>): Promise<unknown> => load.catch((error: unknown) => error);
      expect(await failure(store.claimBooks(['ETH-USD', SYMBOL]))).deep.include(LOST);
      const book = { symbol: SYMBOL, epoch, lastSeq: 0, lastPrice: undefined };
      expect(await failure(store.loadOrders(book, 0))).deep.include(LOST);
      const rows = await venue.query('select owner, epoch::int from books where symbol = $1', [SYMBOL]);
      expect(rows).deep.equal([{ owner: 'other', epoch: claimed?.epoch }]);
    } finally {
      await venue.drop();
    }
  });
});
