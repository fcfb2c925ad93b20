/**
 * Judges what the venue said against what the demo expects it to say. Decimals are compared by value, so that
 * `0.4` and `0.4000` are the same quantity; everything else as text.
 */
import { enumName, fieldTag, fieldType, messageName, messageType } from '../fix/dictionary.ts';
import type { FixMessage } from '../fix/message.ts';
import { assertNever } from '../platform/assert.ts';
import { parseAmount } from '../platform/decimal.ts';

/** What a field must be: this value; a text with these words in it; the same wherever this name stands. */
export type ExpectedValue =
  | string
  | { readonly type: 'Contains'; readonly text: string }
  | { readonly type: 'Same'; readonly as: string };

/** A message by its name and the fields that matter, by name. */
export interface ExpectedMessage {
  readonly name: string;
  readonly fields: Readonly<Record<string, ExpectedValue>>;
}

/** What `Same` values were when they were seen first. One per run: it is written to. */
export type SeenValues = Map<string, string>;

/** A field with one of these words in it. */
export function contains(text: string): ExpectedValue {
  return { type: 'Contains', text };
}

/** A field whose value is the venue's to choose, but the same in all messages that are about `as`. */
export function same(as: string): ExpectedValue {
  return { type: 'Same', as };
}

/**
 * Every difference between the message and what was expected, as `CumQty(14) is 0.6, expected 1`; empty when there
 * is none. Remembers `Same` values in `seen`.
 */
export function differencesOf(expected: ExpectedMessage, message: FixMessage, seen: SeenValues): string[] {
  if (message.msgType !== messageType(expected.name)) {
    const name = messageName(message.msgType) ?? `MsgType(35)=${message.msgType}`;
    return [`it is ${articled(name)}, expected ${articled(expected.name)}`];
  }
  return Object.entries(expected.fields).flatMap(([name, value]) => {
    const tag = fieldTag(name);
    const actual = message.get(tag);
    const wanted = unmet(tag, value, actual, seen);
    if (wanted === undefined) return [];
    const found = actual === undefined ? 'is missing' : `is ${meant(tag, actual)}`;
    return [`${name}(${tag}) ${found}, expected ${wanted}`];
  });
}

/** What was wanted, in words, or undefined when the value is that. */
function unmet(
  tag: number,
  expected: ExpectedValue,
  actual: string | undefined,
  seen: SeenValues,
): string | undefined {
  if (typeof expected === 'string') {
    return actual !== undefined && isSameValue(tag, expected, actual) ? undefined : meant(tag, expected);
  }
  switch (expected.type) {
    case 'Contains':
      return actual?.includes(expected.text) ? undefined : `"${expected.text}" in it`;
    case 'Same': {
      const before = seen.get(expected.as);
      if (before === undefined && actual !== undefined) seen.set(expected.as, actual);
      if (actual !== undefined && (before === undefined || before === actual)) return undefined;
      return before === undefined ? `the ${expected.as}` : `${before}, as before for the ${expected.as}`;
    }
    default:
      return assertNever(expected);
  }
}

const DECIMAL_TYPES: ReadonlySet<string> = new Set(['Qty', 'Price', 'PriceOffset', 'Amt', 'float']);

function isSameValue(tag: number, expected: string, actual: string): boolean {
  if (expected === actual) return true;
  if (!DECIMAL_TYPES.has(fieldType(tag, 'FIX.4.4') ?? '')) return false;
  const units = parseAmount(actual);
  return typeof units === 'bigint' && units === parseAmount(expected);
}

function meant(tag: number, value: string): string {
  const meaning = enumName(tag, value);
  return meaning === undefined ? value : `${value} (${meaning})`;
}

function articled(name: string): string {
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
