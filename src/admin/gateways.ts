/**
 * Which gateways are told what operators want of members' sessions, and where a member is logged on: apart from the
 * commands, which do not ask whether the venue is one process or many.
 */
import type { GatewayMessage } from '../actors/protocol.ts';
import { Refusal } from './answers.ts';
import type { ClusterControl } from './cluster-control.ts';
import type { VenueControl } from './control.ts';
import { gatewayOfMember, openSessionCount } from './session-rows.ts';

/** Tells all gateways that live; names those that cannot be told now, since there is no link to them. */
export function tellGateways(
  { cluster, gatewayName, tell }: VenueControl,
  message: GatewayMessage,
): readonly string[] {
  for (const name of cluster?.gatewayNames() ?? [gatewayName]) tell({ type: 'gateway', name }, message);
  return cluster === undefined ? [] : livingGateways(cluster).filter((node) => !isReached(cluster, node));
}

/** Tells the gateway that has the member's session, any when none has; a refusal where that cannot be told now. */
export async function tellGatewayOf(
  { cluster, gatewayName, tell, orm }: VenueControl,
  compId: number,
  message: GatewayMessage,
): Promise<Refusal | undefined> {
  if (cluster === undefined) {
    tell({ type: 'gateway', name: gatewayName }, message);
    return undefined;
  }
  const holder = await gatewayOfMember(orm.em.fork(), compId);
  if (holder !== undefined && !isReached(cluster, holder)) {
    return new Refusal(503, `${holder}, which has the member's session, cannot be reached now: try again`);
  }
  const node = holder ?? livingGateways(cluster).find((name) => isReached(cluster, name));
  if (node === undefined) return new Refusal(503, 'no gateway is there to do it: start one');
  tell({ type: 'gateway', name: cluster.gatewayOf(node) }, message);
  return undefined;
}

/** Whether the member is logged on, at whichever gateway. */
export async function isLoggedOn({ cluster, orm, status }: VenueControl, compId: number): Promise<boolean> {
  const isHere = status().sessions.some((session) => session.compId === compId);
  if (isHere || cluster === undefined) return isHere;
  const node = await gatewayOfMember(orm.em.fork(), compId);
  // This node knows its own sessions better than rows, which come later.
  return node !== undefined && node !== cluster.self;
}

/** How many members are logged on, at all gateways together. */
export async function memberCount({ cluster, orm, status }: VenueControl): Promise<number> {
  if (cluster !== undefined) return openSessionCount(orm.em.fork());
  return status().sessions.filter(({ compId }) => compId !== undefined).length;
}

/** The gateway that goes on with the member's session since it could not be told otherwise; undefined when none does. */
export async function deafGatewayOf(
  { orm }: VenueControl,
  compId: number,
  unreached: readonly string[],
): Promise<string | undefined> {
  if (unreached.length === 0) return undefined;
  const node = await gatewayOfMember(orm.em.fork(), compId);
  return node !== undefined && unreached.includes(node) ? node : undefined;
}

function livingGateways(cluster: ClusterControl): readonly string[] {
  return cluster
    .view()
    .nodes.filter(({ isAlive, roles }) => isAlive && roles.includes('gateway'))
    .map(({ name }) => name);
}

/** A link outlives an outage of what carries messages, and then they come later. */
function isReached(cluster: ClusterControl, node: string): boolean {
  return (
    node === cluster.self || cluster.links().some(({ peer, phase }) => peer.name === node && phase === 'Up')
  );
}
