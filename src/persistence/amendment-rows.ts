/** Busts and corrections of trades as rows: what the operator did, with the fees before and after. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { amendedFee } from '../accounts/amendments.ts';
import { AuditEntry } from '../entities/audit-entry.ts';
import { TradeAmendment } from '../entities/trade-amendment.ts';
import { type FeeRate, type Instrument, priceText, quantityText } from '../matching/instrument.ts';
import type { BookEvent, TradeAmended, TradeTerms } from '../matching/types.ts';
import { formatAmount } from '../platform/decimal.ts';
import { type BulkColumns, bulkColumns, type RowOf } from './bulk.ts';

const KEYS = [
  'tradeId',
  'symbol',
  'kind',
  'priceBefore',
  'priceAfter',
  'quantityBefore',
  'quantityAfter',
  'makerFeeBefore',
  'makerFeeAfter',
  'takerFeeBefore',
  'takerFeeAfter',
  'makerSeq',
  'takerSeq',
  'chargedToVenue',
  'charges',
  'reason',
  'requestedBy',
  'executedAt',
] as const;

export type AmendmentRow = RowOf<TradeAmendment, (typeof KEYS)[number]>;

export function amendmentColumns(orm: MikroORM): BulkColumns<AmendmentRow> {
  return bulkColumns(orm, TradeAmendment, KEYS);
}

export function amendmentRows(
  events: readonly BookEvent[],
  instrumentOf: (symbol: string) => Instrument,
): AmendmentRow[] {
  const rows: AmendmentRow[] = [];
  for (const event of events) {
    if (event.type === 'TradeAmended') rows.push(amendmentRow(event, instrumentOf(event.symbol)));
  }
  return rows;
}

function amendmentRow(event: TradeAmended, instrument: Instrument): AmendmentRow {
  const { before, after, maker, taker, charges } = event;
  return {
    tradeId: event.tradeId,
    symbol: event.symbol,
    kind: after.quantity === 0 ? 'bust' : 'correct',
    priceBefore: priceText(instrument, before.price),
    priceAfter: priceText(instrument, after.price),
    quantityBefore: quantityText(instrument, before.quantity),
    quantityAfter: quantityText(instrument, after.quantity),
    makerFeeBefore: feeText(instrument, before, maker.makerFeeRate),
    makerFeeAfter: feeText(instrument, after, maker.makerFeeRate),
    takerFeeBefore: feeText(instrument, before, taker.takerFeeRate),
    takerFeeAfter: feeText(instrument, after, taker.takerFeeRate),
    makerSeq: event.makerSeq,
    takerSeq: event.takerSeq,
    chargedToVenue: charges.length > 0,
    charges: charges.map((charge) => ({ ...charge, amount: formatAmount(charge.amount) })),
    reason: event.reason,
    requestedBy: event.requestedBy,
    executedAt: event.at,
  };
}

const AUDIT_KEYS = ['at', 'actor', 'action', 'details'] as const;

export type AuditRow = RowOf<AuditEntry, (typeof AUDIT_KEYS)[number]>;

export function auditColumns(orm: MikroORM): BulkColumns<AuditRow> {
  return bulkColumns(orm, AuditEntry, AUDIT_KEYS);
}

/** What the operator did, in the transaction of what came of it. */
export function auditRows(
  events: readonly BookEvent[],
  instrumentOf: (symbol: string) => Instrument,
): AuditRow[] {
  return amendmentRows(events, instrumentOf).map((row) => {
    const { tradeId, symbol, priceBefore, quantityBefore, priceAfter, quantityAfter, reason, charges } = row;
    const before = { price: priceBefore, quantity: quantityBefore };
    const after = { price: priceAfter, quantity: quantityAfter };
    const details = { tradeId, symbol, before, after, reason, charges, outcome: 'done' };
    return { at: row.executedAt, actor: row.requestedBy, action: `trade ${row.kind}`, details };
  });
}

function feeText(instrument: Instrument, terms: TradeTerms, rate: FeeRate): string {
  return formatAmount(amendedFee(instrument, terms, rate));
}
