/**
 * What one node runs with: flags over environment variables over cluster.config.ts over defaults, checked. A
 * wrong value is a sentence that says where it stands and what would be right; all of them are told at once.
 */
import { isAbsolute, resolve } from 'node:path';
import { join } from './checks.ts';
import type { ClusterConfig, ClusterNodeConfig, LogLevel } from './cluster.ts';
import { type ClusterTerms, clusterTerms } from './cluster-terms.ts';
import { ORDERED_LIMITS, type VenueLimits, withDefaults } from './limits.ts';
import { firstListener, listenerFaults, listenersOf, type NodeListener } from './listeners.ts';
import { outlineNodes } from './outline.ts';
import { DEFAULT_ROLES, type Role } from './roles.ts';
import { hasPassword, type Purpose, type Secrets, withPassword } from './secrets.ts';
import { sharedAddressFaults } from './shared-addresses.ts';
import {
  COMP_ID_EXPECTED,
  DATABASE_URL_EXPECTED,
  DEFAULT_ADMIN_PORT,
  DEFAULT_FIX_PORT,
  DEFAULT_HOST,
  HOST_EXPECTED,
  LOG_LEVEL_EXPECTED,
  PORT_EXPECTED,
  parseCompId,
  parseDatabaseUrl,
  parseHost,
  parseLogLevel,
  parsePort,
} from './values.ts';

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

/** A checked configuration; nothing in it is optional but the database and the cluster. */
export interface NodeConfig {
  readonly nodeName: string;
  readonly roles: readonly Role[];
  /** How it works with others; undefined: it is a venue by itself. */
  readonly cluster: ClusterTerms | undefined;
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
  /** At least one of a gateway, none of others. The first is what flags and environment variables are about. */
  readonly listeners: readonly NodeListener[];
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
  /** What to correct where the URL is wrong: the flag, the variable, or the setting of the file; absent: there is no URL. */
  readonly databaseUrlSource?: string;
  /** The file that the password of the URL is from, absolute; absent: from no file. */
  readonly databasePasswordFile?: string;
  readonly logLevel: LogLevel;
  readonly limits: VenueLimits;
  /** What is allowed, and probably not meant; a sentence each. */
  readonly warnings?: readonly string[];
}

/** One line for people: what is wrong, where, and what to do. Never contains a password. */
export interface ConfigError {
  readonly message: string;
}

/** The node that runs where none is named. */
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
  /** Default `node`. */
  readonly purpose?: Purpose;
  readonly secrets?: Secrets;
}

/** The node's configuration, or everything that is wrong with it. */
export function resolveNodeConfig(sources: ConfigSources): NodeConfig | ConfigError[] {
  const { flags, env, cluster, clusterFile, nodeName, clusterDir, secrets = {} } = sources;
  const node = Object.hasOwn(cluster.nodes, nodeName) ? cluster.nodes[nodeName] : undefined;
  const errors = flagFaults(flags, env);
  if (node === undefined) return [...unknownNode(sources, Object.keys(cluster.nodes)), ...errors];
  const given = <Name extends keyof SettingValues>(name: Name): SettingValues[Name] | undefined =>
    settingValue(name, flags, env);

  const { roles = DEFAULT_ROLES } = node;
  const first = {
    host: given('fixHost') ?? firstListener(node).host ?? DEFAULT_HOST,
    port: given('fixPort') ?? firstListener(node).port ?? DEFAULT_FIX_PORT,
  };
  const databaseUrl = given('databaseUrl') ?? node.databaseUrl ?? cluster.databaseUrl;
  const config: NodeConfig = {
    nodeName,
    roles,
    cluster: clusterTerms({ cluster, node, roles, first, secrets, clusterDir }),
    venueCompId: given('venueCompId') ?? cluster.venueCompId ?? 'ONEBOOK',
    tradingCalendar: {
      timeZone: cluster.tradingCalendar?.timeZone ?? 'UTC',
      rollTime: cluster.tradingCalendar?.rollTime ?? '00:00',
    },
    securityStatusToAll: cluster.securityStatusToAll ?? false,
    retention: {
      historyMonths: cluster.retention?.historyMonths,
      operatorsMonths: cluster.retention?.operatorsMonths,
    },
    listeners: roles.includes('gateway') ? listenersOf(node, { first, host: DEFAULT_HOST, clusterDir }) : [],
    admin: {
      host: given('adminHost') ?? node.admin?.host ?? DEFAULT_HOST,
      port: given('adminPort') ?? node.admin?.port ?? DEFAULT_ADMIN_PORT,
      ...(node.admin?.openMetrics === true ? { openMetrics: true } : {}),
    },
    dataDir: dataDirOf(sources, node),
    databaseUrl: databaseUrl === undefined ? undefined : withPassword(databaseUrl, secrets.databasePassword),
    ...(databaseUrl === undefined ? {} : { databaseUrlSource: databaseUrlSource(sources, node) }),
    ...(databaseUrl === undefined || hasPassword(databaseUrl) || secrets.databasePasswordFile === undefined
      ? {}
      : { databasePasswordFile: secrets.databasePasswordFile }),
    logLevel: given('logLevel') ?? node.logLevel ?? cluster.logLevel ?? 'info',
    limits: limitsOf(cluster, node),
  };
  for (const message of listenerFaults(config.listeners, config.admin.port)) errors.push({ message });
  for (const [low, high] of ORDERED_LIMITS) {
    if (config.limits[low] <= config.limits[high]) continue;
    errors.push({
      message: `${clusterFile}: limits.${low} must not be above limits.${high} (${config.limits[high]})`,
    });
  }
  errors.push(...databaseFaults(sources, databaseUrl));
  if (errors.length === 0) errors.push(...flagClashes(sources));
  return errors.length > 0 ? errors : config;
}

