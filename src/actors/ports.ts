/**
 * What the actors need from outside, as interfaces: storage, identity, ids and the trading calendar. The real
 * ones live in src/persistence, src/fix and src/platform and are handed in by src/node.ts; tests and the
 * simulation hand in others.
 */
import type { StandingTrade } from '../accounts/amendments.ts';
import type { ClosedOrder } from '../accounts/closed-orders.ts';
import type { BalanceChange } from '../accounts/settlement.ts';
import type { TradingTerms } from '../accounts/trading-terms.ts';
import type { Peer } from '../fix/connection.ts';
import type { MemberSettings } from '../fix/member-settings.ts';
import type { Report } from '../matching/execution-report.ts';
import type { Instrument } from '../matching/instrument.ts';
import type { BookEvent, OrderId, OrderSnapshot, Ticks, TradeId, UserId } from '../matching/types.ts';
import type { CommitNumbers } from '../platform/commit-numbers.ts';
import type { BookedTransfer, JournalSession, ShardEpoch, TradingStatus } from './protocol.ts';

// ---- Storage ----------------------------------------------------------------------------------------------

/** One row of `requests`: an F, a G, a q, or a refused D. */
export interface RequestOutcome {
  readonly userId: UserId;
  readonly clOrdId: string;
  readonly tradingDay: string;
  readonly msgType: 'D' | 'F' | 'G' | 'q';
  readonly orderId: OrderId | undefined;
  readonly accepted: boolean;
  readonly at: number;
}

/** Everything that one transaction writes. */
export interface CommitBatch {
  /** Moves `commits.last_no` from commitNo − 1: a batch that is already in is recognised by it. */
  readonly commitNo: number;
  /** Books that wrote, in symbol order, each with the epoch under which it is owned. */
  readonly books: readonly { readonly symbol: string; readonly epoch: number; readonly lastSeq: number }[];
  /**
   * In a cluster, the shards of the accounts whose holds the batch creates or whose own rows it writes, each with the
   * epoch under which its owner has let that happen. Undefined: nobody else has accounts.
   */
  readonly shards?: readonly ShardEpoch[];
  /** Book events in journal order. An order of this batch is written once, in its final state. */
  readonly events: readonly BookEvent[];
  /** Reports that are rows: all but New (an `orders` row stands for it) and status answers. */
  readonly reports: readonly Report[];
  readonly requests: readonly RequestOutcome[];
  /** Summed per (user, asset), in key order. */
  readonly balances: readonly BalanceChange[];
  readonly transfers: readonly (BookedTransfer & { readonly userId: UserId })[];
  /** Last sourceSeq of each account that reported. */
  readonly accounts: readonly { readonly userId: UserId; readonly lastSeq: number }[];
  readonly sessions: readonly JournalSession[];
  /** Crash halts. */
  readonly halts: readonly { readonly symbol: string; readonly reason: string }[];
  readonly lastPrices: readonly { readonly symbol: string; readonly price: Ticks; readonly at: number }[];
}

export type CommitOutcome =
  | { readonly type: 'Committed' }
  /** Others own these, or newer epochs of this node do; or a later life of it writes. Nothing was written. */
  | ({ readonly type: 'NotOwner'; readonly isLifeOver?: boolean } & LostItems)
  /** Passing: the same batch may be tried again under the same number. */
  | { readonly type: 'Unavailable'; readonly reason: string }
  /** Lasting: the rows themselves are at fault. Nothing was written. */
  | { readonly type: 'Refused'; readonly sqlState: string; readonly reason: string };

/** What a commit wrote and this node does not own, or not under that epoch. */
export interface LostItems {
  readonly symbols: readonly string[];
  readonly shards: readonly number[];
  /** SenderCompIDs (49) of FIX sessions. */
  readonly sessions: readonly number[];
}

