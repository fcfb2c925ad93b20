/** The venue of a torture run from the outside: that nothing but the venue makes a run fail. */
import { expect } from 'chai';
import { identityOf } from '../support/market-day.ts';
import { Disk } from './disk.ts';
import { findInhabitants } from './inhabitants.ts';
import { TorturedMarket } from './market.ts';

describe('The venue of a torture run', function () {
  this.timeout(60_000);

  let disk: Disk;
  let market: TorturedMarket;

  before(async () => {
    disk = await Disk.open();
    market = new TorturedMarket(disk);
    await market.open([identityOf('alice', 1)]);
  });

  after(async () => {
    await market.abandon();
    await disk.close();
  });

  it('is asked again when another fault has ended it between two questions', async () => {
    const { venue } = market;
    const ask = venue.done.bind(venue);
    let suffering: Promise<void> | undefined;
    venue.done = async (...question) => {
      suffering ??= market.suffer({ type: 'KillVenue', againAfterMs: [] });
      await venue.ended;
      return ask(...question);
    };
    await market.untilReady();
    await suffering;
    expect(suffering).not.to.equal(undefined);
    expect(market.startCount).to.equal(2);
  });

  it('is not started again when the run is over', async () => {
    const suffering = market.suffer({ type: 'KillVenue', againAfterMs: [] }).then(
      () => 'came back',
      (error: Error) => error.message,
    );
    await market.abandon();
    expect(await suffering).to.equal('the run is over');
    const venues = (await findInhabitants(disk.dataDir)).filter(({ isDatabase }) => !isDatabase);
    expect(venues).to.deep.equal([]);
  });
});
