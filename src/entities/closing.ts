/**
 * What was noted of history before its partitions were dropped, and where it begins since then. A closing counts from
 * when the operators' chain has its hash.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant, safeBigint } from './columns.ts';

export const Closing = defineEntity({
  name: 'Closing',
  tableName: 'closings',
  properties: {
    id: safeBigint().columnType('bigint').primary().autoincrement().generated('by default as identity'),
    closedAt: instant(),
    /** Orders, trades, reports, requests and links of before are closed: a first instant of a month, UTC. */
    historyBefore: instant().nullable(),
    /** The same for the actions of operators. */
    operatorsBefore: instant().nullable(),
    /** The last closed entry of the operators' chain; 0: none is. */
    operatorsNo: safeBigint(),
    operatorsHash: p.blob(),
    /** Rows of each table that were put away. */
    rowCounts: p.json<Readonly<Record<string, number>>>().columnType('jsonb'),
    /** SHA-256 over all closed transfers: their rows stay. */
    transfersHash: p.blob(),
    /** SHA-256 over the lines. */
    linesHash: p.blob(),
    /** Of the closing before; zeros in the first. */
    previousHash: p.blob(),
    /** SHA-256 over all of the above. */
    hash: p.blob(),
    /** `audit.no` of the entry that has the hash; null: the closing does not count yet. */
    auditNo: safeBigint().nullable(),
    /** When all that is closed was gone; null: some of it may still be there. */
    droppedAt: instant().nullable(),
  },
});

/** A row of `closings`. */
export type Closing = InferEntity<typeof Closing>;
