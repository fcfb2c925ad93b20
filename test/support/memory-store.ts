/**
 * The Store port in memory, with the rules of the database: commit numbers, epochs, balances that stay within
 * 0 <= held <= amount, keys that are used once. Rows are plain values, and there is a switch for each way to fail.
 */
import { NO_TERMS, type TradingTerms } from '../../src/accounts/trading-terms.ts';
import type {
  ClaimedBook,
  CommitBatch,
  CommitOutcome,
  KnownClOrdId,
  LoadedAccount,
  LoadedOrders,
  OpenedSession,
  OpenSessionRequest,
  PendingCancel,
  RequestOutcome,
  Store,
  StoredMessages,
  UndeliveredReports,
} from '../../src/actors/ports.ts';
import { StoreUnavailableError } from '../../src/actors/ports.ts';
import type { JournalSession, TradingStatus } from '../../src/actors/protocol.ts';
import type { Report } from '../../src/matching/execution-report.ts';
import type { BookEvent, OrderId, OrderSnapshot, Ticks, UserId } from '../../src/matching/types.ts';
import type { CommitNumbers } from '../../src/platform/commit-numbers.ts';
import { Gate } from './gate.ts';

export interface OrderRow {
  readonly order: OrderSnapshot;
  /** ClOrdID (11) of the D; replaces change the order's own. */
  readonly entryClOrdId: string;
}

export interface BalanceRow {
  readonly userId: UserId;
  readonly asset: string;
  readonly amount: bigint;
  readonly held: bigint;
}

interface BookRow {
  readonly epoch: number;
  readonly lastSeq: number;
  readonly lastPrice: Ticks | undefined;
}

const COMMITTED: CommitOutcome = { type: 'Committed' };
/** Orders of a book that are read at a time: few, so that books come in several portions. */
const PORTION = 2;

export class MemoryStore implements Store {
  readonly writer = 'memory';

  // ---- Rows ----
  readonly orders = new Map<OrderId, OrderRow>();
  readonly events: BookEvent[] = [];
  readonly reports: Report[] = [];
  readonly requests: RequestOutcome[] = [];
  readonly balances = new Map<string, BalanceRow>();
  readonly transfers: CommitBatch['transfers'][number][] = [];
  readonly sessions = new Map<number, JournalSession>();
  readonly halts: CommitBatch['halts'][number][] = [];
  /** What the last crash halt or the operator has made of a symbol; no entry: it is as its terms say. */
  readonly statuses = new Map<string, TradingStatus>();
  /** What each member's last session asked for about cancel on disconnect. */
  readonly cancels = new Map<number, PendingCancel>();
  /** What the operator has set for a member; no entry: nothing. */
  readonly terms = new Map<UserId, TradingTerms>();
  /** Every batch that was committed, in order. */
  readonly batches: CommitBatch[] = [];

  // ---- Switches ----
  readonly commitGate = new Gate();
  readonly loadGate = new Gate();
  /** Batches for which it is true are refused for good. */
  refuseWhen: (batch: CommitBatch) => boolean = () => false;
  /** While true the database does not answer. */
  isAway = false;
  /** Loads that fail for good: a symbol, or `user:` and an id. */
  readonly brokenLoads = new Set<string>();
  /** How many loads of each book were answered. */
  readonly bookLoads = new Map<string, number>();
  /** The outcome of each attempt to commit, in order. */
  readonly outcomes: CommitOutcome['type'][] = [];

  readonly #books = new Map<string, BookRow>();
  /** For each SenderCompID the schedule's reset with which its numbers began. */
  readonly #begunAt = new Map<number, number>();
  readonly #accountSeqs = new Map<UserId, number>();
  #commitNo = 0;
  #losesNextAnswer = false;
  #callsUnderWay = 0;
  #lastId = 0;

  get lastCommitNo(): number {
    return this.#commitNo;
  }

