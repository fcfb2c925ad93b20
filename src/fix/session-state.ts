/**
 * Everything that one session knows between two steps, and the few ways in which its parts speak: enter a
 * phase, send a message, say something for the log.
 */

import type { Report } from '../matching/execution-report.ts';
import type { UserId } from '../matching/types.ts';
import { assert } from '../platform/assert.ts';
import { type CommitName, type CommitNumbers, NO_COMMITS } from '../platform/commit-numbers.ts';
import { HeldReports } from './held-reports.ts';
import { Inbound } from './inbound.ts';
import { DEFAULT_MEMBER_SETTINGS, type MemberSettings } from './member-settings.ts';
import type { FixMessage } from './message.ts';
import { MissedReports } from './missed-reports.ts';
import { Outbound } from './outbound.ts';
import { SessionCounts } from './session-counts.ts';
import type { NumberedRequest, SessionConfig, SessionEffect, StoredSession } from './session-protocol.ts';
import type { CompiledSchedule } from './session-schedule.ts';
import { mayFollow, type SessionPhase } from './session-table.ts';
import type { Throttle } from './throttle.ts';
import type { ValidatorOptions } from './validator.ts';
import { beginStringOf, type FixVersion } from './version.ts';
import type { MessageWriter } from './writer.ts';

/** Lines of the log that a member can provoke in a second. */
const PROVOKED_LINES_PER_SECOND = 20;
const SECOND_MS = 1_000;

/** What a good Logon (A) asked for, at the start or in mid-session. */
export interface LogonTerms {
  readonly msgSeqNum: number;
  /** HeartBtInt (108) as granted, in seconds. */
  readonly heartBtInt: number;
  /** ResetSeqNumFlag (141). */
  readonly isReset: boolean;
  /** NextExpectedMsgSeqNum (789): what the member has not got yet. */
  readonly nextExpectedSeqNum: number | undefined;
  readonly message: FixMessage;
}

/** Whose session it is. */
export interface SessionIdentity {
  readonly senderCompId: number;
  /** Undefined until the password is verified. */
  readonly userId: UserId | undefined;
}

/** Numbers that the member wants again. */
export interface OpenResend {
  /** From here on nothing has been sent again yet. */
  readonly sentUpTo: number;
  /** From here on nothing has been loaded yet. */
  readonly loadFrom: number;
  /** The last number wanted. */
  readonly end: number;
}

/** Stored messages of an open resend. */
export interface LoadedPortion {
  /** In order of MsgSeqNum (34), which each of them has. */
  readonly messages: readonly FixMessage[];
  /** How many of them have been sent again. */
  readonly sentCount: number;
  /** The last number that was loaded. */
  readonly endSeqNum: number;
}

/** A report and the commit that it came from; undefined: it came with the session itself. */
export interface CommittedReport {
  readonly commit: CommitName | undefined;
  readonly report: Report;
  readonly isPossResend: boolean;
}

/** The whole state of a session. Only the functions of this folder's session files write it. */
export interface SessionState {
  readonly config: SessionConfig;
  readonly counts: SessionCounts;
  validatorOptions: ValidatorOptions;
  /** What the member's Logon said that it speaks. */
  version: FixVersion;
  phase: SessionPhase;
  phaseSince: number;
  /** The time of this step, ms since the epoch. */
  now: number;
  /** What the connection has not sent yet, at the start of this step. */
  unsentBytes: number;
  effects: SessionEffect[];

  identity: SessionIdentity | undefined;
  /** What is agreed with the member; the default until the password is verified. */
  settings: MemberSettings;
  schedule: CompiledSchedule | undefined;
  /** The schedule's last reset before the Logon, ms since the epoch: numbers that are older are cut. */
  scheduledResetAt: number | undefined;
  throttle: Throttle | undefined;
  /** How long after the session's end the member's orders are canceled, ms; undefined: they stay. */
  cancelAfterMs: number | undefined;
  logon: LogonTerms | undefined;
  /** Reset both sides when the session is opened. */
  isResetDue: boolean;
  /**
   * The venue's own reset in mid-session: `Due` until the store has cut the numbers, `Announced` until the member
   * answers with its Logon, `Answered` until the requests under its old numbers are answered.
   */
  ownReset: 'Due' | 'Announced' | 'Answered' | undefined;
  /** When the member was told of it, ms since the epoch. */
  resetAnnouncedAt: number;
  /** Text (58) of the Logout that follows the opening: the member may not log on. */
  farewell: string | undefined;
  /** Messages that came while the Logon was being dealt with. */
  kept: FixMessage[];
  keptBytes: number;

