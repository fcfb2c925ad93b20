/**
 * Judges everything that the venue writes to one member, over all of its connections: that it is FIX as the venue
 * declares it, that numbers are never used twice and never skipped, and that each report arrives.
 */
import { parseMessage } from '../../src/fix/message.ts';
import { DEFAULT_VALIDATOR_OPTIONS, validate } from '../../src/fix/validator.ts';
import { versionOf } from '../../src/fix/version.ts';
import { execId, type Report } from '../../src/matching/execution-report.ts';
import { VENUE } from './fuzz-conversations.ts';
import { type Answer, answersIn, shown } from './fuzz-frames.ts';

/** Every MsgType that the venue has for a member of whom it has nothing to announce. */
const ANSWERS: ReadonlySet<string> = new Set([
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '8',
  '9',
  'A',
  'B',
  'f',
  'j',
  'r',
  'y',
]);
const APPLICATION_ANSWERS: ReadonlySet<string> = new Set(['8', '9', 'B', 'f', 'j', 'r', 'y']);

/** What is known of the member before its first connection. */
export interface LedgerOptions {
  readonly senderCompId: number;
  /** The venue's next number: the member has everything below. */
  readonly nextSeqNum: number;
  /** Both sides may go back to 1 at a Logon without 141=Y: that is agreed with the member. */
  readonly mayResetSilently: boolean;
  /** Its sessions may be of several versions: what was said in one is sent again in another as it was. */
  readonly mayMixVersions: boolean;
}

/** What the venue wrote on one connection. */
export class ConnectionAnswers {
  readonly answers: Answer[] = [];
  readonly #judge: (answer: Answer, before: readonly Answer[]) => void;

  constructor(judge: (answer: Answer, before: readonly Answer[]) => void) {
    this.#judge = judge;
  }

  /** Takes whole messages; throws at the first that is wrong. */
  take(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    for (const answer of answersIn(text)) {
      this.#judge(answer, this.answers);
      this.answers.push(answer);
    }
  }

  /** The last message that was sent for the first time. */
  get last(): Answer | undefined {
    return this.answers.findLast(({ isPossDup }) => !isPossDup);
  }
}

