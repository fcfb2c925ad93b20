/**
 * Taking a table for oneself while the venue trades. Whoever reads it is waited for, and whoever writes waits behind: so
 * it is given up soon, and tried again later.
 */
import { type Sql, sqlStateOf } from './sql.ts';

/** No commit waits longer behind who wants the table. */
const TABLE_TIMEOUT_MS = 500;
/** When to try again. */
export const TABLE_RETRY_MS = 2_000;

const LOCK_NOT_AVAILABLE = '55P03';

/** For the rest of the transaction: a lock that is not to be had within half a second fails, as {@link isTableBusy}. */
export async function giveUpSoon(sql: Sql): Promise<void> {
  await sql.rows(`set local lock_timeout = ${TABLE_TIMEOUT_MS}`);
}

/** Somebody has, or reads, what was to be locked. */
export function isTableBusy(error: unknown): boolean {
  return sqlStateOf(error) === LOCK_NOT_AVAILABLE;
}
