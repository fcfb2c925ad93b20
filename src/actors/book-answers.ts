/**
 * What is told to those who wait for a book: the account or the exchange that gathers a mass cancel, or the exchange
 * that amends a trade.
 */
import type {
  Address,
  BookMessage,
  BookProxyMessage,
  BookRequest,
  BookSeatMessage,
  WaitingReply,
} from './protocol.ts';

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
  { gatheredBy, from }: BookRequest,
  answer: {
    readonly symbol: string;
    readonly canceledCount: number;
    readonly isLast: boolean;
    readonly fault: string | undefined;
  },
): WaitingReply[] {
  if (gatheredBy === undefined) return [];
  const { userId, commandNo } = gatheredBy;
  // Where it has asked: who sees late where accounts live would tell another node.
  const at = from === undefined ? {} : { node: from.node };
  const to: Address = userId === undefined ? exchangeOf(from) : { type: 'account', userId, ...at };
  return [{ to, reply: { type: 'BookMassCanceled', commandNo, ...answer } }];
}

function toAmendment({ amendmentNo, from }: BookRequest, fault: string | undefined): WaitingReply[] {
  if (amendmentNo === undefined) return [];
  return [{ to: exchangeOf(from), reply: { type: 'AmendmentAnswered', amendmentNo, fault } }];
}

/** That of the node from which the request came. */
function exchangeOf(from: BookRequest['from']): Address {
  return from === undefined ? { type: 'exchange' } : { type: 'exchange', node: from.node };
}

/** Adds a request of another node's proxy to what that one is told. */
export function addFrom(told: Map<string, number[]>, { from }: BookRequest): void {
  if (from === undefined) return;
  const ofNode = told.get(from.node);
  if (ofNode === undefined) told.set(from.node, [from.requestNo]);
  else ofNode.push(from.requestNo);
}

/** For the stand-in of a book, or its seat: one that comes to the book itself is late, and means nothing. */
export function isForStandIn(message: BookMessage): message is BookProxyMessage | BookSeatMessage {
  switch (message.type) {
    case 'BookRequestsAnswered':
    case 'BookFenced':
    case 'BookHandedOver':
    case 'BookTakenOver':
    case 'RoutesChanged':
    case 'BookTaken':
    case 'BookLeaving':
    case 'BookGone':
      return true;
    default:
      return false;
  }
}
