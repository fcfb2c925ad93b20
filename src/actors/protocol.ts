/**
 * Who tells whom what: every message type of the venue, as plain data without actor references, so that the
 * same message can stay in a process or cross to another. This file is the wiring diagram in code; read it
 * with the picture in docs/ARCHITECTURE.md.
 */
import type { Shortfall, StandingTrade, WantedAmendment } from '../accounts/amendments.ts';
import type { Hold } from '../accounts/holds.ts';
import type { TradingTerms } from '../accounts/trading-terms.ts';
import type { OrderMassCancelReport, Report } from '../matching/execution-report.ts';
import type { MemberCommand } from '../matching/order-commands.ts';
import type {
  BookCommand,
  BookEvent,
  OrderId,
  OrderSnapshot,
  Side,
  Ticks,
  TradeId,
  UnsolicitedCancel,
  UserId,
} from '../matching/types.ts';
import type {
  InstrumentTerms,
  LoadedAccount,
  LoadedBook,
  LoadedOrders,
  LoginVerdict,
  OpenedSession,
  StoredMessages,
  UndeliveredReports,
} from './ports.ts';

// ---- Addresses --------------------------------------------------------------------------------------------

/** `node` is the name of the node where somebody lives; absent: this one, or the one that src/cluster/addresses.ts finds. */
export type Address =
  | { readonly type: 'exchange'; readonly node?: string }
  /** Of a gateway's node in a cluster: it has the commands of its sessions until an engine has answered them. */
  | { readonly type: 'router'; readonly node?: string }
  | { readonly type: 'persistence'; readonly node?: string }
  /** `node`: where it has asked; without it where it lives, as far as the sender knows. */
  | { readonly type: 'account'; readonly userId: UserId; readonly node?: string }
  | { readonly type: 'book'; readonly symbol: string; readonly node?: string }
  | { readonly type: 'gateway'; readonly name: string }
  | { readonly type: 'session'; readonly sessionId: string }
  /** Somebody outside the actors (the admin API) who waits for one answer. */
  | { readonly type: 'reply'; readonly requestId: string; readonly node?: string };

export type Message =
  | ExchangeMessage
  | RouterMessage
  | AccountMessage
  | BookMessage
  | PersistenceMessage
  | GatewayMessage
  | SessionMessage
  | Reply;

/**
 * Hands a message to whoever lives at the address; here by local dispatch. A message to an address where
 * nobody lives is dropped: rows, not messages, are what the venue relies on.
 */
export type Tell = (address: Address, message: Message) => void;

// ---- Commands on their way --------------------------------------------------------------------------------

/** The inbound FIX message that a command came in. */
export interface CommandOrigin {
  readonly sessionId: string;
  /** MsgSeqNum (34) of the request. */
  readonly msgSeqNum: number;
}

export type TransferKind = 'deposit' | 'withdrawal' | 'adjustment';

/** Money that comes in (positive) or goes out (negative), through the account so that it cannot race an order. */
export interface TransferFunds {
  readonly type: 'TransferFunds';
  readonly kind: TransferKind;
  readonly asset: string;
  /** Units of 10^-18; never 0. */
  readonly amount: bigint;
  /** No two rows have the same: a second transfer with it is refused, and changes nothing. */
  readonly idempotencyKey: string;
  readonly requestedBy: string;
  /** Why, in the operator's words, which an adjustment must have. */
  readonly reason: string | undefined;
}

/** Cancels every open order of one member, by the operator. */
export interface CancelMemberOrders {
  readonly type: 'CancelMemberOrders';
  /** Absent: both sides. */
  readonly side?: Side;
  readonly unsolicited: UnsolicitedCancel;
}

/** A request that the FIX layer understood but the venue does not offer; the account refuses and records it. */
export interface UnsupportedRequest {
  readonly type: 'UnsupportedRequest';
  readonly msgType: 'D' | 'F' | 'G' | 'q';
  readonly clOrdId: string;
  readonly origClOrdId: string | undefined;
  /** Empty for a q that names none. */
  readonly symbol: string;
  /** Empty for a q that names none. */
  readonly side: string;
  readonly orderQty: string;
  /** OrdRejReason (103) for D, CxlRejReason (102) for F and G, MassCancelRejectReason (532) for q. */
  readonly reason: number;
  readonly text: string;
  /** MassCancelRequestType (530) of a q, as it was sent. */
  readonly massCancelRequestType?: string;
}

export type AccountCommand = MemberCommand | UnsupportedRequest | TransferFunds | CancelMemberOrders;

/** A shard of accounts and the epoch under which a node owns it. */
export interface ShardEpoch {
  readonly shard: number;
  readonly epoch: number;
}

/** A command with what the exchange stamped on it: enough to run it again, in its original order. */
export interface RoutedCommand {
  /** Arrival number at the exchange, ascending. */
  readonly commandNo: number;
  readonly userId: UserId;
  readonly origin: CommandOrigin | undefined;
  /** Who waits for the answer of an operator's command. */
  readonly replyTo: Address | undefined;
  readonly command: AccountCommand;
  /** The symbol's reference price on arrival; undefined when there is none. */
  readonly referencePrice: Ticks | undefined;
  /** `YYYY-MM-DD` on arrival: ClOrdID (11) is unique in it. */
  readonly tradingDay: string;
  /** It was sent before and may have been carried out: if the rows have its ClOrdID it is answered without a report. */
  readonly isSentAgain?: boolean;
  /** Of one that was sent again, {@link Sending.receivedAt}; absent: on `tradingDay`. */
  readonly receivedAt?: number;
  /** How many commits of another node were refused with it in them: see {@link ReturnedRequest}. */
  readonly returnCount?: number;
  /** In a cluster, by what right the account has passed it on: what it makes a book hold is committed under that. */
  readonly shard?: ShardEpoch;
}

