/**
 * A healthy member beside the fuzzer's: trades, keeps its session alive and takes offence at everything that it
 * has not earned: a reject, a needless TestRequest, an answer that is missing, late or somebody else's.
 */
import { MSG_TYPE } from '../../src/fix/tags.ts';
import { APPL_VER_ID_50SP2, beginStringOf, type FixVersion } from '../../src/fix/version.ts';
import { MessageWriter, utcTimestamp } from '../../src/fix/writer.ts';
import { credentialsOf, VENUE } from './fuzz-conversations.ts';
import { type Answer, shown } from './fuzz-frames.ts';
import { type ConnectionAnswers, FuzzLedger } from './fuzz-ledger.ts';
import type { FuzzLine } from './fuzz-line.ts';

/** Longer than the time between two signs of life. */
const HEART_BT_INT_SECONDS = 30;

type Field = readonly [number, string | number];

export class HealthyMember {
  readonly version: FixVersion;
  readonly senderCompId: number;
  readonly ledger: FuzzLedger;
  readonly answers: ConnectionAnswers;
  readonly #now: () => number;
  readonly #writer: MessageWriter;
  readonly #expected: string[] = [];
  #line: FuzzLine | undefined;
  #nextSeqNum = 1;
  #lastNo = 0;
  #heartbeatCount = 0;
  #allowedTestCount = 0;
  #answeredTestCount = 0;
  #isLogonChecked = false;

  constructor(version: FixVersion, senderCompId: number, now: () => number) {
    this.version = version;
    this.senderCompId = senderCompId;
    this.#now = now;
    this.ledger = new FuzzLedger({
      senderCompId,
      nextSeqNum: 1,
      mayResetSilently: false,
      mayMixVersions: false,
    });
    this.answers = this.ledger.connection();
    this.#writer = new MessageWriter({
      beginString: beginStringOf(version),
      senderCompId: String(senderCompId),
      targetCompId: VENUE,
    });
  }

  /** The bytes of a second Logon, as somebody sends them who knows the password; it allows a TestRequest. */
  logonAgain(): Buffer {
    this.#allowedTestCount += 1;
    return this.#frame(MSG_TYPE.Logon, this.#nextSeqNum, this.#logonFields());
  }

  /** Logs on over the line, whose answers must be this member's {@link answers}. */
  logon(line: FuzzLine): void {
    this.#line = line;
    this.#send(MSG_TYPE.Logon, this.#logonFields());
    this.#expected.push('logged on');
  }

  /** A limit order, which must be accepted. */
  order(): void {
    this.#lastNo += 1;
    const clOrdId = `h${this.senderCompId}-${this.#lastNo}`;
    this.#send(MSG_TYPE.NewOrderSingle, [
      [11, clOrdId],
      [21, '1'],
      [55, 'BTC-USD'],
      [54, '1'],
      [60, utcTimestamp(this.#now())],
      [38, '1.00'],
      [40, '2'],
      [44, '100.00'],
    ]);
    this.#expected.push(`accepted ${clOrdId}`);
  }

  /** A TestRequest, which must be answered. */
  ping(): void {
    this.#lastNo += 1;
    const testReqId = `ping-${this.#lastNo}`;
    this.#send(MSG_TYPE.TestRequest, [[112, testReqId]]);
    this.#expected.push(`alive ${testReqId}`);
  }

  /** Answers the venue's TestRequests that have come since the last time. */
  answerTests(): void {
    const tests = this.#unchecked().filter(({ msgType }) => msgType === MSG_TYPE.TestRequest);
    for (const { fields } of tests.slice(this.#answeredTestCount)) {
      this.#send(MSG_TYPE.Heartbeat, [[112, fields.get(112) ?? '']]);
      this.#answeredTestCount += 1;
    }
  }

  /** A sign of life. */
  heartbeat(): void {
    this.#send(MSG_TYPE.Heartbeat, []);
    this.#heartbeatCount += 1;
  }

  /** Whether everything that was asked has been answered. */
  get isAnswered(): boolean {
    return (
      this.#unchecked().filter((answer) => !isIdle(answer) && !isTest(answer)).length >= this.#expected.length
    );
  }

  /** Compares what came since the last call with what should have, and says what is different. */
  check(): string | undefined {
    const { answers } = this.answers;
    const fault = this.#line?.fault ?? this.#differenceIn(this.#unchecked());
    // The Logon stays: the ledger wants it before everything else.
    answers.splice(1);
    this.#isLogonChecked = true;
    this.#expected.length = 0;
    this.#heartbeatCount = 0;
    this.#allowedTestCount = 0;
    this.#answeredTestCount = 0;
    if (fault !== undefined) return `healthy member ${this.senderCompId}: ${fault}`;
    if (this.#line?.isClosed === true) return `healthy member ${this.senderCompId}: disconnected`;
    return undefined;
  }

  #unchecked(): readonly Answer[] {
    return this.answers.answers.slice(this.#isLogonChecked ? 1 : 0);
  }

  #differenceIn(answers: readonly Answer[]): string | undefined {
    const idleCount = answers.filter(isIdle).length;
    // One interval of silence on the venue's side takes longer than one on ours.
    if (idleCount > this.#heartbeatCount + 1)
      return `${idleCount} heartbeats for ${this.#heartbeatCount} of ours`;
    const testCount = answers.filter(isTest).length;
    if (testCount > this.#allowedTestCount) return `${testCount} TestRequests`;
    const got = answers.filter((answer) => !isIdle(answer) && !isTest(answer)).map(meaningOf);
    const place = Array.from({ length: Math.max(got.length, this.#expected.length) }).findIndex(
      (_, i) => got[i] !== this.#expected[i],
    );
    if (place < 0) return undefined;
    return `expected ${this.#expected[place] ?? 'nothing more'}, got ${got[place] ?? 'nothing'}`;
  }

  #logonFields(): Field[] {
    const { username, password } = credentialsOf(this.senderCompId);
    const logon: Field[] = [
      [98, 0],
      [108, HEART_BT_INT_SECONDS],
      [553, username],
      [554, password],
    ];
    if (this.version === 'FIX.5.0SP2') logon.push([1137, APPL_VER_ID_50SP2]);
    return logon;
  }

  #send(msgType: string, fields: readonly Field[]): void {
    this.#line?.send(this.#frame(msgType, this.#nextSeqNum, fields));
    this.#nextSeqNum += 1;
  }

  #frame(msgType: string, msgSeqNum: number, fields: readonly Field[]): Buffer {
    const writer = this.#writer.begin(msgType, msgSeqNum, this.#now());
    for (const [tag, value] of fields) writer.field(tag, value);
    return writer.end();
  }
}

/** A heartbeat that answers nothing. */
function isIdle({ msgType, fields }: Answer): boolean {
  return msgType === MSG_TYPE.Heartbeat && !fields.has(112);
}

function isTest({ msgType }: Answer): boolean {
  return msgType === MSG_TYPE.TestRequest;
}

function meaningOf({ msgType, fields, frame }: Answer): string {
  if (msgType === MSG_TYPE.Logon) return 'logged on';
  if (msgType === MSG_TYPE.ExecutionReport && fields.get(150) === '0') return `accepted ${fields.get(11)}`;
  if (msgType === MSG_TYPE.Heartbeat) return `alive ${fields.get(112)}`;
  return shown(frame);
}
