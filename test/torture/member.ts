/**
 * A member of a torture run at its FIX engine: numbers that go on over every connection, gaps filled both ways, and
 * everything that it hears put down in its record. What it asks for, and when its connection ends, is the script's.
 */
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import type { FixVersion } from '../../src/fix/version.ts';
import { type Fields, FixClient } from '../support/fix-client.ts';
import type { MemberIdentity } from '../support/recording-member.ts';
import { answerResendRequest, type SentRequest } from '../support/resend-answer.ts';
import { until } from '../support/until.ts';
import { MemberRecord } from './record.ts';
import type { ScriptedRequest } from './requests.ts';

/** A request that waits for its answer longer than this is the venue's fault; connections are not given up before. */
const PATIENCE_MS = 600_000;
/** Where nobody answers at all another gateway may. */
const CONNECT_TIMEOUT_MS = 3_000;
const LOGON_TIMEOUT_MS = 10_000;
/** Numbers below are never asked for again: the venue stores how far it has read much sooner. */
const SENT_KEPT = 10_000;
/** Between two times that a member repeats what is not answered. */
const REPEAT_AFTER_MS = 500;
/** SessionRejectReason (373): SendingTime accuracy. */
const WRONG_TIME = '10';

/** A request under its number. */
interface Sent extends SentRequest {
  readonly id: string | undefined;
}

export class TortureMember {
  readonly identity: MemberIdentity;
  readonly version: FixVersion;
  readonly record: MemberRecord;
  /** False: it has lost what it sent when its connection is gone, and answers a ResendRequest with a GapFill. */
  keepsWhatItSent = true;
  /** Its clock and the venue's are being set: a message may be refused for its time. */
  isClockBeingSet = false;
  /** Sees every request as it goes out. */
  onSend: (frame: Buffer) => void = () => {};
  /** How often a connection ended that it had not ended itself. */
  lostConnections = 0;
  readonly #now: () => number;
  readonly #sent = new Map<number, Sent>();
  readonly #aboveGap = new Map<number, FixMessage>();
  #client: FixClient | undefined;
  #nextOut = 1;
  #expected = 1;
  /** The number that showed the open gap. */
  #gapShownBy: number | undefined;
  #place = 'nowhere';
  /** A connection has ended since it repeated what was not answered. */
  #hasLost = false;
  #repeatedAt = 0;
  #isLoggedOn = false;
  #isLeaving = false;

  constructor(identity: MemberIdentity, version: FixVersion, now: () => number) {
    this.identity = identity;
    this.version = version;
    this.#now = now;
    this.record = new MemberRecord(version);
  }

  /** Logged on, as far as it knows. */
  get isOn(): boolean {
    return this.#isLoggedOn && this.#client?.isClosed === false && !this.#isLeaving;
  }

  /** Where it is connected, or was last. */
  get place(): string {
    return this.#place;
  }

  /** Nothing is missing below the last number that it heard. */
  get hasNoGap(): boolean {
    return this.#gapShownBy === undefined && this.#aboveGap.size === 0;
  }