/** A book's command and the request that it came from; no cause when the venue itself commands. */
export interface BookRequest {
  readonly command: BookCommand;
  readonly cause: RoutedCommand | undefined;
  /**
   * The mass cancel that this is a part of: the account, or without one the exchange, is told {@link BookMassCanceled}.
   * The number says when it came, so that a redo runs it behind the orders that it followed.
   */
  readonly gatheredBy?: { readonly userId: UserId | undefined; readonly commandNo: number };
  /** As {@link RoutedCommand.returnCount}, of a request without a cause. */
  readonly returnCount?: number;
  /** Of an AmendTrade: the exchange is told {@link AmendmentAnswered}. */
  readonly amendmentNo?: number;
  /** Of an AmendTrade in a cluster: by what right its parties' accounts have set money aside for it. */
  readonly shards?: readonly ShardEpoch[];
  /**
   * The proxy of another node that sent it: told {@link BookRequestsAnswered}. It is meant for the book under this epoch
   * and for no other: the proxy has it judged again when it learns of the next.
   */
  readonly from?: {
    readonly node: string;
    readonly requestNo: number;
    readonly epoch: number;
    /** {@link BookVoids} as the proxy knows them: after the next it is not carried out, as it may follow what was taken back. */
    readonly voids?: number;
  };
}

/** How often all that a book had done without a commit was taken back, since its node has it under this epoch. */
export interface BookVoids {
  readonly epoch: number;
  readonly count: number;
}

// ---- Exchange ---------------------------------------------------------------------------------------------

/** Everything that one socket read of one session asked for. */
export interface SubmitCommands {
  readonly type: 'SubmitCommands';
  readonly sessionId: string;
  readonly userId: UserId;
  readonly commands: readonly SubmittedCommand[];
}

export interface SubmittedCommand {
  readonly msgSeqNum: number;
  readonly command: MemberCommand | UnsupportedRequest;
  /** Of a command that comes from another node; absent: from a session of this one. */
  readonly sending?: Sending;
}

/** One attempt of a gateway's router to have a command carried out. */
export interface Sending {
  /** Counts the attempts. */
  readonly no: number;
  /** An earlier one may have arrived. */
  readonly isAgain: boolean;
  /** When the router first had the command, ms since the epoch by the clock of its node. */
  readonly receivedAt: number;
  /** Greater after something of the session came back: what was sent before the router knew comes back as well. */
  readonly round: number;
  /** Under which the engine has the account, as the router knew it. */
  readonly epoch?: number;
}

/** The account does not live here, or is about to leave: these come back, and nothing of them was done. */
export interface CommandsMisrouted {
  readonly type: 'CommandsMisrouted';
  readonly sessionId: string;
  readonly commands: readonly { readonly msgSeqNum: number; readonly sendingNo: number }[];
  /** The account was here, and has gone with them: some may have been done. */
  readonly isInDoubt?: boolean;
}

/** Answered with Drained once every command of the member that the router has now is answered. */
export interface AwaitAnswers {
  readonly type: 'AwaitAnswers';
  readonly userId: UserId;
  /** Of the session that has ended: when it is asked again for the same one, no more is waited for than at first. */
  readonly epoch?: number;
  readonly replyTo: Address;
}

/** Owners have changed, or a link has come up: what a router has kept may have somewhere to go. */
export interface RoutesChanged {
  readonly type: 'RoutesChanged';
}

/** Something that a router has kept is to be tried again, or has waited for long enough. */
export interface RoutesDue {
  readonly type: 'RoutesDue';
}

/** A router is to see whether something has had no answer for long. */
export interface AnswersDue {
  readonly type: 'AnswersDue';
}

export type RouterMessage =
  | SubmitCommands
  | CommandsMisrouted
  | RoutesChanged
  | RoutesDue
  | AnswersDue
  | AwaitAnswers
  | DrainExchange;

/** An operator's command to one account. */
export interface SubmitAccountCommand {
  readonly type: 'SubmitAccountCommand';
  readonly userId: UserId;
  readonly command: TransferFunds | CancelMemberOrders;
  readonly replyTo: Address;
  /** The exchange of another node has sent it here: it goes no further. */
  readonly isForwarded?: boolean;
}

/** The operator cancels the orders of a symbol: everybody's, or one member's. */
export interface CancelSymbolOrders {
  readonly type: 'CancelSymbolOrders';
  readonly symbol: string;
  /** Absent: everybody's. */
  readonly userId?: UserId;
  /** Absent: both sides. */
  readonly side?: Side;
  readonly unsolicited: UnsolicitedCancel;
  readonly replyTo: Address;
  /** As in {@link SubmitAccountCommand}. */
  readonly isForwarded?: boolean;
}

/** After a commit: what is no longer in flight, and where symbols traded last. */
export interface CommandsCompleted {
  readonly type: 'CommandsCompleted';
  readonly commandNos: readonly number[];
  readonly lastPrices: readonly { readonly symbol: string; readonly price: Ticks }[];
}

/** Commands are refused until StoreAvailable; the reason is for the operator. */
export interface StoreUnavailable {
  readonly type: 'StoreUnavailable';
  readonly reason: string;
}
export interface StoreAvailable {
  readonly type: 'StoreAvailable';
}

/** Where symbols have traded last, on the node that has their books. */
export interface PricesTraded {
  readonly type: 'PricesTraded';
  readonly lastPrices: CommandsCompleted['lastPrices'];
}
/** Last prices have been gathered for long enough: the other nodes are told. */
export interface PriceNewsDue {
  readonly type: 'PriceNewsDue';
}

/** There is a new link to another node: what was told it before may be lost. */
export interface PeerUp {
  readonly type: 'PeerUp';
  readonly node: string;
}
/** The link to another node has ended, whether that lives or not. Told to the exchange and to persistence. */
export interface PeerDown {
  readonly type: 'PeerDown';
  readonly node: string;
}
/** The book of a symbol is another node's than before, or there is a new link to it: accounts here may have missed something. */
export interface BookMoved {
  readonly type: 'BookMoved';
  readonly symbol: string;
  /** Counts such changes of all symbols on this node, ascending. */
  readonly moveNo: number;
}
/** Moves have been gathered for long enough: accounts are told. */
export interface MovedBooksDue {
  readonly type: 'MovedBooksDue';
}
/** Symbols or accounts have other owners than before, or an owner has died. */
export interface OwnersChanged {
  readonly type: 'OwnersChanged';
}
/** The accounts of these shards live here no more: what they had under way is nobody's. */
export interface AccountsGone {
  readonly type: 'AccountsGone';
  readonly shards: readonly number[];
}

