/**
 * Puts a member's or operator's command before the pure account and writes into the outbox what came of it. It has
 * no state: what a command does is in the account, and what is told is in the outbox.
 */
import type { Account } from '../accounts/account.ts';
import type { SentBefore } from '../accounts/cl-ord-ids.ts';
import type { Bounce, Decision, JudgeContext, Moment } from '../accounts/judgement.ts';
import { ORD_REJ_REASON } from '../accounts/order-checks.ts';
import { CXL_REJ_REASON, MASS_CANCEL_REJ_REASON, refusedMsgType } from '../accounts/refusals.ts';
import type {
  MemberCommand,
  OrderMassCancelRequest,
  OrderMassStatusRequest,
} from '../matching/order-commands.ts';
import type { Side } from '../matching/types.ts';
import { assert, assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import { type Outbox, orderCommand, putForBook } from './account-work.ts';
import type { MassCancelResult } from './mass-cancels.ts';
import { afterCancels } from './operator-cancels.ts';
import type { IdSource, MarketDirectory, TradingCalendar } from './ports.ts';
import type {
  CancelMemberOrders,
  Reply,
  RoutedCommand,
  TransferFunds,
  UnsupportedRequest,
} from './protocol.ts';
import type { StatusBudget } from './status-budget.ts';

export interface JudgeOptions {
  readonly clock: Clock;
  readonly markets: MarketDirectory;
  readonly ids: Pick<IdSource, 'nextOrderId'>;
  readonly calendar: Pick<TradingCalendar, 'endOf' | 'tradingDayAt'>;
  readonly statusBudget: StatusBudget;
}

/** By how much the clock of a gateway's node may be before that of an engine's, ms. */
const CLOCK_MARGIN_MS = 60_000;

export class Judge {
  readonly #clock: Clock;
  readonly #markets: MarketDirectory;
  readonly #ids: Pick<IdSource, 'nextOrderId'>;
  readonly #calendar: Pick<TradingCalendar, 'endOf' | 'tradingDayAt'>;
  readonly #statusBudget: StatusBudget;

  constructor({ clock, markets, ids, calendar, statusBudget }: JudgeOptions) {
    this.#clock = clock;
    this.#markets = markets;
    this.#ids = ids;
    this.#calendar = calendar;
    this.#statusBudget = statusBudget;
  }

  /** A command that has just arrived, that waited for another, or (`canceled`) a mass cancel that waited for its books. */
  command(account: Account, routed: RoutedCommand, outbox: Outbox, canceled?: MassCancelResult): void {
    const { command } = routed;
    const recall = this.#recallFor(account, routed);
    if (recall !== undefined) {
      carryOut(routed, recall, outbox);
      return;
    }
    if (routed.isSentAgain === true && canceled === undefined && this.#isAnswered(account, routed)) {
      // Its reports are rows, and come to the member from there.
      outbox.done.push(routed);
      return;
    }
    switch (command.type) {
      case 'NewOrderSingle':
      case 'OrderCancelRequest':
      case 'OrderCancelReplaceRequest':
      case 'OrderStatusRequest':
        carryOut(routed, account.judge(command, this.#contextOf(routed, command)), outbox);
        return;
      case 'OrderMassStatusRequest':
        this.#massStatus(account, routed, command, outbox);
        return;
      case 'OrderMassCancelRequest':
        this.#massCancel(account, routed, command, canceled, outbox);
        return;
      case 'UnsupportedRequest':
        carryOut(routed, this.#refuseUnsupported(account, command, this.#momentOf(routed)), outbox);
        return;
      case 'TransferFunds':
        this.#transfer(account, routed, command, outbox);
        return;
      case 'CancelMemberOrders':
        cancelAll(account, routed, command, canceled, outbox);
        return;
      default:
        assertNever(command);
    }
  }

  /**
   * A request that a book gave back. One that the account does not know to be on its way was asked before it was loaded:
   * that the book has no such order may mean that the order itself is asked for again.
   */
  bounced(account: Account, routed: RoutedCommand, reason: Bounce, outbox: Outbox): void {
    const command = orderCommand(routed);
    if (reason.type === 'NoSuchOrder' && !account.isOnItsWay(command.clOrdId)) {
      this.command(account, routed, outbox);
    } else carryOut(routed, account.bounced(command, reason, this.#momentOf(routed)), outbox);
  }

  /** Whether the account has answered any of these. */
  hasAnyAnswered(account: Account, commands: readonly RoutedCommand[]): boolean {
    return commands.some((routed) => this.#isAnswered(account, routed));
  }

  /** Refuses what never left the account: nothing of it is to be undone, the account was loaded since. */
  refuse(
    account: Account,
    routed: RoutedCommand,
    text: string,
    outbox: Outbox,
    canceled?: MassCancelResult,
  ): void {
    const { command } = routed;
    const moment = this.#momentOf(routed);
    switch (command.type) {
      case 'NewOrderSingle': {
        const fault = { ordRejReason: ORD_REJ_REASON.Other, text };
        carryOut(routed, account.refuseNew(command, fault, moment), outbox);
        return;
      }
      case 'OrderCancelRequest':
      case 'OrderCancelReplaceRequest': {
        const msgType = command.type === 'OrderCancelRequest' ? 'F' : 'G';
        const reason = CXL_REJ_REASON.VenueOption;
        carryOut(routed, account.refuseCancel(command, msgType, reason, text, moment), outbox);
        return;
      }
      case 'UnsupportedRequest': {
        const request = { ...command, reason: ORD_REJ_REASON.Other, text };
        carryOut(routed, this.#refuseUnsupported(account, request, moment), outbox);
        return;
      }
      case 'OrderStatusRequest':
      case 'OrderMassStatusRequest':
        // No report: it would have to say something of the order, and that could be wrong.
        outbox.turnedAway.push({ routed, refusal: 'StoreUnavailable', text });
        return;
      case 'OrderMassCancelRequest': {
        const whole = afterCancels(text, canceled?.canceledCount ?? 0);
        if (canceled !== undefined) account.massCancelFailed(command);
        const reason = MASS_CANCEL_REJ_REASON.Other;
        carryOut(routed, account.refuseMassCancel(command, reason, whole, moment), outbox);
        return;
      }
      case 'TransferFunds':
      case 'CancelMemberOrders':
        if (routed.replyTo !== undefined) {
          outbox.replies.push({ to: routed.replyTo, reply: { type: 'CommandRejected', text } });
        }
        outbox.done.push(routed);
        return;
      default:
        assertNever(command);
    }
  }

  /** Judged by how long its answer will be, before a report of it is made. */
  #massStatus(
    account: Account,
    routed: RoutedCommand,
    command: OrderMassStatusRequest,
    outbox: Outbox,
  ): void {
    const sessionId = routed.origin?.sessionId ?? '';
    const made = outbox.statusReports.get(sessionId) ?? 0;
    const text = this.#statusBudget.fault(sessionId, made, account.massStatusCount(command));
    if (text !== undefined) {
      outbox.turnedAway.push({ routed, refusal: 'Overloaded', text });
      return;
    }
    const answersBefore = outbox.answers.length;
    carryOut(routed, account.judge(command, this.#contextOf(routed, command)), outbox);
    outbox.statusReports.set(sessionId, made + outbox.answers.length - answersBefore);
  }

  #massCancel(
    account: Account,
    routed: RoutedCommand,
    command: OrderMassCancelRequest,
    canceled: MassCancelResult | undefined,
    outbox: Outbox,
  ): void {
    if (canceled === undefined) {
      const decision = account.judge(command, this.#contextOf(routed, command));
      carryOut(routed, routed.isSentAgain === true ? withoutCount(decision) : decision, outbox);
      return;
    }
    const report = account.massCanceled(command, canceled, this.#momentOf(routed));
    carryOut(routed, { type: 'AnswerMassCancel', report }, outbox);
  }

  /** Whether a request with its ClOrdID (11) has been answered. A question names the ClOrdID of an order, not its own. */
  #isAnswered(account: Account, routed: RoutedCommand): boolean {
    const { command } = routed;
    switch (command.type) {
      case 'NewOrderSingle': {
        const before = this.#sentBefore(routed);
        // One that names another order is a duplicate, which has not been told so yet.
        return account.hasAnswered(command.clOrdId, before) && !account.namesAnother(command, before);
      }
      case 'OrderCancelRequest':
      case 'OrderCancelReplaceRequest':
      case 'OrderMassCancelRequest':
      case 'UnsupportedRequest':
        return account.hasAnswered(command.clOrdId, this.#sentBefore(routed));
      case 'OrderStatusRequest':
      case 'OrderMassStatusRequest':
      case 'TransferFunds':
      case 'CancelMemberOrders':
        return false;
      default:
        return assertNever(command);
    }
  }

  /** An order that was sent again is a duplicate when its ClOrdID (11) names another: what that was may have to be read. */
  #recallFor(account: Account, routed: RoutedCommand): Decision | undefined {
    const { command, isSentAgain } = routed;
    if (isSentAgain !== true || command.type !== 'NewOrderSingle') return undefined;
    return account.recallOf(command.clOrdId, this.#sentBefore(routed));
  }

  /** A ClOrdID of the day before is its own only if it can have been carried out then: members may use them anew each day. */
  #sentBefore({ tradingDay, receivedAt }: RoutedCommand): SentBefore {
    const isOfDayBefore =
      receivedAt !== undefined && this.#calendar.tradingDayAt(receivedAt - CLOCK_MARGIN_MS) < tradingDay;
    return { tradingDay, isOfDayBefore };
  }

  #momentOf({ tradingDay }: RoutedCommand): Moment {
    return { at: this.#clock.now(), tradingDay };
  }

  #contextOf(routed: RoutedCommand, command: MemberCommand): JudgeContext {
    const { symbol } = command;
    return {
      at: this.#clock.now(),
      market: symbol === undefined ? undefined : this.#markets.find(symbol),
      referencePrice: routed.referencePrice,
      tradingDay: routed.tradingDay,
      endOfTradingDay: (tradingDay) => this.#calendar.endOf(tradingDay),
      nextOrderId: () => this.#ids.nextOrderId(),
    };
  }

  #refuseUnsupported(account: Account, request: UnsupportedRequest, moment: Moment): Decision {
    const { clOrdId, origClOrdId, msgType, reason, text, symbol, orderQty } = request;
    if (msgType === 'D') {
      const order = { clOrdId, symbol, orderQty, side: request.side as Side };
      return account.refuseNew(order, { ordRejReason: reason, text }, moment);
    }
    if (msgType === 'q') {
      const side = request.side === '' ? undefined : (request.side as Side);
      const named = { clOrdId, side, symbol: symbol === '' ? undefined : symbol };
      const decision = account.refuseMassCancel(named, reason, text, moment);
      const { massCancelRequestType } = request;
      if (decision.type !== 'AnswerMassCancel' || massCancelRequestType === undefined) return decision;
      return { ...decision, report: { ...decision.report, massCancelRequestType } };
    }
    return account.refuseCancel({ clOrdId, origClOrdId, orderId: undefined }, msgType, reason, text, moment);
  }

  #transfer(account: Account, routed: RoutedCommand, command: TransferFunds, outbox: Outbox): void {
    outbox.done.push(routed);
    if (account.hasTransferred(command.idempotencyKey)) {
      // Whoever asked finds it in the rows: this leaves after the commit of the first one, or with it.
      const reply = { type: 'CommandRejected', text: 'a transfer with this id was booked before' } as const;
      if (routed.replyTo !== undefined) outbox.replies.push({ to: routed.replyTo, reply });
      return;
    }
    const outcome = account.transfer(command.asset, command.amount, command.idempotencyKey);
    if (typeof outcome === 'bigint') outbox.transfers.push({ transfer: command, at: this.#clock.now() });
    if (routed.replyTo === undefined) return;
    const reply =
      typeof outcome === 'bigint'
        ? ({ type: 'TransferBooked', balance: outcome } as const)
        : ({ type: 'TransferRefused', text: outcome } as const);
    outbox.replies.push({ to: routed.replyTo, reply });
  }
}

const NOTHING_CANCELED = { canceledCount: 0, unansweredSymbols: [] };

/** Of a mass cancel that finds nothing: where it was asked before, it may have canceled all there was. */
function withoutCount(decision: Decision): Decision {
  if (decision.type !== 'AnswerMassCancel') return decision;
  const { report } = decision;
  if (report.massCancelRejectReason !== undefined) return decision;
  return { ...decision, report: { ...report, totalAffectedOrders: undefined } };
}

function carryOut(routed: RoutedCommand, decision: Decision, outbox: Outbox): void {
  switch (decision.type) {
    case 'ToBook':
      putForBook(outbox, decision.symbol, { command: decision.command, cause: routed });
      return;
    case 'Refuse': {
      const { report } = decision;
      const msgType = refusedMsgType(report);
      assert(msgType !== 'q', 'a mass cancel is answered by its own decision');
      outbox.refusals.push({ msgType, tradingDay: routed.tradingDay, report });
      outbox.done.push(routed);
      return;
    }
    case 'Answer':
      // One by one: as many arguments as a member may have open orders do not fit on the stack.
      for (const report of decision.reports) outbox.answers.push(report);
      outbox.done.push(routed);
      return;
    case 'MassCancel': {
      const { symbols, command } = decision;
      const gatheredBy = { userId: routed.userId, commandNo: routed.commandNo };
      for (const symbol of symbols) putForBook(outbox, symbol, { command, cause: undefined, gatheredBy });
      outbox.gather.push([routed, symbols]);
      return;
    }
    case 'AnswerMassCancel':
      outbox.massCancels.push({ tradingDay: routed.tradingDay, report: decision.report });
      outbox.done.push(routed);
      return;
    case 'TurnAway':
      outbox.turnedAway.push({ routed, refusal: 'Unanswerable', text: decision.text });
      return;
    case 'RecallOrder':
      outbox.recalls.push({ orderId: decision.orderId, routed, text: decision.text });
      return;
    case 'WaitForRequest':
      outbox.waitForRequest.push([decision.clOrdId, routed]);
      return;
    case 'WaitForOrder':
      outbox.waitForOrder.push([decision.orderId, routed]);
      return;
    default:
      assertNever(decision);
  }
}

function cancelAll(
  account: Account,
  routed: RoutedCommand,
  { side, unsolicited }: CancelMemberOrders,
  canceled: MassCancelResult | undefined,
  outbox: Outbox,
): void {
  const { userId, commandNo, replyTo } = routed;
  if (canceled === undefined) {
    const orders = account.openOrders().filter((order) => side === undefined || order.side === side);
    const symbols = [...new Set(orders.map(({ symbol }) => symbol))];
    const command = { type: 'MassCancelOrders', userId, side, clOrdId: undefined, unsolicited } as const;
    const gatheredBy = { userId, commandNo };
    for (const symbol of symbols) putForBook(outbox, symbol, { command, cause: undefined, gatheredBy });
    if (symbols.length > 0) {
      outbox.gather.push([routed, symbols]);
      return;
    }
  }
  outbox.done.push(routed);
  if (replyTo === undefined) return;
  const { canceledCount: orderCount, unansweredSymbols } = canceled ?? NOTHING_CANCELED;
  const text = afterCancels(`no answer yet from ${unansweredSymbols.join(', ')}`, orderCount);
  const reply: Reply =
    unansweredSymbols.length === 0
      ? { type: 'CancelsRequested', orderCount }
      : { type: 'CommandRejected', text };
  outbox.replies.push({ to: replyTo, reply });
}
