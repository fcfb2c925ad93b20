/**
 * The cluster in `GET /v1/status`: nodes, who owns what, and sessions with their gateways. Nodes and owners are as this
 * node has read them last, from memory; sessions are rows, and missing while the database does not answer.
 */
import { isClockAway } from '../cluster/clock-offset.ts';
import { type ConfigDifference, oddConfigs } from '../cluster/config-digest.ts';
import type { LinkStatus } from '../cluster/link.ts';
import type { ClusterNode, ClusterView, Owned, Role } from '../cluster/membership.ts';
import { isSameNode, type NodeId, nodeText } from '../cluster/node-id.ts';
import { delay, systemClock } from '../platform/clock.ts';
import { redactUrls } from '../platform/redact.ts';
import type { ClusterControl } from './cluster-control.ts';
import type { VenueControl } from './control.ts';
import { type OpenSession, openSessions } from './session-rows.ts';

/** The field `cluster` of the status. */
export interface ClusterStatus {
  /** The node that answers. */
  readonly self: string;
  /** When it has read the rest, by the database's clock: ISO 8601. */
  readonly readAt: string;
  /** Since then, ms; null while the node is out of the cluster, and has read nothing. */
  readonly readAgeMs: number | null;
  /** A renewal of the lease has been missed since: what is said of other nodes may have changed, and none is called ready. */
  readonly outdated: boolean;
  /** Whether it reaches what carries messages between nodes. */
  readonly natsReachable: boolean;
  /** Why it does not, with what to do; null while it does. */
  readonly natsFault: string | null;
  /** In order of their names; those that have ended among them. */
  readonly nodes: readonly NodeStatus[];
  readonly symbols: readonly SymbolStatus[];
  readonly shards: readonly (OwnerStatus & { readonly shard: number })[];
  /** The first {@link MAX_SESSIONS} by comp id. */
  readonly sessions: readonly OpenSession[];
  /** There are more than are shown. */
  readonly moreSessions: boolean;
  /** Why the sessions are not known; null when they are. */
  readonly sessionsFault: string | null;
}

export interface NodeStatus {
  readonly name: string;
  /** Which of its lives. */
  readonly incarnation: number;
  readonly roles: readonly Role[];
  readonly alive: boolean;
  /** Why it is not; null while it is. */
  readonly endedBecause: string | null;
  /** False also where it is not known any more: the status is `outdated`. */
  readonly ready: boolean;
  readonly draining: boolean;
  /** Since the last renewal of the lease, and until it is over, ms. */
  readonly leaseAgeMs: number;
  readonly leaseLeftMs: number;
  readonly natsReachable: boolean;
  /** Of the messages between nodes. */
  readonly protocolVersion: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** FIX connections, and how many it takes at most. */
  readonly connections: number;
  readonly maxConnections: number;
  /** By how much its clock is ahead of the database's, ms. */
  readonly clockOffsetMs: number;
  /** What an operator should look at, a sentence each without its subject: a clock that is wrong, another configuration. */
  readonly warnings: readonly string[];
  /** Of what it owns. */
  readonly symbolCount: number;
  readonly shardCount: number;
  /** Where members reach it: `host:port`. */
  readonly addresses: readonly string[];
  /** The link from the node that answers; null to itself, and where there is none. */
  readonly link: LinkShown | null;
}

export interface OwnerStatus {
  /** Name of the node; null: nobody that lives. */
  readonly owner: string | null;
  readonly epoch: number;
  /** Where an operator wants it; null: nowhere in particular. */
  readonly placedOn: string | null;
}

export interface SymbolStatus extends OwnerStatus {
  readonly symbol: string;
  /** Where the configuration wants it, which an operator outranks; null: nowhere in particular. */
  readonly configuredOn: string | null;
}

export interface LinkShown {
  readonly phase: LinkStatus['phase'];
  readonly queuedMessages: number;
  /** For how long the other has not answered, ms. */
  readonly unansweredMs: number;
  readonly lastFault: string | null;
}

/** Sessions that the status has at most. */
export const MAX_SESSIONS = 1_000;
/** Renewals of the lease after which what was read is outdated: they are never answered at once. */
const OUTDATED_AFTER = 1.5;
/** Less than the status itself has (deadline.ts). */
const SESSIONS_TIMEOUT_MS = 1_000;

