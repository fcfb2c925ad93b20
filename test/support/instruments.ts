/** Instruments for tests, made from decimal text as an operator would give it. */
import {
  FEE_RATE_PER_BASIS_POINT,
  type Instrument,
  quoteUnitsPerTickLot,
} from '../../src/matching/instrument.ts';
import { lots } from '../../src/matching/types.ts';
import { parseAmount, parseStepSize, type StepSize } from '../../src/platform/decimal.ts';

export interface InstrumentText {
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly tick: string;
  readonly lot: string;
  readonly minQuantityLots: number;
  readonly maxQuantityLots: number;
  /** In the quote asset. */
  readonly maxNotional: string | undefined;
  readonly maxOpenOrders: number | undefined;
  readonly postOnlySlides: boolean;
  readonly priceBandBps: number | undefined;
  readonly marketProtectionBps: number;
  readonly makerBps: number;
  readonly takerBps: number;
}

const BTC_USD_TEXT: InstrumentText = {
  symbol: 'BTC-USD',
  baseAsset: 'BTC',
  quoteAsset: 'USD',
  tick: '0.01',
  lot: '0.0001',
  minQuantityLots: 1,
  maxQuantityLots: 10_000_000_000,
  maxNotional: undefined,
  maxOpenOrders: undefined,
  postOnlySlides: false,
  priceBandBps: undefined,
  marketProtectionBps: 500,
  makerBps: 10,
  takerBps: 20,
};

/** An instrument that differs from BTC-USD in what is named. */
export function makeInstrument(changes: Partial<InstrumentText> = {}): Instrument {
  const text = { ...BTC_USD_TEXT, ...changes };
  const tick = stepSize(text.tick);
  const lot = stepSize(text.lot);
  const unitsPerTickLot = quoteUnitsPerTickLot(tick, lot);
  if (unitsPerTickLot === undefined)
    throw new Error(`tick ${text.tick} and lot ${text.lot} are too fine together`);
  return {
    symbol: text.symbol,
    baseAsset: text.baseAsset,
    quoteAsset: text.quoteAsset,
    tick,
    lot,
    minQuantity: lots(text.minQuantityLots),
    maxQuantity: lots(text.maxQuantityLots),
    maxNotional: text.maxNotional === undefined ? undefined : amountOf(text.maxNotional),
    maxOpenOrders: text.maxOpenOrders,
    postOnlySlides: text.postOnlySlides,
    priceBandBps: text.priceBandBps,
    marketProtectionBps: text.marketProtectionBps,
    makerFeeRate: text.makerBps * FEE_RATE_PER_BASIS_POINT,
    takerFeeRate: text.takerBps * FEE_RATE_PER_BASIS_POINT,
    quoteUnitsPerTickLot: unitsPerTickLot,
  };
}

function amountOf(text: string): bigint {
  const amount = parseAmount(text);
  if (typeof amount === 'string') throw new Error(`amount ${text} is ${amount}`);
  return amount;
}

function stepSize(text: string): StepSize {
  const step = parseStepSize(text);
  if (typeof step === 'string') throw new Error(`step ${text} is ${step}`);
  return step;
}

/** Tick 0.01 USD, lot 0.0001 BTC, 10 basis points for the maker and 20 for the taker. */
export const BTC_USD = makeInstrument();
