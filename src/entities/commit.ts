/** The number of each writer's last commit, how a COMMIT whose answer was lost is recognised, and the end of its chain. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { instant, safeBigint } from './columns.ts';

export const Commit = defineEntity({
  name: 'Commit',
  tableName: 'commits',
  checks: [{ name: 'commits_last_link_check', expression: '(last_link is null) = (last_hash is null)' }],
  properties: {
    /** The node's name. */
    writer: p.text().primary(),
    lastNo: safeBigint(),
    /** In a cluster, the life of the node that writes now: an earlier one writes nothing more. Null: it has none. */
    incarnation: safeBigint().nullable(),
    /** The writer's chain of the audit trail; null before its first start with one. */
    chain: p.integer().nullable().unique('commits_chain_unique'),
    /** `audit_links.no` and `hash` of its last link; null: it has none yet. */
    lastLink: safeBigint().nullable(),
    lastHash: p.blob().nullable(),
    /** The latest instant in the rows of that link; null: it was made before this was noted. */
    lastLinkAt: instant().nullable(),
  },
});

/** A row of `commits`. */
export type Commit = InferEntity<typeof Commit>;
