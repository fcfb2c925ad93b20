/**
 * Puts a member's or operator's command before the pure account and writes into the outbox what came of it. It has
 * no state: what a command does is in the account, and what is told is in the outbox.
 */
import type { Account } from '../accounts/account.ts';
import type { Bounce, Decision, JudgeContext } from '../accounts/judgement.ts';
import { ORD_REJ_REASON } from '../accounts/order-checks.ts';
import { CXL_REJ_REASON, refusedMsgType } from '../accounts/refusals.ts';
import type { MemberCommand } from '../matching/order-commands.ts';
import type { Side } from '../matching/types.ts';
import { assertNever } from '../platform/assert.ts';
import type { Clock } from '../platform/clock.ts';
import { memberCommand, type Outbox, putForBook } from './account-work.ts';
import type { IdSource, MarketDirectory } from './ports.ts';
import type { CancelMemberOrders, RoutedCommand, TransferFunds, UnsupportedRequest } from './protocol.ts';

export interface JudgeOptions {
  readonly clock: Clock;
  readonly markets: MarketDirectory;
  readonly ids: Pick<IdSource, 'nextOrderId'>;
}

export class Judge {
  readonly #clock: Clock;
  readonly #markets: MarketDirectory;
  readonly #ids: Pick<IdSource, 'nextOrderId'>;

  constructor({ clock, markets, ids }: JudgeOptions) {
    this.#clock = clock;
    this.#markets = markets;
    this.#ids = ids;
  }

  /** A command that has just arrived, or that waited for another. */
  command(account: Account, routed: RoutedCommand, outbox: Outbox): void {
    const { command } = routed;
    switch (command.type) {
      case 'NewOrderSingle':
      case 'OrderCancelRequest':
      case 'OrderCancelReplaceRequest':
        carryOut(routed, account.judge(command, this.#contextOf(routed, command)), outbox);
        return;
      case 'UnsupportedRequest':
        carryOut(routed, this.#refuseUnsupported(account, command), outbox);
        return;
      case 'TransferFunds':
        this.#transfer(account, routed, command, outbox);
        return;
      case 'CancelMemberOrders':
        cancelAll(account, routed, command, outbox);
        return;
      default:
        assertNever(command);
    }
  }

  /** A request that a book gave back. */
  bounced(account: Account, routed: RoutedCommand, reason: Bounce, outbox: Outbox): void {
    carryOut(routed, account.bounced(memberCommand(routed), reason, this.#clock.now()), outbox);
  }

  /** Refuses what never left the account: nothing of it is to be undone, the account was loaded since. */
  refuse(account: Account, routed: RoutedCommand, text: string, outbox: Outbox): void {
    const { command } = routed;
    const at = this.#clock.now();
    switch (command.type) {
      case 'NewOrderSingle': {
        const fault = { ordRejReason: ORD_REJ_REASON.Other, text };
        carryOut(routed, account.refuseNew(command, fault, at), outbox);
        return;
      }
      case 'OrderCancelRequest':
      case 'OrderCancelReplaceRequest': {
        const msgType = command.type === 'OrderCancelRequest' ? 'F' : 'G';
        const reason = CXL_REJ_REASON.VenueOption;
        carryOut(routed, account.refuseCancel(command, msgType, reason, text, at), outbox);
        return;
      }
      case 'UnsupportedRequest': {
        const request = { ...command, reason: ORD_REJ_REASON.Other, text };
        carryOut(routed, this.#refuseUnsupported(account, request), outbox);
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

  #contextOf(routed: RoutedCommand, command: MemberCommand): JudgeContext {
    return {
      at: this.#clock.now(),
      market: this.#markets.find(command.symbol),
      referencePrice: routed.referencePrice,
      tradingDay: routed.tradingDay,
      nextOrderId: () => this.#ids.nextOrderId(),
    };
  }

  #refuseUnsupported(account: Account, request: UnsupportedRequest): Decision {
    const { clOrdId, origClOrdId, msgType, reason, text, symbol, orderQty } = request;
    const at = this.#clock.now();
    if (msgType === 'D') {
      const order = { clOrdId, symbol, orderQty, side: request.side as Side };
      return account.refuseNew(order, { ordRejReason: reason, text }, at);
    }
    return account.refuseCancel({ clOrdId, origClOrdId, orderId: undefined }, msgType, reason, text, at);
  }

  #transfer(account: Account, routed: RoutedCommand, command: TransferFunds, outbox: Outbox): void {
    const outcome = account.transfer(command.asset, command.amount);
    outbox.done.push(routed);
    if (typeof outcome === 'bigint') outbox.transfers.push({ transfer: command, at: this.#clock.now() });
    if (routed.replyTo === undefined) return;
    const reply =
      typeof outcome === 'bigint'
        ? ({ type: 'TransferBooked', balance: outcome, repeated: false } as const)
        : ({ type: 'TransferRefused', text: outcome } as const);
    outbox.replies.push({ to: routed.replyTo, reply });
  }
}

function carryOut(routed: RoutedCommand, decision: Decision, outbox: Outbox): void {
  switch (decision.type) {
    case 'ToBook':
      putForBook(outbox, decision.symbol, { command: decision.command, cause: routed });
      return;
    case 'Refuse': {
      const { report } = decision;
      outbox.refusals.push({ msgType: refusedMsgType(report), tradingDay: routed.tradingDay, report });
      outbox.done.push(routed);
      return;
    }
    case 'Answer':
      outbox.answers.push(decision.report);
      outbox.done.push(routed);
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
  { unsolicited }: CancelMemberOrders,
  outbox: Outbox,
): void {
  const orders = account.openOrders();
  for (const { orderId, symbol } of orders) {
    const command = { type: 'CancelOrder', orderId, clOrdId: undefined, unsolicited } as const;
    putForBook(outbox, symbol, { command, cause: undefined });
  }
  outbox.done.push(routed);
  if (routed.replyTo !== undefined) {
    const reply = { type: 'CancelsRequested', orderCount: orders.length } as const;
    outbox.replies.push({ to: routed.replyTo, reply });
  }
}
