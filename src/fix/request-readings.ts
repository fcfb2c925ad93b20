/**
 * What reading a request about orders comes to: a command, or one of the ways in which the venue says that it does not
 * do what was asked.
 */
import type { MemberCommand } from '../matching/order-commands.ts';

/** A NewOrderSingle (D) that the venue understands and does not do: the answer is an 8 with 150=8. */
export interface OrderRefused {
  readonly type: 'OrderRefused';
  readonly clOrdId: string;
  readonly symbol: string;
  /** Side (54) as sent: it may be one that the venue does not take. */
  readonly side: string;
  /** OrderQty (38) as sent; `0` when the order has another kind of quantity. */
  readonly orderQty: string;
  readonly ordRejReason: 11;
  /** Text (58) with the field and its value. */
  readonly text: string;
}

/** An F or G that the venue understands and does not do: the answer is a 9. */
export interface CancelRefused {
  readonly type: 'CancelRefused';
  readonly clOrdId: string;
  readonly origClOrdId: string | undefined;
  /** OrderID (37) as sent. */
  readonly orderId: string | undefined;
  readonly symbol: string;
  readonly side: string;
  readonly orderQty: string;
  /** CxlRejResponseTo (434): 1 for F, 2 for G. */
  readonly cxlRejResponseTo: 1 | 2;
  readonly cxlRejReason: 2;
  readonly text: string;
}

/** A q that the venue understands and does not do: the answer is an r with 531=0. */
export interface MassCancelRefused {
  readonly type: 'MassCancelRefused';
  readonly clOrdId: string;
  /** MassCancelRequestType (530) as sent. */
  readonly massCancelRequestType: string;
  readonly symbol: string | undefined;
  readonly side: string | undefined;
  /** MassCancelRejectReason (532): 0 not supported, 99 other. */
  readonly massCancelRejectReason: 0 | 99;
  readonly text: string;
}

export type OrderRefusal = OrderRefused | CancelRefused | MassCancelRefused;

export type OrderCommandReading =
  | { readonly type: 'Command'; readonly command: MemberCommand }
  /** Refused by the answer of its kind, and recorded: its ClOrdID (11) is used up. */
  | { readonly type: 'Unsupported'; readonly refusal: OrderRefusal }
  /** A question for which no answer of its kind fits: a BusinessMessageReject (j) with 380=0 and this text. */
  | { readonly type: 'NotOffered'; readonly text: string };