/** A new symbol, or new terms of one: its book is spawned when it has none. */
export interface InstrumentChanged {
  readonly type: 'InstrumentChanged';
  readonly symbol: string;
  /** Who waits for {@link Reply} TermsInForce: what members send from then on is judged by the new terms. */
  readonly replyTo?: Address;
  /** As in {@link SubmitAccountCommand}. */
  readonly isForwarded?: boolean;
}
/** All rows of instruments, read because news may have been lost. */
export interface InstrumentsReread {
  readonly type: 'InstrumentsReread';
  readonly all: readonly InstrumentTerms[];
}
/** The rows of a changed instrument, as the exchange's own look-up answers. */
export interface InstrumentLoaded {
  readonly type: 'InstrumentLoaded';
  readonly terms: InstrumentTerms;
  readonly replyTo?: Address;
}
/** The operator halts or resumes a symbol; the row is committed before this is told. */
export interface SetTradingStatus {
  readonly type: 'SetTradingStatus';
  readonly symbol: string;
  readonly status: TradingStatus;
  /**
   * Who says so to another node: the one that the operator has told, or the one that has the book, whose word is the last
   * where the symbol has crashed. Absent: the operator himself.
   */
  readonly from?: 'operator' | 'owner';
}
export interface BookReady {
  readonly type: 'BookReady';
  readonly symbol: string;
  readonly lastPrice: Ticks | undefined;
  /** The node that has the book; absent: this one. */
  readonly node?: string;
}
export interface BookHalted {
  readonly type: 'BookHalted';
  readonly symbol: string;
  readonly reason: string;
  /** The node that has the book; absent: this one. */
  readonly node?: string;
}
/** No new orders from now on; answers with Drained when nothing is in flight. */
export interface DrainExchange {
  readonly type: 'DrainExchange';
  readonly replyTo: Address;
}
/** A lasting commit failure: stop routing, void all books and then all accounts, keep new commands waiting. */
export interface BeginRedo {
  readonly type: 'BeginRedo';
  readonly generation: number;
}
/** The book does nothing and gives nothing back any more: when all books say so, the accounts are voided. */
export interface BookVoid {
  readonly type: 'BookVoid';
  readonly symbol: string;
  readonly generation: number;
}
/** Run this kept command again, alone. */
export interface RedoCommand {
  readonly type: 'RedoCommand';
  readonly routed: RoutedCommand;
}
/** Or this one, that came to a book from the venue itself. */
export interface RedoBookRequest {
  readonly type: 'RedoBookRequest';
  readonly symbol: string;
  readonly request: BookRequest;
}
/** The culprit of a lasting commit failure: its account refuses it with the text. */
export interface RefuseCommand {
  readonly type: 'RefuseCommand';
  readonly routed: RoutedCommand;
  readonly text: string;
}
export interface EndRedo {
  readonly type: 'EndRedo';
}

export type ExchangeMessage =
  | SubmitCommands
  | SubmitAccountCommand
  | CancelSymbolOrders
  | CommandsCompleted
  | StoreUnavailable
  | StoreAvailable
  | PricesTraded
  | PriceNewsDue
  | PeerUp
  | PeerDown
  | OwnersChanged
  | BookMoved
  | MovedBooksDue
  | AccountsGone
  | InstrumentChanged
  | InstrumentLoaded
  | InstrumentsReread
  | SetTradingStatus
  | BookReady
  | BookHalted
  | DrainExchange
  | BeginRedo
  | BookVoid
  | RedoCommand
  | RedoBookRequest
  | RefuseCommand
  | EndRedo
  | RollTradingDay
  | ExpireDue
  | TradingTermsChanged
  | SubmitTradeAmendment
  | TradeLoaded
  | ReserveFunds
  | FundsReserved
  | AmendmentAnswered
  | BookMassCanceled
  | StatusCheckDue
  | StatusRead;

/** Every crash halt that was journaled before is in the rows: they say whether the operator's word came after it. */
export interface StatusCheckDue {
  readonly type: 'StatusCheckDue';
  readonly symbol: string;
  readonly haltNo: number;
}

/** What the rows say, as the exchange's own look-up answers. */
export interface StatusRead {
  readonly type: 'StatusRead';
  readonly symbol: string;
  readonly haltNo: number;
  readonly status: TradingStatus;
}

/** The scheduler's second, for books: what was good till a time that has come ends. */
export interface ExpireDue {
  readonly type: 'ExpireDue';
  /** Ms since the epoch. */
  readonly upTo: number;
}

/** The operator has changed a member's terms; the row is committed before this is told. */
export interface TradingTermsChanged {
  readonly type: 'TradingTermsChanged';
  readonly userId: UserId;
  readonly terms: TradingTerms;
  /** As in {@link SubmitAccountCommand}. */
  readonly isForwarded?: boolean;
}

/** The operator takes a trade back or corrects it. */
export interface SubmitTradeAmendment {
  readonly type: 'SubmitTradeAmendment';
  readonly tradeId: TradeId;
  readonly wanted: WantedAmendment;
  /** What a party no longer has the venue pays. */
  readonly chargesVenue: boolean;
  readonly reason: string;
  readonly requestedBy: string;
  readonly replyTo: Address;
  /** As in {@link SubmitAccountCommand}. */
  readonly isForwarded?: boolean;
}

/** The trade as it stands, as the exchange's own look-up answers. */
export interface TradeLoaded {
  readonly type: 'TradeLoaded';
  readonly amendmentNo: number;
  /** Undefined: there is none, or `fault` says why it cannot be read. */
  readonly trade: StandingTrade | undefined;
  readonly fault: string | undefined;
}

/** An account has set aside what it has of what was asked; or nothing, and `fault` says why. */
export interface FundsReserved {
  readonly type: 'FundsReserved';
  readonly amendmentNo: number;
  readonly userId: UserId;
  readonly shortfalls: readonly Shortfall[];
  readonly fault: string | undefined;
  /** In a cluster, by what right the account has set it aside. */
  readonly shard?: ShardEpoch;
}

/** What a book's AmendTrade came to, after the commit; `fault` is undefined when it was carried out. */
export interface AmendmentAnswered {
  readonly type: 'AmendmentAnswered';
  readonly amendmentNo: number;
  readonly fault: string | undefined;
}

