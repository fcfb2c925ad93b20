/**
 * The rows that a venue has after months of trading, made by the server itself in the venue's own schema and such that
 * `reconcile` finds nothing: orders that met, their trades and reports, refused cancels, what was sent, links of an
 * earlier writer, and orders that have been open since the first day.
 */
import type { MikroORM } from '@mikro-orm/postgresql';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { onConnection, type Sql } from '../../src/persistence/sql.ts';

export interface GrowthSize {
  readonly months: number;
  /** Pairs of orders that meet, a month. */
  readonly pairsPerMonth: number;
  readonly symbols: number;
  readonly users: number;
}

/** Ms since the epoch: the first instant of the first month, and where the last one stands. */
export interface GrowthSpan {
  readonly from: number;
  readonly now: number;
}

/** The first symbol; the others are `S2-USD` and so on. */
export const FIRST_SYMBOL = 'BTC-USD';
export const FIRST_COMP_ID = 1_001;
/** Orders of each symbol that have been open since the first day. */
const OPEN_PER_SYMBOL = 10;
const DAY_MS = 86_400_000;
/** The last month has reached this day. */
const LAST_DAY = 24;

const SYMBOL = "case s when 0 then 'BTC-USD' else 'S' || s + 1 || '-USD' end";
const REPORT_COLUMNS =
  'user_id, source, source_seq, at, msg_type, order_id, cl_ord_id, exec_type, ord_status, symbol, side, ord_type, ' +
  'time_in_force, order_qty, price, cum_qty, leaves_qty, avg_px, last_qty, last_px, trade_id, last_liquidity_ind, ' +
  'fee, fee_asset';

/** Fills an empty, migrated database; `onMonth` is told when the rows of one are there. */
export async function makeGrowth(
  orm: MikroORM,
  size: GrowthSize,
  onMonth: (month: number) => void = () => {},
): Promise<GrowthSpan> {
  const first = (month: number) => Date.UTC(2025, month, 1);
  for (let month = 0; month < size.months; month += 1) await ensurePartitions(orm, first(month));
  await onConnection(orm, async (sql) => {
    await makeMembers(sql, size);
    await makeOpenOrders(sql, size, new Date(first(0)).toISOString());
  });
  for (let month = 0; month < size.months; month += 1) {
    const isLast = month === size.months - 1;
    const end = isLast ? first(month) + (LAST_DAY - 1) * DAY_MS : first(month + 1);
    await onConnection(orm, (sql) => makeMonth(sql, size, month, first(month), end));
    onMonth(month);
  }
  await onConnection(orm, (sql) => makeSums(sql, size));
  return { from: first(0), now: first(size.months - 1) + (LAST_DAY - 1) * DAY_MS + 1 };
}

async function makeMembers(sql: Sql, { symbols, users }: GrowthSize): Promise<void> {
  await sql.rows(
    `insert into users (username, password_hash, sender_comp_id)
    select 'member-' || u, '', ${FIRST_COMP_ID - 1} + u from generate_series(1, $1::int) u`,
    [users],
  );
  await sql.rows(
    `insert into instruments (symbol, base_asset, quote_asset, tick_size, lot_size, min_quantity, max_quantity,
      market_protection_bps, maker_fee_rate, taker_fee_rate, created_at)
    select ${SYMBOL}, split_part(${SYMBOL}, '-', 1), 'USD', 0.01, 0.0001, 0.0001, 1000000, 500, 0, 0, '2025-01-01'
    from generate_series(0, $1::int - 1) s`,
    [symbols],
  );
}

const ORDER_COLUMNS =
  'id, user_id, symbol, entry_cl_ord_id, cl_ord_id, side, ord_type, time_in_force, entry_price, price, ' +
  'entry_quantity, quantity, filled_quantity, remaining_quantity, cum_notional, maker_fee_rate, taker_fee_rate, hold, ' +
  'status, is_open, priority, accepted_seq, trading_day, created_at, updated_at';

async function makeOpenOrders(sql: Sql, { symbols, users }: GrowthSize, at: string): Promise<void> {
  await sql.rows(
    `insert into orders (${ORDER_COLUMNS})
    select 9000000000 + s * ${OPEN_PER_SYMBOL} + k, 1 + (s + k) % $2::int, ${SYMBOL}, 'open-' || s || '-' || k,
      'open-' || s || '-' || k, '1', '2', '1', 1, 1, 1, 1, 0, 1, 0, 0, 0, 1, '0', true, k, k, $3::date,
      $3::timestamptz, $3::timestamptz
    from generate_series(0, $1::int - 1) s, generate_series(1, ${OPEN_PER_SYMBOL}) k`,
    [symbols, users, at],
  );
}

