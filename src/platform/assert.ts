/**
 * Asserts that stay on in production: a failed one is a bug of ours, the actor that meets it crashes, and
 * its supervision policy takes over. They never judge input.
 */

/** A bug of ours, as opposed to a refusal (a value) or an I/O failure (a typed error of its own). */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws {@link AssertionError} unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Ends an exhaustive `switch`: does not compile while a case is missing. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected case: ${JSON.stringify(value)}`);
}
