/** The number of each writer's last commit: how a COMMIT whose answer was lost is recognised. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { safeBigint } from './columns.ts';

export const Commit = defineEntity({
  name: 'Commit',
  tableName: 'commits',
  properties: {
    /** The node's name. */
    writer: p.text().primary(),
    lastNo: safeBigint(),
  },
});

/** A row of `commits`. */
export type Commit = InferEntity<typeof Commit>;
