/** Who owns the accounts of a shard: those of the users whose id leaves its number when divided by how many there are. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { safeBigint } from './columns.ts';

export const AccountShard = defineEntity({
  name: 'AccountShard',
  tableName: 'account_shards',
  checks: [{ name: 'account_shards_numbers_check', expression: 'shard >= 0 and shard < 64 and epoch >= 0' }],
  properties: {
    shard: p.integer().primary().autoincrement(false),
    /** The engine that owns the accounts, and in which of its lives; null: none does. */
    owner: p.text().nullable(),
    ownerIncarnation: safeBigint().nullable(),
    /** Grows by one with every change of the owner. */
    epoch: safeBigint().defaultRaw('0'),
    /** The node that an operator wants it on; null: where it is placed by configuration or by chance. */
    placedOn: p.text().nullable(),
  },
});

/** A row of `account_shards`. */
export type AccountShard = InferEntity<typeof AccountShard>;
