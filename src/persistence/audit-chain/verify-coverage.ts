/** Finds rows that no link covers: they name a link that is not there, or none although they are not old enough. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { isClosed, isClosedNumber } from '../retention/closed-rows.ts';
import type { ClosingRecord } from '../retention/closings.ts';
import type { Sql } from '../sql.ts';
import type { ChainFaults } from './differences.ts';
import { commitNoOf } from './link.ts';
import { LINKED_TABLES } from './linked-rows.ts';
import { type LinkedTableReader, linkedTableReader } from './linked-tables.ts';

/** Rows that are older than the trail, per table; what is wrong goes into `faults`. */
export async function verifyCoverage(
  orm: MikroORM,
  sql: Sql,
  closing: ClosingRecord | undefined,
  limit: number,
  faults: ChainFaults,
): Promise<Readonly<Record<string, number>>> {
  const baselines = await sql.rows<{ table_name: string; row_count: string }>(
    // A closing has noted how many of them are left.
    "select table_name, coalesce((l.value->>'count')::bigint, row_count) as row_count from audit_baselines " +
      "left join closing_lines l on l.closing_id = $1::bigint and l.kind = 'baseline' and l.key = table_name",
    [closing?.id ?? null],
  );
  const noted = new Map(baselines.map((row) => [row.table_name, Number(row.row_count)]));
  for (const table of LINKED_TABLES) {
    const reader = linkedTableReader(orm, table);
    const isOld = isClosed(closing?.history, table, 't');
    await findStrays(sql, reader, isOld, isClosedNumber(closing?.history, 'l.no'), limit, faults);
    await countUnlinked(sql, reader, isOld, noted.get(table) ?? 0, limit, faults);
  }
  const [audit] = await sql.rows<{ count: string }>(
    'select count(*) as count from audit where hash is null and ($1::timestamptz is null or at >= $1::timestamptz)',
    [closing?.operators.before ?? null],
  );
  judgeCount('audit', Number(audit?.count ?? 0), noted.get('audit') ?? 0, [], faults);
  const links = await sql.rows<{ no: string; count: string }>(
    'select no, count(*) over () as count from audit_links l where not exists ' +
      '(select from commits c where c.chain = l.no >> 40) order by no limit $1::int',
    [limit],
  );
  faults.addMany(
    Number(links[0]?.count ?? 0),
    links.map(({ no }) => `link ${commitNoOf(Number(no))} belongs to no writer (audit_links ${no})`),
  );
  return Object.fromEntries(noted);
}

type StrayRecord = Readonly<Record<string, string | boolean | null>> & { readonly stray_count: string };

/** Rows of links that are not there; orders and trades whose ids are not those of their link are none of it either. */
async function findStrays(
  sql: Sql,
  reader: LinkedTableReader,
  isOld: string,
  isClosedLink: string,
  limit: number,
  faults: ChainFaults,
): Promise<void> {
  const { table, columns } = reader;
  const ids = { orders: 'order', trades: 'trade' }[table as string];
  const range = ids === undefined ? '' : ` and t.id between l.first_${ids}_id and l.last_${ids}_id`;
  const strays = await sql.rows<StrayRecord>(
    `select ${columns}, count(*) over () as stray_count from ${table} t left join audit_links l ` +
      `on l.no = t.link and not ${isClosedLink}${range} where t.link <> 0 and l.no is null and not ${isOld} order by t.link limit $1::int`,
    [limit],
  );
  faults.addMany(
    Number(strays[0]?.stray_count ?? 0),
    strays.map((record) => {
      const row = reader.read(record);
      const { link } = row;
      return `${reader.nameOf(row)} is covered by no link: it names link ${commitNoOf(Number(link))}`;
    }),
  );
}

async function countUnlinked(
  sql: Sql,
  reader: LinkedTableReader,
  isOld: string,
  noted: number,
  limit: number,
  faults: ChainFaults,
): Promise<void> {
  const { table, columns, instant } = reader;
  const [row] = await sql.rows<{ count: string }>(
    `select count(*) as count from ${table} t where t.link = 0 and not ${isOld}`,
  );
  const count = Number(row?.count ?? 0);
  if (count === noted) return;
  const later = await sql.rows<StrayRecord>(
    `select ${columns} from ${table} t where t.link = 0 and not ${isOld} order by t.${instant} desc limit $1::int`,
    [Math.max(0, Math.min(limit, count - noted))],
  );
  const names = later.map((record) => reader.nameOf(reader.read(record)));
  judgeCount(table, count, noted, names, faults);
}

function judgeCount(
  table: string,
  count: number,
  noted: number,
  latest: readonly string[],
  faults: ChainFaults,
): void {
  if (count === noted) return;
  const fault = count > noted ? `${count - noted} extra` : `${noted - count} missing`;
  const named = latest.length === 0 ? '' : `; the latest: ${latest.join(', ')}`;
  faults.add(`${table}: ${count} rows name no link, ${noted} are older than the trail: ${fault}${named}`);
}
