/** A torture run from its beginning to its end: short, but with a real venue, real members and faults. */
import { expect } from 'chai';
import { systemClock } from '../../src/platform/clock.ts';
import { recoveryLines } from './summary.ts';
import { torture } from './torture.ts';

/** Its first rounds have deaths of the venue and of its Postgres. */
const SEED = 3;
const MINUTES = 0.2;

describe('A torture run', function () {
  this.timeout(60_000);

  it('is clean, ends in time, and says what it has done', async () => {
    const startedAt = systemClock.now();
    const lines: string[] = [];
    const result = await torture({ minutes: MINUTES, seed: SEED, say: (line) => lines.push(line) });
    expect(result, lines.join('\n')).to.include({ type: 'Clean' });
    expect(systemClock.now() - startedAt, 'ms').to.be.below((MINUTES + 0.5) * 60_000);
    expect(lines.some((line) => line.includes('fault 1: '))).to.equal(true);
    expect(lines.at(-1)).to.match(/round \d+ agrees: [1-9]\d* orders acknowledged/);
    expect(result.summary.join('\n')).to.match(/faults injected +[1-9]/);
  });
});

describe('The recoveries of a torture run', () => {
  it('are told by fault and over all, with the time that half, nearly all and all of them took', () => {
    const times = Array.from({ length: 100 }, (_, no) => ({ fault: 'KillVenue', tookMs: no + 1 }) as const);
    const lines = recoveryLines([...times, { fault: 'FillDisk', tookMs: 500 }]);
    expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).to.deep.equal([
      'FillDisk 1 500 500 500',
      'KillVenue 100 50 99 100',
      'all 101 51 100 500',
    ]);
  });
});
