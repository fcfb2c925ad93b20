/**
 * One member's account: what it owns, what its orders hold, and which ClOrdIDs it has used. It judges each
 * request before a book sees it, and learns what became of it from commits only, so that it never counts on money
 * that a crash could take back. Pure: time, ids and markets are handed in.
 */
import type { Instrument } from '../matching/instrument.ts';
import type {
  MemberCommand,
  NewOrderSingle,
  OrderCancelReplaceRequest,
  OrderCancelRequest,
} from '../matching/order-commands.ts';
import type { EnterOrder, OrderId, OrderSnapshot, OrdStatus, UserId } from '../matching/types.ts';
import { assert, assertNever } from '../platform/assert.ts';
import { Balances } from './balances.ts';
import { type Hold, holdFor, holdForReplace, type PendingReplace } from './holds.ts';
import { asSent, type Bounce, bounceText, type Decision, isOpen, type JudgeContext } from './judgement.ts';
import { checkMarketOpen, checkTerms, ORD_REJ_REASON, type OrderFault, shown } from './order-checks.ts';
import { CXL_REJ_REASON, type NamedOrder, refusedBefore, refusedCancel, refusedOrder } from './refusals.ts';
import { statusReport } from './reports.ts';

export interface AccountRows {
  readonly userId: UserId;
  readonly lastSeq: number;
  readonly balances: readonly { readonly asset: string; readonly amount: bigint }[];
  /** Open orders, and closed ones of the trading day. */
  readonly orders: readonly OrderSnapshot[];
  readonly clOrdIds: readonly { readonly clOrdId: string; readonly orderId: OrderId | undefined }[];
}

/** The committed effects of one commit. */
export interface Settlement {
  readonly orders: readonly OrderSnapshot[];
  readonly amounts: readonly { readonly asset: string; readonly amount: bigint }[];
  readonly answered: readonly string[];
}

interface WorkingOrder {
  readonly instrument: Instrument;
  /** As last committed; until the first commit, as it was sent to the book. */
  state: OrderSnapshot;
  /** What is set aside for it, replaces in flight included. */
  hold: Hold;
  pending: (PendingReplace & { readonly clOrdId: string })[];
}

/** Stands in `clOrdIds` for an id that names no order: of a cancel, or of something refused. */
const NO_ORDER: OrderId = 0;

export class Account {
  readonly userId: UserId;
  readonly balances = new Balances();
  readonly #orders = new Map<OrderId, WorkingOrder>();
  readonly #closed = new Map<OrderId, OrderSnapshot>();
  readonly #clOrdIds = new Map<string, OrderId>();
  readonly #inFlight = new Set<string>();
  readonly #closedOrdersKept: number;
  #tradingDay: string;
  #lastSeq: number;

  /**
   * `instrumentOf` is asked for the symbols of open orders. Beyond `closedOrdersKept` closed orders of a day only
   * their ClOrdIDs are remembered.
   */
  constructor(
    rows: AccountRows,
    tradingDay: string,
    instrumentOf: (symbol: string) => Instrument | undefined,
    closedOrdersKept: number,
  ) {
    this.userId = rows.userId;
    this.#lastSeq = rows.lastSeq;
    this.#tradingDay = tradingDay;
    this.#closedOrdersKept = closedOrdersKept;
    for (const { asset, amount } of rows.balances) this.balances.add(asset, amount);
    for (const { clOrdId, orderId } of rows.clOrdIds) this.#clOrdIds.set(clOrdId, orderId ?? NO_ORDER);
    for (const order of rows.orders) {
      this.#clOrdIds.set(order.clOrdId, order.orderId);
      if (!isOpen(order)) {
        this.#rememberClosed(order);
        continue;
      }
      const instrument = instrumentOf(order.symbol);
      assert(instrument !== undefined, `no instrument for the open order ${order.orderId}`);
      const hold = holdFor(instrument, order);
      this.balances.hold(hold);
      this.#orders.set(order.orderId, { instrument, state: order, hold, pending: [] });
    }
    this.balances.check();
  }

