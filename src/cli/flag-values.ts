/** What flags of several commands have in common: counts, yes or no, and words that take something back. */
import { CliFailure, EXIT } from './failure.ts';

/** Words that take a limit or an agreement back. */
const NONE: readonly string[] = ['none', 'default'];

/** `null` for `none` and `default`. */
export function orNone(value: string | undefined): string | null | undefined {
  return isNone(value) ? null : value;
}

export function isNone(value: string | undefined): boolean {
  return value !== undefined && NONE.includes(value);
}

/** @throws CliFailure when the value is neither yes nor no; a flag that stands alone is `true` and means yes. */
export function readYesNo(flag: string, value: string | true | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === true || value === 'yes') return true;
  if (value === 'no') return false;
  throw new CliFailure(EXIT.usage, `${flag} is yes or no, not "${value}"`);
}

/** @throws CliFailure when the value is no whole number. */
export function readCount(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new CliFailure(EXIT.usage, `${flag} must be a whole number, not "${value}"`);
}

/** @throws CliFailure when the value is neither a whole number nor a word that takes it back. */
export function readCountOrNone(flag: string, value: string | undefined): number | null | undefined {
  return isNone(value) ? null : readCount(flag, value);
}
