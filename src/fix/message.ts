/**
 * A received message as an index over its bytes: where each field's value begins and ends. A field becomes a
 * string only when it is read, since most fields of most messages never are.
 */
import { assert } from '../platform/assert.ts';
import { dataTagOf, tagsOf44 } from './dictionary.ts';
import { SOH, TAG } from './tags.ts';

/** A frame that is no message: its first three fields, its BodyLength or its CheckSum are wrong. */
export interface MalformedMessage {
  readonly type: 'Malformed';
  readonly reason: string;
}

const EQUALS = 0x3d;
const ZERO = 0x30;
const NINE = 0x39;
/** `10=ddd|`. */
const TRAILER_LENGTH = 7;
/** Digits of the longest tag that is read as one; FIX's own tags have five. */
const MAX_TAG_DIGITS = 9;
/** Numbers per field in the index: tag, start of the value, end of the value. */
const STRIDE = 3;

/** For a tag, the data field that it counts the bytes of, or 0. */
const dataTagByLengthTag = new Uint16Array(1024);
for (const tag of tagsOf44()) {
  const dataTag = dataTagOf(tag);
  if (dataTag !== undefined) dataTagByLengthTag[tag] = dataTag;
}

/** A message whose BodyLength (9) and CheckSum (10) hold and that begins with 8, 9, 35. */
export class FixMessage {
  readonly type = 'FixMessage';
  /** The whole frame, from `8=` to the last SOH. */
  readonly bytes: Buffer;
  /** MsgType (35). */
  readonly msgType: string;
  /** MsgSeqNum (34), or undefined when it is missing or not a positive integer. */
  readonly msgSeqNum: number | undefined;
  /** Fields, those whose tag cannot be read included. */
  readonly fieldCount: number;
  /** Tag, start and end of each field, one after the other. */
  readonly #index: readonly number[];

  /** Only {@link parseMessage} makes one. */
  constructor(bytes: Buffer, index: readonly number[]) {
    this.bytes = bytes;
    this.#index = index;
    this.fieldCount = index.length / STRIDE;
    this.msgType = this.valueAt(2);
    const msgSeqNum = this.getInt(TAG.MsgSeqNum);
    this.msgSeqNum = msgSeqNum !== undefined && msgSeqNum > 0 ? msgSeqNum : undefined;
  }

  /** BeginString (8). */
  get beginString(): string {
    return this.valueAt(0);
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
    return at < 0 ? undefined : readInteger(this.bytes, this.#index[at + 1]!, this.#index[at + 2]!);
  }

  /** Tag of field `i`, from 0; 0 when what stands there is no `tag=value`. */
  tagAt(i: number): number {
    return this.#index[i * STRIDE]!;
  }

  /** Value of field `i` as latin1 text; the whole field when its tag is 0. */
  valueAt(i: number): string {
    assert(i >= 0 && i < this.fieldCount, 'no such field');
    return this.#text(i * STRIDE);
  }

  /** Where the value of field `i` starts in {@link bytes}. */
  startAt(i: number): number {
    return this.#index[i * STRIDE + 1]!;
  }

  /** Where the value of field `i` ends in {@link bytes}: the place of its SOH. */
  endAt(i: number): number {
    return this.#index[i * STRIDE + 2]!;
  }

  #find(tag: number): number {
    const index = this.#index;
    for (let at = 0; at < index.length; at += STRIDE) {
      if (index[at] === tag) return at;
    }
    return -1;
  }

  #text(at: number): string {
    const start = this.#index[at + 1]!;
    const end = this.#index[at + 2]!;
    // One character: V8 keeps those strings, so nothing is allocated.
    if (end - start === 1) return String.fromCharCode(this.bytes[start]!);
    return this.bytes.toString('latin1', start, end);
  }
}

/** Reads `-?digits` as a safe integer; undefined for anything else. */
function readInteger(bytes: Buffer, start: number, end: number): number | undefined {
  const isNegative = bytes[start] === 0x2d;
  let at = isNegative ? start + 1 : start;
  if (at >= end) return undefined;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = bytes[at]!;
    if (digit < ZERO || digit > NINE) return undefined;
    value = value * 10 + (digit - ZERO);
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return isNegative ? -value : value;
}

