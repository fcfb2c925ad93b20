/**
 * What operators may write: names, passwords, amounts, percentages, fees. Each reader gives the value or the
 * sentence that says what would be right; the API's schemas check shapes only.
 */
import { FEE_RATE_PER_BASIS_POINT, type FeeRate } from '../matching/instrument.ts';
import { formatAmount, parseAmount } from '../platform/decimal.ts';
import { Refusal } from './answers.ts';

const USERNAME = /^[A-Za-z0-9._-]{1,64}$/;
// No colon: it separates a symbol from what surrounds it in ids.
const SYMBOL = /^[A-Z0-9._/-]{1,32}$/;
const ASSET = /^[A-Z0-9._-]{1,16}$/;
const IDEMPOTENCY_KEY = /^[!-~]{1,128}$/;
/** Printable, since it is sent to members as Text (58). */
const REASON = /^[ -~]{1,200}$/;
const PASSWORD_MIN = 8;
const PASSWORD_MAX = 256;
const UNIT = 10n ** 18n;
const BPS_PER_PERCENT = 100n;
const MAX_COUNT = 1_000_000_000;
const WHOLE_BPS = 10_000;
/** A fee of the whole notional. */
const MAX_FEE_RATE = FEE_RATE_PER_BASIS_POINT * WHOLE_BPS;

/** Whoever uses the API, as they call themselves; for the audit. */
const OPERATOR = /^[A-Za-z0-9._@-]{1,64}$/;

/** `Refusal`, or undefined when the text is a Username (553). */
export function checkUsername(username: string): Refusal | undefined {
  return USERNAME.test(username)
    ? undefined
    : new Refusal(400, 'a username is 1 to 64 letters, digits, ".", "_" and "-"');
}

export function checkPassword(password: string): Refusal | undefined {
  if (password.length < PASSWORD_MIN || password.length > PASSWORD_MAX) {
    return new Refusal(400, `a password has ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`);
  }
  // It must fit into Password (554), which FIX sends as one byte a character and ends with SOH.
  return /^[ -~]*$/.test(password)
    ? undefined
    : new Refusal(400, 'a password consists of printable ASCII characters');
}

export function checkSymbol(symbol: string): Refusal | undefined {
  return SYMBOL.test(symbol)
    ? undefined
    : new Refusal(400, 'a symbol is 1 to 32 capital letters, digits, ".", "_", "/" and "-"');
}

export function checkAsset(asset: string): Refusal | undefined {
  return ASSET.test(asset)
    ? undefined
    : new Refusal(400, 'an asset is 1 to 16 capital letters, digits, ".", "_" and "-"');
}

export function checkIdempotencyKey(key: string): Refusal | undefined {
  return IDEMPOTENCY_KEY.test(key)
    ? undefined
    : new Refusal(400, 'an id is 1 to 128 printable characters without blanks');
}

export function checkReason(reason: string): Refusal | undefined {
  return REASON.test(reason)
    ? undefined
    : new Refusal(400, 'a reason is 1 to 200 printable ASCII characters');
}

/** The name that the header gave, or `operator`. */
export function operatorName(header: string | string[] | undefined): string {
  return typeof header === 'string' && OPERATOR.test(header) ? header : 'operator';
}

/** A positive amount in units of 10^-18; `name` is how the refusal calls it. */
export function readPositiveAmount(text: string, name: string): bigint | Refusal {
  const units = parseAmount(text);
  if (units === 'too precise') return new Refusal(400, `${name} has more than 18 decimals`);
  if (units === 'too large') return new Refusal(400, `${name} has more than 20 digits before the point`);
  if (units === 'malformed' || units <= 0n) {
    return new Refusal(400, `${name} must be a positive decimal such as 0.5, not ${quoted(text)}`);
  }
  return units;
}

/** `text` times `scale` as an integer, zero included: percentages and basis points. At most 2^31 − 1. */
export function readScaled(text: string, scale: bigint, name: string): number | Refusal {
  const units = parseAmount(text);
  if (typeof units === 'string' || units < 0n) {
    return new Refusal(400, `${name} must be a decimal such as 2.5, not ${quoted(text)}`);
  }
  const scaled = units * scale;
  if (scaled % UNIT !== 0n) {
    return new Refusal(400, `${name} can be told no finer than ${formatAmount(UNIT / scale)}`);
  }
  const value = scaled / UNIT;
  return value > 2_147_483_647n ? new Refusal(400, `${name} is too large`) : Number(value);
}

/** A percentage above 0 in hundredths of a percent. */
export function readPositivePercent(text: string, name: string): number | Refusal {
  const bps = readScaled(text, BPS_PER_PERCENT, name);
  return bps === 0 ? new Refusal(400, `${name} must be above 0; none takes the band away`) : bps;
}

/** A fee of 0 to 10,000 basis points. */
export function readFee(text: string, name: string): FeeRate | Refusal {
  const rate = readScaled(text, BigInt(FEE_RATE_PER_BASIS_POINT), name);
  return typeof rate === 'number' && rate > MAX_FEE_RATE
    ? new Refusal(400, `${name} must be at most ${WHOLE_BPS}`)
    : rate;
}

/** How many of something there may be. */
export function readPositiveCount(value: number, name: string): number | Refusal {
  return Number.isSafeInteger(value) && value >= 1 && value <= MAX_COUNT
    ? value
    : new Refusal(400, `${name} is a whole number from 1 to ${MAX_COUNT}`);
}

/** Hundredths of a percent as a percentage. */
export function shownPercent(bps: number): string {
  return formatAmount((BigInt(bps) * UNIT) / BPS_PER_PERCENT);
}

/** A fee in basis points. */
export function shownFee(rate: FeeRate): string {
  return formatAmount((BigInt(rate) * UNIT) / BigInt(FEE_RATE_PER_BASIS_POINT));
}

/** Text from a NUMERIC column without its trailing zeros. */
export function plainDecimal(column: string): string {
  const units = parseAmount(column);
  return typeof units === 'bigint' ? formatAmount(units) : column;
}

/** Input that an error repeats, cut so that it stays one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
