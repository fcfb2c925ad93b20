/**
 * Orders: the row of each is where its executions have brought it, each execution does to the one before what its kind
 * does, and what was filled is what the trades say as they stand.
 */
import { type CheckGroup, plain, runSqlCheck, type SqlCheck, userText } from './check.ts';
import { type History, knownOrders, knownTrades } from './history-start.ts';

interface StepRow {
  readonly fault: 'no order' | 'owner' | 'step' | 'row';
  readonly id: string | null;
  readonly user_id: number;
  readonly username: string | null;
  readonly symbol: string;
  readonly exec_id: string | null;
  readonly exec_type: string | null;
  readonly last_qty: string | null;
  readonly state_row: readonly (string | null)[];
  readonly state_before: readonly (string | null)[];
  readonly state_told: readonly (string | null)[];
}

/** The reports about orders that a book accepted, each with what the one before it said; accounts' refusals are not. */
const told = ({ rows }: History): string => `
  select r.order_id, r.user_id, r.source, r.source_seq, r.exec_type, r.restatement_reason, r.order_qty, r.cum_qty,
    r.leaves_qty, r.ord_status::text as ord_status, r.price, r.last_qty, lag(r.order_qty) over told as qty_before,
    lag(r.cum_qty) over told as cum_before, lag(r.leaves_qty) over told as leaves_before,
    lead(r.source_seq) over told is null as is_last
  from ${rows.reports} r where r.msg_type = '8' and r.exec_type <> '8' and r.source in (select symbol from instruments)
  window told as (partition by r.order_id order by r.source_seq)`;

/** What a report of each kind (150) does to OrderQty, CumQty and LeavesQty, and the status (39) that it may give. */
const IS_STEP = `
  (x.leaves_before > 0 or x.exec_type in ('G', 'H'))
  and x.leaves_qty >= 0 and (x.leaves_qty = 0 or x.order_qty = x.cum_qty + x.leaves_qty)
  and case when x.leaves_qty > 0 then x.ord_status = case when x.cum_qty > 0 then '1' else '0' end
    when x.exec_type in ('4', 'C') then x.ord_status = x.exec_type
    when x.exec_type in ('G', 'H') then x.ord_status in ('2', '4', 'C')
    else x.ord_status = '2' end
  and case
    when x.exec_type = 'F' then x.order_qty = x.qty_before and x.last_qty > 0
      and x.cum_qty = x.cum_before + x.last_qty and x.leaves_qty = x.leaves_before - x.last_qty
    when x.exec_type in ('4', 'C') then
      x.order_qty = x.qty_before and x.cum_qty = x.cum_before and x.leaves_qty = 0
    when x.exec_type = '5' then x.cum_qty = x.cum_before and x.order_qty = x.cum_qty + x.leaves_qty
    when x.exec_type = 'L' then
      x.order_qty = x.qty_before and x.cum_qty = x.cum_before and x.leaves_qty = x.leaves_before
    when x.exec_type = 'D' then x.cum_qty = x.cum_before
      and x.qty_before - x.order_qty = x.leaves_before - x.leaves_qty
      and (x.order_qty = x.qty_before or x.restatement_reason = 5 and x.order_qty < x.qty_before)
    when x.exec_type in ('G', 'H') then x.cum_qty <= x.cum_before
      and x.qty_before - x.order_qty = x.cum_before - x.cum_qty and x.leaves_qty = x.leaves_before
    else false end`;

/**
 * Of orders whose price the member did not say, no report says it: of a stop order's it stays unknown, a market order's
 * never changes.
 */
const PRICE_TOLD = `case x.ord_type when '1' then x.price_first when '3' then x.price_row
  else coalesce(x.price_told, case when x.exec_type is null then x.price_first end) end`;

const states = (history: History): string => `
  select o.id, t.order_id, coalesce(o.user_id, t.user_id) as user_id, coalesce(o.symbol, t.source) as symbol,
    t.user_id <> o.user_id or t.source <> o.symbol or t.source_seq <= o.accepted_seq as is_strangers,
    t.source, t.source_seq, t.exec_type, t.restatement_reason, t.is_last, t.order_qty, t.cum_qty, t.leaves_qty,
    t.ord_status, t.last_qty, o.quantity, o.filled_quantity, o.remaining_quantity, o.status, o.ord_type,
    o.price as price_row, t.price as price_told, coalesce(s.price, o.entry_price) as price_first,
    coalesce(t.qty_before, s.quantity, o.entry_quantity) as qty_before,
    coalesce(t.cum_before, s.filled_quantity, 0) as cum_before,
    coalesce(t.leaves_before, s.remaining_quantity, o.entry_quantity) as leaves_before,
    coalesce(s.status, '0') as status_first
  from (${knownOrders(history)} o left join ${history.orders} s on s.order_id = o.id)
    full join (${told(history)}) t on t.order_id = o.id`;

