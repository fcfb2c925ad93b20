/**
 * What an account is made of: balances, the orders that hold something, those closed not long ago, and used ClOrdIDs. The
 * judges (judge-*.ts, mass-cancel.ts) read and change it; src/accounts/account.ts is what others see of it.
 */
import type { Instrument } from '../matching/instrument.ts';
import type { OrderId, OrderSnapshot, OrdStatus, ReplaceOrder, UserId } from '../matching/types.ts';
import { Balances } from './balances.ts';
import { ClOrdIds, NO_ORDER } from './cl-ord-ids.ts';
import { type ClosedOrder, ClosedOrders } from './closed-orders.ts';
import { type Hold, holdForReplace } from './holds.ts';
import { OrdersBySymbol } from './orders-by-symbol.ts';
import type { NamedOrder, ReportStamp } from './refusals.ts';
import type { TradingTerms } from './trading-terms.ts';
import { TransferIds } from './transfer-ids.ts';

/** An order that is open, or on its way to its book. */
export interface WorkingOrder {
  readonly instrument: Instrument;
  /** Higher than that of every order of the account that was sent before. */
  readonly sentNo: number;
  /** As last committed; until the first commit, as it was sent to the book. */
  state: OrderSnapshot;
  /** What is set aside for it, replaces in flight included. */
  hold: Hold;
  /** Replaces in flight, oldest first. */
  pending: ReplaceOrder[];
}

export interface AccountBounds {
  /** Beyond this many closed orders of a day only their ClOrdIDs and OrdStatus (39) are remembered; rows have the rest. */
  readonly closedOrdersKept: number;
  /** See {@link ClOrdIds}. */
  readonly refusedCancelsKept: number;
  /** Stop orders that the member may have waiting for their trigger in one symbol. */
  readonly maxWaitingStopsPerMember: number;
}

/** Default for {@link AccountBounds.maxWaitingStopsPerMember}: a quarter of what a book holds for everybody. */
export const DEFAULT_MAX_WAITING_STOPS_PER_MEMBER = 2_500;

export class AccountState {
  readonly userId: UserId;
  readonly balances = new Balances();
  readonly clOrdIds: ClOrdIds;
  /** By OrderID (37). */
  readonly orders = new Map<OrderId, WorkingOrder>();
  /** The same orders. */
  readonly bySymbol = new OrdersBySymbol();
  readonly maxWaitingStops: number;
  /** By ClOrdID (11) of a mass cancel on its way: the {@link WorkingOrder.sentNo} of the last order before it. */
  readonly massCancels = new Map<string, number>();
  /** Orders of which a trade is being amended: what they are replaced to would depend on it. */
  beingAmended: readonly OrderId[] = [];
  readonly transferIds = new TransferIds();
  /** What the operator has set for the member. */
  terms: TradingTerms;
  readonly #closedOrdersKept: number;
  #closed: ClosedOrders;
  /** Of the day before, like the ClOrdIDs that are kept of it. */
  #closedBefore: ClosedOrders;
  #lastSeq: number;
  #lastSentNo = 0;
  #recalled: OrderSnapshot | undefined;

  constructor(
    first: { readonly userId: UserId; readonly lastSeq: number; readonly terms: TradingTerms },
    tradingDay: string,
    bounds: AccountBounds,
  ) {
    this.userId = first.userId;
    this.terms = first.terms;
    this.#lastSeq = first.lastSeq;
    this.#closedOrdersKept = bounds.closedOrdersKept;
    this.#closed = new ClosedOrders(this.#closedOrdersKept);
    this.#closedBefore = new ClosedOrders(this.#closedOrdersKept);
    this.maxWaitingStops = bounds.maxWaitingStopsPerMember;
    this.clOrdIds = new ClOrdIds(tradingDay, bounds.refusedCancelsKept, (orderId) =>
      this.orders.has(orderId),
    );
  }

