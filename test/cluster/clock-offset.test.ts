/** What a node concludes of its clock from the trips to the database. */
import { expect } from 'chai';
import fc from 'fast-check';
import { clockOffset, isClockAway, MAX_CLOCK_OFFSET_MS } from '../../src/cluster/clock-offset.ts';

/** A trip that begins at `at` by the true time; the node's clock is `ahead`, the database is read after `there` ms of it. */
function trip(ahead: number, at: number, [there, back]: readonly [number, number]) {
  return { answeredAt: at + ahead + there + back, tripMs: there + back, readAt: at + there };
}

describe('the offset of a clock', () => {
  it('is nothing while a late answer could explain it', () => {
    for (const [there, back] of [
      [3_000, 0],
      [0, 3_000],
      [900, 2_000],
    ] as const) {
      expect(clockOffset(0, trip(0, 50_000, [there, back]))).to.equal(0);
    }
  });

  it('is told to the trip’s length, ahead and behind', () => {
    expect(clockOffset(0, trip(2_500, 50_000, [1, 1]))).to.equal(2_499);
    expect(clockOffset(0, trip(-2_500, 50_000, [1, 1]))).to.equal(-2_499);
    expect(clockOffset(2_499, trip(0, 60_000, [0, 0])), 'it was set right').to.equal(0);
  });

  it('is kept through a trip that says nothing', () => {
    expect(clockOffset(2_500, trip(2_500, 50_000, [40_000, 1]))).to.equal(2_500);
  });

  it('comes closer to the truth with every trip and is never past it, so that one that does not move is told once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5_000, max: 5_000 }),
        fc.array(fc.tuple(fc.nat(3_000), fc.nat(3_000)), { maxLength: 20 }),
        (ahead, trips) => {
          let believed = 0;
          let crossings = 0;
          for (const one of trips) {
            const next = clockOffset(believed, trip(ahead, 50_000, one));
            expect(Math.abs(ahead - next)).to.be.at.most(Math.abs(ahead - believed));
            expect(Math.abs(next)).to.be.at.most(Math.abs(ahead));
            if (isClockAway(next) !== isClockAway(believed)) crossings += 1;
            believed = next;
          }
          expect(crossings).to.be.at.most(isClockAway(ahead) ? 1 : 0);
        },
      ),
    );
  });

  it('is too much beyond a second', () => {
    expect(MAX_CLOCK_OFFSET_MS).to.equal(1_000);
    expect([-1_001, -1_000, 1_000, 1_001].map(isClockAway)).to.deep.equal([true, false, false, true]);
  });
});
