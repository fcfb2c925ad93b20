/** Accounts, the real book and settlement together, on random requests of every kind: nobody spends what is not there. */
import { expect } from 'chai';
import fc from 'fast-check';
import { holdFor } from '../../src/accounts/holds.ts';
import { ticks } from '../../src/matching/types.ts';
import { makeInstrument } from '../support/instruments.ts';
import { TODAY } from '../support/judging-desk.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { RandomRequests } from '../support/random-requests.ts';
import { SmallMarket } from '../support/small-market.ts';

const MEMBERS = [1, 2, 3];
const ASSETS = ['USD', 'BTC'];

describe('accounts, book and settlement', () => {
  for (const postOnlySlides of [false, true]) {
    it(`never hold too little or too much, whatever members send (post-only ${postOnlySlides ? 'slides' : 'is refused'})`, () => {
      const kinds = new Set<string>();
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          for (const kind of playDay(randomFrom(seed), postOnlySlides)) kinds.add(kind);
        }),
        { numRuns: 60, seed: 21 },
      );
      // What the property is about has happened at all.
      expect([...kinds].sort()).to.include.members(['0', '4', '5', '8', '9', 'C', 'D', 'F', 'I', 'L', 'r']);
    });
  }
});

/** Plays a day of random requests in which sending, matching and committing take turns; returns what was told. */
function playDay(random: Random, postOnlySlides: boolean): Set<string> {
  const instrument = makeInstrument({ postOnlySlides, lot: '0.1', makerBps: 30, takerBps: 70 });
  const market = new SmallMarket(
    {
      1: { balances: { USD: '3000', BTC: '20' } },
      2: { balances: { USD: '2000', BTC: '5' }, terms: { selfTradePrevention: 'Decrement' } },
      3: { balances: { USD: '800', BTC: '30' }, terms: { maxOpenOrders: 9 } },
    },
    { instrument, referencePrice: ticks(10_000) },
  );
  const requests = new Map(MEMBERS.map((userId) => [userId, new RandomRequests(random)]));
  const kinds = new Set<string>();
  for (let step = 0; step < 250; step += 1) {
    const draw = random.next();
    if (draw < 0.7) {
      const userId = random.pick(MEMBERS);
      const request = requests.get(userId)?.next();
      if (request !== undefined) market.send(userId, request);
    } else if (draw < 0.85) market.match();
    else if (draw < 0.97) market.commit();
    else if (draw < 0.98) market.bounceAll({ type: 'BookUnavailable', text: 'being rebuilt' });
    else {
      market.at += 20;
      market.operate({ type: 'ExpireOrders', tradingDay: TODAY, upTo: market.at });
    }
    if (random.chance(0.05)) market.settle();
    judge(market);
    for (const userId of MEMBERS) {
      for (const report of market.reports(userId)) kinds.add(kindOf(report));
    }
  }
  market.settle();
  judge(market);
  return kinds;
}

function kindOf(report: ReturnType<SmallMarket['reports']>[number]): string {
  if (report.type === 'ExecutionReport') return report.execType;
  return report.type === 'OrderCancelReject' ? '9' : 'r';
}

/** What must hold at any moment, and more when nothing is in flight. */
function judge(market: SmallMarket): void {
  const needed = new Map<string, bigint>();
  for (const order of market.book.openOrders()) {
    const { asset, amount } = holdFor(market.instrument, order);
    const key = `${order.userId} ${asset}`;
    needed.set(key, (needed.get(key) ?? 0n) + amount);
  }
  for (const userId of MEMBERS) {
    const { balances } = market.account(userId);
    balances.check();
    for (const asset of ASSETS) {
      const row = market.row(userId, asset);
      const label = `${asset} of ${userId}`;
      expect(row.held >= 0n && row.held <= row.amount, `the rows hold ${row.held} ${label}`).to.equal(true);
      expect(balances.amount(asset), label).to.equal(row.amount);
      const held = balances.amount(asset) - balances.available(asset);
      expect(held >= row.held, `the account holds ${held} ${label}, the rows ${row.held}`).to.equal(true);
      if (market.isBusy) continue;
      expect(row.held, `needed ${label}`).to.equal(needed.get(`${userId} ${asset}`) ?? 0n);
      expect(held, `held ${label}`).to.equal(row.held);
    }
  }
}
