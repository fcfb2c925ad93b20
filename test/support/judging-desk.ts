/** An account that judges requests in a market that is open, and short ways to say what it decided. */
import { Account, type AccountRows } from '../../src/accounts/account.ts';
import type { Decision, JudgeContext } from '../../src/accounts/judgement.ts';
import { NO_TERMS, type TradingTerms } from '../../src/accounts/trading-terms.ts';
import type { ExecutionReport, OrderMassCancelReport, Report } from '../../src/matching/execution-report.ts';
import type { MemberCommand, NewOrderSingle } from '../../src/matching/order-commands.ts';
import {
  type EnterOrder,
  lots,
  type OrderSnapshot,
  type ReplaceOrder,
  ticks,
} from '../../src/matching/types.ts';
import { assertNever } from '../../src/platform/assert.ts';
import { formatAmount, parseAmount } from '../../src/platform/decimal.ts';
import { makeInstrument } from './instruments.ts';
import { buyOrder, line } from './member-commands.ts';

export const AT = 1_700_000_000_000;
export const TODAY = '2024-05-06';
export const TOMORROW = '2024-05-07';
/** {@link AT}, and of that day. */
export const NOW = { at: AT, tradingDay: TODAY } as const;
/** From 0.0010 to 100 BTC, with a price band of 10%. */
export const BTC_USD = makeInstrument({
  minQuantityLots: 10,
  maxQuantityLots: 1_000_000,
  priceBandBps: 1_000,
});
/** Without fees and without a band. */
export const FREE = makeInstrument({ symbol: 'FREE-USD', makerBps: 0, takerBps: 0 });
export const OPEN = { type: 'Open' } as const;

/** Units of 10^-18. */
export function units(text: string): bigint {
  const amount = parseAmount(text);
  if (typeof amount === 'string') throw new Error(`${text} is ${amount}`);
  return amount;
}

/** {@link TODAY} ends an hour after {@link AT}, the days after it 24 hours later each. */
export function endOfTradingDay(tradingDay: string): number {
  return AT + 3_600_000 + (Date.parse(tradingDay) - Date.parse(TODAY));
}

/** Member's terms in which only what is named is bounded. */
export function termsWith(changes: Partial<TradingTerms>): TradingTerms {
  return { ...NO_TERMS, ...changes };
}

/** User 1 on {@link TODAY}; two closed orders are remembered, and three refused cancels. */
export function accountWith(
  balances: Record<string, string>,
  rows: Partial<AccountRows> = {},
  maxWaitingStopsPerMember?: number,
): Account {
  return new Account(
    {
      userId: 1,
      lastSeq: 0,
      balances: Object.entries(balances).map(([asset, text]) => ({ asset, amount: units(text) })),
      orders: [],
      closed: [],
      clOrdIds: [],
      transferIds: [],
      terms: NO_TERMS,
      ...rows,
    },
    TODAY,
    (symbol) => (symbol === 'BTC-USD' ? BTC_USD : FREE),
    2,
    3,
    maxWaitingStopsPerMember,
  );
}

/** An account with 1,000 USD and 5 BTC. */
export class JudgingDesk {
  account = accountWith({ USD: '1000', BTC: '5' });
  #lastOrderId = 0;

  /** BTC-USD is open with a last price of 100.00. */
  context(changes: Partial<JudgeContext> = {}): JudgeContext {
    return {
      at: AT,
      market: { instrument: BTC_USD, status: OPEN, ready: true },
      referencePrice: ticks(10_000),
      tradingDay: TODAY,
      endOfTradingDay,
      nextOrderId: () => {
        this.#lastOrderId += 1;
        return this.#lastOrderId;
      },
      ...changes,
    };
  }

  judge(command: MemberCommand, changes: Partial<JudgeContext> = {}): Decision {
    return this.account.judge(command, this.context(changes));
  }

  available(asset: string): string {
    return formatAmount(this.account.balances.available(asset));
  }

  /** Judges a good order and commits its acceptance, with `changes`. */
  accept(command: Parameters<typeof buyOrder>, changes: Partial<OrderSnapshot> = {}): OrderSnapshot {
    return this.acceptOrder(buyOrder(...command), changes);
  }

  /** {@link accept} for an order of any kind. */
  acceptOrder(
    command: NewOrderSingle,
    changes: Partial<OrderSnapshot> = {},
    context: Partial<JudgeContext> = {},
  ): OrderSnapshot {
    const order = snapshot(entered(this.judge(command, context)), { symbol: command.symbol, ...changes });
    this.commit(order);
    return order;
  }

  /** Commits a state of an order, which answers the request whose ClOrdID it bears, and those that are named. */
  commit(order: OrderSnapshot, ...answered: readonly string[]): void {
    this.account.settle({ orders: [order], amounts: [], answered: [order.clOrdId, ...answered] });
  }
}

/** What a decision says, in one line. */
export function said(decision: Decision): string {
  switch (decision.type) {
    case 'ToBook':
      return `to ${decision.symbol}: ${decision.command.type}`;
    case 'Refuse':
    case 'AnswerMassCancel':
      return line(decision.report);
    case 'Answer':
      return decision.reports.map(line).join(' | ');
    case 'MassCancel':
      return `to ${decision.symbols.join(', ')}: ${decision.command.type}`;
    case 'TurnAway':
      return `turned away: ${decision.text}`;
    case 'RecallOrder':
      return `recall order ${decision.orderId}`;
    case 'WaitForRequest':
      return `wait for ${decision.clOrdId}`;
    case 'WaitForOrder':
      return `wait for order ${decision.orderId}`;
    default:
      return assertNever(decision);
  }
}

export function refusalOf(decision: Decision): Report {
  if (decision.type !== 'Refuse') throw new Error(`expected a refusal, not ${said(decision)}`);
  return decision.report;
}

/** The reports of an answer without rows. */
export function answersOf(decision: Decision): readonly ExecutionReport[] {
  if (decision.type !== 'Answer') throw new Error(`expected an answer, not ${said(decision)}`);
  return decision.reports;
}

export function massCancelOf(decision: Decision): OrderMassCancelReport {
  if (decision.type !== 'AnswerMassCancel') throw new Error(`expected an r, not ${said(decision)}`);
  return decision.report;
}

export function replaced(decision: Decision): ReplaceOrder {
  if (decision.type !== 'ToBook' || decision.command.type !== 'ReplaceOrder') {
    throw new Error(`expected a replace for the book, not ${said(decision)}`);
  }
  return decision.command;
}

export function entered(decision: Decision): EnterOrder {
  if (decision.type !== 'ToBook' || decision.command.type !== 'EnterOrder') {
    throw new Error(`expected an order for the book, not ${said(decision)}`);
  }
  return decision.command;
}

/** The order as its book reports it. */
export function snapshot(enter: EnterOrder, changes: Partial<OrderSnapshot> = {}): OrderSnapshot {
  const { type: _, ...terms } = enter;
  const quantity = changes.quantity ?? enter.quantity;
  const cumQty = changes.cumQty ?? lots(0);
  return {
    ...terms,
    symbol: 'BTC-USD',
    cumQty,
    leavesQty: lots(quantity - cumQty),
    cumNotional: BigInt(enter.price) * BigInt(cumQty),
    ordStatus: cumQty === 0 ? '0' : '1',
    priority: 1,
    acceptedSeq: 1,
    enteredAt: AT,
    ...changes,
  };
}
