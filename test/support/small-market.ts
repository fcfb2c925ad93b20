/**
 * Accounts, books and commits without actors: members send, books match, commits tell. Each step is the test's own, so
 * that every race is a line of a script. What is refused or answered is told at once, in the order of its making.
 */
import { Account } from '../../src/accounts/account.ts';
import type { Bounce, Decision, JudgeContext } from '../../src/accounts/judgement.ts';
import type { MarketView } from '../../src/accounts/order-checks.ts';
import { reportsOf } from '../../src/accounts/reports.ts';
import { BalanceChanges, balanceChanges } from '../../src/accounts/settlement.ts';
import { NO_TERMS, type TradingTerms } from '../../src/accounts/trading-terms.ts';
import type { Report } from '../../src/matching/execution-report.ts';
import type { Instrument } from '../../src/matching/instrument.ts';
import { OrderBook } from '../../src/matching/order-book.ts';
import type {
  MemberCommand,
  OrderCommand,
  OrderMassCancelRequest,
} from '../../src/matching/order-commands.ts';
import type { BookCommand, BookEvent, OrderSnapshot, Ticks, UserId } from '../../src/matching/types.ts';
import { AT, BTC_USD, endOfTradingDay, TODAY, units } from './judging-desk.ts';
import { line } from './member-commands.ts';

interface Request {
  readonly command: BookCommand;
  readonly userId: UserId;
  readonly cause: OrderCommand | OrderMassCancelRequest | undefined;
}

/** What one member has, as text. */
export interface Funds {
  readonly balances: Record<string, string>;
  readonly terms?: Partial<TradingTerms>;
}

