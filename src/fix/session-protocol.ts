/**
 * What goes into the session machine and what comes out of it: inputs and effects as plain values. The inputs
 * have the shapes of the session actor's messages, so that the actor hands them on as they are.
 */
import type { Report } from '../matching/execution-report.ts';
import type { MemberCommand } from '../matching/order-commands.ts';
import type { UserId } from '../matching/types.ts';
import type { CommitNumbers } from '../platform/commit-numbers.ts';
import type { UnansweredRequests } from './fair-reading.ts';
import type { MemberSettings } from './member-settings.ts';
import type { FixMessage } from './message.ts';
import type { SecurityDirectory } from './security-directory.ts';
import type { SessionCounts } from './session-counts.ts';
import type { SessionLimits } from './session-limits.ts';
import type { Throttles } from './throttle.ts';

/** What a session is told when it is born. */
export interface SessionConfig {
  /** Unique for ever, also across restarts: refusals make their ExecID (17) of it. */
  readonly sessionId: string;
  /** The venue's own CompID: TargetCompID (56) of the member's messages. */
  readonly venueCompId: string;
  readonly limits: SessionLimits;
  /** Shared by the sessions of a gateway. */
  readonly throttles: Throttles;
  /** Shared in the same way; without it what the session does is not counted. */
  readonly counts?: SessionCounts;
  /** Requests without an answer, of all sessions of the gateway; without it others do not count. */
  readonly unanswered?: UnansweredRequests;
  /** Whether as much waits to be stored as may wait (maxJournalBytes); without it nothing ever does. */
  readonly isJournalFull?: () => boolean;
  /** What can be traded, as it is now. */
  readonly markets: SecurityDirectory;
  /** Every member is told when a symbol opens or halts, not only those that have asked. */
  readonly securityStatusToAll: boolean;
}

// ---- Inputs -----------------------------------------------------------------------------------------------

