/**
 * How a message's fields are declared: by name, with whether they must be there and in which versions. The
 * validator, the typed tags and builders, the rules of engagement and the dictionaries for clients are all made
 * from these values. Names are the newest ones; an older version's own name is looked up when it is shown.
 */
import { fieldTag } from '../dictionary.ts';
import type { FixMessage } from '../message.ts';
import { FIX_VERSIONS, type FixVersion } from '../version.ts';

/** `conditional` fields must be there `when`, in words, and for received messages when `applies` says so. */
export type Presence =
  | { readonly type: 'required' }
  | { readonly type: 'optional' }
  | {
      readonly type: 'conditional';
      readonly when: string;
      readonly applies: (message: FixMessage) => boolean;
      /** The values that call for the field, if that is all there is to `applies`. */
      readonly cause?: Cause;
    };

/** A field with one of these values of one byte calls for another one, unless a third is there in its place. */
export interface Cause {
  readonly tag: number;
  readonly values: readonly string[];
  readonly unlessTag?: number;
}

/**
 * One field of a message, or a repeating group that its count field (NumInGroup) opens. `Demand` is `required`
 * when every version's messages have the field.
 */
export interface FieldRule<
  Name extends string = string,
  Demand extends 'required' | 'optional' = 'required' | 'optional',
  Members extends MemberRules = MemberRules,
> {
  readonly name: Name;
  readonly tag: number;
  readonly presence: Presence;
  /** Versions whose message has the field so. */
  readonly versions: readonly FixVersion[];
  /** Fields of one instance, the delimiter first; undefined for a plain field. */
  readonly members: Members;
  readonly demand: Demand;
}

type MemberRules = readonly FieldRule[] | undefined;

/** The words of a text that are separated by single spaces. */
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text;

type Optional<Rule extends FieldRule> =
  Rule extends FieldRule<infer Name, infer _, infer Members> ? FieldRule<Name, 'optional', Members> : never;

const REQUIRED: Presence = { type: 'required' };
const OPTIONAL: Presence = { type: 'optional' };
const NEVER = (): boolean => false;

function fieldRules<Names extends string, Demand extends 'required' | 'optional'>(
  names: Names,
  presence: Presence,
  demand: Demand,
  versions: readonly FixVersion[] = FIX_VERSIONS,
): FieldRule<Words<Names>, Demand, undefined>[] {
  return names.split(' ').map((name) => ({
    name: name as Words<Names>,
    tag: fieldTag(name),
    presence,
    versions,
    members: undefined,
    demand,
  }));
}

/** Fields that must be there, names separated by single spaces: missing is 373=1. */
export function required<const Names extends string>(
  names: Names,
): FieldRule<Words<Names>, 'required', undefined>[] {
  return fieldRules(names, REQUIRED, 'required');
}

/** Fields that may be there, names separated by single spaces. */
export function optional<const Names extends string>(
  names: Names,
): FieldRule<Words<Names>, 'optional', undefined>[] {
  return fieldRules(names, OPTIONAL, 'optional');
}

/** A field that must be there when `applies` holds, which `when` says in words: missing is 380=5. */
export function conditional<const Name extends string>(
  name: Name,
  when: string,
  applies: (message: FixMessage) => boolean,
): FieldRule<Words<Name>, 'optional', undefined>[] {
  return fieldRules(name, { type: 'conditional', when: `when ${when}`, applies }, 'optional');
}

/** A field that another one calls for by its value, which `when` says in words: missing is 380=5. */
export function calledFor<const Name extends string>(
  name: Name,
  when: string,
  cause: Cause,
): FieldRule<Words<Name>, 'optional', undefined>[] {
  const { tag, values, unlessTag } = cause;
  const applies = (message: FixMessage): boolean =>
    values.includes(message.get(tag) ?? '') && (unlessTag === undefined || !message.has(unlessTag));
  return fieldRules(name, { type: 'conditional', when: `when ${when}`, applies, cause }, 'optional');
}

