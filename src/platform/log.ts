/**
 * Logging as a port: what actors and adapters say, one line per event that matters. The pino adapter is in
 * logger.ts; tests pass {@link silentLog} or a recorder.
 */

/** Fields of one line. Never a password, a token, a password hash or the text of a Logon. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A log whose every line carries `fields` too. */
  with(fields: LogFields): Log;
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
};
