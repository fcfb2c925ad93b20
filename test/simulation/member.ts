/**
 * A member's own engine: it keeps its numbers and what it was told over every crash of the venue, sends again what was
 * not answered, and notes whatever a venue must never do.
 */
import type { ExecutionReport, Report } from '../../src/matching/execution-report.ts';
import type { MemberCommand } from '../../src/matching/order-commands.ts';
import type { UserId } from '../../src/matching/types.ts';
import { reportKey } from './rows.ts';
import { idOf, type Said, type ToMember, type Wire, type WireCommand } from './wire.ts';

/** One request by the id that the member has given it. */
export interface MemberRequest {
  readonly id: string;
  readonly command: WireCommand;
  /** Numbers under which it was sent, and those of them that the venue refused to take (j). */
  readonly seqNums: Set<number>;
  readonly refused: Set<number>;
  /** It may have reached the venue twice under one number. */
  wasResent: boolean;
  /** By a report, or by a j that says why there will be none. */
  isAnswered: boolean;
}

export class MemberEngine {
  readonly userId: UserId;
  /** It keeps nothing of what it has sent, and repeats with PossResend (97) instead of PossDup (43). */
  readonly isForgetful: boolean;
  readonly requests = new Map<string, MemberRequest>();
  /** First deliveries by report, in their order. */
  readonly told = new Map<string, Report>();
  readonly #onViolation: (text: string) => void;
  readonly #sent = new Map<number, WireCommand>();
  /** ClOrdIDs of which a report says that nothing is open under them. */
  readonly #ended = new Set<string>();
  readonly #lastOfSource = new Map<string, number>();
  /** Messages above a gap. */
  readonly #above = new Map<number, ToMember>();
  #wire: Wire | undefined;
  #nextSeqNum = 1;
  #expectedSeqNum = 1;
  #isGapAsked = false;
  #isLoggedOn = false;

  constructor(userId: UserId, isForgetful: boolean, onViolation: (text: string) => void) {
    this.userId = userId;
    this.isForgetful = isForgetful;
    this.#onViolation = (text) => onViolation(`member ${userId}: ${text}`);
  }

  get wire(): Wire | undefined {
    return this.#wire;
  }

  get isLoggedOn(): boolean {
    return this.#isLoggedOn;
  }

  /** Requests that nobody has answered, also those that were turned away each time and may be tried again (j). */
  get unanswered(): MemberRequest[] {
    return [...this.requests.values()].filter((one) => !one.isAnswered);
  }

  hasEnded(clOrdId: string): boolean {
    return this.#ended.has(clOrdId);
  }

  connect(wire: Wire): void {
    this.#wire = wire;
    this.#isLoggedOn = false;
    this.#isGapAsked = false;
    this.#above.clear();
  }

  disconnect(): void {
    this.#wire = undefined;
    this.#isLoggedOn = false;
  }

  /** Sends a new request; what it is sent while nobody is connected is kept and resent. */
  send(id: string, command: WireCommand): void {
    const seqNums = new Set<number>();
    this.requests.set(id, {
      id,
      command,
      seqNums,
      refused: new Set(),
      wasResent: false,
      // One that bears the id of another is answered under that.
      isAnswered: idOf(command) !== id,
    });
    this.#transmit(id, command);
  }

