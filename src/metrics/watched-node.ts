/** What the metrics look at when they are asked for: the parts of a running node, by what they say of themselves. */
import type { GatewayLoad } from '../actors/gateway-load.ts';
import type { PersistenceStatus } from '../actors/persistence.ts';
import type { MarketDirectory } from '../actors/ports.ts';

/** Bounds whose nearness is shown, by the names that they have in the configuration. */
export interface WatchedBounds {
  readonly maxCommandsInFlight: number;
  readonly slowdownRequestsInFlight: number;
  readonly maxJournalBytes: number;
  readonly accountStash: number;
  readonly bookStash: number;
  readonly maxConnections: number;
  readonly maxUnauthenticatedConnections: number;
  readonly maxPendingHandshakes: number;
  readonly maxPendingLogins: number;
  readonly maxQueuedReports: number;
  readonly maxUnansweredRequestsPerSession: number;
  readonly maxQueuedAboveGap: number;
  readonly maxUnsentBytes: number;
}

/** A node of a cluster, as the rows of the others tell of it. */
export interface WatchedCluster {
  /** By how much this machine's clock is ahead of the database's, ms. */
  readonly clockOffsetMs: number;
  /** Living nodes with another configuration than this one's. */
  readonly configDifferences: number;
}

/** A node from the moment at which its actors live. */
export interface WatchedNode {
  readonly bounds: WatchedBounds;
  readonly markets: MarketDirectory;
  readonly exchange: {
    status(): { readonly commandsInFlight: number; readonly commandsWaiting: number };
    largestStashes(): { readonly account: number; readonly book: number };
  };
  readonly persistence: () => PersistenceStatus;
  readonly gateway: { load(): GatewayLoad };
  readonly logins: () => { readonly pendingLogins: number; readonly lockouts: number };
  readonly mostPendingHandshakes: () => number;
}
