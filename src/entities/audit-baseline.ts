/** How many rows of a table are older than the audit trail: no link covers them, and there may not be more of them. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant, safeBigint } from './columns.ts';

export const AuditBaseline = defineEntity({
  name: 'AuditBaseline',
  tableName: 'audit_baselines',
  properties: {
    tableName: p.text().primary(),
    rowCount: safeBigint(),
    notedAt: instant().defaultRaw('now()'),
  },
});

/** A row of `audit_baselines`. */
export type AuditBaseline = InferEntity<typeof AuditBaseline>;
