/** A whole book out of a store, as the node's loader puts it together from its portions. */
import type { LoadedBook, Store } from '../../src/actors/ports.ts';
import type { OrderSnapshot } from '../../src/matching/types.ts';

/** Makes the store's node the owner of the book, and reads it. Rejects when there is no such instrument. */
export async function loadBook(store: Store, symbol: string): Promise<LoadedBook> {
  const [claimed] = await store.claimBooks([symbol]);
  if (claimed === undefined) throw new Error(`there is no instrument ${symbol}`);
  const orders: OrderSnapshot[] = [];
  for (;;) {
    const portion = await store.loadOrders(claimed, orders.at(-1)?.priority ?? 0);
    orders.push(...portion.orders);
    if (portion.isLast) return { ...claimed, orders };
  }
}
