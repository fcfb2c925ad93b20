/**
 * A received message as an index over its bytes: where each field's value begins and ends. A field becomes a
 * string only when it is read, since most fields of most messages never are.
 */
import { assert } from '../platform/assert.ts';
import { dataTagOf } from './dictionary.ts';
import { latin1Text } from './latin1.ts';
import { type FieldLayout, layoutOf } from './layout.ts';
import { SOH, TAG } from './tags.ts';

/** A frame that is no message: its first three fields, its BodyLength or its CheckSum are wrong. */
export interface MalformedMessage {
  readonly type: 'Malformed';
  readonly reason: string;
}

/**
 * The largest number that an integer field may hold. Sequence numbers are counted on from what a member says, so it
 * is well below what JavaScript would round.
 */
export const MAX_INTEGER = 999_999_999_999_999;

const EQUALS = 0x3d;
const ZERO = 0x30;
const ONE = 0x31;
const SPACE = 0x20;
/** From space to the last printable character, as a difference. */
const TILDE = 0x7e;
const NINE = 0x39;
/** Instead of a CheckSum (10). */
export const NO_TRAILER = -1;
export const NO_DIGITS = -2;
/** `10=ddd|`. */
export const TRAILER_LENGTH = 7;
/** Digits of the longest tag that is read as one; FIX's own tags have five. */
const MAX_TAG_DIGITS = 9;
/** Numbers per field in the index: tag, start of the value, end of the value. */
const STRIDE = 3;
/** Numbers in one block of indexes: some three hundred messages share it. */
const BLOCK_LENGTH = 16_384;
/** Odd, so that each tag counts, at each place in another way. */
const HASH_FACTOR = 0x01000193;
/** Above every Length field of FIX; tags from here on are the venues' own. */
const LENGTH_TAG_LIMIT = 5000;

/** For a tag, the data field that it counts the bytes of, or 0. */
const dataTagByLengthTag = new Uint16Array(LENGTH_TAG_LIMIT);
for (let tag = 1; tag < LENGTH_TAG_LIMIT; tag += 1) dataTagByLengthTag[tag] = dataTagOf(tag) ?? 0;

/** A message whose BodyLength (9) and CheckSum (10) hold and that begins with 8, 9, 35. */
export class FixMessage {
  readonly type = 'FixMessage';
  /** The buffer in which the frame lies, among others: what a socket read gave. It must not change. */
  readonly source: Buffer;
  /** Bytes of the frame, from `8=` to the last SOH. */
  readonly byteCount: number;
  /** Fields, those whose tag cannot be read included. */
  readonly fieldCount: number;
  /** Whether all values are printable ASCII. When false they may be nevertheless: it was not looked at. */
  readonly isPlain: boolean;
  /** Its tags; undefined when messages like it are rare. */
  readonly layout: FieldLayout | undefined;
  /** MsgType (35). */
  readonly msgType: string;
  /** MsgSeqNum (34), or undefined when it is missing or not a positive integer. */
  readonly msgSeqNum: number | undefined;
  /** Where the frame begins in `source`. */
  readonly #start: number;
  /** Tag, start and end of each field, one after the other, between `#from` and `#to`. */
  readonly #block: Int32Array;
  readonly #from: number;
  readonly #to: number;

  /** Only {@link indexFrame} makes one; its index lies in `block` from `from` up to and without `to`. */
  constructor(
    source: Buffer,
    start: number,
    byteCount: number,
    block: Int32Array,
    from: number,
    to: number,
    isPlain: boolean,
    layout: FieldLayout | undefined,
  ) {
    this.isPlain = isPlain;
    this.layout = layout;
    this.source = source;
    this.byteCount = byteCount;
    this.fieldCount = (to - from) / STRIDE;
    this.#start = start;
    this.#block = block;
    this.#from = from;
    this.#to = to;
    this.msgType = this.valueAt(2);
    const msgSeqNum = this.getInt(TAG.MsgSeqNum);
    this.msgSeqNum = msgSeqNum !== undefined && msgSeqNum > 0 ? msgSeqNum : undefined;
  }

  /** BeginString (8). */
  get beginString(): string {
    return this.valueAt(0);
  }

