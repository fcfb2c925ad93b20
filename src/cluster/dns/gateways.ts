/**
 * Which gateways a member is sent to: those that are ready and have room, the least loaded first. Pure; what a gateway
 * says of itself comes from its lease row.
 */

/** A gateway as the DNS responder knows it. */
export interface GatewayRoom {
  /** Name of the node. */
  readonly name: string;
  /** Where members reach it: IPv4 and IPv6 addresses; what is neither is left out. */
  readonly addresses: readonly string[];
  /** Of its FIX listener. */
  readonly port: number;
  /** It is alive, serves members and is not being emptied. */
  readonly isReady: boolean;
  readonly connections: number;
  readonly maxConnections: number;
}

/** All gateways that are known, ready or not. */
export interface GatewayList {
  readonly rooms: readonly GatewayRoom[];
  /** For how long nothing has been heard from the database; `Infinity` when nothing ever was. */
  readonly ageMs: number;
}

/** SRV weights go up to 65535; this is the weight of the gateway with most room. */
const MOST_WEIGHT = 1_000;

/**
 * Up to `max` gateways for new members: ready, with room, by their relative load, lowest first. Gateways with the same
 * load come in an order by `random` (in [0, 1)), so that they get the same share.
 */
export function leastLoaded(rooms: readonly GatewayRoom[], max: number, random: () => number): GatewayRoom[] {
  return rooms
    .filter(({ isReady, connections, maxConnections }) => isReady && connections < maxConnections)
    .map((room) => ({ room, load: room.connections / room.maxConnections, lot: random() }))
    .sort((a, b) => a.load - b.load || a.lot - b.lot)
    .slice(0, max)
    .map(({ room }) => room);
}

/**
 * SRV weights of gateways that have room: in proportion to it. Members that heed them fill all gateways alike, where
 * the order alone would send everybody to the first for as long as the answer lives.
 */
export function weightsOf(rooms: readonly GatewayRoom[]): number[] {
  const free = rooms.map(({ connections, maxConnections }) => maxConnections - connections);
  const most = Math.max(...free);
  return free.map((count) => Math.max(1, Math.round((count / most) * MOST_WEIGHT)));
}
