/**
 * The venue's numbers: gives each message its MsgSeqNum (34) within the committed reservation, gathers what one
 * step says into one write, and keeps account of what has to be journaled as sent and delivered.
 */
import type { Report } from '../matching/execution-report.ts';
import { assertNever } from '../platform/assert.ts';
import type { FixMessage } from './message.ts';
import { reportMsgType, writeReport } from './report-messages.ts';
import type { StoredFrames } from './session-protocol.ts';
import { MSG_TYPE, TAG } from './tags.ts';
import { utcTimestamp } from './timestamp.ts';
import type { FixVersion } from './version.ts';
import { type BeginOptions, type MessageHeader, MessageWriter } from './writer.ts';

/** A message that gets its number when its turn comes. */
export type OutboundMessage =
  | { readonly type: 'Report'; readonly report: Report; readonly isPossResend: boolean }
  | {
      readonly type: 'Message';
      readonly msgType: string;
      /** Application messages are stored and resent; session messages are replaced by a GapFill. */
      readonly isApplication: boolean;
      /** Appends header fields beyond the usual ones, then the body. */
      write(writer: MessageWriter): void;
    };

/**
 * The part of a reservation that only signs of life may use: while the store is away no numbers are reserved, and a
 * session that was refused so much that it has none left for another answer must not look dead.
 */
const KEPT_FOR_LIFE_SIGNS = 1 / 16;

const POSS_RESEND: BeginOptions = { possResend: true };

/** The outbound side of one session. */
export class Outbound {
  readonly #writer: MessageWriter;
  readonly #version: FixVersion;
  readonly #reserveCount: number;
  #nextSeqNum = 1;
  #grantedSeqNum = 0;
  #askedSeqNum = 0;
  #waiting: OutboundMessage[] = [];
  /** Everything since the last takeBytes. */
  #frames: Buffer[] = [];
  #byteCount = 0;
  /** The application messages among them. */
  #sent: Buffer[] = [];
  #firstSentSeqNum = 0;
  #lastSentSeqNum = 0;
  readonly #delivered = new Map<string, number>();

  /** `reserveCount` is how many numbers one commit reserves. */
  constructor(header: MessageHeader, version: FixVersion, reserveCount: number) {
    this.#writer = new MessageWriter(header);
    this.#version = version;
    this.#reserveCount = reserveCount;
  }

  /** Begins at a number that was saved; numbers up to `grantedSeqNum` may be used. */
  start(nextSeqNum: number, grantedSeqNum: number): void {
    this.#nextSeqNum = nextSeqNum;
    this.#grantedSeqNum = grantedSeqNum;
    this.#askedSeqNum = grantedSeqNum;
    this.#waiting = [];
  }

  /** The next MsgSeqNum (34) that will be used. */
  get nextSeqNum(): number {
    return this.#nextSeqNum;
  }

  /** The last number that is reserved or asked for. */
  get reservedSeqNum(): number {
    return this.#askedSeqNum;
  }

  /** Messages that wait until more numbers are reserved. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Nothing waits, and there is a number for one message more. */
  get isReady(): boolean {
    return this.#waiting.length === 0 && this.#freeCount > 0;
  }

  /** Whether a sign of life could be sent at once. */
  get hasNumber(): boolean {
    return this.#nextSeqNum <= this.#grantedSeqNum;
  }

  /** Messages since the last takeBytes. */
  get frameCount(): number {
    return this.#frames.length;
  }

  /** Bytes since the last takeBytes. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** Whether application messages or deliveries have to be journaled. */
  get hasSent(): boolean {
    return this.#sent.length > 0;
  }

