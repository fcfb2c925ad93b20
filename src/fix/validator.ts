/**
 * Judges a received message against the rules of its type, on the bytes: what FIX calls wrong is a Reject (3)
 * with the field and the reason, what only this venue does not take is a BusinessMessageReject (j).
 */
import {
  type CompiledGroup,
  type CompiledMessage,
  type CompiledRules,
  compiledRules,
  IN_BODY,
  IN_GROUP,
  IN_HEADER,
  NOWHERE,
  TAG_LIMIT,
} from './compiled-rules.ts';
import { dataTagOf, fieldNameIn, isFieldOf, isMessageOf, messageName } from './dictionary.ts';
import { type FieldFormat, isWellFormed } from './field-formats.ts';
import { isKnownToBeRight, rememberLayout } from './known-layouts.ts';
import type { FixMessage } from './message.ts';
import { SECRET_TAGS, showableStart } from './secret-fields.ts';
import { TAG } from './tags.ts';
import { isVenueField } from './venue-fields.ts';
import type { FixVersion } from './version.ts';

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

/** What the validator is told about the session whose messages it judges. */
export interface ValidatorOptions {
  /** Lets tags from 5000 on pass unread; otherwise they are undefined tags, 373=0. */
  readonly allowUserDefined: boolean;
  /**
   * Longest value of a field in bytes, Text (58) and data fields aside, which only the frame bounds. A longer
   * one is 373=6.
   */
  readonly maxFieldBytes: number;
  /** Whose message it is: the member's, if not said. */
  readonly sender?: 'member' | 'venue';
}

/** The options of a session about which nothing else is agreed. */
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

/** What one message is judged by. One object for all, filled anew for each: none is made per message. */
const judged: {
  message: FixMessage;
  version: FixVersion;
  rules: CompiledRules;
  options: ValidatorOptions;
} = {
  // Nothing reads it before the first message is put here.
  message: undefined as unknown as FixMessage,
  version: 'FIX.4.4',
  rules: compiledRules('FIX.4.4'),
  options: DEFAULT_VALIDATOR_OPTIONS,
};

/**
 * The first thing wrong with a message of that version, in the order of its fields, then what is missing;
 * undefined when there is nothing. CompIDs, sequence numbers and times are the session's to judge.
 */
export function validate(
  message: FixMessage,
  version: FixVersion,
  options: ValidatorOptions = DEFAULT_VALIDATOR_OPTIONS,
): Violation | undefined {
  const rules = compiledRules(version);
  const messages = options.sender === 'venue' ? rules.fromVenue : rules.fromMember;
  const messageRules = messages.get(message.msgType);
  if (messageRules === undefined) return judgeUnknownType(message.msgType, version);
  if (isKnownToBeRight(message, messageRules, options.maxFieldBytes)) return undefined;
  judged.message = message;
  judged.version = version;
  judged.rules = rules;
  judged.options = options;
  lastRun += 1;
  const run = lastRun;
  const violation = judgeFields(messageRules, run) ?? judgeMissing(messageRules, run);
  if (violation === undefined) rememberLayout(message, messageRules, rules);
  return violation;
}

function judgeUnknownType(msgType: string, version: FixVersion): Violation {
  if (msgType === '') return reject(REASON.emptyTag, TAG.MsgType, 'MsgType(35) is empty');
  if (isMessageOf(version, msgType)) {
    const text = `${messageName(msgType)}(35=${msgType}) is not supported`;
    return businessReject(UNSUPPORTED_MESSAGE_TYPE, TAG.MsgType, text);
  }
  const text = `MsgType(35)=${excerpt(msgType)} is not a message of ${version}`;
  return reject(REASON.invalidMsgType, TAG.MsgType, text);
}

function judgeFields(rules: CompiledMessage, run: number): Violation | undefined {
  const { message, options } = judged;
  let current = IN_HEADER;
  let i = 0;
  while (i < message.fieldCount) {
    const tag = message.tagAt(i);
    let section = tag < TAG_LIMIT ? rules.sections[tag]! : NOWHERE;
    const isUserDefined = section === NOWHERE && tag >= FIRST_USER_DEFINED_TAG && options.allowUserDefined;
    if (isUserDefined) section = IN_BODY;
    if (section === NOWHERE) return judgeUnexpected(i);
    const fault = judgeValue(i);
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
    const next = group === undefined ? i + 1 : judgeGroup(i, group);
    if (typeof next !== 'number') return next;
    for (let member = i + 1; member < next; member += 1) {
      const memberFault = judgeValue(member);
      if (memberFault !== undefined) return memberFault;
    }
    i = next;
  }
  return undefined;
}

/** A tag that the message does not have: no field at all, none of the version, or one of other messages. */
function judgeUnexpected(i: number): Violation {
  const { message, version } = judged;
  const tag = message.tagAt(i);
  if (tag === 0) return judgeNoField(i);
  // A session message of FIX.5.0SP2 is one of FIXT.1.1, which has no fields of orders.
  const isOfTransport = version === 'FIX.5.0SP2' && isMessageOf('FIXT.1.1', message.msgType);
  const edition = isOfTransport ? 'FIXT.1.1' : version;
  if (isFieldOf(edition, tag) || isVenueField(edition, tag)) {
    const name = messageName(message.msgType) ?? '';
    const text = `${label(tag)} is not defined for ${name}(35=${message.msgType})`;
    return reject(REASON.tagNotOfMessage, tag, text);
  }
  return reject(REASON.undefinedTag, tag, `${label(tag)} is not defined in ${edition}`);
}

