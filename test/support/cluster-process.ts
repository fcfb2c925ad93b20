/**
 * A cluster as operators run it: engines and gateways in processes of their own, started from one written configuration,
 * over a Postgres and a NATS server of its own. Each of them can be killed, stopped, continued and started again where
 * it was; what it is made of is seen from outside only.
 */
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterConfig, ClusterNodeConfig } from '../../src/config/cluster.ts';
import type { LeaseConfig } from '../../src/config/lease.ts';
import type { VenueLimits } from '../../src/config/limits.ts';
import type { Role } from '../../src/config/roles.ts';
import { type CliResult, onebook } from './cli.ts';
import { type OwnerRows, readOwners } from './cluster-owners.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { lastingPorts } from './operating-system.ts';
import { type PrivatePostgres, type PrivateServer, privatePostgres } from './private-postgres.ts';
import { until } from './until.ts';
import { type ApiBody, newDataDir, type ProcessEnd, removeVenue, VenueProcess } from './venue-process.ts';

/** How the cluster is made. */
export interface ClusterOptions {
  /** Names of engines; `engine-1` and `engine-2` by default. */
  readonly engines?: readonly string[];
  /** Names of gateways; `gateway-1` and `gateway-2` by default. Whoever is in both lists has both roles. */
  readonly gateways?: readonly string[];
  readonly lease?: LeaseConfig;
  readonly limits?: Partial<VenueLimits>;
  /** Engine by symbol; the others are spread. */
  readonly placement?: Readonly<Record<string, string>>;
  /** Machines of their own for the nodes; by default all is on the loopback of this one. */
  readonly machines?: Machines;
  /** The program that a node runs, where it is not the venue's own. */
  readonly mains?: Readonly<Record<string, string>>;
}

/** Where nodes are, and where they find what they live on. */
export interface Machines {
  /** The address of this machine at which nodes find NATS. */
  readonly natsHost: string;
  /** The same for Postgres; `network` is where they come from. */
  readonly postgresHost: string;
  readonly network: string;
  /** Where members and operators find a node. */
  addressOf(node: string): string;
  /** What a process is started through to run on the node's machine. */
  through(node: string): readonly string[];
}

/** Where a gateway takes members. */
export interface FixAddress {
  readonly host: string;
  readonly port: number;
}

const HOST = '127.0.0.1';
/** Room for the pools of eight nodes. */
const POSTGRES_SETTINGS = { max_connections: '300', shared_buffers: '64MB', max_wal_size: '512MB' };
/** Short, so that tests see both ends of it; long enough for a machine that has much to do. */
const LEASE: LeaseConfig = { ttlMs: 2_000 };
const LIMITS: Partial<VenueLimits> = {
  settleMs: 300,
  retryToMs: 500,
  drainNoticeMs: 50,
  reservedSeqNums: 256,
};
const READY_TIMEOUT_MS = 30_000;
const LOG_LINES_SHOWN = 40;

export class ClusterProcess {
  readonly engines: readonly string[];
  readonly gateways: readonly string[];
  /** Where `cluster.config.ts` is. */
  readonly configFile: string;
  readonly nats: NatsServer;
  readonly databaseUrl: string;
  readonly #dir: string;
  readonly #postgres: PrivatePostgres;
  readonly #options: ClusterOptions;
  readonly #config: ClusterConfig;
  readonly #nodes = new Map<string, VenueProcess>();
  readonly #earlierLogs = new Map<string, string[]>();
  #server: PrivateServer;

  private constructor(
    options: ClusterOptions,
    parts: {
      readonly dir: string;
      readonly configFile: string;
      readonly config: ClusterConfig;
      readonly nats: NatsServer;
      readonly postgres: PrivatePostgres;
      readonly server: PrivateServer;
    },
  ) {
    const { engines = ['engine-1', 'engine-2'], gateways = ['gateway-1', 'gateway-2'] } = options;
    this.engines = engines;
    this.gateways = gateways;
    this.#options = options;
    this.#dir = parts.dir;
    this.#config = parts.config;
    this.configFile = parts.configFile;
    this.nats = parts.nats;
    this.#postgres = parts.postgres;
    this.#server = parts.server;
    this.databaseUrl = parts.server.url;
  }