/** A book that is ours from now on: a commit under an older epoch has finished, or is refused. */
export interface ClaimedBook {
  readonly symbol: string;
  readonly epoch: number;
  readonly lastSeq: number;
  readonly lastPrice: Ticks | undefined;
}

/** A book with its open orders, or the first of them, in ascending priority. */
export interface LoadedBook extends ClaimedBook {
  readonly orders: readonly OrderSnapshot[];
}

/** A portion of a book's open orders, in ascending priority. */
export interface LoadedOrders {
  readonly orders: readonly OrderSnapshot[];
  /** No order has a higher priority. */
  readonly isLast: boolean;
}

/** A ClOrdID that the user has used on the trading day or the day before, or that an open order or its replaces bear. */
export interface KnownClOrdId {
  readonly clOrdId: string;
  /** Undefined for a refused D and for requests about unknown orders. */
  readonly orderId: OrderId | undefined;
  /** The trading day (`YYYY-MM-DD`) of the request. */
  readonly tradingDay: string;
  /** Of a refused F or G, or of a q: an account remembers a bounded number of them. */
  readonly mayBeForgotten?: boolean;
}

export interface LoadedAccount {
  readonly userId: UserId;
  /** The commits that are contained. */
  readonly commits: CommitNumbers;
  /** Last sourceSeq of the account's own reports. */
  readonly lastSeq: number;
  readonly balances: readonly { readonly asset: string; readonly amount: bigint }[];
  /** Open orders. */
  readonly orders: readonly OrderSnapshot[];
  /** Those of the trading day and of the day before: what they were, {@link Store.loadOrder} tells. */
  readonly closed: readonly ClosedOrder[];
  readonly clOrdIds: readonly KnownClOrdId[];
  /** Ids of the last transfers, oldest first. */
  readonly transferIds: readonly string[];
  readonly terms: TradingTerms;
}

export interface StoredMessages {
  readonly firstSeqNum: number;
  readonly lastSeqNum: number;
  /** Complete frames back to back, in order of MsgSeqNum; numbers may be missing (session messages). */
  readonly frames: Uint8Array;
}

export interface OpenedSession {
  /** The commits whose reports are contained in `undelivered`. */
  readonly commits: CommitNumbers;
  /** In a cluster, the epoch under which this gateway has the session: it goes into all that is journaled of it. */
  readonly epoch?: number | undefined;
  readonly nextInSeqNum: number;
  readonly nextOutSeqNum: number;
  readonly reservedOutSeqNum: number;
  /** Reports beyond `fix_delivered`, in order per source. */
  readonly undelivered: readonly Report[];
  /** True when the last session did not end in order: `undelivered` may have been sent (97=Y). */
  readonly deliveryUncertain: boolean;
  /** Both sides went back to 1 with this opening. */
  readonly wasReset: boolean;
  /** The member was disabled while its password was being judged. */
  readonly isDisabled: boolean;
}

/** What a member has been told of by nobody, as rows have it. */
export interface UndeliveredReports {
  /** The commits that are contained. */
  readonly commits: CommitNumbers;
  /** Beyond `fix_delivered`, in order per source. */
  readonly reports: readonly Report[];
}

/** A node of a cluster in one of its lives. */
export interface NodeLife {
  readonly name: string;
  readonly incarnation: number;
}

export interface OpenSessionRequest {
  readonly senderCompId: number;
  readonly userId: UserId;
  /** Both sides go back to 1 and the stored messages are cut. */
  readonly reset: boolean;
  /** The same if the numbers began before this instant: the last reset of the member's schedule. */
  readonly resetIfBegunBefore: number | undefined;
  /**
   * Kept as a row: the member's orders are canceled so many ms after this session, or this process, has ended;
   * undefined: they stay. `unchanged` leaves the row of the last session as it is, and so does a Logon whose numbers
   * do not fit.
   */
  readonly cancelAfterMs: number | 'unchanged' | undefined;
  /** MsgSeqNum (34) and NextExpectedMsgSeqNum (789) of the Logon: one that does not fit is refused. */
  readonly logonSeqNum: number;
  readonly nextExpectedSeqNum: number | undefined;
  /** How many outbound numbers to reserve beyond the next one. */
  readonly reserveCount: number;
  /**
   * Takes the session from this gateway, which has said that nobody is connected there; with an epoch only while that is
   * the session's, so that one which has begun there since is left alone.
   */
  readonly takeOverFrom?: (NodeLife & { readonly epoch?: number }) | undefined;
}

