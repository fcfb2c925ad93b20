/**
 * One member's account: what it owns, what its orders hold, and which ClOrdIDs it has used. It judges each
 * request before a book sees it, and learns what became of it from commits only, so that it never counts on money
 * that a crash could take back. Pure: time, ids and markets are handed in. Each kind of request has a file of its own.
 */
import type { OrderMassCancelReport } from '../matching/execution-report.ts';
import type { Instrument } from '../matching/instrument.ts';
import type {
  MemberCommand,
  NewOrderSingle,
  OrderCommand,
  OrderMassCancelRequest,
  OrderMassStatusRequest,
} from '../matching/order-commands.ts';
import type { OrderId, OrderSnapshot, UserId } from '../matching/types.ts';
import { assert, assertNever } from '../platform/assert.ts';
import { AccountState, DEFAULT_MAX_WAITING_STOPS_PER_MEMBER } from './account-state.ts';
import type { Balances } from './balances.ts';
import { DEFAULT_REFUSED_CANCELS_KEPT, NO_ORDER, type SentBefore, type UsedClOrdId } from './cl-ord-ids.ts';
import type { ClosedOrder } from './closed-orders.ts';
import { type Hold, holdFor } from './holds.ts';
import { judgeCancel } from './judge-cancel.ts';
import { judgeNew } from './judge-new.ts';
import { judgeReplace } from './judge-replace.ts';
import { judgeMassStatus, judgeStatus } from './judge-status.ts';
import {
  type Bounce,
  bounceText,
  type Decision,
  isOpen,
  type JudgeContext,
  type Moment,
  recallOrder,
} from './judgement.ts';
import { judgeMassCancel, type MassCancelOutcome, reportMassCancel } from './mass-cancel.ts';
import { ORD_REJ_REASON, type OrderFault } from './order-checks.ts';
import { CXL_REJ_REASON, type RefusedOrder } from './refusals.ts';
import { type NamingRequest, refuseCancel, refuseGone, refuseMassCancel, refuseNew } from './refuse.ts';
import type { TradingTerms } from './trading-terms.ts';

export interface AccountRows {
  readonly userId: UserId;
  readonly lastSeq: number;
  readonly balances: readonly { readonly asset: string; readonly amount: bigint }[];
  readonly orders: readonly OrderSnapshot[];
  /** Of the trading day and of the day before; see {@link Account.recall}. */
  readonly closed: readonly ClosedOrder[];
  readonly clOrdIds: readonly UsedClOrdId[];
  /** Ids of the transfers that were booked last; see {@link TransferIds}. */
  readonly transferIds: readonly string[];
  readonly terms: TradingTerms;
}

/** The committed effects of one commit. */
export interface Settlement {
  readonly orders: readonly OrderSnapshot[];
  readonly amounts: readonly { readonly asset: string; readonly amount: bigint }[];
  readonly answered: readonly string[];
  /** Closed orders of which a trade was amended, in their state after it. */
  readonly amendedOrders?: readonly OrderSnapshot[];
}

export class Account {
  readonly #state: AccountState;

  /**
   * `instrumentOf` is asked for the symbols of the orders. Beyond `closedOrdersKept` orders of a day that close from now on
   * only their ClOrdIDs and OrdStatus are remembered, and beyond `refusedCancelsKept` refused cancels nothing (see
   * cl-ord-ids.ts). More than `maxWaitingStopsPerMember` stops in one symbol are refused.
   */
  constructor(
    rows: AccountRows,
    tradingDay: string,
    instrumentOf: (symbol: string) => Instrument | undefined,
    closedOrdersKept: number,
    refusedCancelsKept: number = DEFAULT_REFUSED_CANCELS_KEPT,
    maxWaitingStopsPerMember: number = DEFAULT_MAX_WAITING_STOPS_PER_MEMBER,
  ) {
    const bounds = { closedOrdersKept, refusedCancelsKept, maxWaitingStopsPerMember };
    const state = new AccountState(rows, tradingDay, bounds);
    this.#state = state;
    for (const { asset, amount } of rows.balances) state.balances.add(asset, amount);
    for (const order of rows.closed) state.rememberStatus(order, tradingDay);
    for (const order of rows.orders) {
      const instrument = instrumentOf(order.symbol);
      assert(instrument !== undefined, `no instrument for the open order ${order.orderId}`);
      state.add(order, instrument, holdFor(instrument, order));
    }
    for (const id of rows.transferIds) state.transferIds.add(id);
    for (const used of rows.clOrdIds) state.clOrdIds.restore(used);
    for (const order of rows.orders) state.clOrdIds.restore(order);
    state.balances.check();
  }

  get userId(): UserId {
    return this.#state.userId;
  }

  get balances(): Balances {
    return this.#state.balances;
  }

  /** Last sourceSeq of the account's own reports. */
  get lastSeq(): number {
    return this.#state.lastSeq;
  }

