/**
 * The history that a reconciliation adds up: where it begins, and the rows since then. All checks take both from here,
 * so that a history whose oldest part has been put away begins with what was noted of it.
 */
import { LINKED_TABLES, type LinkedTable } from '../audit-chain/linked-rows.ts';
import { type ClosedUpTo, rowsBetween, rowsSince } from '../retention/closed-rows.ts';

/** Subqueries, to be read like tables. */
export interface History {
  /** `user_id, asset, amount`: what users owned. */
  readonly balances: string;
  /** `source, seq`: the last number that each source had given out. */
  readonly numbers: string;
  /**
   * `order_id, quantity, filled_quantity, remaining_quantity, cum_notional, status, price`: orders that were accepted
   * before and may have changed since.
   */
  readonly orders: string;
  /** Columns of `trades`, as they stood: trades of before that were amended since. */
  readonly trades: string;
  /** The rows since then; of orders those that were accepted since. */
  readonly rows: Readonly<Record<LinkedTable, string>>;
}

/** Trades that amendments of the history may be about. */
export function knownTrades({ rows, trades }: History): string {
  const columns =
    'id, symbol, price, quantity, maker_order_id, taker_order_id, maker_user_id, taker_user_id, taker_side, ' +
    'maker_fee, taker_fee';
  return `(select ${columns} from ${rows.trades} t union all select ${columns} from ${trades} t)`;
}

/** The rows of all orders that the history is about. */
export function knownOrders({ rows, orders }: History): string {
  return rows.orders === 'orders'
    ? rows.orders
    : `(select * from ${rows.orders} o union all select * from orders o where id in (select order_id from ${orders} s))`;
}

/** A closing, as far as a history begins with it. */
export interface StartingPoint {
  readonly id: number;
  /** Undefined: it closed actions of operators only. */
  readonly history: ClosedUpTo | undefined;
}

/** Since the last closing; without any since the venue began, when nobody owned anything and nothing was numbered. */
export function historySince(closing: StartingPoint | undefined): History {
  const rows = tablesOf((table) => rowsSince(closing?.history, table));
  return closing?.history === undefined ? { ...BEGINNING, rows } : { ...notedIn(closing.id), rows };
}

/** What of `history` a closing closes. */
export function historyUntil(history: History, from: ClosedUpTo | undefined, to: ClosedUpTo): History {
  return { ...history, rows: tablesOf((table) => rowsBetween(from, to, table)) };
}

function tablesOf(rowsOf: (table: LinkedTable) => string): History['rows'] {
  return Object.fromEntries(LINKED_TABLES.map((table) => [table, rowsOf(table)])) as History['rows'];
}

type Start = Omit<History, 'rows'>;

const COLUMNS: Readonly<Record<keyof Start, Readonly<Record<string, string>>>> = {
  balances: { user_id: 'int', asset: 'text', amount: 'numeric' },
  numbers: { source: 'text', seq: 'bigint' },
  orders: {
    order_id: 'bigint',
    quantity: 'numeric',
    filled_quantity: 'numeric',
    remaining_quantity: 'numeric',
    cum_notional: 'numeric',
    status: 'text',
    price: 'numeric',
  },
  trades: {
    id: 'bigint',
    symbol: 'text',
    price: 'numeric',
    quantity: 'numeric',
    maker_order_id: 'bigint',
    taker_order_id: 'bigint',
    maker_user_id: 'int',
    taker_user_id: 'int',
    taker_side: 'text',
    maker_fee: 'numeric',
    taker_fee: 'numeric',
  },
};

/** How closing lines call them. */
const KINDS: Readonly<Record<keyof Start, string>> = {
  balances: 'balance',
  numbers: 'number',
  orders: 'order',
  trades: 'trade',
};

function startOf(relation: (kind: string, columns: Readonly<Record<string, string>>) => string): Start {
  const of = (name: keyof Start) => relation(KINDS[name], COLUMNS[name]);
  return { balances: of('balances'), numbers: of('numbers'), orders: of('orders'), trades: of('trades') };
}

const BEGINNING = startOf((_, columns) => {
  const cells = Object.entries(columns).map(([name, type]) => `null::${type} as ${name}`);
  return `(select ${cells.join(', ')} where false)`;
});

function notedIn(closingId: number): Start {
  return startOf((kind, columns) => {
    const cells = Object.entries(columns).map(([name, type]) => `(value->>'${name}')::${type} as ${name}`);
    return `(select ${cells.join(', ')} from closing_lines where closing_id = ${closingId} and kind = '${kind}')`;
  });
}