  /** Sends the message under the next number, or when a number for it is reserved. */
  send(message: OutboundMessage, now: number): void {
    if (isLifeSign(message) && this.hasNumber) this.#encode(message, now);
    else if (this.#freeCount <= 0 || this.#waiting.length > 0) this.#waiting.push(message);
    else this.#encode(message, now);
  }

  /** Numbers up to here are committed as reserved: what waited for them goes out. */
  grant(grantedSeqNum: number, now: number): void {
    if (grantedSeqNum <= this.#grantedSeqNum) return;
    this.#grantedSeqNum = grantedSeqNum;
    const room = Math.max(0, this.#freeCount);
    const ready = this.#waiting.slice(0, room);
    this.#waiting = this.#waiting.slice(room);
    for (const message of ready) this.#encode(message, now);
  }

  /** Whether it is time to ask for more numbers. True once per reservation: asking is noted. */
  askForNumbers(): boolean {
    if (this.#askedSeqNum > this.#grantedSeqNum) return false;
    const left = this.#grantedSeqNum - this.#nextSeqNum + 1;
    if (left * 2 >= this.#reserveCount) return false;
    this.#askedSeqNum = this.#nextSeqNum - 1 + this.#reserveCount;
    return true;
  }

  /** Repeats a stored application message under its old number, with 43=Y and 122. */
  resend(stored: FixMessage, now: number): void {
    this.#gather(this.#writer.resend(stored, now));
  }

  /** Stands for the numbers from `beginSeqNo` up to and without `newSeqNo` (36). */
  fillGap(beginSeqNo: number, newSeqNo: number, now: number): void {
    // When the session messages were sent is not kept; now is not later than now.
    const possDup = { origSendingTime: utcTimestamp(now) };
    const writer = this.#writer.begin(MSG_TYPE.SequenceReset, beginSeqNo, now, { possDup });
    this.#gather(writer.field(TAG.GapFillFlag, 'Y').field(TAG.NewSeqNo, newSeqNo).end());
  }

  /** Logout (5) with the text, if a number is reserved for it: for a session whose other state is broken. */
  sayLastWords(text: string, now: number): void {
    if (this.#nextSeqNum > this.#grantedSeqNum) return;
    const write = (writer: MessageWriter) => {
      writer.field(TAG.Text, text);
    };
    this.#encode({ type: 'Message', msgType: MSG_TYPE.Logout, isApplication: false, write }, now);
  }

  /** Everything said since the last call, for one write; undefined when there is nothing. */
  takeBytes(): Buffer | undefined {
    if (this.#frames.length === 0) return undefined;
    const bytes = this.#frames.length === 1 ? (this.#frames[0] as Buffer) : Buffer.concat(this.#frames);
    // Nearly always all of it is reports: then what is stored is what is written.
    if (this.#sent.length === this.#frames.length) this.#sent = [bytes];
    this.#frames = [];
    this.#byteCount = 0;
    return bytes;
  }

  /** The application messages since the last call. Call it after takeBytes. */
  takeSent(): StoredFrames | undefined {
    if (this.#sent.length === 0) return undefined;
    const frames = this.#sent.length === 1 ? (this.#sent[0] as Buffer) : Buffer.concat(this.#sent);
    this.#sent = [];
    return { firstSeqNum: this.#firstSentSeqNum, lastSeqNum: this.#lastSentSeqNum, frames };
  }

  /** The last report sent per source since the last call. */
  takeDelivered(): { source: string; sourceSeq: number }[] {
    const delivered = Array.from(this.#delivered, ([source, sourceSeq]) => ({ source, sourceSeq }));
    this.#delivered.clear();
    return delivered;
  }

  /** Numbers that are reserved and for any message. */
  get #freeCount(): number {
    const keptCount = Math.floor(this.#reserveCount * KEPT_FOR_LIFE_SIGNS);
    return this.#grantedSeqNum - keptCount - this.#nextSeqNum + 1;
  }

  #encode(message: OutboundMessage, now: number): void {
    const seqNum = this.#nextSeqNum;
    this.#nextSeqNum += 1;
    const writer = this.#writer;
    switch (message.type) {
      case 'Report': {
        const { report } = message;
        writer.begin(
          reportMsgType(report, this.#version),
          seqNum,
          now,
          message.isPossResend ? POSS_RESEND : undefined,
        );
        writeReport(writer, report, this.#version);
        // A status answer (0) has no row and no place in its source's order.
        if (report.sourceSeq > 0) this.#delivered.set(report.source, report.sourceSeq);
        this.#store(this.#gather(writer.end()), seqNum);
        return;
      }
      case 'Message': {
        message.write(writer.begin(message.msgType, seqNum, now));
        const frame = this.#gather(writer.end());
        if (message.isApplication) this.#store(frame, seqNum);
        return;
      }
      default:
        assertNever(message);
    }
  }

  #gather(frame: Buffer): Buffer {
    this.#frames.push(frame);
    this.#byteCount += frame.length;
    return frame;
  }

  #store(frame: Buffer, seqNum: number): void {
    if (this.#sent.length === 0) this.#firstSentSeqNum = seqNum;
    this.#lastSentSeqNum = seqNum;
    this.#sent.push(frame);
  }
}

/** Heartbeat (0) and TestRequest (1): they say nothing about any other message, and so may overtake them. */
function isLifeSign(message: OutboundMessage): boolean {
  if (message.type !== 'Message') return false;
  return message.msgType === MSG_TYPE.Heartbeat || message.msgType === MSG_TYPE.TestRequest;
}
