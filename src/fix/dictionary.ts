/**
 * The FIX data dictionary: names, types and enumerations of fields, names of messages, for each version. The
 * data is fixparser's, corrected by dictionary-differences.ts. Only its data files are imported: its bundle
 * would write a global and cost 80 MB and a fifth of a second at start.
 */
import { ENUMS } from 'fixparser/spec/SpecEnums.js';
import { FIELDS } from 'fixparser/spec/SpecFields.js';
import { assert } from '../platform/assert.ts';
import { DATA_TAGS, DIFFERENCES } from './dictionary-differences.ts';
import { type DictionaryField, editionOf, MSG_TYPE_TAG } from './dictionary-editions.ts';
import { VENUE_FIELDS } from './venue-fields.ts';
import type { DictionaryVersion } from './version.ts';

/** What any version says, the newest first; the venue's own fields besides. */
const fields = new Map<number, DictionaryField>();
const tagsByName = new Map<string, number>();
const dataTags = new Map<number, number>(DATA_TAGS);
/** Fields that have the enumeration of another one. */
const enumAliases = new Map<number, number>();
const enumNames = new Map<number, Map<string, string>>();
const msgTypesByName = new Map<string, string>();

function addField(tag: number, name: string, type: string): void {
  if (!fields.has(tag)) fields.set(tag, { name, type });
  if (!tagsByName.has(name)) tagsByName.set(name, tag);
}

function addValue(tag: number, value: string, name: string): void {
  const names = enumNames.get(tag);
  if (names === undefined) enumNames.set(tag, new Map([[value, name]]));
  else if (!names.has(value)) names.set(value, name);
}

for (const field of FIELDS) {
  const tag = Number(field.Tag);
  addField(tag, field.Name, field.Type);
  // Types of underlyings and legs are associated too, but with the field whose values they share.
  if (field.Type === 'Length' && field.AssociatedDataTag !== undefined) {
    dataTags.set(tag, Number(field.AssociatedDataTag));
  }
  if (field.EnumDatatype !== undefined) enumAliases.set(tag, Number(field.EnumDatatype));
}
for (const entry of ENUMS) addValue(Number(entry.Tag), entry.Value, entry.SymbolicName);
for (const version of ['FIX.5.0SP2', 'FIX.4.4', 'FIX.4.2'] as const) {
  for (const { tag, name, type } of DIFFERENCES[version].fields) addField(tag, name, type);
  for (const { tag, value, name } of DIFFERENCES[version].values) {
    if (name !== undefined) addValue(tag, value, name);
  }
}
for (const { tag, name, type } of VENUE_FIELDS) addField(tag, name, type);
for (const [msgType, name] of enumNames.get(MSG_TYPE_TAG) ?? []) msgTypesByName.set(name, msgType);

/** Newest name of a field of any version or of the venue, `Price` for 44; undefined for an unknown tag. */
export function fieldName(tag: number): string | undefined {
  return fields.get(tag)?.name;
}

/** Name of a field in a version's words, `LastShares` for 32 in FIX.4.2; the newest where it has none. */
export function fieldNameIn(version: DictionaryVersion, tag: number): string | undefined {
  return fieldIn(version, tag)?.name;
}

/**
 * FIX data type in a version's words, `Qty` for 38, `UTCDate` for 272 in FIX.4.2; the newest where the version
 * does not have the field, undefined for an unknown tag.
 */
export function fieldType(tag: number, version: DictionaryVersion): string | undefined {
  return fieldIn(version, tag)?.type;
}

function fieldIn(version: DictionaryVersion, tag: number): DictionaryField | undefined {
  return editionOf(version).fields.get(tag) ?? fields.get(tag);
}

/** Tag of a field by a name that any version gives it; an unknown name is a bug of ours and throws. */
export function fieldTag(name: string): number {
  const tag = tagsByName.get(name);
  assert(tag !== undefined, `no FIX field is named ${name}`);
  return tag;
}

/**
 * Whether FIX defines the tag in that version: if not, and it is no venue field either, SessionRejectReason
 * (373) is 0. FIX.5.0SP2 includes FIXT.1.1: what it travels over is part of what its members send.
 */
export function isFieldOf(version: DictionaryVersion, tag: number): boolean {
  return editionOf(version).fields.has(tag);
}

/** Every tag that FIX defines in the version, as {@link isFieldOf} has it. */
export function tagsOf(version: DictionaryVersion): number[] {
  return [...editionOf(version).fields.keys()];
}

/**
 * The values that a version allows in a field, or undefined when it is not an enumeration. MsgType (35) is
 * none: ask {@link isMessageOf}.
 */
export function enumValues(version: DictionaryVersion, tag: number): ReadonlySet<string> | undefined {
  return editionOf(version).values.get(tag);
}

/** What a value of an enumeration means, `Buy` for 54=1; undefined when the value or the field has no name. */
export function enumName(tag: number, value: string): string | undefined {
  const own = enumNames.get(tag) ?? enumNames.get(enumAliases.get(tag) ?? tag);
  return own?.get(value);
}

/** Name of a message of any version, `NewOrderSingle` for D. */
export function messageName(msgType: string): string | undefined {
  return enumName(MSG_TYPE_TAG, msgType);
}

/** MsgType (35) of a message by its name; an unknown name is a bug of ours and throws. */
export function messageType(name: string): string {
  const msgType = msgTypesByName.get(name);
  assert(msgType !== undefined, `no FIX message is named ${name}`);
  return msgType;
}

/** Whether a version has the MsgType: if so and the venue does not take it, that is 380=3 and not 373=11. */
export function isMessageOf(version: DictionaryVersion, msgType: string): boolean {
  return editionOf(version).msgTypes.has(msgType);
}

/** Every MsgType of a version; FIX.5.0SP2 has the session messages of FIXT.1.1 too. */
export function messagesOf(version: DictionaryVersion): string[] {
  return [...editionOf(version).msgTypes];
}

/** The data field (96) whose bytes a Length field (95) counts: it may contain SOH. The same in all versions. */
export function dataTagOf(lengthTag: number): number | undefined {
  return dataTags.get(lengthTag);
}
