/**
 * Databases as earlier versions of the venue left them: the schema of then, filled with what of a venue's rows that
 * schema can hold. What a migration makes of it is then compared with the rows that it was made from.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import { connect } from '../../src/persistence/orm.ts';
import { onConnection, type Sql } from '../../src/persistence/sql.ts';
import { testDatabase } from './database.ts';

/** Names of all migrations, in their order. */
export const MIGRATIONS: readonly string[] = readdirSync(join(import.meta.dirname, '..', '..', 'migrations'))
  .filter((file) => /^Migration\d+\.ts$/.test(file))
  .map((file) => file.replace(/\.ts$/, ''))
  .sort();

/** Rows of a table as JSON text, in an order of their own. */
export type TableRows = Readonly<Record<string, string>>;

export interface EarlierDatabase {
  readonly url: string;
  readonly orm: MikroORM;
  /** The columns of each table as they were when the database was made. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** What these columns hold now. */
  rows(): Promise<TableRows>;
  drop(): Promise<void>;
}

/** Those that others refer to come first. */
const FIRST_TABLES = ['users', 'instruments', 'orders'];
/** What migrations themselves insert; the copy brings its own. */
const FILLED_BY_MIGRATIONS = ['users', 'audit_heads', 'audit_baselines', 'account_shards'];
const COLUMNS =
  'select c.relname as name, array_agg(quote_ident(a.attname) order by a.attnum)::text[] as columns ' +
  "from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'public'::regnamespace " +
  "and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped " +
  "and c.relname <> 'mikro_orm_migrations' group by 1";
/** Numbers that a database gives by itself go on after the copied ones. */
const SEQUENCES =
  'select c.relname as sequence, t.relname as table, a.attname as column from pg_depend d ' +
  "join pg_class c on c.oid = d.objid and c.relkind = 'S' join pg_class t on t.oid = d.refobjid " +
  "join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid where d.deptype = 'i'";

/** A database of the schema that ends with `migration`, with the rows of `source` as far as it can hold them. */
export async function earlierDatabase(source: MikroORM, migration: string): Promise<EarlierDatabase> {
  const database = await testDatabase();
  const orm = await connect(database.url);
  await orm.migrator.up({ to: migration });
  const columns = await columnsOf(orm);
  await onConnection(orm, async (sql) => {
    await sql.rows("set onebook.append_only = 'off'");
    for (const table of FILLED_BY_MIGRATIONS.filter((name) => columns.has(name))) {
      await sql.rows(`delete from ${table}`);
    }
    for (const [table, names] of columns) await copyTable(source, sql, table, names);
    await continueNumbers(source, sql);
    await sql.rows('reset onebook.append_only');
  });
  return {
    url: database.url,
    orm,
    columns,
    rows: () => rowsOf(orm, columns),
    async drop() {
      await orm.close(true);
      await database.drop();
    },
  };
}

/** The columns of each table: of those that others refer to first. */
async function columnsOf(orm: MikroORM): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = await onConnection(orm, (sql) =>
    sql.rows<{ name: string; columns: readonly string[] }>(COLUMNS),
  );
  const rank = (name: string): number =>
    (FIRST_TABLES.indexOf(name) + FIRST_TABLES.length + 1) % (FIRST_TABLES.length + 1);
  const sorted = found.toSorted((left, right) => rank(left.name) - rank(right.name));
  return new Map(sorted.map(({ name, columns }) => [name, columns]));
}

async function rowsOf(orm: MikroORM, columns: ReadonlyMap<string, readonly string[]>): Promise<TableRows> {
  const rows = [];
  for (const [table, names] of columns) rows.push([table, await readTable(orm, table, names)]);
  return Object.fromEntries(rows);
}

/** As text from end to end: no number of it passes through JavaScript. */
async function readTable(orm: MikroORM, table: string, columns: readonly string[]): Promise<string> {
  const [row] = await onConnection(orm, (sql) =>
    sql.rows<{ rows: string }>(
      `select coalesce(json_agg(t order by t::text), '[]')::text as rows from (select ${columns.join(', ')} from ${table}) t`,
    ),
  );
  return row?.rows ?? '[]';
}

async function copyTable(
  source: MikroORM,
  sql: Sql,
  table: string,
  columns: readonly string[],
): Promise<void> {
  const names = columns.join(', ');
  await sql.rows(
    `insert into ${table} (${names}) overriding system value ` +
      `select ${names} from json_populate_recordset(null::${table}, $1::json)`,
    [await readTable(source, table, columns)],
  );
}

async function continueNumbers(source: MikroORM, sql: Sql): Promise<void> {
  const owned = await sql.rows<{ sequence: string; table: string; column: string }>(SEQUENCES);
  for (const { sequence, table, column } of owned) {
    await sql.rows(
      `select setval('${sequence}', (select coalesce(max(${column}), 0) + 1 from ${table}), false)`,
    );
  }
  for (const sequence of ['order_ids', 'trade_ids', 'audit_chains']) {
    const [known] = await sql.rows('select from pg_sequences where sequencename = $1', [sequence]);
    if (known === undefined) continue;
    const [at] = await onConnection(source, (own) =>
      own.rows<{ last_value: string; is_called: boolean }>(`select last_value, is_called from ${sequence}`),
    );
    await sql.rows(`select setval('${sequence}', $1::bigint, $2::boolean)`, [
      at?.last_value ?? '1',
      String(at?.is_called ?? false),
    ]);
  }
}
