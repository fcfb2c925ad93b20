/**
 * From journal entries to one commit: what it writes, and what is told to whom once it is in. Pure, so that what
 * members hear and what rows say come from the same place.
 */
import { reportsOf } from '../accounts/reports.ts';
import { BalanceChanges, balanceChanges } from '../accounts/settlement.ts';
import type { Report } from '../matching/execution-report.ts';
import type { Instrument } from '../matching/instrument.ts';
import type { BookEvent, OrderId, OrderRejected, OrderSnapshot, Ticks, UserId } from '../matching/types.ts';
import { assert, assertNever } from '../platform/assert.ts';
import { addFrom } from './book-answers.ts';
import type { CommitBatch, RequestOutcome } from './ports.ts';
import type {
  AnsweredMassCancel,
  BookRequest,
  BookRequestsAnswered,
  JournalAccount,
  JournalBook,
  JournalHalt,
  JournalSession,
  RoutedCommand,
  Settle,
  ShardEpoch,
  WaitingReply,
} from './protocol.ts';

export type JournalEntry = JournalBook | JournalAccount | JournalSession | JournalHalt;

/** What leaves the venue after the commit, and not before. */
export interface CommitOutputs {
  readonly reportsByUser: ReadonlyMap<UserId, readonly Report[]>;
  /** MsgSeqNums (34) answered, per session. */
  readonly answeredBySession: ReadonlyMap<string, readonly number[]>;
  readonly settlements: ReadonlyMap<UserId, Omit<Settle, 'type' | 'writer' | 'commitNo'>>;
  readonly lastPrices: readonly { readonly symbol: string; readonly price: Ticks }[];
  readonly replies: readonly WaitingReply[];
  readonly sessions: readonly JournalSession[];
  /** Under which epochs books and, in a cluster, accounts have reported. */
  readonly books: CommitBatch['books'];
  readonly accountShards: ReadonlyMap<UserId, ShardEpoch>;
  /** The numbers of member and operator commands that are thereby answered. */
  readonly completed: readonly number[];
}

export interface PreparedCommit {
  readonly batch: CommitBatch;
  /** False when only answers without rows are in it: nothing needs to be written. */
  readonly hasRows: boolean;
  readonly outputs: CommitOutputs;
}

/** Orders of a settlement while it is gathered: the last state of each. */
interface Gathered {
  readonly orders: Map<OrderId, OrderSnapshot>;
  /** Closed orders of which a trade was amended. */
  readonly amended: Map<OrderId, OrderSnapshot>;
  readonly amounts: Map<string, bigint>;
  readonly answered: string[];
}

