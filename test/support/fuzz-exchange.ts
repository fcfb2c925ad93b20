/**
 * The exchange and the committed reports of the fuzzer's venue: it takes any order and answers in every way that
 * a session may be answered, at the time that the case wants. It knows what each member has to be told.
 */
import type { ExchangeMessage, SubmitCommands, Tell } from '../../src/actors/protocol.ts';
import type { ExecutionReport, OrderMassCancelReport, Report } from '../../src/matching/execution-report.ts';
import type { Side } from '../../src/matching/types.ts';
import { FixStore } from './fix-store.ts';
import type { Surroundings } from './fuzz-case.ts';
import { newReport } from './new-report.ts';
import { type Random, randomFrom } from './random.ts';

/** A member as the exchange knows it. */
interface Account {
  readonly random: Random;
  readonly refusalRate: number;
  /** Orders may be filled, and cancels refused. */
  readonly isEventful: boolean;
  isHolding: boolean;
  readonly waiting: SubmitCommands[];
  lastSourceSeq: number;
  readonly committed: Report[];
}

type Command = SubmitCommands['commands'][number]['command'];

export class FuzzExchange {
  /** How often a member's orders were cancelled on disconnect. */
  cancelCount = 0;
  readonly #tell: Tell;
  readonly #store: FixStore;
  readonly #now: () => number;
  readonly #accounts = new Map<number, Account>();

  constructor(tell: Tell, store: FixStore, now: () => number) {
    this.#tell = tell;
    this.#store = store;
    this.#now = now;
  }

