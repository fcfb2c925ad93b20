/** The end of a chain that the database itself keeps: that of the operators' actions. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { safeBigint } from './columns.ts';

export const AuditHead = defineEntity({
  name: 'AuditHead',
  tableName: 'audit_heads',
  properties: {
    name: p.text().primary(),
    lastNo: safeBigint(),
    lastHash: p.blob(),
  },
});

/** A row of `audit_heads`. */
export type AuditHead = InferEntity<typeof AuditHead>;
