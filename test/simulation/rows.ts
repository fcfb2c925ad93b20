/**
 * The committed rows of a simulated venue, with the rules that its database has: commit numbers, epochs, keys that are
 * used once, 0 <= held <= amount. They survive every crash. Calls on them, with their troubles, are in database.ts.
 */
import { reportsOf } from '../../src/accounts/reports.ts';
import { NO_TERMS } from '../../src/accounts/trading-terms.ts';
import {
  type ClaimedBook,
  type CommitBatch,
  type CommitOutcome,
  type KnownClOrdId,
  type LoadedAccount,
  type LoadedOrders,
  NotOwnerError,
  type OpenedSession,
  type OpenSessionRequest,
  type RequestOutcome,
  type StoredMessages,
} from '../../src/actors/ports.ts';
import type { JournalSession, SentMessages, TradingStatus } from '../../src/actors/protocol.ts';
import type { Report } from '../../src/matching/execution-report.ts';
import type { Instrument } from '../../src/matching/instrument.ts';
import type { BookEvent, OrderId, OrderSnapshot, Ticks, UserId } from '../../src/matching/types.ts';
import type { Claims } from '../../src/persistence/claims.ts';

export interface BookRow {
  readonly owner: string;
  readonly epoch: number;
  readonly lastSeq: number;
  readonly lastPrice: Ticks | undefined;
}

export interface BalanceRow {
  readonly userId: UserId;
  readonly asset: string;
  readonly amount: bigint;
  readonly held: bigint;
}

type TransferRow = CommitBatch['transfers'][number];

/** The node's name in the rows, the same in all its lives. */
export const NODE_NAME = 'the node';
/** Orders of a book that are read at a time: few, so that books come in several portions. */
const PORTION = 2;
const NEW_BOOK: BookRow = { owner: '', epoch: 0, lastSeq: 0, lastPrice: undefined };

/** What a report is known by, for ever. */
export function reportKey({ source, sourceSeq }: Pick<Report, 'source' | 'sourceSeq'>): string {
  return `${source} ${sourceSeq}`;
}

export class Rows {
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly orders = new Map<OrderId, OrderSnapshot>();
  /** ClOrdID (11) of the D, by OrderID. */
  readonly entryClOrdIds = new Map<OrderId, string>();
  readonly events: BookEvent[] = [];
  readonly requests: RequestOutcome[] = [];
  readonly balances = new Map<string, BalanceRow>();
  readonly transfers = new Map<string, TransferRow>();
  readonly books = new Map<string, BookRow>();
  readonly statuses = new Map<string, TradingStatus>();
  readonly sessions = new Map<number, JournalSession>();
  readonly messages = new Map<number, SentMessages[]>();
  /** Every report that a member is owed, New ones of order rows included. */
  readonly reports = new Map<string, Report>();
  readonly reportsOf = new Map<UserId, Report[]>();
  readonly #delivered = new Map<string, number>();
  readonly #accountSeqs = new Map<UserId, number>();
  #lastCommitNo = 0;
  #lastId = 0;

  constructor(instruments: readonly Instrument[]) {
    this.instruments = new Map(instruments.map((one) => [one.symbol, one]));
  }

  get lastCommitNo(): number {
    return this.#lastCommitNo;
  }

  /** An id that no row has. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  balance(userId: UserId, asset: string): BalanceRow {
    return this.balances.get(`${userId} ${asset}`) ?? { userId, asset, amount: 0n, held: 0n };
  }

  book(symbol: string): BookRow {
    return this.books.get(symbol) ?? NEW_BOOK;
  }

  openOrders(): OrderSnapshot[] {
    return [...this.orders.values()].filter(isOpen);
  }

  /** Money from outside, before anything else happens. */
  fund(userId: UserId, asset: string, amount: bigint): void {
    const transfer = {
      type: 'TransferFunds',
      kind: 'deposit',
      asset,
      amount,
      idempotencyKey: `fund ${userId} ${asset}`,
      requestedBy: 'simulation',
      reason: undefined,
    } as const;
    this.transfers.set(transfer.idempotencyKey, { transfer, at: 0, userId });
    this.balances.set(`${userId} ${asset}`, { userId, asset, amount, held: 0n });
  }

