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

  const { symbols, shards } = view.ownership;
  return {
    engines,
    symbols: movesOf(symbols, symbolKey, (symbol) => fixed.has(symbol)),
    shards: movesOf(shards, shardKey, () => false),
    kept,
  };
}
