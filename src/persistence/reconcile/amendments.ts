/**
 * Trades that the operator took back or corrected: each amendment begins where the trade stood, has the fees of its
 * orders' rates, charges the venue only in the place of a party, and is told to both.
 */
import { type CheckGroup, runSqlCheck, type SqlCheck } from './check.ts';
import { type History, knownTrades } from './history-start.ts';
import { feeSql, termsText } from './trades.ts';

/** Amendments with the trade as it stood, and its orders. */
const standing = (history: History): string => `
  select a.*, t.id as known_trade_id, t.symbol as trade_symbol, t.maker_order_id, t.taker_order_id, t.maker_user_id,
    t.taker_user_id, m.maker_fee_rate, k.taker_fee_rate,
    coalesce(lag(a.price_after) over stood, t.price) as price_stood,
    coalesce(lag(a.quantity_after) over stood, t.quantity) as quantity_stood,
    coalesce(lag(a.maker_fee_after) over stood, t.maker_fee) as maker_fee_stood,
    coalesce(lag(a.taker_fee_after) over stood, t.taker_fee) as taker_fee_stood
  from ${history.rows.trade_amendments} a left join ${knownTrades(history)} t on t.id = a.trade_id
  left join orders m on m.id = t.maker_order_id left join orders k on k.id = t.taker_order_id
  window stood as (partition by a.trade_id order by a.id)`;

interface TermsRow {
  readonly id: string;
  readonly trade_id: string;
  readonly symbol: string;
  readonly what: string;
  readonly said: string;
  readonly needed: string | null;
}

const MAKER_FEE = feeSql('a.price_after', 'a.quantity_after', 'a.maker_fee_rate');
const TAKER_FEE = feeSql('a.price_after', 'a.quantity_after', 'a.taker_fee_rate');

const TERMS: SqlCheck<TermsRow> = {
  name: 'busts and corrections, and the trades that they change',
  differences: (history) => `
    select a.id, a.trade_id, a.symbol, f.what, f.said, f.needed
    from (${standing(history)}) a cross join lateral (values
      ('the symbol is', a.symbol, a.trade_symbol),
      ('the price before is', trim_scale(a.price_before)::text, trim_scale(a.price_stood)::text),
      ('the quantity before is', trim_scale(a.quantity_before)::text, trim_scale(a.quantity_stood)::text),
      ('the maker''s fee before is', trim_scale(a.maker_fee_before)::text, trim_scale(a.maker_fee_stood)::text),
      ('the taker''s fee before is', trim_scale(a.taker_fee_before)::text, trim_scale(a.taker_fee_stood)::text),
      ('the maker''s fee after is', trim_scale(a.maker_fee_after)::text, trim_scale(${MAKER_FEE})::text),
      ('the taker''s fee after is', trim_scale(a.taker_fee_after)::text, trim_scale(${TAKER_FEE})::text)
    ) f (what, said, needed) where f.said is distinct from f.needed
    union all
    select a.id, a.trade_id, a.symbol, 'the venue is charged for user', c."userId"::text,
      a.maker_user_id || ' or ' || a.taker_user_id
    from (${standing(history)}) a
    cross join lateral jsonb_to_recordset(a.charges) as c("userId" int, asset text, amount numeric)
    where (c."userId" in (a.maker_user_id, a.taker_user_id)) is not true`,
  orderBy: 'id, what',
  describe: ({ id, trade_id: tradeId, symbol, what, said, needed }) =>
    `amendment ${id} of trade ${tradeId} in ${symbol}: ${what} ${said}, ` +
    `but the trade and its orders say ${needed ?? 'nothing: they are not there'}`,
};

interface ToldRow {
  readonly id: string | null;
  readonly trade_id: string | null;
  readonly party: string | null;
  readonly exec_id: string;
  readonly user_id: number | null;
  readonly order_id: string | null;
  readonly exec_type: string | null;
  readonly quantity: string | null;
  readonly price: string | null;
  readonly told_user_id: number | null;
  readonly told_order_id: string | null;
  readonly told_exec_type: string | null;
  readonly told_quantity: string | null;
  readonly told_price: string | null;
}

const REPORTS: SqlCheck<ToldRow> = {
  name: 'busts and corrections, and the reports of both parties',
  differences: (history) => `
    with sides as (
      select a.id, a.trade_id, a.symbol, case a.kind when 'bust' then 'H' else 'G' end as exec_type,
        a.price_after as price, a.quantity_after as quantity, v.*
      from (${standing(history)}) a cross join lateral (values
        ('maker', a.maker_order_id, a.maker_user_id, a.maker_seq, a.maker_fee_after),
        ('taker', a.taker_order_id, a.taker_user_id, a.taker_seq, a.taker_fee_after)
      ) v (party, order_id, user_id, seq, fee)
    ),
    told as (select * from ${history.rows.reports} r where msg_type = '8' and exec_type in ('G', 'H'))
    select s.id, s.trade_id, s.party, coalesce(s.symbol, r.source) || '-' || coalesce(s.seq, r.source_seq) as exec_id,
      s.user_id, s.order_id, s.exec_type, s.quantity, s.price, r.user_id as told_user_id,
      r.order_id as told_order_id, r.exec_type::text as told_exec_type, r.last_qty as told_quantity,
      r.last_px as told_price
    from sides s full join told r on r.source = s.symbol and r.source_seq = s.seq
    where (s.user_id = r.user_id and s.order_id = r.order_id and s.exec_type = r.exec_type and (r.exec_type = 'H'
      or s.trade_id = r.trade_id and s.price = r.last_px and s.quantity = r.last_qty and s.fee = r.fee)) is not true`,
  orderBy: 'id nulls last, exec_id',
  describe: (row) => {
    const told =
      `150=${row.told_exec_type} for order ${row.told_order_id} of user ${row.told_user_id}` +
      (row.told_quantity === null ? '' : `, ${termsText(row.told_quantity, row.told_price)}`);
    if (row.id === null) return `report ${row.exec_id}: it says ${told}, and no trade was amended with it`;
    const said =
      `150=${row.exec_type} for order ${row.order_id} of user ${row.user_id}` +
      (row.exec_type === 'H' ? '' : `, ${termsText(row.quantity, row.price)}`);
    const side = `amendment ${row.id} of trade ${row.trade_id}: the report ${row.exec_id} to its ${row.party}`;
    if (row.told_user_id === null) return `${side} (${said}) is missing`;
    return `${side} says ${told}, but the amendment says ${said}`;
  },
};

export const checkAmendments: CheckGroup = async (context) => [
  await runSqlCheck(TERMS, context),
  await runSqlCheck(REPORTS, context),
];
