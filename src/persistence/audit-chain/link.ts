/**
 * Makes the link of a commit: one hash over the hash of the link before it and every row that the commit adds. The
 * same function seals a link when it is written and judges it when it is read.
 */
import { hash } from 'node:crypto';
import { assert } from '../../platform/assert.ts';
import {
  inOrder,
  LINKED_TABLES,
  type LinkedRows,
  type LinkedTable,
  writeAmendment,
  writeOrder,
  writeReport,
  writeRequest,
  writeTrade,
  writeTransfer,
} from './linked-rows.ts';
import type { RowBytes } from './row-bytes.ts';

/** What the first link of a chain follows. */
export const NO_LINK: Uint8Array = new Uint8Array(32);

/** Numbers of one chain: 2^40 commits, which at a thousand a second is 34 years. */
const NUMBERS_PER_CHAIN = 2 ** 40;

/** `audit_links.no` of a commit: numbers of different chains never meet, and those of one chain ascend. */
export function linkNo(chain: number, commitNo: number): number {
  assert(commitNo < NUMBERS_PER_CHAIN, `commit ${commitNo} is beyond its chain`);
  return chain * NUMBERS_PER_CHAIN + commitNo;
}

/** The commit of a link, and the first number of its chain. */
export function commitNoOf(no: number): number {
  return no % NUMBERS_PER_CHAIN;
}

/** The row of `audit_links`. */
export interface SealedLink {
  readonly no: number;
  /** The latest instant in the rows, ms since the epoch. */
  readonly at: number;
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
  /** In the order of LINKED_TABLES. */
  readonly rowCounts: readonly number[];
  /** Four bytes for each row, in the order of the tables and of the rows in them. */
  readonly digests: Uint8Array;
  readonly orderIds: readonly [number, number] | undefined;
  readonly tradeIds: readonly [number, number] | undefined;
}

/** A link that has no rows needs not be. */
export function hasRows(rows: LinkedRows): boolean {
  return LINKED_TABLES.some((table) => rows[table].length > 0);
}

/** Seals the rows of link `no`, which follows the one with `previousHash`. `bytes` is used for the work only. */
export function sealLink(
  bytes: RowBytes,
  no: number,
  previousHash: Uint8Array,
  unordered: LinkedRows,
): SealedLink {
  const rows = inOrder(unordered);
  const rowCounts = LINKED_TABLES.map((table) => rows[table].length);
  const digests = Buffer.allocUnsafe(4 * rowCounts.reduce((sum, count) => sum + count, 0));
  bytes.reset();
  bytes.raw(previousHash);
  bytes.number(no);
  for (const count of rowCounts) bytes.number(count);
  let at = 0;
  let digestAt = 0;
  function add<Row>(
    table: readonly Row[],
    write: (to: RowBytes, row: Row) => void,
    instantOf: (row: Row) => number,
  ) {
    for (const row of table) {
      const start = bytes.length;
      write(bytes, row);
      digestAt = digests.writeUInt32BE(bytes.digestFrom(start), digestAt);
      // A row that somebody changed may have an instant that is not whole.
      at = Math.max(at, Number(instantOf(row)));
    }
  }
  add(rows.orders, writeOrder, (row) => row.createdAt);
  add(rows.trades, writeTrade, (row) => row.executedAt);
  add(rows.trade_amendments, writeAmendment, (row) => row.executedAt);
  add(rows.reports, writeReport, (row) => row.at);
  add(rows.requests, writeRequest, (row) => row.createdAt);
  add(rows.transfers, writeTransfer, (row) => row.createdAt);
  return {
    no,
    at,
    previousHash,
    hash: hash('sha256', bytes.written, 'buffer'),
    rowCounts,
    digests,
    orderIds: rangeOf(rows.orders),
    tradeIds: rangeOf(rows.trades),
  };
}

/** Of rows in the order of their ids. */
function rangeOf(rows: readonly { readonly id: number }[]): readonly [number, number] | undefined {
  const [first, last] = [rows[0], rows.at(-1)];
  return first === undefined || last === undefined ? undefined : [first.id, last.id];
}

/** Where the digests of a table begin, in rows, given the counts of a link. */
export function firstRowOf(table: LinkedTable, rowCounts: readonly number[]): number {
  return rowCounts.slice(0, LINKED_TABLES.indexOf(table)).reduce((sum, count) => sum + count, 0);
}
