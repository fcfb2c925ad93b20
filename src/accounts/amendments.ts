/**
 * Trades that the operator takes back (bust) or corrects: whether it can be, what it does to balances, and what must
 * be there for it. The fees are those of the orders' own rates, before and after.
 */
import type { Instrument } from '../matching/instrument.ts';
import { isBust } from '../matching/trade-amendment.ts';
import {
  BUY,
  type Lots,
  type OrderSnapshot,
  type TradeAmendment,
  type TradeId,
  type TradeTerms,
  type UserId,
  type VenueCharge,
} from '../matching/types.ts';
import { FEE_USER_ID, feeOn } from './fees.ts';
import { baseUnitsOf, type Hold, notionalOf } from './holds.ts';
import { checkLots, checkTicks } from './order-checks.ts';
import type { BalanceChange } from './settlement.ts';

/**
 * The first instant whose trades can still be amended at `now`, ms since the epoch: that of the month (UTC) before. The
 * history of older ones may be closed, and is not looked through.
 */
export function amendableFrom(now: number): Date {
  const date = new Date(now);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1, 1));
}

/** Why a trade was not found that can be amended. */
export function noSuchTrade(tradeId: TradeId): string {
  return `there is no trade ${tradeId} in this month or the one before; older ones can no longer be busted or corrected`;
}

/** A trade as it stands: its latest correction, or a bust, counts. */
export interface StandingTrade {
  readonly tradeId: TradeId;
  readonly symbol: string;
  /** Quantity 0: it was taken back. */
  readonly terms: TradeTerms;
  readonly maker: TradeParty;
  readonly taker: TradeParty;
}

export interface TradeParty {
  readonly username: string;
  /** As committed. */
  readonly order: OrderSnapshot;
  /** Book sequence number of the last report of this trade to this party. */
  readonly refSeq: number;
}

/** What the operator asks for; decimals as text, and what is not said stays. */
export type WantedAmendment =
  | { readonly type: 'Bust' }
  | { readonly type: 'Correct'; readonly price: string | undefined; readonly quantity: string | undefined };

/** The terms of the trade after it, or why it cannot be. */
export function termsAfter(
  { tradeId, terms }: Pick<StandingTrade, 'tradeId' | 'terms'>,
  wanted: WantedAmendment,
  instrument: Instrument,
): TradeTerms | string {
  if (terms.quantity === 0) return `trade ${tradeId} is busted: nothing of it is left`;
  if (wanted.type === 'Bust') return { price: terms.price, quantity: 0 as Lots };
  const price = wanted.price === undefined ? terms.price : checkTicks(instrument, 'price', wanted.price);
  if (typeof price === 'object') return price.text;
  const isToNothing = wanted.quantity !== undefined && /^0*(\.0*)?$/.test(wanted.quantity);
  if (isToNothing) return 'quantity 0 takes the trade back: bust it';
  const quantity =
    wanted.quantity === undefined ? terms.quantity : checkLots(instrument, 'quantity', wanted.quantity);
  if (typeof quantity === 'object') return quantity.text;
  if (quantity > terms.quantity) return 'a correction cannot make the trade larger';
  if (price === terms.price && quantity === terms.quantity) return `trade ${tradeId} has these terms already`;
  return { price, quantity };
}

/** A trade with its parties, before and after. */
type Amended = Pick<TradeAmendment, 'before' | 'after' | 'charges'> & {
  readonly maker: OrderSnapshot;
  readonly taker: OrderSnapshot;
};

/** MiscFeeAmt (137) of a party for a trade of these terms, in quote units of 10^-18. */
export function amendedFee(instrument: Instrument, { price, quantity }: TradeTerms, feeRate: number): bigint {
  return feeOn(notionalOf(instrument, price, quantity), feeRate);
}

/**
 * The changes of balances, which sum to zero per asset. Holds stay: they follow LeavesQty (151) and price of an
 * order, which an amendment does not touch. What the venue is charged with it gives to the party that lacks it.
 */
export function amendmentChanges(amended: Amended, instrument: Instrument): BalanceChange[] {
  const { maker, taker, charges } = amended;
  return [
    ...partyChanges(amended, maker, maker.makerFeeRate, instrument),
    ...partyChanges(amended, taker, taker.takerFeeRate, instrument),
    ...charges.flatMap(({ userId, asset, amount }) => [
      { userId, asset, amount, held: 0n },
      { userId: FEE_USER_ID, asset, amount: -amount, held: 0n },
    ]),
  ];
}

function partyChanges(
  { before, after }: Amended,
  { userId, side }: OrderSnapshot,
  feeRate: number,
  instrument: Instrument,
): BalanceChange[] {
  const { baseAsset, quoteAsset } = instrument;
  const gone = baseUnitsOf(instrument, (before.quantity - after.quantity) as Lots);
  const dearer =
    notionalOf(instrument, after.price, after.quantity) -
    notionalOf(instrument, before.price, before.quantity);
  const fee = amendedFee(instrument, after, feeRate) - amendedFee(instrument, before, feeRate);
  const sign = side === BUY ? -1n : 1n;
  return [
    { userId, asset: baseAsset, amount: sign * gone, held: 0n },
    { userId, asset: quoteAsset, amount: sign * dearer - fee, held: 0n },
    { userId: FEE_USER_ID, asset: quoteAsset, amount: fee, held: 0n },
  ];
}

/** What users must have for the changes, which are summed per user and asset: what is taken from each. */
export function fundsNeeded(changes: Iterable<BalanceChange>): Map<UserId, Hold[]> {
  const needed = new Map<UserId, Hold[]>();
  for (const { userId, asset, amount } of changes) {
    if (amount >= 0n) continue;
    const ofUser = needed.get(userId) ?? [];
    ofUser.push({ asset, amount: -amount });
    needed.set(userId, ofUser);
  }
  return needed;
}

/** What of a need is not there. */
export interface Shortfall extends Hold {
  /** What is there, and is set aside for the amendment. */
  readonly available: bigint;
}

/** The venue in the place of the parties, for what each of them lacks. */
export function chargesFor(shortfalls: ReadonlyMap<UserId, readonly Shortfall[]>): VenueCharge[] {
  return [...shortfalls].flatMap(([userId, ofUser]) =>
    ofUser.map(({ asset, amount }) => ({ userId, asset, amount })),
  );
}

/** Text (58) of the reports: what the operator did, and why. */
export function amendmentText(amended: Pick<TradeAmendment, 'after' | 'before' | 'reason'>): string {
  return `${isBust(amended) ? 'trade busted' : 'trade corrected'} by the operator: ${amended.reason}`;
}