/** The scheduler's news that a new trading day has begun: Day orders of earlier ones end. */
export interface RollTradingDay {
  readonly type: 'RollTradingDay';
  /** `YYYY-MM-DD`. */
  readonly tradingDay: string;
}

/** Whether a symbol trades; the reason is shown to members and operators. */
export type TradingStatus =
  | { readonly type: 'Open' }
  /** No new orders and no replaces; cancels, expiry and the end of the day go on. */
  | { readonly type: 'CancelOnly'; readonly reason: string }
  | { readonly type: 'Halted'; readonly by: 'operator' | 'crash'; readonly reason: string };

// ---- Account ----------------------------------------------------------------------------------------------

export interface AccountCommands {
  readonly type: 'AccountCommands';
  readonly commands: readonly RoutedCommand[];
}

/** Why a book gives a request back to the account, which refuses it. */
export type BounceReason =
  | { readonly type: 'NoSuchOrder' }
  | { readonly type: 'BookUnavailable'; readonly text: string }
  /** The command made the book crash twice. */
  | { readonly type: 'CommandFailed'; readonly text: string }
  /** A post-only order asked to be replaced to a price at which it would trade at once. */
  | { readonly type: 'WouldTrade' }
  /** A replace would hide more slices (MaxFloor) than the icebergs of one book may. */
  | { readonly type: 'TooManySlices' };

export interface RequestsBounced {
  readonly type: 'RequestsBounced';
  readonly bounced: readonly { readonly routed: RoutedCommand; readonly reason: BounceReason }[];
}

/** The committed effects of one commit on one user. */
export interface Settle {
  readonly type: 'Settle';
  /** The node that has committed it, which counts its own commits. */
  readonly writer: string;
  readonly commitNo: number;
  /**
   * In a cluster, the writer's last commit before this one of which the account was told, or was not to be told: who has
   * neither that nor rows that contain it has missed something.
   */
  readonly previousNo?: number;
  /**
   * In a cluster, under which epochs its writer has the books of these orders: who may have missed something of what was done
   * under an earlier one has to know of that first.
   */
  readonly books?: readonly { readonly symbol: string; readonly epoch: number }[];
  /** Each order that changed, in its state after the commit. */
  readonly orders: readonly OrderSnapshot[];
  /** Deltas of owned amounts, units of 10^-18; holds follow from the orders. */
  readonly amounts: readonly { readonly asset: string; readonly amount: bigint }[];
  /** Closed orders of which a trade was amended, in their state after it. */
  readonly amendedOrders?: readonly OrderSnapshot[];
  /** ClOrdIDs (11) of the user's requests that books answered in this commit. */
  readonly answered: readonly string[];
}

export interface AccountLoaded {
  readonly type: 'AccountLoaded';
  readonly loaded: LoadedAccount;
  /** That of the {@link LoadAccount} or {@link Fence}. */
  readonly life?: number;
}

/** What the row of an order tells; undefined: there is none, or it cannot be read. */
export interface OrderLoaded {
  readonly type: 'OrderLoaded';
  readonly orderId: OrderId;
  readonly order: OrderSnapshot | undefined;
  /** That of the {@link LoadOrder}. */
  readonly life?: number;
}

/** State computed so far is void: forget it, send VoidFence through every book, load when next needed. */
export interface VoidAccount {
  readonly type: 'VoidAccount';
  readonly generation: number;
  /** How many fences each book will see: one from each account and one from the exchange. */
  readonly fenceCount: number;
}

/** What one book came to with a mass cancel, after the commit of its cancels: large ones are told in portions. */
export interface BookMassCanceled {
  readonly type: 'BookMassCanceled';
  /** {@link RoutedCommand.commandNo} of the request. */
  readonly commandNo: number;
  readonly symbol: string;
  /** Of this portion. */
  readonly canceledCount: number;
  readonly isLast: boolean;
  /** Why the book could do nothing more; undefined when it could. */
  readonly fault: string | undefined;
}

/** The time is over in which books can answer a mass cancel. */
export interface MassCancelDue {
  readonly type: 'MassCancelDue';
  readonly commandNo: number;
}

/**
 * Sets money aside for the amendment of a trade, and keeps its orders from being replaced meanwhile. To the exchange where
 * the account lives on another node, which passes it on.
 */
export interface ReserveFunds {
  readonly type: 'ReserveFunds';
  readonly amendmentNo: number;
  readonly userId: UserId;
  /** The node whose exchange asks; absent: this one. */
  readonly node?: string;
  readonly funds: readonly Hold[];
  readonly orderIds: readonly OrderId[];
}

/** The amendment has ended: what was set aside is free again. */
export interface ReleaseFunds {
  readonly type: 'ReleaseFunds';
  readonly amendmentNo: number;
  /** The node whose exchange has asked; absent: this one. */
  readonly node?: string;
}

/** There is no way any more to the node that has had something set aside: it is free again. */
export interface ReservesVoid {
  readonly type: 'ReservesVoid';
  readonly node: string;
}

/** The report (r) of a mass cancel is committed, or given up. */
export interface MassCancelReported {
  readonly type: 'MassCancelReported';
  readonly commandNo: number;
}

/** So many reports that answer the member's mass status requests (AF) have left the venue. */
export interface StatusReportsTold {
  readonly type: 'StatusReportsTold';
  readonly sessionId: string;
  readonly count: number;
}

/**
 * What the account knows of its orders may be old, since messages of a book's node may be lost: it is loaded again, and
 * judges what it has asked, which may be in the rows by now, after that.
 */
export interface JudgeAgain {
  readonly type: 'JudgeAgain';
  /** Symbols whose books have moved, each with its {@link BookMoved.moveNo}; undefined: it may be any. */
  readonly moved: ReadonlyMap<string, number> | undefined;
  /** The last move until now: rows that are read from now on have all that was done before it. */
  readonly lastMoveNo: number;
  /** In the order in which they were asked. */
  readonly asked: readonly AskedRequest[];
}

/** What an account has asked of the book of a symbol: a command, or its part of a mass cancel. */
export interface AskedRequest {
  readonly symbol: string;
  readonly request: BookRequest;
}

