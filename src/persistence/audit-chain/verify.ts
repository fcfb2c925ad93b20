/**
 * The verification of the audit trail: that every row which was committed since the trail began is there and as it was,
 * and none besides. It only reads, in one snapshot, and may run while the venue trades.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Clock } from '../../platform/clock.ts';
import { assertSchema } from '../reconcile/reconcile.ts';
import { type NodeDatabase, onNodeDatabase } from '../reconcile/run.ts';
import { holdPartitions } from '../retention/partition-list.ts';
import { load, type Sql } from '../sql.ts';
import { readChainStarts } from './chain-start.ts';
import { ChainFaults, type ChainVerdict } from './differences.ts';
import { verifyClosings } from './verify-closings.ts';
import { verifyCoverage } from './verify-coverage.ts';
import { type NotedHead, verifyNoted } from './verify-noted.ts';
import { verifyOperators } from './verify-operators.ts';
import { verifyWriter, type WriterRecord } from './verify-writer.ts';

export interface VerifyOptions {
  readonly clock: Clock;
  /** How many differences of each chain are told; the others are counted. */
  readonly limit: number;
  /** Heads of chains that must still be there. */
  readonly noted: readonly NotedHead[];
}

export interface AuditVerification {
  /** One for each writer of commits, then the operators', then what belongs to no chain or is missing in one. */
  readonly chains: readonly ChainVerdict[];
  /** Rows of each table that are older than the trail: nothing vouches for them. */
  readonly olderRows: Readonly<Record<string, number>>;
  /** Over all chains; 0: the trail holds. */
  readonly differenceCount: number;
  readonly tookMs: number;
}

/**
 * Finds a node's database, verifies its trail and leaves everything as it was found.
 *
 * @throws EmbeddedPostgresError, DatabaseUnfitError, StoreUnavailableError or the driver's error.
 */
export function verifyAuditDatabase(options: NodeDatabase & VerifyOptions): Promise<AuditVerification> {
  return onNodeDatabase(options, 'onebook audit verify', (orm) => verifyAudit(orm, options));
}

/** Verifies the trail in a snapshot of its own. */
export function verifyAudit(orm: MikroORM, options: VerifyOptions): Promise<AuditVerification> {
  return load(orm, (sql) => verifyAuditWithin(orm, sql, options));
}

/** The same in a transaction that has begun, of which one statement must see what the others see. */
export async function verifyAuditWithin(
  orm: MikroORM,
  sql: Sql,
  { clock, limit, noted }: VerifyOptions,
): Promise<AuditVerification> {
  const startedAt = clock.now();
  await holdPartitions(sql);
  await assertSchema(sql);
  await sql.rows("select set_config('DateStyle', 'ISO', true), set_config('jit', 'off', true)");
  const writers = await sql.rows<WriterRecord>(
    'select writer, chain, last_link, last_hash from commits where chain is not null order by chain',
  );
  const starts = await readChainStarts(sql);
  const chains: ChainVerdict[] = [];
  for (const writer of writers) {
    chains.push(await verifyWriter(orm, sql, writer, starts.ofWriter(writer.chain), limit));
  }
  chains.push(await verifyOperators(sql, starts.ofOperators(), limit));
  const strays = new ChainFaults(limit);
  await verifyClosings(sql, starts.closing, limit, strays);
  const olderRows = await verifyCoverage(orm, sql, starts.closing, limit, strays);
  await verifyNoted(sql, noted, starts, strays);
  if (strays.count > 0) {
    chains.push({
      chain: 'beside the chains',
      linkCount: 0,
      rowCount: 0,
      head: undefined,
      differenceCount: strays.count,
      differences: strays.told,
    });
  }
  return {
    chains,
    olderRows,
    differenceCount: chains.reduce((sum, { differenceCount }) => sum + differenceCount, 0),
    tookMs: clock.now() - startedAt,
  };
}
