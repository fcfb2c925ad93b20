/** What every simulated venue begins with: two symbols with different rules, and money that runs out. */
import type { Instrument } from '../../src/matching/instrument.ts';
import { type Ticks, ticks } from '../../src/matching/types.ts';
import { BTC_USD, makeInstrument } from '../support/instruments.ts';

export const INSTRUMENTS: readonly Instrument[] = [
  BTC_USD,
  makeInstrument({
    symbol: 'ETH-USD',
    baseAsset: 'ETH',
    tick: '0.5',
    lot: '1',
    maxOpenOrders: 5,
    postOnlySlides: true,
    priceBandBps: 500,
    makerBps: 0,
    takerBps: 33,
  }),
];

/** The operator's, 100 USD each: a committed trade outranks them. */
export const REFERENCE_PRICES: Readonly<Record<string, Ticks>> = {
  'BTC-USD': ticks(10_000),
  'ETH-USD': ticks(200),
};

const UNIT = 10n ** 18n;

/** Whole units by member: a few orders can be paid for, and not all that are asked for. */
export const FUNDS = [1, 2, 3].flatMap((userId) => [
  { userId, asset: 'USD', amount: 1_500n * UNIT },
  { userId, asset: 'BTC', amount: 10n * UNIT },
  { userId, asset: 'ETH', amount: 10n * UNIT },
]);
