/** What events do to balances: each case in full, then conservation over random markets. */
import { expect } from 'chai';
import fc from 'fast-check';
import { holdFor } from '../../src/accounts/holds.ts';
import {
  type BalanceChange,
  BalanceChanges,
  balanceChanges,
  FEE_USER_ID,
} from '../../src/accounts/settlement.ts';
import { type BookCommand, type BookEvent, BUY } from '../../src/matching/types.ts';
import { AT, buy, cancel, emptyBook, replace, run, sell } from '../support/book-commands.ts';
import { BTC_USD, makeInstrument } from '../support/instruments.ts';
import { randomFrom } from '../support/random.ts';
import { RandomCommands } from '../support/random-commands.ts';

/** A tick-lot is one unit of USD and a lot is {@link LOT} units of BTC, so that expectations are small numbers. */
const UNIT = makeInstrument({ tick: '0.000000001', lot: '0.000000001' });
const LOT = 1_000_000_000n;
/** 1% and 2%. */
const RATES = { makerFeeRate: 1_000_000, takerFeeRate: 2_000_000 };

const ALICE = 101;
const BOB = 102;

function summed(events: readonly BookEvent[], instrument = UNIT): BalanceChange[] {
  const changes = new BalanceChanges();
  for (const event of events) changes.add(balanceChanges(event, instrument));
  return changes.sorted();
}

