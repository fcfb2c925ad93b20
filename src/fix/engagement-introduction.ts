/** The rules of engagement before their tables: how to connect, and what the venue's choices are. */
import { DEFAULT_SESSION_LIMITS } from './session-limits.ts';

const {
  logonTimeoutMs,
  maxSendingTimeSkewMs,
  minHeartBtIntSeconds,
  maxHeartBtIntSeconds,
  maxOrdersPerSecond,
} = DEFAULT_SESSION_LIMITS;

/** Markdown. Figures are the defaults; an operator may have set others. */
export const INTRODUCTION = `# Rules of engagement

For the engineer who connects a member's FIX engine to Onebook. This page is printed by \`onebook fix rules\` from the
same declarations that the venue judges messages by. A data dictionary for QuickFIX, QuickFIX/J and engines that read
their format comes from \`onebook fix dictionary --version FIX.4.4\` (also FIX.4.2, FIXT.1.1, FIX.5.0SP2).

## Connecting

- The member is the initiator. FIX.4.2, FIX.4.4, and FIX.5.0SP2 over FIXT.1.1 are spoken, over TCP or TLS; the Logon
  decides which, and the session stays with it.
- The operator gives you a SenderCompID (a number), a username and a password, and the venue's TargetCompID.
- The first message is a Logon within ${logonTimeoutMs / 1000} s, with Username(553) and Password(554), in FIX.4.2 too. One whose
  CompIDs, version, time or password are wrong is not answered: the connection is closed and no number is used.
- After that a refusal is a Logout with a text: outside your session's schedule (it names the next opening), a disabled
  user, a MsgSeqNum that is too low.
- One session per SenderCompID. A second connection is turned away while the first one answers a TestRequest; a dead
  one is replaced.
- HeartBtInt(108) from ${minHeartBtIntSeconds} to ${maxHeartBtIntSeconds} s; the answer has what is granted. After silence of about 1.2 times that the venue sends a
  TestRequest, and at 2.4 times it disconnects.
- SendingTime(52) may be off by ${maxSendingTimeSkewMs / 1000} s either way.

## Sequence numbers and resending

- Numbers continue from session to session, through restarts of either side. ResetSeqNumFlag(141)=Y in a Logon, also in
  mid-session, puts both sides back to 1; the answer repeats it. Whether Logon, Logout or a schedule reset them by
  themselves is agreed with the operator. Reports that you have not received are never cut by a reset.
- A number above the expected one is answered with one ResendRequest; what came early is kept and processed in order. A
  number below it without PossDupFlag(43)=Y ends the session.
- After a crash of the venue, or of the gateway that you were connected to, its numbers go on up to 4,096 above the last that
  you have seen, since none that may have been used is used again. It is a gap like any other: ask (2) from your next number
  with EndSeqNo(16)=0, and what was sent comes again with 43=Y, the rest as SequenceReset(4) with GapFillFlag(123)=Y.
- NextExpectedMsgSeqNum(789), not in FIX.4.2, saves the ResendRequests: each side resends what the other misses.
- Asked to resend, the venue repeats application messages with 43=Y and OrigSendingTime(122), and fills the numbers of
  session messages with SequenceReset. The history is bounded: what is older than it is filled likewise.
- Executions that happened while you were away arrive after the Logon, in order, under new numbers. With
  PossResend(97)=Y you may have seen them: compare ExecID(17).
- What you resend (43=Y) or repeat (97=Y) never becomes a second order. If its ClOrdID(11) is known, the answer is a
  status of that order (ExecType(150)=I; in FIX.4.2 ExecTransType(20)=3). The venue knows the ClOrdIDs of the trading day,
  of the last day before on which you used any (of cancels, replaces and refused orders two weeks back at most), and the
  first and the last one of each open order: what is older is as good as new, do not repeat it.

## What rejects mean

| answer | meaning | what to do |
|---|---|---|
| nothing | the message was garbled: its first three fields, BodyLength or CheckSum are wrong. Its number is not consumed | resend when asked |
| Reject (3) | the message breaks FIX: 371 names the field, 373 the reason, 58 both. Its number is consumed | correct your engine |
| BusinessMessageReject (j) | FIX is kept, but the venue does not take it: 380 says why | see 380 below |
| ExecutionReport (8) with 150=8 | the order was understood and refused: 103 and 58 say why. The ClOrdID is used up | correct the order |
| OrderCancelReject (9) | the cancel or replace was refused; 39 is the order's true status | go by 39 |

SessionRejectReason(373): 0 undefined tag · 1 required tag missing · 2 tag not of this message · 4 empty · 5 not a
defined value · 6 wrong format · 9 CompID · 10 SendingTime · 11 invalid MsgType · 13 tag repeated · 14 header, body
and trailer mixed · 15 members of a repeating group out of order · 16 wrong count of a group · 99 other. FIX.4.2 knows
0 to 11: beyond them 373 is left out.

BusinessRejectReason(380): 0 other, such as too many requests · 1 no such subscription · 2 unknown symbol, where no
answer of its own says so · 3 a message of FIX that the venue does not take · 4 the database is away, nothing was done ·
5 a field is missing that others call for.

## Orders

- An acknowledgement is durable, and so is a refusal: what you are told has been committed.
- ClOrdID(11) is unique among your open orders and those of the trading day, for orders, cancels and replaces together.
  The trading day rolls at a time that the venue announces; day orders expire then.
- A limit order rests or trades; a market order is a limit order at the reference price (the last trade, or the
  operator's) plus or minus the instrument's protection percentage. Its remainder expires at once. Without a reference
  price it is refused.
- The end by time in force is ExecType and OrdStatus C (Expired) in every version: the remainder of an immediate or cancel
  or market order, a fill or kill that cannot fill, a day order at the roll, a good till date order at its time. A
  cancel, asked for or not, is 4.
- Good till date (59=6) has an ExpireTime(126), or an ExpireDate(432): the trading day with which it ends. It ends within a
  second of its time; if the venue was down then, first thing when it is back.
- Requests of one session are processed in order, and no pending states (A, 6, E) are sent. A refusal that needs no book
  may be told before the answer to an earlier request that is still with one.
- Fields of an order that the venue does not need are taken and not used. Those that would change what the order means
  are refused, with a text that names the field.

### Instructions

| | market | limit | stop | stop limit |
|---|---|---|---|---|
| day | what is left expires at once | rests | waits, then as market | waits, then rests |
| good till cancel, good till date | no | rests | waits, then as market | waits, then rests |
| immediate or cancel, fill or kill | yes | yes | no | no |
| post-only: ExecInst(18)=6 | no | if it may rest; without MinQty | no | no |
| all or none: ExecInst(18)=G | with 59=3 or 4 | with 59=3 or 4 | no | no |
| MinQty(110) | yes | unless post-only | no | no |
| MaxFloor(111) | no | if it may rest | no | yes |

What does not go together is refused (103=11), with both fields in the text.

- Stop orders wait until a trade is at their StopPx(99) or beyond; the last trade counts, so one whose price was reached
  already is triggered on entry. A trigger is reported: 150=L in FIX.5.0SP2, 150=D with 378=99 in FIX.4.4 and 378=4 in
  FIX.4.2; WorkingIndicator(636) is N before and Y after it. What one trade triggers, and what that triggers, happens before
  the next request: by StopPx as the trades cross them, then by entry. A stop order then is a market order within the
  instrument's protection of its StopPx, which is fixed on entry.
- A post-only order never takes: if it would trade at once it is refused (103=99), or, where the instrument says so, it
  slides to one tick behind the best opposite price, reported as 150=D with 378=3. A replace to a price at which it
  would trade is refused likewise (102=2), and the order stays as it is; where orders slide it is done, 150=5 with the
  price that was asked for, and then slides, 150=D with 378=3.
- All or none and fill or kill trade in full or expire; with MinQty the order trades at least that on entry or expires.
- An iceberg order (MaxFloor) displays that much. When the slice is filled a fresh one goes to the back of its price,
  reported as 150=D with 378=8. It may have 1000 slices at most (103=13).
- Self-trade prevention: your orders do not trade with each other if the incoming one says so, by
  SelfMatchPreventionMode(7929) or the default that is agreed. An incoming order without SelfMatchPreventionID(7928) is
  kept from all of yours, one with it only from those that have the same number. Cancels by it are unsolicited: 150=4 with 378=8 and no 41. Decrement takes the smaller quantity
  off both: 150=D with 378=5, the new 38 and 151; an order with nothing left is canceled. What fill or kill, all or none
  and MinQty count on is only what they could trade with.

### Replacing

- A replace keeps its place in the queue if the price stays and the quantity does not grow, nor what is displayed.
  OrderQty(38) is the new total: at or below what is filled, the order is done (39=2). A filled order cannot be
  replaced (102=0), nor a market order.
- Price, quantity, StopPx while it waits, MaxFloor and the end of a good till date order may change; MaxFloor makes an
  iceberg of a limit order that had none. What is absent stays as it is; what may not change and is sent with another
  value is refused (102=99), with the field in the text. If the trigger overtakes a replace of the StopPx, the rest of
  it is done and the order's own StopPx(99) is in the report.
- OrigClOrdID(41) of a cancel or replace may be any accepted ClOrdID of the order: its last one as a rule. 41 of the
  report names the last accepted one.

### Status and mass cancel

- OrderStatusRequest(H) is answered by a report with 150=I, in its turn behind your earlier requests; an unknown order by
  39=8 and 103=5. OrderMassStatusRequest(AF) is answered by one for each open order, by ascending OrderID, 911 of them
  and 912=Y on the last; none open is a single one with 911=0. Reports for up to 10,000 orders may be on their way
  to you at once: an AF that would add to more is rejected (j, 380=0), send it again when you have read those before. One
  alone is always answered in full.
- A question about an order that closed before a restart or a failover, or before your last 10,000 closed ones of the
  day, is answered from the database, and so is a repeat (43 or 97) of its D, F or G: answers to later requests may
  overtake that. Only if its row cannot be read it is rejected (j, 380=0) with what is still known in the text.
- OrderMassCancelRequest(q) is answered by one OrderMassCancelReport(r) when every book has committed its cancels, then
  by a report with 150=4 for each order, 11 of the request and 41 of the order. A book that has not answered within two
  seconds is not waited for: its orders are listed in 534. If the session ends in between, what is missing comes after
  the next Logon; the order of r and reports may differ then. A thousand orders are listed at most, 58 counts the others.
  After a crash of the venue the r may be missing, though orders are canceled: send the q again with 43=Y or 97=Y. Never
  throttled.
- FIX.4.2 has no q and no AF.

### Instruments and their status

- SecurityListRequest(x) is answered by SecurityList(y): symbol, assets, tick, lot and the bounds of an order, a hundred
  instruments a message, 893=Y on the last. The list as it is now; there are no updates. FIX.4.2 has no x.
- SecurityStatusRequest(e) is answered by SecurityStatus(f), with 263=1 again whenever the symbol halts, opens, takes
  cancels only or is rebuilt, until 263=2 or the end of the session: ask again after a Logon. What you have not read
  in between becomes one f, the last. Where the operator has set it so, every member is told of changes without asking.
  58 has the reason, except in FIX.4.2, whose f has no text.

### Busted and corrected trades

- The operator may take a trade back (150=H, in FIX.4.2 20=1) or correct its price or quantity (150=G, in FIX.4.2 20=2);
  ExecRefID(19) is the ExecID of your report of the trade, or of its last correction. CumQty(14) and OrderQty(38) fall by
  what was taken back, LeavesQty(151) stays, and nothing goes back into the book.
- An open order stays open, a closed one closed: after a bust 39=2 if there are other trades and 14=38, else 39=4. A
  correction leaves 39 as it is and has the new LastPx(31), LastQty(32) and fee; AvgPx(6) is recomputed, fees at the rates
  of your order. Text(58) has the reason. A replace in that very moment is refused (102=2).

## Limits and safety

- Orders are bounded by quantity (103=13 the instrument's, 103=3 yours), by worth and open orders (103=3), and by a price
  band around the reference price (103=99), for the instrument and for you; stop orders that wait also by how many you,
  and all, have in a symbol (103=3). The text names the limit and the value.
- Throttle: ${maxOrdersPerSecond} requests a second unless you have agreed otherwise, a second's worth at once. Beyond it they are
  rejected with a BusinessMessageReject (380=0) whose text says when to retry. Cancels and mass cancels are never
  throttled. Only abuse ends the session.
- Cancel on disconnect: CancelOrdersOnDisconnect(8013)=Y in the Logon, or by agreement, cancels your open orders when the
  session ends, however it ends; CancelOnDisconnectWindow(8014) is the time in seconds that a new Logon has to save them.
- Maintenance is announced with News(B) before sessions are logged out.
- Tags from 5000 on, beyond those of the venue, are undefined (373=0), unless the operator lets yours pass unread.
- A member that does not read is disconnected and loses nothing: what was sent can be resent.
`;
