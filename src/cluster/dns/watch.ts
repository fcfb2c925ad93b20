/**
 * The gateways as the cluster's rows have them, for the DNS responder: who is ready with how much room, and how long
 * ago the rows were read. Apart from gateways.ts, which knows nothing of rows and clocks.
 */
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import type { ClusterView, Membership } from '../membership.ts';
import type { GatewayList, GatewayRoom } from './gateways.ts';

export interface GatewayWatchOptions {
  readonly membership: Pick<Membership, 'view'>;
  readonly clock: Pick<Clock, 'every'>;
  /** Ms that only run forwards. */
  readonly monotonic: () => number;
}

/** What the responder asks. */
export interface GatewayWatch {
  list(): GatewayList;
  close(): void;
}

/** How often it is looked whether the rows have been read anew; an age may be wrong by as much. */
const LOOK_INTERVAL_MS = 500;

/** Begins to watch. Ages are counted here: the database's clock and this machine's are not compared. */
export function watchGateways({ membership, clock, monotonic }: GatewayWatchOptions): GatewayWatch {
  let view = membership.view();
  let rooms = gatewayRooms(view);
  let heardAt = monotonic();
  const look = (): void => {
    const latest = membership.view();
    if (latest.readAt === view.readAt) return;
    view = latest;
    rooms = gatewayRooms(latest);
    heardAt = monotonic();
  };
  const cancel: CancelTimer = clock.every(LOOK_INTERVAL_MS, look);
  return {
    list() {
      look();
      return { rooms, ageMs: monotonic() - heardAt };
    },
    close: cancel,
  };
}

/**
 * The gateways that are alive. An address record has no port, so that all addresses of a gateway are of its first one's. One
 * that NATS does not reach cannot pass orders on: it is left out, unless that is so of all.
 */
export function gatewayRooms(view: ClusterView): GatewayRoom[] {
  const gateways = view.nodes.filter(({ roles, isAlive }) => isAlive && roles.includes('gateway'));
  const isAnyReached = gateways.some(({ report }) => report.natsReachable);
  return gateways.flatMap(({ name, isLeaseValid, report }): GatewayRoom[] => {
    const { endpoints, ready, draining, natsReachable, connections, maxConnections } = report;
    const [first] = endpoints;
    if (first === undefined) return [];
    const addresses = endpoints.filter(({ port }) => port === first.port).map(({ host }) => host);
    const isReady = isLeaseValid && ready && !draining && (natsReachable || !isAnyReached);
    return [{ name, addresses, port: first.port, isReady, connections, maxConnections }];
  });
}
