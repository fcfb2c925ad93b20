/**
 * Requests of one account about orders that closed before it was loaded, or long ago: what such an order was is in its row
 * alone, which is read when it is asked for. They live outside of the account's state, which a crash takes away.
 */
import type { OrderId, UserId } from '../matching/types.ts';
import type { Outbox } from './account-work.ts';
import type { OrderLoaded, RoutedCommand, ShardEpoch, Tell } from './protocol.ts';

interface Recall {
  readonly routed: RoutedCommand;
  /** What it is told when the order has no row. */
  readonly text: string;
}

export class Recalls {
  readonly #userId: UserId;
  readonly #tell: Tell;
  readonly #life: number | undefined;
  readonly #waiting = new Map<OrderId, Recall[]>();
  /** Reads that were asked for and not answered. */
  readonly #owed = new Map<OrderId, number>();

  /** `shard`: tells the account from one that was here before it, as in its loads. */
  constructor(userId: UserId, tell: Tell, shard?: ShardEpoch) {
    this.#userId = userId;
    this.#tell = tell;
    this.#life = shard?.epoch;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** What a judgement has found to wait; each order is asked for once. */
  add(recalls: Outbox['recalls']): void {
    for (const { orderId, routed, text } of recalls) {
      const waiting = this.#waiting.get(orderId);
      if (waiting !== undefined) waiting.push({ routed, text });
      else {
        this.#waiting.set(orderId, [{ routed, text }]);
        this.#ask(orderId);
      }
    }
  }

  /** Trades of these orders were amended: what is being read may be from before that. */
  amended(orderIds: readonly OrderId[]): void {
    for (const orderId of orderIds) if (this.#waiting.has(orderId)) this.#ask(orderId);
  }

  /** Counts an answer; true for the last one that is owed: no other is as new as what the account knows. */
  isLastAnswer({ orderId, life }: Pick<OrderLoaded, 'orderId' | 'life'>): boolean {
    if (life !== this.#life) return false;
    const owed = (this.#owed.get(orderId) ?? 0) - 1;
    if (owed > 0) this.#owed.set(orderId, owed);
    else this.#owed.delete(orderId);
    return owed === 0;
  }

  /** Takes out what waits for the order. */
  take(orderId: OrderId): readonly Recall[] {
    const waiting = this.#waiting.get(orderId) ?? [];
    this.#waiting.delete(orderId);
    return waiting;
  }

  /** Takes out everything, to be judged again: what is being read may be older than what the account knows by then. */
  takeAll(): RoutedCommand[] {
    return [...this.#waiting.keys()].flatMap((orderId) => this.take(orderId).map(({ routed }) => routed));
  }

  #ask(orderId: OrderId): void {
    this.#owed.set(orderId, (this.#owed.get(orderId) ?? 0) + 1);
    const life = this.#life === undefined ? {} : { life: this.#life };
    this.#tell({ type: 'persistence' }, { type: 'LoadOrder', userId: this.#userId, orderId, ...life });
  }
}
