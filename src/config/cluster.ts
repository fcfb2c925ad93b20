/**
 * The shape of cluster.config.ts: what an operator writes. What a node makes of it, together with flags and
 * environment variables, is a NodeConfig (node-config.ts).
 */
import type { VenueLimits } from './limits.ts';

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

/** A TCP listener. Port 0 lets the system choose; the port is printed at start. */
export interface ListenerConfig {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  readonly port?: number;
}

export interface FixListenerConfig extends ListenerConfig {
  /** The same as `limits.maxConnections`, at the listener that it is about. */
  readonly maxConnections?: number;
}

export interface ClusterNodeConfig {
  /** Where members connect; default 127.0.0.1:9880. */
  readonly fix?: FixListenerConfig;
  /** Where operators connect; default 127.0.0.1:9881. Plain HTTP: keep it on loopback. */
  readonly admin?: ListenerConfig;
  /** Database, admin token and logs of the embedded server; relative to the file. Default `./data/<node>`. */
  readonly dataDir?: string;
  /** `postgres://user:password@host:port/database`; undefined: the embedded Postgres in the data directory. */
  readonly databaseUrl?: string | undefined;
  readonly logLevel?: LogLevel;
  /** Overrides the cluster's limits for this node. */
  readonly limits?: Partial<VenueLimits>;
}

export interface ClusterConfig {
  /** TargetCompID (56) that members send, SenderCompID (49) of the venue; default `ONEBOOK`. */
  readonly venueCompId?: string;
  readonly tradingCalendar?: TradingCalendarConfig;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
  readonly limits?: Partial<VenueLimits>;
  /** By name: `onebook start --node <name>`. Without a name, `local`. */
  readonly nodes: Readonly<Record<string, ClusterNodeConfig>>;
}

/** Types the object that cluster.config.ts exports as its default; checks nothing, that is done when it is read. */
export function defineCluster(cluster: ClusterConfig): ClusterConfig {
  return cluster;
}

/** What holds without a cluster.config.ts: one node `local`, everything at its default. */
export const BUILT_IN_CLUSTER: ClusterConfig = { nodes: { local: {} } };
