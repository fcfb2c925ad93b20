/** Compares a link with the rows that name it, and says which of them is changed, missing or extra. */
import { firstRowOf, type SealedLink, sealLink } from './link.ts';
import { inOrder, LINKED_TABLES, type LinkedRows, type LinkedTable } from './linked-rows.ts';
import type { LinkedRecord } from './linked-tables.ts';
import type { RowBytes } from './row-bytes.ts';

/** `audit_links` as it is read. */
export interface StoredLink {
  readonly no: number;
  /** Ms since the epoch; text when it is not whole. */
  readonly at: number | string;
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
  readonly rowCounts: readonly number[];
  readonly digests: Uint8Array;
  readonly orderIds: readonly [number, number] | undefined;
  readonly tradeIds: readonly [number, number] | undefined;
}

/** The rows of a link as they were found, each table in the order of its ids or numbers. */
export type FoundRows = Readonly<Record<LinkedTable, readonly LinkedRecord[]>>;

/** What is wrong, a sentence each; empty when link and rows are what was committed. */
export function judgeLink(
  bytes: RowBytes,
  link: StoredLink,
  found: FoundRows,
  nameOf: (table: LinkedTable, row: LinkedRecord) => string,
): readonly string[] {
  // The cells are those that were hashed, as far as nobody changed them: the hash decides.
  const rows = inOrder(found as unknown as LinkedRows);
  const sealed = sealLink(bytes, link.no, link.previousHash, rows);
  if (isSame(sealed, link)) return [];
  const faults = LINKED_TABLES.flatMap((table) => {
    const first = firstRowOf(table, link.rowCounts);
    const wanted = digestsOf(link.digests, first, link.rowCounts[LINKED_TABLES.indexOf(table)] ?? 0);
    const names = (rows[table] as unknown as readonly LinkedRecord[]).map((row) => nameOf(table, row));
    const there = digestsOf(sealed.digests, firstRowOf(table, sealed.rowCounts), names.length);
    return compare(table, wanted, there, names);
  });
  // All rows are as they were, or changed so that the digests do not tell: then it is the link that says else.
  return faults.length > 0 ? faults : ['the link itself has been changed: its rows do not make its hash'];
}

function isSame(sealed: SealedLink, link: StoredLink): boolean {
  return (
    Buffer.compare(sealed.hash, link.hash) === 0 &&
    Buffer.compare(sealed.digests, link.digests) === 0 &&
    sealed.at === link.at &&
    String(sealed.rowCounts) === String(link.rowCounts) &&
    String(sealed.orderIds) === String(link.orderIds) &&
    String(sealed.tradeIds) === String(link.tradeIds)
  );
}

function digestsOf(digests: Uint8Array, first: number, count: number): readonly number[] {
  const view = new DataView(digests.buffer, digests.byteOffset, digests.byteLength);
  const there = Math.max(0, Math.min(count, Math.floor(digests.byteLength / 4) - first));
  return Array.from({ length: there }, (_, index) => view.getUint32(4 * (first + index)));
}

/** Walks both lists at once; where they differ, the longer remainder has a row that the other has not. */
function compare(
  table: LinkedTable,
  wanted: readonly number[],
  there: readonly number[],
  names: readonly string[],
): string[] {
  if (wanted.length === there.length && isReordered(wanted, there)) {
    return [`rows of ${table} are in another order: ${changedNames(wanted, there, names).join(', ')}`];
  }
  const faults: string[] = [];
  let index = 0;
  for (let place = 0; place < wanted.length || index < there.length; ) {
    if (place < wanted.length && index < there.length && wanted[place] === there[index]) {
      place += 1;
      index += 1;
      continue;
    }
    const surplus = there.length - index - (wanted.length - place);
    if (surplus < 0) {
      faults.push(`${placeText(table, place, wanted.length, names[index - 1], names[index])} is missing`);
      place += 1;
    } else if (surplus > 0) {
      faults.push(`${names[index]} is extra: the link does not have it`);
      index += 1;
    } else {
      faults.push(`${names[index]} has been changed`);
      place += 1;
      index += 1;
    }
  }
  return faults;
}

function isReordered(wanted: readonly number[], there: readonly number[]): boolean {
  if (String(wanted) === String(there)) return false;
  const byValue = (left: number, right: number) => left - right;
  return String(wanted.toSorted(byValue)) === String(there.toSorted(byValue));
}

function changedNames(
  wanted: readonly number[],
  there: readonly number[],
  names: readonly string[],
): readonly string[] {
  return names.filter((_, index) => wanted[index] !== there[index]);
}

function placeText(
  table: LinkedTable,
  place: number,
  count: number,
  before: string | undefined,
  after: string | undefined,
): string {
  const neighbours = [before && `after ${before}`, after && `before ${after}`].filter(Boolean).join(', ');
  return `row ${place + 1} of ${count} of ${table}${neighbours === '' ? '' : ` (${neighbours})`}`;
}
