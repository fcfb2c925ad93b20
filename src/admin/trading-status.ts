/** Whether a symbol trades: halt, cancel-only and resume, rows first. */
import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TradingStatus } from '../actors/protocol.ts';
import { InstrumentRow } from '../entities/instrument.ts';
import { answer, Refusal } from './answers.ts';
import { type AdminContext, audit } from './context.ts';
import { shownInstrument } from './instrument-terms.ts';
import { checkReason, checkSymbol, quoted } from './values.ts';

interface BySymbol {
  readonly symbol: string;
}

const PARAMS = { type: 'object', properties: { symbol: { type: 'string', maxLength: 64 } } } as const;
const REASON_BODY = {
  type: 'object',
  required: ['reason'],
  additionalProperties: false,
  properties: { reason: { type: 'string', maxLength: 1_000 } },
} as const;

/** `POST /v1/instruments/:symbol/{halt,cancel-only,resume}`. */
export function tradingStatusRoutes(app: FastifyInstance, context: AdminContext): void {
  /** One row, one audit entry, one message: what the exchange is told comes in the order of the rows. */
  const change = (
    request: FastifyRequest<{ Params: BySymbol }>,
    tell: TradingStatus,
    work: (tx: EntityManager, row: InstrumentRow) => Refusal | undefined,
  ): Promise<InstrumentRow | Refusal> =>
    context.inTurn(async () => {
      const row = await context.control.orm.em.fork().transactional(async (tx) => {
        const found = await lockInstrument(tx, request.params.symbol);
        return found instanceof Refusal ? found : (work(tx, found) ?? found);
      });
      if (row instanceof Refusal) return row;
      tellStatus(context, row.symbol, tell);
      return row;
    });

  const restrict = (name: 'halt' | 'cancel-only'): void => {
    app.post<{ Params: BySymbol; Body: { readonly reason: string } }>(
      `/v1/instruments/:symbol/${name}`,
      { schema: { params: PARAMS, body: REASON_BODY } },
      async (request, reply) => {
        const { reason } = request.body;
        const refusal = checkReason(reason);
        if (refusal !== undefined) return answer(reply, refusal);
        const isHalt = name === 'halt';
        const status: TradingStatus = isHalt
          ? { type: 'Halted', by: 'operator', reason }
          : { type: 'CancelOnly', reason };
        const row = await change(request, status, (tx, found) => {
          const { symbol, haltedBy, statusReason } = found;
          // A crash halt says that the book cannot be trusted; these would allow cancels in it.
          if (haltedBy === 'crash') {
            const text = `${symbol} is halted after a crash already: ${statusReason}`;
            return new Refusal(409, isHalt ? text : `${text}; "onebook instrument resume" rebuilds it`);
          }
          found.status = isHalt ? 'halted' : 'cancel_only';
          found.haltedBy = isHalt ? 'operator' : null;
          found.statusReason = reason;
          audit(tx, context, request, { action: `instrument ${name}`, details: { symbol, reason } });
          return undefined;
        });
        return answer(reply, row instanceof Refusal ? row : shownInstrument(row));
      },
    );
  };
  restrict('halt');
  restrict('cancel-only');

  app.post<{ Params: BySymbol }>(
    '/v1/instruments/:symbol/resume',
    { schema: { params: PARAMS } },
    async (request, reply) => {
      const row = await change(request, { type: 'Open' }, (tx, found) => {
        const { symbol, status, statusReason } = found;
        const details = { symbol, was: status, because: statusReason ?? null };
        found.status = 'open';
        found.haltedBy = null;
        found.statusReason = null;
        audit(tx, context, request, { action: 'instrument resume', details });
        return undefined;
      });
      return answer(reply, row instanceof Refusal ? row : shownInstrument(row));
    },
  );
}

/** Tells the exchange, whose row says the same already. */
export function tellStatus({ control }: AdminContext, symbol: string, status: TradingStatus): void {
  control.tell({ type: 'exchange' }, { type: 'SetTradingStatus', symbol, status });
}

/** The instrument, for the rest of the transaction nobody else's to change: a crash may halt it meanwhile. */
export async function lockInstrument(tx: EntityManager, symbol: string): Promise<InstrumentRow | Refusal> {
  const refusal = checkSymbol(symbol);
  if (refusal !== undefined) return refusal;
  const row = await tx.findOne(InstrumentRow, { symbol }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  return row ?? new Refusal(404, `there is no instrument ${quoted(symbol)}`);
}
