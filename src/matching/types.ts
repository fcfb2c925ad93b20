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

/** OrdType (40): 1 market, 2 limit, 3 stop, 4 stop limit. */
export type OrdType = '1' | '2' | '3' | '4';
/** TimeInForce (59): 0 day, 1 good till cancel, 3 immediate or cancel, 4 fill or kill, 6 good till date. */
export type TimeInForce = '0' | '1' | '3' | '4' | '6';
/** OrdStatus (39): 0 new, 1 partially filled, 2 filled, 4 canceled, 8 rejected, C expired. */
export type OrdStatus = '0' | '1' | '2' | '4' | '8' | 'C';

/** OrderID (37) as the venue knows it: a safe integer, unique for ever. */
export type OrderId = number;
/** `users.id`. */
export type UserId = number;
/** `trades.id`, sent to both sides as SecondaryExecID (527). */
export type TradeId = number;

/**
 * What happens when an order would trade with one of the same user: the incoming order's choice. Decrement takes the
 * smaller LeavesQty off both orders.
 */
export type SelfTradePrevention = 'CancelNewest' | 'CancelOldest' | 'CancelBoth' | 'Decrement';

/**
 * What an order may ask for besides price and quantity. A field is absent where it does not apply, so that plain
 * orders stay small in the journal.
 *
 * | | market | limit | stop | stop limit |
 * |---|---|---|---|---|
 * | Day | what is left expires at once | rests | waits, then as market | waits, then rests |
 * | GTC, GTD | as Day; refused to members | rests | waits, then as market | waits, then rests |
 * | IOC, FOK | yes | yes | no | no |
 * | ExecInst 6 | no | Day, GTC, GTD, without MinQty | no | no |
 * | ExecInst G | IOC, FOK | IOC, FOK | no | no |
 * | MinQty | yes | without ExecInst 6 | no | no |
 * | MaxFloor | no | Day, GTC, GTD | no | yes |
 */
export interface OrderInstructions {
  /** StopPx (99) of OrdType 3 and 4: a trade at this price or beyond triggers the order. */
  readonly stopPx?: Ticks;
  /** When TimeInForce 6 ends, ms since the epoch: ExpireTime (126), or the end of the trading day ExpireDate. */
  readonly expireTime?: number;
  /** ExpireDate (432) as `YYYY-MM-DD`, if that is what was sent: the book goes by {@link expireTime}. */
  readonly expireDate?: string;
  /** ExecInst (18): 6 participate don't initiate (post-only), G all or none: with IOC the same as FOK. */
  readonly execInst?: '6' | 'G';
  /** A post-only order that would trade is re-priced one tick behind the best opposite price, not refused. */
  readonly slides?: true;
  /** MinQty (110): less than this at once, on entry, and the order expires without a trade. */
  readonly minQty?: Lots;
  /** MaxFloor (111): the most that is displayed. A fresh slice goes to the back of its price. */
  readonly maxFloor?: Lots;
  /** Absent: orders of one user may trade with each other. */
  readonly selfTradePrevention?: SelfTradePrevention;
  /** A positive 32-bit integer: coming in, this order is kept only from the user's orders of the same group. */
  readonly selfTradeGroup?: number;
}

/** What members write on an order for themselves: told back in each report of it. */
export interface OrderLabels {
  /** Account (1). */
  readonly account?: string;
  /** SecondaryClOrdID (526). */
  readonly secondaryClOrdId?: string;
  /** ClOrdLinkID (583). */
  readonly clOrdLinkId?: string;
}

/**
 * One order at one moment. The book's events carry copies, so that what was journaled does not change under
 * the reader. While working, quantity = cumQty + leavesQty; when closed, leavesQty is 0.
 */
export interface OrderSnapshot extends OrderInstructions, OrderLabels {
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly symbol: string;
  /** The last accepted ClOrdID (11): a replace changes it. */
  readonly clOrdId: string;
  readonly side: Side;
  readonly ordType: OrdType;
  readonly timeInForce: TimeInForce;
  /** The limit; for a market or stop order its protection price. */
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
  /** Present once a stop or stop-limit order has been triggered. */
  readonly triggered?: true;
  /** With MaxFloor: what is displayed of LeavesQty, or would be if the order rested. */
  readonly displayedQty?: Lots;
}

// ---- Commands -------------------------------------------------------------------------------------------