const STEPS: SqlCheck<StepRow> = {
  name: 'orders, and their executions one after the other',
  differences: (history) => `
    select f.fault, f.id, f.user_id, u.username, f.symbol, f.source || '-' || f.source_seq as exec_id, f.source_seq, f.exec_type,
      f.last_qty::text, array[f.quantity, f.filled_quantity, f.remaining_quantity, f.price_row]::text[]
        || f.status::text as state_row,
      array[f.qty_before, f.cum_before, f.leaves_before]::text[] as state_before,
      case when f.exec_type is null
        then array[f.qty_before, f.cum_before, f.leaves_before, f.price_known]::text[] || f.status_first
        else array[f.order_qty, f.cum_qty, f.leaves_qty, f.price_known]::text[] || f.ord_status
      end as state_told
    from (
      select x.*, ${PRICE_TOLD} as price_known, case
        when x.id is null then 'no order'
        when x.is_strangers then 'owner'
        when x.exec_type is not null and (${IS_STEP}) is not true then 'step'
        when coalesce(x.is_last, true) and (x.quantity, x.filled_quantity, x.remaining_quantity, x.status::text,
            x.price_row) is distinct from (coalesce(x.order_qty, x.qty_before), coalesce(x.cum_qty, x.cum_before),
            coalesce(x.leaves_qty, x.leaves_before), coalesce(x.ord_status, x.status_first), ${PRICE_TOLD})
          then 'row' end as fault
      from (${states(history)}) x
    ) f left join users u on u.id = f.user_id where f.fault is not null`,
  orderBy: 'id nulls first, source_seq',
  describe: (row) => {
    const what = `order ${row.id} of ${userText(row.user_id, row.username)} in ${row.symbol}`;
    const report = `report ${row.exec_id} (150=${row.exec_type})`;
    switch (row.fault) {
      case 'no order':
        return `${report}: it is about an order of ${userText(row.user_id, row.username)} that has no row`;
      case 'owner':
        return `${what}: ${report} is not of this order's owner and book, or came before the order`;
      case 'step':
        return (
          `${what}: ${report} leads from ${quantitiesText(row.state_before)} to ${quantitiesText(row.state_told)}, ` +
          `status ${row.state_told[4]}${row.last_qty === null ? '' : `, with a fill of ${plain(row.last_qty)}`}`
        );
      case 'row': {
        const source = row.exec_id === null ? 'it was entered with' : `its last ${report} says`;
        return `${what}: the row says ${stateText(row.state_row)}, but ${source} ${stateText(row.state_told)}`;
      }
    }
  },
};

function quantitiesText([quantity, filled, remaining]: readonly (string | null)[]): string {
  return `quantity ${shown(quantity)}, filled ${shown(filled)}, remaining ${shown(remaining)}`;
}

function stateText(state: readonly (string | null)[]): string {
  return `${quantitiesText(state)}, price ${shown(state[3])}, status ${state[4]}`;
}

function shown(text: string | null | undefined): string {
  return text === null || text === undefined ? 'nothing' : plain(text);
}

interface FilledRow {
  readonly id: string;
  /** Null where the order has no row. */
  readonly user_id: number | null;
  readonly username: string | null;
  readonly symbol: string;
  readonly filled_quantity: string;
  readonly cum_notional: string;
  readonly quantity: string | null;
  readonly notional: string | null;
}

/** What was filled of each order and for how much, as its trades stand: `order_id`, `quantity`, `notional`. */
export function fillSums(history: History): string {
  const { rows, orders } = history;
  return `
    select order_id, sum(quantity) as quantity, sum(notional) as notional from (
      select maker_order_id as order_id, quantity, price * quantity as notional from ${rows.trades} t
      union all select taker_order_id, quantity, price * quantity from ${rows.trades} t
      union all
      select v.order_id, a.quantity_after - a.quantity_before,
        a.price_after * a.quantity_after - a.price_before * a.quantity_before
      from ${rows.trade_amendments} a join ${knownTrades(history)} t on t.id = a.trade_id
      cross join lateral (values (t.maker_order_id), (t.taker_order_id)) v (order_id)
      union all select order_id, filled_quantity, cum_notional from ${orders} s
    ) f group by order_id`;
}

const FILLS: SqlCheck<FilledRow> = {
  name: 'orders, and their trades as they stand',
  differences: (history) => `
    select coalesce(o.id, f.order_id) as id, o.user_id, u.username, o.symbol, o.filled_quantity, o.cum_notional,
      f.quantity, f.notional
    from ${knownOrders(history)} o full join (${fillSums(history)}) f on f.order_id = o.id left join users u on u.id = o.user_id
    where o.id is null or o.filled_quantity <> coalesce(f.quantity, 0) or o.cum_notional <> coalesce(f.notional, 0)`,
  orderBy: 'id',
  describe: (row) =>
    row.user_id === null
      ? `order ${row.id} has no row, but its trades, or the last closing, have it: ${plain(row.quantity)} filled for ` +
        plain(row.notional)
      : `order ${row.id} of ${userText(row.user_id, row.username)} in ${row.symbol}: the row says ` +
        `${plain(row.filled_quantity)} filled for ${plain(row.cum_notional)}, ` +
        `but its trades make ${plain(row.quantity)} for ${plain(row.notional)}`,
};

export const checkOrders: CheckGroup = async (context) => [
  await runSqlCheck(STEPS, context),
  await runSqlCheck(FILLS, context),
];
