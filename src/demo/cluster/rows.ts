/** What the cluster demo reads back from the database that all nodes share, and how it is shown. */
import { left, type RowsShown, right, SIDES, STATUSES } from '../row-view.ts';
import { STATEMENTS } from '../rows.ts';
import { EXPECTED_CHANGES, EXPECTED_TRADES, expectedOrders } from './scenario.ts';

const statements = {
  orders: `select o.id, u.username as member, o.symbol, o.cl_ord_id, o.side, trim_scale(o.quantity) as quantity,
       trim_scale(o.filled_quantity) as filled, trim_scale(o.remaining_quantity) as remaining,
       trim_scale(o.hold) as hold, o.status
  from orders o join users u on u.id = o.user_id
 where o.entry_cl_ord_id like $1
 order by o.symbol, u.username, o.entry_cl_ord_id`,
  trades: `select t.id, t.symbol, trim_scale(t.price) as price, trim_scale(t.quantity) as quantity,
       maker.username as maker, taker.username as taker,
       trim_scale(t.maker_fee) as maker_fee, trim_scale(t.taker_fee) as taker_fee,
       to_char(t.executed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') as executed_at
  from trades t join users maker on maker.id = t.maker_user_id
                join users taker on taker.id = t.taker_user_id
 where t.taker_order_id in (select id from orders where entry_cl_ord_id like $1)
 order by t.executed_at, t.id`,
  balances: STATEMENTS.balances,
};

/** Rows of a run with their symbols, and what they must be. */
export const CLUSTER_ROWS: RowsShown = {
  statements,
  columns: {
    orders: [
      ...[right('id'), left('member'), left('symbol'), left('cl_ord_id'), { ...left('side'), words: SIDES }],
      ...[right('quantity'), right('filled'), right('remaining'), right('hold')],
      { ...left('status'), words: STATUSES },
    ],
    trades: [
      ...[right('id'), left('symbol'), right('price'), right('quantity'), left('maker'), left('taker')],
      ...[right('maker_fee'), right('taker_fee'), left('executed_at')],
    ],
    balances: [left('member'), left('asset'), right('amount'), right('held')],
  },
  expectedOrders,
  expectedTrades: EXPECTED_TRADES,
  expectedChanges: EXPECTED_CHANGES,
};
