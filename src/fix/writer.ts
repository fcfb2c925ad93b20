/**
 * Encodes messages into one buffer that grows and is used again. The body is written first and the header's
 * length before it at the end, so BodyLength and CheckSum are counted from the bytes themselves.
 */
import { AssertionError, assert } from '../platform/assert.ts';
import type { FixMessage } from './message.ts';
import { SOH, TAG } from './tags.ts';
import { utcTimestamp } from './timestamp.ts';

export { parseUtcTimestamp, utcTimestamp } from './timestamp.ts';

/** Who speaks which version to whom: the same for all messages of a session. */
export interface MessageHeader {
  /** BeginString (8). */
  readonly beginString: string;
  /** SenderCompID (49). */
  readonly senderCompId: string;
  /** TargetCompID (56). */
  readonly targetCompId: string;
}

/** How a message that is not sent for the first time differs. */
export interface BeginOptions {
  /** PossDupFlag (43=Y) with OrigSendingTime (122). */
  readonly possDup?: { readonly origSendingTime: string };
  /** PossResend (97=Y). */
  readonly possResend?: boolean;
}

const EQUALS = 0x3d;
const ZERO = 0x30;
const MINUS = 0x2d;
const QUESTION_MARK = 0x3f;
const INITIAL_BYTES = 4096;
/** Digits of the longest BodyLength that is written. */
const MAX_LENGTH_DIGITS = 9;
/** `10=ddd|`. */
const TRAILER_LENGTH = 7;

/**
 * One per session, and one message at a time: `begin`, any number of `field`, `end`. Values are latin1;
 * characters beyond it are written as `?`. A value that is empty or contains SOH is a bug of the caller and
 * throws AssertionError.
 */
export class MessageWriter {
  /** `8=FIX.4.4|9=`. */
  readonly #prefix: Buffer;
  /** `49=…|56=…|34=`. */
  readonly #compIds: Buffer;
  readonly #bodyStart: number;
  #buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #at = 0;
  #isOpen = false;

  constructor(header: MessageHeader) {
    for (const value of [header.beginString, header.senderCompId, header.targetCompId]) {
      assert(value.length > 0 && !value.includes('\x01'), 'a header field is empty or contains SOH');
    }
    this.#prefix = Buffer.from(`8=${header.beginString}\x019=`, 'latin1');
    this.#compIds = Buffer.from(`49=${header.senderCompId}\x0156=${header.targetCompId}\x0134=`, 'latin1');
    this.#bodyStart = this.#prefix.length + MAX_LENGTH_DIGITS + 1;
  }

  /**
   * Starts a message with its header: 8, 9, 35, 49, 56, 34, (43), (97), 52, (122). `sendingTime` is in ms since
   * the epoch. What an earlier `begin` left unfinished is dropped.
   */
  begin(msgType: string, msgSeqNum: number, sendingTime: number, options?: BeginOptions): this {
    assert(Number.isSafeInteger(msgSeqNum) && msgSeqNum > 0, 'MsgSeqNum(34) must be a positive integer');
    this.#at = this.#bodyStart;
    this.#isOpen = true;
    this.field(TAG.MsgType, msgType);
    this.#raw(this.#compIds, 0, this.#compIds.length);
    this.#reserve(32);
    this.#writeInteger(msgSeqNum);
    this.#writeByte(SOH);
    if (options?.possDup !== undefined) this.field(TAG.PossDupFlag, 'Y');
    if (options?.possResend === true) this.field(TAG.PossResend, 'Y');
    this.field(TAG.SendingTime, utcTimestamp(sendingTime));
    if (options?.possDup !== undefined) this.field(TAG.OrigSendingTime, options.possDup.origSendingTime);
    return this;
  }