/** A passing failure of the store: the call may be repeated. Any other error of a load is lasting. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** Another node has taken books of this one, which must stop. */
export class NotOwnerError extends Error {
  override readonly name = 'NotOwnerError';
  readonly symbols: readonly string[];

  constructor(symbols: readonly string[]) {
    super(`another node owns ${symbols.join(', ')}`);
    this.symbols = symbols;
  }
}

/** Another gateway has the session, and is alive: nothing was opened. */
export class SessionElsewhereError extends Error {
  override readonly name = 'SessionElsewhereError';
  readonly owner: NodeLife;
  /** Of the session there. */
  readonly epoch: number;

  constructor(owner: NodeLife, epoch: number) {
    super(`the session is at ${owner.name}`);
    this.owner = owner;
    this.epoch = epoch;
  }
}

/** What may be read of a book before it comes to this node. It only shortens the load. */
export interface BookPreparation {
  /**
   * Reads its open orders, of which the next load takes what is still true, and answers with the book as it stood in the
   * end. Undefined: it is too large, or there is none, and nothing is kept of it.
   */
  prepareBook(symbol: string): Promise<LoadedBook | undefined>;
  /** It does not come after all. */
  forgetPreparedBook(symbol: string): void;
}

export interface Store {
  /** Names the commits of this node. */
  readonly writer: string;
  /** Other nodes commit to the same rows. */
  readonly hasOtherWriters?: boolean;
  /** Number of the last commit of this node, from which commitNo counts on. */
  readonly lastCommitNo: number;
  /** Never throws; when the outcome of a COMMIT was unknown, a repeat with the same number finds it out. */
  commit(batch: CommitBatch): Promise<CommitOutcome>;
  /**
   * Takes the next epoch of each symbol, in one commit; symbols without an instrument are missing in the answer. Fails
   * with NotOwnerError when another node has taken one of them since this one took it first. In a cluster nothing is
   * taken here: those that this life of the node owns are answered with their epochs, the others are missing.
   */
  claimBooks(symbols: readonly string[]): Promise<readonly ClaimedBook[]>;
  /**
   * Open orders of a claimed book with a priority above `after` (0: from the first), so many that they can be taken in
   * at once. Those of all portions are one state. Fails with NotOwnerError when the book is no longer ours.
   */
  loadOrders(book: ClaimedBook, after: number): Promise<LoadedOrders>;
  /** In a cluster, where books move. */
  readonly preparation?: BookPreparation | undefined;
  /** The day before is the last before `tradingDay` on which the member has used a ClOrdID. */
  loadAccount(userId: UserId, tradingDay: string): Promise<LoadedAccount>;
  /** An order of the user as last committed; undefined when rows have none. */
  loadOrder(userId: UserId, orderId: OrderId): Promise<OrderSnapshot | undefined>;
  /** In a cluster the session is from then on this gateway's; fails with SessionElsewhereError while another has it. */
  openSession(request: OpenSessionRequest): Promise<OpenedSession>;
  loadMessages(
    senderCompId: number,
    beginSeqNum: number,
    endSeqNum: number,
  ): Promise<readonly StoredMessages[]>;
  /** For a session that is open here, and of whose reports some may be in the rows alone. */
  loadUndelivered(senderCompId: number, userId: UserId): Promise<UndeliveredReports>;
  /**
   * In a cluster: both sides of a member without a session go back to 1, and what was sent is cut. Fails with
   * SessionElsewhereError while another gateway has it.
   */
  resetSession(senderCompId: number): Promise<void>;
  /**
   * Members whose last session asked for cancel on disconnect and is at no gateway that lives: for a gateway whose
   * predecessor may have died. Where `recentOnly`, without those whose session ended in order, and so long ago that its
   * gateway has seen to it.
   */
  pendingCancels(recentOnly?: boolean): Promise<readonly PendingCancel[]>;
  /** In a cluster: those of the sessions after which the same members have logged on again, anywhere; by SenderCompID. */
  succeeded(sessions: readonly SessionEpoch[]): Promise<ReadonlySet<number>>;
}