export type AccountMessage =
  | AccountCommands
  | JudgeAgain
  | StatusReportsTold
  | ReserveFunds
  | ReleaseFunds
  | ReservesVoid
  | BookMassCanceled
  | MassCancelDue
  | MassCancelReported
  | TradingTermsChanged
  | RequestsBounced
  | Settle
  | AccountLoaded
  | OrderLoaded
  | VoidAccount
  | RefuseCommand
  | LoadFailed;

/** A load failed for good, not for now: rows that cannot be read back. */
export interface LoadFailed {
  readonly type: 'LoadFailed';
  readonly reason: string;
  /** Of an account: that of the {@link LoadAccount} or {@link Fence}. */
  readonly life?: number;
}

// ---- Order book -------------------------------------------------------------------------------------------

export interface BookRequests {
  readonly type: 'BookRequests';
  readonly requests: readonly BookRequest[];
}

/** The book with its first portion of orders; unless that was all, {@link BookOrdersLoaded} follow. */
export interface BookLoaded {
  readonly type: 'BookLoaded';
  readonly loadNo: number;
  readonly loaded: LoadedBook;
  /** Nothing follows. */
  readonly isLast: boolean;
}

/** The next portion of a book that is loaded. */
export interface BookOrdersLoaded {
  readonly type: 'BookOrdersLoaded';
  readonly loadNo: number;
  readonly loaded: LoadedOrders;
}

/** Rows that cannot be read back: a load failed for good, not for now. */
export interface BookLoadFailed {
  readonly type: 'BookLoadFailed';
  readonly loadNo: number;
  readonly reason: string;
}

/** Passes through every book to persistence: what the account had in flight is journaled before it. */
export interface Fence {
  readonly type: 'Fence';
  readonly userId: UserId;
  /** Tells one rebuild of an account from the next. */
  readonly fenceNo: number;
  /** How many books the fence was sent through. */
  readonly bookCount: number;
  /** `YYYY-MM-DD`: whose ClOrdIDs the account wants to load. */
  readonly tradingDay: string;
  /** It is no account's but that of the book's proxy on this node: told {@link BookFenced}. */
  readonly proxy?: string;
  /** Of an account: see {@link LoadAccount}. */
  readonly life?: number;
  /** Of a proxy: it passes the book under this epoch, and waits for that. Absent: what is there when it comes. */
  readonly epoch?: number;
}

/** What became of requests that a proxy sent, by their numbers. */
export interface BookRequestsAnswered {
  readonly type: 'BookRequestsAnswered';
  /** Their effects, or that they had none, are in a commit. */
  readonly committed: readonly number[];
  /** The book could not carry them out: the proxy tells their accounts, where it has not given them back meanwhile. */
  readonly bounced: readonly { readonly requestNo: number; readonly reason: BounceReason }[];
  /** What they were based on is void: nothing of them was done. */
  readonly returned: readonly ReturnedRequest[];
  /** What the proxy did not know, which is why they are returned. */
  readonly voids?: BookVoids;
}

/** A request that the proxy has judged again, since a commit was refused on the book's node. */
export interface ReturnedRequest {
  readonly requestNo: number;
  /** It was in that commit itself, and may be why: from now on it is committed alone, and at last refused. */
  readonly isSuspect: boolean;
}

/** Everything that reached the book before the proxy's fence is committed and told. */
export interface BookFenced {
  readonly type: 'BookFenced';
  readonly fenceNo: number;
}

/** The same for a lasting failure: when `fenceCount` of them have arrived, the book's inbox is empty. */
export interface VoidFence {
  readonly type: 'VoidFence';
  readonly generation: number;
  readonly fenceCount: number;
}

/** What the book did by itself cannot be committed, and would be done again by each book made from its rows. */
export interface HaltBook {
  readonly type: 'HaltBook';
  readonly reason: string;
}

/** A portion of what ends many orders is committed: the next one may follow. */
export interface ContinueBook {
  readonly type: 'ContinueBook';
}

/** The operator resumes a symbol that crashed: rebuild and trade. */
export interface ResumeBook {
  readonly type: 'ResumeBook';
}

export type BookMessage =
  | BookRequests
  | ExpireDue
  | BookLoaded
  | BookOrdersLoaded
  | BookLoadFailed
  | Fence
  | VoidFence
  | HaltBook
  | ContinueBook
  | ResumeBook
  | BookSeatMessage
  | BookProxyMessage;

/** In a cluster: this node has the book from now on, under this epoch. */
export interface BookTaken {
  readonly type: 'BookTaken';
  readonly epoch: number;
}

/**
 * The book is about to leave this node: it finishes what it has and takes nothing new. `replyTo` is told Drained when all of
 * that is committed, or CommandRejected, and then it stays.
 */
export interface BookLeaving {
  readonly type: 'BookLeaving';
  readonly replyTo: Address;
}

/** The rows say that the book has left this node. */
export interface BookGone {
  readonly type: 'BookGone';
}

/** For the seat of a book, which is there in a cluster only. */
export type BookSeatMessage = BookTaken | BookLeaving | BookGone;

/**
 * From the node that has given a book up, behind all else that it says of it: what it has not answered was not done and will
 * not be. To every engine to which it has a link.
 */
export interface BookHandedOver {
  readonly type: 'BookHandedOver';
  /** Under which it had the book. */
  readonly epoch: number;
  /** The link by which it came: said by the node that it has come to. */
  readonly linkNo?: number;
}

/** From the node that has taken a book, before all else that it says of it: to every engine to which it has a link. */
export interface BookTakenOver {
  readonly type: 'BookTakenOver';
  /** Under which it has the book. */
  readonly epoch: number;
  /** As in {@link BookHandedOver}. */
  readonly linkNo?: number;
}

/** For the stand-in of a book that lives on another node. */
export type BookProxyMessage =
  | BookRequestsAnswered
  | BookFenced
  | BookHandedOver
  | BookTakenOver
  | RoutesChanged;

// ---- Persistence ------------------------------------------------------------------------------------------

