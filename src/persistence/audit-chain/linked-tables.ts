/** Reads linked rows back, as the cells that a commit hashes, and names them for people. */
import type { MikroORM } from '@mikro-orm/postgresql';
import { quoteName } from '../bulk.ts';
import type { LinkedTable } from './linked-rows.ts';

/** A row of any linked table: its columns by the names of their properties. */
export type LinkedRecord = Readonly<Record<string, string | number | boolean | null>>;

interface Described {
  /** When what the row tells happened. */
  readonly instant: string;
  /** Properties that name a row among others. */
  readonly name: (row: LinkedRecord) => string;
  /** Ids that the database gives, so that they ascend with the links. */
  readonly hasGivenIds: boolean;
}

const DESCRIBED: Readonly<Record<LinkedTable, Described>> = {
  orders: {
    instant: 'created_at',
    name: ({ id, symbol, acceptedSeq }) => `order ${id} (${symbol}, accepted as ${acceptedSeq})`,
    hasGivenIds: false,
  },
  trades: {
    instant: 'executed_at',
    name: ({ id, symbol }) => `trade ${id} (${symbol})`,
    hasGivenIds: false,
  },
  trade_amendments: {
    instant: 'executed_at',
    name: ({ id, tradeId, kind }) => `trade amendment ${id} (${kind} of trade ${tradeId})`,
    hasGivenIds: true,
  },
  reports: {
    instant: 'at',
    name: ({ source, sourceSeq, userId }) => `report ${sourceSeq} of ${source} to user ${userId}`,
    hasGivenIds: false,
  },
  requests: {
    instant: 'created_at',
    name: ({ id, msgType, clOrdId, userId }) =>
      `request ${id} (${msgType} ${JSON.stringify(clOrdId)} of user ${userId})`,
    hasGivenIds: true,
  },
  transfers: {
    instant: 'created_at',
    name: ({ id, idempotencyKey, userId }) =>
      `transfer ${id} (${JSON.stringify(idempotencyKey)} of user ${userId})`,
    hasGivenIds: true,
  },
};

/** How one table is read. */
export interface LinkedTableReader {
  readonly table: LinkedTable;
  /** For `select … from <table> t`. */
  readonly columns: string;
  /** When what a row tells happened: a column. */
  readonly instant: string;
  readonly hasGivenIds: boolean;
  read(record: Readonly<Record<string, string | boolean | null>>): LinkedRecord;
  nameOf(row: LinkedRecord): string;
}

export function linkedTableReader(orm: MikroORM, table: LinkedTable): LinkedTableReader {
  const { instant, name, hasGivenIds } = DESCRIBED[table];
  const metadata = [...orm.getMetadata().getAll().values()].find(({ tableName }) => tableName === table);
  const columns = (metadata?.props ?? []).map((property) => {
    const type = (property.columnTypes[0] ?? '').replace(/\(.*\)$/, '');
    return { key: String(property.name), type, column: `t.${quoteName(property.fieldNames[0] ?? '')}` };
  });
  return {
    table,
    columns: columns
      .map(({ key, type, column }) => `${expression(type, column)} as ${quoteName(key)}`)
      .join(', '),
    instant,
    hasGivenIds,
    read: (record) =>
      Object.fromEntries(
        columns.map(({ key, type }) => {
          const cell = record[key] ?? null;
          return [key, NUMBERS.has(type) && typeof cell === 'string' ? exactNumber(cell) : cell];
        }),
      ),
    nameOf: name,
  };
}

const NUMBERS: ReadonlySet<string> = new Set(['int', 'bigint', 'smallint', 'timestamptz']);

function expression(type: string, column: string): string {
  if (type === 'timestamptz') return `trim_scale(extract(epoch from ${column}) * 1000)::text`;
  return type === 'boolean' ? column : `${column}::text`;
}

/** What no number can say exactly stays text, and equals no number. */
function exactNumber(text: string): number | string {
  const value = Number(text);
  return String(value) === text ? value : text;
}
