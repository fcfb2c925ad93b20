/**
 * Databases for tests: one embedded Postgres per mocha run, started by the first test that asks, with a fresh
 * empty database for each. Mocha loads this module before the tests (`require` in .mocharc.json), so that the
 * server is stopped and its files are removed at the end of the run.
 */

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import {
  identifyPostmaster,
  readPostmasterFile,
  stopPostmaster,
} from '../../src/persistence/postgres/postmaster.ts';
import { findProcess } from '../../src/persistence/postgres/processes.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';

export interface TestDatabase {
  /** Connection URL of an empty database that the connecting role owns. */
  readonly url: string;
  /** Removes the database, whoever is still connected. */
  drop(): Promise<void>;
}

interface SharedCluster {
  readonly dataDir: string;
  readonly postgres: EmbeddedPostgres;
}

/**
 * Small, so that several runs fit on one machine. No autovacuum: its worker runs as superuser, so that a
 * `DROP DATABASE … WITH (FORCE)` which meets one is refused ("permission denied to terminate process").
 */
const SETTINGS = {
  shared_buffers: '64MB',
  max_connections: '100',
  max_wal_size: '512MB',
  autovacuum: 'off',
};

const DIRECTORY_PREFIX = 'onebook-test-';
const MAX_REMOVAL_ATTEMPTS = 200;

let shared: Promise<SharedCluster> | undefined;
let databaseCount = 0;

/** A fresh, empty database on the run's own Postgres. The first call takes about two seconds. */
export async function testDatabase(): Promise<TestDatabase> {
  shared ??= startSharedCluster();
  const { postgres } = await shared;
  databaseCount += 1;
  const name = `test_${databaseCount}`;
  await administer(postgres, `CREATE DATABASE ${name}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(postgres, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Mocha calls this once, after the last test of the run. */
export async function mochaGlobalTeardown(): Promise<void> {
  if (shared === undefined) return;
  const { dataDir, postgres } = await shared;
  shared = undefined;
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function startSharedCluster(): Promise<SharedCluster> {
  await removeLeftBehind();
  const dataDir = await mkdtemp(join(tmpdir(), DIRECTORY_PREFIX));
  process.on('exit', () => removeAtExit(dataDir));
  // Left to themselves, signals end the run without its 'exit'.
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  const postgres = await startEmbeddedPostgres({
    dataDir,
    clock: systemClock,
    log: silentLog,
    settings: SETTINGS,
  });
  return { dataDir, postgres };
}

/** Ends what a run left behind that was killed with SIGKILL: its process is gone, its server is not. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(DIRECTORY_PREFIX)) continue;
    const dataDir = join(tmpdir(), name);
    const holder = Number.parseInt(await readFile(join(dataDir, 'venue.pid'), 'utf8').catch(() => ''), 10);
    if (Number.isNaN(holder) || findProcess(holder) !== undefined) continue;
    await endServer(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function endServer(dataDir: string): Promise<void> {
  const clusterDir = join(dataDir, 'postgres');
  const file = await readPostmasterFile(clusterDir);
  const server = file && identifyPostmaster(clusterDir, file);
  if (server !== undefined) await stopPostmaster(systemClock, server);
}

/** A run that ends early (an uncaught error, Ctrl-C) must not leave a server behind either. */
function removeAtExit(dataDir: string): void {
  for (let attempt = 0; existsSync(dataDir) && attempt < MAX_REMOVAL_ATTEMPTS; attempt += 1) {
    try {
      const pid = Number.parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10);
      process.kill(pid, 'SIGQUIT');
    } catch {
      // It has not started yet, or is gone already.
    }
    try {
      rmSync(dataDir, { recursive: true, force: true });
    } catch {
      // A server that is ending has added a file: look again in 20 ms. Nothing asynchronous runs at exit.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

async function administer(postgres: EmbeddedPostgres, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