  /** Starts Postgres and NATS and writes the configuration; no node runs yet. */
  static async prepare(options: ClusterOptions = {}): Promise<ClusterProcess> {
    const { engines = ['engine-1', 'engine-2'], gateways = ['gateway-1', 'gateway-2'] } = options;
    const dir = await newDataDir();
    const [postgresPort = 0, ...ports] = await lastingPorts(1 + engines.length + 2 * gateways.length);
    const postgres = await privatePostgres();
    const { machines } = options;
    if (machines !== undefined) {
      const line = `host all all ${machines.network} scram-sha-256\n`;
      await appendFile(join(postgres.clusterDir, 'pg_hba.conf'), line);
    }
    const server = await postgres.start(postgresSettings(options), postgresPort);
    const nats = await startNatsServer(machines === undefined ? {} : { host: machines.natsHost });
    const url = new URL(server.url);
    if (machines !== undefined) url.hostname = machines.postgresHost;
    await writeFile(join(dir, 'database.password'), decodeURIComponent(url.password), { mode: 0o600 });
    url.password = '';
    const nodes: Record<string, ClusterNodeConfig> = {};
    const nextPort = (name: string) => {
      return { host: machines?.addressOf(name) ?? HOST, port: ports.pop() ?? 0 };
    };
    for (const name of new Set([...engines, ...gateways])) {
      const roles: Role[] = [];
      if (engines.includes(name)) roles.push('engine');
      if (gateways.includes(name)) roles.push('gateway');
      const fix = gateways.includes(name) ? { fix: nextPort(name) } : {};
      nodes[name] = { roles, ...fix, admin: nextPort(name), dataDir: await newDataDir() };
    }
    const config: ClusterConfig = {
      databaseUrl: url.href,
      databasePasswordFile: 'database.password',
      nats: { servers: [nats.url] },
      lease: options.lease ?? LEASE,
      limits: { ...LIMITS, ...options.limits },
      ...(options.placement === undefined ? {} : { placement: options.placement }),
      nodes,
    };
    const configFile = join(dir, 'cluster.config.ts');
    await writeFile(configFile, `export default ${JSON.stringify(config, undefined, 2)};\n`);
    return new ClusterProcess(options, { dir, configFile, config, nats, postgres, server });
  }

  /** The same, and all nodes run. */
  static async open(options: ClusterOptions = {}): Promise<ClusterProcess> {
    const cluster = await ClusterProcess.prepare(options);
    try {
      // The first alone: it brings the schema up to date.
      for (const name of cluster.names) await cluster.start(name);
      await cluster.untilReady();
      return cluster;
    } catch (error) {
      const log = cluster.logEnd();
      await cluster.close();
      throw new Error(`the cluster does not start\n${log}`, { cause: error });
    }
  }

  /** Engines first, as they are started. */
  get names(): readonly string[] {
    return [...new Set([...this.engines, ...this.gateways])];
  }

  /** Where members connect: the same addresses whatever becomes of the gateways. */
  get fixAddresses(): readonly FixAddress[] {
    return this.gateways.map((name) => this.fixAddressOf(name));
  }

  fixAddressOf(gateway: string): FixAddress {
    const fix = this.#config.nodes[gateway]?.fix;
    if (fix === undefined || !('port' in fix)) throw new Error(`${gateway} is no gateway`);
    return { host: fix.host ?? HOST, port: fix.port ?? 0 };
  }

