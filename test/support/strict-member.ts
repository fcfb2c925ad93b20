/**
 * A member whose engine does what FIX says, across connections, crashes of the venue and resets of the numbers. It
 * keeps what it sent and what it heard, asks for what it missed, fills the gaps of its own session messages, and
 * leaves a venue whose number is too low. Where RecordingMember has one life of numbers for ever, this one can ask
 * for another with 141=Y, speaks every version, and has an idea of its own of a reset that nobody answered.
 */
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import { type Fields, FixClient, textOf } from './fix-client.ts';
import type { Arrival, MemberIdentity } from './recording-member.ts';
import { answerResendRequest, type SentRequest } from './resend-answer.ts';
import type { SocketGate } from './socket-gate.ts';
import { until } from './until.ts';

/** How one Logon differs from the usual. */
export interface LogonWay {
  /** 141=Y: both sides back to 1. */
  readonly reset?: boolean;
  /** 789: says what it expects, and lets the venue fill in by itself. */
  readonly nextExpected?: boolean;
}

/** A D, F or G. */
export interface Asked {
  readonly msgType: string;
  readonly fields: Readonly<Record<number, string>>;
}

/** The member's own idea of both numbers. */
interface Numbers {
  readonly nextOut: number;
  readonly expected: number;
}

const APPLICATION_TYPES: ReadonlySet<string> = new Set([
  MSG_TYPE.ExecutionReport,
  MSG_TYPE.OrderCancelReject,
  MSG_TYPE.BusinessMessageReject,
]);
/** An engine waits for its venue however long that takes; the test's own time limit ends it. */
const PATIENCE_MS = 600_000;

export class StrictMember {
  readonly identity: MemberIdentity;
  readonly version: FixVersion;
  readonly gate: SocketGate;
  /** D, F and G by ClOrdID (11). */
  readonly requests = new Map<string, Asked>();
  /** Application messages in the order of their numbers, each number of a life once. */
  readonly heard: Arrival[] = [];
  /** Every message as it came in, of all lives. */
  readonly arrivals: Arrival[] = [];
  /** What no venue may do. */
  readonly violations: string[] = [];
  /** Why the numbers of both sides did not fit together, once per connection at most. */
  readonly disagreements: string[] = [];
  readonly #sent = new Map<number, SentRequest>();
  readonly #answered = new Set<string>();
  readonly #aboveGap = new Map<number, FixMessage>();
  #client: FixClient | undefined;
  #connectionNo = 0;
  #nextOut = 1;
  #expected = 1;
  #lastApplicationSeqNum = 0;
  #gapShownBy: number | undefined;
  #isLoggedOn = false;
  #isLoggingOut = false;
  /** It has closed by itself, and hears nothing more of this connection. */
  #hasLeft = false;
  /** A reset was asked for and nobody has answered. */
  #isResetOpen = false;

  constructor(identity: MemberIdentity, gate: SocketGate, version: FixVersion = 'FIX.4.4') {
    this.identity = identity;
    this.gate = gate;
    this.version = version;
  }

  get senderCompId(): number {
    return this.identity.senderCompId;
  }

  /** The MsgSeqNum (34) that it expects next. */
  get expectedSeqNum(): number {
    return this.#expected;
  }

  /** Logged on, and on good terms with the venue. */
  get isOn(): boolean {
    return this.#isLoggedOn && this.#client?.isClosed === false;
  }

  get isCut(): boolean {
    return this.#client?.isClosed ?? true;
  }

  get hasNoGap(): boolean {
    return this.#gapShownBy === undefined && this.#aboveGap.size === 0;
  }

