/**
 * Commands of an account that wait: repeats for the answer to the first, cancels and replaces of an order for the commit of
 * its end, questions for the row of a closed order. They live outside of the account's state, which a crash takes away.
 */
import type { OrderId } from '../matching/types.ts';
import type { Outbox } from './account-work.ts';
import type { RoutedCommand } from './protocol.ts';
import type { Recalls } from './recalls.ts';

export class WaitingCommands {
  /** By the ClOrdID (11) of the earlier request. */
  readonly #forRequest = new Map<string, RoutedCommand[]>();
  readonly #forOrder = new Map<OrderId, RoutedCommand[]>();
  readonly #recalls: Recalls;

  constructor(recalls: Recalls) {
    this.#recalls = recalls;
  }

  get isEmpty(): boolean {
    return this.#forRequest.size + this.#forOrder.size === 0 && this.#recalls.isEmpty;
  }

  /** What a judgement has found to wait. */
  add({ waitForRequest, waitForOrder, recalls }: Outbox): void {
    this.#recalls.add(recalls);
    for (const [clOrdId, routed] of waitForRequest) push(this.#forRequest, clOrdId, routed);
    for (const [orderId, routed] of waitForOrder) push(this.#forOrder, orderId, routed);
  }

  /** Requests with these ClOrdIDs are answered: takes out what waited, in order of arrival. */
  takeAnswered(clOrdIds: readonly string[]): RoutedCommand[] {
    return clOrdIds.flatMap((clOrdId) => take(this.#forRequest, clOrdId));
  }

  /** These orders have ended. */
  takeClosed(orderIds: readonly OrderId[]): RoutedCommand[] {
    return orderIds.flatMap((orderId) => take(this.#forOrder, orderId));
  }

  takeAllAnswered(): RoutedCommand[] {
    return this.takeAnswered([...this.#forRequest.keys()]);
  }

  takeAllClosed(): RoutedCommand[] {
    return this.takeClosed([...this.#forOrder.keys()]);
  }

  takeAll(): RoutedCommand[] {
    return [...this.takeAllAnswered(), ...this.takeAllClosed(), ...this.#recalls.takeAll()];
  }
}

function push<Key>(waiting: Map<Key, RoutedCommand[]>, key: Key, routed: RoutedCommand): void {
  const commands = waiting.get(key);
  if (commands === undefined) waiting.set(key, [routed]);
  else commands.push(routed);
}

function take<Key>(waiting: Map<Key, RoutedCommand[]>, key: Key): RoutedCommand[] {
  const commands = waiting.get(key) ?? [];
  waiting.delete(key);
  return commands;
}
