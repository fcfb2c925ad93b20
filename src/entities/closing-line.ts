/** What a closing notes one by one: ends of chains, balances, numbers, and orders and trades that live on. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { safeBigint } from './columns.ts';

export const CLOSING_LINE_KINDS = ['chain', 'balance', 'number', 'order', 'trade', 'baseline'] as const;

export const ClosingLine = defineEntity({
  name: 'ClosingLine',
  tableName: 'closing_lines',
  properties: {
    closingId: safeBigint().primary().autoincrement(false),
    kind: p.text().primary(),
    key: p.text().primary(),
    value: p.json<Readonly<Record<string, unknown>>>().columnType('jsonb'),
  },
});

/** A row of `closing_lines`. */
export type ClosingLine = InferEntity<typeof ClosingLine>;
