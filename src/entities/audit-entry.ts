/** What an operator did, and when. Partitioned by month. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant, safeBigint } from './columns.ts';

export const AuditEntry = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit',
  properties: {
    id: safeBigint().columnType('bigint').primary().autoincrement().generated('by default as identity'),
    at: instant().primary().defaultRaw('now()'),
    /** Who did it. */
    actor: p.text(),
    /** What was done, such as `user disable`. */
    action: p.text(),
    /** With which arguments. Never a password or a token. */
    details: p.json<Record<string, unknown>>().columnType('jsonb'),
  },
});

/** A row of `audit`. */
export type AuditEntry = InferEntity<typeof AuditEntry>;
