/**
 * Each node on a machine of its own, and links between machines cut while members trade: at most one engine trades a
 * symbol, and everything recovers when the link is mended.
 */
import { expect } from 'chai';
import { delay, systemClock } from '../../../src/platform/clock.ts';
import { ACCEPTED, answersSince, longestWait } from '../../support/cluster-clients.ts';
import {
  type Link,
  machinesRefused,
  makeMachines,
  type NamedMachines,
} from '../../support/cluster-machines.ts';
import { ClusterMarket } from '../../support/cluster-market.ts';
import { hasNatsServer } from '../../support/nats-server.ts';
import { until } from '../../support/until.ts';
import { TIMEOUT_MS, tell } from '../market.ts';

const NODES = ['engine-1', 'engine-2', 'gateway-1', 'gateway-2'] as const;
const LEASE_MS = 1_500;
/** An engine without NATS keeps its symbols for so long. */
const RELEASE_AFTER_MS = 2_000;
const RATE_PER_SECOND = 150;
const WARM_UP_MS = 1_500;
/** From the cut on, others trade what was the engine's. */
const TAKEOVER_MS = 12_000;

describe('A cluster on several machines', function () {
  this.timeout(TIMEOUT_MS);
  let machines: NamedMachines | undefined;
  let market: ClusterMarket | undefined;
  before(function () {
    if (!hasNatsServer()) this.skip();
    const refused = machinesRefused();
    if (refused === undefined) return;
    tell(`network namespaces are not permitted here (${refused}): tests that cut links are skipped`);
    this.skip();
  });
  beforeEach(async () => {
    machines ??= makeMachines(NODES);
    market ??= await ClusterMarket.open({ machines, lease: { ttlMs: LEASE_MS } });
  });
  const close = async (): Promise<void> => {
    await market?.close();
    market = undefined;
    machines?.remove();
    machines = undefined;
  };
  afterEach(async function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(market?.cluster.logEnd());
    await close();
  });
  after(close);

  const parts = (): { readonly market: ClusterMarket; readonly machines: NamedMachines } => {
    if (market === undefined || machines === undefined) throw new Error('there is no market');
    return { market, machines };
  };

  const cases: readonly (readonly [name: string, links: readonly Link[], seed: number])[] = [
    ['NATS only', ['nats'], 41],
    ['Postgres only', ['database'], 42],
    ['both NATS and Postgres', ['nats', 'database'], 43],
  ];
  for (const [name, links, seed] of cases) {
    it(`has one engine a symbol when an engine is cut off from ${name}`, async () => {
      const { market, machines } = parts();
      const stop = market.startTrading(RATE_PER_SECOND, seed);
      await cutEngineOff(market, machines, name, links);
      stop();
      await market.expectTruth();
    });
  }

  it('serves members elsewhere when their gateway is cut off', async () => {
    const { market, machines } = parts();
    const { cluster, members } = market;
    const gateway = 'gateway-1';
    const theirs = members.filter(({ address }) => address.host === machines.addressOf(gateway));
    expect(theirs, 'members of the gateway').not.to.deep.equal([]);
    const stop = market.startTrading(RATE_PER_SECOND, 44);
    await delay(systemClock, WARM_UP_MS);
    const cutAt = systemClock.now();
    machines.cut(gateway, 'nats', 'database', 'members');
    const elsewhere = (): boolean =>
      theirs.every((member) => member.isOn && member.address.host !== machines.addressOf(gateway));
    // Those that have asked for nothing do not notice.
    for (const member of theirs) member.cut();
    await until('its members to be on elsewhere', elsewhere, 30_000);
    const tookMs = systemClock.now() - cutAt;
    await delay(systemClock, WARM_UP_MS);
    machines.mend(gateway, 'nats', 'database', 'members');
    await cluster.untilReady();
    stop();
    await market.expectTruth();
    tell(
      `${gateway} was cut off from everything: its ${theirs.length} members were on elsewhere ${tookMs} ms later`,
    );
  });
});

/** Cuts the links of an engine that has symbols, until the other one trades them, and mends them. */
async function cutEngineOff(
  market: ClusterMarket,
  machines: NamedMachines,
  name: string,
  links: readonly Link[],
): Promise<void> {
  const { cluster, members } = market;
  const victim = await cluster.busiestEngine();
  const symbols = await cluster.symbolsOf(victim);
  await delay(systemClock, WARM_UP_MS);
  const cutAt = systemClock.now();
  machines.cut(victim, ...links);
  await until(
    'the other engine to own everything',
    async () => (await cluster.symbolsOf(victim)).length === 0,
    TAKEOVER_MS,
  );
  const accepted = () => answersSince(members, cutAt, symbols).filter(({ answer }) => answer === ACCEPTED);
  await until(
    'its symbols to trade at the other engine',
    () => new Set(accepted().map(({ symbol }) => symbol)).size === symbols.length,
    TAKEOVER_MS,
  );
  await delay(systemClock, RELEASE_AFTER_MS);
  const mendedAt = systemClock.now();
  machines.mend(victim, ...links);
  await cluster.untilReady();
  const backMs = systemClock.now() - mendedAt;
  await delay(systemClock, WARM_UP_MS);
  const longest = longestWait(answersSince(members, cutAt));
  tell(
    `${victim} was cut off from ${name}: longest wait for an answer ${longest} ms; ready again ${backMs} ms after ` +
      'the link was mended',
  );
}
