/**
 * Messages of every type that crosses nodes, with everything that they may have and with as little as they may. The type
 * of the table makes a new message that crosses need samples.
 */
import type { Message, RoutedCommand } from '../../src/actors/protocol.ts';
import type { CrossingMessage, CrossingType } from '../../src/cluster/wire/messages.ts';
import type { ExecutionReport } from '../../src/matching/execution-report.ts';
import { lots, type OrderSnapshot, ticks } from '../../src/matching/types.ts';

type Samples = {
  readonly [K in CrossingType]: readonly [
    Extract<Message, { readonly type: K }>,
    ...Extract<Message, { readonly type: K }>[],
  ];
};

const PLAIN_ORDER: OrderSnapshot = {
  orderId: 7,
  userId: 42,
  symbol: 'BTC-USD',
  clOrdId: 'a-1',
  side: '1',
  ordType: '2',
  timeInForce: '1',
  price: ticks(6_500_000),
  quantity: lots(30),
  cumQty: lots(10),
  leavesQty: lots(20),
  cumNotional: 65_000_000n,
  ordStatus: '1',
  priority: 5,
  acceptedSeq: 5,
  makerFeeRate: -10,
  takerFeeRate: 25,
  tradingDay: '2026-11-23',
  enteredAt: 1_795_000_000_123,
};

const FULL_ORDER: OrderSnapshot = {
  ...PLAIN_ORDER,
  cumNotional: 2n ** 120n,
  stopPx: ticks(Number.MAX_SAFE_INTEGER),
  expireTime: 1_795_000_000_999,
  expireDate: '2026-11-24',
  execInst: '6',
  slides: true,
  minQty: lots(1),
  maxFloor: lots(2),
  selfTradePrevention: 'Decrement',
  selfTradeGroup: 3,
  account: 'Zürich "7"\n\u0001',
  secondaryClOrdId: '\ud83d\ude00 and a half: \ud83d',
  clOrdLinkId: '',
  triggered: true,
  displayedQty: lots(0),
};

const ROUTED: RoutedCommand = {
  commandNo: 9,
  userId: 42,
  origin: undefined,
  replyTo: undefined,
  command: {
    type: 'OrderCancelRequest',
    clOrdId: 'b',
    origClOrdId: undefined,
    orderId: '7',
    symbol: 'BTC-USD',
    side: '2',
    mayBeRepeat: false,
  },
  referencePrice: undefined,
  tradingDay: '2026-11-23',
};

const REPLY_TO = { type: 'reply', requestId: 'r-1' } as const;
const UNSOLICITED = { execRestatementReason: 99, text: 'the operator' };

const COMMANDS: readonly RoutedCommand[] = [
  ROUTED,
  { ...ROUTED, isSentAgain: true, receivedAt: 1_700_000_000_000 },
  {
    ...ROUTED,
    origin: { sessionId: 's-1', msgSeqNum: 12 },
    replyTo: { type: 'session', sessionId: 's-1' },
    referencePrice: ticks(3),
    command: {
      type: 'NewOrderSingle',
      clOrdId: 'a',
      symbol: 'BTC-USD',
      side: '1',
      ordType: '4',
      timeInForce: '6',
      orderQty: '1.50',
      price: '65000.00',
      currency: 'USD',
      mayBeRepeat: true,
      stopPx: '1',
      expireTime: 5,
      expireDate: '2026-11-24',
      execInst: 'G',
      minQty: '0.1',
      maxFloor: '0.2',
      selfTradePrevention: 'None',
      selfTradeGroup: 1,
      account: 'x',
      secondaryClOrdId: 'y',
      clOrdLinkId: 'z',
    },
  },
  {
    ...ROUTED,
    command: {
      type: 'OrderCancelReplaceRequest',
      clOrdId: 'c',
      origClOrdId: 'b',
      orderId: undefined,
      symbol: 'BTC-USD',
      side: '1',
      ordType: '2',
      timeInForce: undefined,
      orderQty: '1',
      price: undefined,
      mayBeRepeat: false,
    },
  },
  {
    ...ROUTED,
    command: {
      type: 'OrderStatusRequest',
      clOrdId: undefined,
      orderId: '7',
      symbol: 'BTC-USD',
      side: '1',
      ordStatusReqId: 'q',
    },
  },
  {
    ...ROUTED,
    command: { type: 'OrderMassStatusRequest', massStatusReqId: 'm', symbol: undefined, side: undefined },
  },
  {
    ...ROUTED,
    command: {
      type: 'OrderMassCancelRequest',
      clOrdId: 'q-1',
      symbol: 'BTC-USD',
      side: '2',
      mayBeRepeat: true,
    },
  },
  {
    ...ROUTED,
    command: {
      type: 'UnsupportedRequest',
      msgType: 'q',
      clOrdId: 'u',
      origClOrdId: undefined,
      symbol: '',
      side: '',
      orderQty: '',
      reason: 0,
      text: 'no',
      massCancelRequestType: '3',
    },
  },
  {
    ...ROUTED,
    replyTo: REPLY_TO,
    command: {
      type: 'TransferFunds',
      kind: 'adjustment',
      asset: 'USD',
      amount: -123_456_789_012_345_678_901_234_567_890n,
      idempotencyKey: 'k',
      requestedBy: 'ops',
      reason: 'a mistake',
    },
  },
  { ...ROUTED, command: { type: 'CancelMemberOrders', side: '1', unsolicited: UNSOLICITED } },
];

