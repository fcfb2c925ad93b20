/** Application messages as they were sent, for resends (2): complete frames back to back. Partitioned by month. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant, safeBigint } from './columns.ts';

export const FixMessages = defineEntity({
  name: 'FixMessages',
  tableName: 'fix_messages',
  checks: [{ name: 'fix_messages_numbers_check', expression: '0 < first_seq and first_seq <= last_seq' }],
  properties: {
    senderCompId: p.integer().primary().autoincrement(false),
    lastSeq: safeBigint().primary().autoincrement(false),
    sentAt: instant().primary().defaultRaw('now()'),
    /** MsgSeqNum (34) of the first frame. */
    firstSeq: safeBigint(),
    frames: p.uint8array().columnType('bytea'),
  },
});

/** A row of `fix_messages`. */
export type FixMessages = InferEntity<typeof FixMessages>;
