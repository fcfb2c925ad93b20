/**
 * Verifies the closings: that the operators' chain vouches for the last one, that it says what it said, that what it
 * closed is gone, and that what outlives it (transfers, orders that were open) is as it was.
 */

import { isClosed, isClosedNumber } from '../retention/closed-rows.ts';
import {
  CLOSING_ACTION,
  CLOSING_HASH,
  type ClosingRecord,
  ENTRY_HASH,
  linesHash,
  transfersHash,
} from '../retention/closings.ts';
import type { Sql } from '../sql.ts';
import type { ChainFaults } from './differences.ts';

export async function verifyClosings(
  sql: Sql,
  last: ClosingRecord | undefined,
  limit: number,
  faults: ChainFaults,
): Promise<void> {
  await verifyRows(sql, last, faults);
  if (last === undefined) return;
  await verifyLast(sql, last, faults);
  await verifyOrders(sql, last, limit, faults);
  if (last.isDropped) await verifyGone(sql, last, faults);
}

interface ClosingFault {
  readonly id: string;
  readonly is_changed: boolean;
  readonly is_unchained: boolean;
}

/** Each closing that counts has its own hash and that of the one before; none is missing at the end. */
async function verifyRows(sql: Sql, last: ClosingRecord | undefined, faults: ChainFaults): Promise<void> {
  const rows = await sql.rows<ClosingFault>(
    `select c.id, c.hash <> ${CLOSING_HASH} as is_changed, c.previous_hash <> c.hash_before as is_unchained
    from (select *, lag(hash, 1, decode(repeat('00', 32), 'hex')) over (order by id) as hash_before
      from closings where audit_no is not null) c
    where c.hash <> ${CLOSING_HASH} or c.previous_hash <> c.hash_before order by c.id`,
  );
  for (const { id, is_changed: isChanged } of rows) {
    faults.add(
      isChanged
        ? `closing ${id} has been changed`
        : `closing ${id} does not follow the one before it: one is missing`,
    );
  }
  const [entry] = await sql.rows<{ no: string; closing: string | null }>(
    `select no, details->>'closing' as closing from audit where action = '${CLOSING_ACTION}' and no is not null ` +
      'order by no desc limit 1',
  );
  if (entry !== undefined && entry.closing !== String(last?.id)) {
    faults.add(
      `closing ${entry.closing} is missing, or does not count any more: entry ${entry.no} of operators has it`,
    );
  }
}

async function verifyLast(sql: Sql, last: ClosingRecord, faults: ChainFaults): Promise<void> {
  const [row] = await sql.rows<{ is_noted: boolean; has_lines: boolean; has_transfers: boolean }>(
    `select exists (select from audit a where a.no = c.audit_no and a.action = '${CLOSING_ACTION}'
        and a.details->>'closing' = c.id::text and a.details->>'hash' = encode(c.hash, 'hex')) as is_noted,
      c.lines_hash = ${linesHash('c.id')} as has_lines,
      c.transfers_hash = ${transfersHash(last.history)} as has_transfers
    from closings c where c.id = $1::bigint`,
    [last.id],
  );
  if (row?.is_noted !== true) {
    faults.add(`closing ${last.id}: the operators' chain has no entry with its hash`);
  }
  if (row?.has_lines !== true) {
    faults.add(`closing ${last.id}: a line of it has been changed, removed or added`);
  }
  if (row?.has_transfers !== true) {
    faults.add(`closing ${last.id}: a transfer of before has been changed, removed or added`);
  }
}

/** Orders that were open: no link covers what was accepted of them any more. */
async function verifyOrders(
  sql: Sql,
  last: ClosingRecord,
  limit: number,
  faults: ChainFaults,
): Promise<void> {
  const rows = await sql.rows<{ id: string; is_there: boolean; count: string }>(
    `select l.key as id, o.id is not null as is_there, count(*) over () as count
    from closing_lines l left join orders o on o.id = l.key::bigint
    where l.closing_id = $1::bigint and l.kind = 'order' and (o.id is null or l.value->>'entry_hash' <> ${ENTRY_HASH})
    order by l.key limit $2::int`,
    [last.id, limit],
  );
  faults.addMany(
    Number(rows[0]?.count ?? 0),
    rows.map(({ id, is_there: isThere }) =>
      isThere
        ? `order ${id}, which was open at closing ${last.id}, has been changed in what was accepted`
        : `order ${id}, which was open at closing ${last.id}, is missing`,
    ),
  );
}

/** Rows that are dated back among what was put away. */
async function verifyGone(
  sql: Sql,
  { id, history, operators }: ClosingRecord,
  faults: ChainFaults,
): Promise<void> {
  const closedOrder = `${isClosed(history, 'orders', 't')} and not exists (select from closing_lines l
    where l.closing_id = ${id} and l.kind = 'order' and l.key = t.id::text)`;
  const closed = {
    orders: closedOrder,
    trades: isClosed(history, 'trades', 't'),
    trade_amendments: isClosed(history, 'trade_amendments', 't'),
    reports: isClosed(history, 'reports', 't'),
    requests: isClosed(history, 'requests', 't'),
    audit_links: isClosedNumber(history, 't.no'),
    audit: `t.no <= ${operators.no}`,
  };
  for (const [table, condition] of Object.entries(closed)) {
    const [row] = await sql.rows<{ count: string }>(
      `select count(*) as count from ${table} t where ${condition}`,
    );
    const count = Number(row?.count ?? 0);
    if (count > 0)
      faults.add(`${table}: ${count} rows are of before closing ${id}, which has put all of them away`);
  }
}
