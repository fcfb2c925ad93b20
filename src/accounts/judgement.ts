/** What surrounds a request when an account judges it, what becomes of it, and how an order looks on its way. */
import type { ExecutionReport, OrderMassCancelReport, Report } from '../matching/execution-report.ts';
import type {
  BookCommand,
  EnterOrder,
  Lots,
  MassCancelOrders,
  OrderId,
  OrderInstructions,
  OrderLabels,
  OrderSnapshot,
  OrdStatus,
  Ticks,
} from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { MarketView } from './order-checks.ts';

/** What of an order is not on every order. */
export type Extra = OrderInstructions & OrderLabels;

/** When a request is judged, and when it was sent. */
export interface Moment {
  readonly at: number;
  /** The trading day (`YYYY-MM-DD`) on which it arrived: in a second run it may be over. */
  readonly tradingDay: string;
}

/** What surrounds a request when it is judged. */
export interface JudgeContext extends Moment {
  readonly market: MarketView | undefined;
  readonly referencePrice: Ticks | undefined;
  /** When a trading day (`YYYY-MM-DD`) ends, ms since the epoch. */
  readonly endOfTradingDay: (tradingDay: string) => number;
  readonly nextOrderId: () => OrderId;
}

/** What becomes of a request. */
export type Decision =
  | { readonly type: 'ToBook'; readonly symbol: string; readonly command: BookCommand }
  /** Durable: the report has a sourceSeq and a row. */
  | { readonly type: 'Refuse'; readonly report: Report }
  /** The state of orders, without a row. */
  | { readonly type: 'Answer'; readonly reports: readonly ExecutionReport[] }
  /** These books are asked; {@link Account.massCanceled} makes the report when they have answered. */
  | { readonly type: 'MassCancel'; readonly symbols: readonly string[]; readonly command: MassCancelOrders }
  /** A mass cancel that is answered at once, with a row: refused, or there was nothing to cancel. */
  | { readonly type: 'AnswerMassCancel'; readonly report: OrderMassCancelReport }
  /** Nothing that the member could be told of the order is known for true: BusinessMessageReject (j). */
  | { readonly type: 'TurnAway'; readonly text: string }
  /** What the order was is in its row alone: judge again when that is read; without one, turn away with `text`. */
  | { readonly type: 'RecallOrder'; readonly orderId: OrderId; readonly text: string }
  /** The first request with this ClOrdID is still on its way: judge again when it is answered. */
  | { readonly type: 'WaitForRequest'; readonly clOrdId: string }
  /** The order is closed in its book but not yet in a commit: judge again when it is. */
  | { readonly type: 'WaitForOrder'; readonly orderId: OrderId };

/** Why a book gave a request back. */
export type Bounce =
  | { readonly type: 'NoSuchOrder' }
  | { readonly type: 'BookUnavailable'; readonly text: string }
  | { readonly type: 'CommandFailed'; readonly text: string }
  /** A post-only order asked to be replaced to a price at which it would trade at once. */
  | { readonly type: 'WouldTrade' }
  /** A replace would hide more slices (MaxFloor) than the icebergs of one book may. */
  | { readonly type: 'TooManySlices' };

/** Working: it holds something, and can fill. */
export function isOpen(order: OrderSnapshot): boolean {
  return order.ordStatus === '0' || order.ordStatus === '1';
}

/**
 * An order as it is before its book has answered: its hold is computed from this. `extra` is what a plain order does
 * not have; the fields of every order are written out, since that is faster than to copy them.
 */
export function asSent(
  enter: EnterOrder,
  extra: Extra | undefined,
  symbol: string,
  at: number,
): OrderSnapshot {
  const plain: OrderSnapshot = {
    orderId: enter.orderId,
    userId: enter.userId,
    symbol,
    clOrdId: enter.clOrdId,
    side: enter.side,
    ordType: enter.ordType,
    timeInForce: enter.timeInForce,
    price: enter.price,
    quantity: enter.quantity,
    cumQty: 0 as Lots,
    leavesQty: enter.quantity,
    cumNotional: 0n,
    ordStatus: '0',
    priority: 0,
    acceptedSeq: 0,
    makerFeeRate: enter.makerFeeRate,
    takerFeeRate: enter.takerFeeRate,
    tradingDay: enter.tradingDay,
    enteredAt: at,
  };
  return extra === undefined ? plain : { ...plain, ...extra };
}

/** Whether a commit has told of the order: until then it is as {@link asSent} made it. */
export function isCommitted(order: OrderSnapshot): boolean {
  return order.acceptedSeq > 0;
}

/** Asks for a closed order of which the OrdStatus (39) is kept and nothing else. */
export function recallOrder(orderId: OrderId, ordStatus: OrdStatus | undefined): Decision {
  const status = ordStatus === undefined ? '' : `, its OrdStatus(39) is ${ordStatus}`;
  const text =
    `order ${orderId} is closed${status}; the venue no longer has the rest at hand: ` +
    'see its last report, or ask the operator';
  return { type: 'RecallOrder', orderId, text };
}

/** Text (58) of the refusal of a request that came back. */
export function bounceText(bounce: Bounce): string {
  switch (bounce.type) {
    case 'NoSuchOrder':
      return 'too late: the order is closed';
    case 'WouldTrade':
      return 'post-only: at this price the order would trade at once';
    case 'TooManySlices':
      return 'the icebergs of the book hide as many slices (MaxFloor) as they may';
    case 'BookUnavailable':
    case 'CommandFailed':
      return bounce.text;
    default:
      return assertNever(bounce);
  }
}
