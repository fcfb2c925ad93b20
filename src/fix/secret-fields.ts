/**
 * Which fields no log and no text may quote. One set for all who put a message into words: the log, the texts of
 * Rejects and what people are shown.
 */
import { TAG } from './tags.ts';

/** Tags whose values are never shown: passwords, plain (554, 925) and encrypted (1402, 1404), and RawData (96). */
export const SECRET_TAGS: ReadonlySet<number> = new Set([
  TAG.Password,
  TAG.NewPassword,
  TAG.EncryptedPassword,
  TAG.EncryptedNewPassword,
  TAG.RawData,
]);

/** What is shown instead of a secret. */
export const MASK = '***';

/**
 * What may be shown of a field that is no `tag=value`: all up to its first `=`, or nothing when it has none. It may
 * be a mistyped password field.
 */
export function showableStart(field: string): string {
  return field.slice(0, field.indexOf('=') + 1);
}
