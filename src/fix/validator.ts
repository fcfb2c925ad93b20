/**
 * Judges a received message against the rules of its type, on the bytes: what FIX calls wrong is a Reject (3)
 * with the field and the reason, what only this venue does not take is a BusinessMessageReject (j).
 */
import {
  type CompiledGroup,
  type CompiledMessage,
  ENUMS_BY_TAG,
  FORMATS,
  IN_BODY,
  IN_GROUP,
  IN_HEADER,
  NOWHERE,
  RECEIVED_MESSAGES,
  TAG_LIMIT,
} from './compiled-rules.ts';
import { dataTagOf, fieldName, isFieldOf44, isMessageOf44, messageName } from './dictionary.ts';
import { type FieldFormat, isWellFormed } from './field-formats.ts';
import type { FixMessage } from './message.ts';
import { TAG } from './tags.ts';

/** Why a message is refused, with the field where one is to blame. */
export type Violation =
  | {
      readonly type: 'Reject';
      /** SessionRejectReason (373). */
      readonly sessionRejectReason: number;
      /** RefTagID (371). */
      readonly refTagId: number | undefined;
      /** Text (58). */
      readonly text: string;
    }
  | {
      readonly type: 'BusinessReject';
      /** BusinessRejectReason (380). */
      readonly businessRejectReason: number;
      readonly refTagId: number | undefined;
      /** Text (58). */
      readonly text: string;
    };

export interface ValidatorOptions {
  /** Lets tags from 5000 on pass unread; otherwise they are undefined tags, 373=0. */
  readonly allowUserDefined: boolean;
  /**
   * Longest value of a field in bytes, Text (58) and data fields aside, which only the frame bounds. A longer
   * one is 373=6.
   */
  readonly maxFieldBytes: number;
}

export const DEFAULT_VALIDATOR_OPTIONS: ValidatorOptions = { allowUserDefined: false, maxFieldBytes: 512 };

const FIRST_USER_DEFINED_TAG = 5000;
/** Characters of a bad value that a text repeats. */
const EXCERPT_LENGTH = 32;

/** SessionRejectReason (373). */
const REASON = {
  undefinedTag: 0,
  requiredTagMissing: 1,
  tagNotOfMessage: 2,
  emptyTag: 4,
  badEnumeration: 5,
  badFormat: 6,
  invalidMsgType: 11,
  repeatedTag: 13,
  outOfOrder: 14,
  groupOutOfOrder: 15,
  wrongGroupCount: 16,
} as const;

/** BusinessRejectReason (380). */
const UNSUPPORTED_MESSAGE_TYPE = 3;
const CONDITIONAL_FIELD_MISSING = 5;

/** At a tag, the run that saw it last: cleared by counting on. */
const seenInRun = new Float64Array(TAG_LIMIT);
let lastRun = 0;

/**
 * The first thing wrong with a message that a member sent, in the order of its fields, then what is missing;
 * undefined when there is nothing. CompIDs, sequence numbers and times are the session's to judge.
 */
export function validate(
  message: FixMessage,
  options: ValidatorOptions = DEFAULT_VALIDATOR_OPTIONS,
): Violation | undefined {
  const rules = RECEIVED_MESSAGES.get(message.msgType);
  if (rules === undefined) return judgeUnknownType(message.msgType);
  lastRun += 1;
  const run = lastRun;
  return judgeFields(message, rules, run, options) ?? judgeMissing(message, rules, run);
}

function judgeUnknownType(msgType: string): Violation {
  if (msgType === '') return reject(REASON.emptyTag, TAG.MsgType, `${label(TAG.MsgType)} is empty`);
  if (isMessageOf44(msgType)) {
    const text = `${messageName(msgType)}(35=${msgType}) is not supported`;
    return businessReject(UNSUPPORTED_MESSAGE_TYPE, TAG.MsgType, text);
  }
  const text = `${label(TAG.MsgType)}=${excerpt(msgType)} is not a message of FIX.4.4`;
  return reject(REASON.invalidMsgType, TAG.MsgType, text);
}

