/**
 * What happens when an actor throws. Every spawn names one of these policies; none of them resumes an actor,
 * since half-changed state must not survive.
 */
import type { Message } from './protocol.ts';

export interface Crash<Received extends Message> {
  /** The message that was being handled; undefined when the actor failed to start. */
  readonly message: Received | undefined;
  readonly error: Error;
}

/** `restart` begins anew from `initial()` and keeps the mailbox; `stop` ends the actor and drops its mailbox. */
export type Decision = 'restart' | 'stop';

export type CrashPolicy<Received extends Message> = (crash: Crash<Received>) => Decision;

/** The failed message is dropped, the rest of the mailbox is handled from a fresh state. */
export function restartFresh<Received extends Message>(): CrashPolicy<Received> {
  return () => 'restart';
}

/** For actors that stand for a connection: say goodbye if possible, then end. */
export function stopAfter<Received extends Message>(
  farewell: (crash: Crash<Received>) => void,
): CrashPolicy<Received> {
  return (crash) => {
    try {
      farewell(crash);
    } catch {
      // A farewell that fails must not keep the broken actor alive.
    }
    return 'stop';
  };
}

/** Hands the failed message to the cell that the actor rebuilds from, then restarts it. */
export function rebuildWith<Received extends Message>(
  remember: (crash: Crash<Received>) => void,
): CrashPolicy<Received> {
  return (crash) => {
    remember(crash);
    return 'restart';
  };
}
