/**
 * Supervision of the server while the venue runs: it is started again when it dies, for as long as it takes,
 * and never again once the venue stops.
 */
import type { CancelTimer } from '../../platform/clock.ts';
import { errorText } from './errors.ts';
import { stopPostmaster } from './postmaster.ts';
import { isAlive } from './processes.ts';
import { FIRST_BACKOFF_MS, launchServer, MAX_BACKOFF_MS, type RunningServer, type Site } from './server.ts';

const WATCH_INTERVAL_MS = 100;

/** Keeps one server running. */
export interface Supervisor {
  /** Process id of the server now; undefined while it is down. */
  pid(): number | undefined;
  /** Ends the supervision, then the server. */
  stop(): Promise<void>;
}

/**
 * Watches the server and starts it again, on the same port, when it is gone. Watching asks the kernel rather
 * than waiting for a child's exit, since an adopted server is nobody's child.
 */
export function superviseServer(site: Site, first: RunningServer): Supervisor {
  const { clock, log } = site;
  const { port } = first;
  let current = first.process;
  let isStopping = false;
  let restarting: Promise<void> | undefined;
  let endPause: () => void = () => {};

  const stopWatching = clock.every(WATCH_INTERVAL_MS, () => {
    if (isStopping || restarting !== undefined || isAlive(current)) return;
    log.error('postgres died', { pid: current.pid, port });
    restarting = restart().finally(() => {
      restarting = undefined;
    });
  });

  async function restart(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    for (let attempt = 1; !isStopping; attempt += 1) {
      await pause(backoffMs);
      if (isStopping) return;
      log.warn('postgres is started again', { attempt, port });
      try {
        const server = await launchServer(site, port, (process) => {
          current = process;
        });
        log.info('postgres started', { pid: server.process.pid, port, attempt });
        return;
      } catch (error) {
        log.error('postgres does not start', { attempt, port, reason: errorText(error) });
        backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
      }
    }
  }

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel: CancelTimer = clock.after(delayMs, resolve);
      endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  return {
    pid: () => (isAlive(current) ? current.pid : undefined),
    async stop() {
      isStopping = true;
      stopWatching();
      endPause();
      // A restart under way is ended by ending its server, and may have begun another one meanwhile.
      await stopPostmaster(clock, current);
      await restarting;
      await stopPostmaster(clock, current);
      log.info('postgres stopped', { port });
    },
  };
}
