/** Carries retention out: closes what is due, then removes what is closed. One run at a time on a database. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { onConnection } from '../sql.ts';
import { type ClosingOptions, closeHistory } from './close.ts';
import type { ClosingRecord } from './closings.ts';
import { dropClosed, dropExpired } from './drop.ts';
import { planRetention, type RetentionPlan, type RetentionTerms } from './plan.ts';

export interface RetentionRunOptions extends ClosingOptions {
  readonly terms: RetentionTerms;
}

export interface RetentionRun {
  readonly plan: RetentionPlan;
  /** The closing that was made. */
  readonly closing: ClosingRecord | undefined;
}

/** Somebody else is at it. */
export class RetentionBusy extends Error {
  override readonly name = 'RetentionBusy';

  constructor() {
    super('another run of retention is under way on this database');
  }
}

/** An advisory lock's key: "onebook" and 2. */
const LOCK_KEY = [0x6f6e6562, 2] as const;

/**
 * Does what is due, and what an earlier run has left.
 *
 * @throws RetentionBusy, ClosingRefused, or StoreUnavailableError, and anything once the signal is aborted: what was
 * done until then stays done.
 */
export async function runRetention(options: RetentionRunOptions): Promise<RetentionRun> {
  return alone(options.orm, async () => {
    const { orm, terms, clock, signal } = options;
    const plan = await planRetention(orm, terms, clock.now(), signal);
    const closing = plan.closing === undefined ? undefined : await closeHistory(options, plan.closing);
    const last = closing ?? plan.last;
    if (last !== undefined && !last.isDropped) await dropClosed(options, last);
    for (const { table, name } of plan.partitions) {
      if (table === 'fix_messages') await dropExpired(options, table, name);
    }
    return { plan, closing };
  });
}

/** The lock ends with its connection, whatever becomes of this process. */
function alone<Result>(orm: MikroORM, work: () => Promise<Result>): Promise<Result> {
  return onConnection(orm, async (sql) => {
    const [lock] = await sql.rows<{ held: boolean }>('select pg_try_advisory_lock($1, $2) as held', [
      ...LOCK_KEY,
    ]);
    if (lock?.held !== true) throw new RetentionBusy();
    try {
      return await work();
    } finally {
      await sql.rows('select pg_advisory_unlock($1, $2)', [...LOCK_KEY]).catch(() => undefined);
    }
  });
}