  /** The frame's bytes, from `8=` to the last SOH: a view of {@link source}. */
  get frame(): Buffer {
    return this.source.subarray(this.#start, this.#start + this.byteCount);
  }

  /** The message with memory of its own, for who keeps it: alone, it would keep the memory of many others. */
  detached(): FixMessage {
    const shift = this.#start;
    const own = this.#block.slice(this.#from, this.#to);
    for (let at = 0; at < own.length; at += STRIDE) {
      own[at + 1] = own[at + 1]! - shift;
      own[at + 2] = own[at + 2]! - shift;
    }
    const frame = Buffer.allocUnsafeSlow(this.byteCount);
    this.source.copy(frame, 0, shift, shift + this.byteCount);
    return new FixMessage(frame, 0, this.byteCount, own, 0, own.length, this.isPlain, this.layout);
  }

  /** Value of the tag's first occurrence as latin1 text; undefined when the message does not have it. */
  get(tag: number): string | undefined {
    const at = this.#find(tag);
    return at < 0 ? undefined : this.#text(at);
  }

  has(tag: number): boolean {
    return this.#find(tag) >= 0;
  }

  /** The value as a safe integer; undefined when it is missing or no plain integer. */
  getInt(tag: number): number | undefined {
    const at = this.#find(tag);
    return at < 0 ? undefined : readInteger(this.source, this.#block[at + 1]!, this.#block[at + 2]!);
  }

  /** Tag of field `i`, from 0; 0 when what stands there is no `tag=value`. */
  tagAt(i: number): number {
    return this.#block[this.#from + i * STRIDE]!;
  }

  /** Value of field `i` as latin1 text; the whole field when its tag is 0. */
  valueAt(i: number): string {
    assert(i >= 0 && i < this.fieldCount, 'no such field');
    return this.#text(this.#from + i * STRIDE);
  }

  /** Where the value of field `i` starts in {@link source}. */
  startAt(i: number): number {
    return this.#block[this.#from + i * STRIDE + 1]!;
  }

  /** Where the value of field `i` ends in {@link source}: the place of its SOH. */
  endAt(i: number): number {
    return this.#block[this.#from + i * STRIDE + 2]!;
  }

  #find(tag: number): number {
    if (this.layout !== undefined) {
      const place = this.layout.placeOf(tag);
      return place < 0 ? -1 : this.#from + place * STRIDE;
    }
    const block = this.#block;
    const to = this.#to;
    for (let at = this.#from; at < to; at += STRIDE) {
      if (block[at] === tag) return at;
    }
    return -1;
  }

  #text(at: number): string {
    return latin1Text(this.source, this.#block[at + 1]!, this.#block[at + 2]!);
  }
}

/** Reads `-?digits` as an integer; undefined for anything else, and beyond {@link MAX_INTEGER}. */
function readInteger(bytes: Buffer, start: number, end: number): number | undefined {
  const isNegative = bytes[start] === 0x2d;
  let at = isNegative ? start + 1 : start;
  if (at >= end) return undefined;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = bytes[at]!;
    if (digit < ZERO || digit > NINE) return undefined;
    value = value * 10 + (digit - ZERO);
    if (value > MAX_INTEGER) return undefined;
  }
  return isNegative ? -value : value;
}

/** The block that is being filled: a message's index is written at its end, and stays there. */
let block = newBlock(BLOCK_LENGTH);
let blockUsed = 0;

/** Every number of it is written before it is read. */
function newBlock(length: number): Int32Array {
  return new Int32Array(Buffer.allocUnsafeSlow(length * Int32Array.BYTES_PER_ELEMENT).buffer);
}

/** Moves the index under way, `used` numbers from `from` on, to a new block with room for more. */
function moveToNewBlock(from: number, used: number): void {
  const moved = newBlock(Math.max(BLOCK_LENGTH, 2 * used + 4 * STRIDE));
  moved.set(block.subarray(from, from + used));
  block = moved;
  blockUsed = 0;
}

/**
 * Indexes a frame and sums its bytes, in one pass: the one loop over every byte, and so in one piece. In `source` begin `8=` at `start`, `9=` at `lengthField`, `35=` at
 * `body` and `10=` at `trailer`, with SOH before each but the first: the caller has seen to it. Returns the message,
 * or the sum modulo 256 when that is not `announcedSum`.
 */
