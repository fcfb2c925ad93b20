/**
 * What an order can come to cost while replaces of it are on their way, found by going through the ways that it may go
 * instead of by a formula: each replace arrives before or after fills, and is done or refused.
 */

/** In ticks and lots. */
export interface OpenTerms {
  readonly price: number;
  readonly quantity: number;
  readonly cumQty: number;
}

/** What is spent by the fills from now on and then still needed, at the dearest of all ways. `cost` is of lots at a price. */
export function worstNeed(
  order: OpenTerms,
  replaces: readonly Pick<OpenTerms, 'price' | 'quantity'>[],
  cost: (price: number, lots: number) => bigint,
): bigint {
  const { price, quantity, cumQty } = order;
  let worst = cost(price, quantity - cumQty);
  const [next, ...rest] = replaces;
  if (next === undefined) return worst;
  // Cost is linear between the totals, so that the dearest way has all its turns at one of them.
  const turns = [quantity, ...replaces.map((replace) => replace.quantity)];
  for (const filled of new Set([cumQty, ...turns.filter((turn) => turn > cumQty && turn <= quantity)])) {
    const spent = cost(price, filled - cumQty);
    const refused = worstNeed({ ...order, cumQty: filled }, rest, cost);
    const isEnded = next.quantity <= filled;
    const done = isEnded ? 0n : worstNeed({ ...next, cumQty: filled }, rest, cost);
    const needed = spent + (done > refused ? done : refused);
    if (needed > worst) worst = needed;
  }
  return worst;
}
