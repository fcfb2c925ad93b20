/** What the benchmark asks the venue's own Postgres, on a connection of its own. */
import pg from 'pg';
import { clusterDirOf, readPassword } from '../../src/persistence/postgres/cluster.ts';
import { VENUE_NAME } from '../../src/persistence/postgres/housekeeping.ts';
import { readPostmasterFile } from '../../src/persistence/postgres/postmaster.ts';
import type { BenchMember } from './client-plan.ts';

/** Version and the settings on which "acknowledged means durable" rests. */
export interface DatabaseFacts {
  readonly version: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Where the server's counters stand. */
export interface DatabaseCounters {
  readonly commitNo: number;
  /** Bytes of write-ahead log since the cluster was made. */
  readonly walBytes: number;
  /** The server's clock. */
  readonly at: Date;
}

/** Rows that a phase left behind. */
export interface RowCounts {
  readonly orders: number;
  readonly openOrders: number;
  readonly trades: number;
  readonly refusals: number;
}

/** Reports per commit, over the commits of a time. */
export interface BatchSizes {
  readonly commits: number;
  readonly mean: number;
  readonly p50: number;
  readonly max: number;
}

const SHOWN_SETTINGS = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'wal_compression',
];
const REFERENCE_MS = 1_000;

/** One connection to a running venue's database. */
export class BenchDatabase {
  readonly postmasterPid: number;
  readonly #client: pg.Client;

  private constructor(client: pg.Client, postmasterPid: number) {
    this.#client = client;
    this.postmasterPid = postmasterPid;
  }

  /** Connects to the embedded server of the venue that runs in `dataDir`. */
  static async connect(dataDir: string): Promise<BenchDatabase> {
    const clusterDir = clusterDirOf(dataDir);
    const [password, file] = await Promise.all([readPassword(clusterDir), readPostmasterFile(clusterDir)]);
    if (file === undefined) throw new Error(`no Postgres runs in ${clusterDir}`);
    const client = new pg.Client({
      host: '127.0.0.1',
      port: file.port,
      user: VENUE_NAME,
      database: VENUE_NAME,
      password,
      application_name: 'bench',
    });
    await client.connect();
    return new BenchDatabase(client, file.pid);
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  async facts(): Promise<DatabaseFacts> {
    const settings: Record<string, string> = {};
    for (const name of SHOWN_SETTINGS) settings[name] = String(await this.#value(`show ${name}`));
    return { version: String(await this.#value('show server_version')), settings };
  }

  /** Makes members with one password, without the cost of a hash each. */
  async addMembers(members: readonly BenchMember[], passwordHash: string): Promise<void> {
    await this.#client.query(
      `with added as (
        insert into users (username, password_hash, sender_comp_id)
        select username, $3, comp_id from unnest($1::text[], $2::int[]) as member (username, comp_id)
        returning id
      ) insert into accounts (user_id, last_seq) select id, 0 from added`,
      [members.map(({ username }) => username), members.map(({ compId }) => compId), passwordHash],
    );
  }

  /** One-row commits per second on one connection, one after the other: the reference of the same run. */
  async referenceCommitsPerSecond(): Promise<number> {
    await this.#client.query('create table bench_reference (id int primary key, at timestamptz not null)');
    const begunMs = performance.now();
    let count = 0;
    while (performance.now() - begunMs < REFERENCE_MS) {
      count += 1;
      await this.#client.query({
        name: 'reference',
        text: 'insert into bench_reference values ($1, now())',
        values: [count],
      });
    }
    const tookMs = performance.now() - begunMs;
    await this.#client.query('drop table bench_reference');
    return (count * 1000) / tookMs;
  }

  async counters(): Promise<DatabaseCounters> {
    const { rows } = await this.#client.query<{ commit_no: string; wal_bytes: string; at: Date }>(
      `select (select max(last_no) from commits) as commit_no, clock_timestamp() as at,
        pg_current_wal_insert_lsn() - '0/0'::pg_lsn as wal_bytes`,
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the counters have one row');
    return { commitNo: Number(row.commit_no), walBytes: Number(row.wal_bytes), at: row.at };
  }

  /**
   * Rows inserted or updated, per row of `orders`, since the cluster was made, table by table. Taken from the
   * server's statistics: a backend reports whole transactions, of all tables at once, so that the ratio holds
   * even while the last of them are not in yet.
   */
  async rowsPerOrder(): Promise<Readonly<Record<string, number>>> {
    const { rows } = await this.#client.query<{ relname: string; inserted: string; updated: string }>(
      `select relname, n_tup_ins as inserted, n_tup_upd as updated from pg_stat_user_tables
        where n_tup_ins + n_tup_upd > 0`,
    );
    const orders = Number(rows.find(({ relname }) => relname === 'orders')?.inserted ?? 0);
    if (orders === 0) throw new Error('the statistics know of no order');
    const perOrder: Record<string, number> = {};
    const add = (name: string, count: number): void => {
      if (count > 0) perOrder[name] = (perOrder[name] ?? 0) + count / orders;
    };
    for (const { relname, inserted, updated } of rows) {
      // Partitions are named after their table and a time.
      const table = relname.replace(/_(default|\d.*)$/, '');
      add(`${table} inserted`, Number(inserted));
      add(`${table} updated`, Number(updated));
    }
    return perOrder;
  }

  /**
   * ExecutionReports per commit between two instants. A session journals what one commit let it say in the next
   * one: the numbers of `fix_messages`, summed over a transaction, are the reports of the one before it.
   */
  async reportsPerCommit(from: Date, to: Date): Promise<BatchSizes> {
    const { rows } = await this.#client.query<{ commits: string; mean: number; p50: number; max: number }>(
      `with sizes as (
        select sum(last_seq - first_seq + 1)::float8 as size from fix_messages
        where sent_at between $1 and $2 group by xmin::text
      ) select count(*) as commits, coalesce(avg(size), 0) as mean, coalesce(max(size), 0) as max,
        coalesce(percentile_disc(0.5) within group (order by size), 0) as p50 from sizes`,
      [from, to],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('an aggregate has one row');
    return { commits: Number(row.commits), mean: row.mean, p50: row.p50, max: row.max };
  }

  async rowCounts(): Promise<RowCounts> {
    const count = async (what: string): Promise<number> =>
      Number(await this.#value(`select count(*) from ${what}`));
    return {
      orders: await count('orders'),
      openOrders: await count('orders where is_open'),
      trades: await count('trades'),
      refusals: await count('requests where not accepted'),
    };
  }

  async #value(sql: string): Promise<unknown> {
    const { rows } = await this.#client.query({ text: sql, rowMode: 'array' });
    return (rows[0] as unknown[] | undefined)?.[0];
  }
}
