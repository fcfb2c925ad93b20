/**
 * What membership and the guard cost on Postgres with 10,000 symbols and 120 nodes, by the very statements of the venue:
 * the renewal of a lease, a renewal that reads who owns what, a claim of everything, and the guard of a commit.
 */
import type pg from 'pg';
import type { Ownership } from '../../src/cluster/membership.ts';
import * as sql from '../../src/persistence/cluster/node-rows.ts';
import { connect } from '../../src/persistence/orm.ts';
import { createStore } from '../../src/persistence/store.ts';
import { commitBatch } from '../../test/support/commit-batches.ts';
import { withClient } from './bench-postgres.ts';
import type { Percentiles } from './client-plan.ts';
import { cpuMsOfTree } from './cpu.ts';
import { Samples } from './percentiles.ts';

/** How large the cluster is. */
export interface MembershipSize {
  readonly symbols: number;
  readonly gateways: number;
  readonly engines: number;
}

/** Time as the node sees it, and CPU of the server, for one statement. */
export interface StatementCost {
  readonly name: string;
  readonly took: Percentiles;
  readonly serverCpuMs: number;
  /** CPU of the node for the answer, where that is not nothing; ms. */
  readonly nodeCpuMs?: number;
  readonly bytes?: number;
}

export interface MembershipFigures {
  readonly size: MembershipSize;
  readonly statements: readonly StatementCost[];
}

const LEASE_MS = 3_600_000;
const RENEWALS = 200;
const READS = 15;
const COMMITS = 150;
const ACCOUNT_SHARDS = 64;
const NO_OWNERSHIP: Ownership = { symbols: new Map(), shards: new Map() };
const REPORT = {
  natsReachable: true,
  ready: true,
  draining: false,
  connections: 2_500,
  maxConnections: 5_000,
  clockOffsetMs: 0,
  endpoints: [{ host: '192.0.2.11', port: 9880 }],
};

/** Fills the database, and measures; takes some 20 s. */
export async function measureMembership(
  url: string,
  postmasterPid: number,
  size: MembershipSize,
): Promise<MembershipFigures> {
  return withClient(url, async (client) => {
    await client.query(INSTRUMENTS, [size.symbols]);
    const nodes = await joinAll(client, size);
    const [first] = nodes;
    if (first === undefined) throw new Error('a cluster has an engine');
    const symbols = Array.from({ length: size.symbols }, (_, index) => symbolNo(index + 1));
    const statements: StatementCost[] = [];
    const measure = async (
      name: string,
      count: number,
      work: () => Promise<unknown>,
      between?: () => Promise<unknown>,
    ): Promise<void> => {
      const took = new Samples();
      let serverMs = 0;
      for (let done = 0; done < count; done += 1) {
        // The kernel counts in steps of 10 ms: one reading for many statements, where nothing is between them.
        if (between !== undefined || done === 0) serverMs -= cpuMsOfTree(postmasterPid);
        const begunMs = performance.now();
        await work();
        took.add(performance.now() - begunMs);
        if (between !== undefined || done === count - 1) serverMs += cpuMsOfTree(postmasterPid);
        if (done < count - 1) await between?.();
      }
      statements.push({ name, took: took.percentiles(), serverCpuMs: serverMs / count });
    };
    const take = (node: NodeRow, some: readonly string[]) =>
      client.query(sql.TAKE_SYMBOLS, [node.name, node.incarnation, some]);
    const releaseAll = () => client.query(sql.RELEASE_SYMBOLS, [first.name, first.incarnation, symbols]);

    await measure('claim of all symbols, the first ever', 1, () => take(first, symbols));
    await releaseAll();
    await measure('claim of all symbols', 3, () => take(first, symbols), releaseAll);
    await measure('release of all symbols', 1, releaseAll);
    await share(client, nodes, symbols);
    await client.query('vacuum analyze books');

    const renew = (version: string) => client.query<sql.RenewedRow>(sql.RENEW, renewal(first, version));
    const version = (await renew('')).rows[0]?.version ?? '';
    await measure('renewal of one lease, nothing new', RENEWALS, () => renew(version));
    await measure('renewal that reads all owners', READS, () => renew(''));
    statements.push(await readCost(statements.pop(), () => renew('')));

    await measureGuard(url, first, client, symbols, measure);
    return { size, statements };
  });
}

interface NodeRow {
  readonly name: string;
  readonly incarnation: number;
  readonly isEngine: boolean;
}

