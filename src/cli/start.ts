/** `onebook start`: runs one node until it is told to stop. */
import type { Command } from 'commander';
import type { ListenerStatus } from '../admin/control.ts';
import { adminTokenPath } from '../admin/token.ts';
import { loadNodeConfig } from '../config/load.ts';
import type { NodeConfig, StartFlags } from '../config/node-config.ts';
import { systemClock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { redactUrls } from '../platform/redact.ts';
import { databaseTrouble } from './database-trouble.ts';
import { CliFailure, EXIT, tellError } from './failure.ts';

/** A node that trades, as far as this command is concerned. */
export interface RunningNode {
  /** Of the first listener. */
  readonly fixPort: number;
  readonly listeners: readonly ListenerStatus[];
  readonly adminPort: number;
  /** No new orders; what is in flight is committed and answered, sessions are logged out, everything stops. */
  drain(): Promise<void>;
  /** Reads the listeners' certificates again; a bad one leaves the old in use and is logged. */
  reloadCertificates(): void;
}

export interface StartOptions {
  readonly log: Log;
  /** What happens meanwhile, for people. */
  readonly onProgress?: (line: string) => void;
  /** The node cannot go on. */
  readonly onFatal?: (reason: string) => void;
  /** Aborted when the node is told to stop before it has started. */
  readonly signal?: AbortSignal;
}

export type StartNode = (config: NodeConfig, options: StartOptions) => Promise<RunningNode>;

/** Adds the command; `loadStartNode` is called when it runs, so that others do not load the whole venue. */
export function addStartCommand(program: Command, loadStartNode: () => Promise<StartNode>): void {
  program
    .command('start')
    .description(
      'run a node of the venue until SIGTERM or Ctrl-C, which drain it; a second one ends it at once',
    )
    .helpOption('-h, --help', 'show this help')
    .option('--node <name>', 'which node of the configuration; default "local" (env ONEBOOK_NODE)')
    .option('--config <file>', 'configuration file; default ./cluster.config.ts (env ONEBOOK_CONFIG)')
    .option('--data-dir <dir>', 'where database and admin token live (env ONEBOOK_DATA_DIR)')
    .option('--fix-port <port>', 'where members connect; 0: any free port (env ONEBOOK_FIX_PORT)')
    .option('--fix-host <host>', 'on which address (env ONEBOOK_FIX_HOST)')
    .option('--admin-port <port>', 'where operators connect; 0: any free port (env ONEBOOK_ADMIN_PORT)')
    .option('--admin-host <host>', 'on which address; plain HTTP (env ONEBOOK_ADMIN_HOST)')
    .option(
      '--database-url <url>',
      'a Postgres server instead of the embedded one (env ONEBOOK_DATABASE_URL)',
    )
    .option('--venue-comp-id <id>', 'CompID of the venue (env ONEBOOK_VENUE_COMP_ID)')
    .option('--log-level <level>', 'debug, info, warn, error or silent (env ONEBOOK_LOG_LEVEL)')
    .addHelpText(
      'after',
      '\nA flag outranks its environment variable, that outranks the configuration file, that the default.' +
        '\nStart-up and addresses are told on standard output, events are logged to standard error:' +
        '\none JSON object a line, or readable lines on a terminal.',
    )
    .action((flags: StartFlags) => runNode(flags, loadStartNode));
}

async function runNode(flags: StartFlags, loadStartNode: () => Promise<StartNode>): Promise<void> {
  const config = await loadNodeConfig(flags, process.env, process.cwd());
  if (Array.isArray(config)) throw new CliFailure(EXIT.usage, ...config.map(({ message }) => message));
  const { createLogger } = await import('../platform/logger.ts');
  const { bufferLines } = await import('../platform/line-buffer.ts');
  const lines = bufferLines((text) => process.stderr.write(text), systemClock);
  process.on('exit', () => lines.flush());
  const log = createLogger({
    level: config.logLevel,
    pretty: process.stderr.isTTY === true,
    write: (text) => lines.write(text),
  });
  for (const warning of config.warnings ?? []) log.warn('configuration', { warning });
  reportProcessTrouble(log);
  const stopping = new AbortController();
  const stop = stopOnSignals(log, stopping);

  const startNode = await loadStartNode();
  const node = await startNode(config, {
    log,
    signal: stopping.signal,
    onProgress: say,
    onFatal: (reason) => {
      log.error('the node cannot go on', { reason });
      tellError(reason);
      process.exit(EXIT.refused);
    },
  }).catch((error: unknown) => {
    if (stopping.signal.aborted) process.exit(EXIT.ok);
    throw startFailure(error, config, log);
  });

  for (const listener of node.listeners) say(listenerText(listener, config.venueCompId));
  for (const line of roleTexts(config)) say(line);
  say(
    `admin API: http://${urlHost(config.admin.host)}:${node.adminPort} (token in ${adminTokenPath(config.dataDir)})`,
  );
  // Without certificates the signal keeps its usual meaning: the terminal is gone, and the process ends.
  if (node.listeners.some(({ tls }) => tls !== 'none')) process.on('SIGHUP', () => node.reloadCertificates());
  say(`node "${config.nodeName}" is running; stop it with Ctrl-C`);
  await stop;
  await node.drain().catch((error: unknown) => {
    log.error('the node did not stop in order', { error });
    tellError(`the node did not stop in order: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(EXIT.refused);
  });
  say('stopped');
  process.exit(EXIT.ok);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `FIX: 127.0.0.1:9880 (TargetCompID ONEBOOK, TLS)`. */
function listenerText({ host, port, tls, proxyProtocol }: ListenerStatus, venueCompId: string): string {
  const traits = [`TargetCompID ${venueCompId}`];
  if (tls !== 'none') traits.push(tls === 'server' ? 'TLS' : 'TLS with client certificates');
  if (proxyProtocol) traits.push('PROXY protocol');
  return `FIX: ${urlHost(host)}:${port} (${traits.join(', ')})`;
}

/** What a node of a cluster is there for besides its listeners: a line for each role that has none. */
export function roleTexts({ roles, cluster }: Pick<NodeConfig, 'roles' | 'cluster'>): readonly string[] {
  if (cluster === undefined) return [];
  const lines: string[] = [];
  if (roles.includes('engine')) {
    const where = roles.includes('gateway') ? '' : '; members connect to its gateways';
    lines.push(`engine: keeps books and accounts of the cluster${where}`);
  }
  if (roles.includes('dns') && cluster.dns !== undefined) {
    const { host, port, name } = cluster.dns;
    lines.push(`DNS: answers for ${name} on ${urlHost(host)}:${port}, UDP and TCP`);
  }
  return lines;
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * Ctrl-C under `npm start` arrives twice, from the terminal and from npm: what follows this soon is the same wish.
 */
const SAME_WISH_MS = 500;

/** Resolves, and aborts `stopping`, at the first signal to stop; ends the process at the second. */
function stopOnSignals(log: Log, stopping: AbortController): Promise<void> {
  return new Promise((resolve) => {
    let firstAt = 0;
    const onSignal = (signal: string): void => {
      const now = systemClock.now();
      if (!stopping.signal.aborted) {
        firstAt = now;
        log.info('signal', { signal });
        say(`${signal}: stopping in order; a second one stops at once`);
        stopping.abort();
        resolve();
      } else if (now - firstAt >= SAME_WISH_MS) {
        log.warn('stopped at once', { signal });
        process.exit(EXIT.refused);
      }
    };
    process.on('SIGTERM', () => onSignal('SIGTERM'));
    process.on('SIGINT', () => onSignal('SIGINT'));
  });
}

/** What Node would print with a stack becomes an event; a bug that nobody caught ends the process. */
function reportProcessTrouble(log: Log): void {
  process.on('warning', (warning) => log.warn('process warning', { warning }));
  const onBug = (error: unknown): void => {
    log.error('uncaught error', { error });
    process.exit(EXIT.refused);
  };
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
}

/** Failures that the operator can do something about; their messages say what. */
const OPERATORS_FAILURES: ReadonlySet<string> = new Set([
  'AdminPortInUse',
  'BadTlsFiles',
  'BadTokenFile',
  'DatabaseUnfitError',
  'DataDirectoryInUse',
  'EmbeddedPostgresError',
  'PortInUse',
]);

/** One line for whatever kept the node from starting. */
export function startFailure(error: unknown, config: NodeConfig, log: Log): CliFailure {
  if (!(error instanceof Error))
    return new CliFailure(EXIT.refused, `the node does not start: ${String(error)}`);
  const text = redactUrls(error.message);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (error.name === 'PortInUse') {
    const [first] = config.listeners;
    const { host = first?.host ?? '', port = first?.port } = error as Error & Partial<ListenerStatus>;
    const remedy =
      port === first?.port ? 'choose another (--fix-port)' : 'choose another in the configuration';
    return new CliFailure(EXIT.usage, `FIX cannot listen on ${urlHost(host)}:${port}: ${text}; ${remedy}`);
  }
  if (OPERATORS_FAILURES.has(error.name)) return new CliFailure(EXIT.usage, text);
  const ofCluster = clusterFailureText(error, text, config);
  if (ofCluster !== undefined) return new CliFailure(EXIT.usage, ofCluster);
  const trouble = databaseTrouble(error, config);
  if (trouble !== undefined) return new CliFailure(EXIT.usage, `the node does not start: ${trouble}`);
  log.error('the node does not start', { error });
  // Errors of the system and of the database server have a code; what has none is a bug of ours.
  return new CliFailure(
    code === undefined ? EXIT.refused : EXIT.usage,
    `the node does not start: ${text || code}`,
  );
}

/** What keeps a node from joining its cluster, with what to do. */
function clusterFailureText(error: Error, text: string, config: NodeConfig): string | undefined {
  switch (error.name) {
    case 'NodeNameTakenError':
      return `${text}: end that one first, or choose another node of the configuration (--node)`;
    case 'DnsPortUnavailable':
      return `${text}; choose another (dns of the node in the configuration)${
        text.includes('EACCES') ? ', or let the node use ports below 1024 (CAP_NET_BIND_SERVICE)' : ''
      }`;
    case 'MembershipUnavailableError':
      return `the node does not start: ${databaseTrouble(error.cause, config) ?? `the database does not answer: ${text}`}`;
    default:
      return undefined;
  }
}
