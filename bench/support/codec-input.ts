/**
 * What the codecs are measured on: the bytes that an acceptor receives and the reports that it sends, the same for
 * the same seed. Decimals have no zeros at their end, so that a codec that reads floats prints the same digits.
 */
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import type { ExecutionReport } from '../../src/matching/execution-report.ts';

/** A byte stream, and how it arrives. */
export interface StreamInput {
  /** Whole frames, one after the other. */
  readonly frames: readonly Buffer[];
  /** The same bytes as socket reads give them: cut anywhere. */
  readonly chunks: readonly Buffer[];
  /** The same bytes cut only between frames: for a parser that cannot find frames itself. */
  readonly framedChunks: readonly Buffer[];
  readonly byteCount: number;
}

/** The member whose session is measured. */
export const MEMBER_COMP_ID = '1001';
export const VENUE_COMP_ID = 'ONEBOOK';
/** SendingTime (52) of the first message, ms since the epoch. */
export const FIRST_AT = Date.UTC(2026, 10, 22, 19, 0, 0, 7);

const SYMBOLS = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'EUR-USD'];
const MAX_READ_BYTES = 16_384;
const MIN_READ_BYTES = 64;

/** xorshift32. */
class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b9) | 1;
  }

  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % bound;
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** Decimal text from 1 on, without zeros at its end. */
  decimal(maxWhole: number, digits: number): string {
    const fraction = String(this.below(10 ** digits)).padStart(digits, '0');
    return `${1 + this.below(maxWhole)}.${fraction}`.replace(/\.?0+$/, '');
  }
}

/**
 * Of ten messages six are orders (D), one or two cancels (F), one or two replaces (G) and one is a Heartbeat (0), as a
 * member's engine sends them.
 */
export function streamInput(messageCount: number, seed: number): StreamInput {
  const draw = new Draw(seed);
  const writer = new MessageWriter({
    beginString: 'FIX.4.4',
    senderCompId: MEMBER_COMP_ID,
    targetCompId: VENUE_COMP_ID,
  });
  const frames = Array.from({ length: messageCount }, (_, i) => memberFrame(writer, draw, i + 1));
  return { frames, ...cut(frames, draw) };
}

function memberFrame(writer: MessageWriter, draw: Draw, msgSeqNum: number): Buffer {
  const kind = draw.below(20);
  const at = FIRST_AT + msgSeqNum;
  const msgType = kind < 2 ? '0' : kind < 5 ? 'F' : kind < 8 ? 'G' : 'D';
  writer.begin(msgType, msgSeqNum, at);
  if (msgType === '0') return writer.end();
  if (msgType !== 'D') writer.field(41, `B${String(draw.below(msgSeqNum)).padStart(8, '0')}`);
  writer.field(11, `B${String(msgSeqNum).padStart(8, '0')}`);
  writer.field(1, 'desk-7');
  if (msgType !== 'F') writer.field(21, '1');
  writer
    .field(55, draw.of(SYMBOLS))
    .field(54, draw.of(['1', '2']))
    .field(60, utcTimestamp(at));
  writer.field(38, draw.decimal(99, 4));
  if (msgType === 'F') return writer.end();
  writer.field(40, '2').field(44, draw.decimal(60_000, 2));
  return writer.field(59, draw.of(['0', '1', '1', '3'])).end();
}

function cut(frames: readonly Buffer[], draw: Draw): Omit<StreamInput, 'frames'> {
  const bytes = Buffer.concat(frames);
  const chunks: Buffer[] = [];
  const framedChunks: Buffer[] = [];
  let frameIndex = 0;
  let framedTo = 0;
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + MIN_READ_BYTES + draw.below(MAX_READ_BYTES - MIN_READ_BYTES));
    chunks.push(Buffer.from(bytes.subarray(from, to)));
    from = to;
    const framedFrom = framedTo;
    for (let frame = frames[frameIndex]; frame && framedTo + frame.length <= to; frame = frames[frameIndex]) {
      framedTo += frame.length;
      frameIndex += 1;
    }
    if (framedTo > framedFrom) framedChunks.push(Buffer.from(bytes.subarray(framedFrom, framedTo)));
  }
  return { chunks, framedChunks, byteCount: bytes.length };
}

/** Of twenty reports twelve are acknowledgements, five are fills, two cancels, one is a replace. */
export function reportsInput(reportCount: number, seed: number): ExecutionReport[] {
  const draw = new Draw(seed);
  return Array.from({ length: reportCount }, (_, i) => report(draw, i + 1));
}

function report(draw: Draw, no: number): ExecutionReport {
  const kind = draw.below(20);
  const execType = kind < 12 ? '0' : kind < 17 ? 'F' : kind < 19 ? '4' : '5';
  const symbol = draw.of(SYMBOLS);
  const price = draw.decimal(60_000, 2);
  const orderQty = draw.decimal(99, 4);
  const clOrdId = `B${String(no).padStart(8, '0')}`;
  const isFill = execType === 'F';
  const isOver = execType === '4' || isFill;
  return {
    type: 'ExecutionReport',
    userId: 7,
    source: symbol,
    sourceSeq: no,
    at: FIRST_AT + no,
    orderId: 1_000_000 + no,
    clOrdId,
    origClOrdId: execType === '4' || execType === '5' ? `A${String(no).padStart(8, '0')}` : undefined,
    execType,
    ordStatus: execType === '4' ? '4' : isFill ? '2' : '0',
    symbol,
    side: draw.of(['1', '2'] as const),
    ordType: '2',
    timeInForce: draw.of(['0', '1'] as const),
    orderQty,
    price,
    cumQty: isFill ? orderQty : '0',
    leavesQty: isOver ? '0' : orderQty,
    avgPx: isFill ? price : '0',
    fill: isFill
      ? {
          tradeId: 5_000_000 + no,
          lastQty: orderQty,
          lastPx: price,
          lastLiquidityInd: draw.of([1, 2] as const),
          fee: draw.decimal(9, 3),
          feeAsset: 'USD',
        }
      : undefined,
    ordRejReason: undefined,
    execRestatementReason: undefined,
    text: undefined,
  };
}
