/** Who owns a symbol's book, under which epoch, and where the book stood at its last commit. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { amount, instant, safeBigint } from './columns.ts';
import { InstrumentRow } from './instrument.ts';

export const Book = defineEntity({
  name: 'Book',
  tableName: 'books',
  checks: [
    { name: 'books_numbers_check', expression: 'epoch >= 0 and last_seq >= 0' },
    { name: 'books_last_price_check', expression: 'last_price > 0' },
  ],
  properties: {
    symbol: () =>
      p
        .manyToOne(InstrumentRow)
        .mapToPk()
        .primary()
        .fieldName('symbol')
        .foreignKeyName('books_symbol_foreign')
        .updateRule('no action')
        .deleteRule('no action'),
    /** The node that owns the book; null before its first load. */
    owner: p.text().nullable(),
    /** The life of the node that owns it, in a cluster; what it says is not looked at by a venue of one node. */
    ownerIncarnation: safeBigint().nullable(),
    /** Grows by one with every load and every change of the owner: a commit under an older one is refused. */
    epoch: safeBigint().defaultRaw('0'),
    /** The node that an operator wants it on; null: where it is placed by configuration or by chance. */
    placedOn: p.text().nullable(),
    /** The life of the node that has read beforehand what it can, so that the book may come to it. */
    preparedBy: safeBigint().nullable(),
    /** The last book sequence number given out. */
    lastSeq: safeBigint().defaultRaw('0'),
    /** Price of the last trade. */
    lastPrice: amount().nullable(),
    lastTradedAt: instant().nullable(),
  },
});

/** A row of `books`. */
export type Book = InferEntity<typeof Book>;