/** A session of a cluster, under the epoch at which a gateway had it. */
export interface SessionEpoch {
  readonly senderCompId: number;
  readonly epoch: number;
}

/** The open orders of a member are to be canceled so many ms after the end of its session. */
export interface PendingCancel {
  readonly userId: UserId;
  readonly senderCompId: number;
  readonly cancelAfterMs: number;
  /** In a cluster, that of the member's last session. */
  readonly epoch?: number;
}

// ---- Identity ---------------------------------------------------------------------------------------------

export type LoginVerdict =
  | { readonly type: 'Accepted'; readonly userId: UserId; readonly settings: MemberSettings }
  /** Authenticated, but may not trade: answered with Logout and text. */
  | { readonly type: 'Disabled'; readonly userId: UserId; readonly text: string }
  /** Wrong password, unknown user: the connection is closed without a word. */
  | { readonly type: 'Refused'; readonly reason: string }
  /** The database did not answer. */
  | { readonly type: 'Unavailable'; readonly reason: string };

export interface Authenticator {
  /** Never throws. Takes as long for an unknown member as for a wrong password. */
  judge(login: {
    readonly senderCompId: number;
    readonly username: string;
    readonly password: string;
    readonly peer: Peer;
  }): Promise<LoginVerdict>;
}

// ---- Ids, calendar, markets -------------------------------------------------------------------------------

/** Ids from blocks that are reserved in the database; unique for ever, without order. */
export interface IdSource {
  nextOrderId(): OrderId;
  nextTradeId(): TradeId;
}

export interface TradingCalendar {
  /** The trading day `YYYY-MM-DD` that the instant falls in. */
  tradingDayAt(at: number): string;
  /** The next instant at which the trading day changes, ms since the epoch. */
  nextRollAfter(at: number): number;
  /** When the trading day `YYYY-MM-DD` ends, ms since the epoch. */
  endOf(tradingDay: string): number;
}

/** A symbol as accounts and sessions see it. Written by the exchange only. */
export interface Market {
  readonly instrument: Instrument;
  readonly status: TradingStatus;
  readonly referencePrice: Ticks | undefined;
  /** False while the book is being built from rows. */
  readonly ready: boolean;
}

export interface MarketDirectory {
  find(symbol: string): Market | undefined;
  symbols(): readonly string[];
}

/** Reads instrument rows for the exchange, at start and when the operator changed one. */
export interface InstrumentSource {
  find(symbol: string): Promise<InstrumentTerms | undefined>;
  all(): Promise<readonly InstrumentTerms[]>;
}

/** Reads a trade for the exchange, when the operator amends it. */
export interface TradeSource {
  /** As committed; undefined when there is no such trade, or it is too old to be amended. */
  find(tradeId: TradeId): Promise<StandingTrade | undefined>;
}

export interface InstrumentTerms {
  readonly instrument: Instrument;
  readonly status: TradingStatus;
  /** Set by the operator; a committed trade outranks it. */
  readonly referencePrice: Ticks | undefined;
  /** The price of the last committed trade: what orders refer to before the book has been loaded. */
  readonly lastPrice?: Ticks | undefined;
}
