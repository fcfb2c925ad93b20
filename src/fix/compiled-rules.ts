/**
 * The message rules as the validator reads them: tables by tag, built once at start, so that a message of
 * twenty fields is judged without a string being made.
 */
import { enumValues, tagsOf44 } from './dictionary.ts';
import { type FieldFormat, formatOf } from './field-formats.ts';
import type { FieldRule } from './messages/field-rules.ts';
import { HEADER, MESSAGE_RULES, TRAILER } from './rules.ts';

/** Above every tag of FIX.4.4. */
export const TAG_LIMIT = 1024;

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
  readonly isMember: Uint8Array;
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

/** Data format by tag. */
export const FORMATS: readonly FieldFormat[] = Array.from({ length: TAG_LIMIT }, (_, tag) => formatOf(tag));

/** Enumeration by tag. The MsgType and what answers name are judged elsewhere. */
export const ENUMS_BY_TAG: readonly (CompiledEnum | undefined)[] = compileEnums();

/** Rules of the messages that a member may send, by MsgType (35). */
export const RECEIVED_MESSAGES: ReadonlyMap<string, CompiledMessage> = new Map(
  [...MESSAGE_RULES.values()]
    .filter((rule) => rule.direction !== 'fromVenue')
    .map((rule) => [rule.msgType, compileMessage(rule.fields)]),
);

function compileEnums(): (CompiledEnum | undefined)[] {
  const compiled: (CompiledEnum | undefined)[] = new Array(TAG_LIMIT).fill(undefined);
  for (const tag of tagsOf44()) {
    const values = enumValues(tag);
    if (values === undefined || values.size === 0) continue;
    const areBytes = [...values].every((value) => value.length === 1);
    const isByte = new Uint8Array(256);
    if (areBytes) for (const value of values) isByte[value.charCodeAt(0)] = 1;
    compiled[tag] = { isByte: areBytes ? isByte : undefined, values };
  }
  return compiled;
}

function compileMessage(body: readonly FieldRule[]): CompiledMessage {
  const sections = new Uint8Array(TAG_LIMIT);
  const groups = new Map<number, CompiledGroup>();
  const place = (rules: readonly FieldRule[], section: number): void => {
    for (const rule of rules) {
      sections[rule.tag] = section;
      if (rule.members !== undefined) groups.set(rule.tag, compileGroup(rule.members, sections));
    }
  };
  place(HEADER, IN_HEADER);
  place(body, IN_BODY);
  place(TRAILER, IN_TRAILER);
  const all = [...HEADER, ...body, ...TRAILER];
  return {
    sections,
    required: all.filter((rule) => rule.presence.type === 'required').map((rule) => rule.tag),
    conditional: all.filter((rule) => rule.presence.type === 'conditional'),
    groups,
  };
}

function compileGroup(members: readonly FieldRule[], sections: Uint8Array): CompiledGroup {
  const isMember = new Uint8Array(TAG_LIMIT);
  const groups = new Map<number, CompiledGroup>();
  for (const member of members) {
    isMember[member.tag] = 1;
    sections[member.tag] = IN_GROUP;
    if (member.members !== undefined) groups.set(member.tag, compileGroup(member.members, sections));
  }
  return { delimiter: members[0]!.tag, isMember, groups };
}
