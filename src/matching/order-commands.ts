/**
 * What a member asks for, between the wire and the account: FIX's own message names and field names, decimals
 * still as the text that was sent (its shape is checked, its tick is not yet known).
 */
import type { OrdType, Side, TimeInForce } from './types.ts';

/** NewOrderSingle (D). */
export interface NewOrderSingle {
  readonly type: 'NewOrderSingle';
  readonly clOrdId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly ordType: OrdType;
  readonly timeInForce: TimeInForce;
  readonly orderQty: string;
  /** Price (44): present for a limit order. */
  readonly price: string | undefined;
  /** PossDup (43) or PossResend (97): a known ClOrdID is answered with the order's state, not as a duplicate. */
  readonly mayBeRepeat: boolean;
}

/** OrderCancelRequest (F). */
export interface OrderCancelRequest {
  readonly type: 'OrderCancelRequest';
  readonly clOrdId: string;
  /** OrigClOrdID (41); undefined when OrderID alone names the order, as FIX.5.0SP2 allows. */
  readonly origClOrdId: string | undefined;
  /** OrderID (37), when given: must agree with OrigClOrdID. */
  readonly orderId: string | undefined;
  readonly symbol: string;
  readonly side: Side;
  readonly mayBeRepeat: boolean;
}

/** OrderCancelReplaceRequest (G). */
export interface OrderCancelReplaceRequest {
  readonly type: 'OrderCancelReplaceRequest';
  readonly clOrdId: string;
  readonly origClOrdId: string | undefined;
  readonly orderId: string | undefined;
  readonly symbol: string;
  readonly side: Side;
  readonly ordType: OrdType;
  /** Undefined keeps the order's own. */
  readonly timeInForce: TimeInForce | undefined;
  /** OrderQty (38): the new total. */
  readonly orderQty: string;
  readonly price: string | undefined;
  readonly mayBeRepeat: boolean;
}

export type MemberCommand = NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest;
