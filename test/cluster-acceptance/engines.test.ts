/** Engines that die, stand still and give symbols away while members trade: what members see of it, and what is left. */
import { expect } from 'chai';
import { delay, systemClock } from '../../src/platform/clock.ts';
import {
  ACCEPTED,
  type Answered,
  answersSince,
  longestWait,
  restOrders,
  startProbing,
} from '../support/cluster-clients.ts';
import { CLUSTER_SYMBOLS } from '../support/cluster-market.ts';
import type { ClusterProcess } from '../support/cluster-process.ts';
import { until } from '../support/until.ts';
import { sharedMarket, TIMEOUT_MS, tell } from './market.ts';

const LEASE_MS = 1_500;
const RATE_PER_SECOND = 200;
const WARM_UP_MS = 1_500;
const OPEN_ORDERS = 10_000;

describe('Engines under load', function () {
  this.timeout(TIMEOUT_MS);
  const shared = sharedMarket({ lease: { ttlMs: LEASE_MS } });

  it('trade on elsewhere when one is killed, with 10,000 open orders on 20 symbols', async () => {
    const market = shared();
    const { cluster, members } = market;
    await restOrders(market.resters, CLUSTER_SYMBOLS, OPEN_ORDERS);
    const stop = market.startTrading(RATE_PER_SECOND, 1);
    await delay(systemClock, WARM_UP_MS);
    const victim = await cluster.busiestEngine();
    const symbols = await cluster.symbolsOf(victim);
    const killedAt = systemClock.now();
    await cluster.kill(victim);
    const firsts = await untilAccepted(() => answersSince(members, killedAt, symbols), symbols);
    stop();
    const took = firsts.map((answer) => answer.answeredAt - killedAt).sort((a, b) => a - b);
    tell(
      `${victim} was killed: first order of its ${symbols.length} symbols accepted after ${took[0]} ms, ` +
        `of the last one after ${took.at(-1)} ms`,
    );
    await market.expectTruth();
    await cluster.start(victim);
    await cluster.untilReady();
  });

  it('lose what they own when they stand still for longer than their lease, and write nothing when they go on', async () => {
    const market = shared();
    const { cluster, members } = market;
    const victim = await cluster.busiestEngine();
    const symbols = await cluster.symbolsOf(victim);
    const lifeBefore = await lifeOf(cluster, victim);
    const stop = market.startTrading(RATE_PER_SECOND, 2);
    await delay(systemClock, WARM_UP_MS);
    const pausedAt = systemClock.now();
    cluster.pause(victim);
    const firsts = await untilAccepted(() => answersSince(members, pausedAt, symbols), symbols);
    const took = firsts.map((answer) => answer.answeredAt - pausedAt).sort((a, b) => a - b);
    expect(await cluster.symbolsOf(victim), 'symbols of the engine that stands still').to.deep.equal([]);
    await delay(systemClock, LEASE_MS);
    cluster.resume(victim);
    await until(
      'the engine to be back under a new life',
      async () => (await lifeOf(cluster, victim)) > lifeBefore,
      20_000,
    );
    await delay(systemClock, WARM_UP_MS);
    stop();
    tell(
      `${victim} stood still, lease ${LEASE_MS} ms: first order of its ${symbols.length} symbols accepted after ` +
        `${took[0]} ms, of the last one after ${took.at(-1)} ms`,
    );
    await market.expectTruth();
  });

  it('hand a symbol with 10,000 open orders over without refusing anything', async () => {
    const market = shared();
    const { cluster, probers } = market;
    const [symbol = ''] = CLUSTER_SYMBOLS;
    await restOrders(market.resters, [symbol], OPEN_ORDERS);
    const { owner } = (await cluster.owners()).symbols.get(symbol) ?? {};
    const target = cluster.engines.find((name) => name !== owner) ?? '';
    const stop = market.startTrading(RATE_PER_SECOND / 2, 3);
    const probing = startProbing(probers, { symbols: [symbol], ratePerSecond: RATE_PER_SECOND / 2 });
    await delay(systemClock, WARM_UP_MS);
    const before = longestWait(answersSince(probers, systemClock.now() - WARM_UP_MS, [symbol]));
    const movedAt = systemClock.now();
    await cluster.onebook('symbol', 'move', symbol, '--to', target, '--node', target);
    expect((await cluster.owners()).symbols.get(symbol)?.owner).to.equal(target);
    await delay(systemClock, WARM_UP_MS);
    probing.stop();
    stop();
    await market.expectTruth();
    const answers = answersSince(probers, movedAt, [symbol]).filter(({ id }) => id.includes('-probe-'));
    expect(
      answers.filter(({ answer }) => answer !== ACCEPTED),
      'orders that were refused',
    ).to.deep.equal([]);
    tell(
      `${symbol} moved from ${owner} to ${target} with ${OPEN_ORDERS} open orders: longest wait of ` +
        `${answers.length} orders ${longestWait(answers)} ms (${before} ms before)`,
    );
  });
});

/** Waits until an order of each of the symbols was accepted; returns the first of each. */
async function untilAccepted(
  read: () => readonly Answered[],
  symbols: readonly string[],
): Promise<readonly Answered[]> {
  return until(
    'an order to be accepted on every symbol',
    () => {
      const first = new Map<string, Answered>();
      for (const one of read()) {
        if (one.answer !== ACCEPTED || one.symbol === undefined) continue;
        const before = first.get(one.symbol);
        if (before === undefined || one.answeredAt < before.answeredAt) first.set(one.symbol, one);
      }
      return first.size === symbols.length && [...first.values()];
    },
    20_000,
  );
}

/** The incarnation of the node that lives; 0 while none does. */
async function lifeOf(cluster: ClusterProcess, name: string): Promise<number> {
  const { nodes } = await cluster.owners();
  return nodes.find((node) => node.name === name && node.isAlive)?.incarnation ?? 0;
}
