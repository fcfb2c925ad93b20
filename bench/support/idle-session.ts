/** A member that is logged on and says nothing but what the session protocol asks of it. */
import { connect, type Socket } from 'node:net';
import { FrameDecoder } from '../../src/fix/framing.ts';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { BenchMember } from './client-plan.ts';

const MAX_FRAME_BYTES = 65_536;

export interface IdleOptions {
  readonly port: number;
  /** HeartBtInt (108), seconds. */
  readonly heartBtInt: number;
  /** The session has ended although nobody left it: the run is void. */
  readonly onFailure: (reason: string) => void;
}

/** One session. */
export class IdleSession {
  /** Heartbeats (0) of the venue that it sent by itself. */
  heardCount = 0;
  /** Heartbeats (0) that this session sent. */
  saidCount = 0;
  /** TestRequests (1) of the venue: it has missed our Heartbeats. */
  askedCount = 0;
  readonly #member: BenchMember;
  readonly #options: IdleOptions;
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES });
  readonly #writer: MessageWriter;
  #nextSeqNum = 1;
  #lastSentAt = 0;
  #isLeaving = false;
  #onLogon = (): void => {};

  private constructor(member: BenchMember, options: IdleOptions) {
    this.#member = member;
    this.#options = options;
    this.#writer = new MessageWriter({
      beginString: 'FIX.4.4',
      senderCompId: String(member.compId),
      targetCompId: 'ONEBOOK',
    });
    this.#socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => this.#receive(bytes as Buffer));
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => this.#fail('the venue closed the connection'));
  }

  /** Resolves when the Logon (A) is answered. */
  static open(member: BenchMember, options: IdleOptions): Promise<IdleSession> {
    return new Promise((resolve) => {
      const session = new IdleSession(member, options);
      session.#onLogon = () => resolve(session);
      session.#socket.once('connect', () => session.#logOn());
    });
  }

  /** Sends a Heartbeat (0) when it is time. */
  tick(now: number): void {
    if (now - this.#lastSentAt < this.#options.heartBtInt * 1000) return;
    this.saidCount += 1;
    this.#send(MSG_TYPE.Heartbeat, now, () => {});
  }

  /** Closes without a word. */
  close(): void {
    this.#isLeaving = true;
    this.#socket.destroy();
  }

  #logOn(): void {
    const { username, password } = this.#member;
    this.#send(MSG_TYPE.Logon, systemClock.now(), (writer) => {
      writer
        .field(TAG.EncryptMethod, 0)
        .field(TAG.HeartBtInt, this.#options.heartBtInt)
        .field(TAG.Username, username)
        .field(TAG.Password, password);
    });
  }

  #send(msgType: string, now: number, write: (writer: MessageWriter) => void): void {
    write(this.#writer.begin(msgType, this.#nextSeqNum, now));
    this.#nextSeqNum += 1;
    this.#lastSentAt = now;
    this.#socket.write(this.#writer.end());
  }

  #receive(bytes: Buffer): void {
    this.#decoder.push(bytes);
    for (let found = this.#decoder.next(); found !== undefined; found = this.#decoder.next()) {
      if (found.type !== 'FixMessage') this.#fail('the venue sent bytes that are no FIX');
      else this.#take(found);
    }
  }

  #take(message: FixMessage): void {
    switch (message.msgType) {
      case MSG_TYPE.Logon:
        this.#onLogon();
        return;
      case MSG_TYPE.Heartbeat:
        this.heardCount += 1;
        return;
      case MSG_TYPE.TestRequest: {
        const testReqId = message.get(TAG.TestReqID) ?? '';
        this.askedCount += 1;
        this.#send(MSG_TYPE.Heartbeat, systemClock.now(), (writer) => writer.field(TAG.TestReqID, testReqId));
        return;
      }
      default:
        this.#fail(`the venue sent 35=${message.msgType}: ${message.get(TAG.Text) ?? ''}`);
    }
  }

  #fail(reason: string): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#options.onFailure(`${this.#member.username}: ${reason}`);
  }
}
