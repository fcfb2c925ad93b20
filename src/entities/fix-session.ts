/** The sequence numbers of a member's FIX session, kept across connections and restarts. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant, safeBigint } from './columns.ts';

export const FixSession = defineEntity({
  name: 'FixSession',
  tableName: 'fix_sessions',
  checks: [
    {
      name: 'fix_sessions_numbers_check',
      expression: 'next_in > 0 and next_out > 0 and reserved_out >= next_out - 1',
    },
    { name: 'fix_sessions_cancel_after_ms_check', expression: 'cancel_after_ms >= 0' },
  ],
  properties: {
    /** `users.sender_comp_id`. */
    senderCompId: p.integer().primary().autoincrement(false),
    /** The next MsgSeqNum (34) expected of the member. */
    nextIn: safeBigint(),
    /** The next MsgSeqNum of the venue; exact when `clean`. */
    nextOut: safeBigint(),
    /** Last outbound number that may have been used. */
    reservedOut: safeBigint(),
    /** The session ended in order. */
    clean: p.boolean(),
    /** When both numbers were 1 for the last time. */
    beganAt: instant().defaultRaw('now()'),
    /** So long after the session's end the member's orders are cancelled, ms; null: they stay. */
    cancelAfterMs: p.integer().nullable(),
    /** All reports of before have been told to the member: the next Logon need not look there. Null: not known. */
    toldBefore: instant().nullable(),
    updatedAt: instant().defaultRaw('now()'),
    /** In a cluster: the gateway that has the session, in which of its lives, and a number that grows with each taking. */
    owner: p.text().nullable(),
    ownerIncarnation: safeBigint().nullable(),
    epoch: safeBigint().defaultRaw('0'),
    /** The epoch at which a member was last let in: one whose Logon is refused takes the session, and has none. */
    servedEpoch: safeBigint().defaultRaw('0'),
  },
});

/** A row of `fix_sessions`. */
export type FixSession = InferEntity<typeof FixSession>;
