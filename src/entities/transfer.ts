/** Money that came in or went out, with who, when and why. The key makes a repeated request recognisable. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { amount, instant, safeBigint } from './columns.ts';
import { User } from './user.ts';

export const TRANSFER_KINDS = ['deposit', 'withdrawal', 'adjustment'] as const;

export const Transfer = defineEntity({
  name: 'Transfer',
  tableName: 'transfers',
  checks: [
    { name: 'transfers_amount_check', expression: 'amount <> 0' },
    {
      name: 'transfers_reason_check',
      expression:
        "case kind when 'deposit' then amount > 0 when 'withdrawal' then amount < 0 else reason is not null end",
    },
  ],
  indexes: [
    { name: 'transfers_by_link_index', type: 'brin', properties: ['link'] },
    { name: 'transfers_by_user_index', properties: ['userId', 'id'] },
  ],
  properties: {
    id: safeBigint().columnType('bigint').primary().autoincrement().generated('by default as identity'),
    userId: () =>
      p.manyToOne(User).mapToPk().fieldName('user_id').foreignKeyName('transfers_user_id_foreign'),
    asset: p.string().length(16),
    /** Added to the balance; negative for a withdrawal. */
    amount: amount(),
    idempotencyKey: p.string().length(128).unique('transfers_idempotency_key_unique'),
    /** Who asked: an operator's name, not a member. */
    requestedBy: p.text(),
    createdAt: instant(),
    kind: p.enum(TRANSFER_KINDS),
    /** In the operator's words. */
    reason: p.text().nullable(),
    /** The link of the audit trail that covers the row; 0: it is older than the trail. */
    link: safeBigint().defaultRaw('0'),
  },
});

/** A row of `transfers`. */
export type Transfer = InferEntity<typeof Transfer>;
