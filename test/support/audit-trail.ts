/** The audit trail of a test's database, as it is or after somebody has tampered with it. */
import {
  type AuditVerification,
  type VerifyOptions,
  verifyAuditWithin,
} from '../../src/persistence/audit-chain/verify.ts';
import type { NotedHead } from '../../src/persistence/audit-chain/verify-noted.ts';
import { onConnection } from '../../src/persistence/sql.ts';
import { ManualClock } from './manual-clock.ts';
import type { VenueDatabase } from './venue-database.ts';

/** Differences of a chain that are told. */
export const LIMIT = 5;

/** How the trail is verified in tests. */
export function options(noted: readonly NotedHead[] = []): VerifyOptions {
  return { clock: new ManualClock(0), limit: LIMIT, noted };
}

/** What is found when these statements have been executed, which leave no trace. */
export function verified(
  { orm }: VenueDatabase,
  { statements = [], noted = [] }: { statements?: readonly string[]; noted?: readonly NotedHead[] } = {},
): Promise<AuditVerification> {
  return onConnection(orm, async (sql) => {
    await sql.rows('begin isolation level repeatable read');
    try {
      await sql.rows("select set_config('onebook.append_only', 'off', true)");
      for (const statement of statements) await sql.rows(statement);
      return await verifyAuditWithin(orm, sql, options(noted));
    } finally {
      await sql.rows('rollback');
    }
  });
}

/** All sentences that tell a difference. */
export function differencesIn({ chains }: AuditVerification): readonly string[] {
  return chains.flatMap(({ differences }) => differences);
}
