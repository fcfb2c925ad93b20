/** What nodes live on fails while members trade: the NATS server, and Postgres. */
import { expect } from 'chai';
import type { ClusterStatus } from '../../src/admin/cluster-status.ts';
import { MSG_TYPE } from '../../src/fix/tags.ts';
import { delay, systemClock } from '../../src/platform/clock.ts';
import { ACCEPTED, answersSince, longestWait } from '../support/cluster-clients.ts';
import { CLUSTER_SYMBOLS, type ClusterMarket } from '../support/cluster-market.ts';
import { until } from '../support/until.ts';
import { sharedMarket, TIMEOUT_MS, tell } from './market.ts';

const RATE_PER_SECOND = 200;
/** So that sessions have numbers left for all refusals: they are reserved in commits. */
const SLOW_RATE_PER_SECOND = 60;
const WARM_UP_MS = 1_500;
const NATS_OUTAGE_MS = 4_000;
const POSTGRES_OUTAGE_MS = 1_000;
/** Until all leases are over, which they are after 2 s, and for how long they are. */
const LEASES_OVER_MS = 4_500;
const WITHOUT_LEASES_MS = 3_000;
/** What is sent in an outage has its answer so long after it at the latest. */
const PATIENCE_MS = 10_000;

describe('The servers of a cluster under load', function () {
  this.timeout(TIMEOUT_MS);
  const shared = sharedMarket();

  it('may lose NATS: sessions stay up, orders wait or are refused, and all goes on by itself', async () => {
    const market = shared();
    const { cluster, members } = market;
    const logouts = countLogouts(market);
    const lostBefore = market.lostConnections;
    const stop = market.startTrading(RATE_PER_SECOND, 11);
    await delay(systemClock, WARM_UP_MS);
    const killedAt = systemClock.now();
    await cluster.nats.kill();
    await delay(systemClock, NATS_OUTAGE_MS);
    const backAt = systemClock.now();
    await cluster.nats.restart();
    const tookMs = await untilAllTrade(market, backAt);
    stop();
    await market.expectTruth();
    expect(logouts(), 'Logouts').to.equal(0);
    expect(market.lostConnections - lostBefore, 'sessions that were lost').to.equal(0);
    const answers = answersSince(members, killedAt).filter(({ sentAt }) => sentAt < backAt);
    const longest = longestWait(answers);
    expect(longest, 'the longest wait').to.be.below(NATS_OUTAGE_MS + PATIENCE_MS);
    const refused = answers.filter(({ answer }) => answer === MSG_TYPE.BusinessMessageReject).length;
    tell(
      `NATS away for ${backAt - killedAt} ms: ${answers.length} requests meanwhile, ${refused} refused, ` +
        `longest wait ${longest} ms; all symbols trade ${tookMs} ms after it is back`,
    );
  });

  it('may lose Postgres: nothing acknowledged is lost, and all goes on by itself', async () => {
    const market = shared();
    const { cluster, members } = market;
    const lostBefore = market.lostConnections;
    const stop = market.startTrading(RATE_PER_SECOND, 12);
    await delay(systemClock, WARM_UP_MS);
    const stoppedAt = systemClock.now();
    await cluster.stopPostgres();
    await delay(systemClock, POSTGRES_OUTAGE_MS);
    await cluster.startPostgres();
    const backAt = systemClock.now();
    const tookMs = await untilAllTrade(market, backAt);
    stop();
    await market.expectTruth();
    const longest = longestWait(answersSince(members, stoppedAt));
    tell(
      `Postgres away for ${backAt - stoppedAt} ms: longest wait ${longest} ms, ` +
        `${market.lostConnections - lostBefore} sessions lost; all symbols trade ${tookMs} ms after it is back`,
    );
  });

  it('may lose Postgres for longer than leases last: links rest, and members are refused at once', async () => {
    const market = shared();
    const { cluster, members } = market;
    const lostBefore = market.lostConnections;
    const linesBefore = new Map(cluster.names.map((name) => [name, cluster.logOf(name).length]));
    const stop = market.startTrading(SLOW_RATE_PER_SECOND, 13);
    await delay(systemClock, WARM_UP_MS);
    const stoppedAt = systemClock.now();
    await cluster.stopPostgres();
    await delay(systemClock, LEASES_OVER_MS);
    const overAt = systemClock.now();
    await delay(systemClock, WITHOUT_LEASES_MS);
    const stillOverAt = systemClock.now();
    await delay(systemClock, POSTGRES_OUTAGE_MS);
    const { body: seen } = await cluster.node('engine-1').api('GET', '/v1/status');
    expect(seen).to.have.nested.property('database.up', false);
    expect(seen).to.have.nested.property('cluster.outdated', true);
    const { nodes } = (seen as unknown as { readonly cluster: ClusterStatus }).cluster;
    expect(nodes.filter(({ ready }) => ready)).to.deep.equal([]);
    expect(nodes.find(({ name }) => name === 'engine-1')?.leaseLeftMs).to.equal(0);
    const startedAt = systemClock.now();
    await cluster.startPostgres();
    const backAt = systemClock.now();
    const tookMs = await untilAllTrade(market, backAt);
    stop();
    await market.expectTruth();
    const meanwhile = answersSince(members, overAt).filter(({ sentAt }) => sentAt < stillOverAt);
    expect(meanwhile.length, 'requests while leases were over').to.be.above(0);
    expect(meanwhile.filter(({ answeredAt }) => answeredAt >= startedAt)).to.deep.equal([]);
    expect(new Set(meanwhile.map(({ answer }) => answer))).to.deep.equal(
      new Set([MSG_TYPE.BusinessMessageReject]),
    );
    for (const name of cluster.names) {
      const lines = cluster.logOf(name).slice(linesBefore.get(name));
      const ended = lines.filter((line) => line.includes('link_down'));
      expect(ended.length, `links of ${name} that ended`).to.be.at.most(2 * (cluster.names.length - 1));
    }
    tell(
      `Postgres away for ${backAt - stoppedAt} ms: ${meanwhile.length} requests refused while leases were over, longest ` +
        `wait ${longestWait(meanwhile)} ms, ${market.lostConnections - lostBefore} sessions lost; all symbols trade ` +
        `${tookMs} ms after it is back`,
    );
  });
});

/** Waits until an order that was sent since was accepted on every symbol; returns how long that took, ms. */
async function untilAllTrade(market: ClusterMarket, since: number): Promise<number> {
  await until(
    'all symbols to trade',
    () => {
      const answers = answersSince(market.members, since).filter(({ answer }) => answer === ACCEPTED);
      return new Set(answers.map(({ symbol }) => symbol)).size === CLUSTER_SYMBOLS.length;
    },
    20_000,
  );
  return systemClock.now() - since;
}

function countLogouts({ members }: ClusterMarket): () => number {
  let count = 0;
  for (const { record } of members) {
    record.onMessage = ({ msgType }) => {
      if (msgType === MSG_TYPE.Logout) count += 1;
    };
  }
  return () => count;
}
