/**
 * The nodes of the cluster demo: two gateways and two engines, each a process of its own that is started as an operator
 * would start it, from a configuration that is written into the data directory.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterStatus } from '../../admin/cluster-status.ts';
import { type AdminClient, adminClient } from '../../cli/admin-client.ts';
import { CliFailure, EXIT } from '../../cli/failure.ts';
import type { ClusterConfig } from '../../config/cluster.ts';
import type { MemberName } from '../protocol.ts';
import { Child } from './children.ts';
import type { NatsForNodes } from './nats.ts';
import { PLACEMENT } from './scenario.ts';
import { type Patience, throwIfStopped, until } from './waiting.ts';

export const ENGINES = ['engine-1', 'engine-2'] as const;
/** Where each member logs on. */
export const GATEWAY_OF: Readonly<Record<MemberName, string>> = { alice: 'gateway-1', bob: 'gateway-2' };
/** The node that operators ask. */
export const ASKED_NODE = 'gateway-1';
export const VENUE_COMP_ID = 'ONEBOOK';
export const HOST = '127.0.0.1';

const GATEWAYS = Object.values(GATEWAY_OF);
const CONFIG_FILE = 'cluster.config.mjs';
/** The command line, as TypeScript or JavaScript as this file is. */
const MAIN = fileURLToPath(new URL(`../../main${extname(import.meta.url)}`, import.meta.url));
/** A node may have to wait for locks of its former life. */
const RUNNING_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 60_000;
/** Longer than a node itself takes to drain. */
const STOP_TIMEOUT_MS = 20_000;

export interface NodesOptions extends Patience {
  readonly dataDir: string;
  /** A secret: the nodes have it from their environment. */
  readonly databaseUrl: string;
  readonly nats: NatsForNodes;
}

/** All four. */
export class DemoNodes {
  readonly configFile: string;
  readonly #options: NodesOptions;
  readonly #ports: ReadonlyMap<string, NodePorts>;
  readonly #running = new Map<string, Child>();

  private constructor(options: NodesOptions, configFile: string, ports: ReadonlyMap<string, NodePorts>) {
    this.#options = options;
    this.configFile = configFile;
    this.#ports = ports;
  }

  /** Writes the configuration; nothing runs yet. */
  static async configure(options: NodesOptions): Promise<DemoNodes> {
    const { dataDir, nats } = options;
    const names = [...ENGINES, ...GATEWAYS];
    const free = await freePorts(2 * names.length);
    const ports = new Map(
      names.map((name, index) => [name, { fix: free[2 * index] ?? 0, admin: free[2 * index + 1] ?? 0 }]),
    );
    const configFile = join(dataDir, CONFIG_FILE);
    writeFileSync(configFile, configText(ports, nats), { mode: 0o600 });
    return new DemoNodes(options, configFile, ports);
  }

  /** Starts all, and resolves when they run. Throws {@link CliFailure}. */
  async startAll(): Promise<void> {
    // The first one brings the schema up to date.
    const [first, ...others] = [...ENGINES, ...GATEWAYS];
    if (first !== undefined) await this.start(first);
    await Promise.all(others.map((name) => this.start(name)));
  }

