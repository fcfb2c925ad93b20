/**
 * What one node runs with: flags over environment variables over cluster.config.ts over defaults, checked. A
 * wrong value is a sentence that says where it stands and what would be right; all of them are told at once.
 */
import { isAbsolute, resolve } from 'node:path';
import { isTimeZone, parseTimeOfDay } from '../platform/wall-clock.ts';
import { type ClusterConfig, type ClusterNodeConfig, LOG_LEVELS, type LogLevel } from './cluster.ts';
import { ORDERED_LIMITS, type VenueLimits, withDefaults } from './limits.ts';
import { firstListener, listenerFaults, listenersOf, type NodeListeners } from './listeners.ts';

/** Options of `onebook start`, as typed; undefined where not given. */
export interface StartFlags {
  readonly node?: string | undefined;
  readonly config?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly fixPort?: string | undefined;
  readonly fixHost?: string | undefined;
  readonly adminPort?: string | undefined;
  readonly adminHost?: string | undefined;
  readonly databaseUrl?: string | undefined;
  readonly venueCompId?: string | undefined;
  readonly logLevel?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A checked configuration; nothing in it is optional but the database. */
export interface NodeConfig {
  readonly nodeName: string;
  /** TargetCompID (56) that members send. */
  readonly venueCompId: string;
  readonly tradingCalendar: { readonly timeZone: string; readonly rollTime: string };
  /** Whether SecurityStatus (f) goes to every member, not only to those that asked. */
  readonly securityStatusToAll: boolean;
  /** Full months that are kept; undefined: for ever. */
  readonly retention: {
    readonly historyMonths: number | undefined;
    readonly operatorsMonths: number | undefined;
  };
  readonly listeners: NodeListeners;
  /** Port 0: the system chooses. */
  readonly admin: {
    readonly host: string;
    readonly port: number;
    /** `GET /metrics` needs no token; absent: it does. */
    readonly openMetrics?: boolean;
  };
  /** Absolute. */
  readonly dataDir: string;
  /** Undefined: the embedded Postgres in the data directory. Holds a password: never log it. */
  readonly databaseUrl: string | undefined;
  readonly logLevel: LogLevel;
  readonly limits: VenueLimits;
}

/** One line for people: what is wrong, where, and what to do. Never contains a password. */
export interface ConfigError {
  readonly message: string;
}

/** Retention in months. A month is the least: the trades of the one before can still be amended. */
export const RETENTION_MONTHS = { min: 1, max: 1_200 } as const;

/** Default ports of a node whose configuration names none. */
export const DEFAULT_FIX_PORT = 9880;
export const DEFAULT_ADMIN_PORT = 9881;
export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_NODE = 'local';

/** Flag and environment variable of every setting that has them. */
const SOURCES = {
  node: { flag: '--node', env: 'ONEBOOK_NODE' },
  config: { flag: '--config', env: 'ONEBOOK_CONFIG' },
  dataDir: { flag: '--data-dir', env: 'ONEBOOK_DATA_DIR' },
  fixPort: { flag: '--fix-port', env: 'ONEBOOK_FIX_PORT' },
  fixHost: { flag: '--fix-host', env: 'ONEBOOK_FIX_HOST' },
  adminPort: { flag: '--admin-port', env: 'ONEBOOK_ADMIN_PORT' },
  adminHost: { flag: '--admin-host', env: 'ONEBOOK_ADMIN_HOST' },
  databaseUrl: { flag: '--database-url', env: 'ONEBOOK_DATABASE_URL' },
  venueCompId: { flag: '--venue-comp-id', env: 'ONEBOOK_VENUE_COMP_ID' },
  logLevel: { flag: '--log-level', env: 'ONEBOOK_LOG_LEVEL' },
} as const satisfies Record<keyof StartFlags, { flag: string; env: string }>;

/** A setting's text and where it stands, for the error about it. */
export interface Setting {
  readonly text: string;
  readonly source: string;
}

/** The flag if given, else the environment variable if set and not empty. */
export function fromFlagOrEnv(
  name: keyof StartFlags,
  flags: StartFlags,
  env: Environment,
): Setting | undefined {
  const source = SOURCES[name];
  const flag = flags[name];
  if (flag !== undefined) return { text: flag, source: source.flag };
  const variable = env[source.env];
  return variable === undefined || variable === '' ? undefined : { text: variable, source: source.env };
}

/** What {@link resolveNodeConfig} decides from. */
export interface ConfigSources {
  readonly flags: StartFlags;
  readonly env: Environment;
  /** Already checked by `readCluster`. */
  readonly cluster: ClusterConfig;
  /** How errors call the cluster's file. */
  readonly clusterFile: string;
  /** Directory that paths of the cluster's file are relative to. */
  readonly clusterDir: string;
  /** Directory that paths of flags and environment variables are relative to. */
  readonly workingDir: string;
  readonly nodeName: string;
}

/** The node's configuration, or everything that is wrong with it. */
export function resolveNodeConfig(sources: ConfigSources): NodeConfig | ConfigError[] {
  const { flags, env, cluster, clusterFile, nodeName } = sources;
  const node = Object.hasOwn(cluster.nodes, nodeName) ? cluster.nodes[nodeName] : undefined;
  if (node === undefined) {
    const known = Object.keys(cluster.nodes).join(', ');
    return [{ message: `no node "${nodeName}" in ${clusterFile}; choose one of: ${known} (--node)` }];
  }
  const errors: ConfigError[] = [];
  const given = (name: keyof StartFlags): Setting | undefined => fromFlagOrEnv(name, flags, env);
  /** A setting whose file value was checked when the file was read. */
  function pick<Value>(
    name: keyof StartFlags,
    inFile: Value | undefined,
    fallback: Value,
    parse: (text: string) => Value | undefined,
    expected: string,
  ): Value {
    const setting = given(name);
    if (setting === undefined) return inFile ?? fallback;
    const value = parse(setting.text);
    if (value !== undefined) return value;
    const shown = name === 'databaseUrl' ? '' : `, not "${setting.text}"`;
    errors.push({ message: `${setting.source} must be ${expected}${shown}` });
    return fallback;
  }

  const first = firstListener(node);
  const fixPort = pick('fixPort', first.port, DEFAULT_FIX_PORT, parsePort, PORT_EXPECTED);
  const adminPort = pick('adminPort', node.admin?.port, DEFAULT_ADMIN_PORT, parsePort, PORT_EXPECTED);
  const fixHost = pick('fixHost', first.host, DEFAULT_HOST, parseHost, HOST_EXPECTED);
  const adminHost = pick('adminHost', node.admin?.host, DEFAULT_HOST, parseHost, HOST_EXPECTED);
  const config: NodeConfig = {
    nodeName,
    venueCompId: pick('venueCompId', cluster.venueCompId, 'ONEBOOK', parseCompId, COMP_ID_EXPECTED),
    tradingCalendar: {
      timeZone: cluster.tradingCalendar?.timeZone ?? 'UTC',
      rollTime: cluster.tradingCalendar?.rollTime ?? '00:00',
    },
    securityStatusToAll: cluster.securityStatusToAll ?? false,
    retention: {
      historyMonths: cluster.retention?.historyMonths,
      operatorsMonths: cluster.retention?.operatorsMonths,
    },
    listeners: listenersOf(node, {
      first: { host: fixHost, port: fixPort },
      host: DEFAULT_HOST,
      clusterDir: sources.clusterDir,
    }),
    admin: {
      host: adminHost,
      port: adminPort,
      ...(node.admin?.openMetrics === true ? { openMetrics: true } : {}),
    },
    dataDir: dataDirOf(sources, node),
    databaseUrl: pick<string | undefined>(
      'databaseUrl',
      node.databaseUrl,
      undefined,
      parseDatabaseUrl,
      DATABASE_URL_EXPECTED,
    ),
    logLevel: pick('logLevel', node.logLevel ?? cluster.logLevel, 'info', parseLogLevel, LOG_LEVEL_EXPECTED),
    limits: limitsOf(cluster, node),
  };
  for (const message of listenerFaults(config.listeners, adminPort)) errors.push({ message });
  for (const [low, high] of ORDERED_LIMITS) {
    if (config.limits[low] <= config.limits[high]) continue;
    errors.push({
      message: `${clusterFile}: limits.${low} must not be above limits.${high} (${config.limits[high]})`,
    });
  }
  return errors.length > 0 ? errors : config;
}

function dataDirOf(sources: ConfigSources, node: ClusterNodeConfig): string {
  const setting = fromFlagOrEnv('dataDir', sources.flags, sources.env);
  if (setting !== undefined) return resolve(sources.workingDir, setting.text);
  const inFile = node.dataDir ?? `./data/${sources.nodeName}`;
  return isAbsolute(inFile) ? inFile : resolve(sources.clusterDir, inFile);
}

function limitsOf(cluster: ClusterConfig, node: ClusterNodeConfig): VenueLimits {
  const listener =
    node.fix !== undefined && 'maxConnections' in node.fix ? node.fix.maxConnections : undefined;
  return withDefaults({
    ...cluster.limits,
    ...(listener === undefined ? {} : { maxConnections: listener }),
    ...node.limits,
  });
}

// ---- What single values look like; shared with the reader of the cluster's file ---------------------------

export const PORT_EXPECTED = 'a port from 0 to 65535';
export const HOST_EXPECTED = 'a host name or an IP address';
export const COMP_ID_EXPECTED = '1 to 64 printable characters without blanks, "|" or "="';
export const DATABASE_URL_EXPECTED = 'a URL like postgres://user:password@host:5432/database';
export const LOG_LEVEL_EXPECTED = `one of ${LOG_LEVELS.join(', ')}`;
export const LISTENER_NAME_EXPECTED = 'letters, digits, ".", "_" and "-", at most 64';
export const TIME_ZONE_EXPECTED = 'a time zone of the IANA database, "Europe/Zurich" for example';
export const ROLL_TIME_EXPECTED = 'a time from "00:00" to "23:59"';

export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

export function parseHost(text: string): string | undefined {
  return /^[A-Za-z0-9._:%-]{1,253}$/.test(text) ? text : undefined;
}

export function parseListenerName(text: string): string | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text) ? text : undefined;
}

export function parseCompId(text: string): string | undefined {
  return /^[!-~]{1,64}$/.test(text) && !/[|=]/.test(text) ? text : undefined;
}

export function parseDatabaseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, pathname } = new URL(text);
  return /^postgres(ql)?:$/.test(protocol) && pathname.length > 1 ? text : undefined;
}

export function parseLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text);
}

export function parseTimeZone(text: string): string | undefined {
  return isTimeZone(text) ? text : undefined;
}

export function parseRollTimeText(text: string): string | undefined {
  return parseTimeOfDay(text) === undefined ? undefined : text;
}
