/**
 * Messages in words, for people: `onebook fix decode`, the demo and logs. Takes what is on the wire and what
 * log files make of it, and never shows a password.
 */
import { dataTagOf, enumName, fieldName, fieldNameIn, messageName } from './dictionary.ts';
import { MASK, SECRET_TAGS, showableStart } from './secret-fields.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { type FixVersion, versionOf } from './version.ts';

interface TextField {
  readonly tag: number;
  readonly value: string;
}

/** What separates fields: the wire's SOH, and two ways of logs to show it. */
const SEPARATORS = ['\x01', '^A', '|'] as const;
/** A number that FIX does not take for a tag, where a tag should be. */
const BAD_TAG = /^\s*[-+]?\d+\s*$/;

/**
 * Every field of a message as `Name(tag)=value (meaning)`, in its order. Fields may be separated by SOH, `^A`
 * or `|`; what stands before `8=FIX` on a log line is left out; what is no `tag=value` is shown up to
 * its `=`. Names are those of the message's version.
 */
export function describeMessage(bytes: Buffer | string): string[] {
  const fields = splitFields(bytes);
  const version = versionOfFields(fields);
  return fields.map((field) => describeField(field, version));
}

/** The message in one line: its name, then what matters in it, by name. Empty for a line without fields. */
export function summariseMessage(bytes: Buffer | string): string {
  const fields = splitFields(bytes);
  const values = new Map<number, string>();
  for (const { tag, value } of fields) {
    if (!values.has(tag)) values.set(tag, value);
  }
  const msgType = values.get(TAG.MsgType);
  if (msgType === undefined) return fields.map((field) => describeField(field, undefined)).join(' ');
  const name = messageName(msgType) ?? `MsgType(35)=${msgType}`;
  return [name, ...summaryOf(msgType, values, fields)].filter((part) => part !== '').join(' ');
}

/** The version that BeginString (8) announces; undefined for one that the venue does not speak. */
function versionOfFields(fields: readonly TextField[]): FixVersion | undefined {
  const first = fields[0];
  return first?.tag === TAG.BeginString ? versionOf(first.value) : undefined;
}

function nameOf(tag: number, version: FixVersion | undefined): string | undefined {
  return version === undefined ? fieldName(tag) : fieldNameIn(version, tag);
}

function describeField(field: TextField, version: FixVersion | undefined): string {
  if (field.tag === 0) return field.value;
  const name = nameOf(field.tag, version) ?? '?';
  if (SECRET_TAGS.has(field.tag)) return `${name}(${field.tag})=${MASK}`;
  const meaning = enumName(field.tag, field.value);
  return `${name}(${field.tag})=${printable(field.value)}${meaning === undefined ? '' : ` (${meaning})`}`;
}

function splitFields(bytes: Buffer | string): TextField[] {
  const line = typeof bytes === 'string' ? bytes : bytes.toString('latin1');
  const begin = line.indexOf('8=FIX');
  const text = (begin < 0 ? line : line.slice(begin)).replace(/\r?\n$/, '');
  const separator = SEPARATORS.find((candidate) => text.includes(candidate)) ?? '|';
  const pieces = text.split(separator);
  const fields: TextField[] = [];
  let at = 0;
  while (at < pieces.length) {
    const piece = pieces[at]!;
    const equals = piece.indexOf('=');
    const tagText = piece.slice(0, Math.max(equals, 0));
    const last = fields.at(-1);
    let count = 1;
    if (/^[1-9]\d{0,8}$/.test(tagText)) {
      const tag = Number(tagText);
      count = piecesOfData(pieces, at, equals + 1, dataLength(last, tag));
      fields.push({
        tag,
        value: pieces
          .slice(at, at + count)
          .join(separator)
          .slice(equals + 1),
      });
    } else if (last !== undefined && piece.trim() !== '' && isPartOf(last, tagText, separator)) {
      fields[fields.length - 1] = { tag: last.tag, value: last.value + separator + piece };
    } else if (piece.trim() !== '') {
      fields.push({ tag: 0, value: printable(equals < 0 ? piece : showableStart(piece) + MASK) });
    }
    at += count;
  }
  return fields;
}

/** A log's separator may be part of a value; the wire's cannot, but what follows a secret may be its rest. */
function isPartOf(last: TextField, tagText: string, separator: string): boolean {
  return SECRET_TAGS.has(last.tag) || (separator !== '\x01' && !BAD_TAG.test(tagText));
}

/** How long the field before says that the value of `tag` is, in bytes; 0 when it says nothing about it. */
function dataLength(before: TextField | undefined, tag: number): number {
  return before !== undefined && dataTagOf(before.tag) === tag ? Number(before.value) : 0;
}

/**
 * Of how many pieces a value consists that starts in piece `at` and has `length` bytes, each separator being
 * one: a data field may contain SOH. 1 where no piece ends there, as the parser does it.
 */
