/**
 * The proof that the other tests can fail: without epochs that fence commits, two engines match the same symbols when the
 * last commit of one that has died comes late, and the audit finds it.
 */
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/platform/clock.ts';
import type { Mutant } from '../safeguards/mutant.ts';
import { OWNERSHIP } from '../safeguards/mutants/ownership.ts';
import { makeScratch, type Scratch } from '../safeguards/scratch.ts';
import { clusterDifferences, ownerDifferences } from '../support/cluster-audit.ts';
import { ACCEPTED, answersSince, startProbing } from '../support/cluster-clients.ts';
import { ClusterMarket } from '../support/cluster-market.ts';
import { hasNatsServer } from '../support/nats-server.ts';
import { until } from '../support/until.ts';
import { withRows } from '../support/venue-process.ts';
import { TIMEOUT_MS, tell } from './market.ts';

/** The server ends a commit that waits for nearly so long: nothing here does. */
const LEASE_MS = 10_000;
const RATE_PER_SECOND = 300;
/** Who waits for a lock of ours. */
const WAITING_FOR_US =
  'select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid)) limit 1';
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

  it('matches twice when the last commit of an engine that has died comes late, and the audit finds it', async () => {
    scratch = await makeScratch();
    const main = join(scratch.dir, 'src', 'main.ts');
    const found = await withoutAll(scratch, FENCE.map(mutantOf), async () => {
      market = await ClusterMarket.open({
        lease: { ttlMs: LEASE_MS },
        mains: { 'engine-1': main, 'engine-2': main },
      });
      return differencesAfterLateCommit(market);
    });
    expect(found.join('\n')).to.match(/was written by engine-\d when engine-\d owned it|is there 2 times/);
    tell(`without the fence: ${found[0]}`);
  });
});

/** Kills the engine that has symbols, and lets its last commit through when others trade them. Returns what is found. */
async function differencesAfterLateCommit(market: ClusterMarket): Promise<readonly string[]> {
  const { cluster, probers } = market;
  const victim = await cluster.busiestEngine();
  const symbols = await cluster.symbolsOf(victim);
  // All of them are accepted: there is something in every commit that must not be written twice.
  const probing = startProbing(probers, { symbols, ratePerSecond: RATE_PER_SECOND });
  try {
    await until('orders to be accepted', () => probers.every(({ record }) => record.answers.length > 0));
    await withRows(cluster.databaseUrl, async (client) => {
      await client.query('begin');
      // The row that each of its commits locks first.
      await client.query('select from commits where writer = $1 for update', [victim]);
      await until('a commit of the engine to wait', async () => {
        const { rowCount } = await client.query(WAITING_FOR_US);
        return rowCount === 1;
      });
      await cluster.kill(victim);
      const killedAt = systemClock.now();
      await until('the other engine to trade all that it had', () => {
        const since = answersSince(probers, killedAt, symbols);
        const traded = since.filter(({ answer }) => answer === ACCEPTED).map(({ symbol }) => symbol);
        return new Set(traded).size === symbols.length;
      });
      await client.query('rollback');
    });
    const found = await until('what it has written', async () => {
      const differences = await ownerDifferences(cluster.databaseUrl);
      return differences.length > 0 && differences;
    });
    return [...found, ...(await clusterDifferences(cluster.databaseUrl, []))];
  } finally {
    probing.stop();
  }
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