  /** Last sourceSeq of the account's own reports. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Orders that are open or on their way, by OrderID (37). */
  openOrders(): OrderSnapshot[] {
    return [...this.#orders.values()].map((order) => order.state);
  }

  judge(command: MemberCommand, context: JudgeContext): Decision {
    this.#rollTo(context.tradingDay);
    switch (command.type) {
      case 'NewOrderSingle':
        return this.#judgeNew(command, context);
      case 'OrderCancelRequest':
        return this.#judgeCancel(command, context);
      case 'OrderCancelReplaceRequest':
        return this.#judgeReplace(command, context);
      default:
        return assertNever(command);
    }
  }

  /** Refuses a D for `fault`, whatever else is right or wrong with it; its ClOrdID counts as used. */
  refuseNew(command: Parameters<typeof refusedOrder>[0], fault: OrderFault, at: number): Decision {
    if (!this.#clOrdIds.has(command.clOrdId)) this.#clOrdIds.set(command.clOrdId, NO_ORDER);
    return { type: 'Refuse', report: refusedOrder(command, fault, this.#stamp(at)) };
  }

  /** Refuses an F or G with the true status of the order that it names. */
  refuseCancel(
    command: Pick<OrderCancelRequest, 'clOrdId' | 'origClOrdId' | 'orderId'>,
    msgType: 'F' | 'G',
    cxlRejReason: number,
    text: string,
    at: number,
  ): Decision {
    if (!this.#clOrdIds.has(command.clOrdId)) this.#clOrdIds.set(command.clOrdId, NO_ORDER);
    const order = this.#statusOf(this.#orderIdNamed(command));
    return {
      type: 'Refuse',
      report: refusedCancel(command, msgType, order, { cxlRejReason, text }, this.#stamp(at)),
    };
  }

  /** A request that a book gave back is undone here and refused, or waits for the commit that explains it. */
  bounced(command: MemberCommand, bounce: Bounce, at: number): Decision {
    // After a rebuild it is not in flight: then there is nothing to undo, and its ClOrdID may be another's.
    const wasInFlight = this.#inFlight.delete(command.clOrdId);
    if (command.type === 'NewOrderSingle') {
      if (wasInFlight) this.#undoNew(command.clOrdId);
      const ordRejReason =
        bounce.type === 'BookUnavailable' ? ORD_REJ_REASON.ExchangeClosed : ORD_REJ_REASON.Other;
      return this.refuseNew(command, { ordRejReason, text: bounceText(bounce) }, at);
    }
    const msgType = command.type === 'OrderCancelRequest' ? 'F' : 'G';
    if (msgType === 'G' && wasInFlight) this.#undoReplace(command.clOrdId);
    if (bounce.type !== 'NoSuchOrder') {
      return this.refuseCancel(command, msgType, CXL_REJ_REASON.VenueOption, bounceText(bounce), at);
    }
    const orderId = this.#orderIdNamed(command);
    if (this.#orders.has(orderId)) {
      this.#inFlight.add(command.clOrdId);
      return { type: 'WaitForOrder', orderId };
    }
    return this.#refuseGone(command, msgType, orderId, at);
  }

  /** Applies one commit. Returns the orders that it closed. */
  settle(settlement: Settlement): OrderId[] {
    for (const { asset, amount } of settlement.amounts) this.balances.add(asset, amount);
    const closed: OrderId[] = [];
    for (const state of settlement.orders) {
      const order = this.#orders.get(state.orderId);
      assert(order !== undefined, `a commit changed order ${state.orderId}, which the account does not know`);
      order.state = state;
      this.balances.release(order.hold);
      const answeredReplace = order.pending.findIndex((replace) => replace.clOrdId === state.clOrdId);
      order.pending = order.pending.slice(answeredReplace + 1);
      if (isOpen(state)) {
        order.hold = holdForReplace(order.instrument, state, order.pending);
        this.balances.hold(order.hold);
      } else {
        this.#orders.delete(state.orderId);
        this.#rememberClosed(state);
        closed.push(state.orderId);
      }
    }
    for (const clOrdId of settlement.answered) this.#inFlight.delete(clOrdId);
    this.balances.check();
    return closed;
  }

  /** A deposit (positive) or withdrawal (negative), in units of 10^-18; returns why not, or the new amount. */
  transfer(asset: string, amount: bigint): bigint | string {
    if (amount < 0n && this.balances.available(asset) < -amount) {
      return this.balances.shortfallText(asset, -amount);
    }
    if (!this.balances.fits(asset, amount)) return 'the balance would exceed what the venue can hold';
    this.balances.add(asset, amount);
    return this.balances.amount(asset);
  }

  #judgeNew(command: NewOrderSingle, context: JudgeContext): Decision {
    const known = this.#clOrdIds.get(command.clOrdId);
    if (known !== undefined) return this.#judgeKnownNew(command, known, context);
    const { market } = context;
    if (market === undefined) {
      const text = `Symbol(55)=${shown(command.symbol)} is not traded here`;
      return this.refuseNew(command, { ordRejReason: ORD_REJ_REASON.UnknownSymbol, text }, context.at);
    }
    const closed = checkMarketOpen(market);
    if (closed !== undefined) return this.refuseNew(command, closed, context.at);
    const { instrument } = market;
    const terms = checkTerms(instrument, command, context.referencePrice);
    if ('text' in terms) return this.refuseNew(command, terms, context.at);
    const { makerFeeRate, takerFeeRate } = instrument;
    const { side, ordType, timeInForce, clOrdId } = command;
    const { price, quantity } = terms;
    const hold = holdFor(instrument, { side, price, leavesQty: quantity, makerFeeRate, takerFeeRate });
    if (hold.amount > this.balances.available(hold.asset)) {
      const text = this.balances.shortfallText(hold.asset, hold.amount);
      return this.refuseNew(command, { ordRejReason: ORD_REJ_REASON.ExceedsLimit, text }, context.at);
    }
    const orderId = context.nextOrderId();
    const enter: EnterOrder = {
      type: 'EnterOrder',
      orderId,
      userId: this.userId,
      clOrdId,
      side,
      ordType,
      timeInForce,
      price,
      quantity,
      makerFeeRate,
      takerFeeRate,
      tradingDay: context.tradingDay,
    };
    this.balances.hold(hold);
    this.#clOrdIds.set(clOrdId, orderId);
    this.#inFlight.add(clOrdId);
    const state = asSent(enter, command.symbol, context.at);
    this.#orders.set(orderId, { instrument, state, hold, pending: [] });
    return { type: 'ToBook', symbol: command.symbol, command: enter };
  }

  #judgeKnownNew(command: NewOrderSingle, known: OrderId, context: JudgeContext): Decision {
    if (this.#inFlight.has(command.clOrdId)) return { type: 'WaitForRequest', clOrdId: command.clOrdId };
    if (command.mayBeRepeat) {
      const order = this.#orders.get(known)?.state ?? this.#closed.get(known);
      const { market, at } = context;
      if (order !== undefined && market?.instrument.symbol === order.symbol) {
        return { type: 'Answer', report: statusReport(order, market.instrument, at) };
      }
      if (known === NO_ORDER) {
        return { type: 'Answer', report: refusedBefore(command, { userId: this.userId, at }) };
      }
    }
    const text = `ClOrdID(11)=${shown(command.clOrdId)} was used before on this trading day`;
    return this.refuseNew(command, { ordRejReason: ORD_REJ_REASON.DuplicateOrder, text }, context.at);
  }

  #judgeCancel(command: OrderCancelRequest, context: JudgeContext): Decision {
    const order = this.#judgeNamed(command, 'F', context);
    if ('type' in order) return order;
    this.#clOrdIds.set(command.clOrdId, NO_ORDER);
    this.#inFlight.add(command.clOrdId);
    const { orderId, symbol } = order.state;
    const { clOrdId } = command;
    const cancel = { type: 'CancelOrder', orderId, clOrdId, unsolicited: undefined } as const;
    return { type: 'ToBook', symbol, command: cancel };
  }

  #judgeReplace(command: OrderCancelReplaceRequest, context: JudgeContext): Decision {
    const order = this.#judgeNamed(command, 'G', context);
    if ('type' in order) return order;
    const refuse = (text: string): Decision =>
      this.refuseCancel(command, 'G', CXL_REJ_REASON.Other, text, context.at);
    const { state, instrument } = order;
    if (command.ordType !== state.ordType) return refuse('OrdType(40) cannot be replaced');
    if (state.ordType === '1') return refuse('a market order cannot be replaced');
    if (command.timeInForce !== undefined && command.timeInForce !== state.timeInForce) {
      return refuse('TimeInForce(59) cannot be replaced');
    }
    const terms = checkTerms(
      instrument,
      { ...command, timeInForce: state.timeInForce },
      context.referencePrice,
    );
    if ('text' in terms) return refuse(terms.text);
    const { orderId, symbol } = state;
    const replace = { clOrdId: command.clOrdId, price: terms.price, quantity: terms.quantity };
    const hold = holdForReplace(instrument, state, [...order.pending, replace]);
    const increase = hold.amount - order.hold.amount;
    if (increase > this.balances.available(hold.asset)) {
      return refuse(this.balances.shortfallText(hold.asset, increase));
    }
    this.balances.release(order.hold);
    this.balances.hold(hold);
    order.hold = hold;
    order.pending.push(replace);
    this.#clOrdIds.set(command.clOrdId, orderId);
    this.#inFlight.add(command.clOrdId);
    return { type: 'ToBook', symbol, command: { type: 'ReplaceOrder', orderId, ...replace } };
  }

  /** What F and G have in common: a new ClOrdID, an open order of one's own, and agreement about it. */
  #judgeNamed(
    command: OrderCancelRequest | OrderCancelReplaceRequest,
    msgType: 'F' | 'G',
    context: JudgeContext,
  ): Decision | WorkingOrder {
    const refuse = (cxlRejReason: number, text: string): Decision =>
      this.refuseCancel(command, msgType, cxlRejReason, text, context.at);
    const orderId = this.#orderIdNamed(command);
    const order = this.#orders.get(orderId);
    if (this.#inFlight.has(command.clOrdId)) return { type: 'WaitForRequest', clOrdId: command.clOrdId };
    if (this.#clOrdIds.has(command.clOrdId) && command.mayBeRepeat) {
      const state = order?.state ?? this.#closed.get(orderId);
      const instrument = context.market?.instrument;
      if (state !== undefined && instrument?.symbol === state.symbol) {
        return { type: 'Answer', report: statusReport(state, instrument, context.at) };
      }
      // Its first copy was refused for what is checked below, and is refused for it again.
    } else if (this.#clOrdIds.has(command.clOrdId)) {
      return refuse(CXL_REJ_REASON.DuplicateClOrdId, `ClOrdID(11)=${shown(command.clOrdId)} was used before`);
    }
    if (command.orderId !== undefined && orderId !== NO_ORDER && command.orderId !== String(orderId)) {
      return refuse(CXL_REJ_REASON.UnknownOrder, 'OrderID(37) and OrigClOrdID(41) name different orders');
    }
    if (order === undefined) return this.#refuseGone(command, msgType, orderId, context.at);
    if (command.symbol !== order.state.symbol) {
      return refuse(CXL_REJ_REASON.Other, `Symbol(55)=${shown(command.symbol)} is not the order's`);
    }
    if (command.side !== order.state.side) return refuse(CXL_REJ_REASON.Other, "Side(54) is not the order's");
    const status = context.market?.status;
    if (status?.type === 'Halted' && (msgType === 'G' || status.by === 'crash')) {
      return refuse(CXL_REJ_REASON.VenueOption, `${command.symbol} is halted: ${status.reason}`);
    }
    return order;
  }

  #refuseGone(
    command: OrderCancelRequest | OrderCancelReplaceRequest,
    msgType: 'F' | 'G',
    orderId: OrderId,
    at: number,
  ): Decision {
    if (orderId === NO_ORDER) {
      const named =
        command.origClOrdId === undefined
          ? `OrderID(37)=${shown(command.orderId ?? '')}`
          : `OrigClOrdID(41)=${shown(command.origClOrdId)}`;
      const text = `no order with ${named}`;
      return this.refuseCancel(command, msgType, CXL_REJ_REASON.UnknownOrder, text, at);
    }
    return this.refuseCancel(command, msgType, CXL_REJ_REASON.TooLate, 'too late: the order is closed', at);
  }

  #undoNew(clOrdId: string): void {
    const orderId = this.#clOrdIds.get(clOrdId) ?? NO_ORDER;
    const order = this.#orders.get(orderId);
    this.#clOrdIds.set(clOrdId, NO_ORDER);
    if (order === undefined) return;
    this.balances.release(order.hold);
    this.#orders.delete(orderId);
  }

  #undoReplace(clOrdId: string): void {
    const orderId = this.#clOrdIds.get(clOrdId) ?? NO_ORDER;
    const order = this.#orders.get(orderId);
    this.#clOrdIds.set(clOrdId, NO_ORDER);
    if (order === undefined) return;
    order.pending = order.pending.filter((replace) => replace.clOrdId !== clOrdId);
    this.balances.release(order.hold);
    order.hold = holdForReplace(order.instrument, order.state, order.pending);
    this.balances.hold(order.hold);
  }

