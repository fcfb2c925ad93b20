/**
 * The rules of engagement in Markdown, made from the declared messages: for a member's engineer, and kept in
 * docs/ by a test that makes them again.
 */
import { fieldType } from './dictionary.ts';
import { INTRODUCTION } from './engagement-introduction.ts';
import { FIELD_NOTES } from './engagement-notes.ts';
import type { FieldRule, Presence } from './messages/field-rules.ts';
import { type Direction, HEADER, MESSAGE_RULES, type MessageRule, TRAILER } from './rules.ts';
import { supportedValues } from './supported-fields.ts';
import { FIX_VERSIONS, type FixVersion } from './version.ts';

const DIRECTIONS: { readonly [Key in Direction]: string } = {
  fromMember: 'member → venue',
  fromVenue: 'venue → member',
  both: 'either way',
};

/** A field in all versions, gathered from its rules. */
interface Row {
  readonly tag: number;
  readonly name: string;
  readonly depth: number;
  readonly presences: ReadonlyMap<FixVersion, Presence>;
  readonly members: readonly Row[];
}

/** The whole document. */
export function rulesOfEngagement(): string {
  const messages = [...MESSAGE_RULES.values()];
  return [
    INTRODUCTION,
    '## Messages',
    '',
    'R: required; C: required under the condition of the note; o: optional; –: the version does not have it. Indented',
    'fields are those of one instance of the group above them. Names are those of FIX.5.0SP2.',
    '',
    ...partLines('Header', '### Header, on every message', HEADER),
    ...messages.flatMap(messageLines),
    ...partLines('Trailer', '### Trailer, on every message', TRAILER),
  ].join('\n');
}

function messageLines(message: MessageRule): string[] {
  const title = `### ${message.name} (${message.msgType}), ${DIRECTIONS[message.direction]}`;
  return partLines(message.name, title, message.fields, message.direction === 'fromMember');
}

function partLines(part: string, title: string, fields: readonly FieldRule[], isOrder = false): string[] {
  const rows = rowsOf(fields, 0, FIX_VERSIONS);
  const isTold = (row: Row): boolean => !isOrder || noteOf(part, row, isOrder) !== '';
  const told = rows.filter(isTold);
  const others = rows.filter((row) => !isTold(row));
  return [
    title,
    '',
    '| Tag | Name | Type | FIX.4.2 | FIX.4.4 | FIX.5.0SP2 | Note |',
    '|---|---|---|---|---|---|---|',
    ...told.flatMap((row) => rowLines(part, row, isOrder)),
    '',
    ...(others.length === 0 ? [] : otherLines(others)),
  ];
}

/** Fields and groups, each once, in their order; members are where their group is. */
function rowsOf(fields: readonly FieldRule[], depth: number, within: readonly FixVersion[]): Row[] {
  const names = [...new Set(fields.map((field) => field.name))];
  return names.map((name) => {
    const rules = fields.filter((field) => field.name === name);
    const presences = new Map(
      rules.flatMap(({ versions, presence }) =>
        versions.filter((version) => within.includes(version)).map((version) => [version, presence] as const),
      ),
    );
    const members = rules.flatMap((rule) => rule.members ?? []);
    return {
      tag: rules[0]!.tag,
      name,
      depth,
      presences,
      members: rowsOf(members, depth + 1, [...presences.keys()]),
    };
  });
}

function rowLines(part: string, row: Row, isOrder: boolean): string[] {
  const cells = [
    `${row.tag}`,
    `${'&nbsp;&nbsp;'.repeat(row.depth)}${row.name}`,
    fieldType(row.tag, [...row.presences.keys()].at(-1) ?? 'FIX.5.0SP2') ?? '',
    ...FIX_VERSIONS.map((version) => mark(row.presences.get(version))),
    noteOf(part, row, isOrder),
  ];
  return [`| ${cells.join(' | ')} |`, ...row.members.flatMap((member) => rowLines(part, member, isOrder))];
}

function mark(presence: Presence | undefined): string {
  switch (presence?.type) {
    case undefined:
      return '–';
    case 'required':
      return 'R';
    case 'conditional':
      return 'C';
    case 'optional':
      return 'o';
  }
}

function noteOf(part: string, row: Row, isOrder: boolean): string {
  const note = FIELD_NOTES[part]?.[row.name] ?? (isOrder ? refusalNote(part, row.tag) : '');
  return [...conditionsOf(row), ...(note === '' ? [] : [note])].join('; ');
}

/** When a conditional field must be there, with the versions if they are not of one mind. */
function conditionsOf(row: Row): string[] {
  const byCondition = new Map<string, FixVersion[]>();
  for (const [version, presence] of row.presences) {
    if (presence.type !== 'conditional') continue;
    byCondition.set(presence.when, [...(byCondition.get(presence.when) ?? []), version]);
  }
  if (byCondition.size === 1) return [...byCondition.keys()];
  return [...byCondition].map(([when, versions]) => `${versions.join(' and ')}: ${when}`);
}

/** How the messages whose terms are read are refused. */
const REFUSALS: Readonly<Record<string, string>> = {
  NewOrderSingle: 'refused (103=11)',
  OrderCancelReplaceRequest: 'refused (102=2)',
};

/** What becomes of an order with the field, if it would not mean the same without it. */
function refusalNote(part: string, tag: number): string {
  const refused = REFUSALS[part];
  const values = refused === undefined ? undefined : supportedValues(tag);
  if (values === undefined) return '';
  return values.length === 0 ? `${refused}` : `only ${values.join(', ')}; others are ${refused}`;
}

/** Fields that are taken and not used, by the versions that have them. */
function otherLines(rows: readonly Row[]): string[] {
  const byVersions = new Map<string, string[]>();
  for (const row of rows) {
    const versions = FIX_VERSIONS.filter((version) => row.presences.has(version));
    const key = versions.length === FIX_VERSIONS.length ? 'all versions' : versions.join(' and ');
    byVersions.set(key, [...(byVersions.get(key) ?? []), nameWithMembers(row)]);
  }
  return [...byVersions].flatMap(([versions, names]) => [
    `Taken and not used, in ${versions}: ${names.join(', ')}.`,
    '',
  ]);
}

function nameWithMembers(row: Row): string {
  const own = `${row.name}(${row.tag})`;
  return row.members.length === 0 ? own : `${own} [${row.members.map(nameWithMembers).join(', ')}]`;
}
