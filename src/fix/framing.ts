/**
 * Cuts a byte stream into FIX frames by position alone: `8=…|9=N|`, N bytes, `10=ddd|`. Nothing inside a
 * message can end or begin it. What does not hold is reported and skipped, and the stream is found again at
 * the next `8=FIX`.
 */
import { SOH } from './tags.ts';

/**
 * What the decoder found: a whole message whose length and checksum hold, a stretch that is none (ignored by
 * the session, its number is not consumed), or a message that announces more bytes than are allowed.
 */
export type Frame =
  | { readonly type: 'Frame'; readonly bytes: Buffer }
  | { readonly type: 'Garbled'; readonly reason: string }
  | { readonly type: 'Oversize'; readonly announced: number };

export interface FrameDecoderOptions {
  /** Longest frame that is accepted, from `8=` to the last SOH, in bytes. */
  readonly maxFrameBytes: number;
}

/** What the first bytes of a candidate say, or that more are needed. */
type Head =
  | { readonly type: 'Incomplete' }
  | { readonly type: 'NotHere' }
  | { readonly type: 'Head'; readonly bodyStart: number; readonly bodyLength: number }
  | Exclude<Frame, { type: 'Frame' }>;

const BEGIN = [0x38, 0x3d, 0x46, 0x49, 0x58] as const;
const EQUALS = 0x3d;
const ZERO = 0x30;
const ONE = 0x31;
const THREE = 0x33;
const FIVE = 0x35;
const NINE = 0x39;

/** `8=FIXT.1.1|` and room for versions to come. */
const MAX_BEGIN_STRING_FIELD = 20;
/** Digits of BodyLength, leading zeros included. */
const MAX_LENGTH_DIGITS = 20;
/** `10=ddd|`. */
const TRAILER_LENGTH = 7;
/** `35=x|`. */
const MIN_BODY_LENGTH = 5;
/** A buffer up to this size is kept when it is empty; a larger one is given back. */
const RETAINED_BYTES = 128 * 1024;

const EMPTY = Buffer.alloc(0);
const INCOMPLETE: Head = { type: 'Incomplete' };
const NOT_HERE: Head = { type: 'NotHere' };

function garbled(reason: string): Exclude<Frame, { type: 'Frame' }> {
  return { type: 'Garbled', reason };
}

