/**
 * What a value of each FIX data type looks like, judged on the bytes: SessionRejectReason (373) 6 when it does
 * not. Size is not format: forty digits are a number, and the account refuses them.
 */
import { assertNever } from '../platform/assert.ts';
import { fieldType } from './dictionary.ts';
import { MAX_INTEGER } from './message.ts';
import { isDateAt, timeOfDayAt, utcTimestampAt } from './timestamp.ts';
import type { FixVersion } from './version.ts';

/** Data types that are written alike are one format. */
export type FieldFormat =
  | 'text'
  | 'freeText'
  | 'values'
  | 'character'
  | 'boolean'
  | 'integer'
  | 'natural'
  | 'decimal'
  | 'timestamp'
  | 'time'
  | 'date'
  | 'month'
  | 'data';

const FORMAT_BY_TYPE: Readonly<Record<string, FieldFormat>> = {
  String: 'text',
  Currency: 'text',
  Exchange: 'text',
  Country: 'text',
  Language: 'text',
  MultipleValueString: 'values',
  MultipleCharValue: 'values',
  MultipleStringValue: 'values',
  char: 'character',
  Boolean: 'boolean',
  int: 'integer',
  DayOfMonth: 'natural',
  Length: 'natural',
  SeqNum: 'natural',
  NumInGroup: 'natural',
  Price: 'decimal',
  PriceOffset: 'decimal',
  Qty: 'decimal',
  Amt: 'decimal',
  Percentage: 'decimal',
  float: 'decimal',
  UTCTimestamp: 'timestamp',
  UTCTimeOnly: 'time',
  UTCDateOnly: 'date',
  UTCDate: 'date',
  LocalMktDate: 'date',
  MonthYear: 'month',
  data: 'data',
  XMLData: 'data',
};

const TEXT_TAG = 58;
const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const DELETE = 0x7f;
const MINUS = 0x2d;
const POINT = 0x2e;
const LETTER_W = 0x77;
/** By byte: 0 for a digit, 1 for a point, of which there is one at most, 2 for what is not in a decimal. */
const IN_DECIMAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= ZERO && byte <= NINE ? 0 : byte === POINT ? 1 : 2,
);

/** Format of a field in a version's words; text for a tag without a type, or with one that has no format here. */
export function formatOf(tag: number, version: FixVersion): FieldFormat {
  if (tag === TEXT_TAG) return 'freeText';
  return FORMAT_BY_TYPE[fieldType(tag, version) ?? 'String'] ?? 'text';
}

/** Whether the bytes between `start` and `end`, at least one, are a value of the format. */
export function isWellFormed(format: FieldFormat, bytes: Buffer, start: number, end: number): boolean {
  switch (format) {
    case 'text':
      return isText(bytes, start, end);
    case 'freeText':
      return isFreeText(bytes, start, end);
    case 'values':
      return isValues(bytes, start, end);
    case 'character':
      return end - start === 1 && isText(bytes, start, end);
    case 'boolean':
      return end - start === 1 && (bytes[start] === 0x59 || bytes[start] === 0x4e);
    case 'integer':
      return isNatural(bytes, bytes[start] === MINUS ? start + 1 : start, end);
    case 'natural':
      return isNatural(bytes, start, end);
    case 'decimal':
      return isDecimal(bytes, start, end);
    case 'timestamp':
      return utcTimestampAt(bytes, start, end) !== undefined;
    case 'time':
      return !Number.isNaN(timeOfDayAt(bytes, start, end));
    case 'date':
      return end - start === 8 && isDateAt(bytes, start);
    case 'month':
      return isMonth(bytes, start, end);
    case 'data':
      return true;
    default:
      return assertNever(format);
  }
}

/** No control characters: they would break a log line, and the database cannot store all of them. */
function isText(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte < SPACE || byte === DELETE) return false;
  }
  return true;
}

/** Text (58) may have tabs and line ends besides. */
function isFreeText(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    const isControl = byte < SPACE || byte === DELETE;
    if (isControl && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  }
  return true;
}

/** Values with one space between each two. */
function isValues(bytes: Buffer, start: number, end: number): boolean {
  let wasSpace = true;
  for (let at = start; at < end; at += 1) {
    const isSpace = bytes[at] === SPACE;
    if (isSpace && wasSpace) return false;
    wasSpace = isSpace;
  }
  return !wasSpace && isText(bytes, start, end);
}

/** Digits, leading zeros included, of a number up to the largest one. */
function isNatural(bytes: Buffer, start: number, end: number): boolean {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return false;
    value = value * 10 + (byte - ZERO);
  }
  return end > start && value <= MAX_INTEGER;
}

function areDigits(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return false;
  }
  return end > start;
}

/** Digits with a sign `-` and one point at most: no `+`, no exponent, no blank. */
function isDecimal(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start] === MINUS ? start + 1 : start;
  // Summed without a branch: where the point stands cannot be predicted.
  let pointsAndWorse = 0;
  for (let at = first; at < end; at += 1) pointsAndWorse += IN_DECIMAL[bytes[at]!]!;
  return pointsAndWorse <= 1 && end - first > pointsAndWorse;
}

/** `YYYYMM`, `YYYYMMDD` or `YYYYMMwN`. */
function isMonth(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length === 8 && bytes[start + 6] !== LETTER_W) return isDateAt(bytes, start);
  if (length !== 6 && length !== 8) return false;
  if (!areDigits(bytes, start, start + 6)) return false;
  const month = (bytes[start + 4]! - ZERO) * 10 + (bytes[start + 5]! - ZERO);
  if (month < 1 || month > 12) return false;
  return length === 6 || (bytes[start + 7]! >= ZERO + 1 && bytes[start + 7]! <= ZERO + 5);
}
