/**
 * Checks what a cluster.config.ts exports. The file may be written without types or by a program, so every
 * value is judged, and a misspelt name is an error rather than a default.
 */
import { parseAddressPatterns } from '../platform/addresses.ts';
import type { ClusterConfig } from './cluster.ts';
import { isLimitName, LIMIT_RANGES } from './limits.ts';
import {
  COMP_ID_EXPECTED,
  type ConfigError,
  DATABASE_URL_EXPECTED,
  HOST_EXPECTED,
  LISTENER_NAME_EXPECTED,
  LOG_LEVEL_EXPECTED,
  PORT_EXPECTED,
  parseCompId,
  parseDatabaseUrl,
  parseHost,
  parseListenerName,
  parseLogLevel,
  parseRollTimeText,
  parseTimeZone,
  RETENTION_MONTHS,
  ROLL_TIME_EXPECTED,
  TIME_ZONE_EXPECTED,
} from './node-config.ts';

/** Judges one value; tells what is expected instead, or undefined when it is right. */
type Check = (value: unknown, path: string) => readonly string[];

/** The cluster, or everything that is wrong with it; `file` is how errors call it. */
export function readCluster(exported: unknown, file: string): ClusterConfig | ConfigError[] {
  const faults = cluster(exported, '');
  if (faults.length === 0) return exported as ClusterConfig;
  return faults.map((fault) => ({ message: `${file}: ${fault}` }));
}

function text(parse: (value: string) => unknown, expected: string, secret = false): Check {
  return (value, path) => {
    if (typeof value === 'string' && parse(value) !== undefined) return [];
    return [`${path} must be ${expected}${secret ? '' : `, not ${shown(value)}`}`];
  };
}

function integer(min: number, max: number, expected: string): Check {
  return (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? []
      : [`${path} must be ${expected}, not ${shown(value)}`];
}

function object(fields: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isObject(value)) return [`${path || 'the default export'} must be an object, not ${shown(value)}`];
    return Object.entries(value).flatMap(([name, field]) => {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (check === undefined) {
        return [`unknown setting ${join(path, name)}; known here: ${Object.keys(fields).join(', ')}`];
      }
      // An undefined setting counts as absent, so that a file can pass an environment variable on.
      return field === undefined ? [] : check(field, join(path, name));
    });
  };
}

function both(first: Check, second: Check): Check {
  return (value, path) => [...first(value, path), ...second(value, path)];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  return JSON.stringify(value) ?? String(value);
}

const limits: Check = (value, path) => {
  if (!isObject(value)) return [`${path} must be an object, not ${shown(value)}`];
  return Object.entries(value).flatMap(([name, limit]) => {
    if (!isLimitName(name)) {
      return [`unknown limit ${join(path, name)}; known: ${Object.keys(LIMIT_RANGES).join(', ')}`];
    }
    if (limit === undefined) return [];
    const { min, max } = LIMIT_RANGES[name];
    return integer(min, max, `an integer from ${min} to ${max}`)(limit, join(path, name));
  });
};

const host = text(parseHost, HOST_EXPECTED);
const port = integer(0, 65_535, PORT_EXPECTED);
const logLevel = text(parseLogLevel, LOG_LEVEL_EXPECTED);
const directory = text((value) => (value === '' ? undefined : value), 'a directory');
const maxConnections = integer(
  LIMIT_RANGES.maxConnections.min,
  LIMIT_RANGES.maxConnections.max,
  `an integer from ${LIMIT_RANGES.maxConnections.min} to ${LIMIT_RANGES.maxConnections.max}`,
);

const flag: Check = (value, path) =>
  typeof value === 'boolean' ? [] : [`${path} must be true or false, not ${shown(value)}`];
const file = text((value) => (value === '' ? undefined : value), 'a file name');

const addressPatterns: Check = (value, path) => {
  if (!Array.isArray(value) || value.length === 0 || value.some((one) => typeof one !== 'string')) {
    return [`${path} must be a list with at least one address or network, not ${shown(value)}`];
  }
  const parsed = parseAddressPatterns(value);
  return typeof parsed === 'string' ? [`${path}: ${parsed}`] : [];
};

