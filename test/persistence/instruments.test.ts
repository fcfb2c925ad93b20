import { expect } from 'chai';
import type { InstrumentSource } from '../../src/actors/ports.ts';
import { createInstrumentSource } from '../../src/persistence/instruments.ts';
import { type VenueDatabase, venueDatabase } from '../support/venue-database.ts';

describe('instruments in the store', () => {
  let venue: VenueDatabase;
  let source: InstrumentSource;
  before(async () => {
    venue = await venueDatabase();
    source = createInstrumentSource(venue.orm);
  });
  after(() => venue.drop());

  it('have no limits and refuse post-only orders that would trade, unless the operator says else', async () => {
    expect((await source.find('BTC-USD'))?.instrument).include({
      maxNotional: undefined,
      maxOpenOrders: undefined,
      priceBandBps: undefined,
      postOnlySlides: false,
    });
    await venue.query(
      'update instruments set max_notional = 2.5, max_open_orders = 7, post_only_slides = true, ' +
        "price_band_bps = 300 where symbol = 'ETH-USD'",
    );
    expect((await source.find('ETH-USD'))?.instrument).include({
      maxNotional: 25n * 10n ** 17n,
      maxOpenOrders: 7,
      postOnlySlides: true,
      priceBandBps: 300,
    });
  });

  for (const [columns, status] of [
    ["status = 'open', halted_by = null, status_reason = null", { type: 'Open' }],
    ["status = 'cancel_only', status_reason = 'news'", { type: 'CancelOnly', reason: 'news' }],
    [
      "status = 'halted', halted_by = 'operator', status_reason = 'more news'",
      { type: 'Halted', by: 'operator', reason: 'more news' },
    ],
    [
      "status = 'halted', halted_by = 'crash', status_reason = 'a bug'",
      { type: 'Halted', by: 'crash', reason: 'a bug' },
    ],
  ] as const) {
    it(`are ${status.type}${'by' in status ? ` by ${status.by}` : ''} as their row says`, async () => {
      await venue.query(`update instruments set ${columns} where symbol = 'BTC-USD'`);
      expect((await source.find('BTC-USD'))?.status).deep.equal(status);
    });
  }

  it('are all found, by symbol, and none that nobody listed', async () => {
    expect((await source.all()).map(({ instrument }) => instrument.symbol)).deep.equal([
      'BTC-USD',
      'ETH-USD',
    ]);
    expect(await source.find('NOPE')).equal(undefined);
  });
});
