/**
 * The order of what a session asks, while accounts and books go from engine to engine and nodes see it late: nothing reaches
 * an account before what the session had sent before it.
 */
import { expect } from 'chai';
import { shardOf } from '../../src/cluster/membership.ts';
import type { Faults } from '../../src/cluster/memory-carrier.ts';
import { buyOrder, cancelOrder, massCancel } from '../support/member-commands.ts';
import { type Random, randomFrom } from '../support/random.ts';
import type { RoutedMember } from '../support/routed-member.ts';
import { RoutedVenue } from '../support/routed-venue.ts';

const ALICE = 1;
const SYMBOL = 'BTC-USD';
const ENGINES = ['engine-1', 'engine-2', 'engine-3'];
const SHARDS = [shardOf(ALICE) ?? 0];
const BAD: Faults = { loss: 0.2, repeat: 0.2, minDelayMs: 0, maxDelayMs: 10 };
const VIEW_DELAY_MS = 40;

describe('what a session asks while its account moves', () => {
  let venue: RoutedVenue;

  async function open(seed: number, viewDelayMs: number, faults?: Faults): Promise<RoutedMember> {
    venue = new RoutedVenue(seed, faults, viewDelayMs);
    venue.putBook(SYMBOL, 'engine-2');
    for (const name of ENGINES) await venue.startEngine(name);
    await venue.own('engine-1');
    await venue.pass(200);
    await venue.engines.get('engine-1')?.deposit(ALICE, 'USD', '100000');
    await venue.pass(50);
    return venue.member(ALICE);
  }

  afterEach(() => {
    venue.audit();
    venue.shutdown();
  });

  /** Calls `meanwhile` in every millisecond until it is done. */
  async function during(work: Promise<void>, meanwhile: () => void): Promise<void> {
    let isDone = false;
    const ended = work.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      meanwhile();
      await venue.pass(1);
    }
    await ended;
  }

  /** Numbers what it sends; every tenth or so is a mass cancel. */
  function sender(alice: RoutedMember, random: Random): () => void {
    let no = 0;
    return () => {
      if (venue.router.status().keptCommands > 300) return;
      no += 1;
      if (random.chance(0.1)) alice.send(massCancel(`q${no}`));
      else alice.send(buyOrder(`o${no}`, '0.01', random.pick(['90', '100', '110'])));
    };
  }

  const numberOf = (clOrdId: string): number => Number(clOrdId.slice(1));

  /** Orders that were canceled by a mass cancel which was sent before them. */
  function canceledTooEarly(): string[] {
    return venue.store.reports.flatMap((report) => {
      if (!('execType' in report) || report.execType !== '4' || !report.clOrdId.startsWith('q')) return [];
      const entry = venue.store.orders.get(report.orderId ?? 0)?.entryClOrdId ?? '';
      return numberOf(entry) > numberOf(report.clOrdId) ? [`${entry} by ${report.clOrdId}`] : [];
    });
  }

  /** Mass cancels that have told another number of orders than they have canceled. */
  function countedWrongly(): string[] {
    const canceled = new Map<string, number>();
    for (const report of venue.store.reports) {
      if (!('execType' in report) || report.execType !== '4') continue;
      canceled.set(report.clOrdId, (canceled.get(report.clOrdId) ?? 0) + 1);
    }
    return venue.store.reports.flatMap((report) => {
      if (report.type !== 'OrderMassCancelReport' || report.totalAffectedOrders === undefined) return [];
      const { clOrdId, totalAffectedOrders } = report;
      const count = canceled.get(clOrdId) ?? 0;
      return totalAffectedOrders === count ? [] : [`${clOrdId}: ${totalAffectedOrders} of ${count}`];
    });
  }

  for (const seed of [2, 8, 12, 18, 45, 58]) {
    it(`is done in its order, however late nodes see who has it (seed ${seed})`, async () => {
      const alice = await open(seed, VIEW_DELAY_MS, seed % 2 === 0 ? BAD : undefined);
      const random = randomFrom(seed);
      const send = sender(alice, random);
      for (let round = 0; round < 12; round += 1) {
        const items = random.chance(0.3)
          ? { symbols: [SYMBOL], shards: [] }
          : { symbols: [], shards: SHARDS };
        await during(venue.give(items, random.pick(ENGINES)), send);
        await venue.pass(random.integer(0, 5));
      }
      alice.send(massCancel('q100000'));
      await venue.answered();
      await venue.pass(200);
      expect(alice.refusals).to.deep.equal([]);
      expect(canceledTooEarly()).to.deep.equal([]);
      expect(countedWrongly()).to.deep.equal([]);
      expect(venue.store.openOrders().map(({ clOrdId }) => clOrdId)).to.deep.equal([]);
    });
  }

  it('is canceled on disconnect with what the router has still to send', async () => {
    const alice = await open(1, 0);
    alice.send(buyOrder('a', '0.01', '90'));
    await venue.answered();
    await venue.give({ symbols: [], shards: SHARDS }, undefined);
    alice.send(buyOrder('b', '0.01', '90'));
    await venue.pass(2);
    venue.leave(alice);
    await venue.pass(50);
    await venue.give({ symbols: [], shards: SHARDS }, 'engine-3');
    await venue.answered();
    await venue.pass(50);
    expect(alice.lines()).to.deep.equal([
      '8 0/0 a 0/0.01',
      '8 0/0 b 0/0.01',
      '8 4/4 a 0/0 378=99',
      '8 4/4 b 0/0 378=99',
    ]);
  });

  it('goes before what a later session of the same member asks', async () => {
    const first = await open(1, 0);
    const second = venue.member(ALICE, 2);
    await venue.give({ symbols: [], shards: SHARDS }, undefined);
    first.send(buyOrder('a', '0.01', '90'));
    await venue.pass(2);
    second.send(cancelOrder('b', 'a'));
    await venue.give({ symbols: [], shards: SHARDS }, 'engine-3');
    await venue.answered();
    expect(venue.store.openOrders()).to.deep.equal([]);
  });
});