  get #commits(): CommitNumbers {
    return new Map([[this.writer, this.#commitNo]]);
  }

  /** Calls that will be answered without anybody's help. */
  get busyCount(): number {
    return this.#callsUnderWay - this.commitGate.waitingCount - this.loadGate.waitingCount;
  }

  /** An id that no row has, also after the venue was started anew on these rows. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** The next commit is written, but its answer is lost. */
  loseNextAnswer(): void {
    this.#losesNextAnswer = true;
  }

  /** Another node becomes the owner of the book. */
  takeOver(symbol: string): void {
    const book = this.#bookOf(symbol);
    this.#books.set(symbol, { ...book, epoch: book.epoch + 1 });
  }

  lastSeqOf(symbol: string): number {
    return this.#bookOf(symbol).lastSeq;
  }

  openOrders(): OrderSnapshot[] {
    return [...this.orders.values()].map((row) => row.order).filter(isOpen);
  }

  balance(userId: UserId, asset: string): BalanceRow {
    return this.balances.get(`${userId} ${asset}`) ?? { userId, asset, amount: 0n, held: 0n };
  }

  async commit(batch: CommitBatch): Promise<CommitOutcome> {
    const outcome = await this.#call(this.commitGate, () => this.#commit(batch));
    this.outcomes.push(outcome.type);
    return outcome;
  }

  claimBooks(symbols: readonly string[]): Promise<readonly ClaimedBook[]> {
    return this.#load('claims', () => symbols.map((symbol) => this.#claim(symbol)));
  }

  #claim(symbol: string): ClaimedBook {
    const { lastSeq, lastPrice, epoch: before } = this.#bookOf(symbol);
    const epoch = before + 1;
    this.#books.set(symbol, { epoch, lastSeq, lastPrice });
    this.bookLoads.set(symbol, (this.bookLoads.get(symbol) ?? 0) + 1);
    return { symbol, epoch, lastSeq, lastPrice };
  }

  /** Books as they are, for whoever has them by other rows. */
  readBooks(symbols: readonly string[]): Promise<readonly ClaimedBook[]> {
    return this.#load('claims', () => symbols.map((symbol) => ({ symbol, ...this.#bookOf(symbol) })));
  }

  loadOrders({ symbol, epoch }: ClaimedBook, after: number): Promise<LoadedOrders> {
    return this.#load(symbol, () => {
      if (this.#bookOf(symbol).epoch !== epoch) throw new StoreUnavailableError(`${symbol} is not ours`);
      const open = this.openOrders()
        .filter((order) => order.symbol === symbol && order.priority > after)
        .sort((left, right) => left.priority - right.priority);
      return { orders: open.slice(0, PORTION), isLast: open.length < PORTION };
    });
  }

