/** Work that is done in steps: at once, or so that others have the event loop in between. */
import { setImmediate } from 'node:timers/promises';

/** All steps in one turn of the event loop. */
export function atOnce<Result>(steps: Generator<void, Result, void>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** A turn of the event loop for each step: sockets are read and sessions live meanwhile. */
export async function inTurns<Result>(steps: Generator<void, Result, void>): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await setImmediate();
  }
}
