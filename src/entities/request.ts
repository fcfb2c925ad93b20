/**
 * A cancel (F), a replace (G) or a refused order (D), written in the commit of its outcome: ClOrdIDs (11) that a
 * member has used. The ClOrdID of an accepted order is in `orders`. Partitioned by month.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { fixCode, instant, safeBigint } from './columns.ts';

export const Request = defineEntity({
  name: 'Request',
  tableName: 'requests',
  checks: [{ name: 'requests_msg_type_check', expression: "msg_type in ('D', 'F', 'G')" }],
  properties: {
    userId: p.integer().primary(),
    tradingDay: p.date().primary(),
    id: safeBigint().columnType('bigint').primary().autoincrement().generated('by default as identity'),
    createdAt: instant().primary(),
    /** As the member sent it: a refusal may be about its length. */
    clOrdId: p.text(),
    msgType: fixCode<'D' | 'F' | 'G'>(),
    orderId: safeBigint().nullable(),
    accepted: p.boolean(),
  },
});

/** A row of `requests`. */
export type Request = InferEntity<typeof Request>;