/** One finished batch of a book: nothing of it is known to anybody before it is committed. */
export interface JournalBook {
  readonly type: 'JournalBook';
  readonly symbol: string;
  readonly epoch: number;
  readonly generation: number;
  readonly lastSeq: number;
  readonly events: readonly BookEvent[];
  /** The requests that these events answer. */
  readonly done: readonly BookRequest[];
  /** The mass cancel of which these events are a portion; the last one has it under `done`. */
  readonly partOf?: BookRequest;
  /**
   * Requests of another node with which the book could do nothing. Its proxy is told so in its turn: should the state of the
   * book be void, they are given back as what else was asked of it.
   */
  readonly bounced?: readonly BouncedRequest[];
  /** Told to those who wait, after the commit. */
  readonly replies: readonly WaitingReply[];
}

export interface BouncedRequest {
  readonly request: BookRequest;
  readonly reason: BounceReason;
}

/** A reply that leaves after the commit of what it tells. */
export interface WaitingReply {
  readonly to: Address;
  readonly reply:
    | Reply
    | BookMassCanceled
    | MassCancelReported
    | AmendmentAnswered
    | ContinueBook
    | BookRequestsAnswered;
}

/** A crash halt: a row of its own, so that it survives a restart. */
export interface JournalHalt {
  readonly type: 'JournalHalt';
  readonly symbol: string;
  readonly reason: string;
}

export interface BookedTransfer {
  readonly transfer: TransferFunds;
  readonly at: number;
}

/** What an account decided itself: refusals, transfers, and answers without rows. */
export interface JournalAccount {
  readonly type: 'JournalAccount';
  readonly userId: UserId;
  /** In a cluster, by what right the account writes rows of its own. */
  readonly shard?: ShardEpoch;
  readonly generation: number;
  readonly lastSeq: number;
  /** 8 and 9 that reject: durable, with a sourceSeq of the account. */
  readonly refusals: readonly Refusal[];
  /** Answers to mass cancels: durable as well. */
  readonly massCancels: readonly AnsweredMassCancel[];
  /** Status answers (150=I): no rows, but they leave after the commits before them. */
  readonly answers: readonly Report[];
  readonly transfers: readonly BookedTransfer[];
  readonly done: readonly RoutedCommand[];
  /** Told to those who wait, after the commit. */
  readonly replies: readonly WaitingReply[];
}

/** A refused D, F or G: a row of `requests` and a report. */
export interface Refusal {
  readonly msgType: 'D' | 'F' | 'G';
  readonly tradingDay: string;
  readonly report: Report;
}

/** An r with its row of `requests`. */
export interface AnsweredMassCancel {
  readonly tradingDay: string;
  readonly report: OrderMassCancelReport;
}

/** What a session has on the wire or has consumed; at most one row a session and commit. */
export interface JournalSession {
  readonly type: 'JournalSession';
  readonly sessionId: string;
  /** users.sender_comp_id. */
  readonly senderCompId: number;
  /** In a cluster, the epoch under which the gateway has the session. */
  readonly epoch?: number | undefined;
  readonly userId: UserId;
  /** The next MsgSeqNum (34) expected from the member: everything before it is committed. */
  readonly nextInSeqNum: number;
  /** The next MsgSeqNum that the venue will use. */
  readonly nextOutSeqNum: number;
  /** Last outbound number that may be used: numbers up to here are never given out again after a crash. */
  readonly reservedOutSeqNum: number;
  /** The session ended in order: nextOutSeqNum is exact. */
  readonly clean: boolean;
  /** Application messages that were sent, frames back to back; undefined when none were. */
  readonly sent: SentMessages | undefined;
  /** The last report sent, per source. */
  readonly delivered: readonly { readonly source: string; readonly sourceSeq: number }[];
  /**
   * The session's last entry, and both sides go back to 1 with it: the numbers above count as 1, what was sent is
   * cut, `delivered` holds (ResetOnLogout, or by the operator).
   */
  readonly resetAfter: boolean;
}

export interface SentMessages {
  readonly firstSeqNum: number;
  readonly lastSeqNum: number;
  readonly frames: Uint8Array;
}