  /** Starts one, and resolves when it runs; it may not have taken what it will own yet. */
  async start(name: string): Promise<void> {
    const { dataDir, databaseUrl, nats } = this.#options;
    const nodeDir = join(dataDir, name);
    mkdirSync(nodeDir, { recursive: true });
    const foreign = Object.entries(process.env).filter(([variable]) => !variable.startsWith('ONEBOOK_'));
    throwIfStopped(this.#options.signal);
    const child = await Child.start({
      name,
      program: process.execPath,
      argv: [MAIN, 'start', '--node', name, '--config', resolve(this.configFile)],
      env: { ...Object.fromEntries(foreign), ONEBOOK_DATABASE_URL: databaseUrl, ...nats.env },
      logFile: logFileOf(dataDir, name),
    });
    this.#running.set(name, child);
    const isRunning = (): boolean => {
      if (child.failure !== undefined) throw new CliFailure(EXIT.refused, child.failure);
      return child.said.includes('is running');
    };
    const failure = (): string => `${name} does not start (see ${logFileOf(dataDir, name)})`;
    await until(this.#options, RUNNING_TIMEOUT_MS, failure, isRunning);
  }

  /** `kill -9`; resolves when the process is gone. */
  async kill(name: string): Promise<void> {
    await this.#running.get(name)?.kill();
  }

  /** Those that have ended though nobody wanted it, each a line. */
  failures(): readonly string[] {
    return [...this.#running.values()].flatMap(({ failure }) => failure ?? []);
  }

  pidOf(name: string): number {
    return this.#running.get(name)?.pid ?? 0;
  }

  /** Processes that live, by the names of their nodes. */
  running(): readonly { readonly name: string; readonly pid: number; readonly logFile: string }[] {
    return [...this.#running]
      .filter(([, child]) => !child.hasEnded)
      .map(([name, { pid }]) => ({ name, pid, logFile: logFileOf(this.#options.dataDir, name) }));
  }

  /** Where members connect to a gateway. */
  fixPortOf(name: string): number {
    return this.#ports.get(name)?.fix ?? 0;
  }

  /** The admin API of a node that has been started. */
  operator(name: string = ASKED_NODE): AdminClient {
    const port = this.#ports.get(name)?.admin ?? 0;
    const dataDir = join(this.#options.dataDir, name);
    return adminClient({ nodeName: name, admin: { host: HOST, port }, dataDir });
  }

  /** The cluster as a node sees it. */
  async statusOf(name: string = ASKED_NODE): Promise<NodeStatusSeen> {
    return (await this.operator(name).get('/v1/status')) as unknown as NodeStatusSeen;
  }

  /** Waits until every node that is given says that it is ready, for these symbols too. */
  async untilReady(names: readonly string[], symbols: readonly string[]): Promise<void> {
    let reason = '';
    const failure = (): string => `the cluster does not get ready: ${reason}`;
    await until(this.#options, READY_TIMEOUT_MS, failure, async () => {
      this.#throwIfFailed();
      for (const name of names) {
        const status = await this.statusOf(name);
        reason = `${name}: ${unreadiness(status, symbols)}`;
        if (unreadiness(status, symbols) !== undefined) return false;
      }
      return true;
    });
  }

  /** Waits until the view that a node has of the cluster is as wanted. */
  async untilSeen(what: string, isSeen: (cluster: ClusterStatus) => boolean): Promise<ClusterStatus> {
    let seen: ClusterStatus | undefined;
    await until(
      this.#options,
      READY_TIMEOUT_MS,
      () => `${what} did not happen in time`,
      async () => {
        this.#throwIfFailed();
        const { cluster } = await this.statusOf();
        if (cluster === undefined || !isSeen(cluster)) return false;
        seen = cluster;
        return true;
      },
    );
    if (seen === undefined) throw new Error('a wait that ended without what it waited for');
    return seen;
  }

  /** Gateways first, so that what they have in flight is answered. */
  async stop(): Promise<void> {
    for (const group of [GATEWAYS, ENGINES]) {
      await Promise.all(
        group.map((name) => this.#running.get(name)?.stop(this.#options.clock, STOP_TIMEOUT_MS)),
      );
    }
  }

  #throwIfFailed(): void {
    const [failure] = this.failures();
    if (failure !== undefined) throw new CliFailure(EXIT.refused, failure);
  }
}

/** What `GET /v1/status` says, as far as the demo looks at it. */
export interface NodeStatusSeen {
  readonly ready: boolean;
  readonly notReadyBecause: readonly string[];
  readonly symbols: readonly {
    readonly symbol: string;
    readonly status: string;
    readonly ready: boolean;
  }[];
  /** Absent while the node is not in it. */
  readonly cluster?: ClusterStatus;
}

interface NodePorts {
  /** Not used by an engine. */
  readonly fix: number;
  readonly admin: number;
}

function logFileOf(dataDir: string, name: string): string {
  return join(dataDir, `${name}.log`);
}

function unreadiness({ ready, notReadyBecause, symbols }: NodeStatusSeen, wanted: readonly string[]) {
  if (!ready) return notReadyBecause.join('; ');
  const missing = wanted.find(
    (symbol) => !symbols.some((one) => one.symbol === symbol && one.ready && one.status === 'open'),
  );
  return missing === undefined ? undefined : `the book of ${missing} is not open`;
}

/** No secret is in it: only the names of files. */
function configText(ports: ReadonlyMap<string, NodePorts>, { config: nats }: NatsForNodes): string {
  const nodes = [...ports].map(([name, { fix, admin }]) => {
    const isGateway = GATEWAYS.includes(name);
    const places = { admin: { host: HOST, port: admin }, dataDir: `./${name}` };
    return [
      name,
      isGateway
        ? { roles: ['gateway'], fix: { host: HOST, port: fix }, ...places }
        : { roles: ['engine'], ...places },
    ] as const;
  });
  const cluster = {
    venueCompId: VENUE_COMP_ID,
    nats,
    placement: PLACEMENT,
    nodes: Object.fromEntries(nodes),
  } as ClusterConfig;
  return `// Written by the demo at every start: changes are lost.\nexport default ${JSON.stringify(cluster, undefined, 2)};\n`;
}

/** Free now, all of them at once; chosen beforehand so that a node that starts again has the same. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen({ host: HOST, port: 0 });
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