function judgeFields(
  message: FixMessage,
  rules: CompiledMessage,
  run: number,
  options: ValidatorOptions,
): Violation | undefined {
  let current = IN_HEADER;
  let i = 0;
  while (i < message.fieldCount) {
    const tag = message.tagAt(i);
    const isUserDefined = tag >= FIRST_USER_DEFINED_TAG && options.allowUserDefined;
    const section = isUserDefined ? IN_BODY : tag < TAG_LIMIT ? rules.sections[tag]! : NOWHERE;
    if (section === NOWHERE) return judgeUnexpected(message, i);
    const fault = judgeValue(message, i, options);
    if (fault !== undefined) return fault;
    if (section === IN_GROUP) {
      return reject(REASON.groupOutOfOrder, tag, `${label(tag)} is outside its repeating group`);
    }
    if (!isUserDefined) {
      if (seenInRun[tag] === run) return reject(REASON.repeatedTag, tag, `${label(tag)} appears twice`);
      seenInRun[tag] = run;
    }
    if (section < current) {
      const place =
        section === IN_HEADER ? 'a header field after the body' : 'a body field after the trailer';
      return reject(REASON.outOfOrder, tag, `${label(tag)} is ${place}`);
    }
    current = section;
    const group = rules.groups.size > 0 ? rules.groups.get(tag) : undefined;
    const next = group === undefined ? i + 1 : judgeGroup(message, i, group, options);
    if (typeof next !== 'number') return next;
    i = next;
  }
  return undefined;
}

/** A tag that the message does not have: no field at all, none of FIX.4.4, or one of other messages. */
function judgeUnexpected(message: FixMessage, i: number): Violation {
  const tag = message.tagAt(i);
  if (tag === 0) {
    const text = `field ${i + 1}, "${excerpt(message.valueAt(i))}", is not tag=value`;
    return reject(REASON.undefinedTag, undefined, text);
  }
  if (isFieldOf44(tag)) {
    const name = messageName(message.msgType) ?? '';
    const text = `${label(tag)} is not defined for ${name}(35=${message.msgType})`;
    return reject(REASON.tagNotOfMessage, tag, text);
  }
  return reject(REASON.undefinedTag, tag, `${label(tag)} is not defined in FIX.4.4`);
}

function judgeValue(message: FixMessage, i: number, options: ValidatorOptions): Violation | undefined {
  const tag = message.tagAt(i);
  const start = message.startAt(i);
  const end = message.endAt(i);
  if (start === end) return reject(REASON.emptyTag, tag, `${label(tag)} is empty`);
  const format = tag < TAG_LIMIT ? FORMATS[tag]! : 'text';
  if (end - start > options.maxFieldBytes && format !== 'freeText' && format !== 'data') {
    const text = `${label(tag)} has ${end - start} bytes, more than ${options.maxFieldBytes}`;
    return reject(REASON.badFormat, tag, text);
  }
  if (!isWellFormed(format, message.bytes, start, end)) {
    const text = `${label(tag)}=${excerpt(message.valueAt(i))} is not ${DESCRIPTIONS[format]}`;
    return reject(REASON.badFormat, tag, text);
  }
  if (format === 'data' && !hasItsLength(message, i)) {
    return reject(REASON.badFormat, tag, `${label(tag)} does not follow its length, or has another`);
  }
  if (tag < TAG_LIMIT && !isEnumerated(message, i, tag)) {
    const text = `${label(tag)}=${excerpt(message.valueAt(i))} is not a defined value`;
    return reject(REASON.badEnumeration, tag, text);
  }
  return undefined;
}

/** Whether a data field follows the field that counts its bytes. */
function hasItsLength(message: FixMessage, i: number): boolean {
  const isLength = i > 0 && dataTagOf(message.tagAt(i - 1)) === message.tagAt(i);
  return isLength && Number(message.valueAt(i - 1)) === message.endAt(i) - message.startAt(i);
}