  /** Sends a request again under a new number (97=Y). */
  repeat(id: string): void {
    const request = this.requests.get(id);
    if (request !== undefined && this.#isLoggedOn) this.#transmit(id, asRepeat(request.command));
  }

  receive(message: ToMember): void {
    switch (message.type) {
      case 'Logon':
        this.#onLogon(message);
        this.#take(message, message.seqNum);
        return;
      case 'Logout':
        return;
      case 'Message':
        if (message.seqNum < this.#expectedSeqNum) {
          if (!message.possDup) this.#onViolation(`number ${message.seqNum} is used twice`);
          return;
        }
        this.#take(message, message.seqNum);
        return;
      case 'GapFill':
        if (message.newSeqNo > this.#expectedSeqNum) {
          this.#take(message, Math.max(message.seqNum, this.#expectedSeqNum));
        }
        return;
    }
  }

  #transmit(id: string, command: WireCommand): void {
    if (!this.#isLoggedOn) return;
    const seqNum = this.#nextSeqNum;
    this.#nextSeqNum += 1;
    this.#sent.set(seqNum, command);
    this.requests.get(id)?.seqNums.add(seqNum);
    this.#wire?.sayToVenue({ type: 'Request', seqNum, possDup: false, command });
  }

  #onLogon({ seqNum, nextExpected }: ToMember & { type: 'Logon' }): void {
    if (seqNum < this.#expectedSeqNum) this.#onViolation(`the Logon uses number ${seqNum} again`);
    if (nextExpected > this.#nextSeqNum) this.#onViolation(`number ${nextExpected - 1} was never sent`);
    this.#isLoggedOn = true;
    if (nextExpected < this.#nextSeqNum) this.#resend(nextExpected);
    for (const request of this.requests.values()) {
      const isNew = request.seqNums.size === 0;
      if (isNew) this.#transmit(request.id, request.command);
      else if (this.isForgetful && !request.isAnswered) this.repeat(request.id);
    }
  }

  #resend(beginSeqNo: number): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    if (this.isForgetful) {
      wire.sayToVenue({ type: 'GapFill', seqNum: beginSeqNo, newSeqNo: this.#nextSeqNum });
      return;
    }
    for (let seqNum = beginSeqNo; seqNum < this.#nextSeqNum; seqNum += 1) {
      const command = this.#sent.get(seqNum);
      if (command === undefined) continue;
      wire.sayToVenue({ type: 'Request', seqNum, possDup: true, command: asRepeat(command) });
      const request = this.requests.get(idOf(command) ?? '');
      if (request !== undefined) request.wasResent = true;
    }
  }

  #take(message: ToMember, seqNum: number): void {
    if (seqNum > this.#expectedSeqNum) {
      this.#above.set(seqNum, message);
      if (this.#isGapAsked) return;
      this.#isGapAsked = true;
      this.#wire?.sayToVenue({ type: 'ResendRequest', beginSeqNo: this.#expectedSeqNum });
      return;
    }
    this.#process(message);
    for (let next = this.#nextAbove(); next !== undefined; next = this.#nextAbove()) this.#process(next);
    if (this.#above.size === 0) this.#isGapAsked = false;
  }

  #nextAbove(): ToMember | undefined {
    const next = this.#above.get(this.#expectedSeqNum);
    this.#above.delete(this.#expectedSeqNum);
    for (const seqNum of this.#above.keys()) if (seqNum < this.#expectedSeqNum) this.#above.delete(seqNum);
    return next;
  }

  #process(message: ToMember): void {
    if (message.type === 'GapFill') {
      this.#expectedSeqNum = Math.max(this.#expectedSeqNum, message.newSeqNo);
      return;
    }
    this.#expectedSeqNum += 1;
    if (message.type === 'Message') this.#hear(message.said);
  }

  #hear(said: Said): void {
    if (said.type === 'Refused') {
      const request = this.requests.get(idOf(said.command) ?? '');
      if (request === undefined || !request.seqNums.has(said.refSeqNum)) return;
      request.refused.add(said.refSeqNum);
      if (said.isFinal) request.isAnswered = true;
      return;
    }
    const { report, possResend } = said;
    const request = this.requests.get(answeredBy(report));
    if (request !== undefined) request.isAnswered = true;
    if (endsSomething(report)) this.#ended.add(report.clOrdId).add(report.origClOrdId ?? report.clOrdId);
    if (report.userId !== this.userId) this.#onViolation(`is told a report of user ${report.userId}`);
    if (report.sourceSeq === 0) return;
    const key = reportKey(report);
    if (this.told.has(key)) {
      if (!possResend) this.#onViolation(`is told ${key} twice without a mark`);
      return;
    }
    this.told.set(key, report);
    const last = this.#lastOfSource.get(report.source) ?? 0;
    if (report.sourceSeq < last) this.#onViolation(`is told ${key} after number ${last}`);
    this.#lastOfSource.set(report.source, report.sourceSeq);
  }
}

function endsSomething(report: Report): report is ExecutionReport {
  return report.type === 'ExecutionReport' && report.ordStatus !== '0' && report.ordStatus !== '1';
}

function answeredBy(report: Report): string {
  if (report.type !== 'ExecutionReport') return report.clOrdId;
  return report.ordStatusReqId ?? report.massStatus?.massStatusReqId ?? report.clOrdId;
}

function asRepeat(command: WireCommand): WireCommand {
  return 'mayBeRepeat' in command ? ({ ...command, mayBeRepeat: true } satisfies MemberCommand) : command;
}
