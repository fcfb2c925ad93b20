/** Where the counters of a database and of a deployment's processes stand, and what lies between two such readings. */
import type pg from 'pg';
import { busyMsOfMachine, cpuMsOfTree } from './cpu.ts';

/** Rows that statements have written in one table. */
interface TableWrites {
  readonly inserted: number;
  readonly updated: number;
}

export interface Reading {
  /** CPU of each group of processes since it began, ms. */
  readonly cpuMs: ReadonlyMap<string, number>;
  readonly machineBusyMs: number;
  /** Numbers of the last commits, by writer. */
  readonly commitNos: ReadonlyMap<string, number>;
  readonly walBytes: number;
  /** How often the server has synced its log. */
  readonly walSyncs: number;
  readonly tables: ReadonlyMap<string, TableWrites>;
  readonly atUs: number;
}

/** What happened between two readings. */
export interface Spent {
  readonly cpuMs: Readonly<Record<string, number>>;
  readonly tookMs: number;
  /** Of the machine's cores, those that were busy with anything else. */
  readonly coresBusyElsewhere: number;
  readonly commits: Readonly<Record<string, number>>;
  readonly walBytes: number;
  readonly walSyncs: number;
  /** Rows written for each row of `orders`, by table; backends report whole transactions, so that the ratio holds. */
  readonly rowsPerOrder: Readonly<Record<string, number>>;
}

/** Reads everything now. `pids` are the first processes of the groups. */
export async function readCounters(client: pg.Client, pids: ReadonlyMap<string, number>): Promise<Reading> {
  const cpuMs = new Map([...pids].map(([name, pid]) => [name, cpuMsOfTree(pid)]));
  const machineBusyMs = busyMsOfMachine();
  const atUs = Number(process.hrtime.bigint() / 1000n);
  const commits = await client.query<{ writer: string; last_no: string }>(
    'select writer, last_no from commits',
  );
  const log = await client.query<{ bytes: string; syncs: string }>(
    "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes, " +
      "(select coalesce(sum(fsyncs), 0) from pg_stat_io where object = 'wal') as syncs",
  );
  const tables = await client.query<{ name: string; inserted: string; updated: string }>(
    "select regexp_replace(relname, '_(default|[0-9].*)$', '') as name, sum(n_tup_ins) as inserted, " +
      'sum(n_tup_upd) as updated from pg_stat_user_tables group by 1',
  );
  return {
    cpuMs,
    machineBusyMs,
    atUs,
    commitNos: new Map(commits.rows.map(({ writer, last_no }) => [writer, Number(last_no)])),
    walBytes: Number(log.rows[0]?.bytes),
    walSyncs: Number(log.rows[0]?.syncs),
    tables: new Map(
      tables.rows.map(({ name, inserted, updated }) => [
        name,
        { inserted: Number(inserted), updated: Number(updated) },
      ]),
    ),
  };
}

export function spentBetween(begun: Reading, ended: Reading): Spent {
  const tookMs = (ended.atUs - begun.atUs) / 1000;
  const difference = (to: ReadonlyMap<string, number>, from: ReadonlyMap<string, number>) =>
    Object.fromEntries([...to].map(([name, value]) => [name, value - (from.get(name) ?? 0)]));
  const cpuMs = difference(ended.cpuMs, begun.cpuMs);
  const usedMs = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
  return {
    cpuMs,
    tookMs,
    coresBusyElsewhere: Math.max(0, (ended.machineBusyMs - begun.machineBusyMs - usedMs) / tookMs),
    commits: difference(ended.commitNos, begun.commitNos),
    walBytes: ended.walBytes - begun.walBytes,
    walSyncs: ended.walSyncs - begun.walSyncs,
    rowsPerOrder: rowsPerOrder(begun, ended),
  };
}

function rowsPerOrder(begun: Reading, ended: Reading): Readonly<Record<string, number>> {
  const written = (name: string, kind: keyof TableWrites): number =>
    (ended.tables.get(name)?.[kind] ?? 0) - (begun.tables.get(name)?.[kind] ?? 0);
  const orders = written('orders', 'inserted');
  if (orders === 0) return {};
  const perOrder: Record<string, number> = {};
  for (const name of ended.tables.keys()) {
    const rows = written(name, 'inserted') + written(name, 'updated');
    if (rows > 0) perOrder[name] = rows / orders;
  }
  return perOrder;
}
