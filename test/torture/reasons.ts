/** Errors in words: a wait that was in vain carries what it met as its cause, and that is the half worth reading. */

/** What failed, and what it had waited for. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = error.message.trim();
  return error.cause === undefined ? message : `${message} (${reasonOf(error.cause)})`;
}

/** The same with the places. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack}${error.cause === undefined ? '' : `\ncause: ${stackOf(error.cause)}`}`;
}
