/** What the venue does with single fields, in a member's words: the note column of the rules of engagement. */

/** Notes by message name (or Header, Trailer) and newest field name. */
export const FIELD_NOTES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Header: {
    BeginString: 'FIX.4.2, FIX.4.4, or FIXT.1.1 for FIX.5.0SP2',
    SenderCompID: "yours: the number that the venue gave you; in the venue's messages the venue's",
    TargetCompID: "the venue's; in its messages yours",
    MsgSeqNum: 'from 1; a message without it ends the session',
    SendingTime: 'UTC; more than two minutes off ends the session (373=10)',
    PossDupFlag: 'Y on what is resent under its old number',
    PossResend: 'Y on what may have been sent before under another number',
    OrigSendingTime: 'required with 43=Y (373=1), and not after 52 (373=10)',
    ApplVerID: 'taken and not used: a session speaks the version of its Logon',
    OnBehalfOfCompID: 'comes back as DeliverToCompID(128) in a reject; likewise 116 and 144',
    DeliverToCompID: 'comes back as OnBehalfOfCompID(115) in a reject; likewise 129 and 145',
  },
  Trailer: { CheckSum: 'three digits; a wrong one makes the message garbled: it is ignored' },
  Logon: {
    EncryptMethod: 'must be 0: encrypt the connection (TLS) instead',
    HeartBtInt: 'seconds; the answer has what is granted',
    DefaultApplVerID: 'must be 9, FIX.5.0SP2',
    ResetSeqNumFlag: 'Y: both sides begin at 1 again; the answer repeats it',
    NextExpectedMsgSeqNum: 'the number that you expect next: what you miss is resent without a ResendRequest',
    Username: 'always: without it the connection is closed. In FIX.4.2 an extension of the venue',
    Password: 'always: without it the connection is closed. In FIX.4.2 an extension of the venue',
    NewPassword: 'not used: passwords are changed by the operator',
    CancelOrdersOnDisconnect:
      'Y: cancel all open orders when the session ends; N: leave them; absent: as agreed',
    CancelOnDisconnectWindow: 'seconds within which a new Logon saves the orders',
  },
  Heartbeat: { TestReqID: 'of the TestRequest that it answers' },
  TestRequest: { TestReqID: 'comes back in the Heartbeat' },
  ResendRequest: { EndSeqNo: '0 is everything up to the last' },
  Reject: {
    RefSeqNum: 'of the message that is rejected',
    RefTagID: 'the field to blame, where there is one',
    SessionRejectReason: 'why; FIX.4.2 knows 0 to 11 only, and beyond them only 58 says why',
    Text: 'the field, its value and the reason',
  },
  SequenceReset: {
    GapFillFlag: 'Y: the numbers before 36 were session messages; else 36 counts and 34 does not',
    NewSeqNo: 'the next number; it cannot go down (373=5)',
  },
  Logout: { Text: 'why, when the venue ends the session' },
  NewOrderSingle: {
    ClOrdID: 'yours; not used before on this trading day, nor by one of your open orders',
    HandlInst: 'taken and not used: all orders go to the book',
    Symbol: 'the instrument; nothing else of it is read',
    Side: '1 buy, 2 sell; others are refused (103=11)',
    TransactTime: 'taken and not used',
    OrdType: '1 market, 2 limit, 3 stop, 4 stop limit; others are refused (103=11)',
    OrderQty: 'whole lots within the bounds of the instrument (103=13)',
    Price: 'whole ticks inside the price band (103=99); a market or stop order has none (103=11)',
    Currency: 'if given, the currency in which the symbol is priced; another is refused (103=99)',
    StopPx: 'whole ticks; a trade at this price or beyond triggers the order. Others have none (103=11)',
    TimeInForce:
      '0 day (also when absent), 1 good till cancel, 3 immediate or cancel, 4 fill or kill, 6 good till date; a market order: 0, 3, 4; a stop order: 0, 1, 6',
    ExpireTime: 'with 59=6 only (103=11), and in the future; one of 126 and 432',
    ExpireDate: 'with 59=6 only (103=11): the order ends with that trading day; one of 126 and 432',
    ExecInst:
      '6 participate do not initiate (post-only): a limit order that may rest; G all or none: with 59=3 or 4. One value; others are refused (103=11)',
    MinQty:
      'whole lots, at most 38: less than this at once on entry, and the order expires without a trade; not with 18=6 (103=11)',
    MaxFloor: 'whole lots: the most that is displayed of a limit or stop limit order that may rest',
    DisplayQty: 'the same as MaxFloor(111), which counts if both are there and equal',
    SelfMatchPreventionID:
      "the venue's: 1 to 2147483647; an incoming order with it is kept only from your orders with the same number, one without it from all of yours",
    SelfMatchPreventionMode:
      "the venue's: 0 none, 1 cancel newest, 2 cancel oldest, 3 cancel both, 4 decrement; absent: as agreed",
    NoPartyIDs: 'taken and not used: who you are is who logged on',
    Account: 'yours: told back in every report of the order',
    SecondaryClOrdID: 'yours: told back in every report of the order',
    ClOrdLinkID: 'yours: told back in every report of the order',
    Text: 'taken and not used',
  },
  OrderCancelRequest: {
    OrigClOrdID:
      'an accepted ClOrdID of the order, its last one as a rule; 41 of the report names the last accepted',
    ClOrdID: 'of this request; unique like that of an order',
    OrderID: 'if given, it must be of the same order (102=1)',
    Symbol: "must be the order's (102=99)",
    Side: "must be the order's (102=99)",
    OrderQty: 'taken and not used: what is left is canceled',
  },
  OrderCancelReplaceRequest: {
    OrigClOrdID:
      'an accepted ClOrdID of the order, its last one as a rule; 41 of the report names the last accepted',
    ClOrdID: "of this request; it becomes the order's",
    OrderID: 'if given, it must be of the same order (102=1)',
    HandlInst: 'taken and not used',
    Symbol: "must be the order's (102=99)",
    Side: "must be the order's (102=99)",
    OrdType: "must be the order's (102=99)",
    TimeInForce: "if given, it must be the order's (102=99)",
    OrderQty: 'the new total, what is filled included; at or below that, the order is done (39=2)',
    Price: 'the new price',
    Currency: 'if given, the currency in which the symbol is priced; another is refused (102=99)',
    StopPx:
      "the new StopPx while the order waits for it; absent: the order's own, which may be repeated after the trigger, too, and then not changed (102=99)",
    ExpireTime: "the new end of a good till date order; absent with 432: the order's own",
    ExpireDate: "the new end of a good till date order; absent with 126: the order's own",
    MaxFloor: "the new MaxFloor; an order without one becomes an iceberg; absent: the order's own",
    DisplayQty: 'the same as MaxFloor(111)',
    ExecInst: "if given, it must be the order's (102=99)",
    MinQty: "if given, it must be the order's (102=99)",
    TransactTime: 'taken and not used',
  },
  OrderMassCancelRequest: {
    ClOrdID: 'of this request; unique like that of an order',
    MassCancelRequestType: '1 of an instrument, 7 of all; others are refused (532=0)',
    Symbol: 'read with 530=1 only',
    Side: '1, 2, or both when it is absent; others are refused (532=99)',
    TransactTime: 'taken and not used',
  },
  OrderStatusRequest: {
    ClOrdID: 'of the order: any that was accepted for it',
    OrderID: 'if given, it must be of the same order',
    Symbol: "must be the order's",
    Side: "must be the order's; others than 1 and 2 are rejected (380=0)",
    OrdStatusReqID: 'comes back in the answer',
  },
  OrderMassStatusRequest: {
    MassStatusReqID: 'comes back in every answer',
    MassStatusReqType: '1 of an instrument, 7 of all; others are rejected (380=0)',
    Symbol: 'read with 585=1 only',
    Side: '1, 2, or both when it is absent; others are rejected (380=0)',
  },
  ExecutionReport: {
    OrderID: 'NONE for an order that was refused',
    ExecID: 'unique for ever: symbol or account, and a number without gaps; 0 in a status answer',
    ExecTransType:
      '0 new; 1 cancel: the trade of 19 is taken back; 2 correct: it is corrected; 3 status: nothing has happened',
    ExecRefID: 'ExecID(17) of the trade that is taken back or corrected',
    ExecType:
      '0 new, 4 canceled, 5 replaced, 8 rejected, C expired, D restated, F trade, G trade correct, H trade cancel, I status; L triggered in FIX.5.0SP2, which the others say by D. FIX.4.2 has 1 and 2 for trades, and 39 for G, H and I',
    OrdStatus:
      '0 new, 1 partially filled, 2 filled, 4 canceled, 8 rejected, C expired; FIX.4.2 also 5 in the report of a replace while nothing is filled',
    Symbol: '[N/A] in the answer to an OrderMassStatusRequest (AF) that names none and finds none',
    Side: 'likewise 7',
    OrderQty: '14 + 151 while the order works',
    LeavesQty: '0 when the order is closed',
    AvgPx: 'exact: sum of 31 × 32 over 14',
    ClOrdID:
      "the request's in the answer to a cancel or a replace, else the order's; NONE where there is neither",
    Price: 'not of a market or stop order, whose protection price is not told',
    ExpireTime: 'the instant that was sent, in milliseconds',
    ExpireDate: 'as it was sent',
    WorkingIndicator: 'N until the stop order is triggered, then Y',
    TotNumReports:
      'how many orders the answer has; 0 when there are none, in a single report with 37=NONE and 39=8',
    LastRptRequested: 'Y in the last one',
    LastQty: 'LastShares in FIX.4.2',
    LastLiquidityInd: '1 added, 2 removed liquidity',
    SecondaryExecID: 'the trade: the same for both sides',
    NoMiscFees: 'one: the fee of this fill',
    MiscFeeType: '4, exchange fees',
    OrdRejReason:
      '0 venue, 1 symbol, 2 closed, 3 funds or limit, 5 unknown order (of a status), 6 duplicate, 11 not supported, 13 quantity, 99 other (18 a price off the tick, in FIX.5.0SP2 where the venue tells it apart); FIX.4.2 has 0 for 11, 13 and 99',
    ExecRestatementReason:
      '3 price slide, 5 decremented by self-trade prevention, 6 halt, 7 system failure, 8 venue (self-trade prevention, a fresh slice of an iceberg), 99 other (also a trigger in FIX.4.4); FIX.4.2 has 4 for 6 and above',
    Text: 'what was wrong, with field, value and limit',
  },
  OrderCancelReject: {
    OrderID: 'NONE when the order is not known',
    OrdStatus: "the order's true status; 8 when it is not known",
    CxlRejResponseTo: '1 cancel, 2 replace',
    CxlRejReason:
      '0 too late, 1 unknown order, 2 venue, 6 duplicate ClOrdID, 99 other; FIX.4.2 has 0 for 6 and 2 for 99',
  },
  OrderMassCancelReport: {
    OrderID: "the venue's id of the mass cancel: unique for ever",
    MassActionReportID: 'the same as 37',
    MassCancelRequestType: 'as it was asked',
    MassCancelResponse: '0 refused, else 530',
    MassCancelRejectReason:
      '0 kind not supported, 1 unknown symbol, 99 other; FIX.4.4, where it is one character, has no 99: 58 says why',
    TotalAffectedOrders: 'so many are canceled: as many reports with 150=4 follow',
    OrigClOrdID: 'ClOrdID of the order',
    AffectedOrderID: 'OrderID of the order',
  },
  SecurityListRequest: {
    SecurityReqID: 'yours; comes back in the answer',
    SecurityListRequestType: '0 the instrument of 55, 4 all; other kinds are answered with 560=1',
    Symbol: 'of the one instrument',
    SubscriptionRequestType: '0 (also when absent); there are no updates: others are answered with 560=1',
  },
  SecurityList: {
    SecurityResponseID: 'of this message: unique for ever',
    SecurityRequestResult:
      '0 here they are, 1 not supported, 2 there is none, 4 not now: read what you have asked for before',
    TotNoRelatedSym: 'in all messages of the answer',
    LastFragment: 'N: another message of the answer follows',
    NoRelatedSym: 'a hundred at most',
    MinPriceIncrement: 'the tick; in FIX.4.4 an extension of the venue',
    SecurityDesc: 'what is traded against what',
    RoundLot: 'the lot: quantities are multiples of it',
    MinTradeVol: 'the least that an order may be for',
    MaxTradeVol: 'the most that an order may be for; in FIX.4.4 an extension of the venue',
    Currency: 'that prices are in',
  },
  SecurityStatusRequest: {
    SecurityStatusReqID: 'yours; comes back in every answer',
    Symbol: 'of the instrument; an unknown one is rejected (380=2)',
    SubscriptionRequestType:
      '0 the status once, 1 now and whenever it changes, until the session ends, 2 no more of it (by the 324 of the 1; else 380=1)',
  },
  SecurityStatus: {
    SecurityStatusReqID: 'of your last request for the symbol',
    UnsolicitedIndicator: 'N the answer to a request, Y a change',
    SecurityTradingStatus: '17 it trades, 2 halted, 18 not now: cancels only, or its book is being rebuilt',
    Text: 'the reason',
  },
  BusinessMessageReject: {
    RefSeqNum: 'of the message that is rejected',
    BusinessRejectRefID: 'its ClOrdID, or the id of a question',
    BusinessRejectReason:
      '0 other (too many requests: 58 says when to retry), 1 no such subscription, 2 unknown symbol, 3 message type not supported, 4 no database: try later, 5 a field is missing that others call for',
  },
  News: { Headline: 'what is about to happen', Text: 'one line', OrigTime: 'when it was written' },
};
