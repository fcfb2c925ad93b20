/**
 * The venue as operators run it: a process of its own, started through the command line on a data directory under
 * the system's temporary one. Tests stop it, kill it and start it again, and talk to it over its ports only.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { FixListenerConfig } from '../../src/config/cluster.ts';
import type { VenueLimits } from '../../src/config/limits.ts';
import { clusterDirOf, readPassword } from '../../src/persistence/postgres/cluster.ts';
import { identifyPostmaster, readPostmasterFile } from '../../src/persistence/postgres/postmaster.ts';
import { findProcess, isAlive, sendSignal } from '../../src/persistence/postgres/processes.ts';
import { type CliResult, onebook } from './cli.ts';
import { until } from './until.ts';

/** How a process is started; ports of 0, the default, are chosen by the system. */
export interface VenueOptions {
  /** Name of the node, `local` by default. */
  readonly node?: string;
  /** A configuration file that somebody else has written: addresses, limits and database are then as it says. */
  readonly config?: string;
  readonly fixPort?: number;
  /** Listeners, with absolute paths; one on plain TCP by default. `fixPort` is the first one's. */
  readonly listeners?: readonly FixListenerConfig[];
  readonly adminPort?: number;
  /** Undefined: the embedded Postgres. */
  readonly databaseUrl?: string;
  /** Written into the cluster.config.ts of the data directory. */
  readonly limits?: Partial<VenueLimits>;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  /** What the process is started through, with its arguments: another network namespace for example. */
  readonly through?: readonly string[];
  /** The program, with the command line of the venue's own, which it is by default. */
  readonly main?: string;
}

/** How a process ended: with a code, or by a signal. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What the admin API answered. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: ApiBody;
}

/** Fields that tests look at. */
export type ApiBody = Readonly<Partial<Record<'live' | 'ready' | 'reasons' | 'error', unknown>>>;

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
/** Directories are named after the run that made them: what a killed run leaves behind is found by the next one. */
const DIRECTORY_PREFIX = 'onebook-venue-';
const DIRECTORY_NAME = /^onebook-venue-(\d+)-/;
const READY_TIMEOUT_MS = 60_000;
const MAX_REMOVAL_ATTEMPTS = 200;

const living = new Set<VenueProcess>();
const dataDirs = new Set<string>();
let isExitWatched = false;
let leftBehind: Promise<void> | undefined;

/** A fresh data directory; `removeVenue` takes it away, the end of the run at the latest. */
export async function newDataDir(): Promise<string> {
  watchExit();
  leftBehind ??= removeLeftBehind();
  await leftBehind;
  const dataDir = await mkdtemp(join(tmpdir(), `${DIRECTORY_PREFIX}${process.pid}-`));
  dataDirs.add(dataDir);
  return dataDir;
}

/** Ends every process on the data directory, its Postgres included, and removes it. */
export async function removeVenue(dataDir: string): Promise<void> {
  for (const venue of living) if (venue.dataDir === dataDir) await venue.kill();
  await endPostgres(dataDir);
  await removeDirectory(dataDir);
  dataDirs.delete(dataDir);
}

