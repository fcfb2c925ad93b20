/**
 * The proof that the other tests can fail: engines whose commits are not fenced by epochs match twice when one of them
 * comes back after a pause, and the audit finds it.
 */

import { join } from 'node:path';
import { expect } from 'chai';
import { delay, systemClock } from '../../src/platform/clock.ts';
import type { Mutant } from '../safeguards/mutant.ts';
import { OWNERSHIP } from '../safeguards/mutants/ownership.ts';
import { makeScratch, type Scratch } from '../safeguards/scratch.ts';
import { clusterDifferences, ownerDifferences } from '../support/cluster-audit.ts';
import { ACCEPTED, answersSince } from '../support/cluster-clients.ts';
import { ClusterMarket } from '../support/cluster-market.ts';
import { hasNatsServer } from '../support/nats-server.ts';
import { until } from '../support/until.ts';
import { TIMEOUT_MS, tell } from './market.ts';

const LEASE_MS = 1_500;
/** So many that an engine nearly always stops with a commit under way. */
const RATE_PER_SECOND = 500;
const WARM_UP_MS = 1_000;
const MAX_PAUSES = 4;
/** The fence: what a commit writes is owned under the epochs that it names, and who writes it is alive. */
const FENCE = ['epoch-in-guard', 'epoch-of-shard', 'buried-writer'];

describe('A cluster without its fence', function () {
  this.timeout(TIMEOUT_MS);
  let scratch: Scratch | undefined;
  let market: ClusterMarket | undefined;
  before(function () {
    if (!hasNatsServer()) this.skip();
  });
  after(async () => {
    await market?.close();
    await scratch?.remove();
  });

  it('matches twice when an engine comes back after a pause, and the audit finds it', async () => {
    scratch = await makeScratch();
    const main = join(scratch.dir, 'src', 'main.ts');
    const found = await withoutAll(scratch, FENCE.map(mutantOf), async () => {
      market = await ClusterMarket.open({
        lease: { ttlMs: LEASE_MS },
        mains: { 'engine-1': main, 'engine-2': main },
      });
      return differencesAfterPauses(market);
    });
    expect(found.join('\n')).to.match(/was written by engine-\d when engine-\d owned it|is there 2 times/);
    tell(`without the fence: ${found[0]}`);
  });
});

/**
 * Stops the engine that has symbols for longer than its lease and lets it go on, again and again until something does
 * not hold: one that stopped while it had nothing to write does no harm. Returns what was found.
 */
async function differencesAfterPauses(market: ClusterMarket): Promise<readonly string[]> {
  const stop = market.startTrading(RATE_PER_SECOND, 31);
  try {
    for (let pauseNo = 1; pauseNo <= MAX_PAUSES; pauseNo += 1) {
      await delay(systemClock, WARM_UP_MS);
      await pauseForLong(market);
      await delay(systemClock, WARM_UP_MS);
      const found = await ownerDifferences(market.cluster.databaseUrl);
      if (found.length > 0) return [...found, ...(await clusterDifferences(market.cluster.databaseUrl, []))];
    }
    return [];
  } finally {
    stop();
  }
}

async function pauseForLong({ cluster, members }: ClusterMarket): Promise<void> {
  const victim = await cluster.busiestEngine();
  const symbols = await cluster.symbolsOf(victim);
  const pausedAt = systemClock.now();
  cluster.pause(victim);
  await until(
    'the other engine to trade',
    () => answersSince(members, pausedAt, symbols).some(({ answer }) => answer === ACCEPTED),
    20_000,
  );
  cluster.resume(victim);
}

function mutantOf(name: string): Mutant {
  const mutant = OWNERSHIP.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
  return mutant;
}

function withoutAll<Value>(
  scratch: Scratch,
  [first, ...others]: readonly Mutant[],
  work: () => Promise<Value>,
): Promise<Value> {
  if (first === undefined) return work();
  return scratch.without(first, () => withoutAll(scratch, others, work));
}
