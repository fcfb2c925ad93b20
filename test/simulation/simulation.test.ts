/**
 * Short histories of the whole venue without nact, sockets or Postgres: a seed chooses what members and operators do,
 * what breaks, and every next moment. A seed that fails is repeated by test/simulation/replay.ts.
 */
import { expect } from 'chai';
import type { Store } from '../../src/actors/ports.ts';
import { FAULT_KINDS } from './fault-counts.ts';
import { type HistoryOptions, playHistory } from './history.ts';
import { isOpen, type Rows } from './rows.ts';
import { type Script, scriptOf } from './script.ts';
import { playSeeds, playSeedsOnThreads } from './seeds.ts';
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
    `repeat it with: ONEBOOK_SIMULATION_SEED=${script.seed} node test/simulation/replay.ts`,
  ].join('\n');
}

/** Histories in which each planted defect must be found. */
const SEARCHED = 1_000;

/** The first seed, of so many, in which a venue with this store breaks a promise. */
function firstBroken(options: HistoryOptions, matches: RegExp): Script | undefined {
  for (let seed = 1; seed <= SEARCHED; seed += 1) {
    const script = scriptOf(seed);
    if (playHistory(script, options).breaches.some((text) => matches.test(text))) return script;
  }
  return undefined;
}

describe('simulated venue', () => {
  it(`keeps its promises in ${HISTORY_COUNT} histories`, async function () {
    this.timeout(0);
    const range = { first: FIRST_SEED, count: HISTORY_COUNT };
    const isLong = HISTORY_COUNT >= 2_000;
    const { sums, faults, failures } = isLong ? await playSeedsOnThreads(range, 2) : playSeeds(range);
    const [failure] = failures;
    if (failure !== undefined) throw new Error(failureText(scriptOf(failure.seed), failure.breaches));
    if (HISTORY_COUNT < 600) return;
    // Histories in which nothing happens would keep every promise.
    expect(sums.trades, 'trades').to.be.above(HISTORY_COUNT / 6);
    expect(sums.requests, 'requests').to.be.above(HISTORY_COUNT * 7);
    expect(sums.reports, 'reports').to.be.above(HISTORY_COUNT * 7);
    expect(faults.get('crash of the node'), 'crashes').to.be.above(HISTORY_COUNT / 4);
    expect(FAULT_KINDS.filter((kind) => !faults.has(kind))).to.deep.equal([]);
  });

  it('gives a seed the same history on whichever thread it is played', async () => {
    // More than one thread is given at a time.
    const range = { first: 1, count: 300 };
    const [here, there] = [playSeeds(range), await playSeedsOnThreads(range, 2)];
    expect(there).to.deep.equal(here);
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
      loadOrders: (book, after) =>
        store
          .loadOrders(book, after)
          .then((loaded) => ({ ...loaded, orders: loaded.orders.slice(after === 0 ? 1 : 0) })),
    });
    expect(firstBroken({ wrapStore }, /is not what its rows say|had to refuse/)).not.to.equal(undefined);
  });

  it('finds a store that does not ask whose book it writes', () => {
    const wrapStore = (store: Store, rows: Rows): Store => ({
      ...store,
      commit: (batch) => {
        const books = batch.books.map((book) => ({ ...book, epoch: rows.book(book.symbol).epoch }));
        return store.commit({ ...batch, books });
      },
    });
    expect(firstBroken({ wrapStore }, /is written by a node that has lost it/)).not.to.equal(undefined);
  });

  it('finds a store that writes a commit again whose answer was lost', () => {
    const wrapStore = (store: Store, rows: Rows): Store => ({
      ...store,
      commit: (batch) => store.commit({ ...batch, commitNo: rows.lastCommitNo + 1 }),
    });
    expect(firstBroken({ wrapStore }, /comes next|had to refuse/)).not.to.equal(undefined);
  });

  it('finds a store that loses the fees', () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      commit: (batch) =>
        store.commit({ ...batch, balances: batch.balances.filter(({ userId }) => userId !== 0) }),
    });
    expect(firstBroken({ wrapStore }, /came from nowhere/)).not.to.equal(undefined);
  });

  it('finds a store that holds nothing for open orders', () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      commit: (batch) =>
        store.commit({ ...batch, balances: batch.balances.map((change) => ({ ...change, held: 0n })) }),
    });
    expect(firstBroken({ wrapStore }, /is held, and open orders need/)).not.to.equal(undefined);
  });

  it('finds an account that spends money which it does not have', () => {
    const wrapStore = (store: Store): Store => ({
      ...store,
      loadAccount: (userId, tradingDay) =>
        store.loadAccount(userId, tradingDay).then((loaded) => {
          const balances = loaded.balances.map((balance) => ({ ...balance, amount: balance.amount * 2n }));
          return { ...loaded, balances };
        }),
    });
    expect(firstBroken({ wrapStore }, /had to refuse commit \d+: held/)).not.to.equal(undefined);
  });

  it('finds a store that tells a member the reports of another life twice', () => {
    const wrapStore = (store: Store, rows: Rows): Store => ({
      ...store,
      openSession: (request) =>
        store.openSession(request).then((opened) => {
          const undelivered = rows.reportsOf.get(request.userId) ?? [];
          return { ...opened, undelivered, deliveryUncertain: false };
        }),
    });
    expect(firstBroken({ wrapStore }, /twice without a mark/)).not.to.equal(undefined);
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
