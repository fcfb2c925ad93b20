/**
 * Cuts a byte stream into messages by position alone: `8=…|9=N|`, N bytes, `10=ddd|`. Nothing inside a message can
 * end or begin it. What does not hold is reported and skipped, and the stream is found again at the next `8=FIX`.
 */
import {
  announcedSumAt,
  type FixMessage,
  indexFrame,
  NO_DIGITS,
  NO_TRAILER,
  TRAILER_LENGTH,
} from './message.ts';
import { SOH } from './tags.ts';

/** A stretch that is no message: ignored by the session, its number is not consumed. */
export interface Garbled {
  readonly type: 'Garbled';
  readonly reason: string;
}

/** A message that announces more bytes than are allowed. */
export interface Oversize {
  readonly type: 'Oversize';
  readonly announced: number;
}

/** What the decoder finds. */
export type Framed = FixMessage | Garbled | Oversize;

export interface FrameDecoderOptions {
  /** Longest frame that is accepted, from `8=` to the last SOH, in bytes. */
  readonly maxFrameBytes: number;
}

const BEGIN = [0x38, 0x3d, 0x46, 0x49, 0x58] as const;
const EQUALS = 0x3d;
const ZERO = 0x30;
const THREE = 0x33;
const FIVE = 0x35;
const NINE = 0x39;

/** `8=FIXT.1.1|` and room for versions to come. */
const MAX_BEGIN_STRING_FIELD = 20;
/** Digits of BodyLength, leading zeros included. */
const MAX_LENGTH_DIGITS = 20;
/** `35=x|`. */
const MIN_BODY_LENGTH = 5;
/** First size of a buffer in which the parts of a frame are put together. */
const MIN_JOINED_BYTES = 512;

const EMPTY = Buffer.alloc(0);

function garbled(reason: string): Garbled {
  return { type: 'Garbled', reason };
}

const NOT_HERE = garbled('no 8=FIX');
const ENDLESS_BEGIN_STRING = garbled('BeginString(8) does not end');
const NO_LENGTH = garbled('BodyLength(9) is not the second field');
const EMPTY_LENGTH = garbled('BodyLength(9) is empty');
const SMALL_LENGTH = garbled('BodyLength(9) is too small');
const LENGTH_OF_LETTERS = garbled('BodyLength(9) is not a number');
const ENDLESS_LENGTH = garbled('BodyLength(9) does not end');
const NO_CHECK_SUM = garbled('no CheckSum(10) where BodyLength(9) ends');
const NO_MSG_TYPE = garbled('MsgType(35) is not the third field');
const CHECK_SUM_OF_LETTERS = garbled('CheckSum(10) is not three digits');
const WRONG_CHECK_SUM = garbled('CheckSum(10) does not match');