  readonly inbound: Inbound;
  /** Undefined until the Logon said who the member is. */
  outbound: Outbound | undefined;
  /** The store has been told to open the session and not yet to close it. */
  isOpenInStore: boolean;
  isClaimed: boolean;

  /** Unanswered requests of this session as they are contained in the sum of all. */
  countedUnanswered: number;
  /** Requests of this step, for one message to the exchange. */
  commands: NumberedRequest[];
  isStoreUp: boolean;
  isPaused: boolean;

  /** Reports that wait for the opening, for the member's ResendRequest, or for it to read. */
  backlog: CommittedReport[];
  /** How many of `backlog` have been sent. */
  backlogSent: number;
  /** How many of `backlog` the store had. */
  undeliveredCount: number;
  /** Those in `backlog` that answer mass status requests (AF) and have not been sent. */
  statusReportsWaiting: number;
  /** Those that have been sent, which the account does not know yet. */
  statusReportsTold: number;
  /** Reports of commits up to here came with the opening. */
  openedCommits: CommitNumbers;
  /** In a cluster, the epoch under which this gateway has the session. */
  epoch: number | undefined;
  /** The backlog waits for the member's ResendRequest until then, ms since the epoch. */
  backlogHeldUntil: number | undefined;
  /** Reports that go out behind the answer to a mass cancel (q), before they are backlog. */
  readonly held: HeldReports;
  /** In a cluster, what was not told, or not in its order. */
  readonly missed: MissedReports;

  /** SecurityStatusReqID (324) by the symbol that the member follows. */
  readonly followed: Map<string, string>;
  /** Symbols whose change the member is still to be told of. */
  readonly changedSymbols: Set<string>;
  /** What the member has been told last, by symbol: nothing is told twice. */
  readonly toldStatus: Map<string, string>;

  /** The resend that is under way, and the one that comes after it. */
  resend: OpenResend | undefined;
  nextResend: OpenResend | undefined;
  /** The portion that was loaded and waits for the member to read. */
  loadedPortion: LoadedPortion | undefined;

  lastReceivedAt: number;
  lastSentAt: number;
  /** When the TestRequest (1) that nothing has answered yet went out. */
  testRequestedAt: number | undefined;
  /** Another connection wants this session: it is probed if nothing is heard of it until then, ms since the epoch. */
  probeDueAt: number | undefined;
  probedAt: number | undefined;
  lastTestReqNo: number;
  lastRefusalNo: number;
  lastResponseNo: number;
  /** Lines that the member provoked in the second that began at `since`. */
  readonly provokedLines: { since: number; count: number };

  /** The numbers that were journaled last. */
  journaledInSeqNum: number;
  journaledOutSeqNum: number;
}

/** A session at its birth. */
export function newSession(config: SessionConfig, now: number, isStoreUp: boolean): SessionState {
  return {
    config,
    counts: config.counts ?? new SessionCounts(),
    validatorOptions: { allowUserDefined: false, maxFieldBytes: config.limits.maxFieldBytes },
    version: 'FIX.4.4',
    phase: 'AwaitingLogon',
    phaseSince: now,
    now,
    unsentBytes: 0,
    effects: [],
    identity: undefined,
    settings: DEFAULT_MEMBER_SETTINGS,
    schedule: undefined,
    scheduledResetAt: undefined,
    throttle: undefined,
    cancelAfterMs: undefined,
    logon: undefined,
    isResetDue: false,
    ownReset: undefined,
    resetAnnouncedAt: 0,
    farewell: undefined,
    kept: [],
    keptBytes: 0,
    inbound: new Inbound(config.limits),
    outbound: undefined,
    isOpenInStore: false,
    isClaimed: false,
    countedUnanswered: 0,
    commands: [],
    isStoreUp,
    isPaused: false,
    backlog: [],
    backlogSent: 0,
    undeliveredCount: 0,
    statusReportsWaiting: 0,
    statusReportsTold: 0,
    openedCommits: NO_COMMITS,
    epoch: undefined,
    backlogHeldUntil: undefined,
    held: new HeldReports(),
    missed: new MissedReports(),
    followed: new Map(),
    changedSymbols: new Set(),
    toldStatus: new Map(),
    resend: undefined,
    nextResend: undefined,
    loadedPortion: undefined,
    lastReceivedAt: now,
    lastSentAt: now,
    testRequestedAt: undefined,
    probeDueAt: undefined,
    probedAt: undefined,
    lastTestReqNo: 0,
    lastRefusalNo: 0,
    lastResponseNo: 0,
    provokedLines: { since: now, count: 0 },
    journaledInSeqNum: 1,
    journaledOutSeqNum: 1,
  };
}

