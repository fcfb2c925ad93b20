/**
 * The message rules as the validator reads them: tables by tag, built for a version when it is first spoken, so
 * that a message of twenty fields is judged without a string being made.
 */
import { enumValues, tagsOf } from './dictionary.ts';
import { type FieldFormat, formatOf } from './field-formats.ts';
import type { FieldRule } from './messages/field-rules.ts';
import { type MessageRule, rulesOf, type VersionRules } from './rules.ts';
import { VENUE_FIELDS } from './venue-fields.ts';
import type { FixVersion } from './version.ts';

/** Above every tag of every version and of the venue. */
export const TAG_LIMIT = 8192;

/** Where in a message a tag belongs; a section's number is above that of the one before it. */
export const NOWHERE = 0;
export const IN_HEADER = 1;
export const IN_BODY = 2;
export const IN_TRAILER = 3;
/** Only inside a repeating group. */
export const IN_GROUP = 4;

/** A repeating group by tag. */
export interface CompiledGroup {
  /** The field that begins each instance. */
  readonly delimiter: number;
  /** Place of each member in an instance, from 0. */
  readonly places: ReadonlyMap<number, number>;
  readonly groups: ReadonlyMap<number, CompiledGroup>;
}

/** One message's rules by tag. */
export interface CompiledMessage {
  readonly sections: Uint8Array;
  readonly required: readonly number[];
  readonly conditional: readonly FieldRule[];
  readonly groups: ReadonlyMap<number, CompiledGroup>;
}

/** The values that a field may have: by its one byte where all are that short, else by text. */
export interface CompiledEnum {
  readonly isByte: Uint8Array | undefined;
  readonly values: ReadonlySet<string>;
}

/** One version's rules. */
export interface CompiledRules {
  /** Messages that a member may send, by MsgType (35). */
  readonly fromMember: ReadonlyMap<string, CompiledMessage>;
  /** Messages that the venue may send, by MsgType (35). */
  readonly fromVenue: ReadonlyMap<string, CompiledMessage>;
  /** Data format by tag. */
  readonly formats: readonly FieldFormat[];
  /** Enumeration by tag. The MsgType and what answers name are judged elsewhere. */
  readonly enums: readonly (CompiledEnum | undefined)[];
}

const compiled: { [Version in FixVersion]?: CompiledRules } = {};

/** The rules of a version. */
export function compiledRules(version: FixVersion): CompiledRules {
  return compiled[version] ?? compile(version);
}

function compile(version: FixVersion): CompiledRules {
  const rules = rulesOf(version);
  const fromMember = new Map<string, CompiledMessage>();
  const fromVenue = new Map<string, CompiledMessage>();
  for (const [msgType, message] of rules.messages) {
    const one = compileMessage(rules, message);
    if (message.direction !== 'fromVenue') fromMember.set(msgType, one);
    if (message.direction !== 'fromMember') fromVenue.set(msgType, one);
  }
  const formats = new Array<FieldFormat>(TAG_LIMIT).fill('text');
  const enums = new Array<CompiledEnum | undefined>(TAG_LIMIT).fill(undefined);
  for (const tag of [...tagsOf(version), ...VENUE_FIELDS.map((field) => field.tag)]) {
    formats[tag] = formatOf(tag, version);
    const values = enumValues(version, tag);
    if (values !== undefined && values.size > 0) enums[tag] = compileEnum(values);
  }
  const result: CompiledRules = { fromMember, fromVenue, formats, enums };
  compiled[version] = result;
  return result;
}

function compileEnum(values: ReadonlySet<string>): CompiledEnum {
  if ([...values].some((value) => value.length !== 1)) return { isByte: undefined, values };
  const isByte = new Uint8Array(256);
  for (const value of values) isByte[value.charCodeAt(0)] = 1;
  return { isByte, values };
}

function compileMessage(rules: VersionRules, message: MessageRule): CompiledMessage {
  const sections = new Uint8Array(TAG_LIMIT);
  const groups = new Map<number, CompiledGroup>();
  const place = (fields: readonly FieldRule[], section: number): void => {
    for (const field of fields) {
      sections[field.tag] = section;
      if (field.members !== undefined) groups.set(field.tag, compileGroup(field.members, sections));
    }
  };
  place(rules.header, IN_HEADER);
  place(message.fields, IN_BODY);
  place(rules.trailer, IN_TRAILER);
  const all = [...rules.header, ...message.fields, ...rules.trailer];
  return {
    sections,
    required: all.filter((field) => field.presence.type === 'required').map((field) => field.tag),
    conditional: all.filter((field) => field.presence.type === 'conditional'),
    groups,
  };
}

function compileGroup(members: readonly FieldRule[], sections: Uint8Array): CompiledGroup {
  const places = new Map<number, number>();
  const groups = new Map<number, CompiledGroup>();
  for (const member of members) {
    places.set(member.tag, places.size);
    sections[member.tag] = IN_GROUP;
    if (member.members !== undefined) groups.set(member.tag, compileGroup(member.members, sections));
  }
  return { delimiter: members[0]!.tag, places, groups };
}
