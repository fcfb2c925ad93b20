/**
 * How a message's fields are declared: by name, with whether they must be there. The validator, the rules of
 * engagement and the dictionary for clients are all made from these values.
 */
import { fieldTag } from '../dictionary.ts';
import type { FixMessage } from '../message.ts';

/** `conditional` fields must be there when `when` says so; only for received messages is `applies` given. */
export type Presence =
  | { readonly type: 'required' }
  | { readonly type: 'optional' }
  | {
      readonly type: 'conditional';
      readonly when: string;
      readonly applies: (message: FixMessage) => boolean;
    };

/** One field of a message, or a repeating group that its count field (NumInGroup) opens. */
export interface FieldRule {
  readonly name: string;
  readonly tag: number;
  readonly presence: Presence;
  /** Fields of one instance, the delimiter first; undefined for a plain field. */
  readonly members: readonly FieldRule[] | undefined;
}

const REQUIRED: Presence = { type: 'required' };
const OPTIONAL: Presence = { type: 'optional' };

function fieldRules(names: string, presence: Presence): FieldRule[] {
  return names
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => ({ name, tag: fieldTag(name), presence, members: undefined }));
}

/** Fields that must be there, names separated by spaces: missing is 373=1. */
export function required(names: string): FieldRule[] {
  return fieldRules(names, REQUIRED);
}

/** Fields that may be there, names separated by spaces. */
export function optional(names: string): FieldRule[] {
  return fieldRules(names, OPTIONAL);
}

/** A field that must be there when `applies` holds, which `when` says in words: missing is 380=5. */
export function conditional(
  name: string,
  when: string,
  applies: (message: FixMessage) => boolean,
): FieldRule[] {
  return fieldRules(name, { type: 'conditional', when, applies });
}

/** A field that the venue sends when `when` says so. */
export function sentWhen(name: string, when: string): FieldRule[] {
  return fieldRules(name, { type: 'conditional', when, applies: () => false });
}

/** A repeating group: its count field, then the fields of an instance, the delimiter first. */
export function group(countName: string, members: readonly FieldRule[]): FieldRule[] {
  return [{ name: countName, tag: fieldTag(countName), presence: OPTIONAL, members }];
}
