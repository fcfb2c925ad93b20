/**
 * Which rows a closing has put away, as a condition on them. A link and its rows are closed together, and a link is only
 * if all before it are: so what is closed of a chain is its beginning, whatever a clock has done.
 */
import { linkNo } from '../audit-chain/link.ts';
import type { LinkedTable } from '../audit-chain/linked-rows.ts';

/** Up to where history is closed. */
export interface ClosedUpTo {
  /** Nothing from this instant on is closed: the first one of a month, ISO. */
  readonly before: string;
  /** Of each chain that has closed links the number of the last one. */
  readonly links: readonly { readonly chain: number; readonly no: number }[];
}

/** The column that says when what a row tells happened. */
export const INSTANTS: Readonly<Record<LinkedTable, string>> = {
  orders: 'created_at',
  trades: 'executed_at',
  trade_amendments: 'executed_at',
  reports: 'at',
  requests: 'created_at',
  transfers: 'created_at',
};

/** True of rows of `table`, known as `alias`, that are closed. Of an order that is what was accepted. */
export function isClosed(upTo: ClosedUpTo | undefined, table: LinkedTable, alias: string): string {
  if (upTo === undefined) return 'false';
  return `(${alias}.${INSTANTS[table]} < '${upTo.before}' and ${isLinkClosed(upTo, `${alias}.link`, ['= 0'])})`;
}

/** The same of rows of `audit_links`. */
export function isClosedLink(upTo: ClosedUpTo | undefined, alias: string): string {
  if (upTo === undefined) return 'false';
  return `(${alias}.at < '${upTo.before}' and ${isLinkClosed(upTo, `${alias}.no`)})`;
}

function isLinkClosed({ links }: ClosedUpTo, column: string, others: readonly string[] = []): string {
  const ranges = links.map(({ chain, no }) => `between ${linkNo(chain, 0) + 1} and ${no}`);
  const conditions = [...others, ...ranges].map((condition) => `${column} ${condition}`);
  return conditions.length === 0 ? 'false' : `(${conditions.join(' or ')})`;
}

/** True of a link's number, an expression, when the link is closed: no row that is not closed may name it. */
export function isClosedNumber(upTo: ClosedUpTo | undefined, number: string): string {
  return upTo === undefined ? 'false' : isLinkClosed(upTo, number);
}

/** The rows of `table` that are not closed, to be read like a table. */
export function rowsSince(upTo: ClosedUpTo | undefined, table: LinkedTable): string {
  return upTo === undefined ? table : `(select * from ${table} k where not ${isClosed(upTo, table, 'k')})`;
}

/** The rows of `table` that are closed by `to` and were not by `from`, to be read like a table. */
export function rowsBetween(from: ClosedUpTo | undefined, to: ClosedUpTo, table: LinkedTable): string {
  return `(select * from ${table} k where ${isClosed(to, table, 'k')} and not ${isClosed(from, table, 'k')})`;
}