  loadAccount(userId: UserId, tradingDay: string): Promise<LoadedAccount> {
    return this.#load(`user:${userId}`, () => {
      const fromDay = this.#dayBefore(userId, tradingDay);
      const rows = [...this.orders.values()].filter(
        ({ order }) => order.userId === userId && (isOpen(order) || order.tradingDay >= fromDay),
      );
      return {
        userId,
        commits: this.#commits,
        lastSeq: this.#accountSeqs.get(userId) ?? 0,
        balances: [...this.balances.values()].filter((balance) => balance.userId === userId),
        orders: rows.map((row) => row.order).filter(isOpen),
        closed: rows.map((row) => row.order).filter((order) => !isOpen(order)),
        clOrdIds: this.#clOrdIdsOf(userId, fromDay, rows),
        transferIds: this.transfers.flatMap((row) =>
          row.userId === userId ? [row.transfer.idempotencyKey] : [],
        ),
        terms: this.terms.get(userId) ?? NO_TERMS,
      };
    });
  }

  loadOrder(userId: UserId, orderId: OrderId): Promise<OrderSnapshot | undefined> {
    return this.#load(`order:${orderId}`, () => {
      const order = this.orders.get(orderId)?.order;
      return order?.userId === userId ? order : undefined;
    });
  }

  openSession(request: OpenSessionRequest): Promise<OpenedSession> {
    return this.#load(`session:${request.senderCompId}`, () => {
      const { senderCompId, userId, cancelAfterMs, resetIfBegunBefore } = request;
      const row = this.sessions.get(senderCompId);
      const isDue = row !== undefined && (this.#begunAt.get(senderCompId) ?? 0) < (resetIfBegunBefore ?? 0);
      const wasReset = request.reset || isDue;
      const session = wasReset || row?.resetAfter ? undefined : row;
      if (session === undefined) this.#begunAt.set(senderCompId, resetIfBegunBefore ?? 0);
      if (cancelAfterMs === undefined) this.cancels.delete(senderCompId);
      else if (cancelAfterMs !== 'unchanged') {
        this.cancels.set(senderCompId, { userId, senderCompId, cancelAfterMs });
      }
      const nextOutSeqNum = session?.nextOutSeqNum ?? 1;
      return {
        commits: this.#commits,
        nextInSeqNum: session?.nextInSeqNum ?? 1,
        nextOutSeqNum,
        reservedOutSeqNum: nextOutSeqNum + request.reserveCount,
        undelivered: [],
        deliveryUncertain: row !== undefined && !row.clean,
        wasReset,
        isDisabled: false,
      };
    });
  }

  pendingCancels(): Promise<readonly PendingCancel[]> {
    return this.#load('cancels', () => [...this.cancels.values()]);
  }

  async loadUndelivered(): Promise<UndeliveredReports> {
    return { commits: this.#commits, reports: [] };
  }

  async resetSession(): Promise<void> {}

  async succeeded(): Promise<ReadonlySet<number>> {
    return new Set();
  }

  async loadMessages(): Promise<readonly StoredMessages[]> {
    return [];
  }

  #commit(batch: CommitBatch): CommitOutcome {
    if (this.isAway) return { type: 'Unavailable', reason: 'the test took the database away' };
    const outcome = this.#write(batch);
    if (outcome.type !== 'Committed' || !this.#losesNextAnswer) return outcome;
    this.#losesNextAnswer = false;
    return { type: 'Unavailable', reason: 'the test lost the answer' };
  }

  #write(batch: CommitBatch): CommitOutcome {
    if (batch.commitNo === this.#commitNo) return COMMITTED;
    if (batch.commitNo !== this.#commitNo + 1) {
      return refused('XX000', `commit ${batch.commitNo} cannot follow commit ${this.#commitNo}`);
    }
    const symbols = batch.books
      .filter(({ symbol, epoch }) => this.#bookOf(symbol).epoch !== epoch)
      .map(({ symbol }) => symbol);
    if (symbols.length > 0) return { type: 'NotOwner', symbols, shards: [], sessions: [] };
    if (this.refuseWhen(batch)) return refused('22021', 'the test refused it');
    const broken = this.#brokenRule(batch);
    if (broken !== undefined) return broken;
    this.#apply(batch);
    return COMMITTED;
  }

  #brokenRule(batch: CommitBatch): CommitOutcome | undefined {
    for (const change of batch.balances) {
      const { amount, held } = this.#changed(change);
      if (held < 0n || held > amount) return refused('23514', 'balances_held_check');
    }
    const keys = new Set(this.transfers.map(({ transfer }) => transfer.idempotencyKey));
    for (const { transfer } of batch.transfers) {
      if (keys.has(transfer.idempotencyKey)) return refused('23505', 'transfers_idempotency_key_unique');
      keys.add(transfer.idempotencyKey);
    }
    const reportKeys = new Set(this.reports.map(reportKey));
    for (const report of batch.reports) {
      if (reportKeys.has(reportKey(report))) return refused('23505', 'reports_pkey');
      reportKeys.add(reportKey(report));
    }
    const known = new Set(this.orders.keys());
    for (const event of batch.events) {
      if (event.type !== 'OrderAccepted') {
        const orders = ordersOf(event);
        if (orders.some(({ orderId }) => !known.has(orderId))) return refused('XX000', 'no such order');
      } else if (known.has(event.order.orderId)) {
        return refused('23505', 'orders_pkey');
      } else {
        known.add(event.order.orderId);
      }
    }
    return undefined;
  }

  #apply(batch: CommitBatch): void {
    this.#commitNo = batch.commitNo;
    this.batches.push(batch);
    for (const event of batch.events) this.#applyEvent(event);
    this.reports.push(...batch.reports);
    this.requests.push(...batch.requests);
    this.transfers.push(...batch.transfers);
    this.halts.push(...batch.halts);
    for (const { symbol, reason } of batch.halts) {
      this.statuses.set(symbol, { type: 'Halted', by: 'crash', reason });
    }
    for (const change of batch.balances) {
      this.balances.set(`${change.userId} ${change.asset}`, this.#changed(change));
    }
    for (const { symbol, lastSeq } of batch.books) {
      const lastPrice = batch.lastPrices.find((last) => last.symbol === symbol)?.price;
      const book = this.#bookOf(symbol);
      this.#books.set(symbol, { ...book, lastSeq, lastPrice: lastPrice ?? book.lastPrice });
    }
    for (const { userId, lastSeq } of batch.accounts) this.#accountSeqs.set(userId, lastSeq);
    for (const session of batch.sessions) this.sessions.set(session.senderCompId, session);
  }

  #applyEvent(event: BookEvent): void {
    this.events.push(event);
    for (const order of ordersOf(event)) {
      const entryClOrdId = this.orders.get(order.orderId)?.entryClOrdId ?? order.clOrdId;
      this.orders.set(order.orderId, { order, entryClOrdId });
    }
  }

  #changed(change: BalanceRow): BalanceRow {
    const { userId, asset } = change;
    const { amount, held } = this.balance(userId, asset);
    return { userId, asset, amount: amount + change.amount, held: held + change.held };
  }

  /** The last day before on which the member has used a ClOrdID. */
  #dayBefore(userId: UserId, tradingDay: string): string {
    const days = [...[...this.orders.values()].map(({ order }) => order), ...this.requests]
      .filter((used) => used.userId === userId && used.tradingDay < tradingDay)
      .map((used) => used.tradingDay);
    return days.sort().at(-1) ?? tradingDay;
  }

  /** As the queries of the database find them; where one id is borne by an order and a request, the order wins. */
  #clOrdIdsOf(userId: UserId, fromDay: string, rows: readonly OrderRow[]): KnownClOrdId[] {
    const known = new Map<string, KnownClOrdId>();
    const openIds = new Set(rows.filter(({ order }) => isOpen(order)).map(({ order }) => order.orderId));
    for (const request of this.requests) {
      const { clOrdId, orderId, tradingDay } = request;
      const key = `${tradingDay} ${clOrdId}`;
      const earlier = known.get(key);
      if (request.userId !== userId || earlier?.orderId !== undefined) continue;
      const namesOpenOrder = request.accepted && orderId !== undefined && openIds.has(orderId);
      if (tradingDay < fromDay && !namesOpenOrder) continue;
      // Only an accepted replace names its order from then on.
      const named = request.accepted && request.msgType === 'G' ? orderId : undefined;
      const isForgettable = request.msgType === 'q' || (request.msgType !== 'D' && !request.accepted);
      const mayBeForgotten = isForgettable && (earlier === undefined || earlier.mayBeForgotten === true);
      known.set(key, { clOrdId, orderId: named, tradingDay, ...(mayBeForgotten ? { mayBeForgotten } : {}) });
    }
    for (const { order, entryClOrdId } of rows) {
      const { orderId, tradingDay } = order;
      known.set(`${tradingDay} ${entryClOrdId}`, { clOrdId: entryClOrdId, orderId, tradingDay });
    }
    return [...known.values()];
  }

  #bookOf(symbol: string): BookRow {
    return this.#books.get(symbol) ?? { epoch: 0, lastSeq: 0, lastPrice: undefined };
  }

  #load<Loaded>(key: string, read: () => Loaded): Promise<Loaded> {
    return this.#call(this.loadGate, () => {
      if (this.isAway) throw new StoreUnavailableError('the test took the database away');
      if (this.brokenLoads.has(key)) throw new Error(`the rows of ${key} make no sense`);
      return read();
    });
  }

  /** Answers some turns later, as a database would, and not while the gate is closed. */
  async #call<Answer>(gate: Gate, answer: () => Answer): Promise<Answer> {
    this.#callsUnderWay += 1;
    try {
      await gate.pass();
      await new Promise<void>((resolve) => setImmediate(resolve));
      return answer();
    } finally {
      this.#callsUnderWay -= 1;
    }
  }
}

/** Orders that have a row after the event: one that the book rejected has none. */
function ordersOf(event: BookEvent): readonly OrderSnapshot[] {
  if (event.type === 'OrderRejected') return [];
  if (event.type === 'TradeExecuted' || event.type === 'TradeAmended') return [event.maker, event.taker];
  return [event.order];
}

function isOpen(order: OrderSnapshot): boolean {
  return order.ordStatus === '0' || order.ordStatus === '1';
}

function reportKey(report: Report): string {
  return `${report.source} ${report.sourceSeq}`;
}

function refused(sqlState: string, reason: string): CommitOutcome {
  return { type: 'Refused', sqlState, reason };
}
