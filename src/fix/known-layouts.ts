/**
 * A quick yes for messages that have the tags of one that has passed: then all is known but the values. Whatever
 * gets no yes here is judged by the validator in full, which alone says what is wrong.
 */
import type { CompiledMessage, CompiledRules } from './compiled-rules.ts';
import { NOWHERE, TAG_LIMIT } from './compiled-rules.ts';
import { type FieldFormat, isWellFormed } from './field-formats.ts';
import { type FieldLayout, PerLayout } from './layout.ts';
import type { FixMessage } from './message.ts';
import type { FieldRule } from './messages/field-rules.ts';
import { TAG } from './tags.ts';

/** What is left to judge of one field. */
interface FieldCheck {
  /** Number of the field in the message. */
  readonly place: number;
  readonly format: FieldFormat;
  /** Text of any kind, which needs no look in a message that is printable throughout. */
  readonly isText: boolean;
  /** The bytes that an enumerated field of one byte may be. */
  readonly isByte: Uint8Array | undefined;
}

/** What is left to judge of a message. */
interface KnownLayout {
  /** Of the messages that it is about. */
  readonly rules: CompiledMessage;
  readonly checks: readonly FieldCheck[];
  /** Fields that it does not have and that its values may ask for. */
  readonly absent: readonly FieldRule[];
}

/** Without these values no message was read, or no rules found for it. */
const KNOWN_BEFORE: ReadonlySet<number> = new Set([TAG.BodyLength, TAG.MsgType, TAG.CheckSum]);

/** Mostly one for a layout; messages of two types or versions may have the same tags. */
const known = new PerLayout<KnownLayout[]>();

/**
 * Whether the message is right: it has the tags of one that was, and good values. False when that is not known.
 * `rules` are those of its type; values have `maxFieldBytes` at most.
 */
export function isKnownToBeRight(
  message: FixMessage,
  rules: CompiledMessage,
  maxFieldBytes: number,
): boolean {
  const { layout, source, isPlain } = message;
  const plan = layout === undefined ? undefined : planFor(layout, rules);
  if (plan === undefined) return false;
  const { checks, absent } = plan;
  for (let i = 0; i < checks.length; i += 1) {
    const { place, isByte, isText, format } = checks[i]!;
    const start = message.startAt(place);
    const end = message.endAt(place);
    if (start === end || end - start > maxFieldBytes) return false;
    if (isByte !== undefined) {
      if (end - start !== 1 || isByte[source[start]!] !== 1) return false;
    } else if (!(isText && isPlain) && !isWellFormed(format, source, start, end)) {
      return false;
    }
  }
  for (const { presence } of absent) {
    if (presence.type === 'conditional' && presence.applies(message)) return false;
  }
  return true;
}

/** Keeps the tags of a message that was found right, if nothing about them depends on values or on the member. */
export function rememberLayout(
  message: FixMessage,
  rules: CompiledMessage,
  versionRules: CompiledRules,
): void {
  const { layout } = message;
  if (layout === undefined || planFor(layout, rules) !== undefined) return;
  const checks: FieldCheck[] = [];
  for (const [place, tag] of layout.tags.entries()) {
    if (tag >= TAG_LIMIT || rules.sections[tag] === NOWHERE || rules.groups.has(tag)) return;
    const format = versionRules.formats[tag]!;
    const values = versionRules.enums[tag];
    if (format === 'data' || (values !== undefined && values.isByte === undefined)) return;
    if (KNOWN_BEFORE.has(tag)) continue;
    checks.push({
      place,
      format,
      isText: format === 'text' || format === 'freeText',
      isByte: values?.isByte,
    });
  }
  const missing = rules.conditional.filter(({ tag }) => layout.placeOf(tag) < 0);
  const absent = missing.filter((field) => !isDecidedBy(field, layout, checks));
  known.set(layout, [...(known.get(layout) ?? []), { rules, checks, absent }]);
}

/**
 * Whether the checks of fields that are there say what one that is absent is asked for by: its cause, if it is there,
 * is left the values that do not ask for it, so that nothing more is to be looked at.
 */
function isDecidedBy({ presence }: FieldRule, layout: FieldLayout, checks: FieldCheck[]): boolean {
  if (presence.type !== 'conditional' || presence.cause === undefined) return false;
  const { tag, values, unlessTag } = presence.cause;
  if (unlessTag !== undefined && layout.placeOf(unlessTag) >= 0) return true;
  const place = layout.placeOf(tag);
  if (place < 0) return true;
  const at = checks.findIndex((check) => check.place === place);
  const check = checks[at];
  if (check?.isByte === undefined) return false;
  const isByte = Uint8Array.from(check.isByte);
  for (const value of values) isByte[value.charCodeAt(0)] = 0;
  checks[at] = { ...check, isByte };
  return true;
}

function planFor(layout: FieldLayout, rules: CompiledMessage): KnownLayout | undefined {
  const plans = known.get(layout);
  if (plans === undefined) return undefined;
  for (let i = 0; i < plans.length; i += 1) if (plans[i]!.rules === rules) return plans[i];
  return undefined;
}