  /** The order that an F or G names: by OrigClOrdID (41), or by OrderID (37) where that stands alone. */
  #orderIdNamed({ origClOrdId, orderId }: Pick<OrderCancelRequest, 'origClOrdId' | 'orderId'>): OrderId {
    if (origClOrdId !== undefined) return this.#clOrdIds.get(origClOrdId) ?? NO_ORDER;
    const named = Number(orderId);
    return String(named) === orderId && (this.#orders.has(named) || this.#closed.has(named))
      ? named
      : NO_ORDER;
  }

  #statusOf(orderId: OrderId): NamedOrder | undefined {
    const ordStatus: OrdStatus | undefined =
      this.#orders.get(orderId)?.state.ordStatus ?? this.#closed.get(orderId)?.ordStatus;
    if (orderId === NO_ORDER || ordStatus === undefined) return undefined;
    return { orderId, ordStatus };
  }

  #rememberClosed(order: OrderSnapshot): void {
    this.#closed.set(order.orderId, order);
    if (this.#closed.size <= this.#closedOrdersKept) return;
    const oldest = this.#closed.keys().next();
    if (!oldest.done) this.#closed.delete(oldest.value);
  }

  /** On a new trading day only the ids of open orders and of requests on their way stay taken. */
  #rollTo(tradingDay: string): void {
    // Commands that run again after a failed commit may have arrived on the day before.
    if (tradingDay <= this.#tradingDay) return;
    this.#tradingDay = tradingDay;
    this.#closed.clear();
    for (const [clOrdId, orderId] of this.#clOrdIds) {
      if (!this.#orders.has(orderId) && !this.#inFlight.has(clOrdId)) this.#clOrdIds.delete(clOrdId);
    }
  }

  #stamp(at: number): { userId: UserId; sourceSeq: number; at: number } {
    this.#lastSeq += 1;
    return { userId: this.userId, sourceSeq: this.#lastSeq, at };
  }
}
