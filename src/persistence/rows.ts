/**
 * From a commit batch to its rows. Pure: which rows a batch makes can be tested without a database. An order that
 * came and went inside one batch is one row, in its final state.
 */
import { feeOn } from '../accounts/fees.ts';
import { notionalOf } from '../accounts/holds.ts';
import type { CommitBatch } from '../actors/ports.ts';
import type { FixDelivered } from '../entities/fix-delivered.ts';
import type { FixMessages } from '../entities/fix-messages.ts';
import type { FixSession } from '../entities/fix-session.ts';
import type { Request } from '../entities/request.ts';
import type { Trade } from '../entities/trade.ts';
import { type Instrument, priceText, quantityText } from '../matching/instrument.ts';
import type { BookEvent, OrderAccepted, OrderId, OrderSnapshot, TradeExecuted } from '../matching/types.ts';
import { formatAmount } from '../platform/decimal.ts';
import type { RowOf } from './bulk.ts';
import { changingInstructionCells, instructionCells, isPlain } from './instruction-rows.ts';
import {
  type ChangedInstructedOrderRow,
  type ChangedOrderRow,
  changedOrderRow,
  type NewInstructedOrderRow,
  type NewOrderRow,
  newOrderRow,
} from './order-rows.ts';
import { type ReportCells, reportCells } from './report-rows.ts';

export const TRADE_KEYS = [
  'id',
  'executedAt',
  'symbol',
  'price',
  'quantity',
  'makerOrderId',
  'takerOrderId',
  'makerUserId',
  'takerUserId',
  'takerSide',
  'makerFee',
  'takerFee',
  'makerSeq',
  'takerSeq',
] as const;
export const REQUEST_KEYS = [
  'userId',
  'tradingDay',
  'createdAt',
  'clOrdId',
  'msgType',
  'orderId',
  'accepted',
] as const;
export const SESSION_KEYS = ['senderCompId', 'nextIn', 'nextOut', 'reservedOut', 'clean'] as const;
export const MESSAGES_KEYS = ['senderCompId', 'lastSeq', 'firstSeq', 'frames'] as const;
export const DELIVERED_KEYS = ['userId', 'source', 'sourceSeq'] as const;

export type TradeRow = RowOf<Trade, (typeof TRADE_KEYS)[number]>;
export type RequestRow = RowOf<Request, (typeof REQUEST_KEYS)[number]>;
export type SessionRow = RowOf<FixSession, (typeof SESSION_KEYS)[number]>;
export type MessagesRow = RowOf<FixMessages, (typeof MESSAGES_KEYS)[number]>;
export type DeliveredRow = RowOf<FixDelivered, (typeof DELIVERED_KEYS)[number]>;

/** Orders that the batch accepted, and others that it changed: each once. Plain ones, and those with instructions. */
export interface OrderRows {
  readonly accepted: readonly NewOrderRow[];
  readonly changed: readonly ChangedOrderRow[];
  readonly acceptedInstructed: readonly NewInstructedOrderRow[];
  readonly changedInstructed: readonly ChangedInstructedOrderRow[];
}

/**
 * The rows of the batch's orders. `instrumentOf` knows every symbol of the batch. An order that the book rejected has
 * none: its report and its request are all that is kept of it.
 */
export function orderRows(
  events: readonly BookEvent[],
  instrumentOf: (symbol: string) => Instrument,
): OrderRows {
  const acceptances = new Map<OrderId, OrderAccepted>();
  const latest = new Map<OrderId, { readonly order: OrderSnapshot; readonly at: number }>();
  for (const event of events) {
    if (event.type === 'TradeExecuted' || event.type === 'TradeAmended') {
      latest.set(event.maker.orderId, { order: event.maker, at: event.at });
      latest.set(event.taker.orderId, { order: event.taker, at: event.at });
    } else if (event.type !== 'OrderRejected') {
      if (event.type === 'OrderAccepted') acceptances.set(event.order.orderId, event);
      latest.set(event.order.orderId, { order: event.order, at: event.at });
    }
  }
  const accepted: NewOrderRow[] = [];
  const changed: ChangedOrderRow[] = [];
  const acceptedInstructed: NewInstructedOrderRow[] = [];
  const changedInstructed: ChangedInstructedOrderRow[] = [];
  for (const [orderId, { order, at }] of latest) {
    const acceptance = acceptances.get(orderId);
    const instrument = instrumentOf(order.symbol);
    if (acceptance === undefined) {
      const row = changedOrderRow(order, at, instrument);
      if (isPlain(order)) changed.push(row);
      else changedInstructed.push({ ...row, ...changingInstructionCells(order, instrument) });
    } else {
      const row = newOrderRow(acceptance, order, at, instrument);
      if (isPlain(order)) accepted.push(row);
      else acceptedInstructed.push({ ...row, ...instructionCells(acceptance.order, order, instrument) });
    }
  }
  return { accepted, changed, acceptedInstructed, changedInstructed };
}

