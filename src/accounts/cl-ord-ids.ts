/**
 * The ClOrdIDs (11) that a member has used on the trading day and on the day before: what each names, and which are
 * still on their way. Apart from the account, since what may be forgotten, and when, is a rule of its own.
 *
 * A new request may use an id that is neither the day's nor that of an open order or of a request on its way. What may
 * be a repeat (43 or 97) is looked up among the ids of the day before as well, so that a repeat over the roll never
 * becomes a second order; and so is a request of the day before that is judged, or judged again, after the roll.
 */
import type { OrderId } from '../matching/types.ts';

/** Stands for the order of an id that names none: of a cancel, or of something refused. */
export const NO_ORDER: OrderId = 0;

/** Default for how many ids of refused cancels and of mass cancels a member has remembered, of either day. */
export const DEFAULT_REFUSED_CANCELS_KEPT = 10_000;

/** An id as rows tell it. */
export interface UsedClOrdId {
  readonly clOrdId: string;
  /** Undefined when it names no order. */
  readonly orderId: OrderId | undefined;
  /** The trading day (`YYYY-MM-DD`) of the request. */
  readonly tradingDay: string;
  /** Of a refused F or G, or of a q. */
  readonly mayBeForgotten?: boolean;
}

/** Of a request that may have been carried out, when that can have been. */
export interface SentBefore {
  /** The trading day (`YYYY-MM-DD`) on which it has come now. */
  readonly tradingDay: string;
  /** It may have come on an earlier day for the first time; if not, what has its id then is another request. */
  readonly isOfDayBefore: boolean;
}

interface IdsOfDay {
  readonly orderIds: Map<string, OrderId>;
  /** Those of cancels that did nothing, oldest first. */
  readonly forgettable: Set<string>;
}

function noIds(): IdsOfDay {
  return { orderIds: new Map(), forgettable: new Set() };
}

export class ClOrdIds {
  #tradingDay: string;
  #today = noIds();
  /** Of the last day before on which there were any. */
  #before = noIds();
  /** Of earlier days: what was open or on its way when the day began. It is forgotten a day after it has ended. */
  readonly #carried = new Map<string, OrderId>();
  readonly #inFlight = new Set<string>();
  readonly #refusedCancelsKept: number;
  readonly #isOpen: (orderId: OrderId) => boolean;

  /**
   * Cancels are never throttled, so that those which come to nothing would fill the memory: beyond
   * `refusedCancelsKept` the oldest ids of refused F and G and of q are forgotten. What they asked for was not done,
   * or can be asked for again without harm: their id may be used again, and a repeat is judged like the first.
   */
  constructor(tradingDay: string, refusedCancelsKept: number, isOpen: (orderId: OrderId) => boolean) {
    this.#tradingDay = tradingDay;
    this.#refusedCancelsKept = refusedCancelsKept;
    this.#isOpen = isOpen;
  }