describe('settlement', () => {
  it('holds the cost of a buy when it is accepted, and gives it back on a cancel', () => {
    const book = emptyBook();
    const [accepted] = run(book, buy(1, 10, 100, RATES));
    expect(summed([accepted as BookEvent])).to.deep.equal([
      { userId: ALICE, asset: 'USD', amount: 0n, held: 1_020n },
    ]);
    expect(summed(run(book, cancel(1)))).to.deep.equal([
      { userId: ALICE, asset: 'USD', amount: 0n, held: -1_020n },
    ]);
  });

  it('holds the base asset of a sell, and gives back what expires', () => {
    const book = emptyBook();
    expect(summed(run(book, sell(1, 10, 100, RATES)))).to.deep.equal([
      { userId: ALICE, asset: 'BTC', amount: 0n, held: 10n * LOT },
    ]);
    expect(summed(run(book, { type: 'ExpireOrders', tradingDay: '9999-12-31' }))).to.deep.equal([
      { userId: ALICE, asset: 'BTC', amount: 0n, held: -10n * LOT },
    ]);
  });

  it('settles a trade between a selling maker and a buying taker, with a better price than the limit', () => {
    const book = emptyBook();
    run(book, sell(1, 10, 100, RATES));
    const [, trade] = run(book, buy(2, 4, 110, RATES));
    // 4 at 100 is 400: the maker pays 4, the taker 8. The taker had held 440 and 8.8, rounded down.
    expect(summed([trade as BookEvent])).to.deep.equal([
      { userId: FEE_USER_ID, asset: 'USD', amount: 12n, held: 0n },
      { userId: ALICE, asset: 'BTC', amount: -4n * LOT, held: -4n * LOT },
      { userId: ALICE, asset: 'USD', amount: 396n, held: 0n },
      { userId: BOB, asset: 'BTC', amount: 4n * LOT, held: 0n },
      { userId: BOB, asset: 'USD', amount: -408n, held: -448n },
    ]);
  });

  it('settles a trade between a buying maker and a selling taker, and keeps the hold of what is left', () => {
    const book = emptyBook();
    run(book, buy(1, 10, 100, RATES));
    const [, trade] = run(book, sell(2, 4, 90, RATES));
    // The maker's hold goes from 1020 to 612.
    expect(summed([trade as BookEvent])).to.deep.equal([
      { userId: FEE_USER_ID, asset: 'USD', amount: 12n, held: 0n },
      { userId: ALICE, asset: 'BTC', amount: 4n * LOT, held: 0n },
      { userId: ALICE, asset: 'USD', amount: -404n, held: -408n },
      { userId: BOB, asset: 'BTC', amount: -4n * LOT, held: -4n * LOT },
      { userId: BOB, asset: 'USD', amount: 392n, held: 0n },
    ]);
  });

  it('settles a trade of a user with oneself: only the fees are gone', () => {
    const book = emptyBook();
    run(book, sell(1, 4, 100, { ...RATES, userId: ALICE }));
    const [, trade] = run(book, buy(2, 4, 100, { ...RATES, userId: ALICE }));
    expect(summed([trade as BookEvent])).to.deep.equal([
      { userId: FEE_USER_ID, asset: 'USD', amount: 12n, held: 0n },
      { userId: ALICE, asset: 'BTC', amount: 0n, held: -4n * LOT },
      { userId: ALICE, asset: 'USD', amount: -12n, held: -408n },
    ]);
  });

  it('pays 0.1 + 0.2 with exactly 0.3', () => {
    const instrument = makeInstrument({ tick: '0.1', lot: '1', makerBps: 0, takerBps: 0 });
    const free = { makerFeeRate: 0, takerFeeRate: 0 };
    const book = emptyBook();
    run(book, sell(1, 1, 1, free), sell(2, 1, 2, free));
    const events = run(book, buy(3, 2, 2, free)).filter((event) => event.type === 'TradeExecuted');
    const paid = summed(events, instrument).find((change) => change.userId === 103 && change.asset === 'USD');
    expect(paid?.amount).to.equal(-300_000_000_000_000_000n);
  });

  it('moves a hold by the difference that a replace makes, and says nothing where there is none', () => {
    const book = emptyBook();
    run(book, buy(1, 10, 100, RATES), sell(2, 10, 200, RATES));
    expect(summed(run(book, replace(1, 10, 90)))).to.deep.equal([
      { userId: ALICE, asset: 'USD', amount: 0n, held: 918n - 1_020n },
    ]);
    expect(summed(run(book, replace(2, 12, 200)))).to.deep.equal([
      { userId: BOB, asset: 'BTC', amount: 0n, held: 2n * LOT },
    ]);
    const [replaced] = run(book, replace(2, 12, 210));
    expect(balanceChanges(replaced as BookEvent, UNIT)).to.deep.equal([]);
  });

  it('releases the hold of an order that a replace ends as filled', () => {
    const book = emptyBook();
    run(book, buy(1, 10, 100, RATES), sell(2, 4, 100, RATES));
    expect(summed(run(book, replace(1, 4, 100)))).to.deep.equal([
      { userId: ALICE, asset: 'USD', amount: 0n, held: -612n },
    ]);
  });

  it('makes no change of an account that earns no fee', () => {
    const book = emptyBook();
    const free = { makerFeeRate: 0, takerFeeRate: 0 };
    run(book, sell(1, 4, 100, free));
    const users = run(book, buy(2, 4, 100, free)).flatMap((e) =>
      balanceChanges(e, UNIT).map((c) => c.userId),
    );
    expect(users).not.to.include(FEE_USER_ID);
  });

  it('conserves every asset, never touches what is not held, and holds exactly what open orders need', () => {
    const anyRates = fc.record({
      makerFeeRate: fc.integer({ min: 0, max: 10_000_000 }),
      takerFeeRate: fc.integer({ min: 0, max: 10_000_000 }),
    });
    fc.assert(
      fc.property(fc.integer(), anyRates, (seed, rates) => {
        const ledger = new Ledger();
        const profile = {
          name: '',
          lowestPrice: 90,
          highestPrice: 110,
          largestQuantity: 9,
          openOrderAim: 15,
          hasInstructions: true,
        };
        const commands = new RandomCommands(randomFrom(seed), profile);
        for (let step = 0; step < 60; step += 1) {
          const command = commands.next([...ledger.book.openOrders()]);
          ledger.step(command.type === 'EnterOrder' ? { ...command, ...rates } : command);
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

/** Balances kept by settlement beside a book, judged after every event. */
class Ledger {
  readonly book = emptyBook();
  readonly #held = new Map<string, bigint>();

  step(command: BookCommand): void {
    const events: BookEvent[] = [];
    this.book.execute(command, AT, events);
    for (const event of events) this.#settle(event);
    const needed = new Map<string, bigint>();
    for (const order of this.book.openOrders()) {
      const { asset, amount } = holdFor(BTC_USD, order);
      const key = `${order.userId} ${asset}`;
      needed.set(key, (needed.get(key) ?? 0n) + amount);
    }
    const held = [...this.#held].filter(([, amount]) => amount !== 0n);
    expect(new Map(held)).to.deep.equal(needed);
  }

  #settle(event: BookEvent): void {
    const sums = new Map<string, bigint>();
    for (const { userId, asset, amount, held } of balanceChanges(event, BTC_USD)) {
      sums.set(asset, (sums.get(asset) ?? 0n) + amount);
      const key = `${userId} ${asset}`;
      const heldNow = (this.#held.get(key) ?? 0n) + held;
      this.#held.set(key, heldNow);
      expect(heldNow >= 0n, `${key} holds ${heldNow}`).to.equal(true);
      // What a trade takes comes out of the hold that it frees, so that the available balance never falls.
      if (event.type === 'TradeExecuted') expect(amount - held >= 0n, `${key} pays ${amount}`).to.equal(true);
    }
    for (const [asset, sum] of sums) expect(sum, `${asset} made from nothing`).to.equal(0n);
  }
}

describe('balance changes', () => {
  it('are one per user and asset, in one order, without empty sums', () => {
    const changes = new BalanceChanges();
    const change = (userId: number, asset: string, amount: bigint, held: bigint) => ({
      userId,
      asset,
      amount,
      held,
    });
    changes.add([change(10, 'USD', 5n, 1n), change(2, 'USD', 1n, 0n), change(10, 'BTC', 1n, 1n)]);
    changes.add([change(10, 'USD', -2n, 1n), change(2, 'ETH', 3n, -3n), change(10, 'BTC', -1n, -1n)]);
    expect(changes.sorted()).to.deep.equal([
      change(2, 'ETH', 3n, -3n),
      change(2, 'USD', 1n, 0n),
      change(10, 'USD', 3n, 2n),
    ]);
  });

  it('of an order that came and went are nothing at all', () => {
    const book = emptyBook();
    expect(summed(run(book, buy(1, 10, 100, { timeInForce: '4' })))).to.deep.equal([]);
    expect(summed(run(book, buy(2, 10, 100, { side: BUY }), cancel(2)))).to.deep.equal([]);
  });
});