/** Filled by one parse and copied: growing a fresh array for each message would cost more than the parse. */
const scratch: number[] = [];

/**
 * Indexes one frame, as FrameDecoder cut it or MessageWriter made it. The message keeps the buffer, which must
 * not change afterwards. Fields that cannot be read are indexed too, for the validator to name them.
 */
export function parseMessage(frame: Buffer): FixMessage | MalformedMessage {
  const bodyEnd = frame.length - TRAILER_LENGTH;
  if (bodyEnd <= 0) return { type: 'Malformed', reason: 'too short to be a message' };
  let sum = 0;
  let at = 0;
  let used = 0;
  let bodyStart = 0;
  let lengthTag = 0;
  let lengthValue = 0;
  while (at < frame.length) {
    const fieldStart = at;
    let tag = 0;
    let byte = frame[at]!;
    while (byte >= ZERO && byte <= NINE) {
      tag = tag * 10 + (byte - ZERO);
      sum += byte;
      at += 1;
      byte = at < frame.length ? frame[at]! : SOH;
    }
    const digits = at - fieldStart;
    const isTag = byte === EQUALS && digits > 0 && digits <= MAX_TAG_DIGITS && frame[fieldStart] !== ZERO;
    if (isTag) {
      sum += EQUALS;
      at += 1;
    } else {
      tag = 0;
    }
    const valueStart = isTag ? at : fieldStart;
    let stop = at;
    if (lengthTag !== 0 && tag === dataTagByLengthTag[lengthTag]!) {
      const dataEnd = at + lengthValue;
      if (dataEnd < bodyEnd && frame[dataEnd] === SOH) stop = dataEnd;
    }
    while (at < frame.length && (at < stop || frame[at] !== SOH)) {
      sum += frame[at]!;
      at += 1;
    }
    if (at >= frame.length) return { type: 'Malformed', reason: 'the last field does not end' };
    sum += SOH;
    scratch[used] = tag;
    scratch[used + 1] = valueStart;
    scratch[used + 2] = at;
    used += STRIDE;
    if (tag !== 0 && tag < dataTagByLengthTag.length && dataTagByLengthTag[tag] !== 0) {
      lengthTag = tag;
      lengthValue = readInteger(frame, valueStart, at) ?? 0;
    } else {
      lengthTag = 0;
    }
    at += 1;
    if (used === 2 * STRIDE) bodyStart = at;
  }
  const reason = faultOf(frame, used, bodyStart, bodyEnd, sum);
  if (reason !== undefined) return { type: 'Malformed', reason };
  return new FixMessage(frame, scratch.slice(0, used));
}

/** What makes a frame that {@link parseMessage} has indexed in `scratch` no message; undefined when all is well. */
function faultOf(
  frame: Buffer,
  used: number,
  bodyStart: number,
  bodyEnd: number,
  sum: number,
): string | undefined {
  if (used < 4 * STRIDE) return 'too few fields to be a message';
  if (scratch[0] !== TAG.BeginString) return 'BeginString(8) is not the first field';
  if (scratch[STRIDE] !== TAG.BodyLength) return 'BodyLength(9) is not the second field';
  if (scratch[2 * STRIDE] !== TAG.MsgType) return 'MsgType(35) is not the third field';
  if (scratch[used - STRIDE] !== TAG.CheckSum) return 'CheckSum(10) is not the last field';
  const bodyLength = readInteger(frame, scratch[STRIDE + 1]!, scratch[STRIDE + 2]!);
  if (bodyLength !== bodyEnd - bodyStart) return `BodyLength(9) is not ${bodyEnd - bodyStart}`;
  if (scratch[used - 1]! - scratch[used - 2]! !== 3) return 'CheckSum(10) does not have three digits';
  const announced = readInteger(frame, scratch[used - 2]!, scratch[used - 1]!);
  let trailerSum = 0;
  for (let at = bodyEnd; at < frame.length; at += 1) trailerSum += frame[at]!;
  const computed = (sum - trailerSum) & 255;
  return announced === computed ? undefined : `CheckSum(10) is not ${String(computed).padStart(3, '0')}`;
}