function isEnumerated(message: FixMessage, i: number, tag: number): boolean {
  const allowed = ENUMS_BY_TAG[tag];
  if (allowed === undefined) return true;
  const start = message.startAt(i);
  if (message.endAt(i) - start === 1 && allowed.isByte !== undefined) {
    return allowed.isByte[message.bytes[start]!] === 1;
  }
  const value = message.valueAt(i);
  if (FORMATS[tag] === 'values') return value.split(' ').every((part) => allowed.values.has(part));
  return allowed.values.has(value);
}

/** Judges the instances after the count field `i`; returns the index after them. */
function judgeGroup(
  message: FixMessage,
  i: number,
  group: CompiledGroup,
  options: ValidatorOptions,
): number | Violation {
  const countTag = message.tagAt(i);
  let instanceCount = 0;
  let instanceRun = 0;
  let at = i + 1;
  while (at < message.fieldCount) {
    const tag = message.tagAt(at);
    if (tag >= TAG_LIMIT || group.isMember[tag] !== 1) break;
    if (tag === group.delimiter) {
      instanceCount += 1;
      lastRun += 1;
      instanceRun = lastRun;
    } else if (instanceCount === 0) {
      const text = `${label(countTag)} must be followed by ${label(group.delimiter)}, not ${label(tag)}`;
      return reject(REASON.groupOutOfOrder, tag, text);
    }
    const fault = judgeValue(message, at, options);
    if (fault !== undefined) return fault;
    if (seenInRun[tag] === instanceRun) {
      return reject(
        REASON.repeatedTag,
        tag,
        `${label(tag)} appears twice in one instance of ${label(countTag)}`,
      );
    }
    seenInRun[tag] = instanceRun;
    const inner = group.groups.get(tag);
    const next = inner === undefined ? at + 1 : judgeGroup(message, at, inner, options);
    if (typeof next !== 'number') return next;
    at = next;
  }
  if (Number(message.valueAt(i)) !== instanceCount) {
    const text = `${label(countTag)}=${excerpt(message.valueAt(i))} but there are ${instanceCount} instances`;
    return reject(REASON.wrongGroupCount, countTag, text);
  }
  return at;
}

function judgeMissing(message: FixMessage, rules: CompiledMessage, run: number): Violation | undefined {
  for (const tag of rules.required) {
    if (seenInRun[tag] !== run) {
      return reject(REASON.requiredTagMissing, tag, `${label(tag)} is missing`);
    }
  }
  for (const { tag, presence } of rules.conditional) {
    if (presence.type !== 'conditional' || seenInRun[tag] === run || !presence.applies(message)) continue;
    const text = `${label(tag)} is missing: it is required when ${presence.when}`;
    return businessReject(CONDITIONAL_FIELD_MISSING, tag, text);
  }
  return undefined;
}

const DESCRIPTIONS: Readonly<Record<FieldFormat, string>> = {
  text: 'text without control characters',
  freeText: 'text without control characters',
  values: 'values with one space between them',
  character: 'one character',
  boolean: 'Y or N',
  integer: 'an integer',
  natural: 'an unsigned integer',
  decimal: 'a plain decimal number',
  timestamp: 'a UTC timestamp, YYYYMMDD-HH:MM:SS[.sss]',
  time: 'a UTC time, HH:MM:SS[.sss]',
  date: 'a date, YYYYMMDD',
  month: 'a month, YYYYMM',
  data: 'data',
};

/** `Price(44)`, or `tag 9999`. */
function label(tag: number): string {
  const name = fieldName(tag);
  return name === undefined ? `tag ${tag}` : `${name}(${tag})`;
}

/** The first characters of a bad value, those that cannot be printed as `?`. */
function excerpt(value: string): string {
  let printable = '';
  for (const character of value.slice(0, EXCERPT_LENGTH)) {
    printable += character < ' ' || character > '~' ? '?' : character;
  }
  return value.length > EXCERPT_LENGTH ? `${printable}...` : printable;
}

function reject(sessionRejectReason: number, refTagId: number | undefined, text: string): Violation {
  return { type: 'Reject', sessionRejectReason, refTagId, text };
}

function businessReject(businessRejectReason: number, refTagId: number | undefined, text: string): Violation {
  return { type: 'BusinessReject', businessRejectReason, refTagId, text };
}