/** What is no `tag=value`: it may be a password's, mistyped, or the rest of one that contains SOH. */
function judgeNoField(i: number): Violation {
  const { message } = judged;
  const isRestOfSecret = i > 0 && SECRET_TAGS.has(message.tagAt(i - 1));
  const start = isRestOfSecret ? '' : showableStart(message.valueAt(i));
  const place = start === '' ? `field ${i + 1}` : `field ${i + 1}, "${excerpt(start)}",`;
  return reject(REASON.undefinedTag, badTagOf(start), `${place} is not tag=value`);
}

/** The number that stands where a tag should: 0 or negative; undefined when there is none that can be told. */
function badTagOf(field: string): number | undefined {
  const number = /^(0|-[1-9]\d{0,8})=/.exec(field)?.[1];
  return number === undefined ? undefined : Number(number);
}

function judgeValue(i: number): Violation | undefined {
  const { message, rules, options } = judged;
  const tag = message.tagAt(i);
  const start = message.startAt(i);
  const end = message.endAt(i);
  if (start === end) return reject(REASON.emptyTag, tag, `${label(tag)} is empty`);
  const format = tag < TAG_LIMIT ? rules.formats[tag]! : 'text';
  if (end - start > options.maxFieldBytes && format !== 'freeText' && format !== 'data') {
    const text = `${label(tag)} has ${end - start} bytes, more than ${options.maxFieldBytes}`;
    return reject(REASON.badFormat, tag, text);
  }
  if (!isWellFormed(format, message.source, start, end)) {
    const text = `${quoted(i)} is not ${DESCRIPTIONS[format]}`;
    return reject(REASON.badFormat, tag, text);
  }
  if (format === 'data' && !hasItsLength(message, i)) {
    return reject(REASON.badFormat, tag, `${label(tag)} does not follow its length, or has another`);
  }
  if (tag < TAG_LIMIT && !isEnumerated(i, tag, format)) {
    return reject(REASON.badEnumeration, tag, `${quoted(i)} is not a defined value`);
  }
  return undefined;
}

/** Whether a data field follows the field that counts its bytes. */
function hasItsLength(message: FixMessage, i: number): boolean {
  const isLength = i > 0 && dataTagOf(message.tagAt(i - 1)) === message.tagAt(i);
  return isLength && Number(message.valueAt(i - 1)) === message.endAt(i) - message.startAt(i);
}

function isEnumerated(i: number, tag: number, format: FieldFormat): boolean {
  const { message, rules } = judged;
  const allowed = rules.enums[tag];
  if (allowed === undefined) return true;
  const start = message.startAt(i);
  if (message.endAt(i) - start === 1 && allowed.isByte !== undefined) {
    return allowed.isByte[message.source[start]!] === 1;
  }
  const value = message.valueAt(i);
  if (format === 'values') return value.split(' ').every((part) => allowed.values.has(part));
  return allowed.values.has(value);
}

/** Judges how the instances after the count field `i` are laid out, not their values; returns the index after them. */
function judgeGroup(i: number, group: CompiledGroup): number | Violation {
  const { message } = judged;
  const countTag = message.tagAt(i);
  let instanceCount = 0;
  let lastPlace = -1;
  let at = i + 1;
  while (at < message.fieldCount) {
    const tag = message.tagAt(at);
    const place = group.places.get(tag);
    if (place === undefined) break;
    if (tag === group.delimiter) {
      instanceCount += 1;
    } else if (instanceCount === 0) {
      const text = `${label(countTag)} must be followed by ${label(group.delimiter)}, not ${label(tag)}`;
      return reject(REASON.groupOutOfOrder, tag, text);
    }
    if (tag !== group.delimiter && place <= lastPlace)
      return judgeMisplaced(tag, countTag, place === lastPlace);
    lastPlace = place;
    const inner = group.groups.get(tag);
    const next = inner === undefined ? at + 1 : judgeGroup(at, inner);
    if (typeof next !== 'number') return next;
    at = next;
  }
  if (Number(message.valueAt(i)) !== instanceCount) {
    const text = `${quoted(i)} but there are ${instanceCount} instances`;
    return reject(REASON.wrongGroupCount, countTag, text);
  }
  return at;
}

function judgeMisplaced(tag: number, countTag: number, isRepeated: boolean): Violation {
  const instance = `one instance of ${label(countTag)}`;
  return isRepeated
    ? reject(REASON.repeatedTag, tag, `${label(tag)} appears twice in ${instance}`)
    : reject(REASON.groupOutOfOrder, tag, `${label(tag)} is out of order in ${instance}`);
}

function judgeMissing(rules: CompiledMessage, run: number): Violation | undefined {
  for (const tag of rules.required) {
    if (seenInRun[tag] !== run) {
      return reject(REASON.requiredTagMissing, tag, `${label(tag)} is missing`);
    }
  }
  for (const { tag, presence } of rules.conditional) {
    if (presence.type !== 'conditional' || seenInRun[tag] === run) continue;
    if (!presence.applies(judged.message)) continue;
    const text = `${label(tag)} is missing: it is required ${presence.when}`;
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

/** `Price(44)` in the version's words, or `tag 9999`. */
function label(tag: number): string {
  const name = fieldNameIn(judged.version, tag);
  return name === undefined ? `tag ${tag}` : `${name}(${tag})`;
}

/** `Price(44)=abc`, or the name alone of a field whose value is a secret. */
function quoted(i: number): string {
  const { message } = judged;
  const tag = message.tagAt(i);
  return SECRET_TAGS.has(tag) ? label(tag) : `${label(tag)}=${excerpt(message.valueAt(i))}`;
}

/** The first characters of a bad value, those that cannot be printed as `?`. */
export function excerpt(value: string): string {
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
