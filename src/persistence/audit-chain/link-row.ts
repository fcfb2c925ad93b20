/** The row of a link, as a commit writes it. */
import type { SealedLink } from './link.ts';

/** Its parameters are the first ones of the statement, and $1 is the number that the linked rows name. */
export const LINK_SQL =
  'insert into audit_links (no, at, previous_hash, hash, row_counts, digests, first_order_id, last_order_id, ' +
  "first_trade_id, last_trade_id) values ($1::bigint, $2::timestamptz, decode($3, 'hex'), decode($4, 'hex'), " +
  "$5::int[], decode($6, 'hex'), nullif($7, '')::bigint, nullif($8, '')::bigint, nullif($9, '')::bigint, " +
  "nullif($10, '')::bigint)";

export function linkParameters(link: SealedLink): readonly string[] {
  const [firstOrderId, lastOrderId] = link.orderIds ?? ['', ''];
  const [firstTradeId, lastTradeId] = link.tradeIds ?? ['', ''];
  return [
    String(link.no),
    new Date(link.at).toISOString(),
    hex(link.previousHash),
    hex(link.hash),
    `{${link.rowCounts.join(',')}}`,
    hex(link.digests),
    ...[firstOrderId, lastOrderId, firstTradeId, lastTradeId].map(String),
  ];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
