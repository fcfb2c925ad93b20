/** A torture run from its beginning to its end: short, but with a real venue, real members and faults. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { systemClock } from '../../src/platform/clock.ts';
import { recoveryLines } from './summary.ts';
import { torture } from './torture.ts';

/** Its first rounds have deaths of the venue and of its Postgres. */
const SEED = 3;
/** In its first round the venue is killed, and again when it is about to be back. */
const KILLED_TWICE_AT_ONCE = 174;
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

describe('A torture run that fails', function () {
  this.timeout(60_000);

  const kept: string[] = [];

  after(async () => {
    for (const path of kept) await rm(path, { recursive: true, force: true });
  });

  it('says why at once, keeps what there is and ends what it has started, whatever is under way', async () => {
    const lines: string[] = [];
    const result = await torture({
      minutes: MINUTES,
      seed: KILLED_TWICE_AT_ONCE,
      say(line) {
        lines.push(line);
        // The venue is being started again then.
        if (line.includes('fault 2: ')) throw new Error('planted');
      },
    });
    if (result.type !== 'Failed') throw new Error(lines.join('\n'));
    const { keptIn = '' } = result;
    kept.push(keptIn, `${keptIn}.log`);
    expect(result).to.include({ reason: 'planted', faultNo: 2 });
    const after = lines.slice(lines.findIndex((line) => line.includes('fault 2: ')) + 1);
    expect(after.map((line) => line.replace(/^[ \d.]+ s /, ''))).to.deep.equal([
      `FAILED after fault 2 of seed ${KILLED_TWICE_AT_ONCE}: planted`,
      `log: ${keptIn}.log`,
      `data directory: ${keptIn}`,
    ]);
    expect(await readFile(`${keptIn}.log`, 'utf8')).to.match(/^FAILED: Error: planted\n.*\{"level":/s);
    expect(await readdir(keptIn)).to.include.members(['postgres', 'postgres.log', 'cluster.config.ts']);
    const own = `onebook-torture-${process.pid}-`;
    expect((await readdir(tmpdir())).filter((name) => name.startsWith(own))).to.deep.equal([]);
    expect(await readFile('/proc/mounts', 'utf8')).not.to.include(own);
  });
});

describe('The recoveries of a torture run', () => {
  it('are told by fault and over all, with the time that half, nearly all and all of them took', () => {
    const times = Array.from({ length: 100 }, (_, no) => ({ fault: 'KillVenue', tookMs: no + 1 }) as const);
    const lines = recoveryLines([...times, { fault: 'FillDisk', tookMs: 500 }]);
    expect(lines.map((line) => line.trim().replace(/ +/g, ' '))).to.deep.equal([
      'FillDisk 1 500 500 500',
      'KillVenue 100 50 95 100',
      'all 101 51 96 500',
    ]);
  });
});