function piecesOfData(pieces: readonly string[], at: number, start: number, length: number): number {
  let total = pieces[at]!.length - start;
  let count = 1;
  while (total < length && at + count < pieces.length) {
    total += 1 + pieces[at + count]!.length;
    count += 1;
  }
  return total === length ? count : 1;
}

/** Control characters as `?`: a terminal obeys some of them. */
function printable(value: string): string {
  let shown = '';
  for (const character of value) {
    const code = character.charCodeAt(0);
    shown += code < 0x20 || (code >= 0x7f && code < 0xa0) ? '?' : character;
  }
  return shown;
}

type Values = ReadonlyMap<number, string>;

function summaryOf(msgType: string, values: Values, fields: readonly TextField[]): string[] {
  switch (msgType) {
    case MSG_TYPE.NewOrderSingle:
      return [ids(values), terms(values), meaningOf(values, TAG.TimeInForce)];
    case MSG_TYPE.OrderCancelRequest:
      return [ids(values), meaningOf(values, TAG.Side).toUpperCase(), shown(values, TAG.Symbol)];
    case MSG_TYPE.OrderCancelReplaceRequest:
      return [ids(values), terms(values)];
    case MSG_TYPE.ExecutionReport:
      return executionSummary(values);
    case MSG_TYPE.OrderCancelReject:
      return [
        ids(values),
        `order is ${meaningOf(values, TAG.OrdStatus)}:`,
        meaningOf(values, TAG.CxlRejReason),
        quoted(values),
      ];
    default:
      return namedFields(fields);
  }
}

/** Header and trailer, which say nothing about what a message is for. */
const HIDDEN_IN_SUMMARY: ReadonlySet<number> = new Set([
  TAG.BeginString,
  TAG.BodyLength,
  TAG.MsgType,
  TAG.SenderCompID,
  TAG.TargetCompID,
  TAG.MsgSeqNum,
  TAG.SendingTime,
  TAG.OrigSendingTime,
  TAG.CheckSum,
]);

function namedFields(fields: readonly TextField[]): string[] {
  const version = versionOfFields(fields);
  return fields.filter((field) => !HIDDEN_IN_SUMMARY.has(field.tag)).map((field) => named(field, version));
}

/** `RefSeqNum=5`, `SessionRejectReason=RequiredTagMissing`. */
function named(field: TextField, version: FixVersion | undefined): string {
  if (field.tag === 0) return field.value;
  const name = nameOf(field.tag, version) ?? String(field.tag);
  if (SECRET_TAGS.has(field.tag)) return `${name}=${MASK}`;
  return `${name}=${enumName(field.tag, field.value) ?? printable(field.value)}`;
}

function ids(values: Values): string {
  const own = values.has(TAG.ClOrdID) ? `11=${shown(values, TAG.ClOrdID)}` : '';
  return values.has(TAG.OrigClOrdID) ? `${own} 41=${shown(values, TAG.OrigClOrdID)}` : own;
}

/** `BUY 0.5 BTC-USD @ 100.00`, with what a stop order waits for and what an iceberg order shows. */
function terms(values: Values): string {
  const price = values.has(TAG.Price)
    ? `@ ${shown(values, TAG.Price)}`
    : values.has(TAG.OrdType)
      ? `@ ${meaningOf(values, TAG.OrdType)}`
      : '';
  const side = meaningOf(values, TAG.Side).toUpperCase();
  const stop = values.has(TAG.StopPx) ? `when ${shown(values, TAG.StopPx)} trades` : '';
  const slice = values.has(TAG.MaxFloor) ? `showing ${shown(values, TAG.MaxFloor)}` : '';
  return [side, shown(values, TAG.OrderQty), shown(values, TAG.Symbol), price, stop, slice]
    .filter(isNotEmpty)
    .join(' ');
}

function executionSummary(values: Values): string[] {
  const isFill = values.has(TAG.LastQty);
  const fill = isFill ? `${shown(values, TAG.LastQty)} @ ${shown(values, TAG.LastPx)} of` : '';
  return [
    `${meaningOf(values, TAG.ExecType)}:`,
    ids(values),
    fill,
    terms(values),
    `is ${meaningOf(values, TAG.OrdStatus)},`,
    `filled ${shown(values, TAG.CumQty)},`,
    `leaves ${shown(values, TAG.LeavesQty)}`,
    meaningOf(values, TAG.OrdRejReason),
    meaningOf(values, TAG.ExecRestatementReason),
    quoted(values),
  ];
}

function shown(values: Values, tag: number): string {
  return printable(values.get(tag) ?? '');
}

function meaningOf(values: Values, tag: number): string {
  return enumName(tag, values.get(tag) ?? '') ?? shown(values, tag);
}

function quoted(values: Values): string {
  return values.has(TAG.Text) ? `"${shown(values, TAG.Text)}"` : '';
}

function isNotEmpty(part: string): boolean {
  return part !== '';
}
