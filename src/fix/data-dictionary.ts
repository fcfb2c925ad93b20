/**
 * The venue's messages as a data dictionary in QuickFIX's XML, for a member to load into its engine: with it the
 * engine takes all that the venue sends and may send all that the venue takes.
 */
import { enumName, enumValues, fieldNameIn, fieldType, messageName, messagesOf } from './dictionary.ts';
import type { FieldRule } from './messages/field-rules.ts';
import { type MessageRule, rulesOf } from './rules.ts';
import { TAG } from './tags.ts';
import type { DictionaryVersion, FixVersion } from './version.ts';

/** The first line of each version's dictionary. */
const ROOTS: { readonly [Version in DictionaryVersion]: string } = {
  'FIX.4.2': "<fix type='FIX' major='4' minor='2' servicepack='0'>",
  'FIX.4.4': "<fix type='FIX' major='4' minor='4' servicepack='0'>",
  'FIXT.1.1': "<fix type='FIXT' major='1' minor='1' servicepack='0'>",
  'FIX.5.0SP2': "<fix type='FIX' major='5' minor='0' servicepack='2'>",
};

/** Types that QuickFIX does not have, by one that it treats as they need. */
const QUICKFIX_TYPES: Readonly<Record<string, string>> = { XMLData: 'DATA' };

/**
 * The dictionary of a version. FIX.5.0SP2 is in two, as engines want it: FIXT.1.1 has header, trailer and
 * session messages, FIX.5.0SP2 the application messages.
 */
export function dataDictionary(version: DictionaryVersion): string {
  const spoken: FixVersion = version === 'FIXT.1.1' ? 'FIX.5.0SP2' : version;
  const rules = rulesOf(spoken);
  const isTransportOnly = version === 'FIXT.1.1';
  const isWithoutTransport = version === 'FIX.5.0SP2';
  const header = isWithoutTransport ? [] : rules.header;
  const trailer = isWithoutTransport ? [] : rules.trailer;
  const messages = [...rules.messages.values()].filter(
    ({ category }) =>
      !(isTransportOnly && category === 'application') && !(isWithoutTransport && category === 'session'),
  );
  const used = new Set<number>();
  // An empty section has both its tags: not every engine reads one that closes itself.
  const section = (name: string, fields: readonly FieldRule[]): string[] => [
    ` <${name}>`,
    ...fieldLines(spoken, fields, used, '  '),
    ` </${name}>`,
  ];
  const lines = [
    ROOTS[version],
    ...section('header', header),
    ' <messages>',
    ...messages.flatMap((message) => messageLines(spoken, message, used)),
    ' </messages>',
    ...section('trailer', trailer),
    ' <components />',
    ' <fields>',
    ...[...used].sort((a, b) => a - b).flatMap((tag) => definitionLines(spoken, tag)),
    ' </fields>',
    '</fix>',
  ];
  return `${lines.join('\n')}\n`;
}

function messageLines(version: FixVersion, message: MessageRule, used: Set<number>): string[] {
  const category = message.category === 'session' ? 'admin' : 'app';
  return [
    `  <message name='${message.name}' msgtype='${message.msgType}' msgcat='${category}'>`,
    ...fieldLines(version, message.fields, used, '   '),
    '  </message>',
  ];
}

function fieldLines(
  version: FixVersion,
  fields: readonly FieldRule[],
  used: Set<number>,
  indent: string,
): string[] {
  return fields.flatMap((field) => {
    used.add(field.tag);
    const isRequired = field.presence.type === 'required' ? 'Y' : 'N';
    const attributes = `name='${fieldNameIn(version, field.tag)}' required='${isRequired}'`;
    if (field.members === undefined) return [`${indent}<field ${attributes} />`];
    return [
      `${indent}<group ${attributes}>`,
      ...fieldLines(version, field.members, used, `${indent} `),
      `${indent}</group>`,
    ];
  });
}

function definitionLines(version: FixVersion, tag: number): string[] {
  const type = fieldType(tag, version) ?? 'String';
  const quickFixType = QUICKFIX_TYPES[type] ?? type.toUpperCase();
  const attributes = `number='${tag}' name='${fieldNameIn(version, tag)}' type='${quickFixType}'`;
  const values = valuesOf(version, tag);
  if (values.length === 0) return [`  <field ${attributes} />`];
  return [
    `  <field ${attributes}>`,
    ...values.map(
      ([value, name]) => `   <value enum='${escaped(value)}' description='${constantCase(name)}' />`,
    ),
    '  </field>',
  ];
}

/** Value and name, of MsgType (35) too: an engine judges the header of every message by it. */
function valuesOf(version: FixVersion, tag: number): [string, string][] {
  if (tag === TAG.MsgType)
    return messagesOf(version).map((msgType) => [msgType, messageName(msgType) ?? msgType]);
  return [...(enumValues(version, tag) ?? [])].map((value) => [value, enumName(tag, value) ?? value]);
}

/** `PARTICIPATE_DO_NOT_INITIATE`. */
function constantCase(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z\d]+/g, '_')
    .toUpperCase();
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll("'", '&apos;');
}
