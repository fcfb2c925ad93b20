/** Busts and corrections as money and as words: who pays whom, who lacks what, and what members are told. */
import { expect } from 'chai';
import { fundsNeeded, type StandingTrade, termsAfter } from '../../src/accounts/amendments.ts';
import { reportsOf } from '../../src/accounts/reports.ts';
import {
  type BalanceChange,
  BalanceChanges,
  balanceChanges,
  FEE_USER_ID,
} from '../../src/accounts/settlement.ts';
import type { BookEvent, TradeAmended, TradeExecuted } from '../../src/matching/types.ts';
import { bust, correct, lastTrade } from '../support/amend-commands.ts';
import { AT, buy, emptyBook, run, sell } from '../support/book-commands.ts';
import { BTC_USD, makeInstrument } from '../support/instruments.ts';

/** A tick-lot is one unit of USD and a lot is {@link LOT} units of BTC, so that expectations are small numbers. */
const UNIT = makeInstrument({ tick: '0.000000001', lot: '0.000000001' });
const LOT = 1_000_000_000n;
/** 1% and 2%. */
const RATES = { makerFeeRate: 1_000_000, takerFeeRate: 2_000_000 };
const BUYER = 101;
const SELLER = 102;

/** Ten at 100 of which 4 were sold at once: the buyer paid 400 and 4, the seller 8. */
function traded(changes: { readonly userId?: number } = {}) {
  const book = emptyBook();
  const events = run(book, buy(1, 10, 100, RATES), sell(2, 4, 100, { ...RATES, ...changes }));
  return { book, trade: lastTrade(events) };
}

function amended(command: Parameters<typeof run>[1], book: Parameters<typeof run>[0]): TradeAmended {
  const [event] = run(book, command);
  if (event?.type !== 'TradeAmended') throw new Error('not amended');
  return event;
}

function summed(...events: readonly BookEvent[]): BalanceChange[] {
  const changes = new BalanceChanges();
  for (const event of events) changes.add(balanceChanges(event, UNIT));
  return changes.sorted();
}

function moved(userId: number, asset: string, amount: bigint): BalanceChange {
  return { userId, asset, amount, held: 0n };
}

describe('the money of a busted trade', () => {
  it('goes back, and so do both fees', () => {
    const { book, trade } = traded();
    expect(summed(amended(bust(trade), book))).to.deep.equal([
      moved(FEE_USER_ID, 'USD', -12n),
      moved(BUYER, 'BTC', -4n * LOT),
      moved(BUYER, 'USD', 404n),
      moved(SELLER, 'BTC', 4n * LOT),
      moved(SELLER, 'USD', -392n),
    ]);
  });

  it('is nothing together with that of the trade, but for the hold that the trade freed', () => {
    const { book, trade } = traded();
    for (const { amount } of summed(trade, amended(bust(trade), book))) expect(amount).to.equal(0n);
  });

  it('of a self-trade is the fees', () => {
    const { book, trade } = traded({ userId: BUYER });
    expect(summed(amended(bust(trade), book))).to.deep.equal([
      moved(FEE_USER_ID, 'USD', -12n),
      moved(BUYER, 'USD', 12n),
    ]);
  });

  it('comes from the venue where a party lacks it and the venue is charged', () => {
    const { book, trade } = traded();
    const charges = [{ userId: BUYER, asset: 'BTC', amount: 3n * LOT }];
    expect(summed(amended({ ...bust(trade), charges }, book))).to.deep.include.members([
      moved(FEE_USER_ID, 'BTC', -3n * LOT),
      moved(BUYER, 'BTC', -1n * LOT),
      moved(SELLER, 'BTC', 4n * LOT),
    ]);
  });
});

describe('the money of a corrected trade', () => {
  it('is the difference of the prices, with fees at the rates of the orders', () => {
    const { book, trade } = traded();
    // 4 at 150 is 600: the fees are 6 and 12.
    expect(summed(amended(correct(trade, 4, 150), book))).to.deep.equal([
      moved(FEE_USER_ID, 'USD', 6n),
      moved(BUYER, 'USD', -202n),
      moved(SELLER, 'USD', 196n),
    ]);
  });

  it('is that of the quantity that is gone', () => {
    const { book, trade } = traded();
    expect(summed(amended(correct(trade, 3), book))).to.deep.equal([
      moved(FEE_USER_ID, 'USD', -3n),
      moved(BUYER, 'BTC', -LOT),
      moved(BUYER, 'USD', 101n),
      moved(SELLER, 'BTC', LOT),
      moved(SELLER, 'USD', -98n),
    ]);
  });

  it('sums to zero per asset, whatever the terms', () => {
    for (let quantity = 0; quantity <= 4; quantity += 1) {
      for (const price of [1, 33, 99, 100, 101, 777]) {
        const { book, trade } = traded();
        const sums = new Map<string, bigint>();
        for (const { asset, amount } of summed(amended(correct(trade, quantity, price), book))) {
          sums.set(asset, (sums.get(asset) ?? 0n) + amount);
        }
        expect([...sums.values()], `${quantity}@${price}`).to.satisfy((all: bigint[]) =>
          all.every((sum) => sum === 0n),
        );
      }
    }
  });

  it('changes no hold', () => {
    const { book, trade } = traded();
    for (const { held } of summed(amended(correct(trade, 1, 9), book))) expect(held).to.equal(0n);
  });
});

