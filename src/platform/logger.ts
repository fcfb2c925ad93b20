/**
 * The pino adapter of the Log port: one JSON line per event, or a readable line when the output is a
 * terminal. What could be a secret is blanked on the way (redact.ts), so that no caller can forget it.
 */
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Log, LogFields } from './log.ts';
import { redact } from './redact.ts';

export interface LoggerOptions {
  /** Lines below it are not written; `silent` writes none. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Readable lines instead of JSON; for a terminal. */
  readonly pretty: boolean;
  /** Where lines go; each call is one complete line or more. */
  readonly write: (lines: string) => void;
}

/** Makes the venue's log: each line is handed to `write` before the call returns. */
export function createLogger(options: LoggerOptions): Log {
  const sink = { write: options.pretty ? prettyWriter(options.write) : options.write };
  return adapt(
    pino(
      {
        level: options.level,
        base: null,
        messageKey: 'event',
        timestamp: timestamps(),
        formatters: { level: (label) => ({ level: label }) },
      },
      sink,
    ),
  );
}

/** `,"time":"…"` of now, made once a millisecond. */
function timestamps(): () => string {
  let madeAt = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== madeAt) {
      madeAt = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}

/** pino-pretty's formatter called directly: its stream is asynchronous, and would lose the last lines. */
function prettyWriter(write: (lines: string) => void): (line: string) => void {
  const format = prettyFactory({
    colorize: true,
    messageKey: 'event',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return (line) => write(format(line));
}

/** The part of pino that is used. */
interface PinoLike {
  debug(fields: object, event: string): void;
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
  isLevelEnabled(level: string): boolean;
  child(fields: object): PinoLike;
}

function adapt(target: PinoLike): Log {
  const clean = (fields: LogFields | undefined): object =>
    fields === undefined ? {} : (redact(fields) as object);
  return {
    debug: (event, fields) => {
      // The only level that hot paths use: costs nothing while it is off.
      if (target.isLevelEnabled('debug')) target.debug(clean(fields), event);
    },
    info: (event, fields) => {
      if (target.isLevelEnabled('info')) target.info(clean(fields), event);
    },
    warn: (event, fields) => {
      if (target.isLevelEnabled('warn')) target.warn(clean(fields), event);
    },
    error: (event, fields) => {
      if (target.isLevelEnabled('error')) target.error(clean(fields), event);
    },
    with: (fields) => adapt(target.child(clean(fields))),
  };
}
