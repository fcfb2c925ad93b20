/** The bounds of a gateway, apart from it since tests take their defaults; a node configures them all. */

/** Bounds of a gateway. */
export interface GatewayLimits {
  /** Connections; one more is closed at once. */
  readonly maxConnections: number;
  /**
   * Connections that have not logged on; for one more the oldest of the network with the most of them is closed, or
   * it is closed itself when it comes from there.
   */
  readonly maxUnauthenticatedConnections: number;
  /** How long a drain waits for the members' Logouts, ms; then the connections are closed. */
  readonly drainTimeoutMs: number;
  /** How long a cancel on disconnect may take to be answered, ms; then it is tried again. */
  readonly operatorTimeoutMs: number;
}

/** The bounds of a gateway when nothing else is configured. */
export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  maxConnections: 1_000,
  maxUnauthenticatedConnections: 100,
  drainTimeoutMs: 15_000,
  operatorTimeoutMs: 10_000,
};