/**
 * One per connection. After each `push`, call `next` until it returns undefined: the buffered bytes then are fewer
 * than `maxFrameBytes`. Each byte is looked at a bounded number of times, however the stream is cut and whatever is
 * in it.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  /** The chunk that was pushed last, or a buffer of our own in which a frame that began before it is joined. */
  #buffer: Buffer = EMPTY;
  #isJoined = false;
  #start = 0;
  #end = 0;
  /** The chunk of which the joined frame is the beginning, and where it goes on. */
  #rest: Buffer | undefined;
  #restStart = 0;
  /** Frame length of the candidate at `#start`, 0 while its head has not been read. */
  #frameLength = 0;
  /** Where its fields 9 and 35 begin, counted from `#start`. */
  #lengthField = 0;
  #body = 0;
  /** What was skipped since the last candidate has been reported. */
  #isSkipping = false;
  /** Only where a checksum failed. */
  #sums: RunningSums | undefined;
  #examinedCount = 0;

  constructor(options: FrameDecoderOptions) {
    this.#maxFrameBytes = options.maxFrameBytes;
  }

  /** Bytes that wait for the rest of their frame. */
  get bufferedBytes(): number {
    const restBytes = this.#rest === undefined ? 0 : this.#rest.length - this.#restStart;
    return this.#end - this.#start + restBytes;
  }

  /** How many bytes were looked at or copied so far, each as often as it was: for the bound on it. */
  get examinedCount(): number {
    return this.#examinedCount;
  }

  /** Takes what the socket read. The chunk belongs to the decoder and its messages, and must not change. */
  push(chunk: Buffer): void {
    if (this.#start === this.#end) {
      this.#buffer = chunk;
      this.#isJoined = false;
      this.#sums = undefined;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#rest !== undefined) this.#append(this.#rest, this.#restStart, this.#rest.length);
    this.#rest = undefined;
    // Of a chunk that ends a frame only that end is copied; what follows is read where it is.
    const missing = this.#frameLength - (this.#end - this.#start);
    if (missing <= 0 || missing >= chunk.length) {
      this.#append(chunk, 0, chunk.length);
      return;
    }
    this.#append(chunk, 0, missing);
    this.#rest = chunk;
    this.#restStart = missing;
  }

  /** The next message or fault, or undefined when more bytes are needed. */
  next(): Framed | undefined {
    while (this.#start < this.#end || this.#goOnToRest()) {
      if (this.#frameLength === 0) {
        const fault = this.#readHead();
        if (fault !== undefined) {
          if (fault !== NOT_HERE) this.#isSkipping = false;
          const news = this.#skip(fault);
          if (news !== undefined) return news;
          continue;
        }
        if (this.#frameLength === 0) {
          if (this.#goOnToRest()) continue;
          return undefined;
        }
        this.#isSkipping = false;
      }
      if (this.#end - this.#start < this.#frameLength) {
        if (this.#goOnToRest()) continue;
        return undefined;
      }
      const found = this.#readFrame();
      if (found.type !== 'FixMessage') return this.#skip(found);
      this.#start += this.#frameLength;
      this.#frameLength = 0;
      return found;
    }
    this.#buffer = EMPTY;
    this.#start = 0;
    this.#end = 0;
    return undefined;
  }

  /** Goes on to the rest of the chunk that was pushed last; false when there is none. */
  #goOnToRest(): boolean {
    const rest = this.#rest;
    if (rest === undefined) return false;
    this.#rest = undefined;
    if (this.#start < this.#end) {
      // The frame that was put together is none, and another may begin in it.
      this.#append(rest, this.#restStart, rest.length);
      return true;
    }
    this.#buffer = rest;
    this.#isJoined = false;
    this.#sums = undefined;
    this.#start = this.#restStart;
    this.#end = rest.length;
    return true;
  }

  /** Reads `8=…|9=N|` into the fields above, or leaves them when more bytes are needed; returns what is wrong. */
  #readHead(): Garbled | Oversize | undefined {
    const start = this.#start;
    const end = this.#end;
    const buffer = this.#buffer;
    for (let i = 0; i < BEGIN.length; i += 1) {
      if (start + i >= end) return undefined;
      if (buffer[start + i] !== BEGIN[i]) return NOT_HERE;
    }
    let at = start + BEGIN.length;
    while (at < end && buffer[at] !== SOH && at - start < MAX_BEGIN_STRING_FIELD) at += 1;
    this.#examinedCount += at - start;
    if (at - start >= MAX_BEGIN_STRING_FIELD) return ENDLESS_BEGIN_STRING;
    if (at + 1 >= end) return undefined;
    if (buffer[at + 1] !== NINE) return NO_LENGTH;
    if (at + 2 >= end) return undefined;
    if (buffer[at + 2] !== EQUALS) return NO_LENGTH;
    return this.#readBodyLength(at + 1);
  }

  #readBodyLength(lengthField: number): Garbled | Oversize | undefined {
    const from = lengthField + 2;
    let announced = 0;
    for (let at = from; at < this.#end; at += 1) {
      this.#examinedCount += 1;
      const byte = this.#buffer[at]!;
      if (byte === SOH) {
        if (at === from) return EMPTY_LENGTH;
        if (announced < MIN_BODY_LENGTH) return SMALL_LENGTH;
        const body = at + 1 - this.#start;
        const frameLength = body + announced + TRAILER_LENGTH;
        if (frameLength > this.#maxFrameBytes) return { type: 'Oversize', announced };
        this.#lengthField = lengthField - this.#start;
        this.#body = body;
        this.#frameLength = frameLength;
        return undefined;
      }
      if (byte < ZERO || byte > NINE) return LENGTH_OF_LETTERS;
      if (at - from >= MAX_LENGTH_DIGITS) {
        return announced > this.#maxFrameBytes ? { type: 'Oversize', announced } : ENDLESS_LENGTH;
      }
      announced = announced * 10 + (byte - ZERO);
    }
    return undefined;
  }

  /** The message that the whole candidate at `#start` is, or why it is none. */
  #readFrame(): FixMessage | Garbled {
    const buffer = this.#buffer;
    const start = this.#start;
    const body = start + this.#body;
    const trailer = start + this.#frameLength - TRAILER_LENGTH;
    const announcedSum = announcedSumAt(buffer, trailer);
    if (announcedSum === NO_TRAILER) return NO_CHECK_SUM;
    if (buffer[body] !== THREE || buffer[body + 1] !== FIVE || buffer[body + 2] !== EQUALS)
      return NO_MSG_TYPE;
    if (announcedSum === NO_DIGITS) return CHECK_SUM_OF_LETTERS;
    if (this.#sums !== undefined && !this.#isSummedAs(announcedSum, trailer)) return WRONG_CHECK_SUM;
    this.#examinedCount += this.#frameLength;
    const found = indexFrame(buffer, start, start + this.#lengthField, body, trailer, announcedSum);
    if (typeof found !== 'number') return found;
    // Frames that overlap would be summed again and again: from here on, where this one lies, sums are kept.
    this.#sums = new RunningSums(buffer, start, trailer);
    return WRONG_CHECK_SUM;
  }

  /** Whether the candidate has the announced sum, as far as sums are kept where it begins. */
  #isSummedAs(announcedSum: number, trailer: number): boolean {
    const sums = this.#sums;
    if (sums === undefined || this.#start >= sums.end) {
      this.#sums = undefined;
      return true;
    }
    this.#examinedCount += sums.extend(this.#buffer, trailer);
    return sums.between(this.#start, trailer) === announcedSum;
  }

  /** Goes to the next place that may begin a frame. One fault is reported for each stretch skipped. */
  #skip(fault: Garbled | Oversize): Garbled | Oversize | undefined {
    this.#frameLength = 0;
    const buffer = this.#buffer;
    let at = this.#start + 1;
    while (at < this.#end && buffer[at] !== BEGIN[0]) at += 1;
    this.#examinedCount += at - this.#start;
    this.#start = at;
    if (this.#isSkipping) return undefined;
    this.#isSkipping = true;
    return fault;
  }

  /** Copies a part of a chunk behind what is there. */
  #append(chunk: Buffer, from: number, to: number): void {
    this.#makeRoom(to - from);
    this.#buffer.set(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), this.#end);
    this.#end += to - from;
    this.#examinedCount += to - from;
  }

  /** Makes the buffer one of our own with room for so many bytes behind `#end`. */
  #makeRoom(byteCount: number): void {
    if (this.#isJoined && this.#end + byteCount <= this.#buffer.length) return;
    const pending = this.#end - this.#start;
    // Messages may lie in the old buffer, so it is left alone. Twice as much as there is: a frame that trickles in
    // is not copied for every byte.
    const joined = Buffer.allocUnsafeSlow(Math.max(pending + byteCount, 2 * pending, MIN_JOINED_BYTES));
    joined.set(this.#buffer.subarray(this.#start, this.#end));
    this.#examinedCount += pending;
    this.#sums = this.#sums?.movedBy(this.#start);
    this.#buffer = joined;
    this.#isJoined = true;
    this.#start = 0;
    this.#end = pending;
  }
}

/**
 * Sums of all bytes up to each place of a stretch, so that a checksum costs the same wherever a frame begins. Kept
 * only where a checksum has failed, since there others may begin inside of it.
 */
class RunningSums {
  /** Where the stretch begins in the buffer. */
  #from: number;
  #length: number;
  /** At i, the sum of the first i bytes. */
  #sums: Uint8Array;

  constructor(buffer: Buffer, from: number, to: number) {
    this.#from = from;
    this.#length = 0;
    this.#sums = new Uint8Array(to - from + 1);
    this.extend(buffer, to);
  }

  /** Where the stretch ends. */
  get end(): number {
    return this.#from + this.#length;
  }

  /** Goes on to `to` if it ends before; returns the number of bytes looked at. */
  extend(buffer: Buffer, to: number): number {
    const oldLength = this.#length;
    const length = to - this.#from;
    if (length <= oldLength) return 0;
    if (length >= this.#sums.length) {
      const grown = new Uint8Array(Math.max(length + 1, 2 * this.#sums.length));
      grown.set(this.#sums);
      this.#sums = grown;
    }
    let sum = this.#sums[oldLength]!;
    for (let i = oldLength; i < length; i += 1) {
      sum = (sum + buffer[this.#from + i]!) & 255;
      this.#sums[i + 1] = sum;
    }
    this.#length = length;
    return length - oldLength;
  }

  /** Sum modulo 256 of the bytes from `start` up to and without `end`, both within the stretch. */
  between(start: number, end: number): number {
    return (this.#sums[end - this.#from]! - this.#sums[start - this.#from]!) & 255;
  }

  /** The same for bytes that have moved so many places to the front; those that have fallen out are forgotten. */
  movedBy(places: number): RunningSums | undefined {
    if (places >= this.end) return undefined;
    this.#sums = this.#sums.slice(places - this.#from);
    this.#length -= places - this.#from;
    this.#from = 0;
    return this;
  }
}
