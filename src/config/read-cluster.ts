/**
 * Checks what a cluster.config.ts exports. The file may be written without types or by a program, so every
 * value is judged, and a misspelt name is an error rather than a default.
 */
import { parseAddressPatterns } from '../platform/addresses.ts';
import { both, type Check, file, flag, integer, isObject, join, object, shown, text } from './checks.ts';
import type { ClusterConfig } from './cluster.ts';
import { consistencyFaults } from './consistency.ts';
import { advertiseCheck, dnsCheck } from './dns.ts';
import { leaseCheck } from './lease.ts';
import { isLimitName, LIMIT_RANGES } from './limits.ts';
import { natsCheck } from './nats.ts';
import type { ConfigError, Environment } from './node-config.ts';
import { placementCheck } from './placement.ts';
import { rolesCheck } from './roles.ts';
import { writtenPasswords } from './secrets.ts';
import {
  COMP_ID_EXPECTED,
  DATABASE_URL_EXPECTED,
  HOST_EXPECTED,
  LISTENER_NAME_EXPECTED,
  LOG_LEVEL_EXPECTED,
  NODE_NAME_EXPECTED,
  PORT_EXPECTED,
  parseCompId,
  parseDatabaseUrl,
  parseHost,
  parseListenerName,
  parseLogLevel,
  parseNodeName,
  parseRollTimeText,
  parseTimeZone,
  RETENTION_MONTHS,
  ROLL_TIME_EXPECTED,
  TIME_ZONE_EXPECTED,
} from './values.ts';

/**
 * The cluster, or everything that is wrong with it; `fileName` is how errors call its file. A password may be in a URL
 * only if `env` has it too: then it is not the file that keeps it.
 */
export function readCluster(
  exported: unknown,
  fileName: string,
  env: Environment = {},
): ClusterConfig | ConfigError[] {
  const faults = [
    ...cluster(exported, ''),
    ...writtenPasswords(exported, env),
    ...consistencyFaults(exported),
  ];
  if (faults.length === 0) return exported as ClusterConfig;
  return faults.map((fault) => ({ message: `${fileName}: ${fault}` }));
}

const limits: Check = (value, path) => {
  if (!isObject(value)) return [`${path} must be an object, not ${shown(value)}`];
  return Object.entries(value).flatMap(([name, limit]) => {
    if (!isLimitName(name)) {
      return [`unknown limit ${join(path, name)}; known: ${Object.keys(LIMIT_RANGES).join(', ')}`];
    }
    if (limit === undefined) return [];
    const { min, max } = LIMIT_RANGES[name];
    return integer(min, max)(limit, join(path, name));
  });
};

const host = text(parseHost, HOST_EXPECTED);
const port = integer(0, 65_535, PORT_EXPECTED);
const logLevel = text(parseLogLevel, LOG_LEVEL_EXPECTED);
const directory = text((value) => (value === '' ? undefined : value), 'a directory');
const maxConnections = integer(LIMIT_RANGES.maxConnections.min, LIMIT_RANGES.maxConnections.max);
const databaseUrl = text(parseDatabaseUrl, DATABASE_URL_EXPECTED, true);

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

const PASSWORD_ELSEWHERE = 'write it to a file and name that in databasePasswordFile of the cluster';

const node = object(
  {
    roles: rolesCheck,
    machine: text(parseListenerName, LISTENER_NAME_EXPECTED),
    fix: listeners,
    advertise: advertiseCheck,
    dns: object({ host, port }),
    admin: object({ host, port, openMetrics: flag }),
    dataDir: directory,
    databaseUrl,
    logLevel,
    limits,
  },
  { databasePassword: PASSWORD_ELSEWHERE, password: PASSWORD_ELSEWHERE },
);

const nodes: Check = (value, path) => {
  if (!isObject(value) || Object.keys(value).length === 0) {
    return [`${path} must name at least one node, { local: {} } for example`];
  }
  return Object.entries(value).flatMap(([name, entry]) =>
    parseNodeName(name) !== undefined
      ? node(entry, join(path, name))
      : [`${path} has a node ${JSON.stringify(name)}: a name is ${NODE_NAME_EXPECTED}`],
  );
};

const months = integer(
  RETENTION_MONTHS.min,
  RETENTION_MONTHS.max,
  `full months to keep, an integer from ${RETENTION_MONTHS.min} to ${RETENTION_MONTHS.max}`,
);

const fields = object(
  {
    venueCompId: text(parseCompId, COMP_ID_EXPECTED),
    tradingCalendar: object({
      timeZone: text(parseTimeZone, TIME_ZONE_EXPECTED),
      rollTime: text(parseRollTimeText, ROLL_TIME_EXPECTED),
    }),
    securityStatusToAll: flag,
    retention: object({ historyMonths: months, operatorsMonths: months }),
    logLevel,
    limits,
    databaseUrl,
    databasePasswordFile: file,
    nats: natsCheck,
    placement: placementCheck,
    lease: leaseCheck,
    dns: dnsCheck,
    nodes,
  },
  { databasePassword: PASSWORD_ELSEWHERE, password: PASSWORD_ELSEWHERE },
);

const cluster: Check = (value, path) => {
  const faults = fields(value, path);
  if (!isObject(value)) return faults;
  const { nodes: named } = value;
  return named === undefined
    ? [...faults, 'nodes is missing; { nodes: { local: {} } } is the least']
    : faults;
};
