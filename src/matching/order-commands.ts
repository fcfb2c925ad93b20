/**
 * What a member asks for, between the wire and the account: FIX's own message names and field names, decimals
 * still as the text that was sent (its shape is checked, its tick is not yet known).
 */
import type { OrderLabels, OrdType, SelfTradePrevention, Side, TimeInForce } from './types.ts';

/** What a D asks for besides price and quantity; a field that was not sent is absent. */
export interface RequestedInstructions extends OrderLabels {
  /** StopPx (99). */
  readonly stopPx?: string;
  /** ExpireTime (126), ms since the epoch. */
  readonly expireTime?: number;
  /** ExpireDate (432) as `YYYY-MM-DD`: the trading day at whose end the order ends. */
  readonly expireDate?: string;
  /** ExecInst (18): 6 participate don't initiate, G all or none. */
  readonly execInst?: '6' | 'G';
  /** MinQty (110). */
  readonly minQty?: string;
  /** MaxFloor (111). */
  readonly maxFloor?: string;
  /** SelfMatchPreventionMode (7929); absent: the member's default. */
  readonly selfTradePrevention?: SelfTradePrevention | 'None';
  /** SelfMatchPreventionID (7928): a positive 32-bit integer. */
  readonly selfTradeGroup?: number;
}

/** NewOrderSingle (D). */
export interface NewOrderSingle extends RequestedInstructions {
  readonly type: 'NewOrderSingle';
  readonly clOrdId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly ordType: OrdType;
  readonly timeInForce: TimeInForce;
  readonly orderQty: string;
  /** Price (44): present for a limit and a stop-limit order. */
  readonly price: string | undefined;
  /** Currency (15), if it was sent: that of the price. */
  readonly currency?: string;
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
export interface OrderCancelReplaceRequest
  extends Pick<
    RequestedInstructions,
    'stopPx' | 'expireTime' | 'expireDate' | 'execInst' | 'minQty' | 'maxFloor'
  > {
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
  /** Currency (15), if it was sent. */
  readonly currency?: string;
  readonly mayBeRepeat: boolean;
}

/** OrderStatusRequest (H): answered with one 8 of ExecType I. */
export interface OrderStatusRequest {
  readonly type: 'OrderStatusRequest';
  /** ClOrdID (11) of the order; any of its accepted ones names it. Undefined when OrderID alone does. */
  readonly clOrdId: string | undefined;
  /** OrderID (37), when given: must agree with ClOrdID. */
  readonly orderId: string | undefined;
  readonly symbol: string;
  readonly side: Side;
  /** OrdStatusReqID (790). */
  readonly ordStatusReqId: string | undefined;
}

/** OrderMassStatusRequest (AF): an 8 of ExecType I for each open order. */
export interface OrderMassStatusRequest {
  readonly type: 'OrderMassStatusRequest';
  /** MassStatusReqID (584). */
  readonly massStatusReqId: string;
  /** Of one instrument (MassStatusReqType (585) = 1); undefined: of all (7). */
  readonly symbol: string | undefined;
  readonly side: Side | undefined;
}

/** OrderMassCancelRequest (q): answered with an r, then with an 8 of ExecType 4 for each order. */
export interface OrderMassCancelRequest {
  readonly type: 'OrderMassCancelRequest';
  readonly clOrdId: string;
  /** Of one instrument (MassCancelRequestType (530) = 1); undefined: of all (7). */
  readonly symbol: string | undefined;
  readonly side: Side | undefined;
  readonly mayBeRepeat: boolean;
}

/** What may change an order: it has a ClOrdID (11) of its own that is used up by it. */
export type OrderCommand = NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest;

export type MemberCommand =
  | OrderCommand
  | OrderStatusRequest
  | OrderMassStatusRequest
  | OrderMassCancelRequest;
