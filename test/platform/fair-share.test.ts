/** Who makes room for a newcomer when many networks share a bound. */
import { expect } from 'chai';
import { oldestOfLargest } from '../../src/platform/fair-share.ts';

describe('a full room', () => {
  const inside = [
    ['a1', 'a'],
    ['b1', 'b'],
    ['b2', 'b'],
    ['c1', 'c'],
    ['b3', 'b'],
  ] as const;

  it('is left by the oldest of the largest network', () => {
    expect(oldestOfLargest(inside, 'a')).to.equal('b1');
    expect(oldestOfLargest(inside, 'new')).to.equal('b1');
  });

  it('is not left for a network that has as many as any other', () => {
    expect(oldestOfLargest(inside, 'b')).to.equal(undefined);
    expect(oldestOfLargest(inside.slice(0, 2), 'a')).to.equal(undefined);
    expect(oldestOfLargest([], 'a')).to.equal(undefined);
  });

  it('is left by its oldest when each has a network of its own', () => {
    expect(oldestOfLargest(inside.slice(0, 2), 'new')).to.equal('a1');
  });
});
