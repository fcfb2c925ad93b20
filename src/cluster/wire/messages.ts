/**
 * Which messages of src/actors/protocol.ts cross between nodes, and how. The table has a line for every type: a new one
 * does not compile until it is decided whether it crosses.
 */
import type {
  AccountCommand,
  Address,
  AmendedTrade,
  BookMessage,
  BookRequest,
  BookVoids,
  BounceReason,
  CancelMemberOrders,
  CommandOrigin,
  CommandsRefused,
  Continuity,
  Fence,
  Message,
  RefusedCommand,
  ReturnedRequest,
  RoutedCommand,
  Sending,
  ShardEpoch,
  SubmitAccountCommand,
  SubmitCommands,
  TradingStatus,
  TransferFunds,
  TransferKind,
  UnsupportedRequest,
} from '../../actors/protocol.ts';
import {
  bigInteger,
  type Codec,
  count,
  type FieldsOf,
  flag,
  integer,
  listOf,
  oneOf,
  optional,
  orUndefined,
  record,
  text,
  union,
  variant,
} from './codec.ts';
import {
  bookCommand,
  hold,
  MEMBER_COMMANDS,
  orderSnapshot,
  shortfall,
  side,
  ticks,
  tradingTerms,
  unsolicitedCancel,
  wantedAmendment,
} from './orders.ts';
import { report } from './reports.ts';

export const address: Codec<Address> = union<Address>({
  exchange: variant<Extract<Address, { type: 'exchange' }>>('exchange', { node: optional(text) }),
  router: variant<Extract<Address, { type: 'router' }>>('router', { node: optional(text) }),
  persistence: variant<Extract<Address, { type: 'persistence' }>>('persistence', { node: optional(text) }),
  account: variant<Extract<Address, { type: 'account' }>>('account', {
    userId: integer,
    node: optional(text),
  }),
  book: variant<Extract<Address, { type: 'book' }>>('book', {
    symbol: text,
    node: optional(text),
  }),
  gateway: variant<Extract<Address, { type: 'gateway' }>>('gateway', { name: text }),
  session: variant<Extract<Address, { type: 'session' }>>('session', { sessionId: text }),
  reply: variant<Extract<Address, { type: 'reply' }>>('reply', {
    requestId: text,
    node: optional(text),
  }),
});

// ---- Commands on their way --------------------------------------------------------------------------------

const transferFunds = variant<TransferFunds>('TransferFunds', {
  kind: oneOf<TransferKind>('deposit', 'withdrawal', 'adjustment'),
  asset: text,
  amount: bigInteger,
  idempotencyKey: text,
  requestedBy: text,
  reason: orUndefined(text),
});

const cancelMemberOrders = variant<CancelMemberOrders>('CancelMemberOrders', {
  side: optional(side),
  unsolicited: unsolicitedCancel,
});

const unsupportedRequest = variant<UnsupportedRequest>('UnsupportedRequest', {
  msgType: oneOf('D', 'F', 'G', 'q'),
  clOrdId: text,
  origClOrdId: orUndefined(text),
  symbol: text,
  side: text,
  orderQty: text,
  reason: integer,
  text,
  massCancelRequestType: optional(text),
});

type Submitted = SubmitCommands['commands'][number];

const submitted = record<Submitted>({
  msgSeqNum: count,
  command: union<Submitted['command']>({ ...MEMBER_COMMANDS, UnsupportedRequest: unsupportedRequest }),
  sending: optional(
    record<Sending>({ no: count, isAgain: flag, receivedAt: count, round: count, epoch: optional(count) }),
  ),
});

const refused = record<RefusedCommand>({
  msgSeqNum: count,
  command: union<Submitted['command']>({ ...MEMBER_COMMANDS, UnsupportedRequest: unsupportedRequest }),
  sendingNo: optional(count),
});

const shardEpoch = record<ShardEpoch>({ shard: count, epoch: count });

const routedCommand = record<RoutedCommand>({
  commandNo: count,
  userId: integer,
  origin: orUndefined(record<CommandOrigin>({ sessionId: text, msgSeqNum: count })),
  replyTo: orUndefined(address),
  command: union<AccountCommand>({
    ...MEMBER_COMMANDS,
    UnsupportedRequest: unsupportedRequest,
    TransferFunds: transferFunds,
    CancelMemberOrders: cancelMemberOrders,
  }),
  referencePrice: orUndefined(ticks),
  tradingDay: text,
  isSentAgain: optional(flag),
  receivedAt: optional(count),
  returnCount: optional(count),
  shard: optional(shardEpoch),
});

