/** Turns the core's records of one command into the events of src/matching/types.ts. */
import { assertNever } from '../platform/assert.ts';
import type { EventBuffer } from './event-buffer.ts';
import * as record from './event-buffer.ts';
import type { OrderCodec } from './order-codec.ts';
import * as reason from './reasons.ts';
import type {
  BookEvent,
  Lots,
  OrderRestated,
  OrderSnapshot,
  OrdStatus,
  Ticks,
  TradeId,
  UnsolicitedCancel,
} from './types.ts';

/** What a record does not say: it is the command's. */
export interface CommandContext {
  readonly symbol: string;
  readonly at: number;
  readonly nextTradeId: () => TradeId;
  /** The ClOrdID and reason of a cancel. */
  readonly requestClOrdId: string | undefined;
  readonly unsolicited: UnsolicitedCancel | undefined;
  /** The order before a replace. */
  readonly before: OrderSnapshot | undefined;
}

/** ExecRestatementReason (378): 3 repricing, 5 partial decline of OrderQty, 8 market option. */
const REPRICING = 3;
const PARTIAL_DECLINE = 5;
const MARKET_OPTION = 8;
/** OrdRejReason (103): 3 order exceeds limit, 99 other. */
const EXCEEDS_LIMIT = 3;
const OTHER = 99;

/** Appends the events of all records. To be called before the next command. */
export function readEvents(
  buffer: EventBuffer,
  codec: OrderCodec,
  context: CommandContext,
  events: BookEvent[],
): void {
  const { records, count } = buffer;
  for (let index = 0; index < count; index += 1) {
    const start = index * record.RECORD_STRIDE;
    if (records[start + record.KIND] === record.MAKER_FILLED) {
      events.push(readTrade(records, start, codec, context));
      index += 1;
    } else events.push(readEvent(records, start, codec, context));
  }
}

function readTrade(
  records: Float64Array,
  start: number,
  codec: OrderCodec,
  context: CommandContext,
): BookEvent {
  const takerStart = start + record.RECORD_STRIDE;
  return {
    type: 'TradeExecuted',
    tradeId: context.nextTradeId(),
    symbol: context.symbol,
    price: records[start + record.LAST_PX] as Ticks,
    quantity: records[start + record.LAST_QTY] as Lots,
    maker: codec.snapshotAt(records, start, workingStatus(records, start)),
    taker: codec.snapshotAt(records, takerStart, workingStatus(records, takerStart)),
    makerSeq: records[start + record.SEQ]!,
    takerSeq: records[takerStart + record.SEQ]!,
    at: context.at,
  };
}

function readEvent(
  records: Float64Array,
  start: number,
  codec: OrderCodec,
  context: CommandContext,
): BookEvent {
  const kind = records[start + record.KIND]!;
  const seq = records[start + record.SEQ]!;
  const why = records[start + record.REASON]!;
  const lastQty = records[start + record.LAST_QTY] as Lots;
  const { at } = context;
  const order = codec.snapshotAt(records, start, closedStatus(kind) ?? workingStatus(records, start));
  const isMarket = order.ordType === '1' || order.ordType === '3';
  switch (kind) {
    case record.ACCEPTED:
      return { type: 'OrderAccepted', order, seq, at };
    case record.REJECTED: {
      const isLimit = why === reason.TOO_MANY_STOPS || why === reason.TOO_MANY_SLICES;
      const ordRejReason = isLimit ? EXCEEDS_LIMIT : OTHER;
      return { type: 'OrderRejected', order, ordRejReason, text: reason.reasonText(why, isMarket), seq, at };
    }
    case record.CANCELED: {
      const unsolicited =
        why === reason.SELF_TRADE
          ? { execRestatementReason: MARKET_OPTION, text: reason.reasonText(why, isMarket) }
          : context.unsolicited;
      const requestClOrdId = why === reason.SELF_TRADE ? undefined : context.requestClOrdId;
      return { type: 'OrderCanceled', order, canceledQty: lastQty, requestClOrdId, unsolicited, seq, at };
    }
    case record.EXPIRED:
      return {
        type: 'OrderExpired',
        order,
        expiredQty: lastQty,
        text: reason.reasonText(why, isMarket),
        seq,
        at,
      };
    case record.REPLACED: {
      const before = context.before!;
      return { type: 'OrderReplaced', order, before, origClOrdId: before.clOrdId, seq, at };
    }
    case record.TRIGGERED:
      return { type: 'OrderTriggered', order, triggerPx: records[start + record.LAST_PX] as Ticks, seq, at };
    case record.RESTATED:
      return {
        type: 'OrderRestated',
        ...restatement(why),
        order,
        priceBefore: records[start + record.LAST_PX] as Ticks,
        decrementedQty: lastQty,
        seq,
        at,
      };
    default:
      return assertNever(kind as never);
  }
}

function restatement(why: number): Pick<OrderRestated, 'reason' | 'execRestatementReason'> {
  if (why === reason.ICEBERG_REFRESH)
    return { reason: 'IcebergRefresh', execRestatementReason: MARKET_OPTION };
  if (why === reason.PRICE_SLIDE) return { reason: 'PriceSlide', execRestatementReason: REPRICING };
  return { reason: 'SelfTradeDecrement', execRestatementReason: PARTIAL_DECLINE };
}

function closedStatus(kind: number): OrdStatus | undefined {
  if (kind === record.CANCELED) return '4';
  if (kind === record.EXPIRED) return 'C';
  return kind === record.REJECTED ? '8' : undefined;
}

function workingStatus(records: Float64Array, start: number): OrdStatus {
  if (records[start + record.LEAVES_QTY] === 0) return '2';
  return records[start + record.CUM_QTY] === 0 ? '0' : '1';
}
