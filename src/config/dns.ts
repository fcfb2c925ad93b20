/**
 * The venue's name in DNS, answered by nodes with the role `dns`, and the addresses that gateways advertise for it.
 */
import { isIP } from 'node:net';
import { type Check, integer, isObject, object, oneOrMore, settingOf, text } from './checks.ts';
import type { ClusterNodeConfig } from './cluster.ts';
import {
  DEFAULT_HOST,
  DNS_NAME_EXPECTED,
  DNS_SERVICE_EXPECTED,
  HOST_EXPECTED,
  isWildcard,
  PORT_EXPECTED,
  parseDnsName,
  parseDnsService,
  parseHost,
} from './values.ts';

/** What the responders answer for; the same on all of them. */
export interface DnsConfig {
  /** The name that members connect to, delegated to the nodes with the role `dns`. */
  readonly name: string;
  /** For how long resolvers may keep an answer; default 2. */
  readonly ttlSeconds?: number;
  /** Before the name in a question for SRV; default `_fix._tcp`. */
  readonly service?: string;
}

/** Where others reach a node, if not where it listens: behind a wildcard, a port mapping or a firewall. */
export interface AdvertiseConfig {
  /** An IP address where the cluster has a node with the role `dns`; else a name will do. */
  readonly host: string;
  /** Of a gateway, where members connect. Default: the port of its first listener. */
  readonly port?: number;
}

/** Where members reach a gateway. */
export interface Endpoint {
  readonly host: string;
  /** 0: the port that the first listener was given by the system. */
  readonly port: number;
}

/** A node with the role `dns`, as the others see it. */
export interface NameServer {
  /** Of the node. */
  readonly name: string;
  /** Where resolvers reach it. */
  readonly addresses: readonly string[];
}

/** {@link DnsConfig}, decided. */
export interface ZoneTerms {
  /** Without the dot at its end. */
  readonly name: string;
  readonly ttlSeconds: number;
  readonly service: string;
}

/** What a node with the role `dns` answers, and where. */
export interface DnsTerms extends ZoneTerms {
  readonly host: string;
  /** UDP and TCP; 0: the system chooses. */
  readonly port: number;
  /** All of them, this one included. */
  readonly nameServers: readonly NameServer[];
}

/** Where resolvers ask. */
export const DEFAULT_DNS_PORT = 53;

/** The same on every node. */
export function zoneTerms(dns: DnsConfig): ZoneTerms {
  return {
    name: parseDnsName(dns.name) ?? dns.name,
    ttlSeconds: dns.ttlSeconds ?? 2,
    service: dns.service ?? '_fix._tcp',
  };
}

/** What the responder of `node` runs with, one of `nodes`. */
export function dnsTerms(
  dns: DnsConfig,
  node: ClusterNodeConfig,
  nodes: Readonly<Record<string, ClusterNodeConfig>>,
): DnsTerms {
  const { host = DEFAULT_HOST, port = DEFAULT_DNS_PORT } = node.dns ?? {};
  return {
    host,
    port,
    ...zoneTerms(dns),
    nameServers: Object.entries(nodes)
      .filter(([, { roles }]) => roles?.includes('dns') === true)
      .map(([name, { advertise, dns: { host: listensOn = DEFAULT_HOST } = {} }]) => ({
        name,
        addresses: advertise === undefined ? [listensOn] : entriesOf(advertise).map((entry) => entry.host),
      })),
  };
}

/**
 * Where members reach a gateway: as configured, else where its first listener listens. Empty when that is every
 * address of a machine, which is no place to send anybody.
 */
export function endpointsOf(
  advertise: AdvertiseConfig | readonly AdvertiseConfig[] | undefined,
  first: Endpoint,
): readonly Endpoint[] {
  if (advertise === undefined) return isWildcard(first.host) ? [] : [first];
  return entriesOf(advertise).map(({ host, port = first.port }) => ({ host, port }));
}

function entriesOf(advertise: AdvertiseConfig | readonly AdvertiseConfig[]): readonly AdvertiseConfig[] {
  return 'host' in advertise ? [advertise] : advertise;
}

/** True when a DNS answer can have it: an address, and not that of all or none. */
export function isAnswerable(host: string): boolean {
  return isIP(host) !== 0 && !host.includes('%') && !isWildcard(host);
}

const dnsFields = object({
  name: text(parseDnsName, DNS_NAME_EXPECTED),
  ttlSeconds: integer(0, 300),
  service: text(parseDnsService, DNS_SERVICE_EXPECTED),
});

/** `dns` of the cluster. */
export const dnsCheck: Check = (value, path) => {
  const faults = dnsFields(value, path);
  if (!isObject(value) || settingOf(value, 'name') !== undefined) return faults;
  return [...faults, `${path}.name is missing: ${DNS_NAME_EXPECTED}`];
};

const endpointFields = object({
  host: text(parseHost, HOST_EXPECTED),
  port: integer(0, 65_535, PORT_EXPECTED),
});

/** `advertise` of a node. */
export const advertiseCheck = oneOrMore((value, path) => {
  const faults = [...endpointFields(value, path)];
  const host = settingOf(value, 'host');
  if (isObject(value) && host === undefined) faults.push(`${path}.host is missing`);
  if (typeof host === 'string' && isWildcard(host)) {
    faults.push(`${path}.host must be where members reach the node, and nobody reaches ${host}`);
  }
  return faults;
}, 'address');
