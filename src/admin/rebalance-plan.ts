/**
 * Which symbols and shards should move after an engine was added: pure. Engines that own something keep it by themselves
 * (ownership-plan.ts), so that nothing moves unless an operator asks.
 */
import type { ClusterView, Owned } from '../cluster/membership.ts';
import { eligibleEngines, type FixedPlacement } from '../cluster/ownership-plan.ts';
import { type PlacementKey, rendezvous, shardKey, symbolKey } from '../cluster/placement.ts';
import { livingOwner } from './cluster-status.ts';

/** One of them, from which engine to which. */
export interface Move<Key> {
  readonly key: Key;
  readonly from: string;
  readonly to: string;
}

export interface RebalancePlan {
  /** The engines that can own something, by name. */
  readonly engines: readonly string[];
  readonly symbols: readonly Move<string>[];
  readonly shards: readonly Move<number>[];
  /** Symbols and shards that stay where the configuration or an operator has placed them. */
  readonly kept: number;
  /** What each engine has afterwards, placed or not; by name. */
  readonly spread: readonly EngineShare[];
}

/** How many an engine has. */
export interface EngineShare {
  readonly engine: string;
  readonly symbols: number;
  /** Of accounts. */
  readonly shards: number;
}

/**
 * What is not where chance would put it among the engines of now. `includesPlaced`: also what an operator has placed; what
 * the configuration places stays in any case. What nobody owns is no part of it: its engine takes it by itself.
 */
export function rebalancePlan(
  view: ClusterView,
  fixed: FixedPlacement,
  includesPlaced: boolean,
): RebalancePlan {
  const engines = eligibleEngines(view).map(({ name }) => name);
  const ownerOf = livingOwner(view);
  let kept = 0;

  function movesOf<Key>(
    owned: ReadonlyMap<Key, Owned>,
    keyOf: (key: Key) => PlacementKey,
    isFixed: (key: Key) => boolean,
  ): readonly Move<Key>[] {
    const moves: Move<Key>[] = [];
    for (const [key, { owner, placedOn }] of owned) {
      if (isFixed(key) || (placedOn !== undefined && !includesPlaced)) {
        kept += 1;
        continue;
      }
      const from = ownerOf(owner);
      const to = rendezvous(keyOf(key), engines);
      if (from !== null && to !== undefined && from !== to) moves.push({ key, from, to });
    }
    return moves;
  }

  const { ownership } = view;
  const symbols = movesOf(ownership.symbols, symbolKey, (symbol) => fixed.has(symbol));
  const shards = movesOf(ownership.shards, shardKey, () => false);
  const symbolCounts = countsAfter(ownership.symbols, symbols, ownerOf);
  const shardCounts = countsAfter(ownership.shards, shards, ownerOf);
  const spread = engines.map((engine) => {
    return { engine, symbols: symbolCounts.get(engine) ?? 0, shards: shardCounts.get(engine) ?? 0 };
  });
  return { engines, symbols, shards, kept, spread };
}

function countsAfter<Key>(
  owned: ReadonlyMap<Key, Owned>,
  moves: readonly Move<Key>[],
  ownerOf: (owner: Owned['owner']) => string | null,
): ReadonlyMap<string, number> {
  const goingTo = new Map(moves.map(({ key, to }) => [key, to]));
  const counts = new Map<string, number>();
  for (const [key, { owner }] of owned) {
    const engine = goingTo.get(key) ?? ownerOf(owner);
    if (engine !== null) counts.set(engine, (counts.get(engine) ?? 0) + 1);
  }
  return counts;
}
