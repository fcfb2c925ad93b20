/**
 * Every request is answered in time, whatever the database does: one that stands still gives no error, and no statement
 * of a request ends. What the actors are asked has a bound of its own (`operatorTimeoutMs`), and may take its time while
 * the database answers.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { answer, Refusal } from './answers.ts';
import type { VenueControl } from './control.ts';

export interface DeadlineOptions {
  readonly control: Pick<VenueControl, 'databaseFault'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
  /** For the answer, while the database does not answer. */
  readonly operatorTimeoutMs: number;
}

/** What a node says of itself, from memory: they ask the database no more than whether it is there. */
const WATCHERS: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics', '/v1/status']);
const WATCHER_TIMEOUT_MS = 2_000;
/** Time for the database to say that it is there: the last of what a request has, and how often it is asked then. */
const PROBE_MS = 1_000;
/** More than any action asks one after the other: what takes so long has lost its connection, and only that. */
const MOST_TIMEOUTS = 6;

const said = new WeakMap<FastifyRequest, string>();

/** What an answer that comes too late says of this request, instead of what is said of all. */
export function sayWhenLate(request: FastifyRequest, text: string): void {
  said.set(request, text);
}

/** Puts a bound on the handlers of all routes that are added after it. */
export function answerInTime(app: FastifyInstance, options: DeadlineOptions): void {
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    const isWatcher = WATCHERS.has(route.url);
    route.handler = async function (request, reply) {
      const deadline = isWatcher ? watcherDeadline(options) : startDeadline(options, request);
      try {
        const handled = Promise.resolve(handler.call(this, request, reply));
        const first = await Promise.race([handled, deadline.passed]);
        if (!(first instanceof DeadlinePassed)) return first;
        const asked = `${request.method} ${route.url}`;
        options.log.warn('operator request was not answered in time', { asked });
        const { refusal } = first;
        logWhatComesLate(handled, asked, options.log);
        return answer(reply, refusal);
      } finally {
        deadline.cancel();
      }
    };
  });
}

/** A value that no handler returns. */
class DeadlinePassed {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    this.refusal = refusal;
  }
}

interface Deadline {
  readonly passed: Promise<DeadlinePassed>;
  cancel(): void;
}

function watcherDeadline({ clock }: DeadlineOptions): Deadline {
  let cancel = (): void => {};
  const passed = new Promise<DeadlinePassed>((resolve) => {
    const refusal = new Refusal(503, 'no answer in time');
    cancel = clock.after(WATCHER_TIMEOUT_MS, () => resolve(new DeadlinePassed(refusal)));
  });
  return { passed, cancel: () => cancel() };
}

/** Asks the database, when the time is nearly over and from then on, whether it is what the request waits for. */
function startDeadline(options: DeadlineOptions, request: FastifyRequest): Deadline {
  const { clock, control, operatorTimeoutMs } = options;
  const probeMs = Math.min(PROBE_MS, operatorTimeoutMs / 2);
  let left = MOST_TIMEOUTS * operatorTimeoutMs;
  let isOver = false;
  let cancel = (): void => {};
  const passed = new Promise<DeadlinePassed>((resolve) => {
    const pass = (status: 503 | 504, fault: string): void =>
      resolve(new DeadlinePassed(new Refusal(status, `${fault}; ${textWhenLate(request)}`)));
    const probeAfter = (delayMs: number): void => {
      cancel = clock.after(delayMs, () => {
        left -= delayMs + probeMs;
        if (left <= 0) {
          pass(504, 'no answer in time');
          return;
        }
        cancel = clock.after(probeMs, () => pass(503, 'the database does not answer'));
        const goOn = (fault: string | undefined): void => {
          if (isOver) return;
          cancel();
          if (fault === undefined) probeAfter(probeMs);
          else pass(503, fault);
        };
        control.databaseFault().then(goOn, () => goOn('the database does not answer'));
      });
    };
    probeAfter(operatorTimeoutMs - probeMs);
  });
  return {
    passed,
    cancel() {
      isOver = true;
      cancel();
    },
  };
}

function textWhenLate(request: FastifyRequest): string {
  if (request.method === 'GET' || request.method === 'HEAD') return 'try again';
  return said.get(request) ?? 'it may still come into effect, look before you repeat it';
}

/** The handler goes on when the database does: nobody hears its answer. */
function logWhatComesLate(handled: Promise<unknown>, asked: string, log: Log): void {
  handled.then(
    () => log.info('operator request ended after its answer', { asked }),
    (error: unknown) => log.warn('operator request failed after its answer', { asked, error }),
  );
}
