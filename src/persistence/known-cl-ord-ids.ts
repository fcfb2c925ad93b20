/**
 * What the ClOrdIDs (11) of rows name, collected from requests and then from orders. Apart from the reading, since which
 * one counts when several rows bear the same is a rule of its own.
 */
import type { KnownClOrdId } from '../actors/ports.ts';
import type { OrderId } from '../matching/types.ts';

export class KnownClOrdIds {
  /** By trading day and ClOrdID. */
  readonly #days = new Map<string, Map<string, KnownClOrdId>>();
  /** OrderIDs with the ClOrdIDs that replaces have given them. */
  readonly #replaces = new Set<string>();

  /**
   * Requests come before orders; among those that may be forgotten, the oldest comes first. `orderId`: that of an accepted
   * replace; `isForgettable`: a refused F or G, or a q.
   */
  addRequest(
    clOrdId: string,
    tradingDay: string,
    orderId: OrderId | undefined,
    isForgettable: boolean,
  ): void {
    const day = this.#dayOf(tradingDay);
    const earlier = day.get(clOrdId);
    if (earlier?.orderId !== undefined) return;
    // Used twice, by something that may be forgotten and by something that may not: it may not.
    const mayBeForgotten = isForgettable && (earlier === undefined || earlier.mayBeForgotten === true);
    day.set(clOrdId, { clOrdId, orderId, tradingDay, ...(mayBeForgotten ? { mayBeForgotten } : {}) });
    if (orderId !== undefined) this.#replaces.add(`${orderId} ${clOrdId}`);
  }

  /** A refused duplicate bears the ClOrdID of the order that it duplicates: the order wins. */
  addOrder(orderId: OrderId, tradingDay: string, entryClOrdId: string, lastClOrdId: string): void {
    const day = this.#dayOf(tradingDay);
    // Of the ids that replaces have given it, the requests tell; of the last one the order itself, when they are older.
    if (lastClOrdId !== entryClOrdId && !this.#replaces.has(`${orderId} ${lastClOrdId}`)) {
      day.set(lastClOrdId, { clOrdId: lastClOrdId, orderId, tradingDay });
    }
    day.set(entryClOrdId, { clOrdId: entryClOrdId, orderId, tradingDay });
  }

  /** Those of one day in the order in which they came. */
  all(): readonly KnownClOrdId[] {
    return [...this.#days.values()].flatMap((day) => [...day.values()]);
  }

  #dayOf(tradingDay: string): Map<string, KnownClOrdId> {
    const known = this.#days.get(tradingDay);
    if (known !== undefined) return known;
    const day = new Map<string, KnownClOrdId>();
    this.#days.set(tradingDay, day);
    return day;
  }
}