/** Has `message` told when everything that was journaled before is committed. */
export interface AwaitCommits {
  readonly type: 'AwaitCommits';
  readonly to: Address;
  readonly message: StatusCheckDue | SessionHeld | Reply;
}
/** Makes the node the owner of the book and reads its orders. A second one takes the place of the first. */
export interface LoadBook {
  readonly type: 'LoadBook';
  readonly symbol: string;
  /** Repeated in the answers: the book is good with those to its last question only. */
  readonly loadNo: number;
}
/** Somebody waits for a book that is being loaded: it goes before those for which nobody does. */
export interface HurryBook {
  readonly type: 'HurryBook';
  readonly symbol: string;
}
/** The book is no longer wanted here: a load of it ends where it is, and is not answered any more. */
export interface StopBookLoad {
  readonly type: 'StopBookLoad';
  readonly symbol: string;
}
export interface LoadAccount {
  readonly type: 'LoadAccount';
  readonly userId: UserId;
  readonly tradingDay: string;
  /** Tells the account from the one before it at this address, whose rows are not its own. Absent: there was none. */
  readonly life?: number;
}
/** Reads a closed order for its account, which is told {@link OrderLoaded}. */
export interface LoadOrder {
  readonly type: 'LoadOrder';
  readonly userId: UserId;
  readonly orderId: OrderId;
  /** As that of {@link LoadAccount}: what was read for another may be older than what this one knows. */
  readonly life?: number;
}
/** Starts or resumes a FIX session, after everything journaled before has committed; reports follow it. */
export interface OpenSession {
  readonly type: 'OpenSession';
  readonly sessionId: string;
  readonly senderCompId: number;
  readonly userId: UserId;
  /** Both sides go back to 1 and the stored messages are cut: 141=Y or ResetOnLogon. */
  readonly reset: boolean;
  /** The same if the numbers began before this instant: the last reset of the member's schedule. */
  readonly resetIfBegunBefore: number | undefined;
  /** How long after the session's end the member's orders are canceled, ms; undefined: they stay. */
  readonly cancelAfterMs: number | 'unchanged' | undefined;
  /** MsgSeqNum (34) and NextExpectedMsgSeqNum (789) of the Logon: one that does not fit is refused. */
  readonly logonSeqNum: number;
  readonly nextExpectedSeqNum: number | undefined;
}
/** The session's connection is gone: no more reports to it. */
export interface CloseSession {
  readonly type: 'CloseSession';
  readonly sessionId: string;
  readonly userId: UserId;
}
/** A gateway of another node: from now on these members' reports go to these sessions of it. */
export interface FollowMembers {
  readonly type: 'FollowMembers';
  /** The gateway's node: told {@link MembersFollowed}. */
  readonly node: string;
  readonly sessions: readonly { readonly userId: UserId; readonly sessionId: string }[];
}
/** Nothing more for this session; another one of the member's may have taken its place. */
export interface UnfollowMember {
  readonly type: 'UnfollowMember';
  readonly userId: UserId;
  readonly sessionId: string;
}
/** What the engine commits from now on is told to these sessions; what it has committed before is in the rows. */
export interface MembersFollowed {
  readonly type: 'MembersFollowed';
  readonly sessionIds: readonly string[];
  /** The engine's node, and the last of its commits that it has told nobody of these. */
  readonly writer: string;
  readonly commitNo: number;
}
/** Reads what is committed and not told, after everything journaled before has committed. */
export interface LoadUndelivered {
  readonly type: 'LoadUndelivered';
  readonly sessionId: string;
  readonly senderCompId: number;
  readonly userId: UserId;
}
/** A member that has no session here wants its numbers back at 1: done in the rows, unless another gateway has it. */
export interface ResetSession {
  readonly type: 'ResetSession';
  readonly senderCompId: number;
  readonly userId: UserId;
}
/** The answer to {@link SessionWanted}: a connection has the session, or none has, and what was journaled of it is in. */
export interface SessionHeld {
  readonly type: 'SessionHeld';
  /** The session that wants to be opened. */
  readonly sessionId: string;
  readonly isAlive: boolean;
}
export interface LoadMessages {
  readonly type: 'LoadMessages';
  readonly sessionId: string;
  readonly senderCompId: number;
  readonly beginSeqNum: number;
  readonly endSeqNum: number;
}
export interface FenceReached {
  readonly type: 'FenceReached';
  readonly fence: Fence;
  readonly symbol: string;
}
export interface VoidFenceReached {
  readonly type: 'VoidFenceReached';
  readonly generation: number;
  readonly symbol: string;
  /** Requests that reached the book after its state was void: to be run again. */
  readonly unanswered: readonly BookRequest[];
}
/** What was waiting in a void account: commands, and its parts of mass cancels. */
export interface CommandsUnanswered {
  readonly type: 'CommandsUnanswered';
  readonly commands: readonly RoutedCommand[];
  readonly sweeps: readonly AskedRequest[];
}
/** What happened is told, and has yet to be written to the log. */
export interface LogDue {
  readonly type: 'LogDue';
}
/** The handling of a commit's outcome threw: makes the actor crash with what was thrown. */
export interface CommitHandlingFailed {
  readonly type: 'CommitHandlingFailed';
  readonly error: unknown;
}
export interface RetryCommit {
  readonly type: 'RetryCommit';
}
/** A commit has been on its way for longer than the database may take. */
export interface CommitOverdue {
  readonly type: 'CommitOverdue';
  readonly commitNo: number;
}
/** The time that lonely session rows may wait for company is over. */
export interface FlushDue {
  readonly type: 'FlushDue';
}

export type PersistenceMessage =
  | JournalBook
  | JournalHalt
  | JournalAccount
  | JournalSession
  | AwaitCommits
  | LoadBook
  | HurryBook
  | StopBookLoad
  | LoadAccount
  | LoadOrder
  | OpenSession
  | CloseSession
  | FollowMembers
  | UnfollowMember
  | MembersFollowed
  | PeerDown
  | LoadUndelivered
  | ResetSession
  | SessionHeld
  | LoadMessages
  | FenceReached
  | VoidFenceReached
  | CommandsUnanswered
  | LogDue
  | CommitHandlingFailed
  | RetryCommit
  | CommitOverdue
  | FlushDue;

// ---- Gateway ----------------------------------------------------------------------------------------------

export interface ConnectionOpened {
  readonly type: 'ConnectionOpened';
  readonly sessionId: string;
  readonly remoteAddress: string;
}
export interface ConnectionEnded {
  readonly type: 'ConnectionEnded';
  readonly sessionId: string;
}
/** An authenticated session asks to be the only one of its SenderCompID. */
export interface ClaimSession {
  readonly type: 'ClaimSession';
  readonly sessionId: string;
  readonly senderCompId: number;
}
export interface ReleaseSession {
  readonly type: 'ReleaseSession';
  readonly sessionId: string;
  readonly senderCompId: number;
}
/** Logout to every session, no new connections; answers with Drained when the last has gone. */
export interface DrainGateway {
  readonly type: 'DrainGateway';
  readonly text: string;
  readonly replyTo: Address;
}
/** The gateway takes connections again. */
export interface UndrainGateway {
  readonly type: 'UndrainGateway';
}
/** A member logs on at another gateway, and the rows say that this one has its session. */
export interface SessionWanted {
  readonly type: 'SessionWanted';
  readonly senderCompId: number;
  /** The session there, and its node: persistence there is told {@link SessionHeld}. */
  readonly sessionId: string;
  readonly node: string;
}
/** A gateway of the cluster is dead or has left: its members may not come back in time. */
export interface GatewayGone {
  readonly type: 'GatewayGone';
}
/** A member's session is active: its orders stay while it lasts. */
export interface MemberLoggedOn {
  readonly type: 'MemberLoggedOn';
  readonly sessionId: string;
  readonly senderCompId: number;
  readonly userId: UserId;
  /** In a cluster, the epoch under which this gateway has the session. */
  readonly epoch?: number;
  /** Cancel on disconnect: how long after the session's end its orders are canceled, ms; undefined: they stay. */
  readonly cancelAfterMs: number | undefined;
}
/** A member whose orders are to be canceled is gone: with the process before this one, or a cancel failed. */
export interface MemberGone {
  readonly type: 'MemberGone';
  readonly senderCompId: number;
  readonly userId: UserId;
  readonly cancelAfterMs: number;
  /** In a cluster, the epoch of the session that has ended: where another has begun since, that one counts. */
  readonly epoch?: number;
  /** In a cluster: its time was over before it could come back, so that its orders are canceled even if it is back. */
  readonly isOverdue?: boolean;
}
/** News (B) for every member that is logged on. */
export interface Announce {
  readonly type: 'Announce';
  /** Headline (148). */
  readonly headline: string;
  /** Text (58) of each line, at least one. */
  readonly lines: readonly string[];
}
/** A symbol opens, halts, or takes cancels only: told as SecurityStatus (f) to members who follow it. */
export interface SecurityStatusChanged {
  readonly type: 'SecurityStatusChanged';
  readonly symbol: string;
}
/** Ends the session of a member that was disabled. */
export interface LogoutMember {
  readonly type: 'LogoutMember';
  readonly senderCompId: number;
  readonly text: string;
}
/**
 * Puts both sides' numbers of a member back to 1. One that is logged on is told by a Logon (A) with 141=Y, which it
 * answers; for one that is not it is done in the store.
 */
