/**
 * A member whose engine keeps everything, as a bank's does: what it sent, what it heard and under which numbers,
 * across connections and crashes of the venue. It fills gaps both ways, and notes whatever the venue does that no
 * venue may; auditing what it heard is done elsewhere.
 */
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { FixClient, textOf } from './fix-client.ts';
import { answerResendRequest, type SentRequest } from './resend-answer.ts';
import { until } from './until.ts';

/** Who the member is. */
export interface MemberIdentity {
  readonly username: string;
  readonly password: string;
  readonly senderCompId: number;
}

/** A request that was sent. */
export interface Request {
  readonly clOrdId: string;
  readonly msgType: string;
  readonly fields: Readonly<Record<number, string>>;
}

/** A message of the venue as it came in. */
export interface Arrival {
  /** 1 for the first connection. */
  readonly connectionNo: number;
  readonly message: FixMessage;
}

/** How many numbers the venue left out between its last message and its Logon on a new connection. */
export interface Jump {
  readonly connectionNo: number;
  readonly skipped: number;
}

const APPLICATION_TYPES: ReadonlySet<string> = new Set([
  MSG_TYPE.ExecutionReport,
  MSG_TYPE.OrderCancelReject,
  MSG_TYPE.BusinessMessageReject,
]);

/** One member, over as many connections as it takes. */
export class RecordingMember {
  readonly identity: MemberIdentity;
  /** Every request by its ClOrdID (11). */
  readonly requests = new Map<string, Request>();
  /** Reports (8), cancel rejects (9) and business rejects (j) in the order of their numbers. */
  readonly heard: Arrival[] = [];
  /** Every message as it came in, those above a gap too. */
  readonly arrivals: Arrival[] = [];
  /** What no venue may do. */
  readonly violations: string[] = [];
  readonly jumps: Jump[] = [];
  /** False: after a crash it has lost what it sent, and answers a ResendRequest with a GapFill. */
  keepsWhatItSent = true;
  readonly #sent = new Map<number, SentRequest>();
  readonly #answered = new Set<string>();
  /** Answered with a BusinessMessageReject (j): the venue never took them. */
  readonly #turnedAway = new Set<string>();
  readonly #aboveGap = new Map<number, FixMessage>();
  #client: FixClient | undefined;
  #connectionNo = 0;
  #expectedSeqNum = 1;
  /** The highest number that came in, above a gap or not. */
  #lastSeqNum = 0;
  /** The number that showed the open gap. */
  #gapShownBy: number | undefined;
  #isLoggedOn = false;

  constructor(identity: MemberIdentity) {
    this.identity = identity;
  }

  get connectionNo(): number {
    return this.#connectionNo;
  }

