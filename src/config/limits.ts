/**
 * Every bound of the venue: its name, its default and what lies past it, in one place. A bound is configured
 * under `limits` of cluster.config.ts, for the cluster or for one node. Those of a FIX session are described
 * beside the session, in src/fix/session-limits.ts, those of the DNS responder in src/cluster/dns/limits.ts.
 */
import { DEFAULT_DNS_LIMITS, type DnsLimits } from '../cluster/dns/limits.ts';
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../fix/session-limits.ts';
import { DEFAULT_MAX_HIDDEN_SLICES, DEFAULT_MAX_WAITING_STOPS } from '../matching/order-book.ts';

/** All bounds, as one node uses them. Times in milliseconds, sizes in bytes, unless the name says else. */
export interface VenueLimits extends SessionLimits, DnsLimits {
  /** FIX connections of one node; one more is closed at once. */
  readonly maxConnections: number;
  /** Connections that have not logged on yet; past it the network that has most of them gives one up. */
  readonly maxUnauthenticatedConnections: number;
  /** Logons that wait for the check of their password; one more is told to come back. */
  readonly maxPendingLogins: number;
  /** Those of one network among them, but for members that have logged on from it before. */
  readonly maxPendingLoginsPerNetwork: number;
  /** Failed logons in a row that lock a member's SenderCompID out; an address is allowed four times as many. */
  readonly loginFailuresToLock: number;
  /** The first lock-out; each failure after one doubles it. */
  readonly lockoutFromMs: number;
  /** The longest lock-out. */
  readonly lockoutToMs: number;
  /** Connections of one listener whose PROXY header or TLS handshake is not finished; past it as above. */
  readonly maxPendingHandshakes: number;
  /** How long a load balancer may take for its PROXY protocol header; then the connection is closed. */
  readonly proxyHeaderTimeoutMs: number;
  /** How long a member may take for its TLS handshake; then the connection is closed. */
  readonly tlsHandshakeTimeoutMs: number;
  /** Socket bytes that a session has not handled yet; past it the socket is not read. */
  readonly maxUnreadBytes: number;
  /** Commands on their way to a commit, a tenth of it kept for cancels; past it they are refused (103=0). */
  readonly maxCommandsInFlight: number;
  /** Commands without an answer that a gateway of a cluster keeps, a tenth of it for cancels; past it they are refused. */
  readonly maxRoutedCommands: number;
  /** How long a command waits for an engine of a cluster: at a gateway (then j, 380=4), or at an account for a book. */
  readonly routeWaitMs: number;
  /** How long after a gateway has found no engine for a command it looks again. */
  readonly routeRetryMs: number;
  /** How long a gateway of a cluster may take to say whether a member is connected there that logs on at another. */
  readonly sessionAnswerMs: number;
  /** Commands that an account keeps while it is loaded or rebuilt; past it they are refused. */
  readonly accountStash: number;
  /** Requests that a book keeps while it is built from rows; past it they are refused. */
  readonly bookStash: number;
  /** Closed orders of a trading day, this one and the one before, that an account can answer about from memory. */
  readonly closedOrdersKept: number;
  /** Refused cancels of a trading day, likewise, whose ClOrdIDs an account remembers; ids of older ones may be used again. */
  readonly refusedCancelsKept: number;
  /** Stop orders of one symbol that wait for their trigger, and so the longest cascade; one more is refused (103=3). */
  readonly maxWaitingStops: number;
  /** Those of one member among them; one more is refused (103=3), so that others have room too. */
  readonly maxWaitingStopsPerMember: number;
  /** Reports on their way that answer mass status requests (AF) of one member; past it AF is rejected (j). */
  readonly maxStatusReportsPerMember: number;
  /** Slices that icebergs of one symbol hide together, each a trade of its own; one more is refused (103=3). */
  readonly maxHiddenSlices: number;
  /** Orders that a mass cancel or expiry ends in one commit; the rest follows in the next, before anything else there. */
  readonly sweepPortion: number;
  /**
   * How long a mass cancel waits for the next word from its books; orders of those that take longer are listed in its
   * report (534).
   */
  readonly massCancelWaitMs: number;
  /** Crash incidents of one book within incidentWindowMs that halt its symbol. */
  readonly incidentsToHalt: number;
  /** The window in which incidents are counted. */
  readonly incidentWindowMs: number;
  /** How long rows of sessions wait for company before they are committed alone. */
  readonly sessionFlushMs: number;
  /** Events that one commit takes; what is beyond waits for the next. */
  readonly maxEventsPerCommit: number;
  /** First wait before a failed commit is tried again; doubles each time. */
  readonly retryFromMs: number;
  /** Longest wait between two tries of a commit. */
  readonly retryToMs: number;
  /** How long the database may take over one commit; then it counts as away (j, 380=4) until it has answered. */
  readonly commitStallMs: number;
  /** Bytes of sent messages that wait to be stored, of all sessions; past it no session is read. */
  readonly maxJournalBytes: number;
  /** Days for which sent messages are kept; of older ones a resend tells only that there is a gap (GapFill). */
  readonly fixHistoryDays: number;
  /** Outbound numbers of one session whose messages are kept; the same happens to older ones. */
  readonly maxStoredMessagesPerSession: number;
  /** How long an operator's command (the admin API) waits for its answer, and any request of it for the database. */
  readonly operatorTimeoutMs: number;
  /** How long a drain waits for commands in flight and for Logouts. */
  readonly drainTimeoutMs: number;
  /** How long members that are logged on have known of a drain, by News (B), before it begins. */
  readonly drainNoticeMs: number;
  /** The largest body of an admin request. */
  readonly maxAdminBodyBytes: number;
  /** Rows that one answer of the admin API contains at most. */
  readonly maxAdminRows: number;
}

