/**
 * How starting the embedded database can fail. Both reach the operator as one line, so the message says what
 * is wrong and what to do about it.
 */

/** The embedded Postgres cannot be set up, started or stopped; the message says why and what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** Another venue that is alive holds the data directory. */
export class DataDirectoryInUse extends Error {
  override readonly name = 'DataDirectoryInUse';
  /** Process id of the venue that holds it; undefined when it has not said. */
  readonly pid: number | undefined;

  constructor(dataDir: string, pid: number | undefined) {
    const holder = pid === undefined ? 'another venue' : `another venue (process ${pid})`;
    super(`${dataDir} is in use by ${holder}: stop it, or give this one a data directory of its own`);
    this.pid = pid;
  }
}

/** The `code` of a system error such as ENOENT, or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** One line for whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
