/** A member, who logs on as SenderCompID (49) `senderCompId`; and row 0, the venue itself, which earns the fees. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant } from './columns.ts';

/** May trade; may not; or is the venue, as whom nobody logs on. */
export const USER_STATUSES = ['active', 'disabled', 'venue'] as const;

export const User = defineEntity({
  name: 'User',
  tableName: 'users',
  checks: [{ name: 'users_sender_comp_id_check', expression: 'sender_comp_id >= 0' }],
  properties: {
    id: p.integer().primary().autoincrement().generated('by default as identity'),
    /** Username (553). */
    username: p.string().length(64).unique('users_username_unique'),
    /** Argon2id in PHC format; empty for the venue, which no password opens. */
    passwordHash: p.text().hidden().lazy(),
    /** SenderCompID (49) as the integer that it is here. */
    senderCompId: p.integer().unique('users_sender_comp_id_unique'),
    status: p.enum(USER_STATUSES).default('active'),
    /** Both sequence numbers go back to 1 at every Logon (A), as if it had 141=Y. */
    resetOnLogon: p.boolean().default(false),
    createdAt: instant().defaultRaw('now()'),
  },
});

/** A row of `users`. */
export type User = InferEntity<typeof User>;
