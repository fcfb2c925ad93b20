/** What the demos are as programs: text on the terminal, a log in a file, and signals that stop them in order. */
import { openSync, writeSync } from 'node:fs';
import { styleText } from 'node:util';
import { EXIT, tellError } from '../cli/failure.ts';
import { systemClock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { createLogger } from '../platform/logger.ts';
import type { Style } from './wire-view.ts';

/** Colour where the terminal has it. */
export const style: Style = (kind, text) => styleText(kind, text, { stream: process.stdout });

export function write(text: string): void {
  process.stdout.write(text);
}

/** A line of its own, indented as the rest is. */
export function say(line: string): void {
  write(`  ${line}\n`);
}

/** A log that is appended to the file. Bugs that nobody catches go there as well, and end the process. */
export function fileLog(path: string): Log {
  const file = openSync(path, 'a', 0o600);
  const log = createLogger({ level: 'info', pretty: false, write: (lines) => writeSync(file, lines) });
  const onBug = (error: unknown): void => {
    log.error('uncaught error', { error });
    tellError(`${error instanceof Error ? error.message : String(error)} (see ${path})`);
    process.exit(EXIT.refused);
  };
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
  process.on('warning', (warning) => log.warn('process warning', { warning }));
  return log;
}

/** Ctrl-C arrives twice under npm, from the terminal and from npm: what follows this soon is the same wish. */
const SAME_WISH_MS = 500;

/** The first of the signals asks to stop in order, a later one ends the process. */
export function stopOnSignals(
  log: Log,
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'],
): { readonly signal: AbortSignal; readonly stopped: Promise<void> } {
  const stopping = new AbortController();
  const stopped = new Promise<void>((settle) => {
    let firstAt = 0;
    const onSignal = (name: string): void => {
      const now = systemClock.now();
      if (!stopping.signal.aborted) {
        firstAt = now;
        log.info('signal', { signal: name });
        write('\n');
        say(`${name}: stopping in order; a second one stops at once`);
        stopping.abort();
        settle();
      } else if (now - firstAt >= SAME_WISH_MS) {
        process.exit(EXIT.refused);
      }
    };
    for (const name of signals) process.on(name, () => onSignal(name));
  });
  return { signal: stopping.signal, stopped };
}