const bookRequest = record<BookRequest>({
  command: bookCommand,
  cause: orUndefined(routedCommand),
  gatheredBy: optional(
    record<NonNullable<BookRequest['gatheredBy']>>({ userId: orUndefined(integer), commandNo: count }),
  ),
  returnCount: optional(count),
  amendmentNo: optional(count),
  shards: optional(listOf(shardEpoch)),
  from: optional(
    record<NonNullable<BookRequest['from']>>({
      node: text,
      requestNo: count,
      epoch: count,
      voids: optional(count),
    }),
  ),
});

const bounceReason = union<BounceReason>({
  NoSuchOrder: variant('NoSuchOrder', {}),
  BookUnavailable: variant<Extract<BounceReason, { type: 'BookUnavailable' }>>('BookUnavailable', { text }),
  CommandFailed: variant<Extract<BounceReason, { type: 'CommandFailed' }>>('CommandFailed', { text }),
  WouldTrade: variant('WouldTrade', {}),
  TooManySlices: variant('TooManySlices', {}),
});

const tradingStatus = union<TradingStatus>({
  Open: variant('Open', {}),
  CancelOnly: variant<Extract<TradingStatus, { type: 'CancelOnly' }>>('CancelOnly', { reason: text }),
  Halted: variant<Extract<TradingStatus, { type: 'Halted' }>>('Halted', {
    by: oneOf('operator', 'crash'),
    reason: text,
  }),
});

const fence = variant<Extract<BookMessage, Fence>>('Fence', {
  userId: integer,
  fenceNo: count,
  bookCount: count,
  tradingDay: text,
  proxy: optional(text),
  life: optional(count),
  epoch: optional(count),
});

const amendedTrade = {
  tradeId: integer,
  symbol: text,
  kind: oneOf('bust', 'correct'),
  priceBefore: text,
  quantityBefore: text,
  price: text,
  quantity: text,
  charges: listOf(record<AmendedTrade['charges'][number]>({ username: text, asset: text, amount: text })),
} satisfies Omit<FieldsOf<AmendedTrade>, 'type'>;

const lastPrice = record({ symbol: text, price: ticks });
const amount = record({ asset: text, amount: bigInteger });

// ---- The table --------------------------------------------------------------------------------------------

type MessageType = Message['type'];
type MessageOf<K extends MessageType> = Extract<Message, { readonly type: K }>;

/** Written for actors of the same node only; refused when it comes from another. */
const STAYS = 'stays';

function crosses<K extends MessageType>(type: K, fields: Omit<FieldsOf<MessageOf<K>>, 'type'>) {
  return record<MessageOf<K>>({ type: oneOf(type), ...fields } as unknown as FieldsOf<MessageOf<K>>);
}