  // ---- Commits --------------------------------------------------------------------------------------------

  /** Writes all of a batch or nothing. */
  write(batch: CommitBatch): CommitOutcome {
    if (batch.commitNo === this.#lastCommitNo) return { type: 'Committed' };
    if (batch.commitNo !== this.#lastCommitNo + 1) {
      return refused('XX000', `commit ${batch.commitNo} cannot follow commit ${this.#lastCommitNo}`);
    }
    const lost = batch.books.filter(({ symbol, epoch }) => this.book(symbol).epoch !== epoch);
    if (lost.length > 0)
      return { type: 'NotOwner', symbols: lost.map(({ symbol }) => symbol), shards: [], sessions: [] };
    const broken = this.#brokenRule(batch);
    if (broken !== undefined) return broken;
    this.#lastCommitNo = batch.commitNo;
    this.#apply(batch);
    return { type: 'Committed' };
  }

  /** Another node has become the owner of the book, and has done this. */
  writeElsewhere(symbol: string, batch: CommitBatch): void {
    this.books.set(symbol, { ...this.book(symbol), owner: 'elsewhere', epoch: this.book(symbol).epoch + 1 });
    this.#apply(batch);
  }

  #brokenRule(batch: CommitBatch): CommitOutcome | undefined {
    for (const change of batch.balances) {
      const { amount, held } = this.#changed(change);
      if (held < 0n || held > amount) return refused('23514', `held ${held} of ${amount} ${change.asset}`);
    }
    for (const { transfer } of batch.transfers) {
      if (this.transfers.has(transfer.idempotencyKey)) return refused('23505', 'a transfer twice');
    }
    for (const report of batch.reports) {
      if (this.reports.has(reportKey(report))) return refused('23505', `report ${reportKey(report)} twice`);
    }
    for (const event of batch.events) {
      if (event.type === 'OrderAccepted' && this.orders.has(event.order.orderId)) {
        return refused('23505', `order ${event.order.orderId} twice`);
      }
    }
    return undefined;
  }

  #apply(batch: CommitBatch): void {
    for (const event of batch.events) this.#applyEvent(event);
    for (const report of batch.reports) this.#owe(report);
    this.requests.push(...batch.requests);
    for (const row of batch.transfers) this.transfers.set(row.transfer.idempotencyKey, row);
    for (const { symbol, reason } of batch.halts) {
      this.statuses.set(symbol, { type: 'Halted', by: 'crash', reason });
    }
    for (const change of batch.balances) {
      this.balances.set(`${change.userId} ${change.asset}`, this.#changed(change));
    }
    for (const { symbol, lastSeq } of batch.books) {
      const lastPrice = batch.lastPrices.find((last) => last.symbol === symbol)?.price;
      const book = this.book(symbol);
      this.books.set(symbol, { ...book, lastSeq, lastPrice: lastPrice ?? book.lastPrice });
    }
    for (const { userId, lastSeq } of batch.accounts) this.#accountSeqs.set(userId, lastSeq);
    for (const session of batch.sessions) this.#applySession(session);
  }

