/**
 * Short histories of the whole venue without nact, sockets or Postgres: a seed chooses what members and operators do,
 * what breaks, and every next moment. A seed that fails is repeated by test/simulation/replay.ts.
 */
import { expect } from 'chai';
import type { Store } from '../../src/actors/ports.ts';
import { type HistoryOptions, playHistory } from './history.ts';
import { isOpen } from './rows.ts';
import { type Script, scriptOf } from './script.ts';
import { isBroken, shrink } from './shrink.ts';
import { Task } from './task.ts';

const { ONEBOOK_SIMULATION_HISTORIES: histories = '600', ONEBOOK_SIMULATION_SEED: seed = '1' } = process.env;
/** `ONEBOOK_SIMULATION_HISTORIES=100000` for a long run. */
const HISTORY_COUNT = Number(histories);
/** Another first seed, other histories: for runs that look further than the last one did. */
const FIRST_SEED = Number(seed);

/** What a person needs who has to find out why. */
function failureText(script: Script, breaches: readonly string[]): string {
  const short = shrink(script, isBroken);
  return [
    `seed ${script.seed}: ${breaches[0]}`,
    `it is enough to do this: ${JSON.stringify(short.steps.map(({ action }) => action))}`,
    `repeat it with: node test/simulation/replay.ts ${script.seed}`,
  ].join('\n');
}

/** The first seed, of so many, in which a venue with this store breaks a promise. */
function firstBroken(options: HistoryOptions, matches: RegExp): Script | undefined {
  for (let seed = 1; seed <= 300; seed += 1) {
    const script = scriptOf(seed);
    if (playHistory(script, options).breaches.some((text) => matches.test(text))) return script;
  }
  return undefined;
}

describe('simulated venue', () => {
  it(`keeps its promises in ${HISTORY_COUNT} histories`, function () {
    this.timeout(0);
    const sums = { moments: 0, crashes: 0, commits: 0, trades: 0, requests: 0, reports: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORY_COUNT; seed += 1) {
      const script = scriptOf(seed);
      const { breaches, counts } = playHistory(script);
      if (breaches.length > 0) throw new Error(failureText(script, breaches));
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += counts[name];
    }
    // Histories in which nothing happens would keep every promise.
    expect(sums.crashes, 'crashes').to.be.above(HISTORY_COUNT / 2);
    expect(sums.trades, 'trades').to.be.above(HISTORY_COUNT / 2);
    expect(sums.reports, 'reports').to.be.above(HISTORY_COUNT * 10);
  });

  it('does the same again from the same seed, moment by moment', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const [once, again] = [1, 2].map(() => playHistory(scriptOf(seed), { isTraced: true }));
      expect(again?.trace, `seed ${seed}`).to.deep.equal(once?.trace);
      expect(again?.digest, `seed ${seed}`).to.equal(once?.digest);
    }
  });

  it('does something else from another seed', () => {
    const digests = [1, 2, 3].map((seed) => playHistory(scriptOf(seed), { isTraced: true }).digest);
    expect(new Set(digests).size).to.equal(3);
  });

  it('finds a store that acknowledges what it has not written', () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      commit(batch) {
        void store.commit(batch);
        const early = new Task<{ readonly type: 'Committed' }>();
        early.resolve({ type: 'Committed' });
        return early;
      },
    });
    expect(firstBroken({ wrapStore }, /is told and not committed/)).not.to.equal(undefined);
  });

  it('finds a store that forgets which requests it has seen', () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      loadAccount: (userId, tradingDay) =>
        store
          .loadAccount(userId, tradingDay)
          .then((loaded) => ({ ...loaded, clOrdIds: [], orders: loaded.orders })),
    });
    expect(firstBroken({ wrapStore }, /had 2 effects/)).not.to.equal(undefined);
  });

  it('finds a store that forgets over the roll of the day which requests it has seen', () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      loadAccount: (userId, tradingDay) =>
        store.loadAccount(userId, tradingDay).then((loaded) => {
          const { orders, clOrdIds } = loaded;
          return {
            ...loaded,
            orders: orders.filter((order) => isOpen(order) || order.tradingDay === tradingDay),
            clOrdIds: clOrdIds.filter((used) => used.tradingDay === tradingDay),
          };
        }),
    });
    expect(firstBroken({ wrapStore }, /had 2 effects .* on (\S+) and (?!\1)/)).not.to.equal(undefined);
  });

  it('finds a store that loses reports which nobody has heard', () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      openSession: (request) =>
        store
          .openSession(request)
          .then((opened) => ({ ...opened, undelivered: opened.undelivered.slice(1) })),
    });
    expect(firstBroken({ wrapStore }, /was never told/)).not.to.equal(undefined);
  });

  it('finds a store that rolls a book back', () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      loadBook: (symbol) =>
        store.loadBook(symbol).then((loaded) => ({ ...loaded, orders: loaded.orders.slice(1) })),
    });
    expect(firstBroken({ wrapStore }, /is not what its rows say|had to refuse/)).not.to.equal(undefined);
  });

  it('makes a history that fails short', () => {
    const fails = ({ steps }: Script): boolean =>
      steps.some(({ action }) => action.type === 'Send' && action.wishes.some(({ id }) => id === '3.0'));
    const seed = Array.from({ length: 100 }, (_, index) => index + 1).find((one) => fails(scriptOf(one)));
    const short = shrink(scriptOf(seed ?? 0), fails);
    expect(short.steps).to.have.length(1);
    const [step] = short.steps;
    expect(step?.action.type === 'Send' && step.action.wishes.map(({ id }) => id)).to.deep.equal(['3.0']);
  });
});