describe('what an amendment needs', () => {
  it('is what it takes from each user', () => {
    const { book, trade } = traded();
    expect([...fundsNeeded(summed(amended(bust(trade), book)))]).to.deep.equal([
      [FEE_USER_ID, [{ asset: 'USD', amount: 12n }]],
      [BUYER, [{ asset: 'BTC', amount: 4n * LOT }]],
      [SELLER, [{ asset: 'USD', amount: 392n }]],
    ]);
  });
});

describe('the terms of an amendment', () => {
  const trade = lastTrade(run(emptyBook(), buy(1, 40_000, 10_000), sell(2, 40_000, 10_000)));
  const standing = standingOf(trade);
  const refused = (price: string | undefined, quantity: string | undefined): unknown =>
    termsAfter(standing, { type: 'Correct', price, quantity }, BTC_USD);

  it('keep what is not said', () => {
    expect(refused('99.5', undefined)).to.deep.equal({ price: 9_950, quantity: 40_000 });
    expect(refused(undefined, '1.5')).to.deep.equal({ price: 10_000, quantity: 15_000 });
    expect(termsAfter(standing, { type: 'Bust' }, BTC_USD)).to.deep.equal({ price: 10_000, quantity: 0 });
  });

  it('are refused with a text that says why', () => {
    expect(refused('100', '4')).to.equal('trade 1 has these terms already');
    expect(refused('100', '4.0001')).to.equal('a correction cannot make the trade larger');
    expect(refused('100', '0.0')).to.equal('quantity 0 takes the trade back: bust it');
    expect(refused('100', '-1')).to.equal('quantity=-1 must be more than zero');
    expect(refused('100', '1.00001')).to.match(/^quantity=1.00001 is not a multiple of the lot size 0.0001$/);
    expect(refused('99.999', undefined)).to.match(/^price=99.999 is not a multiple of the tick size 0.01$/);
    expect(refused('NaN', undefined)).to.equal('price=NaN is not a decimal number');
    expect(refused('0', undefined)).to.match(/^price=0/);
  });

  it('are none of a trade that is busted', () => {
    const gone: StandingTrade = { ...standing, terms: { ...standing.terms, quantity: 0 as never } };
    expect(termsAfter(gone, { type: 'Bust' }, BTC_USD)).to.equal('trade 1 is busted: nothing of it is left');
  });
});

describe('the reports of an amendment', () => {
  it('of a bust are 150=H with ExecRefID (19), without price and quantity of the trade', () => {
    const { book, trade } = traded();
    const [maker, taker] = reportsOf(amended(bust(trade), book), BTC_USD);
    expect(maker).to.deep.include({
      execType: 'H',
      ordStatus: '0',
      userId: BUYER,
      sourceSeq: 5,
      execRefId: 'BTC-USD-3',
      at: AT,
      orderQty: '0.0006',
      cumQty: '0.0000',
      leavesQty: '0.0006',
      avgPx: '0',
      fill: undefined,
      text: 'trade busted by the operator: fat finger',
    });
    expect(taker).to.deep.include({
      execType: 'H',
      ordStatus: '4',
      userId: SELLER,
      sourceSeq: 6,
      execRefId: 'BTC-USD-4',
    });
  });

  it('of a correction are 150=G with the new LastPx (31), LastQty (32) and fee', () => {
    const { book, trade } = traded();
    const [maker, taker] = reportsOf(amended(correct(trade, 3, 120), book), UNIT);
    const fill = { tradeId: 1, lastQty: '0.000000003', lastPx: '0.000000120', feeAsset: 'USD' };
    expect(maker).to.deep.include({
      execType: 'G',
      ordStatus: '1',
      execRefId: 'BTC-USD-3',
      avgPx: '0.00000012',
      fill: { ...fill, lastLiquidityInd: 1, fee: '0.000000000000000003' },
      text: 'trade corrected by the operator: fat finger',
    });
    expect(taker?.fill).to.deep.equal({ ...fill, lastLiquidityInd: 2, fee: '0.000000000000000007' });
  });
});

function standingOf(trade: TradeExecuted): StandingTrade {
  const { tradeId, symbol, price, quantity, maker, taker, makerSeq, takerSeq } = trade;
  return {
    tradeId,
    symbol,
    terms: { price, quantity },
    maker: { username: 'alice', order: maker, refSeq: makerSeq },
    taker: { username: 'bob', order: taker, refSeq: takerSeq },
  };
}
