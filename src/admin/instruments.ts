/** What is traded: instruments are added, halted and resumed here, and given a reference price. */
import { type EntityManager, LockMode, UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import type { FastifyInstance } from 'fastify';
import { Book } from '../entities/book.ts';
import { InstrumentRow } from '../entities/instrument.ts';
import { FEE_RATE_PER_BASIS_POINT } from '../matching/instrument.ts';
import { assert } from '../platform/assert.ts';
import { delay, systemClock } from '../platform/clock.ts';
import { formatAmount, parseStepSize } from '../platform/decimal.ts';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, audit } from './context.ts';
import type { VenueControl } from './control.ts';
import { type NewInstrument, readInstrument, readPriceOnTick } from './instrument-terms.ts';
import { checkReason, checkSymbol, plainDecimal, quoted } from './values.ts';

interface BySymbol {
  readonly symbol: string;
}

const PARAMS = { type: 'object', properties: { symbol: { type: 'string', maxLength: 64 } } } as const;
const DECIMAL = { type: 'string', maxLength: 64 } as const;
const NAME = { type: 'string', maxLength: 64 } as const;
const OPTIONAL_DECIMALS = [
  'minQty',
  'maxQty',
  'priceBandPct',
  'marketProtectionPct',
  'referencePrice',
  'makerBps',
  'takerBps',
] as const;

/** `GET|POST /v1/instruments`, `POST /v1/instruments/:symbol/{halt,resume,reference-price}`. */
export function instrumentRoutes(app: FastifyInstance, context: AdminContext): void {
  const { control } = context;

  app.get('/v1/instruments', async () => {
    const rows = await control.orm.em
      .fork()
      .find(InstrumentRow, {}, { orderBy: { symbol: 'asc' }, limit: context.maxRows });
    return { instruments: rows.map(shownInstrument) };
  });

  app.post<{ Body: NewInstrument }>(
    '/v1/instruments',
    {
      schema: {
        body: {
          type: 'object',
          required: ['symbol', 'base', 'quote', 'tick', 'lot'],
          additionalProperties: false,
          properties: {
            symbol: NAME,
            base: NAME,
            quote: NAME,
            tick: DECIMAL,
            lot: DECIMAL,
            ...Object.fromEntries(OPTIONAL_DECIMALS.map((name) => [name, DECIMAL])),
          },
        },
      },
    },
    async (request, reply) => {
      const columns = readInstrument(request.body);
      if (columns instanceof Refusal) return answer(reply, columns);
      const { symbol } = columns;
      const taken = new Refusal(409, `there is an instrument "${symbol}" already`);
      const em = control.orm.em.fork();
      if ((await em.findOne(InstrumentRow, { symbol })) !== null) return answer(reply, taken);
      try {
        const row = await em.transactional(async (tx) => {
          const created = tx.create(InstrumentRow, { ...columns });
          await tx.persist(created).flush();
          tx.create(Book, { symbol });
          audit(tx, context, request, { action: 'instrument add', details: { ...columns } });
          return created;
        });
        control.tell({ type: 'exchange' }, { type: 'InstrumentChanged', symbol });
        await untilReady(control, symbol);
        return answer(reply, shownInstrument(row), 201);
      } catch (error) {
        if (error instanceof UniqueConstraintViolationException) return answer(reply, taken);
        throw error;
      }
    },
  );

  app.post<{ Params: BySymbol; Body: { readonly reason: string } }>(
    '/v1/instruments/:symbol/halt',
    {
      schema: {
        params: PARAMS,
        body: {
          type: 'object',
          required: ['reason'],
          additionalProperties: false,
          properties: { reason: { type: 'string', maxLength: 1_000 } },
        },
      },
    },
    async (request, reply) => {
      const { reason } = request.body;
      const refusal = checkReason(reason);
      if (refusal !== undefined) return answer(reply, refusal);
      const row = await control.orm.em.fork().transactional(async (tx) => {
        const found = await lockInstrument(tx, request.params.symbol);
        if (found instanceof Refusal) return found;
        // A crash halt says that the book cannot be trusted; an operator's would allow cancels in it.
        if (found.haltedBy === 'crash') {
          return new Refusal(409, `${found.symbol} is halted after a crash already: ${found.statusReason}`);
        }
        found.status = 'halted';
        found.haltedBy = 'operator';
        found.statusReason = reason;
        audit(tx, context, request, { action: 'instrument halt', details: { symbol: found.symbol, reason } });
        return found;
      });
      if (row instanceof Refusal) return answer(reply, row);
      control.tell(
        { type: 'exchange' },
        { type: 'SetTradingStatus', symbol: row.symbol, status: { type: 'Halted', by: 'operator', reason } },
      );
      return answer(reply, shownInstrument(row));
    },
  );

  app.post<{ Params: BySymbol }>(
    '/v1/instruments/:symbol/resume',
    { schema: { params: PARAMS } },
    async (request, reply) => {
      const row = await control.orm.em.fork().transactional(async (tx) => {
        const found = await lockInstrument(tx, request.params.symbol);
        if (found instanceof Refusal) return found;
        const { symbol, statusReason } = found;
        found.status = 'open';
        found.haltedBy = null;
        found.statusReason = null;
        audit(tx, context, request, {
          action: 'instrument resume',
          details: { symbol, haltedFor: statusReason ?? null },
        });
        return found;
      });
      if (row instanceof Refusal) return answer(reply, row);
      control.tell(
        { type: 'exchange' },
        { type: 'SetTradingStatus', symbol: row.symbol, status: { type: 'Open' } },
      );
      return answer(reply, shownInstrument(row));
    },
  );

  app.post<{ Params: BySymbol; Body: { readonly price: string } }>(
    '/v1/instruments/:symbol/reference-price',
    {
      schema: {
        params: PARAMS,
        body: {
          type: 'object',
          required: ['price'],
          additionalProperties: false,
          properties: { price: DECIMAL },
        },
      },
    },
    async (request, reply) => {
      const row = await control.orm.em.fork().transactional(async (tx) => {
        const found = await lockInstrument(tx, request.params.symbol);
        if (found instanceof Refusal) return found;
        const tick = parseStepSize(found.tickSize);
        assert(typeof tick !== 'string', `the tick of ${found.symbol} was checked when it was added`);
        const price = readPriceOnTick(request.body.price, tick);
        if (price instanceof Refusal) return price;
        found.referencePrice = price;
        audit(tx, context, request, {
          action: 'instrument reference-price',
          details: { symbol: found.symbol, price },
        });
        return found;
      });
      if (row instanceof Refusal) return answer(reply, row);
      control.tell({ type: 'exchange' }, { type: 'InstrumentChanged', symbol: row.symbol });
      return answer(reply, shownInstrument(row));
    },
  );
}

