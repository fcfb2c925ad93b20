/** What an operator did, and when. Partitioned by month. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant, safeBigint } from './columns.ts';

export const AuditEntry = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit',
  checks: [{ name: 'audit_hash_check', expression: '(no is null) = (hash is null)' }],
  properties: {
    id: safeBigint().columnType('bigint').primary().autoincrement().generated('by default as identity'),
    at: instant().primary().defaultRaw('now()'),
    /** Who did it. */
    actor: p.text(),
    /** What was done, such as `user disable`. */
    action: p.text(),
    /** With which arguments. Never a password or a token. */
    details: p.json<Record<string, unknown>>().columnType('jsonb'),
    /** Its place in the chain of operators' actions, which the database gives; null: it is older than the chain. */
    no: safeBigint().nullable(),
    /** SHA-256 over the hash of the entry before it and this one. */
    hash: p.blob().nullable(),
  },
});

/** A row of `audit`. */
export type AuditEntry = InferEntity<typeof AuditEntry>;