/**
 * One per connection. After each `push`, call `next` until it returns undefined: the buffered bytes then are
 * fewer than `maxFrameBytes`. Each byte is looked at a bounded number of times, however the stream is cut.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  #buffer: Buffer = EMPTY;
  /** At i, the sum of all bytes before i, so that a checksum costs the same wherever a frame begins. */
  #sums: Uint8Array = new Uint8Array(1);
  #start = 0;
  #end = 0;
  /** Frame length of the candidate at `#start`, 0 while its head has not been read. */
  #frameLength = 0;
  #bodyStart = 0;
  /** What was skipped since the last candidate has been reported. */
  #isSkipping = false;

  constructor(options: FrameDecoderOptions) {
    this.#maxFrameBytes = options.maxFrameBytes;
  }

  /** Bytes that wait for the rest of their frame. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** Appends what the socket read. The chunk is copied and may be used again. */
  push(chunk: Buffer): void {
    this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    const sums = this.#sums;
    let sum = sums[this.#end]!;
    let at = this.#end + 1;
    for (let i = 0; i < chunk.length; i += 1) {
      sum = (sum + chunk[i]!) & 255;
      sums[at] = sum;
      at += 1;
    }
    this.#end += chunk.length;
  }

  /** The next frame or fault, or undefined when more bytes are needed. */
  next(): Frame | undefined {
    for (;;) {
      if (this.#frameLength === 0) {
        const head = this.#readHead();
        if (head.type === 'Incomplete') return undefined;
        if (head.type === 'NotHere') {
          const fault = this.#skip(garbled('no 8=FIX'));
          if (fault !== undefined) return fault;
          continue;
        }
        this.#isSkipping = false;
        if (head.type !== 'Head') return this.#skip(head);
        this.#bodyStart = head.bodyStart - this.#start;
        this.#frameLength = this.#bodyStart + head.bodyLength + TRAILER_LENGTH;
      }
      if (this.bufferedBytes < this.#frameLength) return undefined;
      const reason = this.#faultOfCandidate();
      if (reason !== undefined) return this.#skip(garbled(reason));
      return this.#take();
    }
  }

  #readHead(): Head {
    const start = this.#start;
    const end = this.#end;
    const buffer = this.#buffer;
    for (let i = 0; i < BEGIN.length; i += 1) {
      if (start + i >= end) return INCOMPLETE;
      if (buffer[start + i] !== BEGIN[i]) return NOT_HERE;
    }
    let at = start + BEGIN.length;
    while (at < end && buffer[at] !== SOH && at - start < MAX_BEGIN_STRING_FIELD) at += 1;
    if (at - start >= MAX_BEGIN_STRING_FIELD) return garbled('BeginString(8) does not end');
    if (at + 1 >= end) return INCOMPLETE;
    if (buffer[at + 1] !== NINE) return garbled('BodyLength(9) is not the second field');
    if (at + 2 >= end) return INCOMPLETE;
    if (buffer[at + 2] !== EQUALS) return garbled('BodyLength(9) is not the second field');
    return this.#readBodyLength(at + 3);
  }

  #readBodyLength(from: number): Head {
    let announced = 0;
    for (let at = from; at < this.#end; at += 1) {
      const byte = this.#buffer[at]!;
      if (byte === SOH) {
        if (at === from) return garbled('BodyLength(9) is empty');
        if (announced < MIN_BODY_LENGTH) return garbled('BodyLength(9) is too small');
        const frameLength = at + 1 - this.#start + announced + TRAILER_LENGTH;
        if (frameLength > this.#maxFrameBytes) return { type: 'Oversize', announced };
        return { type: 'Head', bodyStart: at + 1, bodyLength: announced };
      }
      if (byte < ZERO || byte > NINE) return garbled('BodyLength(9) is not a number');
      if (at - from >= MAX_LENGTH_DIGITS) {
        return announced > this.#maxFrameBytes
          ? { type: 'Oversize', announced }
          : garbled('BodyLength(9) does not end');
      }
      announced = announced * 10 + (byte - ZERO);
    }
    return INCOMPLETE;
  }

  /** Why the whole candidate at `#start` is no frame; undefined when it is one. */
  #faultOfCandidate(): string | undefined {
    const buffer = this.#buffer;
    const body = this.#start + this.#bodyStart;
    const trailer = this.#start + this.#frameLength - TRAILER_LENGTH;
    const isTrailer =
      buffer[trailer - 1] === SOH &&
      buffer[trailer] === ONE &&
      buffer[trailer + 1] === ZERO &&
      buffer[trailer + 2] === EQUALS &&
      buffer[trailer + 6] === SOH;
    if (!isTrailer) return 'no CheckSum(10) where BodyLength(9) ends';
    if (buffer[body] !== THREE || buffer[body + 1] !== FIVE || buffer[body + 2] !== EQUALS) {
      return 'MsgType(35) is not the third field';
    }
    let announced = 0;
    for (let at = trailer + 3; at < trailer + 6; at += 1) {
      const digit = buffer[at]! - ZERO;
      if (digit < 0 || digit > 9) return 'CheckSum(10) is not three digits';
      announced = announced * 10 + digit;
    }
    const computed = (this.#sums[trailer]! - this.#sums[this.#start]!) & 255;
    return announced === computed ? undefined : 'CheckSum(10) does not match';
  }

  #take(): Frame {
    const end = this.#start + this.#frameLength;
    // A copy: the buffer is written again, and a slice would keep all of it alive.
    const bytes = Buffer.from(this.#buffer.subarray(this.#start, end));
    this.#start = end;
    this.#frameLength = 0;
    if (this.#start === this.#end) this.#reset();
    return { type: 'Frame', bytes };
  }

  /** Goes to the next place that may begin a frame. One fault is reported for each stretch skipped. */
  #skip(fault: Exclude<Frame, { type: 'Frame' }>): Frame | undefined {
    this.#frameLength = 0;
    const buffer = this.#buffer;
    let at = this.#start + 1;
    while (at < this.#end && buffer[at] !== BEGIN[0]) at += 1;
    this.#start = at;
    if (at === this.#end) this.#reset();
    if (this.#isSkipping) return undefined;
    this.#isSkipping = true;
    return fault;
  }

  #reset(): void {
    this.#start = 0;
    this.#end = 0;
    this.#sums[0] = 0;
    if (this.#buffer.length > RETAINED_BYTES) {
      this.#buffer = EMPTY;
      this.#sums = new Uint8Array(1);
    }
  }

  #makeRoom(bytes: number): void {
    const capacity = this.#buffer.length;
    if (this.#end + bytes <= capacity) return;
    const needed = this.bufferedBytes + bytes;
    const grown = Math.max(needed, Math.min(capacity * 2, this.#maxFrameBytes + bytes));
    const sums = grown > capacity ? new Uint8Array(grown + 1) : this.#sums;
    const buffer = grown > capacity ? Buffer.allocUnsafeSlow(grown) : this.#buffer;
    sums.set(this.#sums.subarray(this.#start, this.#end + 1));
    buffer.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = buffer;
    this.#sums = sums;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
