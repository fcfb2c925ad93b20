/**
 * Encodes messages into one buffer that grows and is used again. The body is written first and the header's
 * length before it at the end, so BodyLength and CheckSum are counted from the bytes themselves.
 */
import { AssertionError, assert } from '../platform/assert.ts';
import type { FixMessage } from './message.ts';
import { SOH, TAG } from './tags.ts';
import { UTC_TIMESTAMP_LENGTH, utcTimestampBytes } from './timestamp.ts';

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
const INITIAL_BYTES = 1024;
/** Bytes of the longest `tag=`: any safe integer is a tag here. */
const MAX_TAG_LENGTH = 17;
/** Bytes of the longest integer, with its sign. */
const MAX_INTEGER_LENGTH = 17;
/** Below, V8 divides integers as such. */
const INT32_LIMIT = 0x80000000;
/** Digits of the longest BodyLength that is written. */
const MAX_LENGTH_DIGITS = 9;
/** `10=ddd|`. */
const TRAILER_LENGTH = 7;

/** Below, `tag=` has four bytes at most. */
const SHORT_TAG_LIMIT = 1000;
/** By tag: the bytes of `tag=` from the lowest eight bits on, how many they are and their sum. */
const shortTagBytes = new Int32Array(SHORT_TAG_LIMIT);
const shortTagLength = new Uint8Array(SHORT_TAG_LIMIT);
const shortTagSum = new Uint16Array(SHORT_TAG_LIMIT);
for (let tag = 1; tag < SHORT_TAG_LIMIT; tag += 1) {
  const bytes = Buffer.from(`${tag}=`, 'latin1');
  shortTagBytes[tag] = Buffer.concat([bytes, Buffer.alloc(4)]).readInt32LE();
  shortTagLength[tag] = bytes.length;
  shortTagSum[tag] = bytes.reduce((sum, byte) => sum + byte, 0);
}

/**
 * One per session, and one message at a time: `begin`, any number of `field`, `end`. Values are latin1;
 * characters beyond it are written as `?`. A value that is empty or contains SOH is a bug of the caller and
 * throws AssertionError.
 */
export class MessageWriter {
  /** `8=FIX.4.4|9=`. */
  readonly #prefix: Buffer;
  /** `49=…|56=…|`. */
  readonly #compIds: Buffer;
  readonly #bodyStart: number;
  #buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #at = 0;
  /** Of the bytes that were written since `begin`. */
  #sum = 0;
  #isOpen = false;

  constructor(header: MessageHeader) {
    for (const value of [header.beginString, header.senderCompId, header.targetCompId]) {
      assert(value.length > 0 && !value.includes('\x01'), 'a header field is empty or contains SOH');
    }
    this.#prefix = Buffer.from(`8=${header.beginString}\x019=`, 'latin1');
    this.#compIds = Buffer.from(`49=${header.senderCompId}\x0156=${header.targetCompId}\x01`, 'latin1');
    this.#bodyStart = this.#prefix.length + MAX_LENGTH_DIGITS + 1;
  }

  /**
   * Starts a message with its header: 8, 9, 35, 49, 56, 34, (43), (97), 52, (122). `sendingTime` is in ms since
   * the epoch. What an earlier `begin` left unfinished is dropped.
   */
  begin(msgType: string, msgSeqNum: number, sendingTime: number, options?: BeginOptions): this {
    assert(Number.isSafeInteger(msgSeqNum) && msgSeqNum > 0, 'MsgSeqNum(34) must be a positive integer');
    this.#at = this.#bodyStart;
    this.#sum = 0;
    this.#isOpen = true;
    this.field(TAG.MsgType, msgType);
    this.#raw(this.#compIds, 0, this.#compIds.length);
    this.field(TAG.MsgSeqNum, msgSeqNum);
    if (options?.possDup !== undefined) this.field(TAG.PossDupFlag, 'Y');
    if (options?.possResend === true) this.field(TAG.PossResend, 'Y');
    this.time(TAG.SendingTime, sendingTime);
    if (options?.possDup !== undefined) this.field(TAG.OrigSendingTime, options.possDup.origSendingTime);
    return this;
  }

  /** Appends `tag=value`. A number must be a safe integer: decimals are text. */
  field(tag: number, value: string | number): this {
    if (typeof value === 'number') {
      this.#openField(tag, MAX_INTEGER_LENGTH);
      this.#writeInteger(value);
    } else {
      this.#openField(tag, value.length);
      this.#writeText(tag, value);
      this.#closeField();
    }
    return this;
  }

  /** Appends `tag=text-no`, which need not become one string for that. `no` is a safe integer from 0 on. */
  numbered(tag: number, text: string, no: number): this {
    assert(Number.isSafeInteger(no) && no >= 0, 'a number on the wire must be a safe integer');
    this.#openField(tag, text.length + 1 + MAX_INTEGER_LENGTH);
    this.#writeText(tag, text);
    this.#buffer[this.#at] = MINUS;
    this.#at += 1;
    this.#sum += MINUS;
    this.#writeDigits(no);
    this.#closeField();
    return this;
  }

  /** Appends a UTCTimestamp with milliseconds. `at` is in ms since the epoch. */
  time(tag: number, at: number): this {
    this.#openField(tag, UTC_TIMESTAMP_LENGTH);
    const text = utcTimestampBytes(at);
    const buffer = this.#buffer;
    let to = this.#at;
    let sum = this.#sum + SOH;
    for (let i = 0; i < UTC_TIMESTAMP_LENGTH; i += 1) {
      const byte = text[i]!;
      buffer[to] = byte;
      sum += byte;
      to += 1;
    }
    buffer[to] = SOH;
    this.#sum = sum;
    this.#at = to + 1;
    return this;
  }

