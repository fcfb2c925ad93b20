/**
 * Who makes room when a bound is reached that many networks share: apart from those that have such bounds, so that the
 * listener and the gateway are fair in the same way.
 */

/**
 * Of those within a bound, in the order they came in and each with its network, the one to be closed for a newcomer:
 * the oldest of the network that has most of them. Undefined when no network has more than the newcomer's own: then
 * the newcomer goes without.
 */
export function oldestOfLargest<Key>(
  networks: Iterable<readonly [Key, string]>,
  newcomer: string,
): Key | undefined {
  const shares = new Map<string, { readonly oldest: Key; count: number }>();
  for (const [key, network] of networks) {
    const share = shares.get(network);
    if (share === undefined) shares.set(network, { oldest: key, count: 1 });
    else share.count += 1;
  }
  let most = shares.get(newcomer)?.count ?? 0;
  let oldest: Key | undefined;
  for (const share of shares.values()) {
    if (share.count <= most) continue;
    most = share.count;
    oldest = share.oldest;
  }
  return oldest;
}