export function indexFrame(
  source: Buffer,
  start: number,
  lengthField: number,
  body: number,
  trailer: number,
  announcedSum: number,
): FixMessage | number {
  if (blockUsed + 4 * STRIDE > block.length) moveToNewBlock(0, 0);
  let from = blockUsed;
  let numbers = block;
  numbers[from] = TAG.BeginString;
  numbers[from + 1] = start + 2;
  numbers[from + 2] = lengthField - 1;
  numbers[from + 3] = TAG.BodyLength;
  numbers[from + 4] = lengthField + 2;
  numbers[from + 5] = body - 1;
  let used = from + 2 * STRIDE;
  let sum = 0;
  // Below 0 as soon as a value has a byte that is not printable: collected without a branch a byte.
  let odd = 0;
  for (let at = start; at < body; at += 1) {
    const byte = source[at]!;
    sum += byte;
    if (byte !== SOH) odd |= (byte - SPACE) | (TILDE - byte);
  }
  let at = body;
  let hash = 0;
  let dataTag = 0;
  let dataLength = 0;
  while (at < trailer) {
    const fieldStart = at;
    let tag = 0;
    let byte = source[at]!;
    sum = (sum + byte) | 0;
    while (byte >= ZERO && byte <= NINE) {
      // Past nine digits this is nonsense that fits 32 bits, and no tag.
      tag = (tag * 10 + byte - ZERO) | 0;
      at += 1;
      byte = source[at]!;
      sum = (sum + byte) | 0;
    }
    const digits = at - fieldStart;
    let valueStart = fieldStart;
    if (byte === EQUALS && digits > 0 && digits <= MAX_TAG_DIGITS && source[fieldStart] !== ZERO) {
      at += 1;
      valueStart = at;
      if (dataTag === tag) {
        // Data is passed over as a whole. A length that does not end at SOH is not believed.
        const dataEnd = at + dataLength;
        if (dataEnd < trailer && source[dataEnd] === SOH) {
          for (; at < dataEnd; at += 1) sum = (sum + source[at]!) | 0;
          odd = -1;
        }
      }
      byte = source[at]!;
      sum = (sum + byte) | 0;
    } else {
      tag = 0;
    }
    while (byte !== SOH) {
      odd |= (byte - SPACE) | (TILDE - byte);
      at += 1;
      byte = source[at]!;
      sum = (sum + byte) | 0;
    }
    if (used + 2 * STRIDE > numbers.length) {
      moveToNewBlock(from, used - from);
      used -= from;
      from = 0;
      numbers = block;
    }
    hash = (Math.imul(hash, HASH_FACTOR) + tag) | 0;
    numbers[used] = tag;
    numbers[used + 1] = valueStart;
    numbers[used + 2] = at;
    used += STRIDE;
    dataTag = tag < LENGTH_TAG_LIMIT ? dataTagByLengthTag[tag]! : 0;
    if (dataTag !== 0) dataLength = readInteger(source, valueStart, at) ?? 0;
    at += 1;
  }
  if ((sum & 255) !== announcedSum) return sum & 255;
  numbers[used] = TAG.CheckSum;
  numbers[used + 1] = trailer + 3;
  numbers[used + 2] = trailer + TRAILER_LENGTH - 1;
  used += STRIDE;
  blockUsed = used;
  const layout = layoutOf(hash, numbers, from, used, STRIDE);
  return new FixMessage(
    source,
    start,
    trailer + TRAILER_LENGTH - start,
    numbers,
    from,
    used,
    odd >= 0,
    layout,
  );
}

/**
 * CheckSum (10) of the trailer at `trailer`: `10=ddd|` with SOH before it, or {@link NO_TRAILER} or
 * {@link NO_DIGITS}.
 */
export function announcedSumAt(source: Buffer, trailer: number): number {
  const isTrailer =
    source[trailer - 1] === SOH &&
    source[trailer] === ONE &&
    source[trailer + 1] === ZERO &&
    source[trailer + 2] === EQUALS &&
    source[trailer + 6] === SOH;
  if (!isTrailer) return NO_TRAILER;
  const hundreds = source[trailer + 3]! - ZERO;
  const tens = source[trailer + 4]! - ZERO;
  const units = source[trailer + 5]! - ZERO;
  const areDigits = hundreds >= 0 && hundreds <= 9 && tens >= 0 && tens <= 9 && units >= 0 && units <= 9;
  return areDigits ? hundreds * 100 + tens * 10 + units : NO_DIGITS;
}

/** Whether a field with the one- or two-digit tag begins at `at`. */
function isFieldAt(bytes: Buffer, at: number, tag: number): boolean {
  const text = `${tag}=`;
  return bytes.toString('latin1', at, at + text.length) === text;
}

/**
 * Reads one frame that somebody else has cut: from the store, or a writer's. The message keeps the buffer, which
 * must not change afterwards. Fields that cannot be read are indexed too, for the validator to name them.
 */
export function parseMessage(frame: Buffer): FixMessage | MalformedMessage {
  const malformed = (reason: string): MalformedMessage => ({ type: 'Malformed', reason });
  const trailer = frame.length - TRAILER_LENGTH;
  if (trailer <= 0) return malformed('too short to be a message');
  if (frame[frame.length - 1] !== SOH) return malformed('the last field does not end');
  if (!isFieldAt(frame, 0, TAG.BeginString)) return malformed('BeginString(8) is not the first field');
  const lengthField = frame.indexOf(SOH) + 1;
  if (!isFieldAt(frame, lengthField, TAG.BodyLength)) {
    return malformed('BodyLength(9) is not the second field');
  }
  const body = frame.indexOf(SOH, lengthField) + 1;
  if (!isFieldAt(frame, body, TAG.MsgType)) return malformed('MsgType(35) is not the third field');
  const announcedSum = announcedSumAt(frame, trailer);
  if (announcedSum === NO_TRAILER || trailer <= body) return malformed('CheckSum(10) is not the last field');
  if (readInteger(frame, lengthField + 2, body - 1) !== trailer - body) {
    return malformed(`BodyLength(9) is not ${trailer - body}`);
  }
  if (announcedSum === NO_DIGITS) return malformed('CheckSum(10) is not three digits');
  const message = indexFrame(frame, 0, lengthField, body, trailer, announcedSum);
  if (typeof message !== 'number') return message;
  return malformed(`CheckSum(10) is not ${String(message).padStart(3, '0')}`);
}
