/** What surrounds a request when an account judges it, what becomes of it, and how an order looks on its way. */
import type { ExecutionReport, Report } from '../matching/execution-report.ts';
import type { BookCommand, EnterOrder, OrderId, OrderSnapshot, Ticks } from '../matching/types.ts';
import type { MarketView } from './order-checks.ts';

/** What surrounds a request when it is judged. */
export interface JudgeContext {
  readonly at: number;
  readonly market: MarketView | undefined;
  readonly referencePrice: Ticks | undefined;
  readonly tradingDay: string;
  readonly nextOrderId: () => OrderId;
}

/** What becomes of a request. */
export type Decision =
  | { readonly type: 'ToBook'; readonly symbol: string; readonly command: BookCommand }
  /** Durable: the report has a sourceSeq and a row. */
  | { readonly type: 'Refuse'; readonly report: Report }
  /** The state of an order, without a row. */
  | { readonly type: 'Answer'; readonly report: ExecutionReport }
  /** The first request with this ClOrdID is still on its way: judge again when it is answered. */
  | { readonly type: 'WaitForRequest'; readonly clOrdId: string }
  /** The order is closed in its book but not yet in a commit: judge again when it is. */
  | { readonly type: 'WaitForOrder'; readonly orderId: OrderId };

/** Why a book gave a request back. */
export type Bounce =
  | { readonly type: 'NoSuchOrder' }
  | { readonly type: 'BookUnavailable'; readonly text: string }
  | { readonly type: 'CommandFailed'; readonly text: string };

/** Working: it holds something, and can fill. */
export function isOpen(order: OrderSnapshot): boolean {
  return order.ordStatus === '0' || order.ordStatus === '1';
}

/** An order as it is before its book has answered: its hold is computed from this. */
export function asSent(enter: EnterOrder, symbol: string, at: number): OrderSnapshot {
  const { type: _, ...terms } = enter;
  return {
    ...terms,
    symbol,
    cumQty: 0 as OrderSnapshot['cumQty'],
    leavesQty: enter.quantity,
    cumNotional: 0n,
    ordStatus: '0',
    priority: 0,
    acceptedSeq: 0,
    enteredAt: at,
  };
}

/** Text (58) of the refusal of a request that came back. */
export function bounceText(bounce: Bounce): string {
  return bounce.type === 'NoSuchOrder' ? 'too late: the order is closed' : bounce.text;
}
