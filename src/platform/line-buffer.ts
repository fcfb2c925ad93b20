/**
 * Log lines on their way out, written in larger pieces: one system call for each line of a busy venue would cost
 * it more than making the line does.
 */
import type { Clock } from './clock.ts';

export interface LineBuffer {
  /** Takes complete lines. They are written within {@link FLUSH_INTERVAL_MS}, or when much has gathered. */
  write(lines: string): void;
  /** Writes what has gathered, before the process ends for instance. */
  flush(): void;
}

const FLUSH_INTERVAL_MS = 20;
/** In characters. Also what a process that is killed may lose at most, besides the last interval. */
const FLUSH_LENGTH = 64 * 1024;

/** Gathers lines for `sink`, which writes synchronously. */
export function bufferLines(sink: (lines: string) => void, clock: Pick<Clock, 'after'>): LineBuffer {
  let waiting = '';
  let isScheduled = false;

  function flush(): void {
    if (waiting === '') return;
    const lines = waiting;
    waiting = '';
    sink(lines);
  }

  return {
    write(lines) {
      waiting += lines;
      if (waiting.length >= FLUSH_LENGTH) {
        flush();
      } else if (!isScheduled) {
        isScheduled = true;
        clock.after(FLUSH_INTERVAL_MS, () => {
          isScheduled = false;
          flush();
        });
      }
    },
    flush,
  };
}
