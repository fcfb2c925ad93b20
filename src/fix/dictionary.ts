/**
 * The FIX data dictionary: names, types and enumerations of fields, names of messages. The data is
 * fixparser's, corrected for FIX.4.4 by dictionary-differences.ts. Only its data files are imported: its
 * bundle would write a global and cost 80 MB and a fifth of a second at start.
 */
import { ENUMS } from 'fixparser/spec/SpecEnums.js';
import { FIELDS } from 'fixparser/spec/SpecFields.js';
import { assert } from '../platform/assert.ts';
import {
  ENUMS_NOT_IN_44,
  ENUMS_OF_44,
  FIELDS_BEFORE_44,
  FIELDS_OF_44,
  LAST_MSG_TYPE_OF_44,
  TAGS_NOT_IN_44,
} from './dictionary-differences.ts';

interface FieldEntry {
  readonly name: string;
  readonly type: string;
  readonly in44: boolean;
}

const MSG_TYPE_TAG = 35;
const VERSIONS_UP_TO_44 = new Set([
  'FIX.2.7',
  'FIX.3.0',
  'FIX.4.0',
  'FIX.4.1',
  'FIX.4.2',
  'FIX.4.3',
  'FIX.4.4',
]);

/** An extension pack (EP) above -1 came after the version that it is marked with. */
function isMarked44(entry: { readonly Added?: string; readonly AddedEP?: string }): boolean {
  const isExtension = entry.AddedEP !== undefined && entry.AddedEP !== '-1';
  return entry.Added !== undefined && VERSIONS_UP_TO_44.has(entry.Added) && !isExtension;
}

const fields = new Map<number, FieldEntry>();
const tagsByName = new Map<string, number>();
const dataTags = new Map<number, number>();
const enumAliases = new Map<number, number>();
for (const field of FIELDS) {
  const tag = Number(field.Tag);
  fields.set(tag, {
    name: field.Name,
    type: field.Type,
    in44: isMarked44(field) && !TAGS_NOT_IN_44.has(tag),
  });
  if (field.Type === 'Length' && field.AssociatedDataTag !== undefined) {
    dataTags.set(tag, Number(field.AssociatedDataTag));
  }
  if (field.EnumDatatype !== undefined) enumAliases.set(tag, Number(field.EnumDatatype));
}
for (const field of FIELDS_BEFORE_44) fields.set(field.tag, { ...field, in44: false });
for (const field of FIELDS_OF_44) fields.set(field.tag, { ...field, in44: true });
for (const [tag, field] of fields) tagsByName.set(field.name, tag);

const enumNames = new Map<number, Map<string, string>>();
const enumsOf44 = new Map<number, Set<string>>();

function addEnum(tag: number, value: string, name: string, in44: boolean): void {
  const names = enumNames.get(tag) ?? new Map<string, string>();
  enumNames.set(tag, names.set(value, name));
  if (!in44) return;
  const values = enumsOf44.get(tag) ?? new Set<string>();
  enumsOf44.set(tag, values.add(value));
}

for (const entry of ENUMS) {
  const tag = Number(entry.Tag);
  const wasRemoved = ENUMS_NOT_IN_44.get(tag)?.includes(entry.Value) ?? false;
  addEnum(tag, entry.Value, entry.SymbolicName, isMarked44(entry) && !wasRemoved);
}
for (const entry of ENUMS_OF_44) addEnum(entry.tag, entry.value, entry.name, true);

/** Name of a field of any version, `Price` for 44; undefined for a tag that no version has. */
export function fieldName(tag: number): string | undefined {
  return fields.get(tag)?.name;
}

/** FIX data type in FIX.4.4's words, `Qty` for 38; undefined for a tag that no version has. */
export function fieldType(tag: number): string | undefined {
  return fields.get(tag)?.type;
}

/** Tag of a field by its name; an unknown name is a bug of ours and throws. */
export function fieldTag(name: string): number {
  const tag = tagsByName.get(name);
  assert(tag !== undefined, `no FIX field is named ${name}`);
  return tag;
}

/** Whether FIX.4.4 defines the tag: if not, SessionRejectReason (373) is 0. */
export function isFieldOf44(tag: number): boolean {
  return fields.get(tag)?.in44 ?? false;
}

/** Every tag that FIX.4.4 defines. */
export function tagsOf44(): number[] {
  return [...fields].filter(([, field]) => field.in44).map(([tag]) => tag);
}

/** The values that FIX.4.4 allows in a field, or undefined when it is not an enumeration. */
export function enumValues(tag: number): ReadonlySet<string> | undefined {
  return enumsOf44.get(tag);
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
  for (const [value, symbolicName] of enumNames.get(MSG_TYPE_TAG) ?? []) {
    if (symbolicName === name) return value;
  }
  assert(false, `no FIX message is named ${name}`);
}

/** Whether FIX.4.4 knows the MsgType: if so and the venue does not take it, that is 380=3 and not 373=11. */
export function isMessageOf44(msgType: string): boolean {
  const isLater = msgType.length > 1 && msgType > LAST_MSG_TYPE_OF_44;
  return messageName(msgType) !== undefined && !isLater;
}

/** The data field (96) whose bytes a Length field (95) counts: it may contain SOH. */
export function dataTagOf(lengthTag: number): number | undefined {
  return dataTags.get(lengthTag);
}