  /** ClOrdIDs (11) of requests that nobody has answered yet. */
  get unanswered(): readonly string[] {
    return [...this.requests.keys()].filter((clOrdId) => !this.#answered.has(clOrdId));
  }

  /** Reports (8) in the order of their numbers. */
  get reports(): readonly FixMessage[] {
    return this.heard.map(({ message }) => message).filter(({ msgType }) => msgType === '8');
  }

  /** MsgSeqNum (34) of the last application message of these numbers; 0 without one. */
  get lastApplicationSeqNum(): number {
    return this.#lastApplicationSeqNum;
  }

  /** What came in on this connection. */
  get arrivalsNow(): readonly FixMessage[] {
    return this.arrivals.filter((one) => one.connectionNo === this.#connectionNo).map((one) => one.message);
  }

  /** Connects and logs on with the numbers that it has. False when they did not fit the venue's. */
  async connect(venuePort: number, way: LogonWay = {}): Promise<boolean> {
    await this.beginConnect(venuePort, way);
    await until(`the answer to the Logon of ${this.identity.username}`, () => this.isOn || this.isCut);
    return this.isOn;
  }

  /** Connects and sends its Logon, and waits for no answer. */
  async beginConnect(venuePort: number, way: LogonWay = {}): Promise<void> {
    const { reset = false, nextExpected = false } = way;
    this.#noteNumbers();
    this.gate.aimAt(venuePort);
    this.#connectionNo += 1;
    this.#isLoggedOn = false;
    this.#isLoggingOut = false;
    this.#hasLeft = false;
    this.#isResetOpen = reset;
    this.#gapShownBy = undefined;
    this.#aboveGap.clear();
    const connectionNo = this.#connectionNo;
    const { senderCompId, username, password } = this.identity;
    this.#client = undefined;
    const client = await FixClient.connect({
      port: this.gate.port,
      senderCompId,
      username,
      password,
      version: this.version,
      isAutomatic: false,
      nextOutSeqNum: this.#nextOut,
      timeoutMs: PATIENCE_MS,
    });
    this.#client = client;
    const extra: Fields = {
      ...(reset ? { [TAG.ResetSeqNumFlag]: 'Y' } : {}),
      ...(nextExpected ? { [TAG.NextExpectedMsgSeqNum]: this.#expected } : {}),
    };
    this.#logon(extra, reset ? 1 : undefined);
    void this.#listen(client, connectionNo);
  }

  /** Does what an engine does by itself: where the numbers do not fit, it asks for new ones. */
  async comeBack(venuePort: number, way: LogonWay = {}): Promise<void> {
    if (await this.connect(venuePort, way)) return;
    if (await this.connect(venuePort, { reset: true })) return;
    const said = this.arrivalsNow.map(textOf).join(' ');
    throw new Error(`${this.identity.username} is not let in: ${said}`);
  }

  /** Asks for new numbers in mid-session. */
  askForReset(): void {
    this.#isResetOpen = true;
    this.#logon({ [TAG.ResetSeqNumFlag]: 'Y' }, 1);
  }

  /** What it makes of a reset that nobody answered: that it has happened, or that it has not. */
  assumeReset(hasHappened: boolean): void {
    if (!this.#isResetOpen) return;
    this.#isResetOpen = false;
    if (hasHappened) this.#beginLife({ nextOut: 2, expected: 1 });
  }

  /** It agreed with the venue on numbers from 1 after each Logout. */
  beginAnew(): void {
    this.gate.beginLife();
    this.#beginLife({ nextOut: 1, expected: 1 });
  }

  /** It has lost everything that it heard under its first and only numbers, and will ask for it again. */
  forgetAll(): void {
    this.#expected = 1;
    this.heard.length = 0;
  }

  /** Sends several requests in one write, so that the venue reads them at once. */
  askAtOnce(requests: readonly Asked[]): void {
    const client = this.#client;
    if (client === undefined) throw new Error('connect first');
    const frames = requests.map(({ msgType, fields }) => {
      this.requests.set(fields[TAG.ClOrdID] as string, { msgType, fields });
      const sentAt = utcTimestamp(client.now());
      this.#sent.set(client.nextOutSeqNum, { msgType, fields, sentAt, possResend: false });
      return client.encode(msgType, fields);
    });
    client.sendRaw(Buffer.concat(frames));
  }

  /** Sends a request again, under a new number and with PossResend (97). */
  repeat(clOrdId: string): void {
    const request = this.requests.get(clOrdId);
    if (request !== undefined) this.#send({ ...request, possResend: true });
  }

  /** Sends a session message. */
  say(msgType: string, fields: Fields): void {
    this.#client?.send(msgType, fields);
  }

  /** Says Logout (5); does not wait for the answer. */
  beginLogout(): void {
    this.#isLoggingOut = true;
    this.#client?.send(MSG_TYPE.Logout);
    this.#noteNumbers();
  }

  async logout(): Promise<void> {
    if (!this.isOn) return;
    this.beginLogout();
    await this.untilCut();
  }

  async untilCut(): Promise<void> {
    await until(`the end of the connection of ${this.identity.username}`, () => this.isCut);
    this.#noteNumbers();
  }

  #logon(fields: Fields, msgSeqNum: number | undefined): void {
    this.#client?.sendLogon(fields, msgSeqNum === undefined ? {} : { msgSeqNum });
  }

  #beginLife({ nextOut, expected }: Numbers): void {
    this.#nextOut = nextOut;
    this.#expected = expected;
    this.#lastApplicationSeqNum = 0;
    this.#sent.clear();
    if (this.#client !== undefined) this.#client.nextOutSeqNum = nextOut;
  }

  #noteNumbers(): void {
    if (this.#client !== undefined) this.#nextOut = this.#client.nextOutSeqNum;
  }

  #send(request: Omit<SentRequest, 'sentAt'>): void {
    const client = this.#client;
    if (client === undefined) throw new Error('connect first');
    const sentAt = utcTimestamp(client.now());
    const { msgType, fields, possResend } = request;
    this.#sent.set(client.send(msgType, fields, { possResend }), { ...request, sentAt });
  }

  async #listen(client: FixClient, connectionNo: number): Promise<void> {
    for (;;) {
      let message: FixMessage;
      try {
        message = await client.nextMessage();
      } catch {
        return;
      }
      if (client !== this.#client || this.#hasLeft) return;
      this.arrivals.push({ connectionNo, message });
      this.#take(message);
    }
  }

  #take(message: FixMessage): void {
    const seqNum = message.msgSeqNum ?? 0;
    const isPossDup = message.get(TAG.PossDupFlag) === 'Y';
    if (message.msgType === MSG_TYPE.Logon) {
      if (message.get(TAG.ResetSeqNumFlag) === 'Y') this.#takeReset(message);
      // A venue whose number is too low is none to go on with.
      this.#isLoggedOn = seqNum >= this.#expected;
    }
    if (message.msgType === MSG_TYPE.Logout && !this.#isLoggingOut) {
      this.disagreements.push(message.get(TAG.Text) ?? '');
    }
    if (seqNum < this.#expected && !isPossDup) {
      this.#leave(message);
    } else if (seqNum > this.#expected) {
      // Both sides may miss something: whoever waited for the other would wait for ever.
      if (message.msgType === MSG_TYPE.ResendRequest) this.#resend(message);
      this.#aboveGap.set(seqNum, message);
      this.#requestMissing(seqNum);
    } else if (seqNum === this.#expected) {
      this.#process(message, false);
      this.#closeGap();
    }
  }

  #takeReset(message: FixMessage): void {
    if (!this.#isResetOpen) this.#blame('a reset that nobody asked for', message);
    this.#isResetOpen = false;
    this.#beginLife({ nextOut: 2, expected: 1 });
  }

  /** A number that is too low and no repeat: FIX says to end the session. */
  #leave(message: FixMessage): void {
    const isFirst = this.arrivalsNow.length === 1;
    if (isFirst) this.disagreements.push(`number too low: ${textOf(message)}`);
    else this.#blame('a number is used twice', message);
    this.#hasLeft = true;
    this.#client?.close();
  }

  #requestMissing(shownBy: number): void {
    if (this.#gapShownBy !== undefined) return;
    this.#gapShownBy = shownBy;
    this.#client?.send(MSG_TYPE.ResendRequest, { [TAG.BeginSeqNo]: this.#expected, [TAG.EndSeqNo]: 0 });
  }

  #closeGap(): void {
    for (;;) {
      const waiting = this.#aboveGap.get(this.#expected);
      if (waiting === undefined) break;
      this.#process(waiting, true);
    }
    for (const seqNum of this.#aboveGap.keys()) {
      if (seqNum < this.#expected) this.#aboveGap.delete(seqNum);
    }
    if (this.#gapShownBy === undefined || this.#expected <= this.#gapShownBy) return;
    this.#gapShownBy = undefined;
    const [next] = this.#aboveGap.keys();
    if (next !== undefined) this.#requestMissing(next);
  }

  #process(message: FixMessage, waited: boolean): void {
    const seqNum = message.msgSeqNum ?? 0;
    this.#aboveGap.delete(seqNum);
    this.#expected = seqNum + 1;
    if (APPLICATION_TYPES.has(message.msgType)) {
      this.#lastApplicationSeqNum = seqNum;
      this.heard.push({ connectionNo: this.#connectionNo, message });
      const clOrdId = message.get(TAG.ClOrdID) ?? message.get(TAG.BusinessRejectRefID) ?? '';
      if (this.requests.has(clOrdId)) this.#answered.add(clOrdId);
      return;
    }
    switch (message.msgType) {
      case MSG_TYPE.SequenceReset:
        if (message.get(TAG.GapFillFlag) !== 'Y') this.#blame('numbers are reset', message);
        this.#expected = Math.max(this.#expected, message.getInt(TAG.NewSeqNo) ?? 0);
        return;
      case MSG_TYPE.ResendRequest:
        if (!waited) this.#resend(message);
        return;
      case MSG_TYPE.TestRequest:
        this.#client?.send(MSG_TYPE.Heartbeat, { [TAG.TestReqID]: message.get(TAG.TestReqID) ?? '' });
        return;
      case MSG_TYPE.Reject:
        this.#blame('what this member sends is right', message);
        return;
      default:
        return;
    }
  }

  #resend(request: FixMessage): void {
    if (this.#client === undefined) return;
    answerResendRequest(this.#client, request, (seqNum) => this.#sent.get(seqNum));
  }

  #blame(what: string, message: FixMessage): void {
    this.violations.push(`${what}: ${textOf(message)}`);
  }
}