export class FuzzLedger {
  readonly #options: LedgerOptions;
  /** The venue's next number. */
  #nextSeqNum: number;
  /** Numbers that were used and have not arrived. */
  readonly #missing = new Set<number>();
  /** Reports by their key, and how often they came as new. */
  readonly #received = new Map<string, number>();
  #connectionCount = 0;
  #newCount = 0;
  #isHistoryLost = false;
  #mayHaveReset = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#nextSeqNum = options.nextSeqNum;
  }

  /** The next connection of the member. */
  connection(): ConnectionAnswers {
    this.#connectionCount += 1;
    const connectionNo = this.#connectionCount;
    return new ConnectionAnswers((answer, before) => {
      try {
        this.#take(answer, before, connectionNo);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${reason}, in ${shown(answer.frame)}`);
      }
    });
  }

  /** The member has asked for a reset and lost what came back: it does not know whether there was one. */
  noteLostReset(): void {
    this.#mayHaveReset = true;
    this.#isHistoryLost = true;
  }

  /** The lowest number that was used and has not arrived. */
  get firstMissing(): number | undefined {
    return this.#missing.size === 0 ? undefined : Math.min(...this.#missing);
  }

  /** Messages that were sent for the first time. */
  get newCount(): number {
    return this.#newCount;
  }

  /** Reports that have not arrived although they should have; none when a reset has cut what could be asked for. */
  unreceived(committed: readonly Report[]): Report[] {
    if (this.#isHistoryLost) return [];
    return committed.filter((report) => !this.#received.has(keyOfReport(report)));
  }

  #take(answer: Answer, before: readonly Answer[], connectionNo: number): void {
    this.#judgeForm(answer);
    if (answer.isPossDup) {
      this.#takeAgain(answer, before);
    } else {
      this.#takeNumber(answer, before, connectionNo);
      this.#newCount += 1;
    }
    this.#noteReport(answer);
  }

  #judgeForm({ frame, msgType, fields, isPossDup }: Answer): void {
    if (!ANSWERS.has(msgType)) throw new Error(`the venue has no ${msgType} for members`);
    if (fields.get(49) !== VENUE) throw new Error('not from the venue');
    if (fields.get(56) !== String(this.#options.senderCompId)) throw new Error('a message for somebody else');
    const orderId = fields.get(37);
    // A mass cancel's id is no order's: it is made of its source, as an ExecID is.
    const isTheirs =
      orderId === undefined ||
      orderId === 'NONE' ||
      (msgType === 'r' && /^(user|gate):/.test(orderId)) ||
      Math.floor(Number(orderId) / 1_000) === this.#options.senderCompId;
    if (!isTheirs) throw new Error('an order of somebody else');
    const version = versionOf(fields.get(8) ?? '');
    if (version === undefined) throw new Error('a version that nobody speaks');
    if (isPossDup && this.#options.mayMixVersions) return;
    const message = parseMessage(Buffer.from(frame, 'latin1'));
    if (message.type === 'Malformed') throw new Error(message.reason);
    const violation = validate(message, version, { ...DEFAULT_VALIDATOR_OPTIONS, sender: 'venue' });
    if (violation !== undefined) throw new Error(`wrong by the venue's own rules: ${violation.text}`);
  }

  /** A new message has the next number; only what follows a Logon may jump, or begin at 1 again. */
  #takeNumber(answer: Answer, before: readonly Answer[], connectionNo: number): void {
    const { msgType, msgSeqNum, fields } = answer;
    // A ResendRequest is still served then, or rejected.
    if (msgType !== '3' && before.some((earlier) => earlier.msgType === '5' && !earlier.isPossDup)) {
      throw new Error('something new after the Logout');
    }
    const isFirst = before.length === 0;
    if (isFirst && msgType !== 'A' && msgType !== '5') throw new Error('no Logon before it');
    const isReset = msgType === 'A' && fields.get(141) === 'Y';
    const isSilentReset = isFirst && this.#options.mayResetSilently && msgSeqNum === 1;
    if (isReset || isSilentReset) {
      if (msgSeqNum !== 1) throw new Error('a reset that does not begin at 1');
      // What a connection that broke has lost cannot be asked for any more.
      if (connectionNo > 1) this.#isHistoryLost = true;
      this.#missing.clear();
    } else if (isFirst) {
      if (msgSeqNum < this.#nextSeqNum) {
        if (!this.#mayHaveReset) throw new Error(`${this.#nextSeqNum} was expected: the number is used`);
        this.#missing.clear();
        this.#nextSeqNum = 1;
      }
      for (let seqNum = this.#nextSeqNum; seqNum < msgSeqNum; seqNum += 1) this.#missing.add(seqNum);
    } else if (msgSeqNum !== this.#nextSeqNum) {
      throw new Error(`the number is not the next one, ${this.#nextSeqNum}`);
    } else if (msgType === 'A') {
      throw new Error('a second Logon');
    }
    this.#nextSeqNum = msgSeqNum + 1;
  }

  /** Numbers that are sent again, or stood for by a GapFill. */
  #takeAgain({ msgType, msgSeqNum, fields }: Answer, before: readonly Answer[]): void {
    if (before.length === 0) throw new Error('no Logon before it');
    if (!fields.has(122)) throw new Error('43=Y without OrigSendingTime(122)');
    const isGapFill = msgType === '4' && fields.get(123) === 'Y';
    if (!isGapFill && !APPLICATION_ANSWERS.has(msgType)) throw new Error(`${msgType} is never sent again`);
    const end = isGapFill ? Number(fields.get(36)) : msgSeqNum + 1;
    if (end <= msgSeqNum || end > this.#nextSeqNum) throw new Error('not a range that was sent');
    for (let seqNum = msgSeqNum; seqNum < end; seqNum += 1) this.#missing.delete(seqNum);
  }

  #noteReport({ msgType, fields, isPossDup }: Answer): void {
    const key = keyOfAnswer(msgType, fields);
    if (key === undefined || key === '0') return;
    const isNew = !isPossDup && fields.get(97) !== 'Y';
    const count = (this.#received.get(key) ?? 0) + (isNew ? 1 : 0);
    if (count > 1 && msgType === '8') throw new Error('the same report as new for the second time');
    this.#received.set(key, count);
  }
}

function keyOfAnswer(msgType: string, fields: Answer['fields']): string | undefined {
  switch (msgType) {
    case '8':
      return fields.get(17);
    case '9':
      return fields.get(58);
    case 'r':
      return fields.get(37);
    case 'B':
      // What FIX.4.2 has instead of an r.
      return fields.get(148)?.split(' ')[1];
    default:
      return undefined;
  }
}

function keyOfReport(report: Report): string {
  switch (report.type) {
    case 'ExecutionReport':
      return execId(report);
    case 'OrderCancelReject':
      return report.text;
    case 'OrderMassCancelReport':
      return `${report.source}-${report.sourceSeq}`;
  }
}