/** An order whose checks and funds hold are done. */
export interface EnterOrder extends OrderInstructions, OrderLabels {
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

/**
 * Gives an order a new total quantity and price (G). Side, symbol, OrdType and TimeInForce stay, and so does every
 * optional field that is absent.
 */
export interface ReplaceOrder {
  readonly type: 'ReplaceOrder';
  readonly orderId: OrderId;
  readonly clOrdId: string;
  readonly price: Ticks;
  /** OrderQty (38): the new total, filled part included. */
  readonly quantity: Lots;
  /** Only of an order that waits for its trigger; of one that was triggered it says nothing any more. */
  readonly stopPx?: Ticks;
  readonly maxFloor?: Lots;
  /** Of a good-till-date order. ExpireDate goes with it: absent here, it is gone. */
  readonly expireTime?: number;
  readonly expireDate?: string;
}

/** Ends Day orders entered before `tradingDay` (`YYYY-MM-DD`), and what was good till `upTo` or earlier; oldest first. */
export interface ExpireOrders {
  readonly type: 'ExpireOrders';
  readonly tradingDay: string;
  /** Ms since the epoch; absent: good-till-date orders are left alone. */
  readonly upTo?: number;
  /** Orders that end by this command; when more are due the outcome is `Unfinished`. Absent: all. */
  readonly atMost?: number;
}

/** Cancels orders of the book, oldest first: those of a user (q) or everybody's, of one side or both. */
export interface MassCancelOrders {
  readonly type: 'MassCancelOrders';
  readonly userId: UserId | undefined;
  readonly side: Side | undefined;
  /** ClOrdID (11) of the request; undefined when the venue itself cancels. */
  readonly clOrdId: string | undefined;
  readonly unsolicited: UnsolicitedCancel | undefined;
  /** Orders that this command cancels; when more are meant the outcome is `Unfinished`. Absent: all. */
  readonly atMost?: number;
}

/** Price and quantity of a trade. */
export interface TradeTerms {
  readonly price: Ticks;
  readonly quantity: Lots;
}

/** What the venue pays in the place of a party of an amended trade that no longer has it. */
export interface VenueCharge {
  readonly userId: UserId;
  readonly asset: string;
  /** Units of 10^-18, positive. */
  readonly amount: bigint;
}

/** What the operator makes of a trade afterwards. */
export interface TradeAmendment {
  readonly tradeId: TradeId;
  /** As the trade has stood so far, earlier corrections included. */
  readonly before: TradeTerms;
  /** As it stands from now on; quantity 0 takes it back (bust), and its price is then that of before. */
  readonly after: TradeTerms;
  /** Book sequence numbers of the reports that this one supersedes: ExecRefID (19) of each party. */
  readonly makerRefSeq: number;
  readonly takerRefSeq: number;
  /** The book only passes them on. */
  readonly charges: readonly VenueCharge[];
  readonly reason: string;
  /** The operator's name. */
  readonly requestedBy: string;
}

/** Takes a trade back, or gives it another price or less quantity; nothing returns to the book. */
export interface AmendTrade extends TradeAmendment {
  readonly type: 'AmendTrade';
  /** The trade's orders as committed; where one is open the book's own state counts. */
  readonly maker: OrderSnapshot;
  readonly taker: OrderSnapshot;
}

export type BookCommand =
  | EnterOrder
  | CancelOrder
  | ReplaceOrder
  | ExpireOrders
  | MassCancelOrders
  | AmendTrade;

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

/** A new order that only the book could judge: post-only that would trade, one stop or hidden slice too many (150=8). */
export interface OrderRejected {
  readonly type: 'OrderRejected';
  /** Never in the book: leavesQty 0, ordStatus 8. */
  readonly order: OrderSnapshot;
  /** OrdRejReason (103). */
  readonly ordRejReason: number;
  /** Text (58). */
  readonly text: string;
  readonly seq: number;
  readonly at: number;
}

/** A trade has reached the StopPx of a stop order: it has a new priority, and what it does comes next (150=L or D). */
export interface OrderTriggered {
  readonly type: 'OrderTriggered';
  readonly order: OrderSnapshot;
  /** The price of the last trade when it ran: at StopPx or beyond, unless stop orders before it have moved the market. */
  readonly triggerPx: Ticks;
  readonly seq: number;
  readonly at: number;
}

/** The venue has changed an order by its rules (150=D). Only a fresh slice changes the order's priority. */
export interface OrderRestated {
  readonly type: 'OrderRestated';
  readonly reason: 'IcebergRefresh' | 'PriceSlide' | 'SelfTradeDecrement';
  /** ExecRestatementReason (378). */
  readonly execRestatementReason: number;
  readonly order: OrderSnapshot;
  readonly priceBefore: Ticks;
  /** What was taken off quantity and leavesQty; 0 unless decremented. */
  readonly decrementedQty: Lots;
  readonly seq: number;
  readonly at: number;
}

/** The operator has taken a trade back (150=H) or corrected it (150=G). Snapshots are after it. */
export interface TradeAmended extends TradeAmendment {
  readonly type: 'TradeAmended';
  readonly symbol: string;
  readonly maker: OrderSnapshot;
  readonly taker: OrderSnapshot;
  readonly makerSeq: number;
  readonly takerSeq: number;
  readonly at: number;
}

export type BookEvent =
  | OrderAccepted
  | OrderRejected
  | TradeExecuted
  | OrderCanceled
  | OrderExpired
  | OrderReplaced
  | OrderTriggered
  | OrderRestated
  | TradeAmended;

/**
 * What a command came to. `Unfinished`: the oldest orders, `atMost` of them, have ended; the same command goes on with
 * the others. The rest are answers without an event: nothing was done. `NoSuchOrder`: the order is closed or was never
 * here, and only the account can say which; of an {@link AmendTrade}, that one of its orders has closed since it was
 * read. `WouldTrade`: a post-only order asked to be replaced to a price at which it would trade at once.
 * `TooManySlices`: a replace would hide more slices (MaxFloor) than the icebergs of one book may.
 */
export type CommandOutcome = 'Done' | 'Unfinished' | 'NoSuchOrder' | 'WouldTrade' | 'TooManySlices';
