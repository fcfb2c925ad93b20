/**
 * Judges the terms of an instrument, new or changed: what operators write as decimals and percentages becomes the
 * columns of `instruments`, or a sentence about what does not fit.
 */
import type { InstrumentRow } from '../entities/instrument.ts';
import { quoteUnitsPerTickLot } from '../matching/instrument.ts';
import { assert } from '../platform/assert.ts';
import { type DecimalFault, formatAmount, parseStepSize, type StepSize } from '../platform/decimal.ts';
import { Refusal } from './answers.ts';
import {
  checkAsset,
  checkSymbol,
  plainDecimal,
  quoted,
  readFee,
  readPositiveAmount,
  readPositiveCount,
  readPositivePercent,
  readScaled,
  shownFee,
  shownPercent,
} from './values.ts';

/**
 * What may change while an instrument trades, as written by the operator: decimals as text, percentages of the
 * reference price, fees in basis points. What is absent stays as it is; null takes a bound away.
 */
export interface InstrumentSettings {
  /** Of a new instrument by default: one lot. */
  readonly minQty?: string;
  /** Of a new instrument by default: {@link DEFAULT_MAX_LOTS} lots. */
  readonly maxQty?: string;
  /** The most that an order may be worth, in the quote asset. */
  readonly maxNotional?: string | null;
  /** How many open orders a member may have here. */
  readonly maxOpenOrders?: number | null;
  readonly priceBandPct?: string | null;
  /** Of a new instrument by default: 5. */
  readonly marketProtectionPct?: string;
  /** What becomes of a post-only order that would trade; reject by default. */
  readonly postOnly?: 'reject' | 'slide';
  /** 0 by default. Orders keep the rates that they were accepted with. */
  readonly makerBps?: string;
  readonly takerBps?: string;
}

/** A new instrument as written by the operator. */
export interface NewInstrument extends InstrumentSettings {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: string;
  readonly lot: string;
  readonly referencePrice?: string;
}

/** The columns of `instruments` that settings decide. */
export type SettingColumns = Pick<
  InstrumentRow,
  | 'minQuantity'
  | 'maxQuantity'
  | 'maxNotional'
  | 'maxOpenOrders'
  | 'priceBandBps'
  | 'marketProtectionBps'
  | 'postOnlySlides'
  | 'makerFeeRate'
  | 'takerFeeRate'
>;

/** The columns of `instruments` that terms decide. */
export type InstrumentColumns = SettingColumns &
  Pick<InstrumentRow, 'symbol' | 'baseAsset' | 'quoteAsset' | 'tickSize' | 'lotSize' | 'referencePrice'>;

/** The largest order of an instrument whose terms name none, in lots. */
export const DEFAULT_MAX_LOTS = 1_000_000_000_000n;
const DEFAULT_MARKET_PROTECTION_BPS = 500;
const BPS_PER_PERCENT = 100n;
const WHOLE_BPS = 10_000;

const DECIMAL = { type: 'string', maxLength: 64 } as const;
const DECIMAL_OR_NONE = { type: ['string', 'null'], maxLength: 64 } as const;

/** JSON schema of {@link InstrumentSettings}: shapes only. */
export const INSTRUMENT_SETTINGS_SCHEMA = {
  minQty: DECIMAL,
  maxQty: DECIMAL,
  maxNotional: DECIMAL_OR_NONE,
  maxOpenOrders: { type: ['number', 'null'] },
  priceBandPct: DECIMAL_OR_NONE,
  marketProtectionPct: DECIMAL,
  postOnly: { enum: ['reject', 'slide'] },
  makerBps: DECIMAL,
  takerBps: DECIMAL,
} as const;

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
  const settings = readSettings(terms, lot, {
    minQuantity: formatAmount(lot.units),
    maxQuantity: formatAmount(lot.units * DEFAULT_MAX_LOTS),
    maxNotional: null,
    maxOpenOrders: null,
    priceBandBps: null,
    marketProtectionBps: DEFAULT_MARKET_PROTECTION_BPS,
    postOnlySlides: false,
    makerFeeRate: 0,
    takerFeeRate: 0,
  });
  if (settings instanceof Refusal) return settings;
  const referencePrice =
    terms.referencePrice === undefined ? null : readPriceOnTick(terms.referencePrice, tick);
  if (referencePrice instanceof Refusal) return referencePrice;

  return {
    symbol: terms.symbol,
    baseAsset: terms.base,
    quoteAsset: terms.quote,
    tickSize: formatAmount(tick.units),
    lotSize: formatAmount(lot.units),
    ...settings,
    referencePrice,
  };
}

/** The columns of a known instrument with its settings changed, or the first thing that is wrong with them. */
export function changeSettings(row: InstrumentRow, settings: InstrumentSettings): SettingColumns | Refusal {
  const lot = parseStepSize(row.lotSize);
  assert(typeof lot !== 'string', `the lot of ${row.symbol} was checked when it was added`);
  const { maxNotional, maxOpenOrders, priceBandBps, marketProtectionBps, postOnlySlides } = row;
  return readSettings(settings, lot, {
    minQuantity: plainDecimal(row.minQuantity),
    maxQuantity: plainDecimal(row.maxQuantity),
    ...{ maxNotional, maxOpenOrders, priceBandBps, marketProtectionBps, postOnlySlides },
    makerFeeRate: row.makerFeeRate,
    takerFeeRate: row.takerFeeRate,
  });
}