/** Goes to another phase; a transition that the table does not have is a bug. */
export function enter(state: SessionState, phase: SessionPhase): void {
  assert(mayFollow(state.phase, phase), `a session cannot go from ${state.phase} to ${phase}`);
  state.phase = phase;
  state.phaseSince = state.now;
}

/** Forgets what belongs to the old numbers and begins at those of the store. */
export function beginNumbers(state: SessionState, opened: StoredSession): void {
  state.inbound.start(opened.nextInSeqNum);
  state.testRequestedAt = undefined;
  beginOutboundNumbers(state, opened);
}

/** The same for the venue's numbers alone. */
export function beginOutboundNumbers(state: SessionState, opened: StoredSession): void {
  state.epoch = opened.epoch;
  outboundOf(state).start(opened.nextOutSeqNum, opened.reservedOutSeqNum);
  state.journaledInSeqNum = opened.nextInSeqNum;
  state.journaledOutSeqNum = opened.nextOutSeqNum;
  state.resend = undefined;
  state.nextResend = undefined;
  state.loadedPortion = undefined;
}

/** The next MsgSeqNum (34) of the member as the store shall have it: everything before it is committed. */
export function inSeqNumToSave(state: SessionState): number {
  // Since the venue's reset the store says 1; how far the member has gone under its old numbers is no matter.
  const isOld = state.ownReset === 'Announced' || state.ownReset === 'Answered';
  return isOld ? 1 : state.inbound.committedSeqNum;
}

/** The outbound side; asking for it before the Logon is a bug. */
export function outboundOf(state: SessionState): Outbound {
  assert(state.outbound !== undefined, 'a message to nobody');
  return state.outbound;
}

/** Makes the outbound side for a member. */
export function speakTo(state: SessionState, senderCompId: number): void {
  const { venueCompId, limits } = state.config;
  const header = {
    beginString: beginStringOf(state.version),
    senderCompId: venueCompId,
    targetCompId: String(senderCompId),
  };
  state.outbound = new Outbound(header, state.version, limits.reservedSeqNums);
}

/** Whose session it is, once the password is verified. */
export function identityOf(state: SessionState): { readonly senderCompId: number; readonly userId: UserId } {
  const { identity } = state;
  assert(identity?.userId !== undefined, 'a session of nobody');
  return { senderCompId: identity.senderCompId, userId: identity.userId };
}

/** Sends a session message: it is not stored, and a resend replaces it by a GapFill. */
export function sendAdmin(
  state: SessionState,
  msgType: string,
  write: (writer: MessageWriter) => void = () => {},
): void {
  outboundOf(state).send({ type: 'Message', msgType, isApplication: false, write }, state.now);
}

/** Sends an application message: it is stored before anything else of the session is. */
export function sendApplication(
  state: SessionState,
  msgType: string,
  write: (writer: MessageWriter) => void,
): void {
  outboundOf(state).send({ type: 'Message', msgType, isApplication: true, write }, state.now);
}

/**
 * One line for the log about something that the member may do as often as it likes: a second has a few, and the next
 * one says how many were left out.
 */
export function sayOften(
  state: SessionState,
  level: 'info' | 'warn',
  event: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  const { provokedLines } = state;
  if (state.now - provokedLines.since >= SECOND_MS || state.now < provokedLines.since) {
    const leftOut = provokedLines.count - PROVOKED_LINES_PER_SECOND;
    if (leftOut > 0) say(state, 'warn', 'lines left out', { count: leftOut });
    provokedLines.since = state.now;
    provokedLines.count = 0;
  }
  provokedLines.count += 1;
  if (provokedLines.count <= PROVOKED_LINES_PER_SECOND) say(state, level, event, fields);
}

/** One line for the log. Never a password. */
export function say(
  state: SessionState,
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  const senderCompId = state.identity?.senderCompId;
  state.effects.push({
    type: 'Log',
    level,
    event,
    fields: senderCompId === undefined ? fields : { senderCompId, ...fields },
  });
}