/** Prepares one commit of `entries`, in their order. Throws when an entry makes no sense: a bug of ours. */
export function prepareCommit(
  commitNo: number,
  entries: readonly JournalEntry[],
  instrumentOf: (symbol: string) => Instrument | undefined,
  at: number,
): PreparedCommit {
  const events: BookEvent[] = [];
  const reportRows: Report[] = [];
  const requests: RequestOutcome[] = [];
  const transfers: CommitBatch['transfers'][number][] = [];
  const halts: CommitBatch['halts'][number][] = [];
  const books = new Map<string, CommitBatch['books'][number]>();
  const accounts = new Map<UserId, CommitBatch['accounts'][number]>();
  const shards = new Map<string, ShardEpoch>();
  const sessions = new Map<string, JournalSession>();
  const accountShards = new Map<UserId, ShardEpoch>();
  const lastPrices = new Map<string, CommitBatch['lastPrices'][number]>();
  const changes = new BalanceChanges();
  const reportsByUser = new Map<UserId, Report[]>();
  const answeredBySession = new Map<string, number[]>();
  const gathered = new Map<UserId, Gathered>();
  const replies: WaitingReply[] = [];
  const completed: number[] = [];

  /** A shard under two epochs is two: then the commit is refused, whichever of them is over. */
  function requireShard(shard: ShardEpoch | undefined): void {
    if (shard !== undefined) shards.set(`${shard.shard} ${shard.epoch}`, shard);
  }

  function report(one: Report): void {
    multiPush(reportsByUser, one.userId, one);
  }

  function settlementOf(userId: UserId): Gathered {
    let settlement = gathered.get(userId);
    if (settlement === undefined) {
      settlement = { orders: new Map(), amended: new Map(), amounts: new Map(), answered: [] };
      gathered.set(userId, settlement);
    }
    return settlement;
  }

  /** What another node has under way is counted there. */
  function complete(routed: RoutedCommand, isElsewhere = false): void {
    if (!isElsewhere) completed.push(routed.commandNo);
    if (routed.origin !== undefined) {
      multiPush(answeredBySession, routed.origin.sessionId, routed.origin.msgSeqNum);
    }
  }

  function addEvent(event: BookEvent, instrument: Instrument): void {
    events.push(event);
    for (const one of reportsOf(event, instrument)) {
      report(one);
      // The order's own row stands for its New report.
      if (one.execType !== '0') reportRows.push(one);
    }
    const moved = balanceChanges(event, instrument);
    changes.add(moved);
    for (const change of moved) {
      if (change.amount === 0n) continue;
      const { amounts } = settlementOf(change.userId);
      amounts.set(change.asset, (amounts.get(change.asset) ?? 0n) + change.amount);
    }
    if (event.type === 'OrderRejected') requests.push(rejectedOrder(event));
    if (event.type === 'TradeExecuted') {
      for (const order of [event.maker, event.taker])
        settlementOf(order.userId).orders.set(order.orderId, order);
      lastPrices.set(event.symbol, { symbol: event.symbol, price: event.price, at: event.at });
    } else if (event.type === 'TradeAmended') {
      for (const order of [event.maker, event.taker]) {
        const { orders, amended } = settlementOf(order.userId);
        (order.leavesQty > 0 ? orders : amended).set(order.orderId, order);
      }
    } else {
      settlementOf(event.order.userId).orders.set(event.order.orderId, event.order);
    }
  }

  function addBook(entry: JournalBook): void {
    const instrument = instrumentOf(entry.symbol);
    assert(instrument !== undefined, `a journal of ${entry.symbol}, which is no instrument`);
    if (entry.events.length > 0) {
      books.set(entry.symbol, { symbol: entry.symbol, epoch: entry.epoch, lastSeq: entry.lastSeq });
    }
    for (const event of entry.events) addEvent(event, instrument);
    const byNode = new Map<string, number[]>();
    for (const request of entry.done) {
      addFrom(byNode, request);
      const { cause } = request;
      // Of an amendment of a trade that was carried out.
      if (entry.events.length > 0) for (const shard of request.shards ?? []) requireShard(shard);
      if (cause === undefined) continue;
      complete(cause, request.from !== undefined);
      if (createsHold(cause)) requireShard(cause.shard);
      const outcome = acceptedRequest(request, cause, at);
      if (outcome !== undefined) requests.push(outcome);
      const { command } = cause;
      if ('clOrdId' in command && command.clOrdId !== undefined) {
        settlementOf(cause.userId).answered.push(command.clOrdId);
      }
    }
    for (const reply of entry.replies) replies.push(reply);
    for (const [node, committed] of byNode) {
      const reply = { type: 'BookRequestsAnswered', committed, bounced: [], returned: [] } as const;
      replies.push({ to: { type: 'book', symbol: entry.symbol, node }, reply });
    }
    for (const reply of bounces(entry)) replies.push(reply);
  }

  function addAccount(entry: JournalAccount): void {
    for (const one of numberedReports(entry)) {
      report(one);
      reportRows.push(one);
    }
    for (const refusal of entry.refusals) {
      requests.push({
        userId: entry.userId,
        clOrdId: refusal.report.clOrdId,
        tradingDay: refusal.tradingDay,
        msgType: refusal.msgType,
        orderId: 'orderId' in refusal.report ? refusal.report.orderId : undefined,
        accepted: false,
        at: refusal.report.at,
      });
    }
    for (const answered of entry.massCancels) requests.push(massCancelRequest(answered));
    if (entry.refusals.length + entry.massCancels.length > 0) {
      accounts.set(entry.userId, { userId: entry.userId, lastSeq: entry.lastSeq });
      requireShard(entry.shard);
    }
    if (entry.transfers.length > 0) requireShard(entry.shard);
    for (const answer of entry.answers) report(answer);
    for (const booked of entry.transfers) {
      transfers.push({ ...booked, userId: entry.userId });
      const { asset, amount } = booked.transfer;
      changes.add([{ userId: entry.userId, asset, amount, held: 0n }]);
    }
    for (const routed of entry.done) complete(routed);
    for (const reply of entry.replies) replies.push(reply);
  }

  for (const entry of entries) {
    switch (entry.type) {
      case 'JournalBook':
        addBook(entry);
        break;
      case 'JournalAccount':
        if (entry.shard !== undefined) accountShards.set(entry.userId, entry.shard);
        addAccount(entry);
        break;
      case 'JournalSession':
        sessions.set(entry.sessionId, mergeSessions(sessions.get(entry.sessionId), entry));
        break;
      case 'JournalHalt':
        halts.push({ symbol: entry.symbol, reason: entry.reason });
        break;
      default:
        assertNever(entry);
    }
  }

  const batch: CommitBatch = {
    commitNo,
    books: [...books.values()].sort((left, right) => (left.symbol < right.symbol ? -1 : 1)),
    ...(shards.size === 0 ? {} : { shards: [...shards.values()].sort(byShard) }),
    events,
    reports: reportRows,
    requests,
    balances: changes.sorted(),
    transfers,
    accounts: [...accounts.values()],
    sessions: [...sessions.values()],
    halts,
    lastPrices: [...lastPrices.values()],
  };
  const settlements = new Map<UserId, Omit<Settle, 'type' | 'writer' | 'commitNo'>>();
  for (const [userId, { orders, amended, amounts, answered }] of gathered) {
    const amountList = [...amounts].map(([asset, amount]) => ({ asset, amount }));
    const amendedOrders = amended.size === 0 ? {} : { amendedOrders: [...amended.values()] };
    settlements.set(userId, {
      orders: [...orders.values()],
      amounts: amountList,
      answered,
      ...amendedOrders,
    });
  }
  return {
    batch,
    hasRows: hasRows(batch),
    outputs: {
      reportsByUser,
      answeredBySession,
      settlements,
      lastPrices: batch.lastPrices,
      replies,
      sessions: batch.sessions,
      books: batch.books,
      accountShards,
      completed,
    },
  };
}

