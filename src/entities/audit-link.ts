/** A link of a writer's chain: what one commit wrote of order events, transfers and requests. Partitioned by month. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant, safeBigint } from './columns.ts';

export const AuditLink = defineEntity({
  name: 'AuditLink',
  tableName: 'audit_links',
  properties: {
    /** The chain and the number of the commit (`chain * 2^40 + commitNo`): rows name their link by it. */
    no: safeBigint().primary().autoincrement(false),
    /** The latest instant in the rows. */
    at: instant().primary(),
    /** SHA-256 of the link before it; zeros in the first. */
    previousHash: p.blob(),
    /** SHA-256 of the previous hash, the number, the counts and the rows. */
    hash: p.blob(),
    /** How many rows of each table belong to it, in the order of `LINKED_TABLES`. */
    rowCounts: p.array((text: string) => Number(text)).columnType('int[]'),
    /** Four bytes for each row, by which a changed one is found among the others. */
    digests: p.blob(),
    /** The ids of its orders and trades lie between these. */
    firstOrderId: safeBigint().nullable(),
    lastOrderId: safeBigint().nullable(),
    firstTradeId: safeBigint().nullable(),
    lastTradeId: safeBigint().nullable(),
  },
});

/** A row of `audit_links`. */
export type AuditLink = InferEntity<typeof AuditLink>;
