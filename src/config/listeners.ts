/**
 * The FIX listeners of one node, from what the cluster's file says about them: names, defaults, paths. Apart from
 * node-config.ts because a node may have several, and flags only reach the first.
 */
import { resolve } from 'node:path';
import type { ClusterNodeConfig, FixListenerConfig, TlsConfig } from './cluster.ts';

/** How a listener speaks TLS. Paths are absolute. */
export interface ListenerTls {
  readonly certFile: string;
  readonly keyFile: string;
  /** Undefined: members show no certificate. */
  readonly caFile: string | undefined;
  readonly requireClientCert: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** One port that members connect to. */
export interface NodeListener {
  /** What log lines and the status call it; unique on its node. */
  readonly name: string;
  readonly host: string;
  /** Port 0: the system chooses. */
  readonly port: number;
  /** Undefined: plain TCP. */
  readonly tls: ListenerTls | undefined;
  /** Patterns of the load balancers that connect, with the PROXY protocol; undefined: members connect themselves. */
  readonly trustedProxies: readonly string[] | undefined;
}

/** At least one; the first is the one that flags and environment variables are about. */
export type NodeListeners = readonly [NodeListener, ...NodeListener[]];

/** Where the first listener is: decided by flags, environment and file together. */
export interface ListenerAddress {
  readonly host: string;
  readonly port: number;
}

/** What {@link listenersOf} needs besides the node's entry. */
export interface ListenerDefaults {
  readonly first: ListenerAddress;
  /** Of the listeners that name none. */
  readonly host: string;
  /** Directory that paths of the file are relative to. */
  readonly clusterDir: string;
}

/** The entry of the file's first listener. */
export function firstListener(node: ClusterNodeConfig): FixListenerConfig {
  return entriesOf(node)[0] ?? {};
}

/** The node's listeners in the file's order, checked already but for what {@link listenerFaults} finds. */
export function listenersOf(node: ClusterNodeConfig, defaults: ListenerDefaults): NodeListeners {
  const [first = {}, ...others] = entriesOf(node);
  const { clusterDir } = defaults;
  return [
    listenerOf(first, 0, defaults.first, clusterDir),
    ...others.map((entry, index) => {
      const address = { host: entry.host ?? defaults.host, port: entry.port ?? 0 };
      return listenerOf(entry, index + 1, address, clusterDir);
    }),
  ];
}

/** Listeners that are in each other's way, each a sentence. */
export function listenerFaults(listeners: readonly NodeListener[], adminPort: number): string[] {
  const faults = listeners.flatMap(({ name, host, port }, index) => {
    const others = listeners.slice(0, index);
    const sameName = others.some((other) => other.name === name);
    const sameAddress = port !== 0 && others.some((other) => other.host === host && other.port === port);
    return [
      ...(sameName ? [`two FIX listeners are called "${name}"; give each a name of its own`] : []),
      ...(sameAddress ? [`two FIX listeners use ${host}:${port}; change the port of one`] : []),
    ];
  });
  const clash = listeners.find(({ port }) => port !== 0 && port === adminPort);
  if (clash !== undefined) {
    faults.push(`FIX and the admin API cannot both use port ${clash.port}; change --admin-port`);
  }
  return faults;
}

function entriesOf({ fix }: ClusterNodeConfig): readonly FixListenerConfig[] {
  if (fix === undefined) return [];
  return isList(fix) ? fix : [fix];
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(fix: NonNullable<ClusterNodeConfig['fix']>): fix is readonly FixListenerConfig[] {
  return Array.isArray(fix);
}

function listenerOf(
  entry: FixListenerConfig,
  index: number,
  address: ListenerAddress,
  clusterDir: string,
): NodeListener {
  const { name, tls, proxyProtocol, trustedProxies } = entry;
  return {
    name: name ?? (index === 0 ? 'fix' : `fix-${index + 1}`),
    ...address,
    tls: tls === undefined ? undefined : tlsOf(tls, clusterDir),
    trustedProxies: proxyProtocol === true ? (trustedProxies ?? []) : undefined,
  };
}

function tlsOf({ certFile, keyFile, caFile, ...rest }: TlsConfig, clusterDir: string): ListenerTls {
  return {
    certFile: resolve(clusterDir, certFile),
    keyFile: resolve(clusterDir, keyFile),
    caFile: caFile === undefined ? undefined : resolve(clusterDir, caFile),
    requireClientCert: rest.requireClientCert ?? caFile !== undefined,
    minVersion: rest.minVersion ?? 'TLSv1.2',
  };
}