  /** Puts one back that was used before a restart. Orders that are open must be known by then. */
  restore({ clOrdId, orderId = NO_ORDER, tradingDay, mayBeForgotten }: UsedClOrdId): void {
    if (orderId === NO_ORDER && mayBeForgotten === true) this.rememberRefusedCancel(clOrdId, tradingDay);
    else if (tradingDay >= this.#tradingDay) put(this.#today, clOrdId, orderId);
    else if (this.#isOpen(orderId)) this.#carried.set(clOrdId, orderId);
    else put(this.#before, clOrdId, orderId);
  }

  /**
   * The order that an id names in a request of `tradingDay`, whose own ids come first; {@link NO_ORDER} when it was
   * used for something else, undefined when it is not known.
   */
  orderIdOf(clOrdId: string, tradingDay: string): OrderId | undefined {
    return this.#idsWith(clOrdId, tradingDay).get(clOrdId);
  }

  /** {@link orderIdOf} the id of a new request: undefined when that may use it. */
  orderIdOfUsed(clOrdId: string, tradingDay: string, mayBeRepeat: boolean): OrderId | undefined {
    if (mayBeRepeat || tradingDay < this.#tradingDay) return this.orderIdOf(clOrdId, tradingDay);
    const orderId = this.#today.orderIds.get(clOrdId);
    if (orderId !== undefined || this.#carried.size === 0) return orderId;
    const carried = this.#carried.get(clOrdId);
    return carried !== undefined && this.#isUnfinished(clOrdId, carried) ? carried : undefined;
  }

  /** {@link orderIdOf} the id of a request that was sent before: undefined when it has not been carried out. */
  orderIdOfSentBefore(clOrdId: string, { tradingDay, isOfDayBefore }: SentBefore): OrderId | undefined {
    if (isOfDayBefore || tradingDay < this.#tradingDay) return this.orderIdOf(clOrdId, tradingDay);
    return this.#today.orderIds.get(clOrdId);
  }

  /** Whether the request with this id has not been answered. */
  isInFlight(clOrdId: string): boolean {
    return this.#inFlight.has(clOrdId);
  }

  /** Takes an id for a request that is on its way from here on. */
  send(clOrdId: string, orderId: OrderId, tradingDay: string): void {
    this.#inFlight.add(clOrdId);
    if (tradingDay >= this.#tradingDay) put(this.#today, clOrdId, orderId);
    else this.#carried.set(clOrdId, orderId);
  }

  /** Puts a request back on its way. */
  resend(clOrdId: string, tradingDay: string): void {
    this.#inFlight.add(clOrdId);
    this.#idsOf(tradingDay).forgettable.delete(clOrdId);
  }

  /** The request is answered. False when it was not on its way. */
  settle(clOrdId: string): boolean {
    return this.#inFlight.delete(clOrdId);
  }

  /** From now on the id names no order, since what it asked for was not done. */
  disown(clOrdId: string, tradingDay: string): void {
    this.#idsWith(clOrdId, tradingDay).set(clOrdId, NO_ORDER);
  }

  /** The id of a refused D: a repeat of it must never become an order, so that it is kept as long as an order's. */
  rememberRefused(clOrdId: string, tradingDay: string): void {
    if (this.orderIdOfUsed(clOrdId, tradingDay, false) !== undefined) return;
    put(this.#idsOf(tradingDay), clOrdId, NO_ORDER);
  }

  /** The id of an F or G that was refused, or of a q. */
  rememberRefusedCancel(clOrdId: string, tradingDay: string): void {
    const { orderIds, forgettable } = this.#idsOf(tradingDay);
    if (tradingDay < this.#tradingDay) this.#carried.delete(clOrdId);
    orderIds.set(clOrdId, NO_ORDER);
    forgettable.add(clOrdId);
    if (forgettable.size <= this.#refusedCancelsKept) return;
    const oldest = forgettable.values().next();
    if (oldest.done) return;
    forgettable.delete(oldest.value);
    orderIds.delete(oldest.value);
  }

  /**
   * Begins `tradingDay`, if it is a new one. True when the ids of the day that has ended are those of the day before
   * from now on: a day without any does not count.
   */
  rollTo(tradingDay: string): boolean {
    // Commands that run again after a failed commit may have arrived on the day before.
    if (tradingDay <= this.#tradingDay) return false;
    this.#tradingDay = tradingDay;
    const ended = this.#today;
    const hasIds = ended.orderIds.size > 0;
    if (hasIds) {
      this.#before = ended;
      this.#today = noIds();
    }
    const { orderIds } = this.#before;
    for (const [clOrdId, orderId] of this.#carried) {
      if (this.#isUnfinished(clOrdId, orderId)) continue;
      this.#carried.delete(clOrdId);
      if (!orderIds.has(clOrdId)) orderIds.set(clOrdId, orderId);
    }
    if (!hasIds) return false;
    for (const [clOrdId, orderId] of orderIds) {
      if (!this.#isUnfinished(clOrdId, orderId)) continue;
      orderIds.delete(clOrdId);
      this.#carried.set(clOrdId, orderId);
    }
    return true;
  }

  #isUnfinished(clOrdId: string, orderId: OrderId): boolean {
    return this.#isOpen(orderId) || this.#inFlight.has(clOrdId);
  }

  #idsOf(tradingDay: string): IdsOfDay {
    return tradingDay < this.#tradingDay ? this.#before : this.#today;
  }

  /** Where the id is, as a request of `tradingDay` sees it. */
  #idsWith(clOrdId: string, tradingDay: string): Map<string, OrderId> {
    const { orderIds } = this.#today;
    if (tradingDay >= this.#tradingDay && orderIds.has(clOrdId)) return orderIds;
    if (this.#carried.has(clOrdId)) return this.#carried;
    return this.#before.orderIds.has(clOrdId) ? this.#before.orderIds : orderIds;
  }
}

/** Sets what the id names; it is not forgotten before its day is. */
function put({ orderIds, forgettable }: IdsOfDay, clOrdId: string, orderId: OrderId): void {
  orderIds.set(clOrdId, orderId);
  forgettable.delete(clOrdId);
}
