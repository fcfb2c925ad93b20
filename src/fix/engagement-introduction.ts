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
- NextExpectedMsgSeqNum(789), not in FIX.4.2, saves the ResendRequests: each side resends what the other misses.
- Asked to resend, the venue repeats application messages with 43=Y and OrigSendingTime(122), and fills the numbers of
  session messages with SequenceReset. The history is bounded: what is older than it is filled likewise.
- Executions that happened while you were away arrive after the Logon, in order, under new numbers. With
  PossResend(97)=Y you may have seen them: compare ExecID(17).
- What you resend (43=Y) or repeat (97=Y) never becomes a second order. If its ClOrdID(11) is known, the answer is a
  status of that order (ExecType(150)=I; in FIX.4.2 ExecTransType(20)=3).

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

BusinessRejectReason(380): 0 other, such as too many orders · 3 a message of FIX that the venue does not take ·
4 the database is away, nothing was done · 5 a field is missing that others call for.

## Orders

- An acknowledgement is durable, and so is a refusal: what you are told has been committed.
- ClOrdID(11) is unique among your open orders and those of the trading day, for orders, cancels and replaces together.
  The trading day rolls at a time that the venue announces; day orders expire then.
- A limit order rests or trades; a market order is a limit order at the reference price (the last trade, or the
  operator's) plus or minus the instrument's protection percentage. Its remainder expires at once. Without a reference
  price it is refused.
- The end by time in force is ExecType and OrdStatus C (Expired) in every version: the remainder of an immediate or cancel
  or market order, a fill or kill that cannot fill, a day order at the roll. A cancel, asked for or not, is 4.
- A replace keeps its place in the queue if the price stays and the quantity does not grow. It may change price and
  quantity only. OrderQty(38) is the new total: at or below what is filled, the order is done (39=2). A filled order
  cannot be replaced (102=0).
- Requests of one session are processed in order, and no pending states (A, 6, E) are sent.
- Fields of an order that the venue does not need are taken and not used. Those that would change what the order means
  are refused, with a text that names the field.

## Limits and safety

- Throttle: ${maxOrdersPerSecond} orders and replaces a second unless you have agreed otherwise, a second's worth at once. Beyond it they
  are rejected with a BusinessMessageReject (380=0) whose text says when to retry. Cancels are never throttled. Only
  abuse ends the session.
- Cancel on disconnect: CancelOrdersOnDisconnect(8013)=Y in the Logon, or by agreement, cancels your open orders when the
  session ends, however it ends; CancelOnDisconnectWindow(8014) is the time in seconds that a new Logon has to save them.
- Maintenance is announced with News(B) before sessions are logged out.
- Tags from 5000 on, beyond those of the venue, are undefined (373=0), unless the operator lets yours pass unread.
- A member that does not read is disconnected and loses nothing: what was sent can be resent.
`;
