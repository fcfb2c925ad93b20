/**
 * Money, counted a second time: from what members were told and what they sent, with arithmetic of its own, beside the
 * rows that accounts, book and settlement make of random requests, transfers, changes of fees, busts and corrections.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { Account } from '../../src/accounts/account.ts';
import { fundsNeeded } from '../../src/accounts/amendments.ts';
import { balanceChanges } from '../../src/accounts/settlement.ts';
import { NO_TERMS, type TradingTerms } from '../../src/accounts/trading-terms.ts';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import {
  type AmendTrade,
  BUY,
  type OrderId,
  type OrderSnapshot,
  type ReplaceOrder,
  type Side,
  ticks,
  type UserId,
} from '../../src/matching/types.ts';
import { makeInstrument } from '../support/instruments.ts';
import { TODAY, units } from '../support/judging-desk.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { RandomAmendments } from '../support/random-amendments.ts';
import { RandomRequests } from '../support/random-requests.ts';
import { costIn, type Rates, SecondCount, VENUE } from '../support/second-count.ts';
import { SmallMarket } from '../support/small-market.ts';
import { type OpenTerms, worstNeed } from '../support/worst-need.ts';

const MEMBERS = [1, 2, 3];
const ASSETS = ['USD', 'BTC'];
const START = {
  1: { balances: { USD: '3000', BTC: '20' } },
  2: { balances: { USD: '2000', BTC: '5' }, terms: { selfTradePrevention: 'Decrement' } },
  3: { balances: { USD: '800', BTC: '30' } },
} as const;
/** As fine as a venue's money can be: a tick of a lot is the smallest unit, so that fees are rounded. */
const INSTRUMENT = makeInstrument({ tick: '0.000000001', lot: '0.000000001', postOnlySlides: true });
/** In 10^-8 of the notional: nothing, next to nothing, odd, usual, half, all of it. */
const RATES = [0, 1, 123_457, 200_000, 50_000_000, 100_000_000];
/** Of more replaces of one order than these, those before are left out: they may be refused, and fewer ways are to be gone. */
const FOLLOWED_REPLACES = 3;

/** An order as its member's account knows it: committed, or sent. */
interface KnownOrder extends OpenTerms {
  readonly userId: UserId;
  readonly side: Side;
  readonly rates: Rates;
  readonly replaces: ReplaceOrder[];
}

/** One random day. */
class Day {
  #committed: readonly OrderSnapshot[] = [];
  readonly count = new SecondCount();
  readonly kinds = new Set<string>();
  readonly #random: Random;
  readonly #amendments: RandomAmendments;
  readonly #requests: Map<UserId, RandomRequests>;
  readonly #rates = new Map<UserId, Rates>();
  readonly market: SmallMarket;

  constructor(random: Random) {
    this.#random = random;
    this.#amendments = new RandomAmendments(random);
    this.#requests = new Map(MEMBERS.map((userId) => [userId, new RandomRequests(random)]));
    this.market = new SmallMarket(START, {
      instrument: INSTRUMENT,
      referencePrice: ticks(100_000_000_000),
      observe: (events) => this.#amendments.observe(events),
    });
    for (const userId of MEMBERS) {
      this.#agree(userId);
      const { balances } = START[userId as keyof typeof START];
      for (const [asset, amount] of Object.entries(balances))
        this.count.transfer(userId, asset, units(amount));
    }
  }

  play(steps: number): void {
    const { market } = this;
    const random = this.#random;
    for (let step = 0; step < steps; step += 1) {
      const draw = random.next();
      const userId = random.pick(MEMBERS);
      if (draw < 0.66) this.#request(userId);
      else if (draw < 0.8) market.match();
      else if (draw < 0.93) this.#commit();
      else if (draw < 0.95) this.#transfer(userId);
      else if (draw < 0.96) this.#agree(userId);
      else if (draw < 0.97) market.bounceAll({ type: 'BookUnavailable', text: 'being rebuilt' });
      else if (draw < 0.98) {
        market.at += 20;
        market.operate({ type: 'ExpireOrders', tradingDay: TODAY, upTo: market.at });
      } else {
        this.#settle();
        this.#amend();
      }
      this.#judgeSetAside();
    }
    this.#settle();
    for (const userId of MEMBERS) this.#judgeRebuilt(userId);
  }

