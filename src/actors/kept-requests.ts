/**
 * What the stand-in of a book has been asked and has no answer to, in the order in which it was asked, each request under a
 * number that no other has had. Apart from the stand-in, which knows what may have become of them.
 */
import type { Clock } from '../platform/clock.ts';
import type { ProxyNumbers } from './book-proxy-options.ts';
import type { BookRequest } from './protocol.ts';

export interface KeptRequest {
  readonly request: BookRequest;
  /** Ms since the epoch. */
  readonly since: number;
  isSent: boolean;
}

export class KeptRequests {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #numbers: ProxyNumbers;
  readonly #kept = new Map<number, KeptRequest>();

  constructor(clock: Pick<Clock, 'now'>, numbers: ProxyNumbers) {
    this.#clock = clock;
    this.#numbers = numbers;
  }

  get count(): number {
    return this.#kept.size;
  }

  /** With its number. */
  get oldest(): readonly [number, KeptRequest] | undefined {
    const [first] = this.#kept;
    return first;
  }

  get firstUnsent(): KeptRequest | undefined {
    for (const one of this.#kept.values()) if (!one.isSent) return one;
    return undefined;
  }

  keep(request: BookRequest): void {
    this.#numbers.lastRequestNo += 1;
    this.#kept.set(this.#numbers.lastRequestNo, { request, since: this.#clock.now(), isSent: false });
  }

  /** Undefined for one that is not kept any more. */
  remove(requestNo: number): KeptRequest | undefined {
    const one = this.#kept.get(requestNo);
    this.#kept.delete(requestNo);
    return one;
  }

  /** All of it, sent or not. */
  takeAll(): readonly KeptRequest[] {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    return all;
  }

  /** Of what has gone nowhere that for which it is true. */
  takeUnsent(isWanted: (one: KeptRequest) => boolean = () => true): BookRequest[] {
    const unsent: BookRequest[] = [];
    for (const [requestNo, one] of this.#kept) {
      if (one.isSent || !isWanted(one)) continue;
      unsent.push(one.request);
      this.#kept.delete(requestNo);
    }
    return unsent;
  }

  /** What has gone nowhere, with the numbers under which it is about to be sent. */
  send(): readonly (readonly [number, BookRequest])[] {
    const unsent = [...this.#kept].filter(([, { isSent }]) => !isSent);
    return unsent.map(([requestNo, one]) => {
      one.isSent = true;
      return [requestNo, one.request];
    });
  }
}

/** As it is to be judged again: what was sent may have been carried out. */
export function askedBefore(one: KeptRequest | undefined): BookRequest | undefined {
  if (one?.request.cause === undefined || !one.isSent) return one?.request;
  return { ...one.request, cause: { ...one.request.cause, isSentAgain: true } };
}