/** What a limit is when nothing is configured, and the values that make sense. */
export interface LimitRange {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MILLION = 1_000_000;

function session(name: keyof SessionLimits, min: number, max: number): LimitRange {
  return { default: DEFAULT_SESSION_LIMITS[name], min, max };
}

function dns(name: keyof DnsLimits, min: number, max: number): LimitRange {
  return { default: DEFAULT_DNS_LIMITS[name], min, max };
}

/** Default and range of each limit. */
export const LIMIT_RANGES: { readonly [Name in keyof VenueLimits]: LimitRange } = {
  maxConnections: { default: 1_000, min: 1, max: 100_000 },
  maxUnauthenticatedConnections: { default: 100, min: 1, max: 100_000 },
  maxPendingLogins: { default: 256, min: 1, max: 100_000 },
  maxPendingLoginsPerNetwork: { default: 128, min: 1, max: 100_000 },
  loginFailuresToLock: { default: 5, min: 1, max: 1_000 },
  lockoutFromMs: { default: 1_000, min: 1, max: 24 * HOUR_MS },
  lockoutToMs: { default: 15 * MINUTE_MS, min: 1, max: 24 * HOUR_MS },
  maxPendingHandshakes: { default: 100, min: 1, max: 100_000 },
  proxyHeaderTimeoutMs: { default: 5_000, min: 100, max: MINUTE_MS },
  tlsHandshakeTimeoutMs: { default: 10_000, min: 100, max: MINUTE_MS },
  maxUnreadBytes: { default: 256 * KIB, min: 64 * KIB, max: GIB },

  logonTimeoutMs: session('logonTimeoutMs', 100, HOUR_MS),
  openTimeoutMs: session('openTimeoutMs', 100, HOUR_MS),
  logoutTimeoutMs: session('logoutTimeoutMs', 100, HOUR_MS),
  answerWaitMs: session('answerWaitMs', 1, HOUR_MS),
  probeAfterSilenceMs: session('probeAfterSilenceMs', 1, HOUR_MS),
  probeTimeoutMs: session('probeTimeoutMs', 100, HOUR_MS),
  gapTimeoutMs: session('gapTimeoutMs', 100, HOUR_MS),
  settleMs: session('settleMs', 1, HOUR_MS),
  maxFrameBytes: session('maxFrameBytes', 1 * KIB, 16 * MIB),
  maxFieldBytes: session('maxFieldBytes', 64, 64 * KIB),
  maxQueuedAboveGap: session('maxQueuedAboveGap', 1, MILLION),
  maxQueuedBytesAboveGap: session('maxQueuedBytesAboveGap', 64 * KIB, GIB),
  maxUnsentBytes: session('maxUnsentBytes', 64 * KIB, GIB),
  maxQueuedReports: session('maxQueuedReports', 100, 100 * MILLION),
  massCancelHoldMs: session('massCancelHoldMs', 100, MINUTE_MS),
  maxUnansweredRequestsPerSession: session('maxUnansweredRequestsPerSession', 1, MILLION),
  slowdownRequestsInFlight: session('slowdownRequestsInFlight', 1, 10 * MILLION),
  slowdownRequestsPerSession: session('slowdownRequestsPerSession', 1, MILLION),
  maxOrdersPerSecond: session('maxOrdersPerSecond', 1, MILLION),
  minThrottleAbuse: session('minThrottleAbuse', 1, MILLION),
  reservedSeqNums: session('reservedSeqNums', 16, MILLION),
  resendPortion: session('resendPortion', 1, MILLION),
  minHeartBtIntSeconds: session('minHeartBtIntSeconds', 0, 3_600),
  maxHeartBtIntSeconds: session('maxHeartBtIntSeconds', 1, 86_400),
  maxSendingTimeSkewMs: session('maxSendingTimeSkewMs', 1_000, 24 * HOUR_MS),

  maxDnsAnswers: dns('maxDnsAnswers', 1, 100),
  dnsStaleAfterMs: dns('dnsStaleAfterMs', 1_000, HOUR_MS),
  maxDnsQueryBytes: dns('maxDnsQueryBytes', 512, 64 * KIB - 1),
  maxDnsUdpBytes: dns('maxDnsUdpBytes', 512, 64 * KIB - 1),
  maxDnsTcpConnections: dns('maxDnsTcpConnections', 1, 10_000),
  dnsTcpLifetimeMs: dns('dnsTcpLifetimeMs', 100, HOUR_MS),
  maxDnsUnsentBytes: dns('maxDnsUnsentBytes', 4 * KIB, MIB),

  maxCommandsInFlight: { default: 20_000, min: 10, max: 10 * MILLION },
  maxRoutedCommands: { default: 50_000, min: 10, max: 10 * MILLION },
  routeWaitMs: { default: 5_000, min: 100, max: HOUR_MS },
  routeRetryMs: { default: 50, min: 1, max: MINUTE_MS },
  sessionAnswerMs: { default: 3_000, min: 10, max: MINUTE_MS },
  accountStash: { default: 10_000, min: 10, max: MILLION },
  bookStash: { default: 20_000, min: 10, max: MILLION },
  closedOrdersKept: { default: 10_000, min: 0, max: 10 * MILLION },
  refusedCancelsKept: { default: 10_000, min: 0, max: 10 * MILLION },
  maxWaitingStops: { default: DEFAULT_MAX_WAITING_STOPS, min: 0, max: MILLION },
  maxWaitingStopsPerMember: { default: 2_500, min: 0, max: MILLION },
  maxStatusReportsPerMember: { default: 10_000, min: 1, max: 10 * MILLION },
  maxHiddenSlices: { default: DEFAULT_MAX_HIDDEN_SLICES, min: 0, max: MILLION },
  sweepPortion: { default: 1_000, min: 1, max: 100_000 },
  massCancelWaitMs: { default: 2_000, min: 1, max: MINUTE_MS },
  incidentsToHalt: { default: 3, min: 1, max: 1_000 },
  incidentWindowMs: { default: MINUTE_MS, min: 1_000, max: 24 * HOUR_MS },
  sessionFlushMs: { default: 50, min: 1, max: 1_000 },
  maxEventsPerCommit: { default: 1_000, min: 1, max: MILLION },
  retryFromMs: { default: 100, min: 1, max: MINUTE_MS },
  retryToMs: { default: 5_000, min: 1, max: MINUTE_MS },
  commitStallMs: { default: 5_000, min: 100, max: HOUR_MS },
  maxJournalBytes: { default: 64 * MIB, min: 64 * KIB, max: GIB },
  fixHistoryDays: { default: 7, min: 1, max: 3_650 },
  maxStoredMessagesPerSession: { default: 100_000, min: 1, max: 100 * MILLION },
  operatorTimeoutMs: { default: 10_000, min: 100, max: HOUR_MS },
  drainTimeoutMs: { default: 15_000, min: 100, max: HOUR_MS },
  drainNoticeMs: { default: 1_000, min: 0, max: HOUR_MS },
  maxAdminBodyBytes: { default: 64 * KIB, min: 1 * KIB, max: 16 * MIB },
  maxAdminRows: { default: 1_000, min: 1, max: 100_000 },
};

/** Names of limits that must not cross: the first at most the second. */
export const ORDERED_LIMITS = [
  ['minHeartBtIntSeconds', 'maxHeartBtIntSeconds'],
  ['retryFromMs', 'retryToMs'],
  ['lockoutFromMs', 'lockoutToMs'],
] as const satisfies readonly (readonly [keyof VenueLimits, keyof VenueLimits])[];

/** The limits, each at its default unless configured. */
export function withDefaults(configured: Partial<VenueLimits>): VenueLimits {
  const names = Object.keys(LIMIT_RANGES) as (keyof VenueLimits)[];
  // The table has every name, so that the object is complete.
  return Object.fromEntries(
    names.map((name) => [name, configured[name] ?? LIMIT_RANGES[name].default]),
  ) as unknown as VenueLimits;
}

/** True when `name` is one of {@link VenueLimits}. */
export function isLimitName(name: string): name is keyof VenueLimits {
  return Object.hasOwn(LIMIT_RANGES, name);
}
