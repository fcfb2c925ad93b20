/** Rows of `instruments` as what is traded, for the exchange and for reading prices and quantities back. */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { InstrumentSource, InstrumentTerms } from '../actors/ports.ts';
import type { TradingStatus } from '../actors/protocol.ts';
import { type Instrument, quoteUnitsPerTickLot } from '../matching/instrument.ts';
import { type Lots, lots, type Ticks, ticks } from '../matching/types.ts';
import { assert } from '../platform/assert.ts';
import { parseAmount, parseStepSize, type StepSize, textToSteps } from '../platform/decimal.ts';
import { load, type Sql } from './sql.ts';

/** A row of `instruments`, as the driver gives it. */
interface InstrumentRecord {
  readonly symbol: string;
  readonly base_asset: string;
  readonly quote_asset: string;
  readonly tick_size: string;
  readonly lot_size: string;
  readonly min_quantity: string;
  readonly max_quantity: string;
  readonly max_notional: string | null;
  readonly max_open_orders: number | null;
  readonly post_only_slides: boolean;
  readonly price_band_bps: number | null;
  readonly market_protection_bps: number;
  readonly maker_fee_rate: number;
  readonly taker_fee_rate: number;
  readonly reference_price: string | null;
  readonly status: 'open' | 'cancel_only' | 'halted';
  readonly halted_by: 'operator' | 'crash' | null;
  readonly status_reason: string | null;
}

/** The same with the price of its last trade. */
interface TermsRecord extends InstrumentRecord {
  readonly last_price: string | null;
}

const SELECT_TERMS = 'select instruments.*, last_price from instruments left join books using (symbol)';

/** Reads instruments when asked, without a cache. Passing failures are StoreUnavailableError. */
export function createInstrumentSource(orm: MikroORM): InstrumentSource {
  return {
    async find(symbol) {
      const [record] = await load(orm, (sql) =>
        sql.rows<TermsRecord>(`${SELECT_TERMS} where symbol = $1`, [symbol]),
      );
      return record === undefined ? undefined : toTerms(record);
    },
    async all() {
      const records = await load(orm, (sql) => sql.rows<TermsRecord>(`${SELECT_TERMS} order by symbol`));
      return records.map(toTerms);
    },
  };
}

/**
 * The steps and assets of the symbols that the store has met. They never change once a row exists, so they are
 * read once; fee rates and limits do change, and nothing here depends on them.
 */
export class KnownInstruments {
  readonly #bySymbol = new Map<string, Instrument>();

  /** Makes {@link get} good for these symbols. */
  async learn(sql: Sql, symbols: Iterable<string>): Promise<void> {
    const unknown = [...new Set(symbols)].filter((symbol) => !this.#bySymbol.has(symbol));
    if (unknown.length === 0) return;
    const records = await sql.rows<InstrumentRecord>(
      'select * from instruments where symbol = any($1::text[])',
      [unknown],
    );
    for (const record of records) this.#bySymbol.set(record.symbol, toInstrument(record));
  }

  /** True when {@link get} needs nothing to be learnt for these symbols. */
  has(symbol: string): boolean {
    return this.#bySymbol.has(symbol);
  }

  /** Asserts that the symbol has a row and was learnt. */
  get(symbol: string): Instrument {
    const instrument = this.#bySymbol.get(symbol);
    assert(instrument !== undefined, `there is no instrument ${symbol}`);
    return instrument;
  }
}

/** A price (NUMERIC text) in ticks. Asserts that it is a multiple of the tick: rows hold nothing else. */
export function ticksOf(instrument: Instrument, text: string): Ticks {
  return ticks(stepsOf(text, instrument.tick));
}

/** A quantity (NUMERIC text) in lots. */
export function lotsOf(instrument: Instrument, text: string): Lots {
  return lots(stepsOf(text, instrument.lot));
}

/** What the amount of most orders' trades is. */
const NOTHING = '0.000000000000000000';

/** An amount (NUMERIC text) in units of 10^-18. */
export function unitsOf(text: string): bigint {
  if (text === NOTHING) return 0n;
  const units = parseAmount(text);
  assert(typeof units === 'bigint', `the amount ${text} is ${units}`);
  return units;
}

function stepsOf(text: string, step: StepSize): number {
  const steps = textToSteps(text, step);
  assert(typeof steps === 'number', `${text} is ${steps}`);
  return steps;
}

function toTerms(record: TermsRecord): InstrumentTerms {
  const instrument = toInstrument(record);
  const { reference_price: referencePrice, last_price: lastPrice } = record;
  return {
    instrument,
    status: toStatus(record),
    referencePrice: referencePrice === null ? undefined : ticksOf(instrument, referencePrice),
    lastPrice: lastPrice === null ? undefined : ticksOf(instrument, lastPrice),
  };
}

function toStatus({ status, halted_by: by, status_reason: text }: InstrumentRecord): TradingStatus {
  const reason = text ?? '';
  if (by !== null) return { type: 'Halted', by, reason };
  return status === 'cancel_only' ? { type: 'CancelOnly', reason } : { type: 'Open' };
}

function toInstrument(record: InstrumentRecord): Instrument {
  const tick = toStepSize(record.tick_size);
  const lot = toStepSize(record.lot_size);
  const unitsPerTickLot = quoteUnitsPerTickLot(tick, lot);
  assert(unitsPerTickLot !== undefined, `tick and lot of ${record.symbol} are too fine together`);
  return {
    symbol: record.symbol,
    baseAsset: record.base_asset,
    quoteAsset: record.quote_asset,
    tick,
    lot,
    minQuantity: lots(stepsOf(record.min_quantity, lot)),
    maxQuantity: lots(stepsOf(record.max_quantity, lot)),
    maxNotional: record.max_notional === null ? undefined : unitsOf(record.max_notional),
    maxOpenOrders: record.max_open_orders ?? undefined,
    postOnlySlides: record.post_only_slides,
    priceBandBps: record.price_band_bps ?? undefined,
    marketProtectionBps: record.market_protection_bps,
    makerFeeRate: record.maker_fee_rate,
    takerFeeRate: record.taker_fee_rate,
    quoteUnitsPerTickLot: unitsPerTickLot,
  };
}

function toStepSize(text: string): StepSize {
  const step = parseStepSize(text);
  assert(typeof step !== 'string', `the step ${text} is ${step}`);
  return step;
}
