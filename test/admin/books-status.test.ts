/** How far the books are, as health and status tell it. */
import { expect } from 'chai';
import { Markets } from '../../src/actors/markets.ts';
import { booksStatus, NO_BOOKS } from '../../src/admin/books-status.ts';
import { ticks } from '../../src/matching/types.ts';
import { makeInstrument } from '../support/instruments.ts';
import { openTerms } from '../support/venue.ts';

describe('the status of the books', () => {
  it('tells those that are ready, those that load and those that crashed, and names a bounded number', () => {
    const markets = new Markets();
    expect(booksStatus(markets)).to.deep.equal(NO_BOOKS);
    const symbols = Array.from({ length: 30 }, (_, index) => `S${index + 10}`);
    for (const symbol of symbols) markets.put(openTerms(makeInstrument({ symbol })));
    markets.setReady('S10', true);
    markets.setStatus('S11', { type: 'Halted', by: 'crash', reason: 'three incidents' });
    markets.setStatus('S12', { type: 'Halted', by: 'operator', reason: 'news' });
    const status = booksStatus(markets);
    expect(status).to.deep.include({ total: 30, ready: 1, loading: 28, halted: 1, haltedSymbols: ['S11'] });
    expect(status.loadingSymbols).to.deep.equal(symbols.slice(2, 22));
  });

  it('does not keep a market order waiting for a price: the last trade is known before its book', () => {
    const markets = new Markets();
    const instrument = makeInstrument({ symbol: 'S1' });
    markets.put(openTerms(instrument, { referencePrice: ticks(5), lastPrice: ticks(7) }));
    expect(markets.find('S1')?.referencePrice).to.equal(7);
    markets.setReferencePrice('S1', ticks(9));
    markets.put(openTerms(instrument, { referencePrice: ticks(5), lastPrice: ticks(7) }));
    expect(markets.find('S1')?.referencePrice).to.equal(9);
  });
});