const tlsFields = object({
  certFile: file,
  keyFile: file,
  caFile: file,
  requireClientCert: flag,
  minVersion: text(
    (value) => (value === 'TLSv1.2' || value === 'TLSv1.3' ? value : undefined),
    '"TLSv1.2" or "TLSv1.3"',
  ),
});

const tls: Check = (value, path) => {
  const faults = [...tlsFields(value, path)];
  if (!isObject(value)) return faults;
  const { certFile, keyFile, caFile, requireClientCert } = value;
  if (certFile === undefined) faults.push(`${path}.certFile is missing`);
  if (keyFile === undefined) faults.push(`${path}.keyFile is missing`);
  if (requireClientCert === true && caFile === undefined) {
    faults.push(`${path}.requireClientCert needs ${path}.caFile: the authorities that certify members`);
  }
  return faults;
};

const listenerFields = {
  name: text(parseListenerName, LISTENER_NAME_EXPECTED),
  host,
  port,
  tls,
  proxyProtocol: flag,
  trustedProxies: addressPatterns,
};

/** What a load balancer may claim must not be claimed by everybody. */
const trust: Check = (value, path) => {
  if (!isObject(value)) return [];
  const { proxyProtocol, trustedProxies } = value;
  if (proxyProtocol !== true || trustedProxies !== undefined) return [];
  return [
    `${path}.proxyProtocol needs ${path}.trustedProxies: the addresses of the load balancers that may send it`,
  ];
};

const onlyListener = both(object({ ...listenerFields, maxConnections }), trust);
const oneOfSeveral = both(object(listenerFields), trust);

/** For what is no object at all, which has its own sentence. */
const NOTHING_TO_SAY: Readonly<Record<string, unknown>> = { port: 0 };

const listeners: Check = (value, path) => {
  if (!Array.isArray(value)) return onlyListener(value, path);
  if (value.length === 0) return [`${path} must have at least one listener`];
  return value.flatMap((entry, index) => {
    const at = `${path}[${index}]`;
    const { port: ownPort, maxConnections: ownBound } = isObject(entry) ? entry : NOTHING_TO_SAY;
    if (ownBound !== undefined) {
      return [`${at}.maxConnections: all listeners have one bound, limits.maxConnections of the node`];
    }
    const isPortMissing = index > 0 && ownPort === undefined;
    return [...oneOfSeveral(entry, at), ...(isPortMissing ? [`${at}.port is missing`] : [])];
  });
};

const node = object({
  fix: listeners,
  admin: object({ host, port, openMetrics: flag }),
  dataDir: directory,
  databaseUrl: text(parseDatabaseUrl, DATABASE_URL_EXPECTED, true),
  logLevel,
  limits,
});

/** What a node may be called: it names a directory and writes commits. */
const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const nodes: Check = (value, path) => {
  if (!isObject(value) || Object.keys(value).length === 0) {
    return [`${path} must name at least one node, { local: {} } for example`];
  }
  return Object.entries(value).flatMap(([name, entry]) =>
    NODE_NAME.test(name)
      ? node(entry, join(path, name))
      : [`${path} has a node ${JSON.stringify(name)}: a name is letters, digits, ".", "_" and "-"`],
  );
};

const months = integer(
  RETENTION_MONTHS.min,
  RETENTION_MONTHS.max,
  `full months to keep, an integer from ${RETENTION_MONTHS.min} to ${RETENTION_MONTHS.max}`,
);

const fields = object({
  venueCompId: text(parseCompId, COMP_ID_EXPECTED),
  tradingCalendar: object({
    timeZone: text(parseTimeZone, TIME_ZONE_EXPECTED),
    rollTime: text(parseRollTimeText, ROLL_TIME_EXPECTED),
  }),
  securityStatusToAll: flag,
  retention: object({ historyMonths: months, operatorsMonths: months }),
  logLevel,
  limits,
  nodes,
});

const cluster: Check = (value, path) => {
  const faults = fields(value, path);
  if (!isObject(value)) return faults;
  const { nodes: named } = value;
  return named === undefined
    ? [...faults, 'nodes is missing; { nodes: { local: {} } } is the least']
    : faults;
};
