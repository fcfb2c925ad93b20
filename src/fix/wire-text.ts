/**
 * Messages as they may be logged: fields separated by `|`, secrets hidden. Fields are found as the decoder finds
 * them, data by its length, since a secret may contain what separates fields.
 */
import { dataTagOf } from './dictionary.ts';
import { TRAILER_LENGTH } from './message.ts';
import { MASK, SECRET_TAGS, showableStart } from './secret-fields.ts';
import { TAG } from './tags.ts';

/** A field by its places in the text. */
interface FieldPlace {
  /** 0 when it is no `tag=value`. */
  readonly tag: number;
  /** Where the value starts, or the field whose tag is 0. */
  readonly start: number;
  /** The place of its SOH, or the end of the text. */
  readonly end: number;
  /** Whether it is a secret, or the rest of one. */
  readonly isSecret: boolean;
}

const SEPARATOR = '\x01';
const TAG_TEXT = /^[1-9]\d{0,8}$/;
/** Digits of the longest tag, and `=`. */
const MAX_TAG_LENGTH = 10;

/**
 * Text of one or more frames, back to back, for a log line. The values of secret fields are shown as `***`, and so
 * is what follows the `=` of a field whose tag cannot be read.
 */
export function wireText(bytes: Buffer): string {
  const wire = bytes.toString('latin1');
  let text = '';
  let frameEnd = 0;
  let before: FieldPlace | undefined;
  let at = 0;
  while (at < wire.length) {
    if (at >= frameEnd) {
      frameEnd = frameEndAt(wire, at);
      before = undefined;
    }
    const field = fieldAt(wire, at, frameEnd - TRAILER_LENGTH, before);
    text += wire.slice(at, field.start) + shownValue(wire, field) + wire.slice(field.end, field.end + 1);
    before = field;
    at = field.end + 1;
  }
  return text.replaceAll(SEPARATOR, '|');
}

/** Where the frame ends that begins here, as its BodyLength (9) says; the end of the text if that says nothing. */
function frameEndAt(wire: string, start: number): number {
  const lengthField = wire.indexOf(SEPARATOR, start) + 1;
  const body = wire.indexOf(SEPARATOR, lengthField) + 1;
  const isHead = wire.startsWith(`${TAG.BeginString}=`, start) && lengthField > 0 && body > 0;
  if (!isHead || !wire.startsWith(`${TAG.BodyLength}=`, lengthField)) return wire.length;
  const end = body + (readLength(wire.slice(lengthField + 2, body - 1)) ?? wire.length) + TRAILER_LENGTH;
  return end <= wire.length && wire[end - 1] === SEPARATOR ? end : wire.length;
}

/** The field that begins at `at`, in a frame whose trailer begins at `trailer`. */
function fieldAt(wire: string, at: number, trailer: number, before: FieldPlace | undefined): FieldPlace {
  const equals = wire.slice(at, at + MAX_TAG_LENGTH).indexOf('=');
  const tagText = wire.slice(at, at + Math.max(equals, 0));
  const tag = TAG_TEXT.test(tagText) ? Number(tagText) : 0;
  const start = tag === 0 ? at : at + equals + 1;
  const dataEnd = tag === 0 ? undefined : dataEndAt(wire, start, tag, before);
  // A length that does not end at SOH before the trailer is not believed.
  const isData = dataEnd !== undefined && dataEnd < trailer && wire[dataEnd] === SEPARATOR;
  const next = wire.indexOf(SEPARATOR, start);
  const end = isData ? dataEnd : next < 0 ? wire.length : next;
  // What is no field after a secret is the secret's rest.
  const isSecret = SECRET_TAGS.has(tag) || (tag === 0 && before?.isSecret === true);
  return { tag, start, end, isSecret };
}

/** Where the value ends by the length in the field before; undefined when that is not its length. */
function dataEndAt(
  wire: string,
  start: number,
  tag: number,
  before: FieldPlace | undefined,
): number | undefined {
  if (before === undefined || dataTagOf(before.tag) !== tag) return undefined;
  const length = readLength(wire.slice(before.start, before.end));
  return length === undefined ? undefined : start + length;
}

function readLength(digits: string): number | undefined {
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

function shownValue(wire: string, field: FieldPlace): string {
  if (field.isSecret) return MASK;
  const value = wire.slice(field.start, field.end);
  return field.tag === 0 && value !== '' ? showableStart(value) + MASK : value;
}
