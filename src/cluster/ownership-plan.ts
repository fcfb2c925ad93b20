/**
 * What a node should do about what is owned, as a function of a view: what to take, what to give up, whom to watch. Every
 * node decides for itself and two may see different views, so that a plan is a wish: rows decide.
 */
import type { ClusterNode, ClusterView, Items, Owned } from './membership.ts';
import { isSameNode, type NodeId } from './node-id.ts';
import { type PlacementKey, rendezvous, shardKey, symbolKey } from './placement.ts';

/** Symbols that the configuration places, with the names of their engines. */
export type FixedPlacement = ReadonlyMap<string, string>;

/**
 * How long an engine must have held its lease before something that another has is moved to it: one that keeps crashing
 * must not take its symbols along each time, ms.
 */
export const SETTLED_MS = 10_000;

/**
 * The engines that may own: alive, ready, not draining; of them only those that NATS reaches, if it reaches any, since a
 * cluster without NATS is no reason to stop trading.
 */
export function eligibleEngines({ nodes }: ClusterView): readonly ClusterNode[] {
  const ready = nodes.filter(
    ({ roles, isAlive, isLeaseValid, report }) =>
      roles.includes('engine') && isAlive && isLeaseValid && report.ready && !report.draining,
  );
  const reached = ready.filter(({ report }) => report.natsReachable);
  return reached.length > 0 ? reached : ready;
}

/** What nobody alive owns and `self` is the place for. */
export function itemsToTake(view: ClusterView, self: NodeId, fixed: FixedPlacement): Items {
  const engines = eligibleEngines(view);
  if (!engines.some((engine) => isSameNode(engine, self))) return NOTHING;
  const names = engines.map(({ name }) => name);
  const alive = view.nodes.filter((node) => node.isAlive);
  return select(view, (key, owned, symbol) => {
    if (alive.some((node) => isSameNode(node, owned.owner))) return false;
    return (wantedOn(owned, symbol, fixed, names) ?? rendezvous(key, names)) === self.name;
  });
}

/**
 * What `self` owns and should leave to others that can take it: everything when it drains or has been without NATS for
 * too long, else what an operator or the configuration wants elsewhere. Nothing when nobody can.
 */
export function itemsToGiveUp(
  view: ClusterView,
  self: NodeId,
  fixed: FixedPlacement,
  hasLostNats: boolean,
): Items {
  const others = eligibleEngines(view).filter(({ name }) => name !== self.name);
  if (others.length === 0) return NOTHING;
  const isDraining = view.nodes.some((node) => isSameNode(node, self) && node.report.draining);
  const isCutOff = hasLostNats && others.some(({ report }) => report.natsReachable);
  const settled = others.filter(({ heldMs }) => heldMs >= SETTLED_MS).map(({ name }) => name);
  return select(view, (_key, owned, symbol) => {
    if (!isSameNode(owned.owner, self)) return false;
    return isDraining || isCutOff || wantedOn(owned, symbol, fixed, settled) !== undefined;
  });
}

/** Symbols that others alive have and, by {@link itemsToGiveUp}, leave to `self`. In one pass over all of them. */
export function symbolsToExpect(view: ClusterView, self: NodeId, fixed: FixedPlacement): readonly string[] {
  const engines = eligibleEngines(view);
  if (!engines.some((engine) => isSameNode(engine, self))) return [];
  const alive = new Map(view.nodes.filter(({ isAlive }) => isAlive).map((node) => [node.name, node]));
  const namesOf = (some: readonly ClusterNode[]) => some.map(({ name }) => name);
  const names = namesOf(engines);
  const settled = namesOf(engines.filter(({ heldMs }) => heldMs >= SETTLED_MS));
  const expected: string[] = [];
  for (const [symbol, owned] of view.ownership.symbols) {
    const owner = alive.get(owned.owner?.name ?? '');
    if (owner === undefined || owner.name === self.name || !isSameNode(owner, owned.owner)) continue;
    const isDraining = owner.report.draining;
    const wanted = wantedOn(owned, symbol, fixed, isDraining ? names : settled);
    // One that drains is none of the engines.
    const place = isDraining ? (wanted ?? rendezvous(symbolKey(symbol), names)) : wanted;
    if (place === self.name) expected.push(symbol);
  }
  return expected;
}

/**
 * The nodes whose crash `self` looks out for: the next `count` of the living after it, in a ring of their names. So each
 * is watched by as many, at the price of as many connections a node, however large the cluster is.
 */
export function nodesToWatch({ nodes }: ClusterView, self: NodeId, count: number): readonly NodeId[] {
  const others = nodes.filter(({ name, isAlive }) => isAlive && name !== self.name);
  const after = others.filter(({ name }) => name > self.name);
  const before = others.filter(({ name }) => name < self.name);
  return [...byName(after), ...byName(before)].slice(0, count);
}

/** Living nodes whose lease is over, as far as `self` may judge: it must have renewed its own in time for `leaseMs`. */
export function lapsedNodes({ nodes }: ClusterView, self: NodeId, leaseMs: number): readonly NodeId[] {
  const own = nodes.find((node) => isSameNode(node, self));
  if (own === undefined || !own.isLeaseValid || own.renewingMs < leaseMs) return [];
  return nodes.filter((node) => node.isAlive && !node.isLeaseValid && !isSameNode(node, self));
}

/** Neither a symbol nor a shard. */
export const NOTHING: Items = { symbols: [], shards: [] };

/** How many symbols and shards these are. */
export function itemCount({ symbols, shards }: Items): number {
  return symbols.length + shards.length;
}

/** Where an operator wants it, else the configuration, if that is one of `names`. */
function wantedOn(
  { placedOn }: Owned,
  symbol: string | undefined,
  fixed: FixedPlacement,
  names: readonly string[],
): string | undefined {
  const wanted = placedOn ?? (symbol === undefined ? undefined : fixed.get(symbol));
  return wanted !== undefined && names.includes(wanted) ? wanted : undefined;
}

function select(
  { ownership }: ClusterView,
  isWanted: (key: PlacementKey, owned: Owned, symbol: string | undefined) => boolean,
): Items {
  const symbols = [...ownership.symbols].filter(([symbol, owned]) =>
    isWanted(symbolKey(symbol), owned, symbol),
  );
  const shards = [...ownership.shards].filter(([shard, owned]) =>
    isWanted(shardKey(shard), owned, undefined),
  );
  return { symbols: symbols.map(([symbol]) => symbol), shards: shards.map(([shard]) => shard) };
}

function byName(nodes: readonly ClusterNode[]): readonly ClusterNode[] {
  return nodes.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
