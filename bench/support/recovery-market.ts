/**
 * The rows that a venue of a given size has left behind: members, instruments and open orders, made by the server
 * itself in the venue's own schema. They are such as the venue would have written, so that `reconcile` finds nothing.
 */
import type pg from 'pg';

/** How much there is to recover. */
export interface MarketSize {
  readonly openOrders: number;
  readonly symbols: number;
  readonly members: number;
}

/** SenderCompID (49) of the first member; the others follow. */
export const FIRST_COMP_ID = 1_001;
/** Below every resting sell and above every resting buy. */
export const MIDDLE_PRICE = 50_000;
export const ORDER_QTY = '0.01';
const ID_BLOCK = 1_000_000;
/** What every member has beside what its orders hold. */
const FREE_AMOUNT = 1_000_000;

/** The name of the symbol number `index`, counted from 0. */
export function symbolOf(index: number): string {
  return `S${String(index + 1).padStart(4, '0')}`;
}

/** Members with one password, each with an account, and the symbols with an asset of their own each. */
export async function makeMembers(client: pg.Client, size: MarketSize, passwordHash: string): Promise<void> {
  await client.query(
    `with added as (
      insert into users (username, password_hash, sender_comp_id)
      select 'member-' || comp_id, $1, comp_id from generate_series($2::int, $3::int) as comp_id returning id
    ) insert into accounts (user_id, last_seq) select id, 0 from added`,
    [passwordHash, FIRST_COMP_ID, FIRST_COMP_ID + size.members - 1],
  );
  await client.query(
    `insert into instruments (symbol, base_asset, quote_asset, tick_size, lot_size, min_quantity, max_quantity,
      market_protection_bps, maker_fee_rate, taker_fee_rate, created_at)
    select 'S' || lpad(s::text, 4, '0'), 'A' || lpad(s::text, 4, '0'), 'USD', 0.01, 0.0001, 0.0001, 1000000,
      500, 0, 0, now()
    from generate_series(1, $1::int) as s`,
    [size.symbols],
  );
}

/**
 * Open orders, dealt out to symbols and members in turn, buys and sells at 500 prices each, and what goes with them:
 * where each book stands, what is held, from where that came, and that each member has been told of its orders.
 */
export async function makeOrders(client: pg.Client, size: MarketSize): Promise<void> {
  const { openOrders, symbols, members } = size;
  const { rows } = await client.query<{ first: string }>(
    "select min(nextval('order_ids')) as first from generate_series(1, $1::int)",
    [Math.ceil(openOrders / ID_BLOCK)],
  );
  await client.query(
    `insert into orders (id, user_id, symbol, entry_cl_ord_id, cl_ord_id, side, ord_type, time_in_force, entry_price,
      price, entry_quantity, quantity, filled_quantity, remaining_quantity, cum_notional, maker_fee_rate,
      taker_fee_rate, hold, status, is_open, priority, accepted_seq, trading_day, created_at, updated_at)
    select $1::bigint + n, user_id, 'S' || lpad((n % $3 + 1)::text, 4, '0'), 'order-' || n, 'order-' || n, side, '2',
      '1', price, price, ${ORDER_QTY}, ${ORDER_QTY}, 0, ${ORDER_QTY}, 0, 0,
      0, case side when '1' then price * ${ORDER_QTY} else ${ORDER_QTY} end, '0', true, n / $3 + 1, n / $3 + 1,
      current_date, now(), now()
    from (
      select n, (select min(id) from users where id > 0) + ((n + n / $3) % $4)::int as user_id,
        case (n / $3) % 2 when 0 then '1' else '2' end as side,
        ${MIDDLE_PRICE} + case (n / $3) % 2 when 0 then -1 else 1 end * (1 + (n / $3) * 7919 % 500) * 0.5 as price
      from generate_series(0, $2::bigint - 1) as n
    ) as dealt`,
    [rows[0]?.first, openOrders, symbols, members],
  );
  await client.query(
    `insert into books (symbol, last_seq, last_price, last_traded_at)
      select symbol, max(accepted_seq), ${MIDDLE_PRICE}, now() from orders group by symbol`,
  );
  await client.query(
    `insert into fix_delivered (user_id, source, source_seq)
      select user_id, symbol, max(accepted_seq) from orders group by user_id, symbol`,
  );
  await client.query(
    `insert into balances (user_id, asset, amount, held)
      select user_id, asset, sum(hold) + ${FREE_AMOUNT}, sum(hold) from (
        select user_id, hold, case side when '1' then quote_asset else base_asset end as asset
        from orders join instruments using (symbol)
        union all select id, 0, 'USD' from users where status = 'active'
      ) as held group by user_id, asset`,
  );
  await client.query(
    `insert into transfers (user_id, asset, amount, kind, idempotency_key, requested_by, created_at)
      select user_id, asset, amount, 'deposit', 'bench ' || user_id || ' ' || asset, 'bench', now() from balances`,
  );
  await client.query('analyze');
}
