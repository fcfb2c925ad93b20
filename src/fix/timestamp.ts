/**
 * UTCTimestamp (52, 60, 122) between milliseconds since the epoch and wire text. It is on every message, so
 * the text of the day and of the second is kept, and digits are read from the bytes.
 */

const ZERO = 0x30;
const DASH = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
/** `YYYYMMDD-HH:MM:SS`. */
const SECONDS_LENGTH = 17;
/** With nanoseconds. */
const MAX_LENGTH = 27;

const DAY_MS = 86_400_000;
const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'));

/** `YYYYMMDD-HH:MM:SS.sss`. */
export const UTC_TIMESTAMP_LENGTH = 21;

let cachedDay = Number.NaN;
let cachedDayText = '';
let cachedSecond = Number.NaN;
let cachedSecondText = '';
/** The text that {@link utcTimestampBytes} gave last, and the second that it is of. */
const written = new Uint8Array(UTC_TIMESTAMP_LENGTH);
let writtenSecond = Number.NaN;

/** `YYYYMMDD-HH:MM:SS.sss` of a time in ms since the epoch. */
export function utcTimestamp(ms: number): string {
  const whole = Math.floor(ms);
  const second = Math.floor(whole / 1000);
  if (second !== cachedSecond) {
    cachedSecondText = secondText(second);
    cachedSecond = second;
  }
  const millis = whole - second * 1000;
  if (millis >= 100) return cachedSecondText + millis;
  return `${cachedSecondText}0${TWO_DIGITS[millis]}`;
}

/** The bytes of {@link utcTimestamp}; the next call overwrites them. */
export function utcTimestampBytes(ms: number): Uint8Array {
  const whole = Math.floor(ms);
  const second = Math.floor(whole / 1000);
  if (second !== writtenSecond) {
    const text = secondText(second);
    for (let i = 0; i < text.length; i += 1) written[i] = text.charCodeAt(i);
    writtenSecond = second;
  }
  const millis = whole - second * 1000;
  const hundreds = Math.floor(millis / 100);
  const tens = Math.floor(millis / 10);
  written[SECONDS_LENGTH + 1] = ZERO + hundreds;
  written[SECONDS_LENGTH + 2] = ZERO + tens - hundreds * 10;
  written[SECONDS_LENGTH + 3] = ZERO + millis - tens * 10;
  return written;
}

/** `YYYYMMDD-HH:MM:SS.`. */
function secondText(second: number): string {
  const day = Math.floor(second / (DAY_MS / 1000));
  if (day !== cachedDay) {
    const iso = new Date(day * DAY_MS).toISOString();
    cachedDayText = `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}-`;
    cachedDay = day;
  }
  const ofDay = second - day * (DAY_MS / 1000);
  const minutes = Math.floor(ofDay / 60);
  const hh = TWO_DIGITS[Math.floor(minutes / 60)];
  return `${cachedDayText}${hh}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[ofDay % 60]}.`;
}

/** The number that `count` digits make, or NaN. */
function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i += 1) {
    const digit = bytes[at + i]! - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Whether `YYYYMMDD` at `at` is a day of the calendar. */
export function isDateAt(bytes: Uint8Array, at: number): boolean {
  const year = digits(bytes, at, 4);
  const month = digits(bytes, at + 4, 2);
  const day = digits(bytes, at + 6, 2);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return false;
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const dayCount =
    month === 2
      ? isLeapYear
        ? 29
        : 28
      : month === 4 || month === 6 || month === 9 || month === 11
        ? 30
        : 31;
  return day <= dayCount;
}

/**
 * Milliseconds of `HH:MM:SS` with nothing, or a point and 3 to 9 digits, between `start` and `end`; NaN for
 * anything else. A leap second (60) is the next minute's first.
 */
export function timeOfDayAt(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 8 || bytes[start + 2] !== COLON || bytes[start + 5] !== COLON) return Number.NaN;
  const hours = digits(bytes, start, 2);
  const minutes = digits(bytes, start + 3, 2);
  const seconds = digits(bytes, start + 6, 2);
  if (!(hours <= 23 && minutes <= 59 && seconds <= 60)) return Number.NaN;
  const whole = ((hours * 60 + minutes) * 60 + seconds) * 1000;
  if (end - start === 8) return whole;
  const fractionLength = end - start - 9;
  if (bytes[start + 8] !== POINT || fractionLength < 3 || fractionLength > 9) return Number.NaN;
  if (Number.isNaN(digits(bytes, start + 9, fractionLength))) return Number.NaN;
  return whole + digits(bytes, start + 9, 3);
}

/** The last second that was read: `YYYYMMDD-HH:MM:SS`, and its ms since the epoch. */
const read = new Uint8Array(SECONDS_LENGTH);
let readMs = 0;

/** The UTCTimestamp between `start` and `end` in ms since the epoch; undefined when it is none. */
export function utcTimestampAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  // Messages come many in a second: most times differ from the one before in their milliseconds only.
  if (end - start === UTC_TIMESTAMP_LENGTH && isReadSecond(bytes, start)) {
    const millis = digits(bytes, start + SECONDS_LENGTH + 1, 3);
    return bytes[start + SECONDS_LENGTH] === POINT && millis >= 0 ? readMs + millis : undefined;
  }
  const ms = otherTimestampAt(bytes, start, end);
  if (ms !== undefined) {
    for (let i = 0; i < SECONDS_LENGTH; i += 1) read[i] = bytes[start + i]!;
    readMs = Math.floor(ms / 1000) * 1000;
  }
  return ms;
}

function isReadSecond(bytes: Uint8Array, start: number): boolean {
  for (let i = SECONDS_LENGTH - 1; i >= 0; i -= 1) if (bytes[start + i] !== read[i]) return false;
  return true;
}

function otherTimestampAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start < SECONDS_LENGTH || bytes[start + 8] !== DASH || !isDateAt(bytes, start)) return undefined;
  const time = timeOfDayAt(bytes, start + 9, end);
  if (Number.isNaN(time)) return undefined;
  return (
    Date.UTC(digits(bytes, start, 4), digits(bytes, start + 4, 2) - 1, digits(bytes, start + 6, 2)) + time
  );
}

const scratch = Buffer.alloc(MAX_LENGTH);

/**
 * Milliseconds since the epoch of `YYYYMMDD-HH:MM:SS`, bare or with a point and 3 to 9 digits; undefined for
 * anything else. What is finer than a millisecond is cut off.
 */
export function parseUtcTimestamp(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  return utcTimestampAt(scratch, 0, scratch.write(text, 'latin1'));
}