  /** A member whose earlier reports go up to `lastSourceSeq`; without `habits` its orders are only accepted. */
  register(
    userId: number,
    lastSourceSeq: number,
    habits?: Pick<Surroundings, 'answers' | 'refusalRate'>,
  ): void {
    this.#accounts.set(userId, {
      random: randomFrom(userId),
      refusalRate: habits?.refusalRate ?? 0,
      isEventful: habits !== undefined,
      isHolding: habits !== undefined && habits.answers !== 'prompt',
      waiting: [],
      lastSourceSeq,
      committed: [],
    });
  }

  forget(userId: number): void {
    this.#accounts.delete(userId);
  }

  /** What was committed for the member since it was registered, in order. */
  committed(userId: number): readonly Report[] {
    return this.#accounts.get(userId)?.committed ?? [];
  }

  receive(message: ExchangeMessage): undefined {
    if (message.type === 'SubmitAccountCommand') {
      this.cancelCount += 1;
      this.#tell(message.replyTo, { type: 'CancelsRequested', orderCount: 1 });
      return;
    }
    if (message.type !== 'SubmitCommands') throw new Error(`sessions do not send ${message.type}`);
    const account = this.#accounts.get(message.userId);
    if (account === undefined) throw new Error(`orders of nobody: ${message.userId}`);
    if (account.isHolding) account.waiting.push(message);
    else this.#answer(account, message);
  }

  /** Answers what waits, and everything from now on. */
  release(userId: number): void {
    const account = this.#accounts.get(userId);
    if (account === undefined) return;
    account.isHolding = false;
    for (const message of account.waiting.splice(0)) this.#answer(account, message);
  }

  /** Commits reports that the member has not asked for. */
  sendUnsolicited(userId: number): void {
    const account = this.#accounts.get(userId);
    if (account === undefined) return;
    const reports = Array.from({ length: account.random.integer(1, 12) }, () =>
      this.#report(account, userId, { execType: '4', ordStatus: '4', execRestatementReason: 99 }),
    );
    this.#commit(account, userId, reports, []);
  }

  #answer(account: Account, { sessionId, userId, commands }: SubmitCommands): void {
    if (account.random.chance(account.refusalRate)) {
      const refusal = account.random.pick(['Overloaded', 'Draining', 'StoreUnavailable'] as const);
      const text = 'try again later';
      this.#tell({ type: 'session', sessionId }, { type: 'CommandsRefused', refusal, text, commands });
      return;
    }
    const reports = commands.flatMap(({ command }) => this.#reports(account, userId, command));
    this.#commit(
      account,
      userId,
      reports,
      commands.map(({ msgSeqNum }) => msgSeqNum),
    );
  }

  #commit(account: Account, userId: number, reports: readonly Report[], answered: readonly number[]): void {
    const store = this.#store;
    store.commitNo += 1;
    for (const report of reports) {
      if (report.sourceSeq === 0) continue;
      account.committed.push(report);
      store.member(userId).undelivered.push(report);
    }
    const sessionId = store.follower(userId);
    if (sessionId === undefined) return;
    const { commitNo } = store;
    this.#tell(
      { type: 'session', sessionId },
      { type: 'ReportsCommitted', writer: FixStore.writer, commitNo, reports, answered },
    );
  }

  #reports(account: Account, userId: number, command: Command): Report[] {
    switch (command.type) {
      case 'NewOrderSingle': {
        const { clOrdId, symbol, side, ordType, timeInForce, orderQty, price, mayBeRepeat } = command;
        const order = { clOrdId, symbol, side, ordType, timeInForce, orderQty, price };
        if (mayBeRepeat) return [this.#status(account, userId, order)];
        const accepted = this.#report(account, userId, order);
        if (!account.isEventful || !account.random.chance(0.3)) return [accepted];
        const fill = {
          tradeId: 7,
          lastQty: '1',
          lastPx: '100',
          lastLiquidityInd: 2,
          fee: '0.1',
          feeAsset: 'USD',
        } as const;
        return [accepted, this.#report(account, userId, { ...order, execType: 'F', ordStatus: '1', fill })];
      }
      case 'OrderCancelRequest': {
        const { clOrdId, origClOrdId, symbol, side } = command;
        if (account.random.chance(0.3)) return [this.#cancelReject(account, userId, clOrdId, origClOrdId, 1)];
        const cancel = { clOrdId, origClOrdId, symbol, side, execType: '4', ordStatus: '4' } as const;
        return [this.#report(account, userId, cancel)];
      }
      case 'OrderCancelReplaceRequest': {
        const { clOrdId, origClOrdId, symbol, side, ordType, orderQty, price } = command;
        if (account.random.chance(0.3)) return [this.#cancelReject(account, userId, clOrdId, origClOrdId, 2)];
        const order = { clOrdId, origClOrdId, symbol, side, ordType, orderQty, price };
        return [this.#report(account, userId, { ...order, execType: '5' })];
      }
      case 'OrderStatusRequest': {
        const { clOrdId = '', symbol, side, ordStatusReqId } = command;
        const asked = ordStatusReqId === undefined ? {} : { ordStatusReqId };
        return [this.#status(account, userId, { clOrdId, symbol, side, ...asked })];
      }
      case 'OrderMassStatusRequest': {
        const { massStatusReqId, symbol = 'BTC-USD' } = command;
        const totNumReports = account.random.integer(1, 3);
        return Array.from({ length: totNumReports }, (_, i) => {
          const massStatus = { massStatusReqId, totNumReports, isLast: i + 1 === totNumReports };
          return this.#status(account, userId, { symbol, massStatus });
        });
      }
      case 'OrderMassCancelRequest': {
        const { clOrdId, symbol, side } = command;
        const totalAffectedOrders = account.random.integer(0, 3);
        // The books commit first: it is the session that tells them behind the account's own report.
        const cancels = Array.from({ length: totalAffectedOrders }, () => {
          const canceled = { clOrdId, origClOrdId: 'c0', execType: '4', ordStatus: '4' } as const;
          return this.#report(account, userId, { ...canceled, source: 'BTC-USD' });
        });
        const named = { clOrdId, symbol, side, totalAffectedOrders };
        return [...cancels, this.#massCancelReport(account, userId, named)];
      }
      case 'UnsupportedRequest': {
        const { msgType, clOrdId, origClOrdId, symbol, orderQty, reason, text } = command;
        if (msgType === 'q') {
          const { massCancelRequestType = '1' } = command;
          const refused = { massCancelRejectReason: reason, massCancelRequestType, text } as const;
          return [this.#massCancelReport(account, userId, { clOrdId, ...refused })];
        }
        if (msgType !== 'D') {
          return [
            this.#cancelReject(account, userId, clOrdId, origClOrdId ?? clOrdId, msgType === 'F' ? 1 : 2),
          ];
        }
        const side = command.side as Side;
        const order = { clOrdId, symbol, side, orderQty, ordType: undefined, timeInForce: undefined, text };
        const refused = { execType: '8', ordStatus: '8', ordRejReason: reason, orderId: undefined } as const;
        return [this.#report(account, userId, { ...order, ...refused, price: undefined })];
      }
    }
  }

  #report(account: Account, userId: number, changes: Partial<ExecutionReport>): ExecutionReport {
    return newReport({ ...this.#origin(account, userId), ...changes });
  }

  /** A status answer has no row and no place in its source's order. */
  #status(account: Account, userId: number, changes: Partial<ExecutionReport>): ExecutionReport {
    return { ...this.#report(account, userId, changes), execType: 'I', sourceSeq: 0 };
  }

  #massCancelReport(
    account: Account,
    userId: number,
    changes: Partial<OrderMassCancelReport> & Pick<OrderMassCancelReport, 'clOrdId'>,
  ): OrderMassCancelReport {
    return {
      type: 'OrderMassCancelReport',
      ...this.#origin(account, userId),
      source: `user:${userId}`,
      symbol: undefined,
      side: undefined,
      massCancelRejectReason: undefined,
      totalAffectedOrders: 0,
      unanswered: [],
      text: undefined,
      ...changes,
    };
  }

  #cancelReject(
    account: Account,
    userId: number,
    clOrdId: string,
    origClOrdId: string | undefined,
    cxlRejResponseTo: 1 | 2,
  ): Report {
    const origin = this.#origin(account, userId);
    return {
      type: 'OrderCancelReject',
      ...origin,
      orderId: undefined,
      clOrdId,
      origClOrdId,
      ordStatus: '8',
      cxlRejResponseTo,
      cxlRejReason: 1,
      text: `refusal ${origin.source}-${origin.sourceSeq}`,
    };
  }

  /** Two sources a member: a book and its own account. */
  #origin(account: Account, userId: number) {
    account.lastSourceSeq += 1;
    const source = account.random.chance(0.8) ? 'BTC-USD' : `user:${userId}`;
    return { userId, source, sourceSeq: account.lastSourceSeq, at: this.#now() };
  }
}
