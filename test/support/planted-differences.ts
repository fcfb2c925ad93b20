/**
 * Differences that a reconciliation must find: statements that change rows of a traded database (postgres-market.ts)
 * behind the venue's back, with the checks that they must show in and what these tell.
 */

const ASSETS = 'balances and transfers of each asset';
const BALANCES = 'balances, and what was transferred and traded';
const HOLDS = 'holds of open orders, and what their terms need';
const HELD = 'held balances, and what open orders need';
const STEPS = 'orders, and their executions one after the other';
const FILLS = 'orders, and their trades as they stand';
const TRADES = 'trades, and the two orders of each';
const TOLD = 'trades, and the reports of both parties';
const AMENDED = 'busts and corrections, and the trades that they change';
const AMENDMENTS_TOLD = 'busts and corrections, and the reports of both parties';
export const NUMBERS = 'numbers of executions: each source without gap or repetition, up to its last';
const OWNERS = 'reports of accounts, and whose they are';

/** A row that a plant changes, its values as text. */
export type Row = Readonly<Record<string, string>>;

/** A trade that nobody amended, between two members. */
const TRADE =
  'select t.*, trim_scale(price) as px, trim_scale(quantity) as qty, trim_scale(maker_fee) as fee, ' +
  'trim_scale(maker_fee + 0.5) as wrong_fee from trades t where maker_user_id <> taker_user_id ' +
  "and symbol = 'BTC-USD' and not exists (select from trade_amendments a where a.trade_id = t.id) " +
  'order by id limit 1';
const AMENDMENT = 'select *, trim_scale(price_before) as px from trade_amendments order by id limit 1';
const OPEN_BUY =
  'select o.*, trim_scale(hold) as needed, trim_scale(hold + 0.5) as too_much from orders o ' +
  "where is_open and side = '1' and ord_type = '2' and symbol = 'BTC-USD' order by id limit 1";
const FILLED =
  'select o.*, trim_scale(filled_quantity) as filled, trim_scale(filled_quantity - 0.0001) as less, ' +
  "trim_scale(quantity) as qty, trim_scale(cum_notional) as worth from orders o where status = '2' order by id limit 1";
const BALANCE =
  'select b.*, trim_scale(amount) as rightly, trim_scale(amount + 1) as more, trim_scale(held) as needed, ' +
  "trim_scale(held + 1) as too_much from balances b where user_id = 1 and asset = 'USD'";
const REPORT_OF_TWO =
  "select max(source_seq) - 1 as seq, max(source_seq) as last from reports where source = 'user:2'";

export interface Plant {
  readonly what: string;
  /** A query for the row that is changed; one row. */
  readonly row: string;
  readonly plant: (row: Row) => readonly string[];
  /** All checks that must find something, and one of the lines of each. */
  readonly found: (row: Row) => Readonly<Record<string, RegExp>>;
}

