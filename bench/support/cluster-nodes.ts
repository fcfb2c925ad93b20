/** Nodes as operators start them, in processes of their own: a whole venue, or gateways and engines apart. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readAdminToken } from '../../src/admin/token.ts';
import type { ClusterConfig, ClusterNodeConfig } from '../../src/config/cluster.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { freePorts } from '../../test/support/operating-system.ts';
import { until } from '../../test/support/until.ts';
import { withClient } from './bench-postgres.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'src', 'main.ts');
const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 60_000;
/** Longer than a drain may take by default. */
const STOP_TIMEOUT_MS = 20_000;
/** The name of a venue in one process. */
export const ALONE = 'local';

/** Which processes there are. */
export interface Shape {
  readonly name: string;
  /** None: one process that is both. */
  readonly gateways: readonly string[];
  readonly engines: readonly string[];
}

export interface NodesOptions {
  readonly shape: Shape;
  /** For configuration, logs and tokens. */
  readonly dir: string;
  /** A secret. */
  readonly databaseUrl: string;
  readonly natsUrl: string;
  /** Engine by symbol; the others are spread. */
  readonly placement?: Readonly<Record<string, string>>;
  /** Each node leaves its profile in a folder of its name. */
  readonly profileDir?: string | undefined;
}

interface Node {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly dataDir: string;
  readonly adminPort: number;
}

/** The nodes of one shape, that run. */
export class BenchNodes {
  readonly shape: Shape;
  /** In the order of the gateways, or the only one. */
  readonly fixPorts: readonly number[];
  readonly #options: NodesOptions;
  readonly #config: ClusterConfig;
  readonly #nodes = new Map<string, Node>();

  private constructor(options: NodesOptions, config: ClusterConfig, fixPorts: readonly number[]) {
    this.#options = options;
    this.shape = options.shape;
    this.#config = config;
    this.fixPorts = fixPorts;
  }

  /** Starts them, and resolves when all are ready and every symbol is where it should be. */
  static async start(options: NodesOptions): Promise<BenchNodes> {
    const { shape, dir, databaseUrl, natsUrl, placement } = options;
    const isAlone = shape.gateways.length === 0;
    const names = isAlone ? [ALONE] : [...shape.engines, ...shape.gateways];
    const ports = await freePorts(2 * names.length);
    const port = () => ({ host: HOST, port: ports.pop() ?? 0 });
    const fixPorts: number[] = [];
    const nodes: Record<string, ClusterNodeConfig> = {};
    for (const name of names) {
      const role = shape.engines.includes(name) ? 'engine' : 'gateway';
      const fix = role === 'gateway' ? port() : undefined;
      if (fix !== undefined) fixPorts.push(fix.port);
      const dataDir = join(dir, name);
      await mkdir(dataDir, { recursive: true });
      nodes[name] = {
        ...(isAlone ? {} : { roles: [role] }),
        ...(fix === undefined ? {} : { fix }),
        admin: port(),
        dataDir,
      };
    }
    const url = new URL(databaseUrl);
    await writeFile(join(dir, 'database.password'), decodeURIComponent(url.password), { mode: 0o600 });
    url.password = '';
    const config: ClusterConfig = {
      databaseUrl: url.href,
      databasePasswordFile: 'database.password',
      ...(isAlone ? {} : { nats: { servers: [natsUrl] } }),
      ...(placement === undefined || isAlone ? {} : { placement }),
      nodes,
    };
    await writeFile(join(dir, 'cluster.config.ts'), `export default ${JSON.stringify(config)};\n`);
    const started = new BenchNodes(options, config, fixPorts);
    try {
      for (const name of names) await started.#spawn(name);
      await started.#untilReady();
      return started;
    } catch (error) {
      await started.killAll();
      throw error;
    }
  }

