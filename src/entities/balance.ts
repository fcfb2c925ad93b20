/** What a user owns of an asset, and how much of it open orders hold. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { amount } from './columns.ts';
import { User } from './user.ts';

export const Balance = defineEntity({
  name: 'Balance',
  tableName: 'balances',
  checks: [{ name: 'balances_held_check', expression: '0 <= held and held <= amount' }],
  properties: {
    userId: () =>
      p.manyToOne(User).mapToPk().primary().fieldName('user_id').foreignKeyName('balances_user_id_foreign'),
    asset: p.string().length(16).primary(),
    amount: amount(),
    held: amount(),
  },
});

/** A row of `balances`. */
export type Balance = InferEntity<typeof Balance>;
