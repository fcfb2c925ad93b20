/**
 * Typed access to messages, from their declarations: tags by field name, readers and builders. A field that a
 * message does not declare does not compile. The tags are plain numbers, so reading and writing with them costs
 * what it costs without.
 */
import { assert } from '../platform/assert.ts';
import type { FixMessage } from './message.ts';
import type { FieldRule } from './messages/field-rules.ts';
import type { FixVersion } from './version.ts';
import type { MessageWriter } from './writer.ts';

declare const brand: unique symbol;

/** Tag of a field that every version's message of that type has. */
export type RequiredTag = number & { readonly [brand]: 'required' };

/** Every field of a message, those of its groups included. */
type AllFields<Rule extends FieldRule> = Rule extends { readonly members: readonly (infer Member)[] }
  ? Rule | AllFields<Extract<Member, FieldRule>>
  : Rule;

type NameOf<Rule extends FieldRule> = Rule['name'];
type RequiredName<Rule extends FieldRule> = Rule extends FieldRule<infer Name, 'required'> ? Name : never;

/** The tags of a message by field name. */
export type TypedTags<Rule extends FieldRule> = {
  readonly [Name in NameOf<AllFields<Rule>>]: Name extends RequiredName<Rule> ? RequiredTag : number;
};

/** Tags of the fields that a message declares, by name. */
export function typedTags<Rule extends FieldRule>(rules: readonly Rule[]): TypedTags<Rule> {
  const tags: Record<string, number> = {};
  const add = (fields: readonly FieldRule[]): void => {
    for (const field of fields) {
      tags[field.name] = field.tag;
      if (field.members !== undefined) add(field.members);
    }
  };
  add(rules);
  // The copy has a fixed shape, which an object built key by key has not: on the trading path it is read often.
  return { ...tags } as TypedTags<Rule>;
}

/** The value of a field that the validator has seen to be there. */
export function requiredText(message: FixMessage, tag: RequiredTag): string {
  const value = message.get(tag);
  assert(value !== undefined, 'the validator passed a message without a required field');
  return value;
}

type GroupValues<Rule extends FieldRule> = Rule extends { readonly members: readonly (infer Member)[] }
  ? readonly FieldValues<Extract<Member, FieldRule>>[]
  : string | number;

/** The rule that a name is declared by: one rule type stands for all names of its list. */
type RuleNamed<Rule extends FieldRule, Name extends string> =
  Rule extends FieldRule<infer Names> ? (Name extends Names ? Rule : never) : never;

type ValueOf<Rule extends FieldRule, Name extends string> = GroupValues<RuleNamed<Rule, Name>>;

/** What a message is built from: values by field name, and for a repeating group a list of its instances. */
export type FieldValues<Rule extends FieldRule> = {
  readonly [Name in RequiredName<Rule>]: ValueOf<Rule, Name>;
} & {
  readonly [Name in Exclude<NameOf<Rule>, RequiredName<Rule>>]?: ValueOf<Rule, Name> | undefined;
};

/**
 * Appends a body field by field, in the declared order: those that the version's message has and `values` has.
 * For messages that are sent seldom; reports write their tags themselves.
 */
export function writeFields<Rule extends FieldRule>(
  writer: MessageWriter,
  rules: readonly Rule[],
  version: FixVersion,
  values: FieldValues<Rule>,
): void {
  writeValues(writer, rules, version, values as Readonly<Record<string, unknown>>);
}

function writeValues(
  writer: MessageWriter,
  rules: readonly FieldRule[],
  version: FixVersion,
  values: Readonly<Record<string, unknown>>,
): void {
  for (const rule of rules) {
    const value = values[rule.name];
    if (value === undefined || !rule.versions.includes(version)) continue;
    if (rule.members === undefined) {
      writer.field(rule.tag, value as string | number);
      continue;
    }
    const instances = value as readonly Readonly<Record<string, unknown>>[];
    writer.field(rule.tag, instances.length);
    for (const instance of instances) writeValues(writer, rule.members, version, instance);
  }
}