/** Reads {@link ClusterStatus} for one request after the other; however many ask, the rows are read once at a time. */
export function clusterStatusReader(
  control: VenueControl,
): (cluster: ClusterControl) => Promise<ClusterStatus> {
  let reading: Promise<SessionsRead> | undefined;
  const read = (): Promise<SessionsRead> => {
    reading ??= readSessions(control).finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return async (cluster) => {
    const { sessions, fault } = await inTime(read());
    return {
      ...shownView(cluster),
      sessions: sessions.slice(0, MAX_SESSIONS),
      moreSessions: sessions.length > MAX_SESSIONS,
      sessionsFault: fault,
    };
  };
}

interface SessionsRead {
  readonly sessions: readonly OpenSession[];
  readonly fault: string | null;
}

async function readSessions({ orm }: VenueControl): Promise<SessionsRead> {
  try {
    return { sessions: await openSessions(orm.em.fork(), MAX_SESSIONS + 1), fault: null };
  } catch (error) {
    const reason = redactUrls(error instanceof Error ? error.message : String(error));
    return { sessions: [], fault: `the database does not tell them: ${reason}` };
  }
}

async function inTime(read: Promise<SessionsRead>): Promise<SessionsRead> {
  const isRead = new AbortController();
  const late = delay(systemClock, SESSIONS_TIMEOUT_MS, isRead.signal);
  try {
    return await Promise.race([
      read,
      late.then(() => ({ sessions: [], fault: 'the database does not tell them in time' })),
    ]);
  } finally {
    isRead.abort();
  }
}

type ViewShown = Omit<ClusterStatus, 'sessions' | 'moreSessions' | 'sessionsFault'>;

function shownView(cluster: ClusterControl): ViewShown {
  const view = cluster.view();
  const { symbols, shards } = view.ownership;
  const owner = livingOwner(view);
  const symbolCounts = countByOwner(symbols.values());
  const shardCounts = countByOwner(shards.values());
  const links = cluster.links();
  const readAgeMs = cluster.viewAgeMs() ?? null;
  const outdated = readAgeMs === null || readAgeMs > OUTDATED_AFTER * cluster.renewMs;
  const presentOf = outdated ? outdatedNode(cluster.self, readAgeMs ?? 0) : (node: ClusterNode) => node;
  const odd = oddConfigs(view.nodes);
  return {
    self: cluster.self,
    readAt: new Date(view.readAt).toISOString(),
    readAgeMs: readAgeMs === null ? null : Math.round(readAgeMs),
    outdated,
    natsReachable: cluster.carrierReachable,
    natsFault: cluster.carrierFault ?? null,
    nodes: view.nodes.map((node) => ({
      ...shownNode(presentOf(node)),
      warnings: node.isAlive ? warningsOf(node, odd.get(node.name)) : [],
      symbolCount: symbolCounts.get(nodeText(node)) ?? 0,
      shardCount: shardCounts.get(nodeText(node)) ?? 0,
      link: shownLink(links.find(({ peer }) => isSameNode(peer, node))),
    })),
    symbols: [...symbols].map(([symbol, owned]) => ({
      symbol,
      ...shownOwner(owned, owner),
      configuredOn: cluster.fixedPlacement.get(symbol) ?? null,
    })),
    shards: [...shards].map(([shard, owned]) => ({ shard, ...shownOwner(owned, owner) })),
  };
}

/** Whether another has renewed its lease meanwhile is not known; this node has not. */
function outdatedNode(self: string, readAgeMs: number): (node: ClusterNode) => ClusterNode {
  return (node) => {
    const unready = { ...node, report: { ...node.report, ready: false } };
    if (node.name !== self || !node.isAlive) return unready;
    return {
      ...unready,
      leaseAgeMs: node.leaseAgeMs + Math.round(readAgeMs),
      leaseLeftMs: Math.max(0, node.leaseLeftMs - Math.round(readAgeMs)),
    };
  };
}

function shownNode(node: ClusterNode): Omit<NodeStatus, 'warnings' | 'symbolCount' | 'shardCount' | 'link'> {
  const { name, incarnation, roles, isAlive, endReason, leaseAgeMs, leaseLeftMs, protocolVersion } = node;
  const { ready, draining, natsReachable, connections, maxConnections, clockOffsetMs, endpoints } =
    node.report;
  return {
    name,
    incarnation,
    roles,
    alive: isAlive,
    endedBecause: endReason ?? null,
    ready: isAlive && ready,
    draining,
    leaseAgeMs,
    leaseLeftMs,
    natsReachable,
    protocolVersion,
    startedAt: new Date(node.startedAt).toISOString(),
    connections: isAlive ? connections : 0,
    maxConnections,
    clockOffsetMs,
    addresses: endpoints.map(({ host, port }) =>
      host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    ),
  };
}

function warningsOf(
  { report: { clockOffsetMs } }: ClusterNode,
  differences: readonly ConfigDifference[] = [],
): readonly string[] {
  const seconds = (Math.abs(clockOffsetMs) / 1000).toFixed(1);
  const side = clockOffsetMs > 0 ? 'ahead of' : 'behind';
  return [
    ...(isClockAway(clockOffsetMs) ? [`its clock is ${seconds} s ${side} the database's`] : []),
    ...differences.map(
      ({ than, settings }) => `runs with another configuration than ${than.name}: ${settings.join(', ')}`,
    ),
  ];
}

function shownLink(link: LinkStatus | undefined): LinkShown | null {
  if (link === undefined) return null;
  const { phase, queuedMessages, unansweredMs, lastFault } = link;
  return { phase, queuedMessages, unansweredMs, lastFault: lastFault ?? null };
}

/** By {@link nodeText}: what an earlier life owned is not a later one's. */
function countByOwner(items: Iterable<Owned>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { owner } of items) {
    if (owner !== undefined) counts.set(nodeText(owner), (counts.get(nodeText(owner)) ?? 0) + 1);
  }
  return counts;
}

/** The name of an owner that lives: what a life that has ended owns is free. */
export function livingOwner({ nodes }: ClusterView): (owner: NodeId | undefined) => string | null {
  const living = new Set(nodes.filter(({ isAlive }) => isAlive).map(nodeText));
  return (owner) => (owner !== undefined && living.has(nodeText(owner)) ? owner.name : null);
}

/** As answers show it. */
export function shownOwner(
  { owner, epoch, placedOn }: Owned,
  nameOf: (owner: NodeId | undefined) => string | null,
): OwnerStatus {
  return { owner: nameOf(owner), epoch, placedOn: placedOn ?? null };
}
