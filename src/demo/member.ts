/**
 * A member's FIX engine, as small as the demo needs it: one FIX.4.4 session over TCP that begins at number 1, shows
 * every message, answers TestRequests, and hands over the rest in order.
 */
import { connect, type Socket } from 'node:net';
import { fieldTag, messageType } from '../fix/dictionary.ts';
import { FrameDecoder } from '../fix/framing.ts';
import type { FixMessage } from '../fix/message.ts';
import { MSG_TYPE, TAG } from '../fix/tags.ts';
import { MessageWriter, utcTimestamp } from '../fix/writer.ts';
import type { Clock } from '../platform/clock.ts';

/** The conversation broke: no answer in time, the connection ended, bytes that are no FIX, a wrong number. */
export class SessionBroken extends Error {
  override readonly name = 'SessionBroken';
}

export interface MemberOptions {
  readonly host: string;
  readonly port: number;
  /** SenderCompID (49). */
  readonly compId: number;
  /** TargetCompID (56). */
  readonly venueCompId: string;
  /** Username (553). */
  readonly username: string;
  /** Password (554). A secret. */
  readonly password: string;
  readonly clock: Clock;
  /** How long an answer may take. */
  readonly timeoutMs: number;
  /** Shown every message when it is sent, or has come. */
  readonly onMessage: (direction: 'toVenue' | 'fromVenue', frame: Buffer) => void;
}

/** HeartBtInt (108) in seconds: longer than the demo takes. */
export const HEART_BT_INT = '30';
const MAX_FRAME_BYTES = 64 * 1024;
/** Requests that say when they were made. */
const TIMED: ReadonlySet<string> = new Set([
  'NewOrderSingle',
  'OrderCancelRequest',
  'OrderCancelReplaceRequest',
]);

/** One connection. Make it with {@link Member.connect}. */
export class Member {
  readonly #options: MemberOptions;
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES });
  readonly #writer: MessageWriter;
  readonly #inbox: FixMessage[] = [];
  #nextOutSeqNum = 1;
  #nextInSeqNum = 1;
  /** Why nothing more will come. */
  #ended: string | undefined;
  #wake: () => void = () => {};

  private constructor(socket: Socket, options: MemberOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#writer = new MessageWriter({
      beginString: 'FIX.4.4',
      senderCompId: String(options.compId),
      targetCompId: options.venueCompId,
    });
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.#end(`the connection broke: ${error.message}`));
    socket.on('close', () => this.#end('the venue closed the connection'));
  }

  /** Connects; says nothing yet. */
  static connect(options: MemberOptions): Promise<Member> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: options.host, port: options.port, noDelay: true });
      const refuse = (error: Error): void => reject(new SessionBroken(`cannot connect: ${error.message}`));
      socket.once('error', refuse);
      socket.once('connect', () => {
        socket.off('error', refuse);
        resolve(new Member(socket, options));
      });
    });
  }

  /** Sends a Logon (A) that begins both sides at number 1, whatever was before. */
  logOn(): void {
    const { username, password } = this.#options;
    this.send('Logon', {
      ...{ EncryptMethod: '0', HeartBtInt: HEART_BT_INT, ResetSeqNumFlag: 'Y' },
      ...{ Username: username, Password: password },
    });
  }

  /** Sends a message by its name, with fields by theirs. Adds TransactTime (60) where the message must have it. */
  send(name: string, fields: Readonly<Record<string, string>>): void {
    const now = this.#options.clock.now();
    const writer = this.#writer.begin(messageType(name), this.#nextOutSeqNum, now);
    for (const [field, value] of Object.entries(fields)) writer.field(fieldTag(field), value);
    if (TIMED.has(name)) writer.field(TAG.TransactTime, utcTimestamp(now));
    const frame = writer.end();
    this.#nextOutSeqNum += 1;
    this.#options.onMessage('toVenue', frame);
    this.#socket.write(frame);
  }

  /** Takes the next message that is not a Heartbeat or TestRequest. Throws {@link SessionBroken}. */
  async receive(): Promise<FixMessage> {
    await this.#until(() => this.#inbox.length > 0);
    const message = this.#inbox.shift();
    if (message === undefined) throw new SessionBroken(this.#ended ?? 'the venue did not answer in time');
    return message;
  }

  /** Resolves when the venue has closed the connection; throws {@link SessionBroken} when it does not. */
  async closed(): Promise<void> {
    await this.#until(() => false);
    if (this.#ended === undefined) throw new SessionBroken('the venue did not close the connection in time');
  }

  /** Closes at once. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#decoder.push(bytes);
    for (let found = this.#decoder.next(); found !== undefined; found = this.#decoder.next()) {
      if (found.type !== 'FixMessage') {
        this.#end('the venue sent bytes that are no FIX');
        return;
      }
      this.#options.onMessage('fromVenue', found.frame);
      if (found.msgSeqNum !== this.#nextInSeqNum) {
        this.#end(`MsgSeqNum(34) is ${found.msgSeqNum}, expected ${this.#nextInSeqNum}`);
        return;
      }
      this.#nextInSeqNum += 1;
      this.#take(found);
    }
  }

  #take(message: FixMessage): void {
    switch (message.msgType) {
      case MSG_TYPE.TestRequest:
        this.send('Heartbeat', { TestReqID: message.get(TAG.TestReqID) ?? '' });
        return;
      case MSG_TYPE.Heartbeat:
        return;
      default:
        this.#inbox.push(message);
        this.#wake();
    }
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#socket.destroy();
    this.#wake();
  }

  /** Waits for the condition, the end of the connection, or the end of patience. */
  async #until(isMet: () => boolean): Promise<void> {
    let isLate = false;
    const cancel = this.#options.clock.after(this.#options.timeoutMs, () => {
      isLate = true;
      this.#wake();
    });
    while (!isMet() && this.#ended === undefined && !isLate) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    cancel();
  }
}