/** What is wrong with flags and environment variables by themselves. */
export function flagFaults(flags: StartFlags, env: Environment): ConfigError[] {
  return SETTING_NAMES.flatMap((name) => {
    const setting = fromFlagOrEnv(name, flags, env);
    const { parse, expected } = PARSERS[name];
    if (setting === undefined || parse(setting.text) !== undefined) return [];
    const shown = name === 'databaseUrl' ? '' : `, not "${setting.text}"`;
    return [{ message: `${setting.source} must be ${expected}${shown}` }];
  });
}

/** A sentence about a node that the file does not have; none when it has it. */
export function unknownNode(
  { nodeName, clusterFile }: Pick<ConfigSources, 'nodeName' | 'clusterFile'>,
  known: readonly string[],
): ConfigError[] {
  if (known.includes(nodeName)) return [];
  return [
    { message: `no node "${nodeName}" in ${clusterFile}; choose one of: ${known.join(', ')} (--node)` },
  ];
}

interface SettingValues {
  readonly fixPort: number;
  readonly fixHost: string;
  readonly adminPort: number;
  readonly adminHost: string;
  readonly databaseUrl: string;
  readonly venueCompId: string;
  readonly logLevel: LogLevel;
}

/** Of the settings that flags and variables can have wrong. */
const PARSERS: {
  readonly [Name in keyof SettingValues]: {
    readonly parse: (text: string) => SettingValues[Name] | undefined;
    readonly expected: string;
  };
} = {
  fixPort: { parse: parsePort, expected: PORT_EXPECTED },
  fixHost: { parse: parseHost, expected: HOST_EXPECTED },
  adminPort: { parse: parsePort, expected: PORT_EXPECTED },
  adminHost: { parse: parseHost, expected: HOST_EXPECTED },
  databaseUrl: { parse: parseDatabaseUrl, expected: DATABASE_URL_EXPECTED },
  venueCompId: { parse: parseCompId, expected: COMP_ID_EXPECTED },
  logLevel: { parse: parseLogLevel, expected: LOG_LEVEL_EXPECTED },
};
const SETTING_NAMES = Object.keys(PARSERS) as (keyof SettingValues)[];

/** Undefined when it is not given, or wrong: {@link flagFaults} tells that. */
function settingValue<Name extends keyof SettingValues>(
  name: Name,
  flags: StartFlags,
  env: Environment,
): SettingValues[Name] | undefined {
  const setting = fromFlagOrEnv(name, flags, env);
  return setting === undefined ? undefined : PARSERS[name].parse(setting.text);
}

/** The embedded Postgres belongs to one node; several would each trade by themselves under one name. */
function databaseFaults(sources: ConfigSources, databaseUrl: string | undefined): ConfigError[] {
  const { flags, env, cluster, clusterFile, purpose = 'node' } = sources;
  const nodeCount = Object.keys(cluster.nodes).length;
  if (databaseUrl !== undefined || nodeCount === 1 || purpose === 'address') return [];
  // Who says where rows are may read those of a venue that is no cluster, or was none.
  if (purpose === 'database' && fromFlagOrEnv('dataDir', flags, env) !== undefined) return [];
  return [
    {
      message:
        `${clusterFile}: databaseUrl is missing: ${nodeCount} nodes share one database, and the embedded one serves ` +
        'one node only; write it without its password, or set ONEBOOK_DATABASE_URL',
    },
  ];
}

function databaseUrlSource(
  { flags, env, clusterFile, nodeName }: ConfigSources,
  node: ClusterNodeConfig,
): string {
  const setting = fromFlagOrEnv('databaseUrl', flags, env);
  if (setting !== undefined) return setting.source;
  return `${node.databaseUrl === undefined ? '' : `${join('nodes', nodeName)}.`}databaseUrl in ${clusterFile}`;
}

const ADDRESS_FLAGS = ['fixPort', 'fixHost', 'adminPort', 'adminHost'] as const;

/** The file's addresses are checked; those of flags and variables may be in the way of another node, or of a responder. */
function flagClashes({
  flags,
  env,
  cluster,
  clusterFile,
  nodeName,
  purpose = 'node',
}: ConfigSources): ConfigError[] {
  const node = cluster.nodes[nodeName];
  const given = ADDRESS_FLAGS.flatMap((name) => fromFlagOrEnv(name, flags, env)?.source ?? []);
  if (purpose !== 'node' || given.length === 0 || node === undefined) return [];
  const fix = withAddress(firstListener(node), {
    host: settingValue('fixHost', flags, env),
    port: settingValue('fixPort', flags, env),
  });
  const admin = withAddress(node.admin ?? {}, {
    host: settingValue('adminHost', flags, env),
    port: settingValue('adminPort', flags, env),
  });
  const others = Array.isArray(node.fix) ? node.fix.slice(1) : [];
  const present = { ...node, fix: others.length === 0 ? fix : [fix, ...others], admin };
  const nodes = outlineNodes({ nodes: { ...cluster.nodes, [nodeName]: present } });
  return sharedAddressFaults(nodes).map((fault) => ({
    message: `${clusterFile} with ${given.join(' and ')}: ${fault}`,
  }));
}

function withAddress(
  listener: object,
  { host, port }: { readonly host: string | undefined; readonly port: number | undefined },
): object {
  return {
    ...listener,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
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