  /** ClOrdIDs (11) of requests that the venue took and answered. */
  get settled(): readonly string[] {
    return [...this.#answered].filter((clOrdId) => !this.#turnedAway.has(clOrdId));
  }

  /** The highest MsgSeqNum (34) that came in. */
  get lastSeqNum(): number {
    return this.#lastSeqNum;
  }

  /** Whether a connection is up and logged on. */
  get isOn(): boolean {
    return this.#isLoggedOn && this.#client?.isClosed === false;
  }

  /** Whether nothing is missing below the last number heard. */
  get hasNoGap(): boolean {
    return this.#gapShownBy === undefined && this.#aboveGap.size === 0;
  }

  /** How many requests nobody has answered yet. */
  get unansweredCount(): number {
    return this.requests.size - this.#answered.size;
  }

  /** ClOrdIDs (11) of requests that nobody has answered yet. */
  get unanswered(): readonly string[] {
    return [...this.requests.keys()].filter((clOrdId) => !this.#answered.has(clOrdId));
  }

  /** Connects and logs on with the numbers that it has. */
  async connect(port: number): Promise<void> {
    const { senderCompId, username, password } = this.identity;
    const client = await FixClient.connect({
      port,
      senderCompId,
      username,
      password,
      isAutomatic: false,
      nextOutSeqNum: this.#client?.nextOutSeqNum ?? 1,
      // An engine waits for its venue however long that takes; the test's own time limit ends it.
      timeoutMs: 600_000,
    });
    this.#client = client;
    this.#connectionNo += 1;
    this.#isLoggedOn = false;
    this.#gapShownBy = undefined;
    this.#aboveGap.clear();
    client.sendLogon();
    void this.#listen(client, this.#connectionNo);
    await until(`the answer to the Logon of ${username}`, () => this.#isLoggedOn || client.isClosed);
    if (client.isClosed) {
      const said = this.arrivals.filter((arrival) => arrival.connectionNo === this.#connectionNo);
      throw new Error(`${username} is not let in: ${said.map(({ message }) => textOf(message)).join(' ')}`);
    }
  }

  /** Sends a D, F or G, and remembers it. */
  ask(msgType: string, fields: Readonly<Record<number, string>>): void {
    const clOrdId = fields[TAG.ClOrdID] as string;
    this.requests.set(clOrdId, { clOrdId, msgType, fields });
    this.#send(msgType, fields);
  }

  /** Sends what was not answered again, under new numbers and with PossResend (97). */
  repeatUnanswered(): void {
    for (const clOrdId of this.unanswered) this.repeat(clOrdId);
  }

  /** Sends one request again, answered or not, under a new number and with PossResend (97). */
  repeat(clOrdId: string): void {
    const request = this.requests.get(clOrdId);
    if (request === undefined || this.#client === undefined) return;
    const msgSeqNum = this.#client.send(request.msgType, request.fields, { possResend: true });
    this.#sent.set(msgSeqNum, {
      ...request,
      possResend: true,
      sentAt: utcTimestamp(this.#client.now()),
    });
  }

  /** Logs out and waits until the venue has closed. */
  async logout(): Promise<void> {
    const client = this.#client;
    if (client === undefined || client.isClosed) return;
    client.send(MSG_TYPE.Logout);
    await until('the answer to the Logout', () => client.isClosed);
  }

  /** Waits until the connection is gone, as after a crash of the venue. */
  async untilCut(): Promise<void> {
    await until('the end of the connection', () => this.#client?.isClosed ?? true);
  }

  /** Hears nothing more on this connection, as an engine that hangs; the venue goes on sending. */
  stopListening(): void {
    this.#client?.stopReading();
  }

  /** Closes without a word. */
  cut(): void {
    this.#client?.close();
  }

  #send(msgType: string, fields: Readonly<Record<number, string>>): void {
    const client = this.#client;
    if (client === undefined) throw new Error('connect first');
    const sentAt = utcTimestamp(client.now());
    this.#sent.set(client.send(msgType, fields), { msgType, fields, possResend: false, sentAt });
  }

  async #listen(client: FixClient, connectionNo: number): Promise<void> {
    for (;;) {
      let message: FixMessage;
      try {
        message = await client.nextMessage();
      } catch {
        return;
      }
      if (client !== this.#client) return;
      this.arrivals.push({ connectionNo, message });
      this.#take(message);
    }
  }

  #take(message: FixMessage): void {
    const seqNum = message.msgSeqNum ?? 0;
    if (message.msgType === MSG_TYPE.Logon) this.#noteLogon(seqNum);
    this.#lastSeqNum = Math.max(this.#lastSeqNum, seqNum);
    if (seqNum < this.#expectedSeqNum) {
      if (message.get(TAG.PossDupFlag) !== 'Y') this.#blame('a number is used twice', message);
      return;
    }
    if (seqNum > this.#expectedSeqNum) {
      // Both sides may miss something: whoever waited for the other would wait for ever.
      if (message.msgType === MSG_TYPE.ResendRequest) this.#resend(message);
      this.#aboveGap.set(seqNum, message);
      this.#requestMissing(seqNum);
      return;
    }
    this.#process(message, false);
    this.#closeGap();
  }

  #noteLogon(seqNum: number): void {
    this.#isLoggedOn = true;
    this.jumps.push({ connectionNo: this.#connectionNo, skipped: seqNum - this.#lastSeqNum - 1 });
  }

  #requestMissing(shownBy: number): void {
    if (this.#gapShownBy !== undefined) return;
    this.#gapShownBy = shownBy;
    this.#client?.send(MSG_TYPE.ResendRequest, { [TAG.BeginSeqNo]: this.#expectedSeqNum, [TAG.EndSeqNo]: 0 });
  }

  #closeGap(): void {
    for (;;) {
      const waiting = this.#aboveGap.get(this.#expectedSeqNum);
      if (waiting === undefined) break;
      this.#process(waiting, true);
    }
    for (const seqNum of this.#aboveGap.keys()) {
      if (seqNum < this.#expectedSeqNum) this.#aboveGap.delete(seqNum);
    }
    if (this.#gapShownBy === undefined || this.#expectedSeqNum <= this.#gapShownBy) return;
    this.#gapShownBy = undefined;
    const [next] = this.#aboveGap.keys();
    if (next !== undefined) this.#requestMissing(next);
  }

  #process(message: FixMessage, waited: boolean): void {
    const seqNum = message.msgSeqNum ?? 0;
    this.#aboveGap.delete(seqNum);
    this.#expectedSeqNum = seqNum + 1;
    if (APPLICATION_TYPES.has(message.msgType)) {
      this.heard.push({ connectionNo: this.#connectionNo, message });
      const clOrdId = message.get(TAG.ClOrdID) ?? message.get(TAG.BusinessRejectRefID) ?? '';
      if (this.requests.has(clOrdId)) this.#answered.add(clOrdId);
      if (message.msgType === MSG_TYPE.BusinessMessageReject) this.#turnedAway.add(clOrdId);
      return;
    }
    switch (message.msgType) {
      case MSG_TYPE.SequenceReset:
        if (message.get(TAG.GapFillFlag) !== 'Y') this.#blame('numbers are reset', message);
        this.#expectedSeqNum = Math.max(this.#expectedSeqNum, message.getInt(TAG.NewSeqNo) ?? 0);
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
    answerResendRequest(this.#client, request, (seqNum) =>
      this.keepsWhatItSent ? this.#sent.get(seqNum) : undefined,
    );
  }

  #blame(what: string, message: FixMessage): void {
    this.violations.push(`${what}: ${textOf(message)}`);
  }
}
