/**
 * A real NATS server for tests, on a free loopback port, with password and TLS where they are asked for. Tests that need
 * one are skipped, with one line, where there is no `nats-server`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

export interface NatsServerTerms {
  /** Without: everybody may connect. */
  readonly user?: string;
  readonly password?: string;
  /** The address that it listens on; loopback by default. */
  readonly host?: string;
  /** PEM files; clients must show a certificate of the authority. Without: no TLS. */
  readonly tls?: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
}

export interface NatsServer {
  /** `nats://host:port`; the same after a restart. */
  readonly url: string;
  /** As `kill -9`, and waits for the end. */
  kill(): Promise<void>;
  /** Stops the process without ending it, as a machine that hangs would. */
  pause(): void;
  resume(): void;
  /** After a kill: a new process on the same port. */
  restart(): Promise<void>;
  /** Kills it and removes its files. */
  stop(): Promise<void>;
}

const PROGRAM = 'nats-server';
const LOOPBACK = '127.0.0.1';

/** Set where there must be a server: tests that need one then fail without it, and are not skipped. */
const REQUIRED = 'ONEBOOK_REQUIRE_NATS';
/** Set where somebody has said already that there is none. */
export const NATS_MISSED = 'ONEBOOK_NATS_MISSED';

/** True when there is a server to test with; else says so, once, or throws where there must be one. */
export const hasNatsServer: () => boolean = (() => {
  let answer: boolean | undefined;
  return () => {
    answer ??= spawnSync(PROGRAM, ['--version']).status === 0;
    if (!answer && (process.env[REQUIRED] ?? '') !== '') {
      throw new Error(`there is no ${PROGRAM} on this machine, and ${REQUIRED} asks for one`);
    }
    if (!answer && process.env[NATS_MISSED] === undefined) {
      process.env[NATS_MISSED] = 'said';
      console.log(`    no ${PROGRAM} on this machine: tests with a real one are skipped`);
    }
    return answer;
  };
})();

/** Runs when it takes connections. */
export async function startNatsServer(terms: NatsServerTerms = {}): Promise<NatsServer> {
  const dir = await mkdtemp(join(tmpdir(), 'onebook-nats-'));
  const configFile = join(dir, 'nats.conf');
  const port = await freePort();
  await writeFile(configFile, configOf(port, dir, terms), { mode: 0o600 });
  let server = await run(configFile, dir);
  const end = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  };
  return {
    url: `nats://${terms.host ?? LOOPBACK}:${port}`,
    kill: end,
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async restart() {
      server = await run(configFile, dir);
    },
    async stop() {
      await end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function configOf(port: number, dir: string, { user, password, tls, host }: NatsServerTerms): string {
  const lines = [`listen: "${host ?? LOOPBACK}:${port}"`, `ports_file_dir: ${JSON.stringify(dir)}`];
  if (user !== undefined) {
    lines.push(`authorization { user: ${JSON.stringify(user)}, password: ${JSON.stringify(password)} }`);
  }
  if (tls !== undefined) {
    const { caFile, certFile, keyFile } = tls;
    const files = `ca_file: "${caFile}", cert_file: "${certFile}", key_file: "${keyFile}"`;
    lines.push(`tls { ${files}, verify: true }`);
  }
  return `${lines.join('\n')}\n`;
}

async function run(configFile: string, dir: string): Promise<ChildProcess> {
  const server = spawn(PROGRAM, ['--config', configFile], { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  const killAtExit = () => server.kill('SIGKILL');
  process.once('exit', killAtExit);
  server.once('exit', () => process.off('exit', killAtExit));
  let output = '';
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await until('the NATS server to be ready', async () => {
    if (server.exitCode !== null) throw new Error(`nats-server ended: ${output}`);
    // Written when it listens, under a name with its process id.
    const names = await readdir(dir);
    const name = names.find((one) => one.endsWith(`_${server.pid}.ports`));
    return name !== undefined && /"(nats|tls):/.test(await readFile(join(dir, name), 'utf8'));
  }).catch((error: unknown) => {
    server.kill('SIGKILL');
    throw error;
  });
  return server;
}

/** Chosen beforehand, so that the server has the same one when it is started again. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  probe.close();
  await once(probe, 'close');
  return address.port;
}
