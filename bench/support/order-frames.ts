/**
 * NewOrderSingle (D) frames from a template: every value that differs has a fixed place and width, so that an
 * order costs one copy and about thirty bytes. The client must be cheap, since it shares the machine with the
 * venue that it measures.
 */
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { ORDER_QTY, PRICE_DECIMALS } from './order-flow.ts';

/** Whose orders, and of what. */
export interface FrameHeader {
  /** SenderCompID (49). */
  readonly senderCompId: number;
  /** TargetCompID (56). */
  readonly targetCompId: string;
  readonly symbol: string;
}

const ZERO = 0x30;
const SEQ_NUM_DIGITS = 8;
const CL_ORD_ID_DIGITS = 8;
const PRICE_DIGITS = 7;
const TIME_PLACEHOLDER = utcTimestamp(0);

/** Prefix of every ClOrdID (11): what follows is the order's number in its session. */
export const CL_ORD_ID_PREFIX = 'B';

/** One session's frames. */
export class OrderFrames {
  /** Bytes of every frame. */
  readonly frameLength: number;
  readonly #template: Buffer;
  readonly #seqNumAt: number;
  readonly #clOrdIdAt: number;
  readonly #sideAt: number;
  readonly #priceAt: number;
  readonly #timesAt: readonly number[];
  /** Sum of the template's bytes up to CheckSum (10); the places that differ hold zeros. */
  #templateSum = 0;

  constructor({ senderCompId, targetCompId, symbol }: FrameHeader) {
    const zeros = (count: number): string => '0'.repeat(count);
    const price = `${zeros(PRICE_DIGITS - PRICE_DECIMALS)}.${zeros(PRICE_DECIMALS)}`;
    const body = [
      '35=D',
      `49=${senderCompId}`,
      `56=${targetCompId}`,
      `34=${zeros(SEQ_NUM_DIGITS)}`,
      `52=${TIME_PLACEHOLDER}`,
      `11=${CL_ORD_ID_PREFIX}${zeros(CL_ORD_ID_DIGITS)}`,
      `55=${symbol}`,
      '54=0',
      `60=${TIME_PLACEHOLDER}`,
      `38=${ORDER_QTY}`,
      '40=2',
      `44=${price}`,
      '59=0',
      '',
    ].join('\x01');
    this.#template = Buffer.from(`8=FIX.4.4\x019=${body.length}\x01${body}10=000\x01`, 'latin1');
    this.frameLength = this.#template.length;
    const valueAt = (tag: string): number => this.#template.indexOf(`\x01${tag}=`) + tag.length + 2;
    this.#seqNumAt = valueAt('34');
    this.#clOrdIdAt = valueAt('11') + CL_ORD_ID_PREFIX.length;
    this.#sideAt = valueAt('54');
    this.#priceAt = valueAt('44');
    this.#timesAt = [valueAt('52'), valueAt('60')];
    this.setTime(0);
  }

  /** SendingTime (52) and TransactTime (60) of the frames from now on, ms since the epoch. */
  setTime(at: number): void {
    const text = utcTimestamp(at);
    for (const timeAt of this.#timesAt) this.#template.write(text, timeAt, 'latin1');
    let sum = 0;
    for (let index = 0; index < this.frameLength - TRAILER_LENGTH; index += 1)
      sum += this.#template[index] ?? 0;
    this.#templateSum = sum;
  }

  /** Writes one frame at `at` of `target`. `orderNo` counts the session's orders. */
  write(
    target: Buffer,
    at: number,
    msgSeqNum: number,
    orderNo: number,
    order: { readonly side: 1 | 2; readonly priceTicks: number },
  ): void {
    this.#template.copy(target, at);
    let sum = this.#templateSum;
    sum += writeDigits(target, at + this.#seqNumAt, SEQ_NUM_DIGITS, msgSeqNum);
    sum += writeDigits(target, at + this.#clOrdIdAt, CL_ORD_ID_DIGITS, orderNo);
    sum += writeDigits(target, at + this.#sideAt, 1, order.side);
    const unit = 10 ** PRICE_DECIMALS;
    const whole = Math.floor(order.priceTicks / unit);
    const wholeDigits = PRICE_DIGITS - PRICE_DECIMALS;
    sum += writeDigits(target, at + this.#priceAt, wholeDigits, whole);
    const fraction = order.priceTicks - whole * unit;
    sum += writeDigits(target, at + this.#priceAt + wholeDigits + 1, PRICE_DECIMALS, fraction);
    writeDigits(target, at + this.frameLength - 4, 3, sum & 255);
  }
}

/** `10=ddd|`. */
const TRAILER_LENGTH = 7;

/** Writes the number with leading zeros; returns the sum of its digits, by which the bytes have grown. */
function writeDigits(target: Buffer, at: number, digits: number, value: number): number {
  let rest = value;
  let sum = 0;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    const next = Math.floor(rest / 10);
    const digit = rest - next * 10;
    target[index] = ZERO + digit;
    sum += digit;
    rest = next;
  }
  return sum;
}