const INSTRUMENTS =
  'insert into instruments (symbol, base_asset, quote_asset, tick_size, lot_size, min_quantity, max_quantity, ' +
  'market_protection_bps, maker_fee_rate, taker_fee_rate, created_at) ' +
  "select 'S' || lpad(s::text, 6, '0'), 'A' || lpad(s::text, 6, '0'), 'USD', 0.01, 0.0001, 0.0001, 1000000, 500, 0, 0, " +
  'now() from generate_series(1, $1::int) as s';

function symbolNo(no: number): string {
  return `S${String(no).padStart(6, '0')}`;
}

async function joinAll(client: pg.Client, { gateways, engines }: MembershipSize): Promise<NodeRow[]> {
  const nodes: NodeRow[] = [];
  for (let index = 0; index < engines + gateways; index += 1) {
    const isEngine = index < engines;
    const name = isEngine ? `engine-${index + 1}` : `gateway-${index - engines + 1}`;
    const { rows } = await client.query<{ incarnation: number }>(sql.NEXT_INCARNATION);
    const incarnation = rows[0]?.incarnation ?? 0;
    const roles = [isEngine ? 'engine' : 'gateway'];
    await client.query(sql.JOIN, [name, incarnation, LEASE_MS, roles, 1, '', ...sql.reportValues(REPORT)]);
    nodes.push({ name, incarnation, isEngine });
  }
  return nodes;
}

function renewal({ name, incarnation }: NodeRow, version: string): unknown[] {
  return [name, incarnation, LEASE_MS, ...sql.reportValues(REPORT), version, false];
}

/** Each engine takes its part of the symbols and shards. */
async function share(
  client: pg.Client,
  nodes: readonly NodeRow[],
  symbols: readonly string[],
): Promise<void> {
  const engines = nodes.filter(({ isEngine }) => isEngine);
  for (const [index, { name, incarnation }] of engines.entries()) {
    const own = symbols.filter((_, no) => no % engines.length === index);
    await client.query(sql.TAKE_SYMBOLS, [name, incarnation, own]);
    const shards = Array.from({ length: ACCOUNT_SHARDS }, (_, no) => no).filter(
      (no) => no % engines.length === index,
    );
    await client.query(sql.TAKE_SHARDS, [name, incarnation, shards]);
  }
}

/** What the answer weighs, and what it costs the node that reads it. */
async function readCost(
  read: StatementCost | undefined,
  renew: () => Promise<pg.QueryResult<sql.RenewedRow>>,
): Promise<StatementCost> {
  if (read === undefined) throw new Error('the read was measured before');
  const before = process.cpuUsage();
  let bytes = 0;
  for (let done = 0; done < READS; done += 1) {
    const [row] = (await renew()).rows;
    if (row === undefined) throw new Error('a renewal has one row');
    sql.viewOf(row, NO_OWNERSHIP);
    bytes = JSON.stringify(row).length;
  }
  const { user, system } = process.cpuUsage(before);
  return { ...read, nodeCpuMs: (user + system) / 1000 / READS, bytes };
}

/** Commits of one node that write nothing but the numbers of some of its books, under the epochs that it has. */
async function measureGuard(
  url: string,
  { name, incarnation }: NodeRow,
  client: pg.Client,
  symbols: readonly string[],
  measure: (name: string, count: number, work: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const orm = await connect(url, { maxConnections: 2 });
  try {
    const store = await createStore({ orm, nodeName: name, incarnation });
    const { rows: books } = await client.query<{ symbol: string; epoch: string }>(
      'select symbol, epoch from books where symbol = any($1) and owner = $2 order by symbol',
      [symbols, name],
    );
    const { rows: shards } = await client.query<{ shard: number; epoch: string }>(
      'select shard, epoch from account_shards order by shard',
    );
    let commitNo = store.lastCommitNo;
    const commit = async (bookCount: number, shardCount: number): Promise<void> => {
      commitNo += 1;
      const outcome = await store.commit(
        commitBatch(commitNo, {
          books: books.slice(0, bookCount).map(({ symbol, epoch }) => {
            return { symbol, epoch: Number(epoch), lastSeq: commitNo };
          }),
          shards: shards.slice(0, shardCount).map(({ shard, epoch }) => ({ shard, epoch: Number(epoch) })),
        }),
      );
      if (outcome.type !== 'Committed') throw new Error(`a commit was ${JSON.stringify(outcome)}`);
    };
    // The driver and the server know the statements before they are measured.
    for (let done = 0; done < 20; done += 1) for (const count of [1, 64]) await commit(count, count);
    await measure('commit that guards 1 book, 1 shard', COMMITS, () => commit(1, 1));
    await measure('commit that guards 64 books, 1 shard', COMMITS, () => commit(64, 1));
    await measure('commit that guards 64 books, 64 shards', COMMITS, () => commit(64, 64));
  } finally {
    await orm.close(true);
  }
}
