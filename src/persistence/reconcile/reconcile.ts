/**
 * The reconciliation: proves from the rows alone, in one snapshot, that money, holds, orders, trades and the numbers of
 * executions agree. It only reads, and may run while the venue trades.
 */
import { readdir } from 'node:fs/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Clock } from '../../platform/clock.ts';
import { DatabaseUnfitError, ormConfig } from '../orm.ts';
import { lastClosing } from '../retention/closings.ts';
import { holdPartitions } from '../retention/partition-list.ts';
import { load, type Sql } from '../sql.ts';
import { checkAmendments } from './amendments.ts';
import type { CheckGroup, CheckResult } from './check.ts';
import { historySince, type StartingPoint } from './history-start.ts';
import { checkHolds } from './holds.ts';
import { checkMoney } from './money.ts';
import { checkNumbers } from './numbers.ts';
import { checkOrders } from './orders.ts';
import { checkTrades } from './trades.ts';

export interface ReconcileOptions {
  readonly clock: Clock;
  /** How many differences of each check are told; the others are counted. */
  readonly limit: number;
}

export interface Reconciliation {
  /** How many rows of each table were there. */
  readonly rowCounts: Readonly<Record<string, number>>;
  /** The last commit of each node that the snapshot contains. */
  readonly commits: readonly { readonly writer: string; readonly lastNo: number }[];
  readonly checks: readonly CheckResult[];
  /** Over all checks; 0: everything agrees. */
  readonly differenceCount: number;
  readonly tookMs: number;
}

const GROUPS: readonly CheckGroup[] = [
  checkMoney,
  checkHolds,
  checkOrders,
  checkTrades,
  checkAmendments,
  checkNumbers,
];

/** What a sum or a sort of the server may take in memory; beyond it, it goes to the server's disk. */
const WORK_MEMORY = '64MB';

/**
 * Runs all checks in a snapshot of its own.
 *
 * @throws DatabaseUnfitError when the schema is not this version's; StoreUnavailableError when the database is away.
 */
export function reconcile(orm: MikroORM, options: ReconcileOptions): Promise<Reconciliation> {
  return load(orm, (sql) => reconcileWithin(sql, options));
}

/**
 * The same in a transaction that has begun, of which one statement must see what the others see. It begins with the last
 * closing, or with one that does not count yet.
 */
export async function reconcileWithin(
  sql: Sql,
  { clock, limit }: ReconcileOptions,
  from?: StartingPoint,
): Promise<Reconciliation> {
  const startedAt = clock.now();
  await holdPartitions(sql);
  await assertSchema(sql);
  await sql.rows(`select set_config('work_mem', '${WORK_MEMORY}', true), set_config('jit', 'off', true)`);
  const context = { sql, history: historySince(from ?? (await lastClosing(sql))), limit };
  const rowCounts = await countRows(sql);
  const commits = await sql.rows<{ writer: string; last_no: string }>(
    'select writer, last_no from commits order by writer',
  );
  const checks: CheckResult[] = [];
  for (const check of GROUPS) checks.push(...(await check(context)));
  return {
    rowCounts,
    commits: commits.map(({ writer, last_no: lastNo }) => ({ writer, lastNo: Number(lastNo) })),
    checks,
    differenceCount: checks.reduce((sum, { differenceCount }) => sum + differenceCount, 0),
    tookMs: clock.now() - startedAt,
  };
}

const COUNTED = ['transfers', 'balances', 'orders', 'trades', 'trade_amendments', 'reports'] as const;

async function countRows(sql: Sql): Promise<Readonly<Record<string, number>>> {
  const counts = COUNTED.map((table) => `(select count(*) from ${table}) as ${table}`);
  const [row] = await sql.rows<Record<string, string>>(`select ${counts.join(', ')}`);
  return Object.fromEntries(COUNTED.map((table) => [table, Number(row?.[table] ?? 0)]));
}

/**
 * Who reads rows reads columns that only this version's schema has for certain.
 *
 * @throws DatabaseUnfitError naming the migrations.
 */
export async function assertSchema(sql: Sql): Promise<void> {
  const [table] = await sql.rows<{ name: string | null }>(
    "select to_regclass('mikro_orm_migrations')::text as name",
  );
  if (table?.name == null)
    throw new DatabaseUnfitError('the database is not that of a venue: it has no schema');
  const executed = await sql.rows<{ name: string }>('select name from mikro_orm_migrations');
  const path = ormConfig('postgres://none').migrations?.path ?? '';
  const known = (await readdir(path)).filter((file) => /^Migration\w+\.[jt]s$/.test(file));
  const done = new Set(executed.map(({ name }) => name));
  const wanted = new Set(known.map((file) => file.replace(/\.[jt]s$/, '')));
  const pending = [...wanted].filter((name) => !done.has(name));
  const newer = [...done].filter((name) => !wanted.has(name));
  if (newer.length > 0) {
    throw new DatabaseUnfitError(
      `the database was migrated by a newer version of onebook (${newer.join(', ')}): use that one`,
    );
  }
  if (pending.length > 0) {
    throw new DatabaseUnfitError(
      `the database is of an earlier version of onebook (without ${pending.join(', ')}): ` +
        'use that one, or start this one on it first',
    );
  }
}