/** An instrument in the words of {@link NewInstrument}, with its status. */
export function shownInstrument(row: InstrumentRow): object {
  return {
    symbol: row.symbol,
    base: row.baseAsset,
    quote: row.quoteAsset,
    tick: plainDecimal(row.tickSize),
    lot: plainDecimal(row.lotSize),
    minQty: plainDecimal(row.minQuantity),
    maxQty: plainDecimal(row.maxQuantity),
    maxNotional: row.maxNotional == null ? null : plainDecimal(row.maxNotional),
    maxOpenOrders: row.maxOpenOrders ?? null,
    priceBandPct: row.priceBandBps == null ? null : shownPercent(row.priceBandBps),
    marketProtectionPct: shownPercent(row.marketProtectionBps),
    postOnly: row.postOnlySlides ? 'slide' : 'reject',
    makerBps: shownFee(row.makerFeeRate),
    takerBps: shownFee(row.takerFeeRate),
    referencePrice: row.referencePrice == null ? null : plainDecimal(row.referencePrice),
    status: row.status,
    haltedBy: row.haltedBy ?? null,
    reason: row.statusReason ?? null,
    createdAt: row.createdAt,
  };
}

function readSettings(
  settings: InstrumentSettings,
  lot: StepSize,
  current: SettingColumns,
): SettingColumns | Refusal {
  const minQuantity = readLots(settings.minQty ?? current.minQuantity, lot, 'min-qty');
  if (minQuantity instanceof Refusal) return minQuantity;
  const maxQuantity = readLots(settings.maxQty ?? current.maxQuantity, lot, 'max-qty');
  if (maxQuantity instanceof Refusal) return maxQuantity;
  if (maxQuantity < minQuantity) {
    const [min, max] = [formatAmount(minQuantity), formatAmount(maxQuantity)];
    return new Refusal(400, `max-qty must not be below min-qty: ${max} is less than ${min}`);
  }
  const bounds = readBounds(settings, current);
  if (bounds instanceof Refusal) return bounds;
  const rates = readRates(settings, current);
  if (rates instanceof Refusal) return rates;
  const { postOnly } = settings;
  return {
    minQuantity: formatAmount(minQuantity),
    maxQuantity: formatAmount(maxQuantity),
    ...bounds,
    ...rates,
    postOnlySlides: postOnly === undefined ? current.postOnlySlides : postOnly === 'slide',
  };
}

function readBounds(
  { maxNotional, maxOpenOrders, priceBandPct }: InstrumentSettings,
  current: SettingColumns,
): Pick<SettingColumns, 'maxNotional' | 'maxOpenOrders' | 'priceBandBps'> | Refusal {
  const notional = maxNotional == null ? undefined : readPositiveAmount(maxNotional, 'max-notional');
  if (notional instanceof Refusal) return notional;
  const orders = maxOpenOrders == null ? undefined : readPositiveCount(maxOpenOrders, 'max-open-orders');
  if (orders instanceof Refusal) return orders;
  const band = priceBandPct == null ? undefined : readPositivePercent(priceBandPct, 'price-band-pct');
  if (band instanceof Refusal) return band;
  return {
    maxNotional:
      maxNotional === undefined
        ? current.maxNotional
        : notional === undefined
          ? null
          : formatAmount(notional),
    maxOpenOrders: maxOpenOrders === undefined ? current.maxOpenOrders : (orders ?? null),
    priceBandBps: priceBandPct === undefined ? current.priceBandBps : (band ?? null),
  };
}

function readRates(
  { marketProtectionPct, makerBps, takerBps }: InstrumentSettings,
  current: SettingColumns,
): Pick<SettingColumns, 'marketProtectionBps' | 'makerFeeRate' | 'takerFeeRate'> | Refusal {
  const protection =
    marketProtectionPct === undefined
      ? current.marketProtectionBps
      : readScaled(marketProtectionPct, BPS_PER_PERCENT, 'market-protection-pct');
  if (protection instanceof Refusal) return protection;
  if (protection >= WHOLE_BPS) return new Refusal(400, 'market-protection-pct must be below 100');
  const makerFeeRate = makerBps === undefined ? current.makerFeeRate : readFee(makerBps, 'maker-bps');
  if (makerFeeRate instanceof Refusal) return makerFeeRate;
  const takerFeeRate = takerBps === undefined ? current.takerFeeRate : readFee(takerBps, 'taker-bps');
  if (takerFeeRate instanceof Refusal) return takerFeeRate;
  return { marketProtectionBps: protection, makerFeeRate, takerFeeRate };
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

function readLots(text: string, lot: StepSize, name: string): bigint | Refusal {
  const units = readPositiveAmount(text, name);
  if (units instanceof Refusal) return units;
  if (units % lot.units !== 0n) {
    return new Refusal(400, `${name} must be a multiple of the lot ${formatAmount(lot.units)}`);
  }
  return units / lot.units > BigInt(Number.MAX_SAFE_INTEGER)
    ? new Refusal(400, `${name} is too large for the lot`)
    : units;
}
