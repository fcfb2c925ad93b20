/**
 * What is told to those who wait for a book: the account or the exchange that gathers a mass cancel, or the exchange
 * that amends a trade.
 */
import type { Address, BookRequest, WaitingReply } from './protocol.ts';

/** For a request that was carried out, or a portion of it: so many orders were canceled by it. */
export function answersTo(
  request: BookRequest,
  symbol: string,
  canceledCount: number,
  isLast: boolean,
): WaitingReply[] {
  return [
    ...toGatherer(request, { symbol, canceledCount, isLast, fault: undefined }),
    ...toAmendment(request, undefined),
  ];
}

/** For one with which the book could do nothing, or nothing more. */
export function rejectionsOf(request: BookRequest, symbol: string, text: string): WaitingReply[] {
  return [
    ...toGatherer(request, { symbol, canceledCount: 0, isLast: true, fault: text }),
    ...toAmendment(request, text),
  ];
}

function toGatherer(
  { gatheredBy }: BookRequest,
  answer: {
    readonly symbol: string;
    readonly canceledCount: number;
    readonly isLast: boolean;
    readonly fault: string | undefined;
  },
): WaitingReply[] {
  if (gatheredBy === undefined) return [];
  const { userId, commandNo } = gatheredBy;
  const to: Address = userId === undefined ? { type: 'exchange' } : { type: 'account', userId };
  return [{ to, reply: { type: 'BookMassCanceled', commandNo, ...answer } }];
}

function toAmendment({ amendmentNo }: BookRequest, fault: string | undefined): WaitingReply[] {
  if (amendmentNo === undefined) return [];
  return [{ to: { type: 'exchange' }, reply: { type: 'AmendmentAnswered', amendmentNo, fault } }];
}
