/**
 * Requests of accounts of other nodes that were in a refused commit. Their nodes have them judged again, and here nobody
 * can run them one by one as a redo does its own: so each of them is committed alone when it comes back, until it is known
 * which of them cannot be.
 */
import type { JournalEntry } from './commit-batch.ts';
import type { BookRequest, BookVoids, ReturnedRequest, Tell } from './protocol.ts';

/** One that was in so many refused commits, alone in all but the first, is refused when it is in another. */
export const MAX_RETURNS = 2;

/** How many commits of another node were refused with it in them. */
export function returnCountOf({ cause, returnCount = 0 }: BookRequest): number {
  return cause === undefined ? returnCount : (cause.returnCount ?? 0);
}

/** The same request, in one refused commit more. */
export function returnedOnceMore(request: BookRequest): BookRequest {
  const returnCount = returnCountOf(request) + 1;
  const { cause } = request;
  return cause === undefined ? { ...request, returnCount } : { ...request, cause: { ...cause, returnCount } };
}

/** It may be what another node's commit was refused for. */
export function isSuspect(request: BookRequest): boolean {
  return request.from !== undefined && returnCountOf(request) > 0;
}

/** Whether the entry is to be written in a commit of its own. */
export function isWrittenAlone(entry: JournalEntry): boolean {
  return entry.type === 'JournalBook' && requestsOf(entry).some(isSuspect);
}

/** The requests of which something is written with the entry. */
export function requestsOf(entry: JournalEntry): readonly BookRequest[] {
  if (entry.type !== 'JournalBook') return [];
  return entry.partOf === undefined ? entry.done : [entry.partOf, ...entry.done];
}

/**
 * Those that were asked by whoever knew how often all was taken back. The others may be behind what was: their proxies are
 * told that nothing of them was done, so that all is asked for again in its order.
 */
export function takeCurrent(
  requests: readonly BookRequest[],
  symbol: string,
  voids: BookVoids,
  tell: Tell,
): readonly BookRequest[] {
  // What no account has asked for stands in no order.
  const isCurrent = ({ cause, gatheredBy, from }: BookRequest): boolean =>
    (cause ?? gatheredBy?.userId) === undefined || from === undefined || (from.voids ?? 0) >= voids.count;
  const byNode = new Map<string, ReturnedRequest[]>();
  for (const request of requests) {
    const { from } = request;
    if (from === undefined || isCurrent(request)) continue;
    const returned = byNode.get(from.node) ?? [];
    byNode.set(from.node, returned);
    returned.push({ requestNo: from.requestNo, isSuspect: false });
  }
  for (const [node, returned] of byNode) {
    const answered = { type: 'BookRequestsAnswered', committed: [], bounced: [], returned, voids } as const;
    tell({ type: 'book', symbol, node }, answered);
  }
  return byNode.size === 0 ? requests : requests.filter(isCurrent);
}

/** What a proxy knows of how often all was taken back that its book had done without a commit, under one epoch. */
export class KnownVoids {
  #count = 0;
  #behindNo = 0;

  /** As requests say it that are sent from now on. */
  get voids(): { readonly voids?: number } {
    return this.#count === 0 ? {} : { voids: this.#count };
  }

  /** Requests up to this number have been sent, and some may not be carried out. */
  learn({ count }: BookVoids, lastRequestNo: number): void {
    if (count <= this.#count) return;
    this.#count = count;
    this.#behindNo = lastRequestNo;
  }

  /** Whether the request is of before: what came after it may be sent only when it is answered. */
  isBefore(requestNo: number | undefined): boolean {
    return requestNo !== undefined && requestNo <= this.#behindNo;
  }

  /** The book is another one. */
  forget(): void {
    this.#count = 0;
    this.#behindNo = 0;
  }
}