export function tradeRows(
  events: readonly BookEvent[],
  instrumentOf: (symbol: string) => Instrument,
): TradeRow[] {
  const rows: TradeRow[] = [];
  for (const event of events) {
    if (event.type === 'TradeExecuted') rows.push(tradeRow(event, instrumentOf(event.symbol)));
  }
  return rows;
}

function tradeRow(trade: TradeExecuted, instrument: Instrument): TradeRow {
  const { maker, taker } = trade;
  const notional = notionalOf(instrument, trade.price, trade.quantity);
  return {
    id: trade.tradeId,
    executedAt: trade.at,
    symbol: trade.symbol,
    price: priceText(instrument, trade.price),
    quantity: quantityText(instrument, trade.quantity),
    makerOrderId: maker.orderId,
    takerOrderId: taker.orderId,
    makerUserId: maker.userId,
    takerUserId: taker.userId,
    takerSide: taker.side,
    makerFee: formatAmount(feeOn(notional, maker.makerFeeRate)),
    takerFee: formatAmount(feeOn(notional, taker.takerFeeRate)),
    makerSeq: trade.makerSeq,
    takerSeq: trade.takerSeq,
  };
}

export function reportRows(batch: CommitBatch): ReportCells[] {
  return batch.reports.map(reportCells);
}

export function requestRows(batch: CommitBatch): RequestRow[] {
  return batch.requests.map(({ userId, tradingDay, at, clOrdId, msgType, orderId, accepted }) => ({
    userId,
    tradingDay,
    createdAt: at,
    clOrdId,
    msgType,
    orderId: orderId ?? null,
    accepted,
  }));
}

/** Nothing sent, nothing reserved: how a session is left that ended with a reset, and never otherwise. */
const RESET_NUMBERS = { nextIn: 1, nextOut: 1, reservedOut: 0 } as const;

/** One row a SenderCompID (49): a session that ended and its successor may meet in one batch. */
export function sessionRows(batch: CommitBatch): SessionRow[] {
  const rows = new Map<number, SessionRow>();
  for (const { senderCompId, resetAfter, ...session } of batch.sessions) {
    rows.set(
      senderCompId,
      resetAfter
        ? { senderCompId, ...RESET_NUMBERS, clean: session.clean }
        : {
            senderCompId,
            nextIn: session.nextInSeqNum,
            nextOut: session.nextOutSeqNum,
            reservedOut: session.reservedOutSeqNum,
            clean: session.clean,
          },
    );
  }
  return [...rows.values()].sort((left, right) => left.senderCompId - right.senderCompId);
}

/** What was sent, without what a reset in the same batch cuts; what earlier commits hold is cut when the session opens. */
export function messagesRows(batch: CommitBatch): MessagesRow[] {
  let rows: MessagesRow[] = [];
  for (const { senderCompId, sent, resetAfter } of batch.sessions) {
    if (resetAfter) {
      rows = rows.filter((row) => row.senderCompId !== senderCompId);
    } else if (sent !== undefined) {
      const { firstSeqNum: firstSeq, lastSeqNum: lastSeq, frames } = sent;
      rows.push({ senderCompId, firstSeq, lastSeq, frames });
    }
  }
  return rows;
}

/** One row a user and source, with the highest number. */
export function deliveredRows(batch: CommitBatch): DeliveredRow[] {
  const rows = new Map<string, DeliveredRow>();
  for (const { userId, delivered } of batch.sessions) {
    for (const { source, sourceSeq } of delivered) {
      const key = `${userId} ${source}`;
      const known = rows.get(key);
      if (known === undefined || known.sourceSeq < sourceSeq) rows.set(key, { userId, source, sourceSeq });
    }
  }
  return [...rows.values()];
}
