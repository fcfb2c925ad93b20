/**
 * What the checks of a reconciliation have in common: what each is given, what it finds, and how one whose work is a
 * single statement is run. The checks themselves are beside this file, one file per group.
 */
import type { Sql } from '../sql.ts';
import type { History } from './history-start.ts';

export interface CheckContext {
  /** Sees one snapshot of the rows throughout. */
  readonly sql: Sql;
  readonly history: History;
  /** How many differences of a check are told; the others are counted. */
  readonly limit: number;
}

export interface CheckResult {
  /** What must agree. */
  readonly name: string;
  readonly differenceCount: number;
  /** The first of them, a sentence each: where it is, and both values. */
  readonly differences: readonly string[];
}

/** Checks of one group. */
export type CheckGroup = (context: CheckContext) => Promise<readonly CheckResult[]>;

/** A check that is one statement: what is added up and compared stays with the server, whatever it takes. */
export interface SqlCheck<Row> {
  readonly name: string;
  /** Selects a row for each difference, and nothing when there is none. */
  readonly differences: (history: History) => string;
  /** Columns of it. */
  readonly orderBy: string;
  readonly describe: (row: Row) => string;
}

export async function runSqlCheck<Row>(check: SqlCheck<Row>, context: CheckContext): Promise<CheckResult> {
  const rows = await context.sql.rows<Row & { readonly difference_count: string }>(
    `select d.*, count(*) over () as difference_count from (${check.differences(context.history)}) d ` +
      `order by ${check.orderBy} limit $1::int`,
    [context.limit],
  );
  return {
    name: check.name,
    differenceCount: Number(rows[0]?.difference_count ?? 0),
    differences: rows.map(check.describe),
  };
}

/** Collects what a check finds row by row. */
export class Differences {
  readonly #name: string;
  readonly #limit: number;
  readonly #told: string[] = [];
  #count = 0;

  constructor(name: string, limit: number) {
    this.#name = name;
    this.#limit = limit;
  }

  add(text: () => string): void {
    this.#count += 1;
    if (this.#told.length < this.#limit) this.#told.push(text());
  }

  result(): CheckResult {
    return { name: this.#name, differenceCount: this.#count, differences: this.#told };
  }
}

const FETCH_COUNT = 5_000;

/** The rows of a query, some thousand at a time. */
export async function* stream<Row>(sql: Sql, query: string): AsyncGenerator<Row> {
  await sql.rows(`declare reconciled no scroll cursor for ${query}`);
  for (;;) {
    const rows = await sql.rows<Row>(`fetch ${FETCH_COUNT} from reconciled`);
    if (rows.length === 0) break;
    yield* rows;
  }
  await sql.rows('close reconciled');
}

/** NUMERIC text without the zeros that its scale adds; `0` for null, which is what an absent row amounts to. */
export function plain(text: string | null): string {
  if (text === null) return '0';
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** `user 5 (alice)`. */
export function userText(userId: number, username: string | null): string {
  return username === null ? `user ${userId}` : `user ${userId} (${username})`;
}
