/**
 * The venue's side of a member's connection, in the place of src/actors/fix-session.ts: numbers are saved when what
 * came before them is committed, sent and delivered messages are journaled, and what was not is told at the next Logon.
 */
import type { ActorSystem, Behavior } from '../../src/actors/actor-system.ts';
import type { OpenedSession } from '../../src/actors/ports.ts';
import type { MessagesLoaded, ReportsCommitted, SessionMessage } from '../../src/actors/protocol.ts';
import { isContained, NO_COMMITS } from '../../src/platform/commit-numbers.ts';
import { RESERVED_SEQ_NUMS } from './node.ts';
import type { FrameTable, Said, SentMessage, ToVenue, Wire } from './wire.ts';

export interface SessionOptions {
  readonly system: Pick<ActorSystem, 'tell' | 'stop'>;
  readonly wire: Wire;
  readonly frames: FrameTable;
  /** What leaves the venue here must be committed. */
  readonly onReports: (message: ReportsCommitted) => void;
  readonly onEnded: () => void;
}

export class VenueSession {
  readonly #options: SessionOptions;
  #phase: 'opening' | 'active' | 'ended' = 'opening';
  /** What commits told while the store was reading. */
  #early: ReportsCommitted[] = [];
  #openedCommits = NO_COMMITS;
  #nextInSeqNum = 1;
  #savedInSeqNum = 1;
  readonly #unanswered = new Set<number>();
  #nextOutSeqNum = 1;
  #grantedSeqNum = 0;
  #askedSeqNum = 0;
  #waiting: Said[] = [];
  #sent: SentMessage[] = [];
  readonly #delivered = new Map<string, number>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get behavior(): Behavior<undefined, SessionMessage> {
    return {
      initial: () => {
        const { system, wire } = this.#options;
        const { userId } = wire;
        const open = {
          type: 'OpenSession',
          sessionId: wire.sessionId,
          senderCompId: userId,
          userId,
        } as const;
        const terms = {
          reset: false,
          resetIfBegunBefore: undefined,
          cancelAfterMs: undefined,
          logonSeqNum: Number.MAX_SAFE_INTEGER,
          nextExpectedSeqNum: undefined,
        } as const;
        system.tell({ type: 'persistence' }, { ...open, ...terms });
        return undefined;
      },
      receive: (state, message) => {
        this.#receive(message);
        return state;
      },
    };
  }

  #receive(message: SessionMessage): void {
    if (this.#phase === 'ended') return;
    switch (message.type) {
      case 'SessionOpened':
        this.#open(message.opened);
        break;
      case 'ReportsCommitted':
        this.#options.onReports(message);
        if (this.#phase === 'opening') this.#early.push(message);
        else this.#tellCommitted(message);
        break;
      case 'CommandsRefused':
        for (const { msgSeqNum, command } of message.commands) {
          const isFinal = message.refusal === 'Unanswerable';
          this.#say({ type: 'Refused', refSeqNum: msgSeqNum, command, isFinal });
          this.#unanswered.delete(msgSeqNum);
        }
        break;
      case 'NumbersReserved':
        this.#grant(message.reservedOutSeqNum);
        break;
      case 'MessagesLoaded':
        this.#repeat(message);
        break;
      case 'PeerClosed':
        this.#end(false);
        return;
      default:
        break;
    }
    this.#save();
  }

  /** One socket read: some messages of the member at once. */
  read(messages: readonly ToVenue[]): void {
    if (this.#phase !== 'active') return;
    const { system, wire } = this.#options;
    const { sessionId, userId } = wire;
    const commands: { msgSeqNum: number; command: (ToVenue & { type: 'Request' })['command'] }[] = [];
    for (const message of messages) {
      if (message.type === 'Request') {
        if (message.seqNum !== this.#nextInSeqNum) {
          throw new Error(`${sessionId}: number ${message.seqNum} where ${this.#nextInSeqNum} comes next`);
        }
        this.#nextInSeqNum += 1;
        this.#unanswered.add(message.seqNum);
        commands.push({ msgSeqNum: message.seqNum, command: message.command });
      } else if (message.type === 'GapFill') {
        this.#nextInSeqNum = message.newSeqNo;
      } else if (message.type === 'ResendRequest') {
        const range = { beginSeqNum: message.beginSeqNo, endSeqNum: this.#nextOutSeqNum - 1 };
        system.tell(
          { type: 'persistence' },
          { type: 'LoadMessages', sessionId, senderCompId: userId, ...range },
        );
      } else {
        this.#submit(commands);
        wire.sayToMember({ type: 'Logout' });
        this.#end(this.#waiting.length === 0);
        return;
      }
    }
    this.#submit(commands);
    this.#save();
  }

  /** It has thrown: nothing that it knew is written down, and its peer hears no more of it. */
  fail(): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    const { system, wire, onEnded } = this.#options;
    const { sessionId, userId } = wire;
    system.tell({ type: 'persistence' }, { type: 'CloseSession', sessionId, userId });
    onEnded();
  }

  #submit(commands: { msgSeqNum: number; command: (ToVenue & { type: 'Request' })['command'] }[]): void {
    if (commands.length === 0) return;
    const { system, wire } = this.#options;
    const { sessionId, userId } = wire;
    system.tell({ type: 'exchange' }, { type: 'SubmitCommands', sessionId, userId, commands });
  }

  #open(opened: OpenedSession): void {
    this.#phase = 'active';
    this.#openedCommits = opened.commits;
    this.#nextInSeqNum = opened.nextInSeqNum;
    this.#savedInSeqNum = opened.nextInSeqNum;
    this.#nextOutSeqNum = opened.nextOutSeqNum + 1;
    this.#grantedSeqNum = opened.reservedOutSeqNum;
    this.#askedSeqNum = opened.reservedOutSeqNum;
    const { nextInSeqNum: nextExpected, nextOutSeqNum: seqNum } = opened;
    this.#options.wire.sayToMember({ type: 'Logon', seqNum, nextExpected });
    const possResend = opened.deliveryUncertain;
    for (const report of opened.undelivered) this.#say({ type: 'Report', report, possResend });
    for (const message of this.#early) this.#tellCommitted(message);
    this.#early = [];
  }

  #tellCommitted({ writer, commitNo, reports, answered }: ReportsCommitted): void {
    for (const report of reports) {
      // The store has handed it over with the session.
      if (isContained(this.#openedCommits, { writer, commitNo }) && report.sourceSeq !== 0) continue;
      this.#say({ type: 'Report', report, possResend: false });
    }
    for (const msgSeqNum of answered) this.#unanswered.delete(msgSeqNum);
  }

  #say(said: Said): void {
    if (this.#nextOutSeqNum > this.#grantedSeqNum || this.#waiting.length > 0) this.#waiting.push(said);
    else this.#write(said);
  }

  #write(said: Said): void {
    const { wire } = this.#options;
    const seqNum = this.#nextOutSeqNum;
    this.#nextOutSeqNum += 1;
    wire.sayToMember({ type: 'Message', seqNum, possDup: false, said });
    this.#sent.push({ seqNum, said });
    if (said.type === 'Report' && said.report.sourceSeq > 0) {
      this.#delivered.set(said.report.source, said.report.sourceSeq);
    }
  }

  #grant(grantedSeqNum: number): void {
    this.#grantedSeqNum = Math.max(this.#grantedSeqNum, grantedSeqNum);
    while (this.#waiting.length > 0 && this.#nextOutSeqNum <= this.#grantedSeqNum) {
      this.#write(this.#waiting.shift() as Said);
    }
  }

  #repeat({ beginSeqNum, endSeqNum, messages }: MessagesLoaded): void {
    const { wire, frames } = this.#options;
    let next = beginSeqNum;
    const fillTo = (newSeqNo: number): void => {
      if (next < newSeqNo) wire.sayToMember({ type: 'GapFill', seqNum: next, newSeqNo });
    };
    for (const { seqNum, said } of messages.flatMap((stored) => frames.decode(stored.frames))) {
      if (seqNum < next || seqNum > endSeqNum) continue;
      fillTo(seqNum);
      wire.sayToMember({ type: 'Message', seqNum, possDup: true, said });
      next = seqNum + 1;
    }
    fillTo(endSeqNum + 1);
  }

  /** Journals what was sent, and numbers when they have moved or run out. */
  #save(): void {
    if (this.#phase !== 'active') return;
    const left = this.#grantedSeqNum - this.#nextOutSeqNum + 1;
    const mustAsk = this.#askedSeqNum === this.#grantedSeqNum && left * 2 < RESERVED_SEQ_NUMS;
    if (mustAsk) this.#askedSeqNum = this.#nextOutSeqNum - 1 + RESERVED_SEQ_NUMS;
    const hasMoved = this.#committedInSeqNum !== this.#savedInSeqNum;
    if (mustAsk || hasMoved || this.#sent.length > 0) this.#journal(false);
  }

  get #committedInSeqNum(): number {
    for (const seqNum of this.#unanswered) return Math.min(seqNum, this.#nextInSeqNum);
    return this.#nextInSeqNum;
  }

  #journal(clean: boolean): void {
    const { system, wire, frames } = this.#options;
    const { userId } = wire;
    const first = this.#sent[0];
    const last = this.#sent.at(-1);
    const sent =
      first === undefined || last === undefined
        ? undefined
        : {
            firstSeqNum: first.seqNum,
            lastSeqNum: last.seqNum,
            frames: frames.encode(this.#sent),
          };
    this.#savedInSeqNum = this.#committedInSeqNum;
    system.tell(
      { type: 'persistence' },
      {
        type: 'JournalSession',
        sessionId: wire.sessionId,
        senderCompId: userId,
        userId,
        nextInSeqNum: this.#savedInSeqNum,
        nextOutSeqNum: this.#nextOutSeqNum,
        reservedOutSeqNum: this.#askedSeqNum,
        clean,
        sent,
        delivered: Array.from(this.#delivered, ([source, sourceSeq]) => ({ source, sourceSeq })),
        resetAfter: false,
      },
    );
    this.#sent = [];
    this.#delivered.clear();
  }

  #end(clean: boolean): void {
    const wasActive = this.#phase === 'active';
    this.#phase = 'ended';
    const { system, wire, onEnded } = this.#options;
    const { sessionId, userId } = wire;
    system.tell({ type: 'persistence' }, { type: 'CloseSession', sessionId, userId });
    if (wasActive) this.#journal(clean);
    system.stop({ type: 'session', sessionId });
    onEnded();
  }
}
