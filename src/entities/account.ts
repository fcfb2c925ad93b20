/** Where a user's account stands in the sequence of its own reports. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { safeBigint } from './columns.ts';
import { User } from './user.ts';

export const Account = defineEntity({
  name: 'Account',
  tableName: 'accounts',
  properties: {
    userId: () =>
      p
        .manyToOne(User)
        .mapToPk()
        .primary()
        .fieldName('user_id')
        .foreignKeyName('accounts_user_id_foreign')
        .updateRule('no action')
        .deleteRule('no action'),
    /** The last source_seq that the account gave out itself. */
    lastSeq: safeBigint(),
  },
});

/** A row of `accounts`. */
export type Account = InferEntity<typeof Account>;
