/** Where a writer's chain ends, as the writer finds it when it starts, and what is older than the trail. */
import { assert } from '../../platform/assert.ts';
import type { Sql } from '../sql.ts';
import { NO_LINK } from './link.ts';
import { LINKED_TABLES } from './linked-rows.ts';

export interface ChainHead {
  /** Numbers the writer's chain among those of the venue. */
  readonly chain: number;
  /** Number and hash of its last link. */
  readonly lastNo: number;
  readonly hash: Uint8Array;
}

/**
 * Opens the chain of `writer`, whose row of `commits` is there and locked. The first writer of all counts the rows that
 * have no link: whoever wrote before it did not know of links, and nobody will after it.
 */
export async function openChain(sql: Sql, writer: string): Promise<ChainHead> {
  const [row] = await sql.rows<{ chain: number; last_link: string | null; last_hash: Uint8Array | null }>(
    "update commits set chain = coalesce(chain, nextval('audit_chains')::int) where writer = $1 " +
      'returning chain, last_link, last_hash',
    [writer],
  );
  assert(row !== undefined, `${writer} has no row of commits`);
  for (const table of LINKED_TABLES) await noteBaseline(sql, table);
  return { chain: row.chain, lastNo: Number(row.last_link ?? 0), hash: row.last_hash ?? NO_LINK };
}

async function noteBaseline(sql: Sql, table: string): Promise<void> {
  const [noted] = await sql.rows('select from audit_baselines where table_name = $1', [table]);
  if (noted !== undefined) return;
  await sql.rows(
    `insert into audit_baselines (table_name, row_count) select $1, count(*) from ${table} where link = 0 ` +
      'on conflict do nothing',
    [table],
  );
}
