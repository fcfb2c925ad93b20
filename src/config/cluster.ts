/**
 * The shape of cluster.config.ts: what an operator writes. What a node makes of it, together with flags and
 * environment variables, is a NodeConfig (node-config.ts).
 */
import type { AdvertiseConfig, DnsConfig } from './dns.ts';
import type { LeaseConfig } from './lease.ts';
import type { VenueLimits } from './limits.ts';
import type { NatsConfig } from './nats.ts';
import type { PlacementConfig } from './placement.ts';
import type { Role } from './roles.ts';

/** From most to least verbose. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Defines "Day" and the trading day of a ClOrdID (11); apart from FIX session schedules. */
export interface TradingCalendarConfig {
  /** IANA name; default `UTC`. */
  readonly timeZone?: string;
  /** `HH:MM` of that zone at which a new trading day begins; default `00:00`. */
  readonly rollTime?: string;
}

/**
 * How long history is kept: full months (UTC) besides the one that has begun, and by default for ever. What goes is
 * closed first, and proofs begin with the closing.
 */
export interface RetentionConfig {
  /** Closed orders, trades, reports, requests and their audit trail, which proves rows of all of them. */
  readonly historyMonths?: number | undefined;
  /** What operators did. */
  readonly operatorsMonths?: number | undefined;
}

/** A TCP listener. Port 0 lets the system choose; the port is printed at start. */
export interface ListenerConfig {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  readonly port?: number;
}

/** The operators' port. */
export interface AdminConfig extends ListenerConfig {
  /** True: `GET /metrics` needs no token. It names symbols and no members. Default false. */
  readonly openMetrics?: boolean;
}

/** How a listener speaks TLS: files in PEM form, relative to cluster.config.ts, read again on SIGHUP. */
export interface TlsConfig {
  /** The listener's certificate, then those between it and its root. */
  readonly certFile: string;
  /** Its private key, not encrypted. */
  readonly keyFile: string;
  /** The authorities that certify members; without it members show no certificate. */
  readonly caFile?: string;
  /** Default true with a `caFile`: who shows no certificate is refused. */
  readonly requireClientCert?: boolean;
  /** Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** A port that members connect to. */
export interface FixListenerConfig extends ListenerConfig {
  /** What log lines and the status call it; default `fix`, then `fix-2` and so on. */
  readonly name?: string;
  /** Default: plain TCP. */
  readonly tls?: TlsConfig;
  /** True behind a load balancer that sends the PROXY protocol, version 2, on every connection. */
  readonly proxyProtocol?: boolean;
  /** Addresses and networks of those load balancers; everybody else is refused. Needed with `proxyProtocol`. */
  readonly trustedProxies?: readonly string[];
}

/** The only listener of a node. */
export interface OnlyFixListenerConfig extends FixListenerConfig {
  /** The same as `limits.maxConnections`, at the listener that it is about. */
  readonly maxConnections?: number;
}

/** One process of the venue. */
export interface ClusterNodeConfig {
  /** Default `['gateway', 'engine']`: all of a venue. Others need `nats`. */
  readonly roles?: readonly Role[];
  /**
   * Which machine it runs on, in whatever words. Nodes that name the same one, or none, must not use the same ports of
   * loopback or of all addresses, nor the same data directory.
   */
  readonly machine?: string;
  /** Where members connect; default 127.0.0.1:9880. Several listeners serve the same sessions, within one bound. */
  readonly fix?: OnlyFixListenerConfig | readonly FixListenerConfig[];
  /** Where members reach this gateway, if that is not where it listens; one address or, of several families, each. */
  readonly advertise?: AdvertiseConfig | readonly AdvertiseConfig[];
  /** Where a node with the role `dns` answers, over UDP and TCP; default 127.0.0.1:53. */
  readonly dns?: ListenerConfig;
  /** Where operators connect; default 127.0.0.1:9881. Plain HTTP: keep it on loopback. */
  readonly admin?: AdminConfig;
  /** Database, admin token and logs of the embedded server; relative to the file. Default `./data/<node>`. */
  readonly dataDir?: string;
  /** Another way to the cluster's database, a pooler on the node's machine for example. */
  readonly databaseUrl?: string | undefined;
  readonly logLevel?: LogLevel;
  /** Overrides the cluster's limits for this node. */
  readonly limits?: Partial<VenueLimits>;
}

export interface ClusterConfig {
  /** TargetCompID (56) that members send, SenderCompID (49) of the venue; default `ONEBOOK`. */
  readonly venueCompId?: string;
  readonly tradingCalendar?: TradingCalendarConfig;
  /**
   * True: every member is told by SecurityStatus (f) when a symbol halts or opens; default false: those that asked
   * for it by SecurityStatusRequest (e).
   */
  readonly securityStatusToAll?: boolean;
  readonly retention?: RetentionConfig;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
  readonly limits?: Partial<VenueLimits>;
  /**
   * `postgres://user@host:port/database`, the same for all nodes; undefined: the embedded Postgres in the data directory
   * of the only node. Its password is in `databasePasswordFile`, or in an environment variable that this is made from.
   */
  readonly databaseUrl?: string | undefined;
  /** The password is its first line. Relative to the file. */
  readonly databasePasswordFile?: string;
  /** What carries messages between nodes; undefined: each node is a venue by itself, or waits for another. */
  readonly nats?: NatsConfig;
  /** Engines of symbols; others are spread over all of them. */
  readonly placement?: PlacementConfig;
  readonly lease?: LeaseConfig;
  /** What nodes with the role `dns` answer for. */
  readonly dns?: DnsConfig;
  /** By name: `onebook start --node <name>`. Without a name, `local`. */
  readonly nodes: Readonly<Record<string, ClusterNodeConfig>>;
}

/** Types the object that cluster.config.ts exports as its default; checks nothing, that is done when it is read. */
export function defineCluster(cluster: ClusterConfig): ClusterConfig {
  return cluster;
}

/** What holds without a cluster.config.ts: one node `local`, everything at its default. */
export const BUILT_IN_CLUSTER: ClusterConfig = { nodes: { local: {} } };