async function makeMonth(sql: Sql, size: GrowthSize, month: number, from: number, to: number): Promise<void> {
  const { symbols, users, pairsPerMonth } = size;
  await sql.rows('begin');
  await sql.rows(
    `create temp table pairs on commit drop as
    select g, ${SYMBOL} as symbol, ${OPEN_PER_SYMBOL} + 4 * (g / ${symbols}) as seq, 1 + g % ${users} as maker,
      1 + (g + 1) % ${users} as taker, 100 + (g % 50) * 0.01 as price, to_timestamp(ms / 1000.0) as at
    from (select g, (g % ${symbols})::int as s, $3::bigint + (g - $1::bigint) * ($4::bigint - $3::bigint) / $2::bigint as ms
      from generate_series($1::bigint, $1::bigint + $2::bigint - 1) g) p`,
    [month * pairsPerMonth, pairsPerMonth, from, to],
  );
  for (const [id, user, side, seq] of [
    ['2 * g + 1', 'maker', '2', 'seq + 1'],
    ['2 * g + 2', 'taker', '1', 'seq + 2'],
  ]) {
    await sql.rows(
      `insert into orders (${ORDER_COLUMNS}) select ${id}, ${user}, symbol, 'o' || ${id}, 'o' || ${id}, '${side}', '2',
        '1', price, price, 1, 1, 1, 0, price, 0, 0, 0, '2', false, ${seq}, ${seq}, at::date, at, at from pairs`,
    );
  }
  await sql.rows(
    `insert into trades (id, symbol, price, quantity, maker_order_id, taker_order_id, maker_user_id, taker_user_id,
      taker_side, maker_fee, taker_fee, executed_at, maker_seq, taker_seq)
    select g + 1, symbol, price, 1, 2 * g + 1, 2 * g + 2, maker, taker, '1', 0, 0, at, seq + 3, seq + 4 from pairs`,
  );
  for (const [id, user, side, seq, liquidity] of [
    ['2 * g + 1', 'maker', '2', 'seq + 3', '1'],
    ['2 * g + 2', 'taker', '1', 'seq + 4', '2'],
  ]) {
    await sql.rows(
      `insert into reports (${REPORT_COLUMNS}) select ${user}, symbol, ${seq}, at, '8', ${id}, 'o' || ${id}, 'F', '2',
        symbol, '${side}', '2', '1', 1, price, 1, 0, price, 1, price, g + 1, ${liquidity}, 0, 'USD' from pairs`,
    );
  }
  await sql.rows(
    `insert into requests (user_id, trading_day, created_at, cl_ord_id, msg_type, accepted)
    select maker, at::date, at, 'x' || g, 'F', false from pairs order by g`,
  );
  await sql.rows(
    `insert into reports (user_id, source, source_seq, at, msg_type, cl_ord_id, ord_status, reason)
    select maker, 'user:' || maker, g / ${users} + 1, at, '9', 'x' || g, '8', 1 from pairs`,
  );
  await sql.rows(
    `insert into audit_links (no, at, previous_hash, hash, row_counts, digests)
    select (1::bigint << 40) + g / 10 + 1, at, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'),
      '{20,10,0,30,10,0}', decode(repeat('00', 280), 'hex') from pairs where g % 10 = 0`,
  );
  await sql.rows(
    `insert into fix_messages (sender_comp_id, last_seq, first_seq, sent_at, frames)
    select ${FIRST_COMP_ID - 1} + maker, g / ${users} + 1, g / ${users} + 1, at, decode(repeat('00', 200), 'hex')
    from pairs where g % 20 = 0`,
  );
  await sql.rows(
    `insert into audit (at, actor, action, details)
    select at, 'olga', 'user terms', '{}' from pairs where g % greatest(${pairsPerMonth} / 50, 1) = 0`,
  );
  await sql.rows('commit');
}

/** Where everything stands after all months. */
async function makeSums(sql: Sql, { users, months, pairsPerMonth }: GrowthSize): Promise<void> {
  await sql.rows(
    `insert into books (symbol, owner, epoch, last_seq, last_price, last_traded_at)
    select o.symbol, 'earlier', 1, greatest(max(o.accepted_seq), coalesce(max(t.seq), 0)), 100, max(o.updated_at)
    from orders o left join (select symbol, max(taker_seq) as seq from trades group by 1) t using (symbol) group by 1`,
  );
  await sql.rows(
    `insert into accounts select user_id, max(source_seq) from reports where source like 'user:%' group by 1`,
  );
  await sql.rows(
    `insert into balances (user_id, asset, amount, held)
    select user_id, asset, sum(amount) + 1000000000, sum(held) from (
      select maker_user_id as user_id, 'USD' as asset, sum(price) as amount, 0 as held from trades group by 1
      union all select taker_user_id, 'USD', -sum(price), 0 from trades group by 1
      union all select maker_user_id, split_part(symbol, '-', 1), -count(*), 0 from trades group by 1, 2
      union all select taker_user_id, split_part(symbol, '-', 1), count(*), 0 from trades group by 1, 2
      union all select user_id, 'USD', 0, sum(hold) from orders where is_open group by 1) f group by 1, 2`,
  );
  await sql.rows(
    `insert into transfers (user_id, asset, amount, kind, idempotency_key, requested_by, created_at)
    select user_id, asset, 1000000000, 'deposit', user_id || ' ' || asset, 'olga', '2025-01-01' from balances`,
  );
  await sql.rows(
    `insert into fix_delivered select user_id, source, max(seq) from (
      select user_id, source, source_seq as seq from reports
      union all select user_id, symbol, accepted_seq from orders) d group by 1, 2`,
  );
  await sql.rows(
    `insert into fix_sessions (sender_comp_id, next_in, next_out, reserved_out, clean)
    select ${FIRST_COMP_ID - 1} + u, 2, $2::bigint, $2::bigint + 1000, true from generate_series(1, $1::int) u`,
    [users, Math.ceil((months * pairsPerMonth) / users) + 2],
  );
  await sql.rows(
    `insert into commits (writer, last_no, chain, last_link, last_hash, last_link_at)
    select 'earlier', count(*), nextval('audit_chains'), max(no), decode(repeat('00', 32), 'hex'), max(at) from audit_links`,
  );
  for (const [sequence, from] of [
    ['order_ids', 'orders'],
    ['trade_ids', 'trades'],
  ]) {
    await sql.rows(
      `select setval('${sequence}', (select max(id) / 1000000 * 1000000 + 1000001 from ${from}))`,
    );
  }
  await sql.rows('analyze');
}
