/**
 * Judging values that may be anything, as a configuration file that was written without types has them. Small judges
 * are put together into larger ones; every fault is a sentence that begins with the path of its value.
 */
import { redactUrls } from '../platform/redact.ts';

/** Judges one value: a sentence for everything that is wrong with it, none when it is right. */
export type Check = (value: unknown, path: string) => readonly string[];

/** A text that `parse` understands. `secret`: the fault does not show it. */
export function text(parse: (value: string) => unknown, expected: string, secret = false): Check {
  return (value, path) => {
    if (typeof value === 'string' && parse(value) !== undefined) return [];
    return [`${path} must be ${expected}${secret ? '' : `, not ${shown(value)}`}`];
  };
}

/** An integer from `min` to `max`; `expected` says so in words. */
export function integer(min: number, max: number, expected = `an integer from ${min} to ${max}`): Check {
  return (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? []
      : [`${path} must be ${expected}, not ${shown(value)}`];
}

/** True or false. */
export const flag: Check = (value, path) =>
  typeof value === 'boolean' ? [] : [`${path} must be true or false, not ${shown(value)}`];

/** The name of a file; whether there is one is asked when it is needed. */
export const file = text((value) => (value === '' ? undefined : value), 'a file name');

/**
 * An object with these settings and no others. `misplaced` has settings that one would look for here, each with what
 * to do instead; their values are never shown.
 */
export function object(
  fields: Readonly<Record<string, Check>>,
  misplaced: Readonly<Record<string, string>> = {},
): Check {
  return (value, path) => {
    if (!isObject(value)) return [`${path || 'the default export'} must be an object, not ${shown(value)}`];
    return Object.entries(value).flatMap(([name, field]) => {
      const at = join(path, name);
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (check === undefined) {
        return Object.hasOwn(misplaced, name)
          ? [`${at} must not be in the file: ${misplaced[name]}`]
          : [`unknown setting ${at}; known here: ${Object.keys(fields).join(', ')}`];
      }
      // An undefined setting counts as absent, so that a file can pass an environment variable on.
      return field === undefined ? [] : check(field, at);
    });
  };
}

/** What both find. */
export function both(first: Check, second: Check): Check {
  return (value, path) => [...first(value, path), ...second(value, path)];
}

/** One, or a list of at least one; entries of a list have their index in the path. */
export function oneOrMore(entry: Check, noun: string): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return entry(value, path);
    if (value.length === 0) return [`${path} must have at least one ${noun}`];
    return value.flatMap((one, index) => entry(one, `${path}[${index}]`));
  };
}

/** A plain object, as far as its settings can be asked for. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own setting of that name; undefined of what is no object. */
export function settingOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Path of a setting of what is at `path`. */
export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** A value for people, without passwords of URLs in it. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  return redactUrls(JSON.stringify(value) ?? String(value));
}
