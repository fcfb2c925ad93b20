/**
 * What each version of FIX defines: fixparser's data as its version marks and our table of differences have it.
 * Apart from dictionary.ts, which answers the questions, because a version is built only when it is asked for.
 */
import { ENUMS } from 'fixparser/spec/SpecEnums.js';
import { FIELDS } from 'fixparser/spec/SpecFields.js';
import { DIFFERENCES } from './dictionary-differences.ts';
import { FIXT11_MSG_TYPES, FIXT11_TAGS } from './differences/fixt11.ts';
import type { VersionDifferences } from './differences/version-differences.ts';
import type { DictionaryVersion, FixVersion } from './version.ts';

/** A field in the words of one version. */
export interface DictionaryField {
  readonly name: string;
  readonly type: string;
}

/** One version's dictionary. */
export interface Edition {
  readonly fields: ReadonlyMap<number, DictionaryField>;
  /** Values of enumerations, MsgType (35) aside. */
  readonly values: ReadonlyMap<number, ReadonlySet<string>>;
  readonly msgTypes: ReadonlySet<string>;
}

/** MsgType: its values are the messages. */
export const MSG_TYPE_TAG = 35;

/** The versions that fixparser marks its entries with, the oldest first. */
const MARKS: readonly string[] = [
  'FIX.2.7',
  'FIX.3.0',
  'FIX.4.0',
  'FIX.4.1',
  'FIX.4.2',
  'FIX.4.3',
  'FIX.4.4',
  'FIX.5.0',
  'FIX.5.0SP1',
  'FIX.5.0SP2',
];

const editions = new Map<DictionaryVersion, Edition>();

/** The dictionary of a version; that of FIX.5.0SP2 includes FIXT.1.1, over which it travels. */
export function editionOf(version: DictionaryVersion): Edition {
  const known = editions.get(version);
  if (known !== undefined) return known;
  const edition = version === 'FIXT.1.1' ? sessionPartOf(editionOf('FIX.5.0SP2')) : buildEdition(version);
  editions.set(version, edition);
  return edition;
}

function buildEdition(version: FixVersion): Edition {
  const differences = DIFFERENCES[version];
  const rank = MARKS.indexOf(version);
  const fields = fieldsOf(rank, differences);
  return { fields, values: valuesOf(rank, differences, fields), msgTypes: msgTypesOf(differences) };
}

/** Whether a mark says that the version has it: an extension pack (EP) came after the version it is marked with. */
function isMarked(entry: { readonly Added?: string; readonly AddedEP?: string }, rank: number): boolean {
  const entryRank = entry.Added === undefined ? -1 : MARKS.indexOf(entry.Added);
  if (entryRank < 0 || entryRank > rank) return false;
  const isExtension = entry.AddedEP !== undefined && entry.AddedEP !== '-1';
  return entryRank < rank || !isExtension;
}

function fieldsOf(rank: number, differences: VersionDifferences): Map<number, DictionaryField> {
  const fields = new Map<number, DictionaryField>();
  for (const field of FIELDS) {
    if (isMarked(field, rank)) fields.set(Number(field.Tag), { name: field.Name, type: field.Type });
  }
  for (const { tags } of differences.absentFields) {
    for (const tag of tags) fields.delete(tag);
  }
  for (const { tag, name, type } of differences.fields) fields.set(tag, { name, type });
  return fields;
}

function valuesOf(
  rank: number,
  differences: VersionDifferences,
  fields: ReadonlyMap<number, DictionaryField>,
): Map<number, Set<string>> {
  const values = new Map<number, Set<string>>();
  const add = (tag: number, value: string): void => {
    const known = values.get(tag);
    if (known === undefined) values.set(tag, new Set([value]));
    else known.add(value);
  };
  for (const entry of ENUMS) {
    const tag = Number(entry.Tag);
    if (isMarked(entry, rank) && fields.has(tag)) add(tag, entry.Value);
  }
  for (const { tag, value } of differences.values) add(tag, value);
  for (const { tag, values: absent } of differences.absentValues) {
    const known = values.get(tag);
    for (const value of absent) known?.delete(value);
    if (known?.size === 0) values.delete(tag);
  }
  return values;
}

function msgTypesOf(differences: VersionDifferences): Set<string> {
  const last = differences.lastMessage.msgType;
  const msgTypes = new Set<string>();
  for (const { Tag: tag, Value: msgType } of ENUMS) {
    if (Number(tag) !== MSG_TYPE_TAG) continue;
    const isLater = msgType.length === last.length ? msgType > last : msgType.length > last.length;
    if (!isLater) msgTypes.add(msgType);
  }
  return msgTypes;
}

function sessionPartOf(whole: Edition): Edition {
  const tags = new Set(FIXT11_TAGS);
  return {
    fields: new Map([...whole.fields].filter(([tag]) => tags.has(tag))),
    values: new Map([...whole.values].filter(([tag]) => tags.has(tag))),
    msgTypes: new Set(FIXT11_MSG_TYPES),
  };
}