/** One of each kind. */
export const PLANTS: readonly Plant[] = [
  {
    what: 'money that comes from nowhere',
    row: BALANCE,
    plant: () => ["update balances set amount = amount + 1 where user_id = 1 and asset = 'USD'"],
    found: ({ more, rightly }) => ({
      [ASSETS]: /^USD: all balances sum to [\d.]+, all transfers to [\d.]+$/,
      [BALANCES]: line(
        `user 1 (alice), USD: the balance is ${more}, but the rows make ${rightly} (transfers `,
      ),
    }),
  },
  {
    what: 'money that moved from one member to another',
    row: BALANCE,
    plant: () => [
      "update balances set amount = amount + case user_id when 1 then 1 else -1 end where user_id in (1, 2) and asset = 'USD'",
    ],
    found: ({ more, rightly }) => ({
      [BALANCES]: line(
        `user 1 (alice), USD: the balance is ${more}, but the rows make ${rightly} (transfers `,
      ),
    }),
  },
  {
    what: 'a transfer that is gone',
    row: "select trim_scale(sum(amount)) as owned, trim_scale(sum(amount) - 60) as paid from balances where asset = 'ETH'",
    plant: () => ["delete from transfers where user_id = 1 and asset = 'ETH' and amount = 60"],
    found: ({ owned, paid }) => ({
      [ASSETS]: line(`ETH: all balances sum to ${owned}, all transfers to ${paid}`),
      [BALANCES]: line('user 1 (alice), ETH: the balance is '),
    }),
  },
  {
    what: 'a balance that is gone',
    row: "select trim_scale(amount) as rightly from balances where user_id = 3 and asset = 'ETH'",
    plant: () => ["delete from balances where user_id = 3 and asset = 'ETH'"],
    found: ({ rightly }) => ({
      [ASSETS]: line('ETH: all balances sum to '),
      [BALANCES]: line(`user 3 (user3), ETH: the balance is 0, but the rows make ${rightly} (`),
    }),
  },
  {
    what: 'an order that holds too much',
    row: OPEN_BUY,
    plant: ({ id }) => [`update orders set hold = hold + 0.5 where id = ${id}`],
    found: ({ id, needed, too_much: tooMuch }) => ({
      [HOLDS]: new RegExp(
        `^order ${id} of user \\d \\(\\w+\\) in BTC-USD: it holds ${tooMuch} USD, but needs ${needed}$`,
      ),
    }),
  },
  {
    what: 'an order off its tick',
    row: OPEN_BUY,
    plant: ({ id }) => [`update orders set price = price + 0.001 where id = ${id}`],
    found: ({ id }) => ({
      [HOLDS]: new RegExp(`^order ${id} of .*: the price [\\d.]+1 is no multiple of the tick 0.01$`),
      [HELD]: /^user \d \(\w+\), USD: [\d.]+ is held, but the open orders need [\d.]+$/,
      [STEPS]: new RegExp(
        `^order ${id} of .*: the row says .*, price [\\d.]+1, status .*, price [\\d.]+, status`,
      ),
    }),
  },
  {
    what: 'a member of whom too much is held',
    row: BALANCE,
    plant: () => ["update balances set held = held + 1 where user_id = 1 and asset = 'USD'"],
    found: ({ needed, too_much: tooMuch }) => ({
      [HELD]: line(`user 1 (alice), USD: ${tooMuch} is held, but the open orders need ${needed}`),
    }),
  },
  {
    what: 'an order that is filled with less than its trades',
    row: FILLED,
    plant: ({ id }) => [`update orders set filled_quantity = filled_quantity - 0.0001 where id = ${id}`],
    found: ({ id, less, filled, worth }) => ({
      [STEPS]: new RegExp(
        `^order ${id} of .*: the row says .*, filled ${less}, .* says .*, filled ${filled}, `,
      ),
      [FILLS]: new RegExp(
        `^order ${id} of .*: the row says ${less} filled for ${worth}, but its trades make ${filled} for ${worth}$`,
      ),
    }),
  },
  {
    what: 'an order that filled for another price',
    row: FILLED,
    plant: ({ id }) => [`update orders set cum_notional = cum_notional + 1 where id = ${id}`],
    found: ({ id, filled, worth }) => ({
      [FILLS]: new RegExp(
        `^order ${id} of .* filled for [\\d.]+, but its trades make ${filled} for ${worth}$`,
      ),
    }),
  },
  {
    what: 'an order of another quantity',
    row: FILLED,
    plant: ({ id }) => [`update orders set quantity = quantity + 1 where id = ${id}`],
    found: ({ id, qty }) => ({
      [STEPS]: new RegExp(`^order ${id} of .*: the row says quantity [\\d.]+, .* says quantity ${qty}, `),
    }),
  },
  {
    what: 'an order of another status',
    row: FILLED,
    plant: ({ id }) => [`update orders set status = 'C' where id = ${id}`],
    found: ({ id }) => ({
      [STEPS]: new RegExp(`^order ${id} of .*: the row says .* status C, but .* status 2$`),
    }),
  },
  {
    what: 'an order without a report that changed since it was entered',
    row: `select o.id from orders o where is_open and side = '2' and max_floor is null
      and not exists (select from reports r where r.order_id = o.id) order by id limit 1`,
    plant: ({ id }) => [
      'alter table balances drop constraint balances_held_check',
      `update orders set quantity = quantity + 1, remaining_quantity = remaining_quantity + 1, hold = hold + 1
        where id = ${id}`,
      `update balances b set held = held + 1 from orders o join instruments i on i.symbol = o.symbol
        where o.id = ${id} and b.user_id = o.user_id and b.asset = i.base_asset`,
    ],
    found: ({ id }) => ({
      [STEPS]: new RegExp(`^order ${id} of .*: the row says quantity .*, but it was entered with quantity `),
    }),
  },
  {
    what: 'an order that is gone',
    row: `select o.id, o.accepted_seq as seq from orders o where status = '4' and filled_quantity = 0
      and not exists (select from trades t where o.id in (t.maker_order_id, t.taker_order_id)) order by id limit 1`,
    plant: ({ id }) => [`delete from orders where id = ${id}`],
    found: ({ seq }) => ({
      [STEPS]: /^report BTC-USD-\d+ \(150=.\): it is about an order of user \d \(\w+\) that has no row$/,
      [NUMBERS]: line(`BTC-USD: ${seq} is missing between the reports `),
    }),
  },
  {
    what: 'a decrement without its reason',
    row: 'select order_id, source, source_seq as seq from reports where restatement_reason = 5 order by source_seq limit 1',
    plant: ({ source, seq }) => [
      `update reports set restatement_reason = 8 where source = '${source}' and source_seq = ${seq}`,
    ],
    found: ({ order_id: id, source, seq }) => ({
      [STEPS]: new RegExp(
        `^order ${id} of .*: report ${source}-${seq} \\(150=D\\) leads from quantity .* to quantity `,
      ),
    }),
  },
  ...['F', '4', 'C', '5', 'D', 'L', 'G', 'H'].map(stepPlant),
  {
    what: 'a trade that is gone',
    row: TRADE,
    plant: ({ id }) => [`delete from trades where id = ${id}`],
    found: ({ id, maker_order_id: makerId, maker_user_id: userId, maker_seq: seq }) => ({
      [BALANCES]: line('user 0 (fees), USD: the balance is '),
      [FILLS]: new RegExp(`^order ${makerId} of .* but its trades make `),
      [TOLD]: line(
        `report BTC-USD-${seq}: it tells user ${userId} of a fill of order ${makerId} in trade ${id}, which has no such side`,
      ),
    }),
  },
  {
    what: 'a trade with another fee than its order agreed on',
    row: TRADE,
    plant: ({ id }) => [`update trades set maker_fee = maker_fee + 0.5 where id = ${id}`],
    found: ({ id, fee, wrong_fee: wrongFee, maker_order_id: orderId }) => ({
      [BALANCES]: line('user 0 (fees), USD: the balance is '),
      [TRADES]: line(`trade ${id} in BTC-USD: the maker's fee is ${wrongFee}, but its order says ${fee}`),
      [TOLD]: new RegExp(
        `^trade ${id} in BTC-USD: its maker, order ${orderId} .* fee ${fee} .* fee ${wrongFee} `,
      ),
    }),
  },
  {
    what: "a trade of somebody who is not its order's owner",
    row: TRADE,
    plant: ({ id }) => [`update trades set taker_user_id = maker_user_id where id = ${id}`],
    found: ({ id, maker_user_id: said, taker_user_id: rightly }) => ({
      [BALANCES]: /^user \d \(\w+\), BTC: the balance is /,
      [TRADES]: line(`trade ${id} in BTC-USD: the taker is user ${said}, but its order says ${rightly}`),
      [TOLD]: new RegExp(`^trade ${id} in BTC-USD: its taker, .* to user ${rightly}: .* to user ${said}: `),
    }),
  },
  {
    what: 'a trade that its maker was never told',
    row: `${TRADE.replace(
      'order by id',
      `and exists (select from reports r where r.order_id = t.maker_order_id
      and r.exec_type = 'F' and r.source_seq > t.maker_seq) order by id`,
    )}`,
    plant: ({ maker_seq: seq }) => [`delete from reports where source = 'BTC-USD' and source_seq = ${seq}`],
    found: ({ id, maker_order_id: orderId, maker_user_id: userId, maker_seq: seq }) => ({
      [STEPS]: new RegExp(`^order ${orderId} of .*: report BTC-USD-\\d+ \\(150=.\\) leads from `),
      [TOLD]: line(
        `trade ${id} in BTC-USD: its maker, order ${orderId} of user ${userId}, has no report BTC-USD-${seq}`,
      ),
      [NUMBERS]: line(
        `BTC-USD: ${seq} is missing between the reports ${Number(seq) - 1} and ${Number(seq) + 1}`,
      ),
    }),
  },
  {
    what: 'an amendment that begins elsewhere than the trade stood',
    row: AMENDMENT,
    plant: ({ id }) => [
      `update trade_amendments set maker_fee_before = maker_fee_before + 1 where id = ${id}`,
    ],
    found: ({ id, trade_id: tradeId }) => ({
      [BALANCES]: line('user 0 (fees), USD: the balance is '),
      [AMENDED]: new RegExp(
        `^amendment ${id} of trade ${tradeId} in BTC-USD: the maker's fee before is [\\d.]+, but the trade and its orders say [\\d.]+$`,
      ),
    }),
  },
  {
    what: 'a charge for somebody who has no part in the trade',
    row: 'select * from trade_amendments where charged_to_venue order by id desc limit 1',
    plant: ({ id }) => [
      `update trade_amendments set charges = jsonb_set(charges, '{0,userId}', '2') where id = ${id}`,
    ],
    found: ({ id, trade_id: tradeId }) => ({
      [BALANCES]: /^user 5 \(user5\), USD: the balance is 0, but the rows make -.*, charges 0\)$/,
      [AMENDED]: line(
        `amendment ${id} of trade ${tradeId} in ETH-USD: the venue is charged for user 2, but the trade and its orders say `,
      ),
    }),
  },
  {
    what: 'an amendment that is gone',
    row: "select * from trade_amendments where kind = 'correct' order by id desc limit 1",
    plant: ({ id }) => [`delete from trade_amendments where id = ${id}`],
    found: ({ maker_seq: seq }) => ({
      [BALANCES]: /: the balance is /,
      [FILLS]: /^order \d+ of .* but its trades make /,
      [AMENDMENTS_TOLD]: new RegExp(
        `^report BTC-USD-${seq}: it says 150=G .*, and no trade was amended with it$`,
      ),
    }),
  },
  {
    what: 'an amendment that its taker was never told',
    row: AMENDMENT,
    plant: ({ taker_seq: seq }) => [
      `update reports set exec_type = case exec_type when 'G' then 'H' else 'G' end
        where source = 'BTC-USD' and source_seq = ${seq}`,
    ],
    found: ({ id, trade_id: tradeId, taker_seq: seq }) => ({
      [AMENDMENTS_TOLD]: new RegExp(
        `^amendment ${id} of trade ${tradeId}: the report BTC-USD-${seq} to its taker says 150=.* but the amendment says 150=`,
      ),
    }),
  },
  {
    what: 'a book that has given out a number more',
    row: "select last_seq as last, last_seq + 1 as more from books where symbol = 'BTC-USD'",
    plant: () => ["update books set last_seq = last_seq + 1 where symbol = 'BTC-USD'"],
    found: ({ last, more }) => ({
      [NUMBERS]: line(`BTC-USD: the last number given out is ${more}, the last report has ${last}`),
    }),
  },
  {
    what: 'an account without its last number',
    row: REPORT_OF_TWO,
    plant: () => ['update accounts set last_seq = last_seq - 1 where user_id = 2'],
    found: ({ seq, last }) => ({
      [NUMBERS]: line(`user:2: the last number given out is ${seq}, the last report has ${last}`),
    }),
  },
  {
    what: 'a report that is gone',
    row: REPORT_OF_TWO,
    plant: ({ seq }) => [`delete from reports where source = 'user:2' and source_seq = ${seq}`],
    found: ({ seq, last }) => ({
      [NUMBERS]: line(`user:2: ${seq} is missing between the reports ${Number(seq) - 1} and ${last}`),
    }),
  },
  {
    what: 'a number that two reports have',
    row: REPORT_OF_TWO,
    plant: ({ seq }) => [
      `insert into reports (user_id, source, source_seq, at, msg_type, cl_ord_id, ord_status)
        values (2, 'user:2', ${seq}, now(), '9', 'twice', '8')`,
    ],
    found: ({ seq }) => ({ [NUMBERS]: line(`user:2: the number ${seq} was given to more than one report`) }),
  },
  {
    what: "a report of one member's account that went to another",
    row: REPORT_OF_TWO,
    plant: ({ seq }) => [`update reports set user_id = 3 where source = 'user:2' and source_seq = ${seq}`],
    found: ({ seq }) => ({
      [OWNERS]: line(`report user:2-${seq}: it went to user 3, and is of the source user:2`),
    }),
  },
];

/** A report of another CumQty (14) than its kind (150) leads to. */
function stepPlant(execType: string): Plant {
  return {
    what: `a step of another length, 150=${execType}`,
    row: `select source, source_seq as seq, order_id from reports where exec_type = '${execType}' order by 1, 2 limit 1`,
    plant: ({ source, seq }) => [
      `update reports set cum_qty = cum_qty + 1 where source = '${source}' and source_seq = ${seq}`,
    ],
    found: ({ source, seq, order_id: id }) => ({
      [STEPS]: new RegExp(`^order ${id} of .*: report ${source}-${seq} \\(150=${execType}\\) leads from `),
    }),
  };
}

/** Matches a text that begins so. */
function line(beginning: string): RegExp {
  return new RegExp(`^${beginning.replace(/[.()\\-]/g, '\\$&')}`);
}