/** The instrument, for the rest of the transaction nobody else's to change: a crash may halt it meanwhile. */
async function lockInstrument(tx: EntityManager, symbol: string): Promise<InstrumentRow | Refusal> {
  const refusal = checkSymbol(symbol);
  if (refusal !== undefined) return refusal;
  const row = await tx.findOne(InstrumentRow, { symbol }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  return row ?? new Refusal(404, `there is no instrument ${quoted(symbol)}`);
}

function shownInstrument(row: InstrumentRow): object {
  return {
    symbol: row.symbol,
    base: row.baseAsset,
    quote: row.quoteAsset,
    tick: plainDecimal(row.tickSize),
    lot: plainDecimal(row.lotSize),
    minQty: plainDecimal(row.minQuantity),
    maxQty: plainDecimal(row.maxQuantity),
    priceBandPct: row.priceBandBps == null ? null : hundredths(row.priceBandBps),
    marketProtectionPct: hundredths(row.marketProtectionBps),
    makerBps: feeBps(row.makerFeeRate),
    takerBps: feeBps(row.takerFeeRate),
    referencePrice: row.referencePrice == null ? null : plainDecimal(row.referencePrice),
    status: row.status,
    haltedBy: row.haltedBy ?? null,
    reason: row.statusReason ?? null,
    createdAt: row.createdAt,
  };
}

function hundredths(bps: number): string {
  return formatAmount(BigInt(bps) * 10n ** 16n);
}

function feeBps(rate: number): string {
  return formatAmount((BigInt(rate) * 10n ** 18n) / BigInt(FEE_RATE_PER_BASIS_POINT));
}

const READY_TIMEOUT_MS = 5_000;
const READY_POLL_MS = 10;

/** So that an operator's next line, or a member's first order, finds the book. The row is there in any case. */
async function untilReady({ status }: VenueControl, symbol: string): Promise<void> {
  const deadline = systemClock.now() + READY_TIMEOUT_MS;
  while (systemClock.now() < deadline) {
    if (status().symbols.some((one) => one.symbol === symbol && one.ready)) return;
    await delay(systemClock, READY_POLL_MS);
  }
}