const REPORT: ExecutionReport = {
  type: 'ExecutionReport',
  userId: 42,
  source: 'BTC-USD',
  sourceSeq: 0,
  at: 1,
  orderId: undefined,
  clOrdId: 'a',
  origClOrdId: undefined,
  execType: 'I',
  ordStatus: '8',
  symbol: 'BTC-USD',
  side: '1',
  ordType: undefined,
  timeInForce: undefined,
  orderQty: '1',
  price: undefined,
  cumQty: '0',
  leavesQty: '0',
  avgPx: '0',
  fill: undefined,
  ordRejReason: undefined,
  execRestatementReason: undefined,
  text: undefined,
};

const FULL_REPORT: ExecutionReport = {
  ...REPORT,
  sourceSeq: 88,
  orderId: 7,
  origClOrdId: 'b',
  execType: 'F',
  ordType: '2',
  timeInForce: '0',
  price: '65000.00',
  fill: { tradeId: 3, lastQty: '1', lastPx: '2', lastLiquidityInd: 2, fee: '0.01', feeAsset: 'USD' },
  ordRejReason: 99,
  execRestatementReason: 8,
  text: 'text',
  instructions: {
    stopPx: '1',
    isWorking: false,
    expireTime: 3,
    expireDate: '2026-11-24',
    execInst: '6',
    minQty: '1',
    maxFloor: '2',
    account: 'x',
    secondaryClOrdId: 'y',
    clOrdLinkId: 'z',
  },
  execRefId: 'BTC-USD-3',
  ordStatusReqId: 'o',
  massStatus: { massStatusReqId: 'm', totNumReports: 4, isLast: true },
};

const ENTER = {
  type: 'EnterOrder',
  orderId: 7,
  userId: 42,
  clOrdId: 'a',
  side: '2',
  ordType: '1',
  timeInForce: '3',
  price: ticks(1),
  quantity: lots(1),
  makerFeeRate: 0,
  takerFeeRate: 0,
  tradingDay: '2026-11-23',
} as const;

const AMENDMENT = {
  tradeId: 3,
  before: { price: ticks(5), quantity: lots(2) },
  after: { price: ticks(5), quantity: lots(0) },
  makerRefSeq: 6,
  takerRefSeq: 7,
  charges: [{ userId: 42, asset: 'USD', amount: 10n ** 30n }],
  reason: 'error',
  requestedBy: 'ops',
};

const SUBMITTED = COMMANDS.flatMap(({ command }, index) =>
  command.type === 'TransferFunds' || command.type === 'CancelMemberOrders'
    ? []
    : [{ msgSeqNum: index, command }],
);