  /** The process that runs under this name, or ran last. */
  node(name: string): VenueProcess {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`${name} was never started`);
    return node;
  }

  isRunning(name: string): boolean {
    return this.#nodes.get(name)?.hasEnded === false;
  }

  // ---- Life and death ---------------------------------------------------------------------------------------

  /** Starts a node and waits until it runs; it has not taken what it will own yet. */
  async start(name: string): Promise<void> {
    const node = await this.spawn(name);
    await node.untilRunning();
  }

  /** Starts a node and waits for nothing. */
  async spawn(name: string): Promise<VenueProcess> {
    const dataDir = this.#config.nodes[name]?.dataDir;
    if (dataDir === undefined) throw new Error(`there is no node ${name}`);
    const before = this.#nodes.get(name);
    if (before?.hasEnded === false) throw new Error(`${name} runs already`);
    if (before !== undefined) {
      this.#earlierLogs.set(name, [...(this.#earlierLogs.get(name) ?? []), ...before.errorLines]);
    }
    const main = this.#options.mains?.[name];
    const node = await VenueProcess.spawn(dataDir, {
      node: name,
      config: this.configFile,
      ...(main === undefined ? {} : { main }),
      through: this.#options.machines?.through(name) ?? [],
    });
    this.#nodes.set(name, node);
    return node;
  }

  /** `kill -9`; resolves when the process is gone. */
  kill(name: string): Promise<void> {
    return this.node(name).kill();
  }

  /** SIGSTOP: it does nothing more, and its connections stay open. */
  pause(name: string): void {
    this.node(name).signal('SIGSTOP');
  }

  /** SIGCONT. */
  resume(name: string): void {
    this.node(name).signal('SIGCONT');
  }

  /** SIGTERM: it drains and ends. */
  stop(name: string): Promise<ProcessEnd> {
    return this.node(name).stop();
  }

  /** Where Postgres has its files. */
  get postgresDir(): string {
    return this.#postgres.clusterDir;
  }

  /** Ends Postgres at once, as a crash would. */
  stopPostgres(): Promise<void> {
    return this.#server.stop('SIGQUIT');
  }

  /** After {@link stopPostgres}: on the same port. */
  async startPostgres(): Promise<void> {
    const port = Number(new URL(this.databaseUrl).port);
    this.#server = await this.#postgres.start(postgresSettings(this.#options), port);
  }

  /** Ends everything and removes every file. */
  async close(): Promise<void> {
    for (const [name, node] of this.#nodes) {
      if (!node.hasEnded) this.resume(name);
      await removeVenue(node.dataDir);
    }
    for (const { dataDir } of Object.values(this.#config.nodes)) {
      if (dataDir !== undefined) await removeVenue(dataDir);
    }
    await this.nats.stop();
    await this.#server.stop('SIGQUIT');
    await this.#postgres.remove();
    await removeVenue(this.#dir);
  }

  // ---- What is seen of it -----------------------------------------------------------------------------------

  /** Waits until every node that runs says that it is ready, and every symbol and shard has an owner that lives. */
  async untilReady(timeoutMs = READY_TIMEOUT_MS): Promise<void> {
    const last = { reasons: '' };
    await until(
      'the cluster to be ready',
      async () => {
        for (const [name, node] of this.#nodes) {
          if (node.hasEnded) continue;
          const { status, body } = await node.api('GET', '/health/ready');
          last.reasons = `${name}: ${JSON.stringify(body.reasons)}`;
          if (status !== 200) return false;
        }
        const { nodes, symbols, shardCounts } = await this.owners();
        const living = new Set(nodes.filter(({ isAlive }) => isAlive).map(({ name }) => name));
        const orphans = [...symbols].filter(([, { owner }]) => owner === undefined || !living.has(owner));
        last.reasons = `without an owner: ${orphans.map(([symbol]) => symbol).join(' ')}`;
        const shards = [...shardCounts.keys()].every((owner) => living.has(owner));
        return orphans.length === 0 && shards;
      },
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`the cluster is not ready (${last.reasons})\n${this.logEnd()}`, { cause: error });
    });
  }

  /** Who owns what now. */
  owners(): Promise<OwnerRows> {
    return readOwners(this.databaseUrl);
  }

  /** Symbols that the engine owns now. */
  async symbolsOf(engine: string): Promise<readonly string[]> {
    const { symbols } = await this.owners();
    return [...symbols].filter(([, { owner }]) => owner === engine).map(([symbol]) => symbol);
  }

  /** The engine that owns most symbols. */
  async busiestEngine(): Promise<string> {
    const { symbols } = await this.owners();
    const countOf = (engine: string) => [...symbols.values()].filter(({ owner }) => owner === engine).length;
    return this.engines.reduce((most, engine) => (countOf(engine) > countOf(most) ? engine : most));
  }

  // ---- Operators --------------------------------------------------------------------------------------------

  /** Asks the admin API of a node, the first that runs by default, for what must succeed. */
  done(method: 'GET' | 'POST', path: string, body?: object, at = this.#someNode()): Promise<ApiBody> {
    return this.node(at).done(method, path, body);
  }

  /** Runs a command of the command line with the configuration of the cluster; it must succeed. */
  async onebook(...argv: readonly string[]): Promise<CliResult> {
    const result = await onebook([...argv, '--config', this.configFile], { cwd: this.#dir });
    if (result.exitCode !== 0) {
      throw new Error(`onebook ${argv.join(' ')}: ${result.exitCode}\n${result.stdout}${result.stderr}`);
    }
    return result;
  }

  #someNode(): string {
    const name = this.names.find((one) => this.isRunning(one));
    if (name === undefined) throw new Error('no node runs');
    return name;
  }

  // ---- Logs -------------------------------------------------------------------------------------------------

  /** All that the processes of this name have logged. */
  logOf(name: string): readonly string[] {
    return [...(this.#earlierLogs.get(name) ?? []), ...(this.#nodes.get(name)?.errorLines ?? [])];
  }

  /** The end of each node's log, for a failure's text. */
  logEnd(): string {
    return this.names
      .map((name) => `--- ${name}\n${this.logOf(name).slice(-LOG_LINES_SHOWN).join('\n')}`)
      .join('\n');
  }
}

function postgresSettings({ machines }: ClusterOptions): Record<string, string> {
  return machines === undefined
    ? POSTGRES_SETTINGS
    : { ...POSTGRES_SETTINGS, listen_addresses: `${HOST},${machines.postgresHost}` };
}
