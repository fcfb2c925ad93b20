/**
 * The store as FIX sessions see it, in memory: numbers, sent messages and reports of each member, with answers that
 * a test can hold back. Apart from FixVenue, which is the rest of a venue.
 */
import type { OpenedSession, StoredMessages } from '../../src/actors/ports.ts';
import type {
  JournalSession,
  LoadMessages,
  OpenSession,
  PersistenceMessage,
  Tell,
} from '../../src/actors/protocol.ts';
import { DEFAULT_SESSION_LIMITS } from '../../src/fix/session-limits.ts';
import type { Report } from '../../src/matching/execution-report.ts';
import type { UserId } from '../../src/matching/types.ts';

/** What the store keeps of one member's session. */
export interface StoredMember {
  nextInSeqNum: number;
  nextOutSeqNum: number;
  reservedOutSeqNum: number;
  /** When the numbers began, ms since the epoch. */
  beganAt: number;
  isClean: boolean;
  messages: StoredMessages[];
  undelivered: Report[];
  delivered: Map<string, number>;
}

export class FixStore {
  /** Who commits for it. */
  static readonly writer = 'fix-store';
  /** Everything that sessions told it, in order. */
  readonly journaled: JournalSession[] = [];
  readonly opens: OpenSession[] = [];
  readonly loads: LoadMessages[] = [];
  /** Whether every member has been disabled since its password was judged. */
  isDisabled = false;
  /** While true it keeps its answers back, in `heldBack`. */
  isHeld = false;
  readonly heldBack: (() => void)[] = [];
  /** Numbers that it reserves when it opens a session. */
  reserveCount = DEFAULT_SESSION_LIMITS.reservedSeqNums;
  /** The last commit. */
  commitNo = 0;
  readonly #tell: Tell;
  readonly #now: () => number;
  readonly #members = new Map<number, StoredMember>();
  readonly #followers = new Map<UserId, string>();

  constructor(tell: Tell, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  /** A member's session as it is kept. */
  member(senderCompId: number): StoredMember {
    let member = this.#members.get(senderCompId);
    if (member === undefined) {
      member = {
        nextInSeqNum: 1,
        nextOutSeqNum: 1,
        reservedOutSeqNum: 0,
        beganAt: this.#now(),
        isClean: true,
        messages: [],
        undelivered: [],
        delivered: new Map(),
      };
      this.#members.set(senderCompId, member);
    }
    return member;
  }

  /** As if the member had never been there; what sessions told of it is forgotten for all members. */
  forget(senderCompId: number): void {
    this.#members.delete(senderCompId);
    for (const told of [this.journaled, this.opens, this.loads]) told.length = 0;
  }

  /** The session that is told of the user's commits. */
  follower(userId: UserId): string | undefined {
    return this.#followers.get(userId);
  }

  receive(message: PersistenceMessage): undefined {
    switch (message.type) {
      case 'JournalSession':
        this.#journal(message);
        return;
      case 'OpenSession':
        this.opens.push(message);
        this.#followers.set(message.userId, message.sessionId);
        this.#answer(() => this.#open(message));
        return;
      case 'CloseSession':
        if (this.#followers.get(message.userId) === message.sessionId) {
          this.#followers.delete(message.userId);
        }
        return;
      case 'LoadMessages':
        this.loads.push(message);
        this.#answer(() => this.#load(message));
        return;
      default:
        throw new Error(`sessions do not send ${message.type}`);
    }
  }

  /** Answers what it has kept back, and everything from now on. */
  release(): void {
    this.isHeld = false;
    for (const answer of this.heldBack.splice(0)) answer();
  }

  #journal(entry: JournalSession): void {
    this.journaled.push(entry);
    const member = this.member(entry.senderCompId);
    member.nextInSeqNum = entry.nextInSeqNum;
    member.nextOutSeqNum = entry.nextOutSeqNum;
    member.isClean = entry.clean;
    if (entry.sent !== undefined) member.messages.push(entry.sent);
    for (const { source, sourceSeq } of entry.delivered) member.delivered.set(source, sourceSeq);
    if (entry.resetAfter === true) this.#cut(member);
    this.#answer(() => {
      member.reservedOutSeqNum = entry.reservedOutSeqNum;
      this.#tell(
        { type: 'session', sessionId: entry.sessionId },
        { type: 'NumbersReserved', reservedOutSeqNum: entry.reservedOutSeqNum },
      );
    });
  }

  #open({ sessionId, senderCompId, reset, resetIfBegunBefore }: OpenSession): void {
    const member = this.member(senderCompId);
    const wasClean = member.isClean;
    const wasReset = reset || (resetIfBegunBefore !== undefined && member.beganAt < resetIfBegunBefore);
    if (wasReset) this.#cut(member);
    else if (!wasClean) member.nextOutSeqNum = member.reservedOutSeqNum + 1;
    member.isClean = false;
    member.reservedOutSeqNum = member.nextOutSeqNum - 1 + this.reserveCount;
    const opened: OpenedSession = {
      commits: new Map([[FixStore.writer, this.commitNo]]),
      nextInSeqNum: member.nextInSeqNum,
      nextOutSeqNum: member.nextOutSeqNum,
      reservedOutSeqNum: member.reservedOutSeqNum,
      undelivered: member.undelivered.filter(
        (report) => report.sourceSeq > (member.delivered.get(report.source) ?? 0),
      ),
      deliveryUncertain: !wasClean,
      wasReset,
      isDisabled: this.isDisabled,
    };
    this.#tell({ type: 'session', sessionId }, { type: 'SessionOpened', opened });
  }

  #cut(member: StoredMember): void {
    member.nextInSeqNum = 1;
    member.nextOutSeqNum = 1;
    member.beganAt = this.#now();
    member.messages = [];
  }

  #load({ sessionId, senderCompId, beginSeqNum, endSeqNum }: LoadMessages): void {
    const messages = this.member(senderCompId).messages.filter(
      ({ firstSeqNum, lastSeqNum }) => lastSeqNum >= beginSeqNum && firstSeqNum <= endSeqNum,
    );
    this.#tell({ type: 'session', sessionId }, { type: 'MessagesLoaded', beginSeqNum, endSeqNum, messages });
  }

  #answer(answer: () => void): void {
    if (this.isHeld) this.heldBack.push(answer);
    else answer();
  }
}
