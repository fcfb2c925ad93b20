/** The arithmetic between what the benchmark measures and what it prints. */
import { expect } from 'chai';
import { Samples } from '../../bench/support/percentiles.ts';
import { summarize } from '../../bench/support/profile.ts';

describe('percentiles of the benchmark', () => {
  it('are by nearest rank, over every sample', () => {
    const samples = new Samples();
    for (let value = 100_000; value >= 1; value -= 1) samples.add(value);
    expect(samples.percentiles()).to.deep.equal({
      count: 100_000,
      p50: 50_000,
      p90: 90_000,
      p99: 99_000,
      p999: 99_900,
      max: 100_000,
    });
  });

  it('are those of a single sample, and 0 without any', () => {
    const samples = new Samples();
    expect(samples.percentiles()).to.deep.equal({ count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
    samples.add(7);
    expect(samples.percentiles()).to.deep.equal({ count: 1, p50: 7, p90: 7, p99: 7, p999: 7, max: 7 });
  });
});

describe('profile of the benchmark', () => {
  it('gives what native code and libraries take to the subsystem that called them', () => {
    const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 0 });
    const profile = {
      startTime: 0,
      nodes: [
        { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 6] },
        { id: 2, callFrame: frame('(idle)') },
        { id: 3, callFrame: frame('(garbage collector)') },
        { id: 4, callFrame: frame('dispatch', 'file:///x/node_modules/nact/lib/actor.js'), children: [5] },
        { id: 5, callFrame: frame('enter', 'file:///x/src/matching/order-book.ts'), children: [7] },
        { id: 6, callFrame: frame('emit', 'node:events') },
        { id: 7, callFrame: frame('toString') },
      ],
      samples: [7, 2, 3, 4, 5, 6, 7, 7],
      timeDeltas: [10, 10, 10, 10, 10, 10, 10, 10],
    };
    // The first and the last sample lie outside of what was measured.
    const { subsystems } = summarize(profile, 15, 75);
    expect(
      Object.fromEntries(subsystems.map(({ name, share }) => [name, Math.round(share * 60)])),
    ).to.deep.equal({
      book: 20,
      idle: 10,
      'garbage collection': 10,
      nact: 10,
      'Node: event loop, sockets, promises': 10,
    });
  });
});
