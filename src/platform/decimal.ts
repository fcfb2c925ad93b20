/**
 * Exact decimals. Text becomes a scaled integer and back without ever being a float: 18 decimals as `bigint`
 * units for money (the scale of NUMERIC(38,18)), and whole steps of a tick or a lot as safe integers for the
 * book.
 */
import { assert } from './assert.ts';

/** Decimals of every amount column: one unit is 10^-18 of the asset. */
export const AMOUNT_DECIMALS = 18;
const UNIT = 10n ** 18n;

/** FIX `float` without exponent, sign `-` only, at least one digit: what 44, 38, 99 may look like. */
const DECIMAL_TEXT = /^(-?)(\d*)(?:\.(\d*))?$/;

export type DecimalFault = 'malformed' | 'too precise' | 'too large';

/** Integer digits that NUMERIC(38,18) can hold. */
const MAX_INTEGER_DIGITS = 20;

/**
 * Converts decimal text to units of 10^-18. Trailing zeros beyond 18 decimals are fine; other digits there are
 * `too precise`, more than 20 integer digits are `too large`, and all that is no plain decimal (sign `+`,
 * exponent, NaN, blank) is `malformed`.
 */
export function parseAmount(text: string): bigint | DecimalFault {
  const match = DECIMAL_TEXT.exec(text);
  if (match === null) return 'malformed';
  const integerDigits = match[2] as string;
  const fractionDigits = match[3] ?? '';
  if (integerDigits.length + fractionDigits.length === 0) return 'malformed';
  const significantInteger = integerDigits.replace(/^0+/, '');
  if (significantInteger.length > MAX_INTEGER_DIGITS) return 'too large';
  const significantFraction = fractionDigits.replace(/0+$/, '');
  if (significantFraction.length > AMOUNT_DECIMALS) return 'too precise';
  const magnitude = BigInt(significantInteger + significantFraction.padEnd(AMOUNT_DECIMALS, '0'));
  return match[1] === '-' ? -magnitude : magnitude;
}

/** Shortest exact text of an amount in units of 10^-18: `1.5`, `-0.000001`, `0`. */
export function formatAmount(units: bigint): string {
  if (units < 0n) return `-${formatAmount(-units)}`;
  const integer = units / UNIT;
  const fraction = units % UNIT;
  if (fraction === 0n) return integer.toString();
  return `${integer}.${fraction.toString().padStart(AMOUNT_DECIMALS, '0').replace(/0+$/, '')}`;
}

/**
 * A tick or lot size: converts between decimal text and whole steps. Made once per instrument, since it keeps
 * the step as a safe integer and a number of decimals for the hot paths.
 */
export interface StepSize {
  /** The step in units of 10^-18. */
  readonly units: bigint;
  /** Decimals of the step, as few as show it exactly: 2 for 0.05. */
  readonly decimals: number;
  /** The step in units of its last decimal: 5 for 0.05. */
  readonly multiplier: number;
}

/** Makes a {@link StepSize}, or names what is wrong with the text. The step must be positive. */
export function parseStepSize(text: string): StepSize | DecimalFault {
  const units = parseAmount(text);
  if (typeof units === 'string') return units;
  if (units <= 0n) return 'malformed';
  const shortest = formatAmount(units);
  const decimals = shortest.includes('.') ? shortest.length - shortest.indexOf('.') - 1 : 0;
  const multiplier = units / 10n ** BigInt(AMOUNT_DECIMALS - decimals);
  if (multiplier > BigInt(Number.MAX_SAFE_INTEGER)) return 'too large';
  return { units, decimals, multiplier: Number(multiplier) };
}

export type StepFault = DecimalFault | 'off step' | 'negative';

/** Whole steps that `text` stands for; `off step` when it is not a multiple of the step. Zero is a value. */
export function textToSteps(text: string, step: StepSize): number | StepFault {
  const scaled = plainScaled(text, step.decimals);
  if (scaled !== undefined) return scaled % step.multiplier === 0 ? scaled / step.multiplier : 'off step';
  const units = parseAmount(text);
  if (units === 'too precise') return 'off step';
  if (typeof units === 'string') return units;
  if (units < 0n) return 'negative';
  if (units % step.units !== 0n) return 'off step';
  const steps = units / step.units;
  return steps > BigInt(Number.MAX_SAFE_INTEGER) ? 'too large' : Number(steps);
}

const ZERO = 48;
const NINE = 57;
const POINT = 46;

/**
 * What nearly all text is: digits, and zeros at most after `decimals` decimals. As an integer in units of the last one
 * of these; undefined for everything else, and where that is no safe integer.
 */
function plainScaled(text: string, decimals: number): number | undefined {
  let scaled = 0;
  let digitCount = 0;
  let decimalCount = -1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === POINT && decimalCount < 0) {
      decimalCount = 0;
      continue;
    }
    if (code < ZERO || code > NINE) return undefined;
    digitCount += 1;
    if (decimalCount >= 0) decimalCount += 1;
    if (decimalCount <= decimals) scaled = scaled * 10 + (code - ZERO);
    else if (code !== ZERO) return undefined;
    // Beyond it a product may have been rounded; from here on it would only grow.
    if (scaled > Number.MAX_SAFE_INTEGER) return undefined;
  }
  if (digitCount === 0) return undefined;
  for (let missing = Math.max(decimalCount, 0); missing < decimals; missing += 1) scaled *= 10;
  return scaled > Number.MAX_SAFE_INTEGER ? undefined : scaled;
}

/** Exact text of `steps`, with the decimals of the step: 3 steps of 0.05 are `0.15`, 20 are `1.00`. */
export function stepsToText(steps: number, step: StepSize): string {
  assert(Number.isSafeInteger(steps) && steps >= 0, `steps must be a safe integer, not ${steps}`);
  const product = steps * step.multiplier;
  const scaled = Number.isSafeInteger(product)
    ? product.toString()
    : (BigInt(steps) * BigInt(step.multiplier)).toString();
  if (step.decimals === 0) return scaled;
  const padded = scaled.padStart(step.decimals + 1, '0');
  const point = padded.length - step.decimals;
  return `${padded.slice(0, point)}.${padded.slice(point)}`;
}
