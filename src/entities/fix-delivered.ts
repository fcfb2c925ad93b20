/** Up to which report of each source a member has been told. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { safeBigint } from './columns.ts';

export const FixDelivered = defineEntity({
  name: 'FixDelivered',
  tableName: 'fix_delivered',
  properties: {
    userId: p.integer().primary().autoincrement(false),
    source: p.string().length(64).primary(),
    sourceSeq: safeBigint(),
  },
});

/** A row of `fix_delivered`. */
export type FixDelivered = InferEntity<typeof FixDelivered>;
