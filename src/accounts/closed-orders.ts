/**
 * The closed orders of one trading day, as far as an account remembers them. Apart from the account, which has two of
 * these: for the day, and for the day before.
 */
import type { OrderId, OrderSnapshot, OrdStatus } from '../matching/types.ts';

/** What rows tell of a closed order before somebody asks for it. */
export interface ClosedOrder {
  readonly orderId: OrderId;
  readonly ordStatus: OrdStatus;
  /** On which it was entered (`YYYY-MM-DD`). */
  readonly tradingDay: string;
}

export class ClosedOrders {
  readonly #orders = new Map<OrderId, OrderSnapshot>();
  /** OrdStatus (39) of those of which nothing else is kept. */
  readonly #statuses = new Map<OrderId, OrdStatus>();
  readonly #kept: number;

  /** Beyond `kept` orders only the OrdStatus of the oldest is remembered. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  remember(order: OrderSnapshot): void {
    this.#orders.set(order.orderId, order);
    if (this.#orders.size <= this.#kept) return;
    const oldest = this.#orders.values().next();
    if (oldest.done) return;
    this.#orders.delete(oldest.value.orderId);
    this.#statuses.set(oldest.value.orderId, oldest.value.ordStatus);
  }

  /** One that was closed before the account was loaded. */
  rememberStatus({ orderId, ordStatus }: ClosedOrder): void {
    this.#statuses.set(orderId, ordStatus);
  }

  /** A trade of the order was amended: this is its state now. Nothing happens when it is not one of these. */
  amend(order: OrderSnapshot): void {
    const { orderId, ordStatus } = order;
    if (this.#orders.has(orderId)) this.#orders.set(orderId, order);
    else if (this.#statuses.has(orderId)) this.#statuses.set(orderId, ordStatus);
  }

  find(orderId: OrderId): OrderSnapshot | undefined {
    return this.#orders.get(orderId);
  }

  /** OrdStatus (39); undefined when the order is not one of these. */
  ordStatusOf(orderId: OrderId): OrdStatus | undefined {
    return this.#orders.get(orderId)?.ordStatus ?? this.#statuses.get(orderId);
  }
}
