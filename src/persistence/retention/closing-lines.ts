/**
 * What a closing notes, one statement per kind of line: each adds up what was noted last and the rows that are closed
 * since, with the sums that a reconciliation makes of the same rows.
 */
import { LINKED_TABLES } from '../audit-chain/linked-rows.ts';
import { historySince, historyUntil, knownTrades } from '../reconcile/history-start.ts';
import { balanceSums } from '../reconcile/money.ts';
import { fillSums } from '../reconcile/orders.ts';
import type { Sql } from '../sql.ts';
import { type ClosedUpTo, isClosed, rowsSince } from './closed-rows.ts';
import { type ClosedChain, type ClosingRecord, ENTRY_HASH } from './closings.ts';

/**
 * The ends of all chains before an instant: of each the last link such that neither it nor one before it is of later.
 * A chain that has none ends where it ended at the last closing.
 */
export async function findChainEnds(
  sql: Sql,
  before: string,
  previous: ClosingRecord | undefined,
): Promise<readonly ClosedChain[]> {
  const rows = await sql.rows<{ chain: number; writer: string; no: string | null; hash: Uint8Array | null }>(
    `select c.chain, c.writer, e.no, e.hash from commits c left join lateral (
      select no, hash from audit_links l where l.no > c.chain::bigint << 40 and l.at < $1::timestamptz
        and l.no < coalesce((select min(no) from audit_links m
          where m.no > c.chain::bigint << 40 and m.no < (c.chain + 1)::bigint << 40 and m.at >= $1::timestamptz),
          (c.chain + 1)::bigint << 40)
      order by no desc limit 1) e on true
    where c.chain is not null order by c.chain`,
    [before],
  );
  return rows.flatMap(({ chain, writer, no, hash }) => {
    const last = previous?.chains.find((one) => one.chain === chain);
    if (no !== null && hash !== null && Number(no) > (last?.no ?? 0)) {
      return [{ chain, writer, no: Number(no), hash }];
    }
    return last === undefined ? [] : [last];
  });
}

/** Writes the lines of closing `id`, which closes what `to` says after `previous`. */
export async function writeLines(
  sql: Sql,
  id: number,
  previous: ClosingRecord | undefined,
  to: ClosedUpTo,
  chains: readonly ClosedChain[],
): Promise<void> {
  for (const { chain, writer, no, hash } of chains) {
    await sql.rows(
      "insert into closing_lines values ($1::bigint, 'chain', $2::int::text, " +
        "jsonb_build_object('chain', $2::int, 'writer', $3::text, 'no', $4::bigint, 'hash', $5::text))",
      [id, chain, writer, no, Buffer.from(hash).toString('hex')],
    );
  }
  const from = previous?.history;
  const closed = historyUntil(historySince(previous), from, to);
  const insert = (kind: string, key: string, cells: Readonly<Record<string, string>>, source: string) => {
    const members = Object.entries(cells).map(([name, cell]) => `'${name}', ${cell}`);
    return sql.rows(
      `insert into closing_lines select ${id}, '${kind}', ${key}, jsonb_build_object(${members.join(', ')}) ${source}`,
    );
  };
  await insert(
    'balance',
    "v.user_id || ' ' || v.asset",
    { user_id: 'v.user_id', asset: 'v.asset', amount: 'v.expected' },
    `from (${balanceSums(closed)}) v`,
  );
  await insert(
    'number',
    'v.source',
    { source: 'v.source', seq: 'max(v.seq)' },
    `from (select source, source_seq as seq from ${closed.rows.reports} r
      union all select symbol, accepted_seq from ${closed.rows.orders} o
      union all select source, seq from ${closed.numbers} s) v group by v.source`,
  );
  await insert(
    'order',
    'o.id::text',
    {
      order_id: 'o.id',
      quantity: 'coalesce(t.order_qty, s.quantity, o.entry_quantity)',
      filled_quantity: 'coalesce(t.cum_qty, s.filled_quantity, 0)',
      remaining_quantity: 'coalesce(t.leaves_qty, s.remaining_quantity, o.entry_quantity)',
      cum_notional: 'coalesce(f.notional, 0)',
      status: "coalesce(t.ord_status, s.status, '0')",
      price: 'coalesce(t.price, s.price, o.entry_price)',
      entry_hash: ENTRY_HASH,
    },
    `from orders o left join ${closed.orders} s on s.order_id = o.id
    left join (
      select distinct on (r.order_id) r.order_id, r.order_qty, r.cum_qty, r.leaves_qty, r.ord_status::text as ord_status,
        r.price from ${closed.rows.reports} r
      where r.msg_type = '8' and r.exec_type <> '8' and r.source in (select symbol from instruments)
      order by r.order_id, r.source_seq desc) t on t.order_id = o.id
    left join (${fillSums(closed)}) f on f.order_id = o.id
    where ${isClosed(to, 'orders', 'o')} and (s.order_id is not null or not ${isClosed(from, 'orders', 'o')})
      and (coalesce(t.leaves_qty, s.remaining_quantity, o.entry_quantity) > 0
        or o.id in (select order_id from ${rowsSince(to, 'reports')} r where exec_type in ('G', 'H', 'F')))`,
  );
  const columns = 'id symbol maker_order_id taker_order_id maker_user_id taker_user_id taker_side'.split(' ');
  await insert(
    'trade',
    't.id::text',
    {
      ...Object.fromEntries(columns.map((name) => [name, `t.${name}`])),
      price: 'coalesce(a.price_after, t.price)',
      quantity: 'coalesce(a.quantity_after, t.quantity)',
      maker_fee: 'coalesce(a.maker_fee_after, t.maker_fee)',
      taker_fee: 'coalesce(a.taker_fee_after, t.taker_fee)',
    },
    `from ${knownTrades(closed)} t left join lateral (
      select * from ${closed.rows.trade_amendments} a where a.trade_id = t.id order by a.id desc limit 1) a on true
    where t.id in (select trade_id from ${rowsSince(to, 'trade_amendments')} a)`,
  );
  for (const table of LINKED_TABLES) {
    await insert(
      'baseline',
      `'${table}'`,
      { count: 'count(*)' },
      `from ${rowsSince(to, table)} t where t.link = 0`,
    );
  }
}

/** Notes how many actions of operators from `before` on are older than their chain. */
export async function writeOperatorsBaseline(
  sql: Sql,
  id: number,
  before: string | undefined,
): Promise<void> {
  await sql.rows(
    "insert into closing_lines select $1::bigint, 'baseline', 'audit', jsonb_build_object('count', count(*)) " +
      'from audit where hash is null and ($2::timestamptz is null or at >= $2::timestamptz)',
    [id, before ?? null],
  );
}
