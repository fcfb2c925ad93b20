/** The torture of a cluster from its beginning to its end: short, but with real processes, members and faults. */
import { expect } from 'chai';
import { hasNatsServer } from '../support/nats-server.ts';
import { torture } from '../torture/torture.ts';

const SEED = 8;
const MINUTES = 0.4;

describe('The torture of a cluster', function () {
  this.timeout(180_000);

  before(function () {
    if (!hasNatsServer()) this.skip();
  });

  it('is clean, and says what it has done', async () => {
    const lines: string[] = [];
    const say = (line: string): unknown => lines.push(line);
    const result = await torture({ minutes: MINUTES, seed: SEED, isCluster: true, say });
    expect(result, lines.join('\n')).to.include({ type: 'Clean' });
    expect(lines.some((line) => line.includes('fault 1: KillEngine'))).to.equal(true);
    expect(lines.at(-1)).to.match(/round \d+ agrees: [1-9]\d* orders acknowledged/);
    expect(result.summary.join('\n')).to.match(/kills +[1-9]/);
  });
});
