/**
 * Many rows in one statement: every column is one parameter, the text of a Postgres array, and the statement
 * spreads them with `unnest`. Column names and types come from the ORM's metadata, so that an entity is the
 * only place that knows them.
 */
import type { EntityName, EntityProperty, MikroORM } from '@mikro-orm/postgresql';
import { assert } from '../platform/assert.ts';

/** What a cell may be. Instants are ms since the epoch; decimals and dates are text; JSON is the value that it is of. */
export type Cell = string | number | bigint | boolean | Uint8Array | object | null;

/** A row for an entity: its columns' values, an instant as ms since the epoch. */
export type RowOf<Entity, Key extends keyof Entity> = {
  readonly [K in Key]: Exclude<Entity[K], undefined> extends infer Value
    ? Date extends Value
      ? number | Extract<Value, null>
      : Value
    : never;
};

/** Some columns of one table, ready to be written in bulk. */
export interface BulkColumns<Row> {
  /** Quoted. */
  readonly table: string;
  /** Quoted, in the order of the parameters. */
  readonly names: readonly string[];
  /** Array type of each parameter, without lengths: `varchar(16)[]` would truncate what it should refuse. */
  readonly casts: readonly string[];
  /** One array literal per column. */
  parameters(rows: readonly Row[]): string[];
  /** The same, a column at a time: so many rows need not be one turn of the event loop. */
  steps(rows: readonly Row[]): Generator<void, string[], void>;
}

/** Describes the columns of `entity` that `keys` name. Made once per table and use. */
export function bulkColumns<Entity extends object, Key extends keyof Entity & string>(
  orm: MikroORM,
  entity: EntityName<Entity>,
  keys: readonly Key[],
): BulkColumns<RowOf<Entity, Key>> {
  const { tableName, properties } = orm.getMetadata().get(entity);
  const byName: Readonly<Record<string, EntityProperty | undefined>> = properties;
  const columns = keys.map((key) => describeColumn(key, byName[key]));
  return {
    table: quoteName(tableName),
    names: columns.map((column) => column.name),
    casts: columns.map((column) => `${column.type}[]`),
    parameters: (rows) =>
      columns.map(({ key, encode }) => arrayLiteral(rows as readonly Record<string, Cell>[], key, encode)),
    *steps(rows) {
      const literals: string[] = [];
      for (const { key, encode } of columns) {
        literals.push(arrayLiteral(rows as readonly Record<string, Cell>[], key, encode));
        yield;
      }
      return literals;
    },
  };
}

/** `unnest($n::a[], …) as v(…)`, with parameters from number `first` on. */
export function unnest(columns: Pick<BulkColumns<never>, 'names' | 'casts'>, first: number): string {
  const arrays = columns.casts.map((cast, index) => `$${first + index}::${cast}`);
  return `unnest(${arrays.join(', ')}) as v(${columns.names.join(', ')})`;
}

/**
 * Inserts every row; the caller appends `on conflict` or `returning`. `same` is a column whose value, an expression, is
 * the same in all of them.
 */
export function insertSql(
  columns: BulkColumns<never>,
  first: number,
  same?: readonly [name: string, value: string],
): string {
  const names = columns.names.join(', ');
  const [into, from] = same === undefined ? [names, names] : [`${names}, ${same[0]}`, `${names}, ${same[1]}`];
  return `insert into ${columns.table} (${into}) select ${from} from ${unnest(columns, first)}`;
}

/**
 * Updates the row that each of `keys` (quoted names among the columns) identifies. `expression` gives a column's
 * new value from `t` (the old row) and `v` (the parameters).
 */
export function updateSql(
  columns: BulkColumns<never>,
  first: number,
  keys: readonly string[],
  expression: (name: string) => string = (name) => `v.${name}`,
): string {
  const set = columns.names.filter((name) => !keys.includes(name));
  const assignments = set.map((name) => `${name} = ${expression(name)}`);
  const matches = keys.map((key) => `t.${key} = v.${key}`);
  return (
    `update ${columns.table} as t set ${assignments.join(', ')} ` +
    `from ${unnest(columns, first)} where ${matches.join(' and ')}`
  );
}

/** A name as an SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

// ---- Columns ------------------------------------------------------------------------------------------------

interface Column {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly encode: (cell: NonNullable<Cell>) => string;
}

function describeColumn(key: string, property: EntityProperty | undefined): Column {
  const [name, columnType] = [property?.fieldNames[0], property?.columnTypes[0]];
  assert(name !== undefined && columnType !== undefined, `${key} is no column`);
  const type = columnType.replace(/\(.*\)$/, '');
  // `char[]` means char(1)[] and would truncate.
  return { key, name: quoteName(name), type: type === 'char' ? 'text' : type, encode: encoderFor(type) };
}

/** Types whose text never needs quotes in an array literal. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(['int', 'bigint', 'smallint', 'numeric', 'date', 'boolean']);

function encoderFor(type: string): Column['encode'] {
  if (PLAIN_TYPES.has(type)) return String;
  if (type === 'timestamptz') return instantEncoder();
  if (type === 'bytea') return (cell) => `"\\\\x${hexOf(cell as Uint8Array)}"`;
  if (type === 'jsonb') return (cell) => quoteElement(JSON.stringify(cell, storableInJson));
  return (cell) => quoteElement(cell as string);
}

/** Rows of one batch mostly bear the same instant: the last text is kept. */
function instantEncoder(): Column['encode'] {
  let lastAt: Cell;
  let lastText = '';
  return (cell) => {
    if (cell !== lastAt) {
      lastAt = cell;
      // Postgres writes years from 10,000 on without a sign: the last day of ExpireDate (432) may end in one.
      lastText = new Date(cell as number).toISOString().replace(/^\+0*/, '');
    }
    return lastText;
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

const NEEDS_ESCAPE = /["\\\0]/;

/**
 * Text as an element of an array literal. U+0000, which Postgres cannot store and which a member's text may
 * contain, becomes U+FFFD: one such text must not make a commit fail that others share.
 */
function quoteElement(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\0', '\ufffd')}"`;
}

/** The same for text inside of JSON, where Postgres takes no half of a surrogate pair either. */
function storableInJson(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\ufffd') : value;
}

/** Joined at once: a text that grows cell by cell is a tree of as many pieces until somebody reads it. */
function arrayLiteral(rows: readonly Record<string, Cell>[], key: string, encode: Column['encode']): string {
  const elements = rows.map((row) => {
    const cell = row[key] ?? null;
    return cell === null ? 'NULL' : encode(cell);
  });
  return `{${elements.join(',')}}`;
}
