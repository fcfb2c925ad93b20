/**
 * What proxies of other nodes have sent for a book that is not here yet, or not any more: each of their requests says for
 * which epoch it is, and is for the book under that epoch or for nobody.
 */
import type { BookRequest, BookRequests, Fence } from './protocol.ts';

type FromProxy = BookRequests | Fence;

/** Messages in the order in which they came; a fence never overtakes a request. */
export class HeldRequests {
  #held: FromProxy[] = [];
  #count = 0;

  /** Requests. */
  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  push(message: FromProxy): void {
    this.#held.push(message);
    if (message.type === 'BookRequests') this.#count += message.requests.length;
  }

  /**
   * Requests for epochs before this one are dropped: their proxies learn of it, and have them judged again. Returns, of
   * what is left, the requests for this very epoch, where its book `isHere`, and fences, but for those that are for a later
   * time, with no other request before them.
   */
  take(epoch: number, isHere: boolean): readonly FromProxy[] {
    const taken: FromProxy[] = [];
    const held = this.#held;
    this.#held = [];
    this.#count = 0;
    for (const message of held) {
      if (message.type === 'Fence') {
        const isLate = (message.epoch ?? 0) >= epoch && !(isHere && message.epoch === epoch);
        if (this.isEmpty && !isLate) taken.push(message);
        else this.push(message);
        continue;
      }
      const wanted = message.requests.filter(({ from }) => (from?.epoch ?? 0) >= epoch);
      const isNow = ({ from }: BookRequest): boolean => isHere && from?.epoch === epoch;
      const now = wanted.filter(isNow);
      const later = wanted.filter((request) => !isNow(request));
      if (now.length > 0) taken.push({ type: 'BookRequests', requests: now });
      if (later.length > 0) this.push({ type: 'BookRequests', requests: later });
    }
    return taken;
  }
}
