/**
 * A cancel (F), a replace (G), a mass cancel (q) or a refused order (D), written in the commit of its outcome: ClOrdIDs (11) that a
 * member has used. The ClOrdID of an accepted order is in `orders`. Partitioned by month.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { fixCode, instant, safeBigint } from './columns.ts';

export const Request = defineEntity({
  name: 'Request',
  tableName: 'requests',
  checks: [{ name: 'requests_msg_type_check', expression: "msg_type in ('D', 'F', 'G', 'q')" }],
  indexes: [{ name: 'requests_by_link_index', type: 'brin', properties: ['link'] }],
  properties: {
    userId: p.integer().primary(),
    tradingDay: p.date().primary(),
    id: safeBigint().columnType('bigint').primary().autoincrement().generated('by default as identity'),
    createdAt: instant().primary(),
    /** As the member sent it: a refusal may be about its length. */
    clOrdId: p.text(),
    msgType: fixCode<'D' | 'F' | 'G' | 'q'>(),
    orderId: safeBigint().nullable(),
    accepted: p.boolean(),
    /** The link of the audit trail that covers the row; 0: it is older than the trail. */
    link: safeBigint().defaultRaw('0'),
  },
});

/** A row of `requests`. */
export type Request = InferEntity<typeof Request>;