/** Ends and removes what is left of runs that were killed. */
async function removeLeftBehind(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const run = DIRECTORY_NAME.exec(name)?.[1];
    if (run === undefined || findProcess(Number(run)) !== undefined) continue;
    const dataDir = join(tmpdir(), name);
    const venue = Number(await readFile(join(dataDir, 'venue.pid'), 'utf8').catch(() => ''));
    // Ids are used again: only a process that was started on this directory is its venue.
    const commandLine = await readFile(`/proc/${venue}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.includes(dataDir)) {
      process.kill(venue, 'SIGKILL');
      await until('the end of a venue of another run', () => findProcess(venue) === undefined);
    }
    await endPostgres(dataDir);
    await removeDirectory(dataDir);
  }
}

/** The last processes of a server may still add a file. */
function removeDirectory(dataDir: string): Promise<void> {
  return rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

async function endPostgres(dataDir: string): Promise<void> {
  const file = await readPostmasterFile(clusterDirOf(dataDir));
  const postmaster = file && identifyPostmaster(clusterDirOf(dataDir), file);
  if (postmaster === undefined) return;
  sendSignal(postmaster, 'SIGQUIT');
  await until('the end of Postgres', () => !isAlive(postmaster));
}

/** One process of the venue. */
export class VenueProcess {
  readonly dataDir: string;
  readonly pid: number;
  /** How the process ended; resolves when it has. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #end: ProcessEnd | undefined;

  private constructor(dataDir: string, child: ChildProcess) {
    this.dataDir = dataDir;
    this.#child = child;
    this.pid = child.pid ?? 0;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    living.add(this);
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#end = { code, signal };
        living.delete(this);
        resolve(this.#end);
      });
    });
  }

  /** Starts a process; it may refuse, or wait for another one. */
  static async spawn(dataDir: string, options: VenueOptions = {}): Promise<VenueProcess> {
    watchExit();
    const { node = 'local', fixPort, listeners, adminPort, databaseUrl, limits, logLevel } = options;
    const argv = ['start', '--node', node, '--data-dir', dataDir, '--log-level', logLevel ?? 'info'];
    if (options.config === undefined) {
      const config = join(dataDir, 'cluster.config.ts');
      const nodes = { [node]: listeners === undefined ? {} : { fix: listeners } };
      const cluster = { nodes, limits: limits ?? {} };
      await writeFile(config, `export default ${JSON.stringify(cluster)};\n`);
      argv.push(
        '--config',
        config,
        '--fix-port',
        String(fixPort ?? 0),
        '--admin-port',
        String(adminPort ?? 0),
      );
    } else argv.push('--config', options.config);
    if (databaseUrl !== undefined) argv.push('--database-url', databaseUrl);
    const commandLine = [...(options.through ?? []), process.execPath, options.main ?? MAIN, ...argv];
    const [program = '', ...rest] = commandLine;
    const child = spawn(program, rest, {
      cwd: dataDir,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new VenueProcess(dataDir, child);
  }

  /** Starts a process and waits until members can connect. */
  static async start(dataDir: string, options: VenueOptions = {}): Promise<VenueProcess> {
    const venue = await VenueProcess.spawn(dataDir, options);
    await venue.untilRunning();
    return venue;
  }

  /** Waits until members can connect; fails when the process ends instead. */
  async untilRunning(): Promise<void> {
    await until(
      'the venue to run',
      () => this.#end !== undefined || this.#stdout.includes('is running'),
      READY_TIMEOUT_MS,
    );
    if (this.#end !== undefined) {
      throw new Error(`the venue ended with ${this.#end.code ?? this.#end.signal}: ${this.#stderr}`);
    }
  }

  /** Where members connect. */
  get fixPort(): number {
    return portIn(/^FIX: .*:(\d+) /m, this.#stdout);
  }

  /** The ports of all listeners, in their order. */
  get fixPorts(): readonly number[] {
    return [...this.#stdout.matchAll(/^FIX: .*:(\d+) /gm)].map(([, port]) => Number(port));
  }

  /** Where operators connect. */
  get adminPort(): number {
    return portIn(/^admin API: http:\/\/.*:(\d+) /m, this.#stdout);
  }

  get #adminAddress(): string {
    const address = /^admin API: http:\/\/(.*:\d+) /m.exec(this.#stdout)?.[1];
    if (address === undefined) throw new Error('the venue has not said where operators connect');
    return address;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** What it told people, line by line. */
  get lines(): readonly string[] {
    return this.#stdout.split('\n').filter((line) => line !== '');
  }

  /** What it wrote to standard error, line by line: log events and the reason of a failure. */
  get errorLines(): readonly string[] {
    return this.#stderr.split('\n').filter((line) => line !== '');
  }

  /** The events in its log, parsed. */
  get events(): readonly Record<string, unknown>[] {
    return this.errorLines
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Memory of the process as the kernel counts it, bytes. */
  get residentBytes(): number {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes) * 1024;
  }

  /** Asks the admin API with the token of the data directory. */
  async api(method: 'GET' | 'POST', path: string, body?: object): Promise<ApiAnswer> {
    const token = (await readFile(join(this.dataDir, 'admin.token'), 'utf8')).trim();
    return askApi(this.#adminAddress, method, path, token, body);
  }

  /** Like {@link api}, for what must succeed; returns the body. */
  async done(method: 'GET' | 'POST', path: string, body?: object): Promise<ApiBody> {
    const answer = await this.api(method, path, body);
    if (answer.status >= 300) {
      const log = this.errorLines.slice(-5).join('\n');
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}\n${log}`);
    }
    return answer.body;
  }

  /** Runs a command of the command line against this node. */
  onebook(argv: readonly string[], stdin = ''): Promise<CliResult> {
    const node = ['--data-dir', this.dataDir, '--admin-port', String(this.adminPort)];
    return onebook([...argv, ...node], { stdin, cwd: this.dataDir });
  }

  /** Sends the signal of a crash and waits until the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Lets it drain and returns how it ended. */
  async stop(): Promise<ProcessEnd> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }

  /** Process id of the embedded Postgres, as its file says. */
  async postgresPid(): Promise<number> {
    const file = await readPostmasterFile(clusterDirOf(this.dataDir));
    if (file === undefined) throw new Error('there is no postmaster.pid');
    return file.pid;
  }
}

/** One request to the admin API at a port of loopback, or at `host:port`. */
export async function askApi(
  admin: number | string,
  method: 'GET' | 'POST',
  path: string,
  token = '',
  body?: object,
): Promise<ApiAnswer> {
  const address = typeof admin === 'number' ? `127.0.0.1:${admin}` : admin;
  const response = await fetch(`http://${address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as ApiBody };
}

/** Where the embedded Postgres of a data directory listens, with its password. */
export async function embeddedUrl(dataDir: string): Promise<string> {
  const clusterDir = clusterDirOf(dataDir);
  const file = await readPostmasterFile(clusterDir);
  if (file === undefined) throw new Error('there is no postmaster.pid');
  return `postgres://onebook:${await readPassword(clusterDir)}@127.0.0.1:${file.port}/onebook`;
}

/** Runs `work` on a connection of its own. */
export async function withRows<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  // A server that is killed ends its connections; the statement under way fails, which is enough.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function portIn(pattern: RegExp, text: string): number {
  const port = pattern.exec(text)?.[1];
  if (port === undefined) throw new Error('the venue has not said where it listens');
  return Number(port);
}

/** The test's own settings must not leak into the venue. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ONEBOOK_')));
}

function watchExit(): void {
  if (isExitWatched) return;
  isExitWatched = true;
  process.on('exit', endAll);
  // Left to themselves, signals end the run without its 'exit'.
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

/** A run that ends early must leave no process and no directory behind. */
function endAll(): void {
  for (const venue of living) venue.signal('SIGKILL');
  for (const dataDir of dataDirs) {
    for (let attempt = 0; existsSync(dataDir) && attempt < MAX_REMOVAL_ATTEMPTS; attempt += 1) {
      try {
        const pid = Number.parseInt(readFileSync(join(clusterDirOf(dataDir), 'postmaster.pid'), 'utf8'), 10);
        process.kill(pid, 'SIGQUIT');
      } catch {
        // It has not started, or is gone already.
      }
      try {
        rmSync(dataDir, { recursive: true, force: true });
      } catch {
        // A server that is ending has added a file: look again in 20 ms. Nothing asynchronous runs at exit.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      }
    }
  }
}
