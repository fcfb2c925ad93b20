/**
 * Takes secrets out of what is written for people: log fields, error texts, connection URLs.
 */

const REDACTED = '[redacted]';

/** Names of fields whose value is never written, at any depth. */
const SECRET_FIELD = /pass(?:word|wd|phrase)?$|token|secret|hash$|authorization|cookie|^rawdata$/i;

/** `scheme://user:password@` in any text, a driver's error message for example. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):\S*@/gi;

/** A password among the parameters of a connection URL. */
const URL_PASSWORD_PARAMETER = /([?&]password=)[^\s&]*/gi;

/** Deeper than this a value is not looked into, and not written. */
const MAX_DEPTH = 6;

/** The text with the password of every URL in it blanked. */
export function redactUrls(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(URL_PASSWORD, `$1:${REDACTED}@`).replace(URL_PASSWORD_PARAMETER, `$1${REDACTED}`);
}

/** A copy of `value` fit for a log: secrets blanked, errors as their message, bigints as text. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactUrls(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    copy[name] = isSecretField(name) ? REDACTED : redact(field, depth + 1);
  }
  return copy;
}

// Field names are few and come from the code, so that the answer per name is kept.
const secretFields = new Map<string, boolean>();
const MAX_SECRET_FIELDS = 10_000;

function isSecretField(name: string): boolean {
  const known = secretFields.get(name);
  if (known !== undefined) return known;
  const secret = SECRET_FIELD.test(name);
  if (secretFields.size < MAX_SECRET_FIELDS) secretFields.set(name, secret);
  return secret;
}

/** Message and stack only: drivers attach queries and connection settings to their errors. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  return {
    type: error.name,
    message: redactUrls(error.message),
    stack: redactUrls(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