/**
 * A field that the venue cannot do without: missing is 373=1 where FIX requires it (`versions`), and 380=5 in
 * the others, for the reason `because`.
 */
export function demanded<const Name extends string>(
  name: Name,
  versions: readonly FixVersion[],
  because: string,
): FieldRule<Words<Name>, 'required', undefined>[] {
  const others = FIX_VERSIONS.filter((version) => !versions.includes(version));
  return [
    ...fieldRules(name, REQUIRED, 'required', versions),
    ...fieldRules(
      name,
      { type: 'conditional', when: `since ${because}`, applies: () => true },
      'required',
      others,
    ),
  ];
}

/** A field that the venue sends when `when` says so. */
export function sentWhen<const Name extends string>(
  name: Name,
  when: string,
): FieldRule<Words<Name>, 'optional', undefined>[] {
  return fieldRules(name, { type: 'conditional', when: `when ${when}`, applies: NEVER }, 'optional');
}

/** A repeating group: its count field, then the fields of an instance, the delimiter first. */
export function group<const Name extends string, Rule extends FieldRule>(
  countName: Name,
  members: readonly Rule[],
): FieldRule<Name, 'optional', readonly Rule[]>[] {
  return [groupRule(countName, members, OPTIONAL, 'optional')];
}

/** A repeating group that must be there. */
export function requiredGroup<const Name extends string, Rule extends FieldRule>(
  countName: Name,
  members: readonly Rule[],
): FieldRule<Name, 'required', readonly Rule[]>[] {
  return [groupRule(countName, members, REQUIRED, 'required')];
}

/** A repeating group that the venue sends when `when` says so. */
export function groupWhen<const Name extends string, Rule extends FieldRule>(
  countName: Name,
  when: string,
  members: readonly Rule[],
): FieldRule<Name, 'optional', readonly Rule[]>[] {
  return [
    groupRule(countName, members, { type: 'conditional', when: `when ${when}`, applies: NEVER }, 'optional'),
  ];
}

function groupRule<Name extends string, Rule extends FieldRule, Demand extends 'required' | 'optional'>(
  name: Name,
  members: readonly Rule[],
  presence: Presence,
  demand: Demand,
): FieldRule<Name, Demand, readonly Rule[]> {
  return { name, tag: fieldTag(name), presence, versions: FIX_VERSIONS, members, demand };
}

function restrict<Rule extends FieldRule>(
  versions: readonly FixVersion[],
  rules: readonly Rule[],
): Optional<Rule>[] {
  return rules.map((rule) => {
    const kept = rule.versions.filter((version) => versions.includes(version));
    return { ...rule, versions: kept, demand: 'optional' } as unknown as Optional<Rule>;
  });
}

/** Fields of FIX.4.2 alone. */
export function in42<Rule extends FieldRule>(rules: readonly Rule[]): Optional<Rule>[] {
  return restrict(['FIX.4.2'], rules);
}

/** Fields of FIX.4.4 alone. */
export function in44<Rule extends FieldRule>(rules: readonly Rule[]): Optional<Rule>[] {
  return restrict(['FIX.4.4'], rules);
}

/** Fields of FIX.5.0SP2 alone, or of the FIXT.1.1 that it travels over. */
export function in50<Rule extends FieldRule>(rules: readonly Rule[]): Optional<Rule>[] {
  return restrict(['FIX.5.0SP2'], rules);
}

/** Fields of FIX.4.4 and FIX.5.0SP2. */
export function since44<Rule extends FieldRule>(rules: readonly Rule[]): Optional<Rule>[] {
  return restrict(['FIX.4.4', 'FIX.5.0SP2'], rules);
}

/** The fields that a version's message has. */
export function fieldsIn(version: FixVersion, rules: readonly FieldRule[]): FieldRule[] {
  return rules
    .filter((rule) => rule.versions.includes(version))
    .map((rule) =>
      rule.members === undefined ? rule : { ...rule, members: fieldsIn(version, rule.members) },
    );
}
