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

export interface PrivatePostgres {
  /** A directory for whoever uses the server. */
  readonly scratchDir: string;
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
  return {
    scratchDir,
    async running(settings, work) {
      const [port] = await freePorts(1);
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
      try {
        await until('the server', () => output.includes('database system is ready') || undefined);
        const here = new URL(url);
        here.port = String(port);
        return await work(here.href);
      } finally {
        server.kill('SIGINT');
        await ended;
        process.off('exit', killAtExit);
      }
    },
    remove: () => rm(scratchDir, { recursive: true, force: true }),
  };
}
