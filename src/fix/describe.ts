/**
 * Messages in words, for people: `onebook fix decode`, the demo and logs. Takes what is on the wire and what
 * log files make of it, and never shows a password.
 */
import { enumName, fieldName, fieldTag, messageName } from './dictionary.ts';
import { MSG_TYPE, TAG } from './tags.ts';

interface TextField {
  readonly tag: number;
  readonly value: string;
}

const SECRET_TAGS: ReadonlySet<number> = new Set([
  TAG.Password,
  TAG.NewPassword,
  fieldTag('EncryptedPassword'),
  fieldTag('EncryptedNewPassword'),
  TAG.RawData,
]);
const MASK = '***';
/** What separates fields: the wire's SOH, and two ways of logs to show it. */
const SEPARATORS = ['\x01', '^A', '|'] as const;

/**
 * Every field of a message as `Name(tag)=value (meaning)`, in its order. Fields may be separated by SOH, `^A`
 * or `|`; what stands before `8=FIX` on a log line is left out; what is no `tag=value` is shown as it is.
 */
export function describeMessage(bytes: Buffer | string): string[] {
  return splitFields(bytes).map(describeField);
}

/** The message in one line: its name, then what matters in it, by name. Empty for a line without fields. */
export function summariseMessage(bytes: Buffer | string): string {
  const fields = splitFields(bytes);
  const values = new Map<number, string>();
  for (const { tag, value } of fields) {
    if (!values.has(tag)) values.set(tag, value);
  }
  const msgType = values.get(TAG.MsgType);
  if (msgType === undefined) return fields.map(describeField).join(' ');
  const name = messageName(msgType) ?? `MsgType(35)=${msgType}`;
  return [name, ...summaryOf(msgType, values, fields)].filter((part) => part !== '').join(' ');
}

function describeField(field: TextField): string {
  if (field.tag === 0) return field.value;
  const name = fieldName(field.tag) ?? '?';
  if (SECRET_TAGS.has(field.tag)) return `${name}(${field.tag})=${MASK}`;
  const meaning = enumName(field.tag, field.value);
  return `${name}(${field.tag})=${printable(field.value)}${meaning === undefined ? '' : ` (${meaning})`}`;
}

function splitFields(bytes: Buffer | string): TextField[] {
  const line = typeof bytes === 'string' ? bytes : bytes.toString('latin1');
  const begin = line.indexOf('8=FIX');
  const text = begin < 0 ? line : line.slice(begin);
  const separator = SEPARATORS.find((candidate) => text.includes(candidate)) ?? '|';
  const fields: TextField[] = [];
  for (const piece of text.replace(/\r?\n$/, '').split(separator)) {
    const equals = piece.indexOf('=');
    const tagText = piece.slice(0, Math.max(equals, 0));
    const last = fields.at(-1);
    if (/^[1-9]\d{0,8}$/.test(tagText)) {
      fields.push({ tag: Number(tagText), value: piece.slice(equals + 1) });
    } else if (separator !== '\x01' && last !== undefined && piece.trim() !== '') {
      // A log's separator may be part of a value; the wire's cannot.
      fields[fields.length - 1] = { tag: last.tag, value: last.value + separator + piece };
    } else if (piece.trim() !== '') {
      fields.push({ tag: 0, value: printable(piece) });
    }
  }
  return fields;
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
      return fields.filter((field) => !HIDDEN_IN_SUMMARY.has(field.tag)).map(named);
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

/** `RefSeqNum=5`, `SessionRejectReason=RequiredTagMissing`. */
function named(field: TextField): string {
  if (field.tag === 0) return field.value;
  const name = fieldName(field.tag) ?? String(field.tag);
  if (SECRET_TAGS.has(field.tag)) return `${name}=${MASK}`;
  return `${name}=${enumName(field.tag, field.value) ?? printable(field.value)}`;
}

function ids(values: Values): string {
  const own = values.has(TAG.ClOrdID) ? `11=${shown(values, TAG.ClOrdID)}` : '';
  return values.has(TAG.OrigClOrdID) ? `${own} 41=${shown(values, TAG.OrigClOrdID)}` : own;
}

/** `BUY 0.5 BTC-USD @ 100.00`. */
function terms(values: Values): string {
  const price = values.has(TAG.Price)
    ? `@ ${shown(values, TAG.Price)}`
    : values.has(TAG.OrdType)
      ? `@ ${meaningOf(values, TAG.OrdType)}`
      : '';
  const side = meaningOf(values, TAG.Side).toUpperCase();
  return [side, shown(values, TAG.OrderQty), shown(values, TAG.Symbol), price].filter(isNotEmpty).join(' ');
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