  /** Connects and logs on with the numbers that it has; to `host`, where the venue is not on the loopback. */
  async connect(port: number, host = '127.0.0.1'): Promise<void> {
    this.#client?.close();
    this.#noteNumber();
    this.#place = `${host}:${port}`;
    const { senderCompId, username, password } = this.identity;
    const client = await FixClient.connect({
      port,
      host,
      senderCompId,
      username,
      password,
      version: this.version,
      isAutomatic: false,
      nextOutSeqNum: this.#nextOut,
      now: this.#now,
      timeoutMs: PATIENCE_MS,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    });
    this.#hasLost = this.#client !== undefined;
    this.#client = client;
    this.#isLoggedOn = false;
    this.#isLeaving = false;
    this.#gapShownBy = undefined;
    this.#aboveGap.clear();
    client.sendLogon();
    this.#noteNumber();
    void this.#listen(client);
    try {
      await until('the Logon', () => this.#isLoggedOn || client.isClosed, LOGON_TIMEOUT_MS);
    } catch (error) {
      this.cut();
      throw error;
    }
    if (client.isClosed) throw new Error(`${username} is not let in`);
  }

  /** Sends requests in one write. Those that a dead connection takes with it are asked for again after the next Logon. */
  send(requests: readonly ScriptedRequest[]): void {
    const client = this.#client;
    if (client === undefined) throw new Error('connect first');
    client.sendRaw(Buffer.concat(requests.map((request) => this.#encode(client, request))));
    this.#noteNumber();
  }

  /** Sends a request again, under a new number and with PossResend (97). */
  repeat(id: string): void {
    const request = this.record.asked.get(id);
    if (request === undefined || this.#client === undefined) return;
    this.#client.sendRaw(this.#encode(this.#client, request, true));
    this.#noteNumber();
  }

  /** Sends what was not answered again; for one that has lost what it sent. */
  repeatUnanswered(): void {
    this.#hasLost = false;
    this.record.isRepeatRefused = false;
    this.#repeatedAt = this.#now();
    for (const id of this.record.unanswered) {
      this.record.repeated.add(id);
      this.repeat(id);
    }
  }

  /** The same, if something was lost or refused since the last time and all that was missed has come. */
  repeatLost(): void {
    if (this.keepsWhatItSent || !this.isOn || !this.hasNoGap) return;
    if (!this.#hasLost && !this.record.isRepeatRefused) return;
    if (this.#now() - this.#repeatedAt >= REPEAT_AFTER_MS) this.repeatUnanswered();
  }

  /** Its connection ends within a message, of which `share` arrives. The request is made, as far as it knows. */
  cutWithin(request: ScriptedRequest, share: number): void {
    const client = this.#client;
    if (client === undefined) return;
    const frame = this.#encode(client, request);
    this.#isLeaving = true;
    client.sendRaw(frame.subarray(0, Math.max(1, Math.floor(frame.length * share))));
    // What was written is on its way; the end comes behind it.
    setImmediate(() => client.close());
    this.#noteNumber();
  }

  /** Closes without a word. */
  cut(): void {
    this.#isLeaving = true;
    this.#client?.close();
  }

  /** Hears nothing more, as an engine that hangs, and then hears again. */
  stopReading(): void {
    this.#client?.stopReading();
  }

  startReading(): void {
    this.#client?.startReading();
  }

  /** Says Logout (5), and waits for the answer or the end of the connection. */
  async logout(): Promise<void> {
    const client = this.#client;
    if (client === undefined || client.isClosed) return;
    this.#isLeaving = true;
    client.send(MSG_TYPE.Logout);
    this.#noteNumber();
    await until('the answer to a Logout', () => client.isClosed, LOGON_TIMEOUT_MS).catch(() =>
      client.close(),
    );
  }

  #encode(client: FixClient, request: ScriptedRequest, possResend = false): Buffer {
    if (!possResend) this.record.ask(request);
    const now = this.#now();
    const fields: Record<number, string> = { ...request.fields };
    const isQuestion =
      request.msgType === MSG_TYPE.OrderStatusRequest || request.msgType === MSG_TYPE.OrderMassStatusRequest;
    if (!isQuestion) fields[TAG.TransactTime] = utcTimestamp(now);
    if (request.expiresInMs !== undefined) fields[TAG.ExpireTime] = utcTimestamp(now + request.expiresInMs);
    const { msgType, id } = request;
    this.#sent.delete(client.nextOutSeqNum - SENT_KEPT);
    this.#sent.set(client.nextOutSeqNum, { msgType, fields, possResend, sentAt: utcTimestamp(now), id });
    const frame = client.encode(msgType, fields, { possResend });
    this.onSend(frame);
    return frame;
  }

  #noteNumber(): void {
    if (this.#client !== undefined) this.#nextOut = this.#client.nextOutSeqNum;
  }

  #say(msgType: string, fields: Fields): void {
    this.#client?.send(msgType, fields);
    this.#noteNumber();
  }

  async #listen(client: FixClient): Promise<void> {
    for (;;) {
      let message: FixMessage;
      try {
        message = await client.nextMessage();
      } catch {
        if (client === this.#client && !this.#isLeaving && this.#isLoggedOn) this.lostConnections += 1;
        return;
      }
      if (client !== this.#client) return;
      this.#take(message);
    }
  }

  #take(message: FixMessage): void {
    const seqNum = message.msgSeqNum ?? 0;
    if (message.msgType === MSG_TYPE.Logon) this.#isLoggedOn = true;
    this.record.note(message);
    if (seqNum < this.#expected) {
      if (message.get(TAG.PossDupFlag) !== 'Y') this.record.blame('a number is used twice', message);
    } else if (seqNum > this.#expected) {
      // Both sides may miss something: whoever waited for the other would wait for ever.
      if (message.msgType === MSG_TYPE.ResendRequest) this.#resend(message);
      this.#aboveGap.set(seqNum, message);
      this.#requestMissing(seqNum);
    } else {
      this.#process(message, false);
      this.#closeGap();
    }
  }

  #requestMissing(shownBy: number): void {
    if (this.#gapShownBy !== undefined) return;
    this.#gapShownBy = shownBy;
    this.#say(MSG_TYPE.ResendRequest, { [TAG.BeginSeqNo]: this.#expected, [TAG.EndSeqNo]: 0 });
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
    switch (message.msgType) {
      case MSG_TYPE.SequenceReset:
        if (message.get(TAG.GapFillFlag) !== 'Y') this.record.blame('numbers are reset', message);
        this.#expected = Math.max(this.#expected, message.getInt(TAG.NewSeqNo) ?? 0);
        return;
      case MSG_TYPE.ResendRequest:
        if (!waited) this.#resend(message);
        return;
      case MSG_TYPE.TestRequest:
        this.#say(MSG_TYPE.Heartbeat, { [TAG.TestReqID]: message.get(TAG.TestReqID) ?? '' });
        return;
      case MSG_TYPE.Reject:
        this.#takeReject(message);
        return;
      default:
        this.record.take(message);
    }
  }

  #takeReject(message: FixMessage): void {
    const isOfTime = message.get(TAG.SessionRejectReason) === WRONG_TIME;
    if (!this.isClockBeingSet || !isOfTime) this.record.blame('what this member sends is right', message);
    const id = this.#sent.get(message.getInt(TAG.RefSeqNum) ?? 0)?.id;
    if (id !== undefined && this.record.unanswered.has(id)) this.record.refuse(id);
  }

  #resend(request: FixMessage): void {
    if (this.#client === undefined) return;
    answerResendRequest(this.#client, request, (seqNum) => {
      const sent = this.keepsWhatItSent ? this.#sent.get(seqNum) : undefined;
      if (sent?.id !== undefined) this.record.askAgain(sent.id, request.msgSeqNum ?? 0);
      return sent;
    });
  }
}