  /** Last sourceSeq of the account's own reports. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get lastSentNo(): number {
    return this.#lastSentNo;
  }

  /** Adds an order that is open or on its way, and sets its hold aside. */
  add(state: OrderSnapshot, instrument: Instrument, hold: Hold): void {
    this.#lastSentNo += 1;
    this.balances.hold(hold);
    const order: WorkingOrder = { instrument, sentNo: this.#lastSentNo, state, hold, pending: [] };
    this.orders.set(state.orderId, order);
    this.bySymbol.add(order);
  }

  /** The order as a commit has told of it. */
  update(order: WorkingOrder, state: OrderSnapshot): void {
    this.bySymbol.change(order, state);
    order.state = state;
  }

  /** Takes an order out and frees what it holds. */
  remove(order: WorkingOrder): void {
    this.balances.release(order.hold);
    this.orders.delete(order.state.orderId);
    this.bySymbol.remove(order);
  }

  /** Sets aside what the order, with the replaces that are on their way, needs now. */
  holdAgain(
    order: WorkingOrder,
    hold: Hold = holdForReplace(order.instrument, order.state, order.pending),
  ): void {
    this.balances.release(order.hold);
    this.balances.hold(hold);
    order.hold = hold;
  }

  /** An order that has closed. */
  rememberClosed(order: OrderSnapshot): void {
    this.#closed.remember(order);
  }

  /** An order that was closed before the account was loaded. */
  rememberStatus(order: ClosedOrder, tradingDay: string): void {
    (order.tradingDay < tradingDay ? this.#closedBefore : this.#closed).rememberStatus(order);
  }

  /** A closed order as rows have it, for the requests that are judged until the next call. */
  recall(order: OrderSnapshot | undefined): void {
    this.#recalled = order;
  }

  /** A trade of a closed order was amended: this is its state now. */
  amendClosed(order: OrderSnapshot): void {
    this.#closed.amend(order);
    this.#closedBefore.amend(order);
  }

  /** The order as it is known, open or closed. Of one that was closed long ago only {@link ordStatusOf} is. */
  find(orderId: OrderId): OrderSnapshot | undefined {
    const known =
      this.orders.get(orderId)?.state ?? this.#closed.find(orderId) ?? this.#closedBefore.find(orderId);
    return known ?? (this.#recalled?.orderId === orderId ? this.#recalled : undefined);
  }

  /** OrdStatus (39) of an order of the member; undefined when it has none of this OrderID (37). */
  ordStatusOf(orderId: OrderId): OrdStatus | undefined {
    const open = this.orders.get(orderId)?.state.ordStatus;
    return open ?? this.#closed.ordStatusOf(orderId) ?? this.#closedBefore.ordStatusOf(orderId);
  }

  /** The order that a request of `tradingDay` names: by a ClOrdID of it, or by OrderID (37) where that stands alone. */
  orderIdNamed(clOrdId: string | undefined, orderId: string | undefined, tradingDay: string): OrderId {
    if (clOrdId !== undefined) return this.clOrdIds.orderIdOf(clOrdId, tradingDay) ?? NO_ORDER;
    const named = Number(orderId);
    return String(named) === orderId && this.ordStatusOf(named) !== undefined ? named : NO_ORDER;
  }

  /** What a 9 says of an order; undefined when there is nothing to say. */
  statusOf(orderId: OrderId): NamedOrder | undefined {
    const ordStatus = this.ordStatusOf(orderId);
    return orderId === NO_ORDER || ordStatus === undefined ? undefined : { orderId, ordStatus };
  }

  /** Begins the trading day of a request, if it is a new one. */
  rollTo(tradingDay: string): void {
    if (!this.clOrdIds.rollTo(tradingDay)) return;
    this.#closedBefore = this.#closed;
    this.#closed = new ClosedOrders(this.#closedOrdersKept);
  }

  /** The next number of the account's own reports. */
  stamp(at: number): ReportStamp {
    this.#lastSeq += 1;
    return { userId: this.userId, sourceSeq: this.#lastSeq, at };
  }
}