  #applyEvent(event: BookEvent): void {
    this.events.push(event);
    if (event.type === 'OrderAccepted') {
      const { order } = event;
      this.entryClOrdIds.set(order.orderId, order.clOrdId);
      const instrument = this.instruments.get(order.symbol) as Instrument;
      for (const report of reportsOf(event, instrument)) this.#owe(report);
    }
    for (const order of ordersOf(event)) this.orders.set(order.orderId, order);
  }

  #owe(report: Report): void {
    this.reports.set(reportKey(report), report);
    const owed = this.reportsOf.get(report.userId);
    if (owed === undefined) this.reportsOf.set(report.userId, [report]);
    else owed.push(report);
  }

  #applySession(session: JournalSession): void {
    const { senderCompId, userId } = session;
    this.sessions.set(senderCompId, session);
    for (const { source, sourceSeq } of session.delivered) {
      const key = `${userId} ${source}`;
      this.#delivered.set(key, Math.max(this.#delivered.get(key) ?? 0, sourceSeq));
    }
    if (session.sent === undefined) return;
    const messages = this.messages.get(senderCompId);
    if (messages === undefined) this.messages.set(senderCompId, [session.sent]);
    else messages.push(session.sent);
  }

  #changed(change: BalanceRow): BalanceRow {
    const { userId, asset } = change;
    const { amount, held } = this.balance(userId, asset);
    return { userId, asset, amount: amount + change.amount, held: held + change.held };
  }

  // ---- Loads ----------------------------------------------------------------------------------------------

  /** @throws NotOwnerError when another node has taken one of them since `claims` had it. */
  claimBooks(symbols: readonly string[], owner: string, claims: Claims): ClaimedBook[] {
    const lost = symbols.filter((symbol) => !claims.begin(symbol, this.book(symbol)));
    if (lost.length > 0) throw new NotOwnerError(lost);
    return symbols.map((symbol) => {
      const { epoch, lastSeq, lastPrice } = this.book(symbol);
      this.books.set(symbol, { owner, epoch: epoch + 1, lastSeq, lastPrice });
      return { symbol, epoch: epoch + 1, lastSeq, lastPrice };
    });
  }

  loadOrders({ symbol, epoch }: ClaimedBook, after: number): LoadedOrders {
    if (this.book(symbol).epoch !== epoch) throw new NotOwnerError([symbol]);
    const open = this.openOrders()
      .filter((order) => order.symbol === symbol && order.priority > after)
      .sort((left, right) => left.priority - right.priority);
    return { orders: open.slice(0, PORTION), isLast: open.length < PORTION };
  }

  loadAccount(userId: UserId, tradingDay: string): LoadedAccount {
    const fromDay = this.#dayBefore(userId, tradingDay);
    const orders = [...this.orders.values()].filter(
      (order) => order.userId === userId && (isOpen(order) || order.tradingDay >= fromDay),
    );
    return {
      userId,
      commits: new Map([[NODE_NAME, this.#lastCommitNo]]),
      lastSeq: this.#accountSeqs.get(userId) ?? 0,
      balances: [...this.balances.values()].filter((balance) => balance.userId === userId),
      orders: orders.filter(isOpen),
      closed: orders.filter((order) => !isOpen(order)),
      clOrdIds: this.#clOrdIdsOf(userId, fromDay, orders),
      transferIds: [...this.transfers.values()].flatMap((row) =>
        row.userId === userId ? [row.transfer.idempotencyKey] : [],
      ),
      terms: NO_TERMS,
    };
  }

  loadOrder(userId: UserId, orderId: OrderId): OrderSnapshot | undefined {
    const order = this.orders.get(orderId);
    return order?.userId === userId ? order : undefined;
  }

  openSession({ senderCompId, userId, reserveCount }: OpenSessionRequest): OpenedSession {
    const row = this.sessions.get(senderCompId);
    const firstUnused = row?.clean === false ? row.reservedOutSeqNum + 1 : row?.nextOutSeqNum;
    const nextInSeqNum = row?.nextInSeqNum ?? 1;
    const nextOutSeqNum = firstUnused ?? 1;
    const reservedOutSeqNum = nextOutSeqNum + reserveCount;
    const opened = { nextInSeqNum, nextOutSeqNum, reservedOutSeqNum };
    const nothing = { sent: undefined, delivered: [], resetAfter: false, clean: false } as const;
    const session = { type: 'JournalSession', sessionId: '', senderCompId, userId } as const;
    this.sessions.set(senderCompId, { ...session, ...opened, ...nothing });
    const undelivered = (this.reportsOf.get(userId) ?? [])
      .filter(({ source, sourceSeq }) => sourceSeq > (this.#delivered.get(`${userId} ${source}`) ?? 0))
      .sort(bySourceAndSeq);
    return {
      ...opened,
      commits: new Map([[NODE_NAME, this.#lastCommitNo]]),
      undelivered,
      deliveryUncertain: row !== undefined && !row.clean,
      wasReset: false,
      isDisabled: false,
    };
  }

  loadMessages(senderCompId: number, beginSeqNum: number, endSeqNum: number): StoredMessages[] {
    const end = endSeqNum === 0 ? Number.POSITIVE_INFINITY : endSeqNum;
    return (this.messages.get(senderCompId) ?? []).filter(
      ({ firstSeqNum, lastSeqNum }) => lastSeqNum >= beginSeqNum && firstSeqNum <= end,
    );
  }

  /** The last day before on which the member has used a ClOrdID. */
  #dayBefore(userId: UserId, tradingDay: string): string {
    const days = this.daysOf(userId).filter((day) => day < tradingDay);
    return days.at(-1) ?? tradingDay;
  }

  /** Trading days on which the member has used a ClOrdID, in order. */
  daysOf(userId: UserId): string[] {
    const days = new Set<string>();
    for (const order of this.orders.values()) if (order.userId === userId) days.add(order.tradingDay);
    for (const request of this.requests) if (request.userId === userId) days.add(request.tradingDay);
    return [...days].sort();
  }

  /** As the queries of the database find them; where one id is borne by an order and a request, the order wins. */
  #clOrdIdsOf(userId: UserId, fromDay: string, orders: readonly OrderSnapshot[]): KnownClOrdId[] {
    const known = new Map<string, KnownClOrdId>();
    const openIds = new Set(orders.filter(isOpen).map(({ orderId }) => orderId));
    for (const request of this.requests) {
      const { clOrdId, orderId, accepted, msgType, tradingDay } = request;
      const key = `${tradingDay} ${clOrdId}`;
      const earlier = known.get(key);
      if (request.userId !== userId || earlier?.orderId !== undefined) continue;
      const namesOpenOrder = accepted && orderId !== undefined && openIds.has(orderId);
      if (tradingDay < fromDay && !namesOpenOrder) continue;
      const named = accepted && msgType === 'G' ? orderId : undefined;
      const isForgettable = msgType === 'q' || (msgType !== 'D' && !accepted);
      const mayBeForgotten = isForgettable && (earlier === undefined || earlier.mayBeForgotten === true);
      known.set(key, { clOrdId, orderId: named, tradingDay, ...(mayBeForgotten ? { mayBeForgotten } : {}) });
    }
    for (const { orderId, clOrdId: lastClOrdId, tradingDay } of orders) {
      const clOrdId = this.entryClOrdIds.get(orderId) ?? lastClOrdId;
      known.set(`${tradingDay} ${clOrdId}`, { clOrdId, orderId, tradingDay });
    }
    return [...known.values()];
  }
}

/** Orders that have a row after the event: one that the book rejected has none. */
export function ordersOf(event: BookEvent): readonly OrderSnapshot[] {
  if (event.type === 'OrderRejected') return [];
  if (event.type === 'TradeExecuted' || event.type === 'TradeAmended') return [event.maker, event.taker];
  return [event.order];
}

export function isOpen(order: OrderSnapshot): boolean {
  return order.ordStatus === '0' || order.ordStatus === '1';
}

function bySourceAndSeq(left: Report, right: Report): number {
  if (left.source !== right.source) return left.source < right.source ? -1 : 1;
  return left.sourceSeq - right.sourceSeq;
}

function refused(sqlState: string, reason: string): CommitOutcome {
  return { type: 'Refused', sqlState, reason };
}
