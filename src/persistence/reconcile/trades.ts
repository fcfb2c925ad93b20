/**
 * Trades: each is between two orders of opposite sides, with the owners, symbol and fees that these orders have, and
 * each party has one report of it. What the operator made of trades afterwards is in amendments.ts.
 */
import { type CheckGroup, plain, runSqlCheck, type SqlCheck } from './check.ts';

/** The fee (src/accounts/fees.ts) in SQL: a rate in 10^-8 of the notional, rounded down at 18 decimals. */
export function feeSql(price: string, quantity: string, rate: string): string {
  return `trunc(${price} * ${quantity} * ${rate} * 0.00000001, 18)`;
}

interface TradeRow {
  readonly id: string;
  readonly symbol: string;
  readonly what: string;
  readonly said: string | null;
  readonly needed: string | null;
}

const MAKER_FEE = feeSql('t.price', 't.quantity', 'm.maker_fee_rate');
const TAKER_FEE = feeSql('t.price', 't.quantity', 'k.taker_fee_rate');

const ORDERS: SqlCheck<TradeRow> = {
  name: 'trades, and the two orders of each',
  differences: ({ rows }) => `
    select t.id, t.symbol, f.what, f.said, f.needed
    from ${rows.trades} t left join orders m on m.id = t.maker_order_id left join orders k on k.id = t.taker_order_id
    cross join lateral (values
      ('the maker is user', t.maker_user_id::text, m.user_id::text),
      ('the taker is user', t.taker_user_id::text, k.user_id::text),
      ('the maker''s symbol is', t.symbol, m.symbol),
      ('the taker''s symbol is', t.symbol, k.symbol),
      ('the maker''s side is', case t.taker_side when '1' then '2' else '1' end, m.side::text),
      ('the taker''s side is', t.taker_side::text, k.side::text),
      ('the maker''s fee is', trim_scale(t.maker_fee)::text, trim_scale(${MAKER_FEE})::text),
      ('the taker''s fee is', trim_scale(t.taker_fee)::text, trim_scale(${TAKER_FEE})::text)
    ) f (what, said, needed)
    where (t.maker_user_id = m.user_id and t.taker_user_id = k.user_id and t.symbol = m.symbol
      and t.symbol = k.symbol and t.taker_side = k.side and m.side <> k.side
      and t.maker_fee = ${MAKER_FEE} and t.taker_fee = ${TAKER_FEE}) is not true
      and f.said is distinct from f.needed`,
  orderBy: 'id, what',
  describe: ({ id, symbol, what, said, needed }) =>
    `trade ${id} in ${symbol}: ${what} ${said}, but its order says ${needed ?? 'nothing: it is not there'}`,
};

interface FillRow {
  readonly trade_id: string | null;
  readonly symbol: string | null;
  readonly party: string | null;
  readonly order_id: string | null;
  readonly user_id: number | null;
  readonly exec_id: string | null;
  /** To whom, ExecID, price, quantity, fee, fee asset, liquidity; null when the one is not there. */
  readonly said: readonly string[] | null;
  readonly told: readonly string[] | null;
}

const REPORTS: SqlCheck<FillRow> = {
  name: 'trades, and the reports of both parties',
  differences: ({ rows }) => `
    with sides as (
      select t.id as trade_id, t.symbol, t.price, t.quantity, i.quote_asset, v.* from ${rows.trades} t
      join instruments i on i.symbol = t.symbol
      cross join lateral (values
        ('maker', t.maker_order_id, t.maker_user_id, t.maker_seq, t.maker_fee, 1),
        ('taker', t.taker_order_id, t.taker_user_id, t.taker_seq, t.taker_fee, 2)
      ) v (party, order_id, user_id, seq, fee, liquidity)
    ),
    fills as (
      select trade_id, order_id, user_id, source, source_seq, last_px, last_qty, fee, fee_asset, last_liquidity_ind
      from ${rows.reports} r where msg_type = '8' and exec_type = 'F'
    )
    select coalesce(s.trade_id, r.trade_id) as trade_id, s.symbol, s.party, coalesce(s.order_id, r.order_id) as order_id,
      coalesce(s.user_id, r.user_id) as user_id, r.source || '-' || r.source_seq as exec_id,
      case when s.trade_id is not null then array[s.user_id::text,
        coalesce(s.symbol || '-' || s.seq, r.source || '-' || r.source_seq),
        trim_scale(s.price)::text, trim_scale(s.quantity)::text, trim_scale(s.fee)::text, s.quote_asset,
        s.liquidity::text] end as said,
      case when r.source is not null then array[r.user_id::text, r.source || '-' || r.source_seq,
        trim_scale(r.last_px)::text, trim_scale(r.last_qty)::text, trim_scale(r.fee)::text, r.fee_asset,
        r.last_liquidity_ind::text] end as told
    from sides s full join fills r on r.trade_id = s.trade_id and r.order_id = s.order_id
    where (s.user_id = r.user_id and s.symbol = r.source and coalesce(s.seq, r.source_seq) = r.source_seq
      and s.price = r.last_px and s.quantity = r.last_qty and s.fee = r.fee and s.quote_asset = r.fee_asset
      and s.liquidity = r.last_liquidity_ind) is not true`,
  orderBy: 'trade_id, party, exec_id',
  describe: (row) => {
    const { trade_id: tradeId, order_id: orderId, user_id: userId, said, told } = row;
    if (said === null) {
      return `report ${row.exec_id}: it tells user ${userId} of a fill of order ${orderId} in trade ${tradeId}, which has no such side`;
    }
    const side = `trade ${tradeId} in ${row.symbol}: its ${row.party}, order ${orderId} of user ${userId},`;
    if (told === null) return `${side} has no report ${said[1]}`;
    return `${side} has a report that says ${fillText(told)}, but the trade says ${fillText(said)}`;
  },
};

function fillText([userId, execId, price, quantity, fee, feeAsset, liquidity]: readonly string[]): string {
  return `${execId} to user ${userId}: ${quantity} at ${price}, fee ${fee} ${feeAsset}, 851=${liquidity}`;
}

export const checkTrades: CheckGroup = async (context) => [
  await runSqlCheck(ORDERS, context),
  await runSqlCheck(REPORTS, context),
];

/** `1 at 100`. */
export function termsText(quantity: string | null, price: string | null): string {
  return `${plain(quantity)} at ${plain(price)}`;
}
