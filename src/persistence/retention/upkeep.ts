/**
 * What a node does about growth while it trades, off the trading path: partitions of the months to come, and once a day
 * what retention lets go.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { ensurePartitions } from '../partitions.ts';
import { onConnection, reasonOf } from '../sql.ts';
import { TOLD_MARGIN } from '../undelivered.ts';
import { startUpkeep } from '../upkeep.ts';
import { ClosingRefused } from './close.ts';
import type { RetentionTerms } from './plan.ts';
import { RetentionBusy, runRetention } from './run.ts';

export interface RetentionUpkeepOptions {
  readonly orm: MikroORM;
  readonly clock: Clock;
  readonly log: Log;
  readonly terms: RetentionTerms;
  /** Who does it, for the audit. */
  readonly nodeName: string;
}

const INTERVAL_MS = 3_600_000;
const HOURS_PER_RUN = 24;

/**
 * Begins an hour after the start. Returns what stops it, which cancels a proof that runs and resolves when nothing is under
 * way any more. A failure is logged and the next hour, or day, tries again.
 */
export function startRetentionUpkeep(options: RetentionUpkeepOptions): () => Promise<void> {
  const { orm, clock, log } = options;
  let hours = 0;
  return startUpkeep(clock, INTERVAL_MS, async (signal) => {
    try {
      await ensurePartitions(orm, clock.now());
      await forgetBoundsAhead(orm);
    } catch (error) {
      log.warn('partitions of the months to come were not made', { reason: reasonOf(error) });
    }
    if (hours % HOURS_PER_RUN === 0) await retain(options, signal);
    hours += 1;
  });
}

async function retain(
  { orm, clock, log, terms, nodeName }: RetentionUpkeepOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    const actor = `node ${nodeName}`;
    const { plan, closing } = await runRetention({
      orm,
      clock,
      terms,
      actor,
      verifiesTrail: false,
      signal,
    });
    if (closing !== undefined) {
      log.info('history closed', {
        before: closing.history?.before,
        operatorsBefore: closing.operators.before,
      });
    }
    for (const held of plan.heldBack)
      log.warn('history is kept for a member that was not told it', { ...held });
  } catch (error) {
    // Whatever was under way is done by the next run.
    if (error instanceof RetentionBusy || signal.aborted) return;
    const differences = error instanceof ClosingRefused ? error.differences : [];
    log.error('history was not closed', { reason: reasonOf(error), differences });
  }
}

/**
 * Up to where members have been told everything lies well behind the venue's last commit. Where it does not, the clock
 * was ahead and has been set back: then nothing is known.
 */
async function forgetBoundsAhead(orm: MikroORM): Promise<void> {
  await onConnection(orm, (sql) =>
    sql.rows(
      'update fix_sessions set told_before = null where told_before > (select last_link_at from commits ' +
        `where last_link_at is not null order by last_link desc limit 1) - interval '${TOLD_MARGIN}'`,
    ),
  );
}
