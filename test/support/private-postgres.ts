/**
 * A Postgres of a test's own that is started with settings which the venue never gives to its own: the same programs
 * and files, another command line.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { findBinaries, postgresEnvironment } from '../../src/persistence/postgres/binaries.ts';
import { chooseAccount, clusterDirOf, HERE } from '../../src/persistence/postgres/cluster.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { freePorts } from './operating-system.ts';
import { until } from './until.ts';

/** One run of the server. */
export interface PrivateServer {
  readonly url: string;
  /** Ends it: `SIGINT` in order, `SIGQUIT` as a crash would; resolves when it has ended. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>;
}

export interface PrivatePostgres {
  /** A directory for whoever uses the server. */
  readonly scratchDir: string;
  /** Where the server's own files are, `pg_hba.conf` among them. */
  readonly clusterDir: string;
  /** Starts the server with `settings`, on `port` or a free one. */
  start(settings: Readonly<Record<string, string>>, port?: number): Promise<PrivateServer>;
  /** Runs `work` with the URL of the server, which was started with `settings` and is stopped afterwards. */
  running<Value>(
    settings: Readonly<Record<string, string>>,
    work: (url: string) => Promise<Value>,
  ): Promise<Value>;
  remove(): Promise<void>;
}

/** Makes the cluster; takes a few seconds. */
export async function privatePostgres(): Promise<PrivatePostgres> {
  const scratchDir = await mkdtemp(join(tmpdir(), 'onebook-private-'));
  const dataDir = join(scratchDir, 'database');
  const made = await startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLog });
  const { url } = made;
  await made.stop();
  const account = await chooseAccount(dataDir);
  const { postgres } = await findBinaries(account);
  const cwd = clusterDirOf(dataDir);
  const start: PrivatePostgres['start'] = async (settings, fixedPort) => {
    const port = fixedPort ?? (await freePorts(1))[0];
    const flags = Object.entries({ ...settings, port: String(port) }).map(
      ([name, value]) => `${name}=${value}`,
    );
    const server = spawn(postgres, ['-D', HERE, ...flags.flatMap((flag) => ['-c', flag])], {
      cwd,
      env: postgresEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      ...account,
    });
    const ended = new Promise((resolve) => server.once('close', resolve));
    const killAtExit = () => server.kill('SIGQUIT');
    process.once('exit', killAtExit);
    let output = '';
    server.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    const stop: PrivateServer['stop'] = async (signal = 'SIGINT') => {
      server.kill(signal);
      await ended;
      process.off('exit', killAtExit);
    };
    try {
      await until('the server', () => output.includes('database system is ready') || undefined);
    } catch (error) {
      await stop();
      throw error;
    }
    const here = new URL(url);
    here.port = String(port);
    return { url: here.href, stop };
  };
  return {
    scratchDir,
    clusterDir: cwd,
    start,
    async running(settings, work) {
      const server = await start(settings);
      try {
        return await work(server.url);
      } finally {
        await server.stop();
      }
    },
    remove: () => rm(scratchDir, { recursive: true, force: true }),
  };
}
