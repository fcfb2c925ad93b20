/**
 * Which engine should own a symbol or a shard: pure, and the same on every node that sees the same engines. Chance is a
 * hash, so that an engine that comes or goes moves nothing but its own part.
 */

/** `BTC-USD` or shard 12 as keys of placement: no symbol is mistaken for a shard. */
export type PlacementKey = string;

/** The key of a symbol. */
export function symbolKey(symbol: string): PlacementKey {
  return `symbol ${symbol}`;
}

/** The key of a shard of accounts. */
export function shardKey(shard: number): PlacementKey {
  return `shard ${shard}`;
}

/**
 * The engine for a key by rendezvous hashing: each pair has a weight, the heaviest wins. Undefined without engines. The
 * order of the names does not matter.
 */
export function rendezvous(key: PlacementKey, engineNames: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestWeight = -1;
  for (const name of engineNames) {
    const weight = weightOf(key, name);
    if (weight > bestWeight || (weight === bestWeight && best !== undefined && name < best)) {
      best = name;
      bestWeight = weight;
    }
  }
  return best;
}

/** FNV-1a over both texts, mixed once more: FNV alone leaves names that differ in their last letter close together. */
function weightOf(key: string, name: string): number {
  let hash = 0x811c9dc5;
  for (const text of [key, '\0', name]) {
    for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