  #request(userId: UserId): void {
    const request = this.#requests.get(userId)?.next();
    if (request === undefined) return;
    const command = finer(request, this.#random);
    const rates = this.#rates.get(userId) ?? { maker: 0, taker: 0 };
    if (command.type === 'NewOrderSingle') this.count.sent(userId, command.clOrdId, rates);
    this.market.send(userId, command);
  }

  /** Other fees for the orders that come; those that are there keep theirs. */
  #agree(userId: UserId): void {
    const rates = { maker: this.#random.pick(RATES), taker: this.#random.pick(RATES) };
    this.#rates.set(userId, rates);
    const { terms = {} } = { terms: {}, ...START[userId as keyof typeof START] };
    const agreed: TradingTerms = {
      ...NO_TERMS,
      ...terms,
      makerFeeRate: rates.maker,
      takerFeeRate: rates.taker,
    };
    this.market.account(userId).setTerms(agreed);
  }

  #transfer(userId: UserId): void {
    const { market } = this;
    const asset = this.#random.pick(ASSETS);
    const row = market.row(userId, asset);
    const free = row.amount - row.held;
    const more = units('500.000000000000000001');
    const amount = this.#random.pick([more, more, more, -free, -free - 1n, -row.amount, -1n]);
    if (amount === 0n) return;
    const outcome = market.account(userId).transfer(asset, amount, 'not asked twice');
    if (typeof outcome === 'string') {
      if (!market.isBusy) expect(free + amount < 0n, outcome).to.equal(true);
      return;
    }
    expect(outcome, `${asset} of ${userId}`).to.equal(row.amount + amount);
    this.count.transfer(userId, asset, amount);
    market.rows.set(`${userId} ${asset}`, { ...row, amount: row.amount + amount });
    this.kinds.add('transfer');
  }

  /** Takes a trade back or corrects it, if its parties and the venue have what it takes. */
  #amend(): void {
    const amendment = this.#amendments.next();
    if (amendment === undefined || !this.#isCovered(amendment)) return;
    this.market.operate(amendment);
    this.#settle();
  }

  #isCovered(amendment: AmendTrade): boolean {
    const { market } = this;
    const { maker, taker } = amendment;
    const event = {
      ...amendment,
      type: 'TradeAmended',
      symbol: INSTRUMENT.symbol,
      at: 0,
      maker,
      taker,
    } as const;
    const numbers = { seq: 1, makerSeq: 1, takerSeq: 2 };
    const needed = new Map<string, bigint>();
    for (const [userId, holds] of fundsNeeded(balanceChanges({ ...event, ...numbers }, INSTRUMENT))) {
      for (const { asset, amount } of holds) {
        const key = `${userId} ${asset}`;
        needed.set(key, (needed.get(key) ?? 0n) + amount);
      }
    }
    return [...needed].every(([key, amount]) => {
      const [userId = '', asset = ''] = key.split(' ');
      const row = market.row(Number(userId), asset);
      return row.amount - row.held >= amount;
    });
  }

  #settle(): void {
    while (this.market.isBusy) {
      this.market.match();
      this.#commit();
    }
  }

  #commit(): void {
    this.market.commit();
    this.#committed = [...this.market.book.openOrders()];
    for (const userId of MEMBERS) {
      for (const report of this.market.reports(userId)) {
        this.kinds.add(report.type === 'ExecutionReport' ? report.execType : report.type);
        if (report.type === 'ExecutionReport') this.count.told(report);
      }
    }
    this.#judge();
  }

  #judge(): void {
    const { market, count } = this;
    for (const asset of ASSETS) {
      const users = [VENUE, ...MEMBERS];
      const owned = users.reduce((sum, userId) => sum + market.row(userId, asset).amount, 0n);
      const transferred = users.reduce(
        (sum, userId) => sum + (count.transferred.get(`${userId} ${asset}`) ?? 0n),
        0n,
      );
      expect(owned, `all ${asset}`).to.equal(transferred);
      for (const userId of users) {
        expect(market.row(userId, asset).amount, `${asset} of ${userId}`).to.equal(
          count.amount(userId, asset),
        );
        expect(market.row(userId, asset).held, `held ${asset} of ${userId}`).to.equal(
          this.#needed(userId, asset),
        );
      }
    }
    for (const userId of MEMBERS) market.account(userId).balances.check();
  }

  /** Price × leaves and the larger fee of a buy, the leaves of a sell; in units, from the text of nothing but numbers. */
  #needed(userId: UserId, asset: string): bigint {
    let sum = 0n;
    for (const order of this.market.book.openOrders()) {
      if (order.userId !== userId || (order.side === BUY) !== (asset === 'USD')) continue;
      const rates = this.count.ratesOf.get(order.orderId) ?? { maker: -1, taker: -1 };
      sum += costIn(asset, rates)(order.price, order.leavesQty);
    }
    return sum;
  }

  /** What members cannot spend is what their orders can come to need, each with all that is on its way to it. */
  #judgeSetAside(): void {
    const { market } = this;
    const orders = this.#knownOrders();
    for (const userId of MEMBERS) {
      for (const asset of ASSETS) {
        const own = orders.filter(
          (order) => order.userId === userId && (order.side === BUY) === (asset === 'USD'),
        );
        const needed = own.reduce(
          (sum, order) =>
            sum + worstNeed(order, order.replaces.slice(-FOLLOWED_REPLACES), costIn(asset, order.rates)),
          0n,
        );
        const setAside = market.row(userId, asset).amount - market.account(userId).balances.available(asset);
        const what = `${asset} that ${userId} cannot spend`;
        if (own.some(({ replaces }) => replaces.length > 1)) {
          expect(setAside >= needed, `${what}: ${setAside} for ${needed}`).to.equal(true);
        } else {
          expect(setAside, what).to.equal(needed);
        }
        if (own.some(({ replaces }) => replaces.length > 0)) this.kinds.add(`replaced ${asset}`);
      }
    }
  }

  #knownOrders(): readonly KnownOrder[] {
    const orders = new Map<OrderId, KnownOrder>();
    for (const order of this.#committed) {
      const rates = this.count.ratesOf.get(order.orderId) ?? { maker: -1, taker: -1 };
      orders.set(order.orderId, { ...order, rates, replaces: [] });
    }
    for (const command of this.market.onTheirWay) {
      if (command.type === 'EnterOrder') {
        const rates = this.count.ratesSent(command.userId, command.clOrdId);
        orders.set(command.orderId, { ...command, cumQty: 0, rates, replaces: [] });
      } else if (command.type === 'ReplaceOrder') {
        orders.get(command.orderId)?.replaces.push(command);
      }
    }
    return [...orders.values()];
  }

  /** An account that is loaded from the rows has the same to spend. */
  #judgeRebuilt(userId: UserId): void {
    const { market } = this;
    const rows = {
      userId,
      lastSeq: 0,
      balances: ASSETS.map((asset) => ({ asset, amount: market.row(userId, asset).amount })),
      orders: [...market.book.openOrders()].filter((order) => order.userId === userId),
      closed: [],
      clOrdIds: [],
      transferIds: [],
      terms: NO_TERMS,
    };
    const rebuilt = new Account(rows, TODAY, () => INSTRUMENT, 1_000);
    for (const asset of ASSETS) {
      const { balances } = market.account(userId);
      expect(rebuilt.balances.available(asset), asset).to.equal(balances.available(asset));
      expect(balances.available(asset), asset).to.equal(
        market.row(userId, asset).amount - market.row(userId, asset).held,
      );
    }
  }
}

/** The same request with a ninth decimal in price and quantity, so that what is traded does not divide evenly. */
function finer(request: MemberCommand, random: Random): MemberCommand {
  if (request.type !== 'NewOrderSingle' && request.type !== 'OrderCancelReplaceRequest') return request;
  const finely = (text: string): string => {
    const [integer, fraction = ''] = text.split('.');
    return `${integer}.${fraction.padEnd(8, '0')}${random.integer(0, 9)}`;
  };
  const { price } = request;
  return {
    ...request,
    orderQty: finely(request.orderQty),
    ...(price === undefined ? {} : { price: finely(price) }),
  };
}

describe('money', () => {
  it('is what members were told, and held as their orders need, whatever they and the operator do', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const day = new Day(randomFrom(seed));
        day.play(250);
        for (const kind of day.kinds) kinds.add(kind);
      }),
      { numRuns: 60, seed: 5 },
    );
    // What the property is about has happened at all.
    const expected = [
      '0',
      '4',
      '5',
      '8',
      'C',
      'D',
      'F',
      'G',
      'H',
      'L',
      'transfer',
      'replaced USD',
      'replaced BTC',
    ];
    expect([...kinds].sort()).to.include.members(expected);
  });
});
