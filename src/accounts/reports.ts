/**
 * What members are told about a book's events: the ExecutionReports (8) of each, with decimals as exact text. One
 * place for it, since the same reports are journaled and sent.
 */

import type { ExecType, ExecutionReport, ReportedFill } from '../matching/execution-report.ts';
import { avgPxText, type FeeRate, type Instrument, priceText, quantityText } from '../matching/instrument.ts';
import * as reason from '../matching/reasons.ts';
import { reasonText } from '../matching/reasons.ts';
import { isBust } from '../matching/trade-amendment.ts';
import type {
  BookEvent,
  OrderRestated,
  OrderSnapshot,
  TradeAmended,
  TradeExecuted,
} from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import { formatAmount } from '../platform/decimal.ts';
import { amendmentText } from './amendments.ts';
import { feeOn } from './fees.ts';
import { notionalOf } from './holds.ts';
import { reportedInstructions } from './reported-instructions.ts';

/** The reports that an event causes, in the order of their book sequence numbers: a trade's maker comes first. */
export function reportsOf(event: BookEvent, instrument: Instrument): ExecutionReport[] {
  switch (event.type) {
    case 'OrderAccepted':
      return [reportOn(event.order, '0', event.seq, event.at, instrument)];
    case 'TradeExecuted': {
      const makerFill = fillOf(event, 1, event.maker.makerFeeRate, instrument);
      const takerFill = fillOf(event, 2, event.taker.takerFeeRate, instrument);
      return [
        { ...reportOn(event.maker, 'F', event.makerSeq, event.at, instrument), fill: makerFill },
        { ...reportOn(event.taker, 'F', event.takerSeq, event.at, instrument), fill: takerFill },
      ];
    }
    case 'OrderCanceled': {
      const { order, requestClOrdId, unsolicited } = event;
      return [
        {
          ...reportOn(order, '4', event.seq, event.at, instrument),
          clOrdId: requestClOrdId ?? order.clOrdId,
          origClOrdId: requestClOrdId === undefined ? undefined : order.clOrdId,
          execRestatementReason: unsolicited?.execRestatementReason,
          text: unsolicited?.text,
        },
      ];
    }
    case 'OrderExpired':
      return [{ ...reportOn(event.order, 'C', event.seq, event.at, instrument), text: event.text }];
    case 'OrderReplaced': {
      const { order, origClOrdId } = event;
      return [{ ...reportOn(order, '5', event.seq, event.at, instrument), origClOrdId }];
    }
    case 'OrderRejected': {
      const { ordRejReason, text } = event;
      return [{ ...reportOn(event.order, '8', event.seq, event.at, instrument), ordRejReason, text }];
    }
    case 'OrderTriggered': {
      const text = `triggered by a trade at ${priceText(instrument, event.triggerPx)}`;
      return [{ ...reportOn(event.order, 'L', event.seq, event.at, instrument), text }];
    }
    case 'OrderRestated': {
      const { execRestatementReason } = event;
      const text = restatementText(event.reason);
      return [
        { ...reportOn(event.order, 'D', event.seq, event.at, instrument), execRestatementReason, text },
      ];
    }
    case 'TradeAmended':
      return [
        amendmentReport(event, event.maker, event.makerSeq, event.makerRefSeq, instrument),
        amendmentReport(event, event.taker, event.takerSeq, event.takerRefSeq, instrument),
      ];
    default:
      return assertNever(event);
  }
}

/** The answer to a question about an order (150=I): its state at `at`. It has no number and no row. */
export function statusReport(order: OrderSnapshot, instrument: Instrument, at: number): ExecutionReport {
  return reportOn(order, 'I', 0, at, instrument);
}

function reportOn(
  order: OrderSnapshot,
  execType: ExecType,
  sourceSeq: number,
  at: number,
  instrument: Instrument,
): ExecutionReport {
  const report: ExecutionReport = {
    type: 'ExecutionReport',
    userId: order.userId,
    source: order.symbol,
    sourceSeq,
    at,
    orderId: order.orderId,
    clOrdId: order.clOrdId,
    origClOrdId: undefined,
    execType,
    ordStatus: order.ordStatus,
    symbol: order.symbol,
    side: order.side,
    ordType: order.ordType,
    timeInForce: order.timeInForce,
    orderQty: quantityText(instrument, order.quantity),
    price: hasLimit(order) ? priceText(instrument, order.price) : undefined,
    cumQty: quantityText(instrument, order.cumQty),
    leavesQty: quantityText(instrument, order.leavesQty),
    avgPx: avgPxText(instrument, order.cumNotional, order.cumQty),
    fill: undefined,
    ordRejReason: undefined,
    execRestatementReason: undefined,
    text: undefined,
  };
  const instructions = reportedInstructions(order, instrument);
  return instructions === undefined ? report : { ...report, instructions };
}

/** The price of a market or stop order is the venue's protection, which the member did not send. */
function hasLimit({ ordType }: OrderSnapshot): boolean {
  return ordType === '2' || ordType === '4';
}

function restatementText(why: OrderRestated['reason']): string {
  switch (why) {
    case 'IcebergRefresh':
      return reasonText(reason.ICEBERG_REFRESH, false);
    case 'PriceSlide':
      return reasonText(reason.PRICE_SLIDE, false);
    case 'SelfTradeDecrement':
      return reasonText(reason.SELF_TRADE, false);
    default:
      return assertNever(why);
  }
}

/** What a party of an amended trade is told: a correction with the trade's new terms, a bust without any. */
function amendmentReport(
  event: TradeAmended,
  order: OrderSnapshot,
  seq: number,
  refSeq: number,
  instrument: Instrument,
): ExecutionReport {
  const isMaker = order === event.maker;
  const feeRate = isMaker ? order.makerFeeRate : order.takerFeeRate;
  const terms = { tradeId: event.tradeId, ...event.after };
  return {
    ...reportOn(order, isBust(event) ? 'H' : 'G', seq, event.at, instrument),
    fill: isBust(event) ? undefined : fillOf(terms, isMaker ? 1 : 2, feeRate, instrument),
    execRefId: `${order.symbol}-${refSeq}`,
    text: amendmentText(event),
  };
}

function fillOf(
  trade: Pick<TradeExecuted, 'tradeId' | 'price' | 'quantity'>,
  lastLiquidityInd: 1 | 2,
  feeRate: FeeRate,
  instrument: Instrument,
): ReportedFill {
  return {
    tradeId: trade.tradeId,
    lastQty: quantityText(instrument, trade.quantity),
    lastPx: priceText(instrument, trade.price),
    lastLiquidityInd,
    fee: formatAmount(feeOn(notionalOf(instrument, trade.price, trade.quantity), feeRate)),
    feeAsset: instrument.quoteAsset,
  };
}