export class SmallMarket {
  readonly instrument: Instrument;
  readonly book: OrderBook;
  readonly accounts = new Map<UserId, Account>();
  /** Committed amounts and holds, as rows would have them: by user and asset. */
  readonly rows = new Map<string, { amount: bigint; held: bigint }>();
  status: MarketView['status'] = { type: 'Open' };
  at = AT;
  tradingDay = TODAY;
  #lastOrderId = 0;
  #lastTradeId = 0;
  /** What accounts have sent and the book has not seen. */
  #inbox: Request[] = [];
  /** What the book has done and no commit has told. */
  #events: BookEvent[] = [];
  #done: Request[] = [];
  #referencePrice: Ticks | undefined;
  readonly #observe: (events: readonly BookEvent[]) => void;
  readonly #waiting: {
    readonly userId: UserId;
    readonly retry: () => Decision;
    readonly cause: MemberCommand;
  }[] = [];
  readonly #told = new Map<UserId, Report[]>();

  constructor(
    members: Record<number, Funds>,
    options: {
      instrument?: Instrument;
      referencePrice?: Ticks;
      /** Shown the events of each commit. */
      observe?: (events: readonly BookEvent[]) => void;
    } = {},
  ) {
    this.#observe = options.observe ?? (() => {});
    this.instrument = options.instrument ?? BTC_USD;
    this.#referencePrice = options.referencePrice;
    this.book = new OrderBook({
      symbol: this.instrument.symbol,
      lastSeq: 0,
      nextTradeId: () => {
        this.#lastTradeId += 1;
        return this.#lastTradeId;
      },
    });
    for (const [id, funds] of Object.entries(members)) this.#open(Number(id), funds);
  }

  /** Lets the member's account judge requests, one after the other; nothing is matched. */
  send(userId: UserId, ...commands: readonly MemberCommand[]): void {
    for (const command of commands)
      this.#carryOut(userId, command, this.account(userId).judge(command, this.#context()));
  }

  /** Gives the book what was sent, and the accounts what it gives back; nothing is committed. */
  match(): void {
    const requests = this.#inbox;
    this.#inbox = [];
    const bounced: (readonly [Request, Bounce])[] = [];
    for (const request of requests) {
      const outcome = this.book.execute(request.command, this.at, this.#events);
      if (outcome === 'Unfinished') throw new Error('nothing is done in portions here');
      if (outcome === 'Done') this.#done.push(request);
      else bounced.push([request, { type: outcome }]);
    }
    for (const [request, bounce] of bounced) this.#giveBack(request, bounce);
  }

  /** Gives everything that was sent back to its accounts. */
  bounceAll(bounce: Bounce): void {
    const requests = this.#inbox;
    this.#inbox = [];
    for (const request of requests) this.#giveBack(request, bounce);
  }

  /** Commits what the book has done: reports go out, accounts settle, and what waited is judged again. */
  commit(): void {
    const events = this.#events;
    const done = this.#done;
    this.#events = [];
    this.#done = [];
    this.#tell(events.flatMap((event) => reportsOf(event, this.instrument)));
    const changes = new BalanceChanges();
    for (const event of events) changes.add(balanceChanges(event, this.instrument));
    for (const { userId, asset, amount, held } of changes.sorted()) {
      const row = this.row(userId, asset);
      this.rows.set(`${userId} ${asset}`, { amount: row.amount + amount, held: row.held + held });
    }
    const trade = events.findLast((event) => event.type === 'TradeExecuted');
    if (trade !== undefined) this.#referencePrice = trade.price;
    this.#observe(events);
    for (const [userId, account] of this.accounts) {
      const orders = [...finalStates(events, userId).values()];
      // A closed order changes by an amendment alone; nothing else is committed with one here.
      const isAmended = events.some((event) => event.type === 'TradeAmended');
      account.settle({
        orders: isAmended ? orders.filter(({ leavesQty }) => leavesQty > 0) : orders,
        amendedOrders: isAmended ? orders.filter(({ leavesQty }) => leavesQty === 0) : [],
        amounts: changes.sorted().filter((change) => change.userId === userId),
        answered: done.flatMap(({ userId: owner, cause }) =>
          owner === userId && cause !== undefined && cause.type !== 'OrderMassCancelRequest'
            ? [cause.clOrdId]
            : [],
        ),
      });
    }
    this.#reportMassCancels(done, events);
    for (const { userId, cause, retry } of this.#waiting.splice(0)) this.#carryOut(userId, cause, retry());
  }

  /** Matches and commits until nothing is in flight. */
  settle(): void {
    while (this.isBusy) {
      this.match();
      this.commit();
    }
  }

  get isBusy(): boolean {
    return this.#inbox.length + this.#events.length + this.#done.length + this.#waiting.length > 0;
  }

  /** What accounts have sent and no commit has answered, in the order of its sending. */
  get onTheirWay(): readonly BookCommand[] {
    return [...this.#done, ...this.#inbox].map(({ command }) => command);
  }

  /** What the venue itself tells the book. */
  operate(command: BookCommand): void {
    this.#inbox.push({ command, userId: 0, cause: undefined });
  }

  account(userId: UserId): Account {
    const account = this.accounts.get(userId);
    if (account === undefined) throw new Error(`no member ${userId}`);
    return account;
  }

  row(userId: UserId, asset: string): { readonly amount: bigint; readonly held: bigint } {
    return this.rows.get(`${userId} ${asset}`) ?? { amount: 0n, held: 0n };
  }

  /** What the member was told since it was asked last. */
  reports(userId: UserId): readonly Report[] {
    const reports = this.#told.get(userId) ?? [];
    this.#told.delete(userId);
    return reports;
  }

  /** {@link reports} as lines. */
  told(userId: UserId): string[] {
    return this.reports(userId).map(line);
  }

  #open(userId: UserId, { balances, terms }: Funds): void {
    const amounts = Object.entries(balances).map(([asset, text]) => ({ asset, amount: units(text) }));
    for (const { asset, amount } of amounts) this.rows.set(`${userId} ${asset}`, { amount, held: 0n });
    const rows = {
      userId,
      lastSeq: 0,
      balances: amounts,
      orders: [],
      closed: [],
      clOrdIds: [],
      transferIds: [],
      terms: { ...NO_TERMS, ...terms },
    };
    this.accounts.set(userId, new Account(rows, TODAY, () => this.instrument, 1_000));
  }

  #context(): JudgeContext {
    return {
      at: this.at,
      market: { instrument: this.instrument, status: this.status, ready: true },
      referencePrice: this.#referencePrice,
      tradingDay: this.tradingDay,
      endOfTradingDay,
      nextOrderId: () => {
        this.#lastOrderId += 1;
        return this.#lastOrderId;
      },
    };
  }

  #carryOut(userId: UserId, cause: MemberCommand, decision: Decision): void {
    switch (decision.type) {
      case 'ToBook':
        this.#inbox.push({ command: decision.command, userId, cause: cause as OrderCommand });
        return;
      case 'MassCancel':
        this.#inbox.push({ command: decision.command, userId, cause: cause as OrderMassCancelRequest });
        return;
      case 'Refuse':
      case 'AnswerMassCancel':
        this.#tell([decision.report]);
        return;
      case 'Answer':
        this.#tell(decision.reports);
        return;
      case 'WaitForRequest':
        this.#wait(userId, cause, () => this.account(userId).judge(cause, this.#context()));
        return;
      case 'WaitForOrder':
        this.#wait(userId, cause, () =>
          this.account(userId).bounced(cause as OrderCommand, { type: 'NoSuchOrder' }, this.#context()),
        );
        return;
    }
  }

  #wait(userId: UserId, cause: MemberCommand, retry: () => Decision): void {
    this.#waiting.push({ userId, cause, retry });
  }

  #giveBack({ userId, cause }: Request, bounce: Bounce): void {
    if (cause === undefined || cause.type === 'OrderMassCancelRequest') return;
    this.#carryOut(userId, cause, this.account(userId).bounced(cause, bounce, this.#context()));
  }

  #reportMassCancels(done: readonly Request[], events: readonly BookEvent[]): void {
    for (const { userId, cause } of done) {
      if (cause?.type !== 'OrderMassCancelRequest') continue;
      const totalAffectedOrders = events.filter(
        (event) =>
          event.type === 'OrderCanceled' &&
          event.order.userId === userId &&
          event.requestClOrdId === cause.clOrdId,
      ).length;
      const outcome = { totalAffectedOrders, unansweredSymbols: [] };
      this.#tell([this.account(userId).massCanceled(cause, outcome, this.#context())]);
    }
  }

  #tell(reports: readonly Report[]): void {
    for (const report of reports) {
      const told = this.#told.get(report.userId);
      if (told === undefined) this.#told.set(report.userId, [report]);
      else told.push(report);
    }
  }
}

/** The last state of each of the user's orders that events tell of. */
function finalStates(events: readonly BookEvent[], userId: UserId): Map<number, OrderSnapshot> {
  const states = new Map<number, OrderSnapshot>();
  for (const event of events) {
    const orders = 'order' in event ? [event.order] : [event.maker, event.taker];
    for (const order of orders) if (order.userId === userId) states.set(order.orderId, order);
  }
  return states;
}
