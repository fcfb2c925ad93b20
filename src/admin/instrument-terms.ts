/**
 * Judges the terms of a new instrument: what operators write as decimals and percentages becomes the columns of
 * `instruments`, or a sentence about what does not fit.
 */
import { FEE_RATE_PER_BASIS_POINT, quoteUnitsPerTickLot } from '../matching/instrument.ts';
import { type DecimalFault, formatAmount, parseStepSize, type StepSize } from '../platform/decimal.ts';
import { Refusal } from './answers.ts';
import { checkAsset, checkSymbol, quoted, readPositiveAmount, readScaled } from './values.ts';

/** As written by the operator: decimals as text, percentages of the reference price, fees in basis points. */
export interface NewInstrument {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: string;
  readonly lot: string;
  /** Default: one lot. */
  readonly minQty?: string;
  /** Default: {@link DEFAULT_MAX_LOTS} lots. */
  readonly maxQty?: string;
  /** Default: no band. */
  readonly priceBandPct?: string;
  /** Default: 5. */
  readonly marketProtectionPct?: string;
  readonly referencePrice?: string;
  /** Default: 0. */
  readonly makerBps?: string;
  /** Default: 0. */
  readonly takerBps?: string;
}

/** The columns of `instruments` that terms decide. */
export interface InstrumentColumns {
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minQuantity: string;
  readonly maxQuantity: string;
  readonly priceBandBps: number | null;
  readonly marketProtectionBps: number;
  readonly makerFeeRate: number;
  readonly takerFeeRate: number;
  readonly referencePrice: string | null;
}

/** The largest order of an instrument whose terms name none, in lots. */
export const DEFAULT_MAX_LOTS = 1_000_000_000_000n;
const DEFAULT_MARKET_PROTECTION_PCT = '5';
const BPS_PER_PERCENT = 100n;
const WHOLE_BPS = 10_000;
/** A fee of the whole notional. */
const MAX_FEE_RATE = FEE_RATE_PER_BASIS_POINT * WHOLE_BPS;

/** The columns, or the first thing that is wrong with the terms. */
export function readInstrument(terms: NewInstrument): InstrumentColumns | Refusal {
  const names = checkSymbol(terms.symbol) ?? checkAsset(terms.base) ?? checkAsset(terms.quote);
  if (names !== undefined) return names;
  if (terms.base === terms.quote) return new Refusal(400, 'base and quote must be two different assets');

  const tick = readStep(terms.tick, 'tick');
  if (tick instanceof Refusal) return tick;
  const lot = readStep(terms.lot, 'lot');
  if (lot instanceof Refusal) return lot;
  if (quoteUnitsPerTickLot(tick, lot) === undefined) {
    return new Refusal(400, 'tick and lot together may have at most 18 decimals, so that money stays exact');
  }

  const minQuantity = readLots(terms.minQty, lot.units, lot, 'min-qty');
  if (minQuantity instanceof Refusal) return minQuantity;
  const maxQuantity = readLots(terms.maxQty, lot.units * DEFAULT_MAX_LOTS, lot, 'max-qty');
  if (maxQuantity instanceof Refusal) return maxQuantity;
  if (maxQuantity < minQuantity) return new Refusal(400, 'max-qty must not be below min-qty');

  const priceBandBps =
    terms.priceBandPct === undefined ? null : readPercent(terms.priceBandPct, 'price-band-pct');
  if (priceBandBps instanceof Refusal) return priceBandBps;
  if (priceBandBps === 0) return new Refusal(400, 'price-band-pct must be above 0; leave it out for no band');
  const protection = readPercent(
    terms.marketProtectionPct ?? DEFAULT_MARKET_PROTECTION_PCT,
    'market-protection-pct',
  );
  if (protection instanceof Refusal) return protection;
  if (protection >= WHOLE_BPS) return new Refusal(400, 'market-protection-pct must be below 100');

  const makerFeeRate = readFee(terms.makerBps, 'maker-bps');
  if (makerFeeRate instanceof Refusal) return makerFeeRate;
  const takerFeeRate = readFee(terms.takerBps, 'taker-bps');
  if (takerFeeRate instanceof Refusal) return takerFeeRate;
  const referencePrice =
    terms.referencePrice === undefined ? null : readPriceOnTick(terms.referencePrice, tick);
  if (referencePrice instanceof Refusal) return referencePrice;

  return {
    symbol: terms.symbol,
    baseAsset: terms.base,
    quoteAsset: terms.quote,
    tickSize: formatAmount(tick.units),
    lotSize: formatAmount(lot.units),
    minQuantity: formatAmount(minQuantity),
    maxQuantity: formatAmount(maxQuantity),
    priceBandBps,
    marketProtectionBps: protection,
    makerFeeRate,
    takerFeeRate,
    referencePrice,
  };
}

/** Decimal text of a positive price that is a multiple of the tick. */
export function readPriceOnTick(text: string, tick: StepSize): string | Refusal {
  const units = readPositiveAmount(text, 'reference-price');
  if (units instanceof Refusal) return units;
  if (units / tick.units > BigInt(Number.MAX_SAFE_INTEGER)) {
    return new Refusal(400, 'reference-price is too large for the tick');
  }
  return units % tick.units === 0n
    ? formatAmount(units)
    : new Refusal(400, `reference-price must be a multiple of the tick ${formatAmount(tick.units)}`);
}

function readStep(text: string, name: string): StepSize | Refusal {
  const step: StepSize | DecimalFault = parseStepSize(text);
  return typeof step === 'string'
    ? new Refusal(400, `${name} must be a positive decimal such as 0.01, not ${quoted(text)}`)
    : step;
}

function readLots(text: string | undefined, fallback: bigint, lot: StepSize, name: string): bigint | Refusal {
  if (text === undefined) return fallback;
  const units = readPositiveAmount(text, name);
  if (units instanceof Refusal) return units;
  if (units % lot.units !== 0n) {
    return new Refusal(400, `${name} must be a multiple of the lot ${formatAmount(lot.units)}`);
  }
  return units / lot.units > BigInt(Number.MAX_SAFE_INTEGER)
    ? new Refusal(400, `${name} is too large for the lot`)
    : units;
}

function readPercent(text: string, name: string): number | Refusal {
  return readScaled(text, BPS_PER_PERCENT, name);
}

function readFee(text: string | undefined, name: string): number | Refusal {
  const rate = readScaled(text ?? '0', BigInt(FEE_RATE_PER_BASIS_POINT), name);
  return typeof rate === 'number' && rate > MAX_FEE_RATE
    ? new Refusal(400, `${name} must be at most ${WHOLE_BPS}`)
    : rate;
}
