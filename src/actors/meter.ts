/**
 * What the actors tell whoever keeps figures of the venue, as a port: called once per commit and per incident, never
 * per order, and answered by nothing. Apart from the log, since nobody reads figures one by one.
 */
import type { Report } from '../matching/execution-report.ts';
import type { CommitBatch, CommitOutcome } from './ports.ts';
import type { Address } from './protocol.ts';
import type { Decision } from './supervision.ts';

/** Takes figures. No method throws. */
export interface Meter {
  /** A batch goes to the database, for the first time or again. Only one is on its way at a time. */
  commitStarted(): void;
  /** The database has answered, or has failed to. */
  commitFinished(outcome: CommitOutcome['type'], batch: CommitBatch): void;
  /** Reports of one member that are told from now on: committed, or answers to questions. */
  reported(reports: readonly Report[]): void;
  /** So many of those were told to nobody: they are rows that wait for their member's next logon. */
  reportsLeftWaiting(count: number): void;
  /** An account works with its rows, so many ms after it asked for them. */
  accountLoaded(ms: number): void;
  /** An actor threw. */
  crashed(kind: Exclude<Address['type'], 'reply'>, decision: Decision): void;
}

/** Keeps nothing. */
export const NO_METER: Meter = {
  commitStarted() {},
  commitFinished() {},
  reported() {},
  reportsLeftWaiting() {},
  accountLoaded() {},
  crashed() {},
};
