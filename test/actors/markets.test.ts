import { expect } from 'chai';
import { Markets } from '../../src/actors/markets.ts';
import { ticks } from '../../src/matching/types.ts';
import { BTC_USD } from '../support/instruments.ts';

describe('the markets of a node', () => {
  const terms = { instrument: BTC_USD, status: { type: 'Open' }, referencePrice: ticks(100) } as const;
  const halted = { type: 'Halted', by: 'operator', reason: 'news pending' } as const;

  it('stay halted when new terms arrive whose row was read before the halt', () => {
    const markets = new Markets();
    markets.put({ ...terms, status: halted });
    expect(markets.find('BTC-USD')?.status).to.deep.equal(halted);
    markets.setStatus('BTC-USD', { type: 'Open' });
    markets.put({ ...terms, status: halted });
    expect(markets.find('BTC-USD')?.status).to.deep.equal({ type: 'Open' });
    markets.setStatus('BTC-USD', halted);
    markets.put({ ...terms, instrument: { ...BTC_USD, maxOpenOrders: 3 } });
    expect(markets.find('BTC-USD')).to.deep.include({ status: halted });
    expect(markets.instrumentOf('BTC-USD')?.maxOpenOrders).to.equal(3);
  });

  it('go by the last trade, whatever the operator says the price is', () => {
    const markets = new Markets();
    markets.put(terms);
    markets.put({ ...terms, referencePrice: ticks(200) });
    expect(markets.find('BTC-USD')?.referencePrice).to.equal(200);
    markets.setReferencePrice('BTC-USD', ticks(150));
    markets.put(terms);
    expect(markets.find('BTC-USD')?.referencePrice).to.equal(150);
  });
});