  /** Appends `tag=value`. A number must be a safe integer: decimals are text. */
  field(tag: number, value: string | number): this {
    assert(this.#isOpen, 'a field outside a message');
    assert(Number.isSafeInteger(tag) && tag > 0, 'a tag must be a positive integer');
    const isNumber = typeof value === 'number';
    this.#reserve(40 + (isNumber ? 0 : value.length));
    this.#writeInteger(tag);
    this.#writeByte(EQUALS);
    if (isNumber) this.#writeSigned(value);
    else this.#writeText(tag, value);
    this.#writeByte(SOH);
    return this;
  }

  /** Finishes the message: a copy of it with BodyLength and CheckSum. */
  end(): Buffer {
    assert(this.#isOpen, 'the end of no message');
    this.#isOpen = false;
    const start = this.#writeHead(this.#at - this.#bodyStart);
    let sum = 0;
    for (let at = start; at < this.#at; at += 1) sum += this.#buffer[at]!;
    this.#reserve(TRAILER_LENGTH);
    this.#writeCheckSum(sum & 255);
    return Buffer.from(this.#buffer.subarray(start, this.#at));
  }

  /**
   * An application message again, as a ResendRequest asks for it: 43=Y, 122 = when it was first sent, a new 52;
   * its number, 97 and all other fields as they were. `sendingTime` is in ms since the epoch.
   */
  resend(stored: FixMessage, sendingTime: number): Buffer {
    const { msgSeqNum } = stored;
    const origSendingTime = stored.get(TAG.OrigSendingTime) ?? stored.get(TAG.SendingTime);
    assert(msgSeqNum !== undefined && origSendingTime !== undefined, 'a stored message has 34 and 52');
    this.begin(stored.msgType, msgSeqNum, sendingTime, {
      possDup: { origSendingTime },
      possResend: stored.get(TAG.PossResend) === 'Y',
    });
    let copiedFrom = 0;
    let copiedTo = 0;
    for (let i = 0; i < stored.fieldCount; i += 1) {
      if (WRITTEN_BY_BEGIN_AND_END.has(stored.tagAt(i))) continue;
      // The field starts after the SOH of the one before it.
      const fieldStart = stored.endAt(i - 1) + 1;
      if (fieldStart !== copiedTo) {
        this.#raw(stored.bytes, copiedFrom, copiedTo);
        copiedFrom = fieldStart;
      }
      copiedTo = stored.endAt(i) + 1;
    }
    this.#raw(stored.bytes, copiedFrom, copiedTo);
    return this.end();
  }

  #raw(bytes: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    this.#at += bytes.copy(this.#buffer, this.#at, from, to);
  }

  /** Writes `8=…|9=N|` so that it ends where the body starts; returns where it begins. */
  #writeHead(bodyLength: number): number {
    let at = this.#bodyStart - 1;
    this.#buffer[at] = SOH;
    let rest = bodyLength;
    do {
      at -= 1;
      this.#buffer[at] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    } while (rest > 0);
    const start = at - this.#prefix.length;
    assert(start >= 0, 'BodyLength has too many digits');
    this.#prefix.copy(this.#buffer, start);
    return start;
  }

  #writeCheckSum(sum: number): void {
    this.#writeInteger(TAG.CheckSum);
    this.#writeByte(EQUALS);
    this.#writeByte(ZERO + Math.floor(sum / 100));
    this.#writeByte(ZERO + (Math.floor(sum / 10) % 10));
    this.#writeByte(ZERO + (sum % 10));
    this.#writeByte(SOH);
  }

  #writeText(tag: number, text: string): void {
    if (text.length === 0) throw new AssertionError(`the value of ${tag} is empty`);
    const buffer = this.#buffer;
    let at = this.#at;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code === SOH) throw new AssertionError(`the value of ${tag} contains SOH`);
      buffer[at] = code > 0xff ? QUESTION_MARK : code;
      at += 1;
    }
    this.#at = at;
  }

  #writeSigned(value: number): void {
    assert(Number.isSafeInteger(value), 'a number on the wire must be a safe integer');
    if (value < 0) this.#writeByte(MINUS);
    this.#writeInteger(Math.abs(value));
  }

  #writeInteger(value: number): void {
    let end = this.#at + 1;
    for (let limit = 10; value >= limit; limit *= 10) end += 1;
    const buffer = this.#buffer;
    let rest = value;
    for (let at = end - 1; at >= this.#at; at -= 1) {
      const next = Math.floor(rest / 10);
      buffer[at] = ZERO + (rest - next * 10);
      rest = next;
    }
    this.#at = end;
  }

  #writeByte(byte: number): void {
    this.#buffer[this.#at] = byte;
    this.#at += 1;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}

const WRITTEN_BY_BEGIN_AND_END: ReadonlySet<number> = new Set([
  TAG.BeginString,
  TAG.BodyLength,
  TAG.MsgType,
  TAG.SenderCompID,
  TAG.TargetCompID,
  TAG.MsgSeqNum,
  TAG.PossDupFlag,
  TAG.PossResend,
  TAG.SendingTime,
  TAG.OrigSendingTime,
  TAG.CheckSum,
]);