  /** Finishes the message: a copy of it with BodyLength and CheckSum. */
  end(): Buffer {
    assert(this.#isOpen, 'the end of no message');
    this.#isOpen = false;
    const start = this.#writeHead(this.#at - this.#bodyStart);
    let sum = this.#sum;
    for (let at = start; at < this.#bodyStart; at += 1) sum += this.#buffer[at]!;
    this.#reserve(TRAILER_LENGTH);
    this.#writeCheckSum(sum & 255);
    const frame = Buffer.allocUnsafe(this.#at - start);
    this.#buffer.copy(frame, 0, start, this.#at);
    return frame;
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
        this.#raw(stored.source, copiedFrom, copiedTo);
        copiedFrom = fieldStart;
      }
      copiedTo = stored.endAt(i) + 1;
    }
    this.#raw(stored.source, copiedFrom, copiedTo);
    return this.end();
  }

  #raw(bytes: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    const buffer = this.#buffer;
    let at = this.#at;
    let sum = this.#sum;
    for (let i = from; i < to; i += 1) {
      const byte = bytes[i]!;
      buffer[at] = byte;
      sum += byte;
      at += 1;
    }
    this.#at = at;
    this.#sum = sum;
  }

  /** Writes `8=…|9=N|` so that it ends where the body starts; returns where it begins. */
  #writeHead(bodyLength: number): number {
    const buffer = this.#buffer;
    let at = this.#bodyStart - 1;
    buffer[at] = SOH;
    let rest = bodyLength;
    do {
      at -= 1;
      const next = Math.floor(rest / 10);
      buffer[at] = ZERO + (rest - next * 10);
      rest = next;
    } while (rest > 0);
    const prefix = this.#prefix;
    const start = at - prefix.length;
    assert(start >= 0, 'BodyLength has too many digits');
    for (let i = 0; i < prefix.length; i += 1) buffer[start + i] = prefix[i]!;
    return start;
  }

  #writeCheckSum(sum: number): void {
    const buffer = this.#buffer;
    const at = this.#at;
    buffer[at] = ZERO + 1;
    buffer[at + 1] = ZERO;
    buffer[at + 2] = EQUALS;
    buffer[at + 3] = ZERO + Math.floor(sum / 100);
    buffer[at + 4] = ZERO + (Math.floor(sum / 10) % 10);
    buffer[at + 5] = ZERO + (sum % 10);
    buffer[at + 6] = SOH;
    this.#at = at + TRAILER_LENGTH;
  }

  /** Writes `tag=` and makes room for a value of so many bytes and SOH. */
  #openField(tag: number, valueLength: number): void {
    assert(this.#isOpen, 'a field outside a message');
    this.#reserve(MAX_TAG_LENGTH + valueLength + 1);
    if (tag > 0 && tag < SHORT_TAG_LIMIT && (tag | 0) === tag) {
      const buffer = this.#buffer;
      const at = this.#at;
      const bytes = shortTagBytes[tag]!;
      // Four always: what is too many is overwritten by the value.
      buffer[at] = bytes;
      buffer[at + 1] = bytes >> 8;
      buffer[at + 2] = bytes >> 16;
      buffer[at + 3] = bytes >> 24;
      this.#at = at + shortTagLength[tag]!;
      this.#sum += shortTagSum[tag]!;
      return;
    }
    assert(Number.isSafeInteger(tag) && tag > 0, 'a tag must be a positive integer');
    this.#writeDigits(tag);
    this.#buffer[this.#at] = EQUALS;
    this.#at += 1;
    this.#sum += EQUALS;
  }

  #writeText(tag: number, text: string): void {
    if (text.length === 0) throw new AssertionError(`the value of ${tag} is empty`);
    const buffer = this.#buffer;
    let at = this.#at;
    let sum = this.#sum;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code === SOH) throw new AssertionError(`the value of ${tag} contains SOH`);
      const byte = code > 0xff ? QUESTION_MARK : code;
      buffer[at] = byte;
      sum += byte;
      at += 1;
    }
    this.#at = at;
    this.#sum = sum;
  }

  #writeInteger(value: number): void {
    assert(Number.isSafeInteger(value), 'a number on the wire must be a safe integer');
    if (value < 0) {
      this.#buffer[this.#at] = MINUS;
      this.#at += 1;
      this.#sum += MINUS;
    }
    this.#writeDigits(Math.abs(value));
    this.#closeField();
  }

  #writeDigits(value: number): void {
    const buffer = this.#buffer;
    const start = this.#at;
    let end = start + 1;
    for (let limit = 10; value >= limit; limit *= 10) end += 1;
    let sum = this.#sum;
    let rest = value;
    for (let at = end - 1; at >= start; at -= 1) {
      const next = rest < INT32_LIMIT ? (rest / 10) | 0 : Math.floor(rest / 10);
      const byte = ZERO + (rest - next * 10);
      buffer[at] = byte;
      sum += byte;
      rest = next;
    }
    this.#at = end;
    this.#sum = sum;
  }

  #closeField(): void {
    this.#buffer[this.#at] = SOH;
    this.#at += 1;
    this.#sum += SOH;
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
