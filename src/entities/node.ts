/** A node of the cluster in its latest life: its lease, and what it says of itself when it renews that. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant, safeBigint } from './columns.ts';

export const NodeRow = defineEntity({
  name: 'NodeRow',
  tableName: 'nodes',
  checks: [
    { name: 'nodes_end_check', expression: '(ended_at is null) = (end_reason is null)' },
    { name: 'nodes_connections_check', expression: 'connections >= 0 and max_connections >= 0' },
  ],
  properties: {
    /** As configured. */
    name: p.text().primary(),
    /** Of the sequence `node_incarnations`: greater than that of every earlier life of any node. */
    incarnation: safeBigint(),
    roles: p.array(),
    /** Of the messages between nodes. */
    protocolVersion: p.integer(),
    /** Of what all nodes must have alike in their configurations: a digest for each setting. */
    configDigest: p.text(),
    startedAt: instant(),
    renewedAt: instant(),
    leaseUntil: instant(),
    /** The lease has not been over since then. */
    heldSince: instant(),
    /** No renewal has been late since then: who has been away, or cut off, judges nobody else's lease. */
    renewingSince: instant(),
    /** This life is over, for good: it left, crashed, or was without a lease when another looked. */
    endedAt: instant().nullable(),
    endReason: p.text().nullable(),
    natsReachable: p.boolean(),
    /** Can serve: a gateway members, an engine books. */
    ready: p.boolean(),
    /** Gives up what it has and takes nothing. */
    draining: p.boolean(),
    /** FIX connections now, and how many it takes. */
    connections: p.integer(),
    maxConnections: p.integer(),
    /** By how much its clock is ahead of the database's. */
    clockOffsetMs: safeBigint(),
    /** Where members reach it. */
    endpoints: p.json<readonly { readonly host: string; readonly port: number }[]>().columnType('jsonb'),
  },
});

/** A row of `nodes`. */
export type NodeRow = InferEntity<typeof NodeRow>;