const TABLE = {
  // To an exchange
  SubmitCommands: crosses('SubmitCommands', {
    sessionId: text,
    userId: integer,
    commands: listOf(submitted),
  }),
  CommandsMisrouted: crosses('CommandsMisrouted', {
    sessionId: text,
    commands: listOf(record({ msgSeqNum: count, sendingNo: count })),
    isInDoubt: optional(flag),
  }),
  RoutesChanged: STAYS,
  RoutesDue: STAYS,
  AnswersDue: STAYS,
  AwaitAnswers: STAYS,
  SubmitAccountCommand: crosses('SubmitAccountCommand', {
    userId: integer,
    command: union<SubmitAccountCommand['command']>({
      TransferFunds: transferFunds,
      CancelMemberOrders: cancelMemberOrders,
    }),
    replyTo: address,
    isForwarded: optional(flag),
  }),
  CancelSymbolOrders: crosses('CancelSymbolOrders', {
    symbol: text,
    userId: optional(integer),
    side: optional(side),
    unsolicited: unsolicitedCancel,
    replyTo: address,
    isForwarded: optional(flag),
  }),
  CommandsCompleted: STAYS,
  StoreUnavailable: crosses('StoreUnavailable', { reason: text }),
  StoreAvailable: crosses('StoreAvailable', {}),
  PricesTraded: crosses('PricesTraded', { lastPrices: listOf(lastPrice) }),
  PriceNewsDue: STAYS,
  PeerUp: STAYS,
  PeerDown: STAYS,
  OwnersChanged: STAYS,
  BookMoved: STAYS,
  MovedBooksDue: STAYS,
  AccountsGone: STAYS,
  InstrumentChanged: crosses('InstrumentChanged', {
    symbol: text,
    replyTo: optional(address),
    isForwarded: optional(flag),
  }),
  InstrumentLoaded: STAYS,
  InstrumentsReread: STAYS,
  SetTradingStatus: crosses('SetTradingStatus', {
    symbol: text,
    status: tradingStatus,
    from: optional(oneOf('operator', 'owner')),
  }),
  BookReady: crosses('BookReady', { symbol: text, lastPrice: orUndefined(ticks), node: optional(text) }),
  BookHalted: crosses('BookHalted', { symbol: text, reason: text, node: optional(text) }),
  DrainExchange: crosses('DrainExchange', { replyTo: address }),
  BeginRedo: STAYS,
  BookVoid: STAYS,
  RedoCommand: STAYS,
  RedoBookRequest: STAYS,
  EndRedo: STAYS,
  RollTradingDay: STAYS,
  ExpireDue: STAYS,
  TradingTermsChanged: crosses('TradingTermsChanged', {
    userId: integer,
    terms: tradingTerms,
    isForwarded: optional(flag),
  }),
  SubmitTradeAmendment: crosses('SubmitTradeAmendment', {
    tradeId: integer,
    wanted: wantedAmendment,
    chargesVenue: flag,
    reason: text,
    requestedBy: text,
    replyTo: address,
    isForwarded: optional(flag),
  }),
  TradeLoaded: STAYS,
  FundsReserved: crosses('FundsReserved', {
    amendmentNo: count,
    userId: integer,
    shortfalls: listOf(shortfall),
    fault: orUndefined(text),
    shard: optional(shardEpoch),
  }),
  AmendmentAnswered: crosses('AmendmentAnswered', { amendmentNo: count, fault: orUndefined(text) }),
  StatusCheckDue: STAYS,
  StatusRead: STAYS,
  // To an account
  AccountCommands: crosses('AccountCommands', { commands: listOf(routedCommand) }),
  StatusReportsTold: crosses('StatusReportsTold', { sessionId: text, count }),
  ReserveFunds: crosses('ReserveFunds', {
    amendmentNo: count,
    userId: integer,
    node: optional(text),
    funds: listOf(hold),
    orderIds: listOf(integer),
  }),
  ReleaseFunds: crosses('ReleaseFunds', { amendmentNo: count, node: optional(text) }),
  ReservesVoid: STAYS,
  BookMassCanceled: crosses('BookMassCanceled', {
    commandNo: count,
    symbol: text,
    canceledCount: count,
    isLast: flag,
    fault: orUndefined(text),
  }),
  MassCancelDue: STAYS,
  MassCancelReported: STAYS,
  JudgeAgain: STAYS,
  RequestsBounced: crosses('RequestsBounced', {
    bounced: listOf(
      record<MessageOf<'RequestsBounced'>['bounced'][number]>({
        routed: routedCommand,
        reason: bounceReason,
      }),
    ),
  }),
  Settle: crosses('Settle', {
    writer: text,
    commitNo: count,
    previousNo: optional(count),
    books: optional(listOf(record({ symbol: text, epoch: count }))),
    orders: listOf(orderSnapshot),
    amounts: listOf(amount),
    amendedOrders: optional(listOf(orderSnapshot)),
    answered: listOf(text),
  }),
  AccountLoaded: STAYS,
  OrderLoaded: STAYS,
  VoidAccount: STAYS,
  RefuseCommand: crosses('RefuseCommand', { routed: routedCommand, text }),
  LoadFailed: STAYS,
  // To a book
  BookRequests: crosses('BookRequests', { requests: listOf(bookRequest) }),
  BookLoaded: STAYS,
  BookOrdersLoaded: STAYS,
  BookLoadFailed: STAYS,
  Fence: fence,
  VoidFence: STAYS,
  BookRequestsAnswered: crosses('BookRequestsAnswered', {
    committed: listOf(count),
    bounced: listOf(record({ requestNo: count, reason: bounceReason })),
    returned: listOf(record<ReturnedRequest>({ requestNo: count, isSuspect: flag })),
    voids: optional(record<BookVoids>({ epoch: count, count })),
  }),
  BookFenced: crosses('BookFenced', { fenceNo: count }),
  BookHandedOver: crosses('BookHandedOver', { epoch: count, linkNo: optional(count) }),
  BookTakenOver: crosses('BookTakenOver', { epoch: count, linkNo: optional(count) }),
  HaltBook: STAYS,
  ContinueBook: STAYS,
  ResumeBook: STAYS,
  BookTaken: STAYS,
  BookLeaving: STAYS,
  BookGone: STAYS,
  // To persistence: what it writes and reads is its own node's
  JournalBook: STAYS,
  JournalHalt: STAYS,
  JournalAccount: STAYS,
  JournalSession: STAYS,
  AwaitCommits: STAYS,
  LoadBook: STAYS,
  HurryBook: STAYS,
  StopBookLoad: STAYS,
  LoadAccount: STAYS,
  LoadOrder: STAYS,
  OpenSession: STAYS,
  CloseSession: STAYS,
  FollowMembers: crosses('FollowMembers', {
    node: text,
    sessions: listOf(record({ userId: integer, sessionId: text })),
  }),
  UnfollowMember: crosses('UnfollowMember', { userId: integer, sessionId: text }),
  MembersFollowed: crosses('MembersFollowed', { sessionIds: listOf(text), writer: text, commitNo: count }),
  LoadUndelivered: STAYS,
  ResetSession: STAYS,
  SessionHeld: crosses('SessionHeld', { sessionId: text, isAlive: flag }),
  LoadMessages: STAYS,
  FenceReached: crosses('FenceReached', { fence, symbol: text }),
  VoidFenceReached: STAYS,
  CommandsUnanswered: STAYS,
  LogDue: STAYS,
  CommitHandlingFailed: STAYS,
  RetryCommit: STAYS,
  CommitOverdue: STAYS,
  FlushDue: STAYS,
  // To a gateway
  ConnectionOpened: STAYS,
  ConnectionEnded: STAYS,
  ClaimSession: STAYS,
  ReleaseSession: STAYS,
  DrainGateway: crosses('DrainGateway', { text, replyTo: address }),
  LogoutMember: crosses('LogoutMember', { senderCompId: integer, text }),
  ResetMember: crosses('ResetMember', { senderCompId: integer, userId: integer }),
  SessionWanted: crosses('SessionWanted', { senderCompId: integer, sessionId: text, node: text }),
  GatewayGone: STAYS,
  UndrainGateway: STAYS,
  MemberLoggedOn: STAYS,
  MemberGone: STAYS,
  Announce: crosses('Announce', { headline: text, lines: listOf(text) }),
  SecurityStatusChanged: crosses('SecurityStatusChanged', { symbol: text }),
  Tick: STAYS,
  // To a session
  BytesReceived: STAYS,
  PeerClosed: STAYS,
  LoginJudged: STAYS,
  SessionClaimed: STAYS,
  SessionBusy: STAYS,
  SessionOpened: STAYS,
  SessionLost: STAYS,
  CatchUp: STAYS,
  UndeliveredLoaded: STAYS,
  MessagesLoaded: STAYS,
  ReportsCommitted: crosses('ReportsCommitted', {
    writer: text,
    commitNo: count,
    continuity: optional(record<Continuity>({ previousNo: count, ownedFromNo: count })),
    reports: listOf(report),
    answered: listOf(count),
  }),
  CommandsRefused: crosses('CommandsRefused', {
    refusal: oneOf<CommandsRefused['refusal']>('StoreUnavailable', 'Overloaded', 'Draining', 'Unanswerable'),
    text,
    commands: listOf(refused),
  }),
  NumbersReserved: STAYS,
  EndSession: STAYS,
  ResetNumbers: STAYS,
  // To an operator who waits
  TransferBooked: crosses('TransferBooked', { balance: bigInteger }),
  TransferRefused: crosses('TransferRefused', { text }),
  CancelsRequested: crosses('CancelsRequested', { orderCount: count }),
  CommandRejected: crosses('CommandRejected', { text }),
  TermsInForce: crosses('TermsInForce', {}),
  TradeAmended: crosses('TradeAmended', amendedTrade),
  Drained: crosses('Drained', {}),
} satisfies { readonly [K in MessageType]: Codec<MessageOf<K>> | typeof STAYS };

/** The types of message that cross between nodes. */
export type CrossingType = {
  [K in MessageType]: (typeof TABLE)[K] extends typeof STAYS ? never : K;
}[MessageType];

/** A message that may be told to an actor of another node. */
export type CrossingMessage = Extract<Message, { readonly type: CrossingType }>;

/** A codec for each type that crosses. */
export const MESSAGES: ReadonlyMap<string, Codec<Message>> = new Map(
  Object.entries(TABLE as Record<string, Codec<Message> | typeof STAYS>).flatMap(([type, codec]) =>
    codec === STAYS ? [] : [[type, codec] as const],
  ),
);
