/** Verifies the chain of one writer: links in their order, some hundred at a time, each with the rows that name it. */
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Sql } from '../sql.ts';
import type { ChainStart } from './chain-start.ts';
import { ChainFaults, type ChainVerdict, hashText } from './differences.ts';
import { type FoundRows, judgeLink, type StoredLink } from './judge-link.ts';
import { commitNoOf, linkNo } from './link.ts';
import { LINKED_TABLES, type LinkedTable } from './linked-rows.ts';
import { type LinkedRecord, type LinkedTableReader, linkedTableReader } from './linked-tables.ts';
import { RowBytes } from './row-bytes.ts';

export interface WriterRecord {
  readonly writer: string;
  readonly chain: number;
  readonly last_link: string | null;
  readonly last_hash: Uint8Array | null;
}

/** Links that are read at once, and rows of them: what is in memory. */
const LINKS_AT_ONCE = 200;
const ROWS_AT_ONCE = 20_000;

/** Verifies all links of `writer` in the snapshot of `sql`. */
export async function verifyWriter(
  orm: MikroORM,
  sql: Sql,
  writer: WriterRecord,
  start: ChainStart,
  limit: number,
): Promise<ChainVerdict> {
  const readers = LINKED_TABLES.map((table) => linkedTableReader(orm, table));
  const faults = new ChainFaults(limit);
  const bytes = new RowBytes();
  const nameOf = (table: LinkedTable, row: LinkedRecord) =>
    readers[LINKED_TABLES.indexOf(table)]?.nameOf(row) ?? '';
  const givenIds = new GivenIds(faults, nameOf);
  const end = linkNo(writer.chain + 1, 0);
  let { no: lastNo, hash: lastHash } = start;
  let [linkCount, rowCount] = [0, 0];
  for (;;) {
    const links = await readLinks(sql, lastNo, end);
    if (links.length === 0) break;
    const found = await readRows(sql, readers, links);
    for (const link of links) {
      const place = linkText(link.no);
      const rows = found(link.no);
      if (Buffer.compare(link.previousHash, lastHash) !== 0) {
        const before = linkCount === 0 ? 'the start of the chain' : linkText(lastNo);
        faults.add(
          `${place} does not follow ${before}: a link between is missing, or one of the two has been changed`,
        );
      }
      faults.add(...judgeLink(bytes, link, rows, nameOf).map((fault) => `${place}: ${fault}`));
      givenIds.follow(place, rows);
      lastNo = link.no;
      lastHash = link.hash;
      linkCount += 1;
      rowCount += LINKED_TABLES.reduce((sum, table) => sum + rows[table].length, 0);
    }
  }
  // Where all links are closed, the chain ends where it begins.
  const hasEnd = commitNoOf(lastNo) > 0;
  judgeEnd(writer, hasEnd ? { no: lastNo, hash: lastHash } : undefined, faults);
  return {
    chain: writer.writer,
    linkCount,
    rowCount,
    head: !hasEnd ? undefined : { no: commitNoOf(lastNo), hash: hashText(lastHash) },
    differenceCount: faults.count,
    differences: faults.told,
  };
}

function linkText(no: number): string {
  return `link ${commitNoOf(no)}`;
}

/** The writer's row of `commits` names its last link. */
function judgeEnd(
  { last_link: lastLink, last_hash: lastHash }: WriterRecord,
  found: { readonly no: number; readonly hash: Uint8Array } | undefined,
  faults: ChainFaults,
): void {
  const wanted = lastLink === null ? undefined : Number(lastLink);
  if (wanted !== found?.no) {
    const [is, was] = [found && linkText(found.no), wanted && linkText(wanted)];
    faults.add(`the chain ends with ${is ?? 'nothing'}, but the last commit made ${was ?? 'no link'}`);
  } else if (found !== undefined && Buffer.compare(lastHash ?? new Uint8Array(), found.hash) !== 0) {
    faults.add(`${linkText(found.no)} has not the hash that the last commit made`);
  }
}

/** Watches that ids which the database gave ascend from link to link. */
class GivenIds {
  readonly #faults: ChainFaults;
  readonly #nameOf: (table: LinkedTable, row: LinkedRecord) => string;
  readonly #last = new Map<LinkedTable, LinkedRecord>();

  constructor(faults: ChainFaults, nameOf: (table: LinkedTable, row: LinkedRecord) => string) {
    this.#faults = faults;
    this.#nameOf = nameOf;
  }

