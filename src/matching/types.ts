/**
 * The vocabulary of the book: what an order is, what a book is told (commands, in ticks and lots) and what it
 * answers (events). Plain data: the same values cross actors, processes and the journal.
 */
import { assert } from '../platform/assert.ts';

declare const brand: unique symbol;
/** A price in whole ticks of its instrument: a positive safe integer. */
export type Ticks = number & { readonly [brand]: 'Ticks' };
/** A quantity in whole lots of its instrument: a safe integer, never negative. */
export type Lots = number & { readonly [brand]: 'Lots' };

export function ticks(value: number): Ticks {
  assert(
    Number.isSafeInteger(value) && value > 0,
    `a price must be a positive safe integer of ticks: ${value}`,
  );
  return value as Ticks;
}

export function lots(value: number): Lots {
  assert(Number.isSafeInteger(value) && value >= 0, `a quantity must be a safe integer of lots: ${value}`);
  return value as Lots;
}

/** Side (54). */
export type Side = '1' | '2';
export const BUY: Side = '1';
export const SELL: Side = '2';

/** OrdType (40): 1 market, 2 limit. */
export type OrdType = '1' | '2';
/** TimeInForce (59): 0 day, 1 good till cancel, 3 immediate or cancel, 4 fill or kill. */
export type TimeInForce = '0' | '1' | '3' | '4';
/** OrdStatus (39): 0 new, 1 partially filled, 2 filled, 4 canceled, 8 rejected, C expired. */
export type OrdStatus = '0' | '1' | '2' | '4' | '8' | 'C';

/** OrderID (37) as the venue knows it: a safe integer, unique for ever. */
export type OrderId = number;
/** `users.id`. */
export type UserId = number;
/** `trades.id`, sent to both sides as SecondaryExecID (527). */
export type TradeId = number;

/**
 * One order at one moment. The book's events carry copies, so that what was journaled does not change under
 * the reader. While working, quantity = cumQty + leavesQty; when closed, leavesQty is 0.
 */
export interface OrderSnapshot {
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly symbol: string;
  /** The last accepted ClOrdID (11): a replace changes it. */
  readonly clOrdId: string;
  readonly side: Side;
  readonly ordType: OrdType;
  readonly timeInForce: TimeInForce;
  /** The limit; for a market order its protection price. */
  readonly price: Ticks;
  readonly quantity: Lots;
  readonly cumQty: Lots;
  readonly leavesQty: Lots;
  /** Sum of price × quantity of the order's fills, in tick-lots. */
  readonly cumNotional: bigint;
  readonly ordStatus: OrdStatus;
  /** The book sequence number that gave the order its place in the queue; lower is older. */
  readonly priority: number;
  /** Book sequence number of the New report: the order's row stands for that report. */
  readonly acceptedSeq: number;
  /** Fee rates fixed when the order was accepted, in 10^-8 of the notional. */
  readonly makerFeeRate: number;
  readonly takerFeeRate: number;
  /** `YYYY-MM-DD`: the trading day on which the order was entered. */
  readonly tradingDay: string;
  /** When the venue accepted it, ms since the epoch. */
  readonly enteredAt: number;
}

// ---- Commands -------------------------------------------------------------------------------------------

/** An order whose checks and funds hold are done. */
export interface EnterOrder {
  readonly type: 'EnterOrder';
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly clOrdId: string;
  readonly side: Side;
  readonly ordType: OrdType;
  readonly timeInForce: TimeInForce;
  readonly price: Ticks;
  readonly quantity: Lots;
  readonly makerFeeRate: number;
  readonly takerFeeRate: number;
  readonly tradingDay: string;
}

/** Cancels what is left of an order (F), or by the operator when `unsolicited` says why. */
export interface CancelOrder {
  readonly type: 'CancelOrder';
  readonly orderId: OrderId;
  /** ClOrdID (11) of the request; undefined when the venue itself cancels. */
  readonly clOrdId: string | undefined;
  readonly unsolicited: UnsolicitedCancel | undefined;
}

export interface UnsolicitedCancel {
  /** ExecRestatementReason (378). */
  readonly execRestatementReason: number;
  /** Text (58). */
  readonly text: string;
}

/** Gives an order a new total quantity and price (G). Side, symbol, OrdType and TimeInForce stay. */
export interface ReplaceOrder {
  readonly type: 'ReplaceOrder';
  readonly orderId: OrderId;
  readonly clOrdId: string;
  readonly price: Ticks;
  /** OrderQty (38): the new total, filled part included. */
  readonly quantity: Lots;
}

/** Ends Day orders entered before `tradingDay` (`YYYY-MM-DD`). */
export interface ExpireOrders {
  readonly type: 'ExpireOrders';
  readonly tradingDay: string;
}

/** Cancels every order of the book, by the operator. */
export interface CancelAllOrders {
  readonly type: 'CancelAllOrders';
  readonly unsolicited: UnsolicitedCancel;
}

export type BookCommand = EnterOrder | CancelOrder | ReplaceOrder | ExpireOrders | CancelAllOrders;

// ---- Events ---------------------------------------------------------------------------------------------
// Every report that an event causes has its own book sequence number: gap-free per book, in commit order.

export interface OrderAccepted {
  readonly type: 'OrderAccepted';
  /** As accepted: cumQty 0, priority = acceptedSeq = the event's sequence number. */
  readonly order: OrderSnapshot;
  readonly seq: number;
  readonly at: number;
}

/** One trade between two orders, at the resting order's price. Snapshots are after the fill. */
export interface TradeExecuted {
  readonly type: 'TradeExecuted';
  readonly tradeId: TradeId;
  readonly symbol: string;
  readonly price: Ticks;
  readonly quantity: Lots;
  readonly maker: OrderSnapshot;
  readonly taker: OrderSnapshot;
  readonly makerSeq: number;
  readonly takerSeq: number;
  readonly at: number;
}

export interface OrderCanceled {
  readonly type: 'OrderCanceled';
  /** After the cancel: leavesQty 0, ordStatus 4, clOrdId still the order's own. */
  readonly order: OrderSnapshot;
  /** What was left and is now gone. */
  readonly canceledQty: Lots;
  /** ClOrdID (11) of the request; undefined when unsolicited. */
  readonly requestClOrdId: string | undefined;
  readonly unsolicited: UnsolicitedCancel | undefined;
  readonly seq: number;
  readonly at: number;
}

/** The end by time in force: IOC and market remainder, FOK that cannot fill, Day at the roll (150=C). */
export interface OrderExpired {
  readonly type: 'OrderExpired';
  readonly order: OrderSnapshot;
  readonly expiredQty: Lots;
  /** Text (58). */
  readonly text: string;
  readonly seq: number;
  readonly at: number;
}

export interface OrderReplaced {
  readonly type: 'OrderReplaced';
  /** After the replace; clOrdId is the request's. Filled (2) when the new total is at or below cumQty. */
  readonly order: OrderSnapshot;
  readonly before: OrderSnapshot;
  /** The ClOrdID that was the order's last accepted one: OrigClOrdID (41) of the report. */
  readonly origClOrdId: string;
  readonly seq: number;
  readonly at: number;
}

export type BookEvent = OrderAccepted | TradeExecuted | OrderCanceled | OrderExpired | OrderReplaced;

/**
 * What a command came to. `NoSuchOrder` is an answer, not an event: the order is closed or was never here, and
 * only the account can say which.
 */
export type CommandOutcome = 'Done' | 'NoSuchOrder';
