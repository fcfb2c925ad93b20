/**
 * Where the history begins that a reconciliation adds up. All checks take it from here, so that a history whose oldest
 * part has been put away can begin with what was noted of it.
 */

/** What was when history began: subqueries, to be read like tables. */
export interface HistoryStart {
  /** `user_id, asset, amount`: what users owned. */
  readonly balances: string;
  /** `source, seq`: the last number that each source had given out. */
  readonly numbers: string;
  /**
   * `order_id, quantity, filled_quantity, remaining_quantity, cum_notional, status, price`: orders that were accepted
   * before and may have changed since.
   */
  readonly orders: string;
}

/** The beginning of the venue: nobody owned anything, nothing was numbered, no order was there. */
export function historyStart(): HistoryStart {
  return {
    balances: '(select null::int as user_id, null::text as asset, null::numeric as amount where false)',
    numbers: '(select null::text as source, null::bigint as seq where false)',
    orders:
      '(select null::bigint as order_id, null::numeric as quantity, null::numeric as filled_quantity, ' +
      'null::numeric as remaining_quantity, null::numeric as cum_notional, null::text as status, ' +
      'null::numeric as price where false)',
  };
}