  follow(place: string, rows: FoundRows): void {
    for (const table of LINKED_TABLES) {
      if (!GIVEN.has(table)) continue;
      for (const row of rows[table]) {
        const last = this.#last.get(table);
        if (last !== undefined && idOf(last) >= idOf(row)) {
          const names = `${this.#nameOf(table, row)} and ${this.#nameOf(table, last)}`;
          this.#faults.add(`${place}: ${names} are in another order`);
        }
        this.#last.set(table, row);
      }
    }
  }
}

function idOf({ id }: LinkedRecord): number {
  return Number(id);
}

const GIVEN: ReadonlySet<LinkedTable> = new Set(['trade_amendments', 'requests', 'transfers']);

// ---- Reading ------------------------------------------------------------------------------------------------

interface LinkRecord {
  readonly no: string;
  readonly at: string;
  readonly previous_hash: Uint8Array;
  readonly hash: Uint8Array;
  readonly row_counts: readonly number[];
  readonly digests: Uint8Array;
  readonly first_order_id: string | null;
  readonly last_order_id: string | null;
  readonly first_trade_id: string | null;
  readonly last_trade_id: string | null;
}

async function readLinks(sql: Sql, after: number, end: number): Promise<readonly StoredLink[]> {
  const records = await sql.rows<LinkRecord>(
    'select no, trim_scale(extract(epoch from at) * 1000)::text as at, previous_hash, hash, row_counts, digests, ' +
      'first_order_id, last_order_id, first_trade_id, last_trade_id from audit_links ' +
      'where no > $1::bigint and no < $2::bigint order by no limit $3::int',
    [after, end, LINKS_AT_ONCE],
  );
  const links: StoredLink[] = [];
  let rowCount = 0;
  for (const record of records) {
    rowCount += rowCountOf(record.row_counts);
    if (links.length > 0 && rowCount > ROWS_AT_ONCE) break;
    const at = Number(record.at);
    links.push({
      no: Number(record.no),
      at: String(at) === record.at ? at : record.at,
      previousHash: record.previous_hash,
      hash: record.hash,
      rowCounts: record.row_counts,
      digests: record.digests,
      orderIds: rangeOf(record.first_order_id, record.last_order_id),
      tradeIds: rangeOf(record.first_trade_id, record.last_trade_id),
    });
  }
  return links;
}

function rangeOf(first: string | null, last: string | null): readonly [number, number] | undefined {
  return first === null || last === null ? undefined : [Number(first), Number(last)];
}

function rowCountOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + Math.max(0, count), 0);
}

const NO_ROWS = Object.fromEntries(LINKED_TABLES.map((table) => [table, []])) as unknown as FoundRows;

/** The rows that name one of these links. */
async function readRows(
  sql: Sql,
  readers: readonly LinkedTableReader[],
  links: readonly StoredLink[],
): Promise<(no: number) => FoundRows> {
  const [first, last] = [links[0]?.no ?? 0, links.at(-1)?.no ?? 0];
  // More than was committed is a fault, but no reason to read whatever somebody has added.
  const limit = 2 * ROWS_AT_ONCE + links.reduce((sum, link) => sum + rowCountOf(link.rowCounts), 0);
  const found = new Map<number, Record<LinkedTable, LinkedRecord[]>>();
  for (const reader of readers) {
    const { table, columns } = reader;
    const ids = idsOf(table, links);
    const records = await sql.rows<Readonly<Record<string, string | boolean | null>>>(
      `select ${columns} from ${table} t where t.link between $1::bigint and $2::bigint ` +
        `${ids === undefined ? '' : `and t.id between ${ids[0]} and ${ids[1]} `}` +
        `order by t.link${reader.hasGivenIds ? ', t.id' : ''} limit $3::int`,
      [first, last, limit],
    );
    for (const record of records) {
      const row = reader.read(record);
      const { link } = row;
      const no = Number(link);
      let rows = found.get(no);
      if (rows === undefined) {
        rows = { orders: [], trades: [], trade_amendments: [], reports: [], requests: [], transfers: [] };
        found.set(no, rows);
      }
      rows[table].push(row);
    }
  }
  return (no) => found.get(no) ?? NO_ROWS;
}

/** By ids orders and trades are found with the indexes that they have; undefined for the other tables. */
function idsOf(table: LinkedTable, links: readonly StoredLink[]): readonly [number, number] | undefined {
  if (table !== 'orders' && table !== 'trades') return undefined;
  const ranges = links.flatMap(({ orderIds, tradeIds }) =>
    [(table === 'orders' ? orderIds : tradeIds) ?? []].filter((range) => range.length > 0),
  );
  if (ranges.length === 0) return [0, -1];
  return [Math.min(...ranges.map(([first]) => first ?? 0)), Math.max(...ranges.map(([, last]) => last ?? 0))];
}