/** Valid FIX that the venue does not offer; the account refuses and records it. */
export interface UnsupportedOrderRequest {
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

/** A request with the number that it came under. */
export interface NumberedRequest {
  /** MsgSeqNum (34). */
  readonly msgSeqNum: number;
  readonly command: MemberCommand | UnsupportedOrderRequest;
}

/** What the Authenticator said about 49, 553 and 554. */
export type LogonVerdict =
  | { readonly type: 'Accepted'; readonly userId: UserId; readonly settings: MemberSettings }
  /** Known, but may not trade: told so in a counted Logout. */
  | { readonly type: 'Disabled'; readonly userId: UserId; readonly text: string }
  | { readonly type: 'Refused'; readonly reason: string }
  | { readonly type: 'Unavailable'; readonly reason: string };

/** The session as the store keeps it. */
export interface StoredSession {
  /** The commits whose reports are contained in `undelivered`. */
  readonly commits: CommitNumbers;
  /** In a cluster, the epoch under which this gateway has the session; whatever is journaled bears it. */
  readonly epoch?: number | undefined;
  readonly nextInSeqNum: number;
  readonly nextOutSeqNum: number;
  readonly reservedOutSeqNum: number;
  readonly undelivered: readonly Report[];
  /** The undelivered reports may have been sent before: they go out with PossResend (97). */
  readonly deliveryUncertain: boolean;
  /** Both sides went back to 1 with this opening. */
  readonly wasReset: boolean;
  /** The member was disabled while its password was being judged. */
  readonly isDisabled: boolean;
}

/** What the member has been told of by nobody, as rows have it. */
export interface StoredReports {
  /** The commits that are contained. */
  readonly commits: CommitNumbers;
  readonly reports: readonly Report[];
}

/** Application messages that were sent: complete frames back to back, in order of MsgSeqNum. */
export interface StoredFrames {
  readonly firstSeqNum: number;
  readonly lastSeqNum: number;
  readonly frames: Uint8Array;
}

/** A message whose length and checksum hold; its fields are not judged yet. */
export interface MessageReceived {
  readonly type: 'Message';
  readonly message: FixMessage;
}
/** Bytes that are no message: ignored, no number is consumed. */
export interface GarbledReceived {
  readonly type: 'Garbled';
  readonly reason: string;
}
/** The beginning of a message that is longer than the venue takes: the stream cannot be followed any further. */
export interface OversizeReceived {
  readonly type: 'Oversize';
  /** BodyLength (9). */
  readonly announced: number;
}
/** Committed reports of the member, and the MsgSeqNums (34) of this session's requests that they answer. */
export interface ReportsCommittedInput {
  readonly type: 'ReportsCommitted';
  readonly writer: string;
  readonly commitNo: number;
  /** Where several nodes commit: what must have been told before these. */
  readonly continuity?: {
    /** The writer's last commit before this one that concerned the session. */
    readonly previousNo: number;
    /** The writer's first commit since the sources are its own. */
    readonly ownedFromNo: number;
  };
  readonly reports: readonly Report[];
  readonly answered: readonly number[];
}
/**
 * Requests of this session of which nothing was done, with the text (58) that says what to do. They never reached an
 * account, or it has nothing true to say about them (`Unanswerable`).
 */
export interface CommandsRefusedInput {
  readonly type: 'CommandsRefused';
  readonly refusal: 'StoreUnavailable' | 'Overloaded' | 'Draining' | 'Unanswerable';
  readonly text: string;
  readonly commands: readonly NumberedRequest[];
}
/** Something that every member shall know: sent as News (B). */
export interface AnnounceInput {
  readonly type: 'Announce';
  /** Headline (148). */
  readonly headline: string;
  /** Text (58) of each line, at least one. */
  readonly lines: readonly string[];
}
/** A symbol opens, halts, or takes cancels only: sent as SecurityStatus (f) to whoever follows it. */
export interface SecurityStatusChangedInput {
  readonly type: 'SecurityStatusChanged';
  readonly symbol: string;
}
/** The answer to a LoadMessages effect, for the same range. */
export interface MessagesLoadedInput {
  readonly type: 'MessagesLoaded';
  readonly beginSeqNum: number;
  readonly endSeqNum: number;
  readonly messages: readonly StoredFrames[];
}

/** Everything that can happen to a session. */
export type SessionInput =
  | MessageReceived
  | GarbledReceived
  | OversizeReceived
  | { readonly type: 'PeerClosed' }
  | { readonly type: 'Tick' }
  | { readonly type: 'LoginJudged'; readonly verdict: LogonVerdict }
  | { readonly type: 'SessionClaimed' }
  | { readonly type: 'SessionBusy' }
  | { readonly type: 'SessionOpened'; readonly opened: StoredSession }
  | { readonly type: 'SessionLost' }
  | { readonly type: 'LoadFailed'; readonly reason: string }
  | MessagesLoadedInput
  | { readonly type: 'CatchUp'; readonly writer: string; readonly commitNo: number }
  | { readonly type: 'UndeliveredLoaded'; readonly undelivered: StoredReports }
  | ReportsCommittedInput
  | CommandsRefusedInput
  | { readonly type: 'NumbersReserved'; readonly reservedOutSeqNum: number }
  | { readonly type: 'EndSession'; readonly text: string }
  | { readonly type: 'ResetNumbers' }
  | AnnounceInput
  | SecurityStatusChangedInput
  | { readonly type: 'StoreUnavailable' }
  | { readonly type: 'StoreAvailable' };

// ---- Effects ----------------------------------------------------------------------------------------------

/** 49, 553 and 554 of a Logon. Never logged. */
export interface Credentials {
  readonly senderCompId: number;
  readonly username: string;
  readonly password: string;
}

/** What the session has on the wire or has consumed, for the store. */
export interface SessionJournal {
  readonly senderCompId: number;
  /** As the store gave it; see {@link StoredSession}. */
  readonly epoch?: number | undefined;
  readonly userId: UserId;
  /** Everything before it is committed. */
  readonly nextInSeqNum: number;
  readonly nextOutSeqNum: number;
  /** Numbers up to here are asked for; only those granted go on the wire. */
  readonly reservedOutSeqNum: number;
  /** The session ended in order: nextOutSeqNum is exact. */
  readonly clean: boolean;
  /** After this entry both sides begin at 1 and what was sent is cut (ResetOnLogout). */
  readonly resetAfter: boolean;
  readonly sent: StoredFrames | undefined;
  readonly delivered: readonly { readonly source: string; readonly sourceSeq: number }[];
}

/** What the actor has to do, in this order. */
export type SessionEffect =
  | { readonly type: 'Write'; readonly bytes: Buffer }
  | { readonly type: 'Authenticate'; readonly credentials: Credentials }
  /** Asks to be the only session of the SenderCompID. */
  | { readonly type: 'Claim'; readonly senderCompId: number }
  | {
      readonly type: 'Open';
      readonly senderCompId: number;
      readonly userId: UserId;
      readonly reset: boolean;
      readonly resetIfBegunBefore: number | undefined;
      readonly cancelAfterMs: number | 'unchanged' | undefined;
      readonly logonSeqNum: number;
      readonly nextExpectedSeqNum: number | undefined;
    }
  /** The member is in: until its session ends its orders are looked after, then `cancelAfterMs` counts. */
  | {
      readonly type: 'LoggedOn';
      readonly senderCompId: number;
      readonly userId: UserId;
      readonly cancelAfterMs: number | undefined;
      /** In a cluster, the epoch under which this gateway has the session. */
      readonly epoch?: number;
    }
  | { readonly type: 'Submit'; readonly userId: UserId; readonly commands: readonly NumberedRequest[] }
  | { readonly type: 'Journal'; readonly journal: SessionJournal }
  | {
      readonly type: 'LoadMessages';
      readonly senderCompId: number;
      readonly beginSeqNum: number;
      readonly endSeqNum: number;
    }
  /** Asks for the reports that the member was not told, as rows have them now. */
  | { readonly type: 'LoadUndelivered'; readonly senderCompId: number; readonly userId: UserId }
  /** So many reports that answer mass status requests (AF) have left. */
  | { readonly type: 'StatusReportsTold'; readonly userId: UserId; readonly count: number }
  | { readonly type: 'PauseReading' }
  | { readonly type: 'ResumeReading' }
  | {
      readonly type: 'Log';
      readonly level: 'info' | 'warn' | 'error';
      readonly event: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  /** No more reports for this session. */
  | { readonly type: 'CloseStored'; readonly userId: UserId }
  | { readonly type: 'Release'; readonly senderCompId: number }
  /** The last effect: the connection is closed and the session is over. */
  | { readonly type: 'Disconnect'; readonly reason: string };