export interface ResetMember {
  readonly type: 'ResetMember';
  readonly senderCompId: number;
  readonly userId: UserId;
}
/** The scheduler's second. */
export interface Tick {
  readonly type: 'Tick';
}
export type GatewayMessage =
  | ConnectionOpened
  | ConnectionEnded
  | ClaimSession
  | ReleaseSession
  | DrainGateway
  | UndrainGateway
  | LogoutMember
  | ResetMember
  | SessionWanted
  | GatewayGone
  | MemberLoggedOn
  | MemberGone
  | Announce
  | SecurityStatusChanged
  | StoreUnavailable
  | StoreAvailable
  | Tick;

// ---- FIX session ------------------------------------------------------------------------------------------

export interface BytesReceived {
  readonly type: 'BytesReceived';
  readonly bytes: Uint8Array;
}
export interface PeerClosed {
  readonly type: 'PeerClosed';
}
export interface LoginJudged {
  readonly type: 'LoginJudged';
  readonly verdict: LoginVerdict;
}
export interface SessionClaimed {
  readonly type: 'SessionClaimed';
}
/** Another connection of this SenderCompID is alive. */
export interface SessionBusy {
  readonly type: 'SessionBusy';
}
export interface SessionOpened {
  readonly type: 'SessionOpened';
  readonly opened: OpenedSession;
}
export interface MessagesLoaded {
  readonly type: 'MessagesLoaded';
  readonly beginSeqNum: number;
  readonly endSeqNum: number;
  readonly messages: readonly StoredMessages[];
}
/** The gateway may have missed commits of the writer up to this one: what they have told is in the rows. */
export interface CatchUp {
  readonly type: 'CatchUp';
  readonly writer: string;
  readonly commitNo: number;
}
/** The answer to {@link LoadUndelivered}. */
export interface UndeliveredLoaded {
  readonly type: 'UndeliveredLoaded';
  readonly undelivered: UndeliveredReports;
}
/** Another gateway has the session: not a word more is said here, since its numbers are that one's. */
export interface SessionLost {
  readonly type: 'SessionLost';
}
/** Committed reports of the member, and which of its requests are thereby answered. */
export interface ReportsCommitted {
  readonly type: 'ReportsCommitted';
  /** The node that has committed them, which counts its own commits. */
  readonly writer: string;
  readonly commitNo: number;
  /** Where several nodes commit: see {@link Continuity}. */
  readonly continuity?: Continuity;
  readonly reports: readonly Report[];
  /** MsgSeqNum (34) of requests of this session whose effect is committed. */
  readonly answered: readonly number[];
}
/** By which a session knows whether reports are the next after those that it has, or some are only in the rows. */
export interface Continuity {
  /** The writer's last commit before this one of which the session has been told, or was not to be told. */
  readonly previousNo: number;
  /**
   * The first commit of the writer since the sources of the reports are its own: whoever has read rows with it has read
   * all that their earlier owners have committed.
   */
  readonly ownedFromNo: number;
}
/**
 * The exchange did not take these, or the account has nothing true to say about them (`Unanswerable`): nothing of
 * them was done.
 */
export interface CommandsRefused {
  readonly type: 'CommandsRefused';
  readonly refusal: 'StoreUnavailable' | 'Overloaded' | 'Draining' | 'Unanswerable';
  readonly text: string;
  readonly commands: readonly RefusedCommand[];
}
export interface RefusedCommand {
  readonly msgSeqNum: number;
  readonly command: MemberCommand | UnsupportedRequest;
  /** {@link Sending.no} of the last attempt that had arrived; absent within a node. */
  readonly sendingNo?: number;
}
/** Numbers up to here are committed as reserved. */
export interface NumbersReserved {
  readonly type: 'NumbersReserved';
  readonly reservedOutSeqNum: number;
}
export interface EndSession {
  readonly type: 'EndSession';
  /** Text (58) of the Logout. */
  readonly text: string;
}
export interface ResetNumbers {
  readonly type: 'ResetNumbers';
}
export type SessionMessage =
  | BytesReceived
  | PeerClosed
  | LoginJudged
  | SessionClaimed
  | SessionBusy
  | SessionOpened
  | SessionLost
  | LoadFailed
  | MessagesLoaded
  | CatchUp
  | UndeliveredLoaded
  | ReportsCommitted
  | CommandsRefused
  | NumbersReserved
  | EndSession
  | ResetNumbers
  | Announce
  | SecurityStatusChanged
  | StoreUnavailable
  | StoreAvailable
  | Tick;

// ---- Replies ----------------------------------------------------------------------------------------------

/** What a waiting operator is told, after the commit where there is one. */
export type Reply =
  | { readonly type: 'TransferBooked'; readonly balance: bigint }
  | { readonly type: 'TransferRefused'; readonly text: string }
  | { readonly type: 'CancelsRequested'; readonly orderCount: number }
  | { readonly type: 'CommandRejected'; readonly text: string }
  | { readonly type: 'TermsInForce' }
  | AmendedTrade
  | { readonly type: 'Drained' };

/** A trade as it stood and as it stands now, decimals as exact text. */
export interface AmendedTrade {
  readonly type: 'TradeAmended';
  readonly tradeId: TradeId;
  readonly symbol: string;
  readonly kind: 'bust' | 'correct';
  readonly priceBefore: string;
  readonly quantityBefore: string;
  readonly price: string;
  readonly quantity: string;
  /** What the venue paid in the place of a party. */
  readonly charges: readonly {
    readonly username: string;
    readonly asset: string;
    readonly amount: string;
  }[];
}
