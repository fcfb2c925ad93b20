/**
 * The bound of `fix_messages`: what was sent long ago, or many messages ago, is deleted now and then, off the trading
 * path. A resend of numbers whose messages are gone is a GapFill.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { type Clock, delay } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { onConnection, reasonOf, type Sql } from './sql.ts';
import { startUpkeep } from './upkeep.ts';

export interface HistoryLimits {
  /** Days for which messages are kept. */
  readonly fixHistoryDays: number;
  /** Outbound numbers of one session, the last ones, whose messages are kept. */
  readonly maxStoredMessagesPerSession: number;
}

export interface HistoryUpkeepOptions {
  readonly orm: MikroORM;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: HistoryLimits;
}

const DAY_MS = 86_400_000;
const INTERVAL_MS = 60_000;
/** Rows that one statement looks at and deletes at most: it takes no longer than a few milliseconds. */
const PORTION = 500;
/** Between two statements, so that commits come first. */
const PAUSE_MS = 10;

/**
 * Trims the history once a minute. Returns what stops it, which resolves when no statement is under way any more. A
 * failure is logged and the next minute tries again.
 */
export function startHistoryUpkeep(options: HistoryUpkeepOptions): () => Promise<void> {
  const { orm, clock, log, limits } = options;
  return startUpkeep(clock, INTERVAL_MS, async (signal) => {
    try {
      const count = await trimHistory({ orm, clock, limits, isStopped: () => signal.aborted });
      if (count > 0) log.info('old FIX messages deleted', { rows: count });
    } catch (error) {
      log.warn('old FIX messages were not deleted', { reason: reasonOf(error) });
    }
  });
}

/** Deletes what the limits do not keep, a portion a statement; returns how many rows that were. */
export async function trimHistory(
  options: Omit<HistoryUpkeepOptions, 'log'> & {
    readonly portion?: number;
    readonly isStopped?: () => boolean;
  },
): Promise<number> {
  const { orm, clock, limits, portion = PORTION, isStopped = () => false } = options;
  const cutoff = new Date(clock.now() - limits.fixHistoryDays * DAY_MS).toISOString();
  const compIds = await onConnection(orm, (sql) => sessionsToTrim(sql, cutoff, limits));
  let total = 0;
  for (const compId of compIds) {
    for (let deleted = portion; deleted === portion && !isStopped(); ) {
      deleted = await onConnection(orm, (sql) => deletePortion(sql, compId, cutoff, limits, portion));
      total += deleted;
      await delay(clock, PAUSE_MS);
    }
  }
  return total;
}

/**
 * A message that is not kept: too old, too many ago, or of before a reset at the end of its session (nothing is
 * reserved then). Numbers grow with time, so that the rows of a session that go are always its first.
 */
const IS_GONE =
  '(m.sent_at < $1::timestamptz or m.last_seq <= s.next_out - 1 - $2::bigint or s.reserved_out = 0)';

/** Sessions whose first row is not kept. */
async function sessionsToTrim(sql: Sql, cutoff: string, limits: HistoryLimits): Promise<readonly number[]> {
  const rows = await sql.rows<{ sender_comp_id: number }>(
    'select s.sender_comp_id from fix_sessions s cross join lateral (select last_seq, sent_at from fix_messages f ' +
      `where f.sender_comp_id = s.sender_comp_id order by last_seq limit 1) m where ${IS_GONE}`,
    [cutoff, limits.maxStoredMessagesPerSession],
  );
  return rows.map((row) => row.sender_comp_id);
}

async function deletePortion(
  sql: Sql,
  compId: number,
  cutoff: string,
  limits: HistoryLimits,
  portion: number,
): Promise<number> {
  const rows = await sql.rows(
    'delete from fix_messages d using (' +
      'select m.* from fix_sessions s cross join lateral (select last_seq, sent_at from fix_messages f ' +
      'where f.sender_comp_id = s.sender_comp_id order by last_seq limit $4::int) m ' +
      `where s.sender_comp_id = $3::int and ${IS_GONE}) m ` +
      'where d.sender_comp_id = $3::int and d.last_seq = m.last_seq and d.sent_at = m.sent_at returning 1',
    [cutoff, limits.maxStoredMessagesPerSession, compId, portion],
  );
  return rows.length;
}