  /** Orders that are open or on their way, by OrderID (37). */
  openOrders(): OrderSnapshot[] {
    return [...this.#state.orders.values()].map((order) => order.state);
  }

  /** At most how many reports (8) answer an OrderMassStatusRequest (AF), without a look at the orders. */
  massStatusCount({ symbol, side }: OrderMassStatusRequest): number {
    return Math.max(1, this.#state.bySymbol.count({ symbol, side }));
  }

  /** What the operator has set for the member from now on; orders that are open stay as they are. */
  setTerms(terms: TradingTerms): void {
    this.#state.terms = terms;
  }

  /** Whether a request with this ClOrdID (11) that was sent before is known and no longer on its way. */
  hasAnswered(clOrdId: string, before: SentBefore): boolean {
    return !this.#state.clOrdIds.isInFlight(clOrdId) && this.#orderIdOf(clOrdId, before) !== undefined;
  }

  /** Where rows have to be asked what the closed order was that the ClOrdID (11) names: see {@link recall}. */
  recallOf(clOrdId: string, before: SentBefore): Decision | undefined {
    const orderId = this.#orderIdOf(clOrdId, before) ?? NO_ORDER;
    const ordStatus = this.#state.ordStatusOf(orderId);
    if (ordStatus === undefined || this.#state.find(orderId) !== undefined) return undefined;
    return recallOrder(orderId, ordStatus);
  }

  /** A closed order of which the account has the OrdStatus alone, as rows have it: until the next call it is known. */
  recall(order: OrderSnapshot | undefined): void {
    this.#state.recall(order);
  }

  /** Whether the ClOrdID (11) of an order names one that is certainly another: a replace changes neither symbol nor side. */
  namesAnother({ clOrdId, symbol, side }: NewOrderSingle, before: SentBefore): boolean {
    const orderId = this.#orderIdOf(clOrdId, before);
    const order = orderId === undefined ? undefined : this.#state.find(orderId);
    return order !== undefined && (order.symbol !== symbol || order.side !== side);
  }

  /** Whether a request with this ClOrdID (11) has gone to a book, and is not answered. */
  isOnItsWay(clOrdId: string): boolean {
    return this.#state.clOrdIds.isInFlight(clOrdId);
  }

  judge(command: MemberCommand, context: JudgeContext): Decision {
    this.#state.rollTo(context.tradingDay);
    switch (command.type) {
      case 'NewOrderSingle':
        return judgeNew(this.#state, command, context);
      case 'OrderCancelRequest':
        return judgeCancel(this.#state, command, context);
      case 'OrderCancelReplaceRequest':
        return judgeReplace(this.#state, command, context);
      case 'OrderStatusRequest':
        return judgeStatus(this.#state, command, context);
      case 'OrderMassStatusRequest':
        return judgeMassStatus(this.#state, command, context);
      case 'OrderMassCancelRequest':
        return judgeMassCancel(this.#state, command, context);
      default:
        return assertNever(command);
    }
  }

  /** Refuses a D for `fault`, whatever else is right or wrong with it; its ClOrdID counts as used. */
  refuseNew(command: RefusedOrder, fault: OrderFault, moment: Moment): Decision {
    this.#state.rollTo(moment.tradingDay);
    return refuseNew(this.#state, command, fault, moment);
  }

  /** Refuses an F or G with the true status of the order that it names. */
  refuseCancel(
    command: NamingRequest,
    msgType: 'F' | 'G',
    cxlRejReason: number,
    text: string,
    moment: Moment,
  ): Decision {
    this.#state.rollTo(moment.tradingDay);
    return refuseCancel(this.#state, command, msgType, { cxlRejReason, text }, moment);
  }

  /** Refuses a q (531=0) for MassCancelRejectReason (532), whatever else is right or wrong with it. */
  refuseMassCancel(
    command: Pick<OrderMassCancelRequest, 'clOrdId' | 'symbol' | 'side'>,
    massCancelRejectReason: number,
    text: string,
    moment: Moment,
  ): Decision {
    this.#state.rollTo(moment.tradingDay);
    return refuseMassCancel(this.#state, command, { massCancelRejectReason, text }, moment);
  }

  /** The report (r) of a mass cancel that was sent to books, when all have answered or had the time to. */
  massCanceled(
    command: OrderMassCancelRequest,
    outcome: MassCancelOutcome,
    moment: Moment,
  ): OrderMassCancelReport {
    return reportMassCancel(this.#state, command, outcome, moment);
  }

  /** After a rebuild: one that still waits for its books, which the rows do not know of. */
  massCancelUnderWay({ clOrdId }: OrderMassCancelRequest, tradingDay: string): void {
    const { clOrdIds, massCancels, lastSentNo } = this.#state;
    clOrdIds.send(clOrdId, NO_ORDER, tradingDay);
    massCancels.set(clOrdId, lastSentNo);
  }

  /** One that was sent to books has failed in the venue, and is refused next. */
  massCancelFailed({ clOrdId }: OrderMassCancelRequest): void {
    this.#state.clOrdIds.settle(clOrdId);
    this.#state.massCancels.delete(clOrdId);
  }

  /** A request that a book gave back is undone here and refused, or waits for the commit that explains it. */
  bounced(command: OrderCommand, bounce: Bounce, moment: Moment): Decision {
    const { clOrdIds } = this.#state;
    const { tradingDay } = moment;
    // After a rebuild it is not in flight: then there is nothing to undo, and its ClOrdID may be another's.
    const wasInFlight = clOrdIds.settle(command.clOrdId);
    if (command.type === 'NewOrderSingle') {
      if (wasInFlight) this.#undoNew(command.clOrdId, tradingDay);
      const ordRejReason =
        bounce.type === 'BookUnavailable' ? ORD_REJ_REASON.ExchangeClosed : ORD_REJ_REASON.Other;
      return this.refuseNew(command, { ordRejReason, text: bounceText(bounce) }, moment);
    }
    const msgType = command.type === 'OrderCancelRequest' ? 'F' : 'G';
    if (msgType === 'G' && wasInFlight) this.#undoReplace(command.clOrdId, tradingDay);
    const orderId = this.#state.orderIdNamed(command.origClOrdId, command.orderId, tradingDay);
    if (bounce.type === 'NoSuchOrder' && this.#state.orders.has(orderId)) {
      clOrdIds.resend(command.clOrdId, tradingDay);
      return { type: 'WaitForOrder', orderId };
    }
    if (wasInFlight) clOrdIds.rememberRefusedCancel(command.clOrdId, tradingDay);
    if (bounce.type === 'NoSuchOrder') return refuseGone(this.#state, command, msgType, orderId, moment);
    return this.refuseCancel(command, msgType, CXL_REJ_REASON.VenueOption, bounceText(bounce), moment);
  }

  /** Applies one commit. Returns the orders that it closed. */
  settle(settlement: Settlement): OrderId[] {
    const account = this.#state;
    for (const { asset, amount } of settlement.amounts) account.balances.add(asset, amount);
    const closed: OrderId[] = [];
    for (const state of settlement.orders) {
      const order = account.orders.get(state.orderId);
      assert(order !== undefined, `a commit changed order ${state.orderId}, which the account does not know`);
      account.update(order, state);
      const answeredReplace = order.pending.findIndex((replace) => replace.clOrdId === state.clOrdId);
      if (answeredReplace >= 0) order.pending = order.pending.slice(answeredReplace + 1);
      if (isOpen(state)) account.holdAgain(order);
      else {
        account.remove(order);
        account.rememberClosed(state);
        closed.push(state.orderId);
      }
    }
    for (const state of settlement.amendedOrders ?? []) account.amendClosed(state);
    for (const clOrdId of settlement.answered) account.clOrdIds.settle(clOrdId);
    account.balances.check();
    return closed;
  }

  /** Whether a transfer of this id has been booked not long ago: it is booked once. */
  hasTransferred(id: string): boolean {
    return this.#state.transferIds.has(id);
  }

  /** A deposit (positive) or withdrawal (negative), in units of 10^-18; returns why not, or the new amount. */
  transfer(asset: string, amount: bigint, id: string): bigint | string {
    const { balances, transferIds } = this.#state;
    if (amount < 0n && balances.available(asset) < -amount) return balances.shortfallText(asset, -amount);
    if (!balances.fits(asset, amount)) return 'the balance would exceed what the venue can hold';
    balances.add(asset, amount);
    transferIds.add(id);
    return balances.amount(asset);
  }

  /** Why a trade of these orders cannot be amended now; undefined when it can. */
  amendmentFault(orderIds: readonly OrderId[]): string | undefined {
    const replaced = orderIds.find((orderId) => this.#state.orders.get(orderId)?.pending.length);
    return replaced === undefined ? undefined : `order ${replaced} is being replaced: try again`;
  }

  /**
   * While a trade is amended: no order and no withdrawal may take these funds, and these orders cannot be replaced.
   * A second call takes the place of the first.
   */
  setAside(funds: readonly Hold[], orderIds: readonly OrderId[]): void {
    this.#state.balances.setAside(funds);
    this.#state.beingAmended = orderIds;
  }

  /** The day may have begun since the last request. */
  #orderIdOf(clOrdId: string, before: SentBefore): OrderId | undefined {
    this.#state.rollTo(before.tradingDay);
    return this.#state.clOrdIds.orderIdOfSentBefore(clOrdId, before);
  }

  #undoNew(clOrdId: string, tradingDay: string): void {
    const { clOrdIds, orders } = this.#state;
    const order = orders.get(clOrdIds.orderIdOf(clOrdId, tradingDay) ?? NO_ORDER);
    clOrdIds.disown(clOrdId, tradingDay);
    if (order !== undefined) this.#state.remove(order);
  }

  #undoReplace(clOrdId: string, tradingDay: string): void {
    const { clOrdIds, orders } = this.#state;
    const order = orders.get(clOrdIds.orderIdOf(clOrdId, tradingDay) ?? NO_ORDER);
    clOrdIds.disown(clOrdId, tradingDay);
    if (order === undefined) return;
    order.pending = order.pending.filter((replace) => replace.clOrdId !== clOrdId);
    this.#state.holdAgain(order);
  }
}
