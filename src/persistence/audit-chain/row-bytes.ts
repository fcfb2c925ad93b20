/**
 * Rows as bytes, for hashing: the same bytes come from a row that is about to be written and from the same row read
 * back, whatever zeros NUMERIC adds to a decimal and whatever order JSONB gives to keys. Apart from the statements,
 * since what is hashed must not change with how rows are sent.
 */
import { assert } from '../../platform/assert.ts';

/** An integer or an instant in ms, or its text as the driver gives it. */
export type NumberCell = number | string | null | undefined;
export type TextCell = string | null | undefined;

const NULL = 0xff;
/** What follows is four bytes of length and UTF-8. */
const WIDE = 0xfe;
const NARROW_LIMIT = 0xfd;

const INITIAL_SIZE = 64 * 1024;
/** A buffer that a rare large commit made larger is given up after it. */
const KEPT_SIZE = 4 * 1024 * 1024;

/** A buffer that grows. Used again for each link: {@link reset} empties it. */
export class RowBytes {
  #bytes = Buffer.allocUnsafe(INITIAL_SIZE);
  #view = viewOf(this.#bytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All that was written since the last {@link reset}; valid until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    if (this.#bytes.length > KEPT_SIZE) this.#allocate(INITIAL_SIZE);
    this.#length = 0;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A safe integer as such. Text that is none keeps what it says, and so equals no integer that was written. */
  number(cell: NumberCell): void {
    if (cell === null || cell === undefined) {
      this.#null();
      return;
    }
    const value = typeof cell === 'number' ? cell : Number(cell);
    if (typeof cell === 'string' && String(value) !== cell) {
      this.text(cell);
      return;
    }
    this.#reserve(9);
    this.#bytes[this.#length] = 8;
    this.#view.setFloat64(this.#length + 1, value);
    this.#length += 9;
  }

  text(cell: TextCell): void {
    if (cell === null || cell === undefined) this.#null();
    else this.#characters(cell, 0, cell.length);
  }

  /** A column of one character, which PostgreSQL gives back without blanks. */
  code(cell: TextCell): void {
    this.text(cell === ' ' ? '' : cell);
  }

  /** NUMERIC with a scale: zeros behind the last digit say nothing. */
  amount(cell: TextCell): void {
    if (cell === null || cell === undefined) {
      this.#null();
      return;
    }
    let end = cell.length;
    if (cell.charCodeAt(end - 1) === ZERO && cell.includes('.')) {
      while (cell.charCodeAt(end - 1) === ZERO) end -= 1;
      if (cell.charCodeAt(end - 1) === POINT) end -= 1;
    }
    this.#characters(cell, 0, end);
  }

  /** NUMERIC without a scale, which keeps zeros at the end but none in front. */
  spoken(cell: TextCell): void {
    if (cell === null || cell === undefined) {
      this.#null();
      return;
    }
    const first = cell.charCodeAt(0);
    const begins = first > ZERO || (first === ZERO && (cell.length === 1 || cell.charCodeAt(1) === POINT));
    const isUsual = begins && cell.charCodeAt(cell.length - 1) !== POINT;
    this.text(isUsual ? cell : asNumeric(cell));
  }

  flag(cell: boolean | null | undefined): void {
    this.#reserve(1);
    this.#bytes[this.#length] = cell === true ? 1 : 0;
    this.#length += 1;
  }

  /** JSONB: a value that is about to be written, or PostgreSQL's own text of it. */
  json(cell: object | string | null | undefined): void {
    this.text(cell === null || cell === undefined || typeof cell === 'string' ? cell : jsonbText(cell));
  }

  /** Four bytes that stand for what was written from `start` on: not against forgers, but to find a row again. */
  digestFrom(start: number): number {
    let hash = 0x811c9dc5;
    let at = start;
    for (const end = this.#length - 3; at < end; at += 4) {
      hash = Math.imul(hash ^ this.#view.getInt32(at), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    for (; at < this.#length; at += 1) hash = Math.imul(hash ^ (this.#bytes[at] ?? 0), 0x01000193);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #null(): void {
    this.#reserve(1);
    this.#bytes[this.#length] = NULL;
    this.#length += 1;
  }

  #characters(text: string, start: number, end: number): void {
    const size = end - start;
    if (size > NARROW_LIMIT) {
      this.#wide(text.slice(start, end));
      return;
    }
    this.#reserve(size + 1);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at] = size;
    for (let index = start; index < end; index += 1) {
      const code = text.charCodeAt(index);
      if (code === 0 || code > 0x7f) {
        this.#wide(text.slice(start, end));
        return;
      }
      at += 1;
      bytes[at] = code;
    }
    this.#length = at + 1;
  }

  /** As it will be stored: without U+0000 and halves of surrogate pairs (bulk.ts). */
  #wide(text: string): void {
    const encoded = Buffer.from(text.replaceAll('\0', '\ufffd'), 'utf8');
    this.#reserve(encoded.length + 5);
    this.#bytes[this.#length] = WIDE;
    this.#view.setUint32(this.#length + 1, encoded.length);
    this.#bytes.set(encoded, this.#length + 5);
    this.#length += encoded.length + 5;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const before = this.written;
    this.#allocate(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.set(before);
  }

  #allocate(size: number): void {
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#view = viewOf(this.#bytes);
  }
}

const ZERO = 0x30;
const POINT = 0x2e;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const DECIMAL = /^(-?)0*(\d*)(?:\.(\d*))?$/;

/** Decimal text as NUMERIC gives it back. */
function asNumeric(text: string): string {
  const match = DECIMAL.exec(text);
  // A row that somebody changed may say NaN.
  if (match === null) return text;
  const [, sign = '', integer = '', fraction = ''] = match;
  const unsigned = `${integer === '' ? '0' : integer}${fraction === '' ? '' : `.${fraction}`}`;
  return /[1-9]/.test(unsigned) ? sign + unsigned : unsigned;
}

/** The text of a value as PostgreSQL writes its JSONB: keys by length and then by bytes, one blank after `:` and `,`. */
export function jsonbText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.toWellFormed().replaceAll('\0', '\ufffd'));
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(', ')}]`;
  if (value === null || typeof value !== 'object') return scalarText(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => ({ key: Buffer.from(key), member }))
    .sort((left, right) => left.key.length - right.key.length || left.key.compare(right.key));
  return `{${members.map(({ key, member }) => `${JSON.stringify(key.toString())}: ${jsonbText(member)}`).join(', ')}}`;
}

function scalarText(value: unknown): string {
  // PostgreSQL keeps decimals of its own in a number: what is not whole travels as text.
  assert(typeof value !== 'number' || Number.isSafeInteger(value), 'a number in JSON is whole');
  return JSON.stringify(value);
}
