/** What is traded: instruments are added here, and given other terms and a reference price. */
import { type EntityManager, UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import type { FastifyInstance } from 'fastify';
import { Book } from '../entities/book.ts';
import { InstrumentRow } from '../entities/instrument.ts';
import { assert } from '../platform/assert.ts';
import { delay, systemClock } from '../platform/clock.ts';
import { parseStepSize } from '../platform/decimal.ts';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, ask, audit } from './context.ts';
import type { VenueControl } from './control.ts';
import {
  changeSettings,
  INSTRUMENT_SETTINGS_SCHEMA,
  type InstrumentSettings,
  type NewInstrument,
  readInstrument,
  readPriceOnTick,
  shownInstrument,
} from './instrument-terms.ts';
import { lockInstrument } from './trading-status.ts';

interface BySymbol {
  readonly symbol: string;
}

const PARAMS = { type: 'object', properties: { symbol: { type: 'string', maxLength: 64 } } } as const;
const DECIMAL = { type: 'string', maxLength: 64 } as const;
const NAME = { type: 'string', maxLength: 64 } as const;

/** `GET|POST /v1/instruments`, `POST /v1/instruments/:symbol/{terms,reference-price}`. */
export function instrumentRoutes(app: FastifyInstance, context: AdminContext): void {
  const { control } = context;

  /** The row first; then, once the exchange has it, the answer: what members send after that is judged by it. */
  const change = (
    symbol: string,
    work: (tx: EntityManager, row: InstrumentRow) => Refusal | undefined,
  ): Promise<InstrumentRow | Refusal> =>
    context.inTurn(async () => {
      const row = await control.orm.em.fork().transactional(async (tx) => {
        const found = await lockInstrument(tx, symbol);
        return found instanceof Refusal ? found : (work(tx, found) ?? found);
      });
      if (row instanceof Refusal) return row;
      const told = await ask(context, (replyTo) =>
        control.tell({ type: 'exchange' }, { type: 'InstrumentChanged', symbol, replyTo }),
      );
      if (told instanceof Refusal) return told;
      return told.type === 'CommandRejected' ? new Refusal(503, told.text) : row;
    });

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
            referencePrice: DECIMAL,
            ...INSTRUMENT_SETTINGS_SCHEMA,
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
        await showToEngines(context, symbol);
        await untilReady(control, symbol);
        return answer(reply, shownInstrument(row), 201);
      } catch (error) {
        if (error instanceof UniqueConstraintViolationException) return answer(reply, taken);
        throw error;
      }
    },
  );

  app.post<{ Params: BySymbol; Body: InstrumentSettings }>(
    '/v1/instruments/:symbol/terms',
    {
      schema: {
        params: PARAMS,
        body: {
          type: 'object',
          minProperties: 1,
          additionalProperties: false,
          properties: INSTRUMENT_SETTINGS_SCHEMA,
        },
      },
    },
    async (request, reply) => {
      const settings = request.body;
      const row = await change(request.params.symbol, (tx, found) => {
        const columns = changeSettings(found, settings);
        if (columns instanceof Refusal) return columns;
        tx.assign(found, columns);
        const details = { symbol: found.symbol, ...settings };
        audit(tx, context, request, { action: 'instrument set', details });
        return undefined;
      });
      return answer(reply, row instanceof Refusal ? row : shownInstrument(row));
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
      const row = await change(request.params.symbol, (tx, found) => {
        const tick = parseStepSize(found.tickSize);
        assert(typeof tick !== 'string', `the tick of ${found.symbol} was checked when it was added`);
        const price = readPriceOnTick(request.body.price, tick);
        if (price instanceof Refusal) return price;
        found.referencePrice = price;
        const details = { symbol: found.symbol, price };
        audit(tx, context, request, { action: 'instrument reference-price', details });
        return undefined;
      });
      return answer(reply, row instanceof Refusal ? row : shownInstrument(row));
    },
  );
}

const READY_TIMEOUT_MS = 5_000;
const READY_POLL_MS = 10;

/** Their nodes look at the rows now, not with their next renewal: the one whose it is takes it. */
async function showToEngines({ control: { cluster }, log }: AdminContext, symbol: string): Promise<void> {
  try {
    await cluster?.place({ symbols: [symbol], shards: [] }, undefined);
  } catch (error) {
    log.warn('engines see a new instrument later', { symbol, error });
  }
}

/** So that an operator's next line, or a member's first order, finds the book. The row is there in any case. */
async function untilReady({ status }: VenueControl, symbol: string): Promise<void> {
  const deadline = systemClock.now() + READY_TIMEOUT_MS;
  while (systemClock.now() < deadline) {
    if (status().symbols.some((one) => one.symbol === symbol && one.ready)) return;
    await delay(systemClock, READY_POLL_MS);
  }
}
