/** Money: what users own is what was transferred and traded, and per asset nothing was made or lost. */
import { type CheckGroup, plain, runSqlCheck, type SqlCheck, userText } from './check.ts';
import { type History, knownTrades } from './history-start.ts';

interface AssetRow {
  readonly asset: string;
  readonly owned: string;
  readonly transferred: string;
}

const ASSETS: SqlCheck<AssetRow> = {
  name: 'balances and transfers of each asset',
  differences: ({ rows, balances }) => `
    select asset, sum(owned) as owned, sum(transferred) as transferred from (
      select asset, amount as owned, 0 as transferred from balances
      union all select asset, 0, amount from ${rows.transfers} t
      union all select asset, 0, amount from ${balances} s
    ) a group by asset having sum(owned) <> sum(transferred)`,
  orderBy: 'asset',
  describe: ({ asset, owned, transferred }) =>
    `${asset}: all balances sum to ${plain(owned)}, all transfers to ${plain(transferred)}`,
};

interface BalanceRow {
  readonly user_id: number;
  readonly username: string | null;
  readonly asset: string;
  readonly amount: string;
  readonly expected: string;
  readonly transferred: string;
  readonly traded: string;
  readonly fees: string;
  readonly charged: string;
}

/** The trades by who traded what with whom, an amendment as what it changes: few rows, however many trades. */
const traded = (history: History): string => `
  select symbol, maker_user_id, taker_user_id, taker_side, sum(quantity) as quantity, sum(notional) as notional,
    sum(maker_fee) as maker_fee, sum(taker_fee) as taker_fee
  from (
    select symbol, maker_user_id, taker_user_id, taker_side, quantity, price * quantity as notional,
      maker_fee, taker_fee from ${history.rows.trades} t
    union all
    select t.symbol, t.maker_user_id, t.taker_user_id, t.taker_side, a.quantity_after - a.quantity_before,
      a.price_after * a.quantity_after - a.price_before * a.quantity_before,
      a.maker_fee_after - a.maker_fee_before, a.taker_fee_after - a.taker_fee_before
    from ${history.rows.trade_amendments} a join ${knownTrades(history)} t on t.id = a.trade_id
  ) m group by symbol, maker_user_id, taker_user_id, taker_side`;

/** What the venue paid in the place of parties. */
const charges = ({ rows }: History): string =>
  `${rows.trade_amendments} a cross join lateral ` +
  'jsonb_to_recordset(a.charges) as c("userId" int, asset text, amount numeric)';

/** What each user owned at first, was transferred, traded and paid: `user_id`, `asset`, these, and their sum `expected`. */
export function balanceSums(history: History): string {
  return `
    select user_id, asset, sum(transferred) as transferred, sum(traded) as traded, sum(fees) as fees,
      sum(charged) as charged, sum(transferred + traded + fees + charged) as expected
    from (
      select user_id, asset, amount as transferred, 0 as traded, 0 as fees, 0 as charged from ${history.rows.transfers} t
      union all select user_id, asset, amount, 0, 0, 0 from ${history.balances} s
      union all
      select v.user_id, v.asset, 0, v.traded, v.fees, 0
      from (
        select m.*, i.base_asset, i.quote_asset, case m.taker_side when '1' then 1 else -1 end as bought
        from (${traded(history)}) m join instruments i on i.symbol = m.symbol
      ) m cross join lateral (values
        (taker_user_id, base_asset, bought * quantity, 0),
        (taker_user_id, quote_asset, -bought * notional, -taker_fee),
        (maker_user_id, base_asset, -bought * quantity, 0),
        (maker_user_id, quote_asset, bought * notional, -maker_fee),
        (0, quote_asset, 0, maker_fee + taker_fee)
      ) v (user_id, asset, traded, fees)
      union all select c."userId", c.asset, 0, 0, 0, c.amount from ${charges(history)}
      union all select 0, c.asset, 0, 0, 0, -c.amount from ${charges(history)}
    ) e group by user_id, asset`;
}

const BALANCES: SqlCheck<BalanceRow> = {
  name: 'balances, and what was transferred and traded',
  differences: (history) => `
    select coalesce(b.user_id, s.user_id) as user_id, u.username, coalesce(b.asset, s.asset) as asset, b.amount,
      s.expected, s.transferred, s.traded, s.fees, s.charged
    from balances b full join (${balanceSums(history)}) s on s.user_id = b.user_id and s.asset = b.asset
    left join users u on u.id = coalesce(b.user_id, s.user_id)
    where coalesce(b.amount, 0) <> coalesce(s.expected, 0)`,
  orderBy: 'user_id, asset',
  describe: (row) => {
    const parts = [
      `transfers ${plain(row.transferred)}`,
      `trades ${plain(row.traded)}`,
      `fees ${plain(row.fees)}`,
      `charges ${plain(row.charged)}`,
    ];
    return (
      `${userText(row.user_id, row.username)}, ${row.asset}: the balance is ${plain(row.amount)}, ` +
      `but the rows make ${plain(row.expected)} (${parts.join(', ')})`
    );
  },
};

export const checkMoney: CheckGroup = async (context) => [
  await runSqlCheck(ASSETS, context),
  await runSqlCheck(BALANCES, context),
];
