/** A Postgres server of the bench's own, beside the nodes, and a database on it for each part of the run. */
import { join } from 'node:path';
import pg from 'pg';
import { assertDurable, connect, migrate } from '../../src/persistence/orm.ts';
import { ensurePartitions } from '../../src/persistence/partitions.ts';
import { clusterDirOf } from '../../src/persistence/postgres/cluster.ts';
import { readPostmasterFile } from '../../src/persistence/postgres/postmaster.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { privatePostgres } from '../../test/support/private-postgres.ts';

/** The same for every part: the venue's own settings, with room for the connections of several nodes. */
const SETTINGS = { max_connections: '300' };

export interface BenchPostgres {
  readonly postmasterPid: number;
  readonly scratchDir: string;
  /** Makes a database with the venue's schema; returns its URL, a secret. */
  createDatabase(name: string): Promise<string>;
  dropDatabase(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function startBenchPostgres(): Promise<BenchPostgres> {
  const postgres = await privatePostgres();
  const server = await postgres.start(SETTINGS);
  const clusterDir = clusterDirOf(join(postgres.scratchDir, 'database'));
  const postmaster = await readPostmasterFile(clusterDir);
  if (postmaster === undefined) throw new Error('the server has no postmaster.pid');
  return {
    postmasterPid: postmaster.pid,
    scratchDir: postgres.scratchDir,
    async createDatabase(name) {
      await withClient(server.url, (client) => client.query(`create database ${name}`));
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      const orm = await connect(url.href, { maxConnections: 2 });
      try {
        await assertDurable(orm);
        await migrate(orm);
        await ensurePartitions(orm, systemClock.now());
      } finally {
        await orm.close(true);
      }
      return url.href;
    },
    async dropDatabase(name) {
      await withClient(server.url, (client) => client.query(`drop database ${name} with (force)`));
    },
    async close() {
      await server.stop();
      await postgres.remove();
    },
  };
}

/** Runs `work` on a connection of its own. */
export async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