const SAMPLES: Samples = {
  SubmitCommands: [
    { type: 'SubmitCommands', sessionId: 's-1', userId: 42, commands: SUBMITTED },
    {
      type: 'SubmitCommands',
      sessionId: 'gateway-1/fix:1:1',
      userId: 42,
      commands: SUBMITTED.map((one) => ({
        ...one,
        sending: { no: 2, isAgain: true, receivedAt: 1_700_000_000_000, round: 3, epoch: 5 },
      })),
    },
  ],
  CommandsMisrouted: [
    { type: 'CommandsMisrouted', sessionId: 'gateway-1/fix:1:1', commands: [{ msgSeqNum: 3, sendingNo: 1 }] },
  ],
  BookRequestsAnswered: [
    {
      type: 'BookRequestsAnswered',
      committed: [1, 2],
      bounced: [{ requestNo: 3, reason: { type: 'BookUnavailable', text: 'busy' } }],
      returned: [{ requestNo: 4, isSuspect: true }],
    },
    { type: 'BookRequestsAnswered', committed: [], bounced: [], returned: [], voids: { epoch: 3, count: 1 } },
  ],
  BookFenced: [{ type: 'BookFenced', fenceNo: 2 }],
  BookHandedOver: [{ type: 'BookHandedOver', epoch: 4 }],
  BookTakenOver: [{ type: 'BookTakenOver', epoch: 6 }],
  FollowMembers: [
    { type: 'FollowMembers', node: 'gateway-1', sessions: [{ userId: 42, sessionId: 'gateway-1/fix:1:1' }] },
  ],
  UnfollowMember: [{ type: 'UnfollowMember', userId: 42, sessionId: 'gateway-1/fix:1:1' }],
  MembersFollowed: [
    { type: 'MembersFollowed', sessionIds: ['gateway-1/fix:1:1'], writer: 'engine-1', commitNo: 3 },
  ],
  SessionHeld: [{ type: 'SessionHeld', sessionId: 'gateway-1/fix:1:1', isAlive: true }],
  SubmitAccountCommand: [
    {
      type: 'SubmitAccountCommand',
      userId: 42,
      command: {
        type: 'TransferFunds',
        kind: 'deposit',
        asset: 'USD',
        amount: 1n,
        idempotencyKey: 'k',
        requestedBy: 'ops',
        reason: undefined,
      },
      replyTo: REPLY_TO,
    },
    {
      type: 'SubmitAccountCommand',
      userId: 42,
      command: { type: 'CancelMemberOrders', unsolicited: UNSOLICITED },
      replyTo: { type: 'gateway', name: 'gateway' },
      isForwarded: true,
    },
  ],
  CancelSymbolOrders: [
    { type: 'CancelSymbolOrders', symbol: 'X', unsolicited: UNSOLICITED, replyTo: { type: 'exchange' } },
    {
      type: 'CancelSymbolOrders',
      symbol: 'X',
      userId: 1,
      side: '1',
      unsolicited: UNSOLICITED,
      replyTo: { type: 'router', node: 'gateway-1' },
      isForwarded: true,
    },
  ],
  PricesTraded: [{ type: 'PricesTraded', lastPrices: [{ symbol: 'X', price: ticks(9) }] }],
  StoreUnavailable: [{ type: 'StoreUnavailable', reason: 'away' }],
  StoreAvailable: [{ type: 'StoreAvailable' }],
  InstrumentChanged: [
    { type: 'InstrumentChanged', symbol: 'X' },
    { type: 'InstrumentChanged', symbol: 'X', replyTo: { type: 'persistence' } },
    { type: 'InstrumentChanged', symbol: 'X', isForwarded: true },
  ],
  SetTradingStatus: [
    { type: 'SetTradingStatus', symbol: 'X', status: { type: 'Open' } },
    { type: 'SetTradingStatus', symbol: 'X', status: { type: 'Open' }, from: 'operator' },
    { type: 'SetTradingStatus', symbol: 'X', status: { type: 'Open' }, from: 'owner' },
    { type: 'SetTradingStatus', symbol: 'X', status: { type: 'CancelOnly', reason: 'r' } },
    { type: 'SetTradingStatus', symbol: 'X', status: { type: 'Halted', by: 'crash', reason: 'r' } },
  ],
  BookReady: [
    { type: 'BookReady', symbol: 'X', lastPrice: undefined },
    { type: 'BookReady', symbol: 'X', lastPrice: ticks(4), node: 'engine-1' },
  ],
  BookHalted: [
    { type: 'BookHalted', symbol: 'X', reason: 'r' },
    { type: 'BookHalted', symbol: 'X', reason: 'r', node: 'engine-1' },
  ],
  DrainExchange: [{ type: 'DrainExchange', replyTo: { type: 'book', symbol: 'X' } }],
  TradingTermsChanged: [
    {
      type: 'TradingTermsChanged',
      userId: 42,
      terms: {
        selfTradePrevention: undefined,
        maxQuantity: undefined,
        maxNotional: undefined,
        maxOpenOrders: undefined,
        priceBandBps: undefined,
        makerFeeRate: undefined,
        takerFeeRate: undefined,
      },
    },
    {
      type: 'TradingTermsChanged',
      userId: 42,
      terms: {
        selfTradePrevention: 'CancelBoth',
        maxQuantity: 0n,
        maxNotional: 10n ** 37n,
        maxOpenOrders: 0,
        priceBandBps: 50,
        makerFeeRate: -1,
        takerFeeRate: 1,
      },
    },
  ],
  SubmitTradeAmendment: [
    {
      type: 'SubmitTradeAmendment',
      tradeId: 3,
      wanted: { type: 'Bust' },
      chargesVenue: true,
      reason: 'r',
      requestedBy: 'ops',
      replyTo: REPLY_TO,
    },
    {
      type: 'SubmitTradeAmendment',
      tradeId: 3,
      wanted: { type: 'Correct', price: '1.5', quantity: undefined },
      chargesVenue: false,
      reason: 'r',
      requestedBy: 'ops',
      replyTo: REPLY_TO,
    },
  ],
  FundsReserved: [
    {
      type: 'FundsReserved',
      amendmentNo: 1,
      userId: 42,
      shortfalls: [{ asset: 'USD', amount: 5n, available: 0n }],
      fault: undefined,
    },
    { type: 'FundsReserved', amendmentNo: 1, userId: 42, shortfalls: [], fault: 'gone' },
    {
      type: 'FundsReserved',
      amendmentNo: 1,
      userId: 42,
      shortfalls: [],
      fault: undefined,
      shard: { shard: 42, epoch: 3 },
    },
  ],
  AmendmentAnswered: [
    { type: 'AmendmentAnswered', amendmentNo: 1, fault: undefined },
    { type: 'AmendmentAnswered', amendmentNo: 1, fault: 'gone' },
  ],
  AccountCommands: [{ type: 'AccountCommands', commands: COMMANDS }],
  StatusReportsTold: [{ type: 'StatusReportsTold', sessionId: 's-1', count: 1 }],
  ReserveFunds: [
    {
      type: 'ReserveFunds',
      amendmentNo: 1,
      userId: 42,
      funds: [{ asset: 'USD', amount: 5n }],
      orderIds: [7, 8],
    },
    { type: 'ReserveFunds', amendmentNo: 1, userId: 42, node: 'engine-1', funds: [], orderIds: [] },
  ],
  ReleaseFunds: [
    { type: 'ReleaseFunds', amendmentNo: 1 },
    { type: 'ReleaseFunds', amendmentNo: 1, node: 'engine-1' },
  ],
  BookMassCanceled: [
    {
      type: 'BookMassCanceled',
      commandNo: 9,
      symbol: 'X',
      canceledCount: 0,
      isLast: true,
      fault: undefined,
    },
    { type: 'BookMassCanceled', commandNo: 9, symbol: 'X', canceledCount: 4, isLast: false, fault: 'r' },
  ],
  RequestsBounced: [
    {
      type: 'RequestsBounced',
      bounced: [
        { routed: ROUTED, reason: { type: 'NoSuchOrder' } },
        { routed: ROUTED, reason: { type: 'BookUnavailable', text: 't' } },
        { routed: ROUTED, reason: { type: 'CommandFailed', text: 't' } },
        { routed: ROUTED, reason: { type: 'WouldTrade' } },
        { routed: ROUTED, reason: { type: 'TooManySlices' } },
      ],
    },
  ],
  Settle: [
    { type: 'Settle', writer: 'engine-1', commitNo: 1, orders: [], amounts: [], answered: [] },
    {
      type: 'Settle',
      writer: 'engine-2',
      commitNo: 2,
      orders: [PLAIN_ORDER, FULL_ORDER],
      amounts: [{ asset: 'BTC', amount: -1n }],
      previousNo: 1,
      books: [{ symbol: 'X', epoch: 3 }],
      amendedOrders: [FULL_ORDER],
      answered: ['a', 'b'],
    },
  ],
  RefuseCommand: [{ type: 'RefuseCommand', routed: ROUTED, text: 'no' }],
  BookRequests: [
    {
      type: 'BookRequests',
      requests: [
        { command: ENTER, cause: ROUTED },
        { command: ENTER, cause: ROUTED, from: { node: 'engine-1', requestNo: 7, epoch: 3 } },
        {
          command: { ...ENTER, stopPx: ticks(3), slides: true, minQty: lots(1), account: 'x' },
          cause: undefined,
        },
        {
          command: { type: 'CancelOrder', orderId: 7, clOrdId: undefined, unsolicited: UNSOLICITED },
          cause: undefined,
        },
        {
          command: {
            type: 'ReplaceOrder',
            orderId: 7,
            clOrdId: 'c',
            price: ticks(1),
            quantity: lots(2),
            stopPx: ticks(3),
            maxFloor: lots(1),
            expireTime: 4,
            expireDate: '2026-11-24',
          },
          cause: ROUTED,
        },
        { command: { type: 'ExpireOrders', tradingDay: '2026-11-23' }, cause: undefined },
        {
          command: {
            type: 'MassCancelOrders',
            userId: 42,
            side: undefined,
            clOrdId: 'q',
            unsolicited: undefined,
            atMost: 10,
          },
          cause: undefined,
          gatheredBy: { userId: undefined, commandNo: 3 },
        },
        {
          command: { type: 'AmendTrade', ...AMENDMENT, maker: PLAIN_ORDER, taker: FULL_ORDER },
          cause: undefined,
          amendmentNo: 1,
        },
      ],
    },
  ],
  Fence: [{ type: 'Fence', userId: 42, fenceNo: 1, bookCount: 2, tradingDay: '2026-11-23' }],
  FenceReached: [
    {
      type: 'FenceReached',
      fence: { type: 'Fence', userId: 42, fenceNo: 1, bookCount: 2, tradingDay: '2026-11-23' },
      symbol: 'X',
    },
  ],
  DrainGateway: [{ type: 'DrainGateway', text: 'bye', replyTo: REPLY_TO }],
  LogoutMember: [{ type: 'LogoutMember', senderCompId: 42, text: 'bye' }],
  ResetMember: [{ type: 'ResetMember', senderCompId: 42, userId: 42 }],
  SessionWanted: [
    { type: 'SessionWanted', senderCompId: 42, sessionId: 'gateway-1/fix:1:1', node: 'gateway-1' },
  ],
  Announce: [{ type: 'Announce', headline: 'h', lines: ['one', 'two'] }],
  SecurityStatusChanged: [{ type: 'SecurityStatusChanged', symbol: 'X' }],
  ReportsCommitted: [
    { type: 'ReportsCommitted', writer: 'engine-1', commitNo: 1, reports: [], answered: [] },
    {
      type: 'ReportsCommitted',
      writer: 'engine-2',
      commitNo: 2,
      continuity: { previousNo: 0, ownedFromNo: 2 },
      reports: [
        REPORT,
        FULL_REPORT,
        {
          type: 'OrderCancelReject',
          userId: 42,
          source: 'user:42',
          sourceSeq: 1,
          at: 2,
          orderId: undefined,
          clOrdId: 'c',
          origClOrdId: 'b',
          ordStatus: '8',
          cxlRejResponseTo: 2,
          cxlRejReason: 1,
          text: 'unknown order',
        },
        {
          type: 'OrderMassCancelReport',
          userId: 42,
          source: 'user:42',
          sourceSeq: 2,
          at: 2,
          clOrdId: 'q',
          symbol: undefined,
          side: undefined,
          massCancelRequestType: '3',
          massCancelRejectReason: 0,
          totalAffectedOrders: 1,
          unanswered: [{ clOrdId: 'a', orderId: 7 }],
          text: undefined,
        },
      ],
      answered: [12],
    },
  ],
  CommandsRefused: [
    { type: 'CommandsRefused', refusal: 'Overloaded', text: 'full', commands: SUBMITTED },
    {
      type: 'CommandsRefused',
      refusal: 'Unanswerable',
      text: 'gone',
      commands: SUBMITTED.map((one) => ({ ...one, sendingNo: 2 })),
    },
  ],
  TransferBooked: [{ type: 'TransferBooked', balance: 10n ** 37n + 1n }],
  TransferRefused: [{ type: 'TransferRefused', text: 't' }],
  CancelsRequested: [{ type: 'CancelsRequested', orderCount: 0 }],
  CommandRejected: [{ type: 'CommandRejected', text: 't' }],
  TermsInForce: [{ type: 'TermsInForce' }],
  TradeAmended: [
    {
      type: 'TradeAmended',
      tradeId: 3,
      symbol: 'X',
      kind: 'correct',
      priceBefore: '1',
      quantityBefore: '2',
      price: '3',
      quantity: '4',
      charges: [{ username: 'alice', asset: 'USD', amount: '5.00' }],
    },
  ],
  Drained: [{ type: 'Drained' }],
};

/** Every sample, at least one of each type. */
export const CROSSING_SAMPLES: readonly CrossingMessage[] = Object.values(SAMPLES).flat();