/** What proxies of other nodes are told of requests with which the book could do nothing. */
function bounces({ symbol, bounced = [] }: JournalBook): readonly WaitingReply[] {
  const byNode = new Map<string, BookRequestsAnswered['bounced'][number][]>();
  for (const { request, reason } of bounced) {
    if (request.from === undefined) continue;
    multiPush(byNode, request.from.node, { requestNo: request.from.requestNo, reason });
  }
  return Array.from(byNode, ([node, ofNode]) => ({
    to: { type: 'book', symbol, node },
    reply: { type: 'BookRequestsAnswered', committed: [], bounced: ofNode, returned: [] },
  }));
}

/** A new order, or a replace: cancels only free what is held. */
function createsHold({ command }: RoutedCommand): boolean {
  return command.type === 'NewOrderSingle' || command.type === 'OrderCancelReplaceRequest';
}

function byShard(left: ShardEpoch, right: ShardEpoch): number {
  return left.shard - right.shard || left.epoch - right.epoch;
}

function hasRows(batch: CommitBatch): boolean {
  return (
    batch.events.length +
      batch.reports.length +
      batch.requests.length +
      batch.transfers.length +
      batch.sessions.length +
      batch.halts.length >
    0
  );
}

/** The `requests` row of an accepted F or G; an accepted D is its order's row. */
function acceptedRequest(request: BookRequest, cause: RoutedCommand, at: number): RequestOutcome | undefined {
  const { command } = request;
  const isCancel = cause.command.type === 'OrderCancelRequest';
  if (!isCancel && cause.command.type !== 'OrderCancelReplaceRequest') return undefined;
  if (command.type !== 'CancelOrder' && command.type !== 'ReplaceOrder') return undefined;
  return {
    userId: cause.userId,
    clOrdId: cause.command.clOrdId,
    tradingDay: cause.tradingDay,
    msgType: isCancel ? 'F' : 'G',
    orderId: command.orderId,
    accepted: true,
    at,
  };
}

/** The `requests` row of a D that only its book could refuse: its ClOrdID (11) stays used. */
function rejectedOrder({ order, at }: OrderRejected): RequestOutcome {
  const { userId, clOrdId, tradingDay, orderId } = order;
  return { userId, clOrdId, tradingDay, msgType: 'D', orderId, accepted: false, at };
}

/** What an account reports itself, in the order of its numbers: members are told each source in order. */
function numberedReports({ refusals, massCancels }: JournalAccount): readonly Report[] {
  const reports = [...refusals, ...massCancels].map(({ report }) => report);
  return massCancels.length === 0 ? reports : reports.sort((a, b) => a.sourceSeq - b.sourceSeq);
}

function massCancelRequest({ report, tradingDay }: AnsweredMassCancel): RequestOutcome {
  const { userId, clOrdId, at } = report;
  const accepted = report.massCancelRejectReason === undefined;
  return { userId, clOrdId, tradingDay, msgType: 'q', orderId: undefined, accepted, at };
}

/** Two journal entries of one session in one commit are one row. */
function mergeSessions(earlier: JournalSession | undefined, later: JournalSession): JournalSession {
  if (earlier === undefined) return later;
  const delivered = new Map(earlier.delivered.map((one) => [one.source, one.sourceSeq]));
  for (const { source, sourceSeq } of later.delivered) delivered.set(source, sourceSeq);
  return {
    ...later,
    resetAfter: earlier.resetAfter || later.resetAfter,
    sent: mergeSent(earlier.sent, later.sent),
    delivered: [...delivered].map(([source, sourceSeq]) => ({ source, sourceSeq })),
  };
}

function mergeSent(earlier: JournalSession['sent'], later: JournalSession['sent']): JournalSession['sent'] {
  if (earlier === undefined) return later;
  if (later === undefined) return earlier;
  return {
    firstSeqNum: earlier.firstSeqNum,
    lastSeqNum: later.lastSeqNum,
    frames: Buffer.concat([earlier.frames, later.frames]),
  };
}

function multiPush<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
