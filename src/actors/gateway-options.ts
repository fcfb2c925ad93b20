/** What a gateway is made of, and what its node may ask of it; apart from the gateway, which is what it does. */
import type { Connection, ConnectionListener } from '../fix/connection.ts';
import type { SecurityDirectory } from '../fix/security-directory.ts';
import type { SessionCounts } from '../fix/session-counts.ts';
import type { SessionLimits } from '../fix/session-limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { ActorSystem, Behavior } from './actor-system.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { GatewayLoad, GatewayOccupancy } from './gateway-load.ts';
import type { LiveSession } from './live-sessions.ts';
import type { Authenticator, Store } from './ports.ts';
import type { Address, GatewayMessage } from './protocol.ts';

/** What a gateway needs from outside. */
export interface GatewayOptions {
  /** Of the listening port: the gateway's address. */
  readonly name: string;
  readonly system: ActorSystem;
  /** The venue's own CompID. */
  readonly venueCompId: string;
  readonly limits: GatewayLimits & SessionLimits;
  /** What can be traded, as it is now. */
  readonly markets: SecurityDirectory;
  /** Every member is told when a symbol opens or halts, not only those that have asked. */
  readonly securityStatusToAll: boolean;
  readonly authenticator: Authenticator;
  /** Who takes what members request; the exchange by default. */
  readonly commandsTo?: Address;
  /** Undefined in a venue of one node. */
  readonly cluster?: GatewayCluster;
  /** Counts what its sessions do. */
  readonly counts?: SessionCounts;
  /** Whether as much of what sessions have sent waits to be stored as may wait. */
  readonly isJournalFull?: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Every FIX message as a debug line. */
  readonly logMessages?: boolean;
}

/** What a gateway of a cluster needs besides. */
export interface GatewayCluster {
  /** Whether it is the first, by name, of the gateways that live: it looks after the members of the others. */
  readonly isFirstGateway: () => boolean;
  readonly store: Pick<Store, 'pendingCancels' | 'succeeded'>;
}

/** The actor of a listening port, and the two things that are not messages: connections and a list. */
export interface Gateway {
  readonly behavior: Behavior<undefined, GatewayMessage>;
  /** Takes a connection of the acceptor. */
  onConnection(connection: Connection): ConnectionListener;
  /** Who is connected at the moment. */
  sessions(): readonly LiveSession[];
  /** How much waits in the sessions, over all of them; looks at each. */
  load(): GatewayLoad;
  /** How full it is. */
  occupancy(): GatewayOccupancy;
}
