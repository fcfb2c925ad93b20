/**
 * Every bound and time-out of a FIX session, its default, and what lies past it. The venue's configuration
 * overrides them by name.
 */

/** Times in milliseconds, sizes in bytes, unless the name says else. */
export interface SessionLimits {
  /** How long a client may take to send its Logon; judging the password is not counted. Then it is dropped. */
  readonly logonTimeoutMs: number;
  /** How long the store may take to open a session whose Logon was right; then the client is dropped. */
  readonly openTimeoutMs: number;
  /** How long a Logout of ours may stay unanswered before the connection is closed. */
  readonly logoutTimeoutMs: number;
  /** How long the answer to a member's Logout waits for the answers to the requests before it. */
  readonly answerWaitMs: number;
  /** How long a member must have been silent to be probed when another connection wants its session. */
  readonly probeAfterSilenceMs: number;
  /** How long a member that is probed for another connection of its own has to say anything. */
  readonly probeTimeoutMs: number;
  /** How long a sequence gap may stay open without progress; then the session is logged out. */
  readonly gapTimeoutMs: number;
  /**
   * How long after a Logon the venue waits for what the member does by itself: its ResendRequest before reports that
   * may be repeats go out, and what is missing of a member that uses NextExpectedMsgSeqNum (789).
   */
  readonly settleMs: number;
  /** The longest FIX frame; a longer one, or one that announces more, ends the connection. */
  readonly maxFrameBytes: number;
  /** The longest value of one field, Text (58) and raw data aside; a longer one is rejected (3). */
  readonly maxFieldBytes: number;
  /** Messages above a sequence gap that are kept until it closes; more are dropped and requested again. */
  readonly maxQueuedAboveGap: number;
  /** The same bound in bytes; it also bounds what is kept while a Logon is judged. */
  readonly maxQueuedBytesAboveGap: number;
  /** Bytes that the member does not read; past it the session is disconnected, its reports wait as rows. */
  readonly maxUnsentBytes: number;
  /** Committed reports waiting behind undelivered ones; past it the session is disconnected. */
  readonly maxQueuedReports: number;
  /** How long the reports of a mass cancel (q) wait for its own (r); then they go out before it. */
  readonly massCancelHoldMs: number;
  /** Requests without an answer; past it the socket is not read until half of them are answered. */
  readonly maxUnansweredRequestsPerSession: number;
  /**
   * Unanswered requests of all sessions at which those that send most are slowed: a session with more of them than
   * there is room left below this is not read. It is what the longest wait in a busy venue depends on.
   */
  readonly slowdownRequestsInFlight: number;
  /** Requests that a session may have unanswered before it is slowed so, however many the others have. */
  readonly slowdownRequestsPerSession: number;
  /** Orders, replaces and questions a second of a session, a second's worth at once; beyond it they are rejected (j). */
  readonly maxOrdersPerSecond: number;
  /** Requests rejected for their rate within a second that are forgiven at any rate; ten times the rate always is. */
  readonly minThrottleAbuse: number;
  /** Outbound numbers that one commit reserves; a crash skips at most so many. */
  readonly reservedSeqNums: number;
  /** Numbers that one read of stored messages covers, so that a long resend is sent in portions. */
  readonly resendPortion: number;
  /** Shortest HeartBtInt (108) that is granted, in seconds; a shorter one is answered with this. */
  readonly minHeartBtIntSeconds: number;
  /** Longest HeartBtInt (108) that is granted, in seconds. */
  readonly maxHeartBtIntSeconds: number;
  /** How far SendingTime (52) may be off, either way; further ends the session (373=10). */
  readonly maxSendingTimeSkewMs: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The limits of a session when nothing else is configured. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  logonTimeoutMs: 10_000,
  openTimeoutMs: 30_000,
  logoutTimeoutMs: 2_000,
  answerWaitMs: 2_000,
  probeAfterSilenceMs: 3_000,
  probeTimeoutMs: 5_000,
  gapTimeoutMs: 60_000,
  settleMs: 2_000,
  maxFrameBytes: 64 * KIB,
  maxFieldBytes: 512,
  maxQueuedAboveGap: 10_000,
  maxQueuedBytesAboveGap: 4 * MIB,
  maxUnsentBytes: 16 * MIB,
  maxQueuedReports: 100_000,
  massCancelHoldMs: 5_000,
  maxUnansweredRequestsPerSession: 4_000,
  slowdownRequestsInFlight: 6_000,
  slowdownRequestsPerSession: 50,
  maxOrdersPerSecond: 50_000,
  minThrottleAbuse: 1_000,
  reservedSeqNums: 4_096,
  resendPortion: 4_096,
  minHeartBtIntSeconds: 0,
  maxHeartBtIntSeconds: 3_600,
  maxSendingTimeSkewMs: 120_000,
};