  get names(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  pidOf(name: string): number {
    return this.#node(name).pid;
  }

  /** Asks the admin API of a node for what must succeed. */
  async post(name: string, path: string, body: object): Promise<void> {
    const { adminPort, dataDir } = this.#node(name);
    const response = await fetch(`http://${HOST}:${adminPort}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${readAdminToken(dataDir) ?? ''}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  }

  /** `kill -9`; resolves when the process is gone. */
  async kill(name: string): Promise<void> {
    const { child } = this.#node(name);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async killAll(): Promise<void> {
    await Promise.all(this.names.map((name) => this.kill(name)));
  }

  /** Lets all drain, gateways first. Returns what was wrong with the end of each; none is left. */
  async stop(): Promise<readonly string[]> {
    const { gateways } = this.shape;
    const wrong: string[] = [];
    const stopOne = async (name: string): Promise<void> => {
      const { child } = this.#node(name);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const cancel = systemClock.after(STOP_TIMEOUT_MS, () => child.kill('SIGKILL'));
      await exit;
      cancel();
      if (child.signalCode !== null)
        wrong.push(`${name} did not end within ${STOP_TIMEOUT_MS} ms of SIGTERM`);
      else if (child.exitCode !== 0) wrong.push(`${name} ended with ${child.exitCode}`);
    };
    await Promise.all(gateways.map(stopOne));
    await Promise.all(this.names.filter((name) => !gateways.includes(name)).map(stopOne));
    return wrong;
  }

  /** The lines that a node has logged. */
  logOf(name: string): readonly string[] {
    return readFileSync(join(this.#node(name).dataDir, 'node.log'), 'utf8')
      .trimEnd()
      .split('\n');
  }

  /** The end of each node's log, for a failure's text. */
  logEnd(): string {
    return this.names.map((name) => `--- ${name}\n${this.logOf(name).slice(-10).join('\n')}`).join('\n');
  }

  #node(name: string): Node {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  async #spawn(name: string): Promise<void> {
    const { dir, profileDir } = this.#options;
    const { dataDir = '', admin } = this.#config.nodes[name] ?? {};
    const log = openSync(join(dataDir, 'node.log'), 'a');
    // Nothing of this shell's environment.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([variable]) => !variable.startsWith('ONEBOOK_')),
    );
    const profile =
      profileDir === undefined
        ? []
        : ['--cpu-prof', `--cpu-prof-dir=${join(profileDir, this.shape.name, name)}`];
    const flags = ['start', '--node', name, '--config', join(dir, 'cluster.config.ts')];
    const child = spawn(process.execPath, [...profile, MAIN, ...flags], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    if (child.pid === undefined) throw new Error(`${name} does not start`);
    // A bench that ends early leaves no node behind.
    const killAtExit = () => child.kill('SIGKILL');
    process.once('exit', killAtExit);
    child.once('exit', () => process.off('exit', killAtExit));
    this.#nodes.set(name, { child, pid: child.pid, dataDir, adminPort: admin?.port ?? 0 });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const cancel = systemClock.after(START_TIMEOUT_MS, () => child.kill('SIGKILL'));
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (!said.includes('is running')) return;
        cancel();
        resolve();
      });
      child.once('exit', () => reject(new Error(`${name} did not start:\n${said}${this.logEnd()}`)));
    });
  }

  async #untilReady(): Promise<void> {
    const last = { answer: '' };
    await until(
      'the nodes to be ready',
      async () => {
        for (const [name, { adminPort }] of this.#nodes) {
          const response = await fetch(`http://${HOST}:${adminPort}/health/ready`);
          last.answer = `${name}: ${await response.text()}`;
          if (response.status !== 200) return false;
          const { books } = JSON.parse(last.answer.slice(name.length + 2)) as {
            readonly books?: { readonly total: number; readonly ready: number };
          };
          if (books !== undefined && books.ready < books.total) return false;
        }
        if (this.shape.gateways.length === 0) return true;
        const lost = await this.#misplaced();
        last.answer = `not where they should be: ${lost.join(' ')}`;
        return lost.length === 0;
      },
      READY_TIMEOUT_MS,
    ).catch((error: unknown) => {
      throw new Error(`not ready (${last.answer})\n${this.logEnd()}`, { cause: error });
    });
  }

  /**
   * Symbols and shards that nobody has, or not who should. An engine that has come later takes what is placed on it from
   * another only when it has held its lease for ten seconds.
   */
  #misplaced(): Promise<readonly string[]> {
    const { databaseUrl, placement = {} } = this.#options;
    return withClient(databaseUrl, async (client) => {
      const { rows } = await client.query<{ item: string; owner: string | null }>(
        'select item, case when owner_is_gone(owner, owner_incarnation) then null else owner end as owner from (' +
          'select symbol as item, owner, owner_incarnation from instruments left join books using (symbol) ' +
          'union all select shard::text, owner, owner_incarnation from account_shards) as items',
      );
      return rows
        .filter(({ item, owner }) => owner === null || (placement[item] ?? owner) !== owner)
        .map(({ item }) => item);
    });
  }
}
