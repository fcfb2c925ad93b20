/** How the audits of a long torture run leave time for faults. */
import { expect } from 'chai';
import { ManualClock } from '../support/manual-clock.ts';
import { Pace } from './pace.ts';

describe('The pace of an audit', () => {
  it('rests so many times as long as it took, and not when it must be done', async () => {
    const clock = new ManualClock(0);
    const pace = new Pace(3, clock);
    const audit = (isNeeded?: boolean): Promise<void> =>
      pace.run(async () => {
        clock.advance(100);
      }, isNeeded);
    await audit();
    expect([pace.count, pace.lastTookMs]).to.deep.equal([1, 100]);
    clock.advance(299);
    await audit();
    expect(pace.count).to.equal(1);
    clock.advance(1);
    await audit();
    expect(pace.count).to.equal(2);
    await audit(true);
    expect(pace.count).to.equal(3);
  });
});
