/**
 * A FIX client for tests: sends what it is told to, right or wrong, and shows every message that comes back, in
 * order. It keeps its outbound numbers, and can answer TestRequests by itself.
 */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { FrameDecoder } from '../../src/fix/framing.ts';
import type { FixMessage } from '../../src/fix/message.ts';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { APPL_VER_ID_50SP2, beginStringOf, type FixVersion } from '../../src/fix/version.ts';
import { MessageWriter, utcTimestamp } from '../../src/fix/writer.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { fixFrame } from './fix-frames.ts';

/** Fields by tag; a list of pairs when the order or a repetition matters. */
export type Fields =
  | Readonly<Record<number, string | number>>
  | readonly (readonly [number, string | number])[];

export interface FixClientOptions {
  readonly port: number;
  readonly host?: string;
  /** The loopback address to connect from. */
  readonly localAddress?: string;
  /** Authority, and the client's certificate and key, for a listener that speaks TLS; plain TCP without. */
  readonly tls?: ConnectionOptions;
  /** SenderCompID (49): the integer of the member. */
  readonly senderCompId: number | string;
  /** TargetCompID (56), `ONEBOOK` by default. */
  readonly targetCompId?: string;
  readonly username?: string;
  readonly password?: string;
  /** FIX.4.4 by default; FIX.5.0SP2 goes over FIXT.1.1. */
  readonly version?: FixVersion;
  /** HeartBtInt (108) in seconds, 30 by default. */
  readonly heartBtInt?: number;
  /** The first MsgSeqNum (34), 1 by default. */
  readonly nextOutSeqNum?: number;
  /** Time of SendingTime (52), ms since the epoch; the system's clock by default. */
  readonly now?: () => number;
  /** Answers TestRequests and hides them and idle Heartbeats: the default. False shows everything. */
  readonly isAutomatic?: boolean;
  /** How long `nextMessage` and the like wait, 5 s by default. */
  readonly timeoutMs?: number;
  /** How long `connect` waits; by default as long as the system does. */
  readonly connectTimeoutMs?: number;
}

/** How one message differs from the usual. */
export interface SendOptions {
  /** This MsgSeqNum (34) instead of the next; the next stays what it is. */
  readonly msgSeqNum?: number;
  /** 43=Y with OrigSendingTime (122), `now` by default; `null` leaves 122 out. */
  readonly possDup?: boolean | { readonly origSendingTime: string | null };
  readonly possResend?: boolean;
  /** SendingTime (52), ms since the epoch. */
  readonly sendingTime?: number;
}

interface Waiter {
  readonly wake: () => void;
}

/** A message as text with `|`, for error messages and assertions. */
export function textOf(message: FixMessage): string {
  return message.frame.toString('latin1').replaceAll('\x01', '|');
}

/** One connection to a venue. */
export class FixClient {
  /** The next MsgSeqNum (34) that `send` uses. */
  nextOutSeqNum: number;
  /** The last MsgSeqNum (34) received. */
  lastInSeqNum = 0;
  readonly #options: FixClientOptions;
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: 1024 * 1024 });
  readonly #writer: MessageWriter;
  readonly #received: FixMessage[] = [];
  readonly #waiters = new Set<Waiter>();
  #isClosed = false;

  private constructor(socket: Socket, options: FixClientOptions) {
    this.#socket = socket;
    this.#options = options;
    this.nextOutSeqNum = options.nextOutSeqNum ?? 1;
    this.#writer = new MessageWriter({
      beginString: beginStringOf(options.version ?? 'FIX.4.4'),
      senderCompId: String(options.senderCompId),
      targetCompId: options.targetCompId ?? 'ONEBOOK',
    });
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', () => {});
    socket.on('end', () => this.#noteClosed());
    socket.on('close', () => this.#noteClosed());
  }

  /** Connects; says nothing yet. */
  static connect(options: FixClientOptions): Promise<FixClient> {
    return new Promise((resolve, reject) => {
      const { port, host = '127.0.0.1', localAddress, tls } = options;
      const from = localAddress === undefined ? {} : { localAddress };
      const socket =
        tls === undefined
          ? connect({ ...from, port, host, noDelay: true })
          : connectTls({ ...tls, ...from, port, host });
      const { connectTimeoutMs } = options;
      const stopTimer =
        connectTimeoutMs === undefined
          ? () => {}
          : systemClock.after(connectTimeoutMs, () => socket.destroy(new Error('nobody answers')));
      socket.once('close', stopTimer);
      socket.once('error', reject);
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        stopTimer();
        socket.off('error', reject);
        resolve(new FixClient(socket, options));
      });
    });
  }

  /** Connects, logs on and takes the answer. */
  static async logon(options: FixClientOptions, fields: Fields = {}): Promise<FixClient> {
    const client = await FixClient.connect(options);
    await client.logon(fields);
    return client;
  }

  get version(): FixVersion {
    return this.#options.version ?? 'FIX.4.4';
  }

  /** The messages that have arrived and nobody has taken yet. */
  get waitingCount(): number {
    return this.#received.length;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends a Logon (A) with `fields` over the usual ones; does not wait for the answer. */
  sendLogon(fields: Fields = {}, options: SendOptions = {}): void {
    const { username, password, heartBtInt, version } = this.#options;
    const usual: [number, string | number][] = [
      [TAG.EncryptMethod, '0'],
      [TAG.HeartBtInt, heartBtInt ?? 30],
    ];
    if (username !== undefined) usual.push([TAG.Username, username]);
    if (password !== undefined) usual.push([TAG.Password, password]);
    if (version === 'FIX.5.0SP2') usual.push([TAG.DefaultApplVerID, APPL_VER_ID_50SP2]);
    const extra = pairsOf(fields);
    const kept = usual.filter(([tag]) => !extra.some(([other]) => other === tag));
    this.send(MSG_TYPE.Logon, [...kept, ...extra], options);
  }

  /** Logs on and returns the venue's Logon. */
  async logon(fields: Fields = {}): Promise<FixMessage> {
    this.sendLogon(fields);
    return this.expect(MSG_TYPE.Logon);
  }

  /** Logs out, takes the answer and waits until the venue has closed. */
  async logout(): Promise<FixMessage> {
    this.send(MSG_TYPE.Logout);
    const answer = await this.expect(MSG_TYPE.Logout);
    await this.expectClosed();
    return answer;
  }

  /** Sends a message under the next number; returns its MsgSeqNum (34). */
  send(msgType: string, fields: Fields = {}, options: SendOptions = {}): number {
    const msgSeqNum = options.msgSeqNum ?? this.nextOutSeqNum;
    this.sendRaw(this.encode(msgType, fields, { ...options, msgSeqNum }));
    if (options.msgSeqNum === undefined) this.nextOutSeqNum += 1;
    return msgSeqNum;
  }

  /** The bytes that `send` would send. Uses the next number up unless one is given. */
  encode(msgType: string, fields: Fields = {}, options: SendOptions = {}): Buffer {
    const { possDup } = options;
    const now = options.sendingTime ?? this.now();
    if (typeof possDup === 'object' && possDup.origSendingTime === null) {
      const writer = this.#writer.begin(msgType, options.msgSeqNum ?? this.nextOutSeqNum, now);
      writer.field(TAG.PossDupFlag, 'Y');
      return this.#finish(writer, fields, options);
    }
    const origSendingTime =
      (typeof possDup === 'object' ? possDup.origSendingTime : undefined) ?? utcTimestamp(now);
    const writer = this.#writer.begin(msgType, options.msgSeqNum ?? this.nextOutSeqNum, now, {
      ...(possDup ? { possDup: { origSendingTime } } : {}),
      possResend: options.possResend ?? false,
    });
    return this.#finish(writer, fields, options);
  }

  /** Sends any bytes, or text with `|` for SOH. */
  sendRaw(bytes: Buffer | string): void {
    this.#socket.write(
      typeof bytes === 'string' ? Buffer.from(bytes.replaceAll('|', '\x01'), 'latin1') : bytes,
    );
  }

  /** Sends a frame around a body written by hand (`35=D|49=…|`), with length and checksum. */
  sendBody(body: string, beginString?: string): void {
    this.sendRaw(fixFrame(body, beginString ?? beginStringOf(this.version)));
  }

  /** The time that this client puts into SendingTime (52). */
  now(): number {
    return this.#options.now?.() ?? systemClock.now();
  }

  /** Takes the next message, or fails when none comes. */
  async nextMessage(): Promise<FixMessage> {
    await this.#waitFor('a message', () => this.#received.length > 0 || this.#isClosed);
    const message = this.#received.shift();
    if (message === undefined) throw new Error('the venue closed the connection instead of a message');
    return message;
  }

  /** Takes the next message, which must be of this type and have these fields. */
  async expect(msgType: string, fields: Fields = {}): Promise<FixMessage> {
    const message = await this.nextMessage();
    const wrong = [[TAG.MsgType, msgType] as const, ...pairsOf(fields)].filter(
      ([tag, value]) => message.get(tag) !== String(value),
    );
    if (wrong.length > 0) {
      const expected = wrong.map(([tag, value]) => `${tag}=${value}`).join('|');
      throw new Error(`expected ${expected} in ${textOf(message)}`);
    }
    return message;
  }

  /** Waits until the venue has closed the connection; fails when it says anything before. */
  async expectClosed(): Promise<void> {
    await this.#waitFor('the end of the connection', () => this.#isClosed);
    const [unexpected] = this.#received;
    if (unexpected !== undefined) throw new Error(`unexpected before the end: ${textOf(unexpected)}`);
  }

  /** Stops reading from the socket, as a client that hangs does. */
  stopReading(): void {
    this.#socket.pause();
  }

  startReading(): void {
    this.#socket.resume();
  }

  /** Closes without a word. */
  close(): void {
    this.#socket.destroy();
  }

  #finish(writer: MessageWriter, fields: Fields, options: SendOptions): Buffer {
    for (const [tag, value] of pairsOf(fields)) writer.field(tag, value);
    if (options.msgSeqNum === undefined) this.nextOutSeqNum += 1;
    return writer.end();
  }

  #receive(bytes: Buffer | string): void {
    this.#decoder.push(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    for (let found = this.#decoder.next(); found !== undefined; found = this.#decoder.next()) {
      if (found.type !== 'FixMessage') throw new Error(`the venue sent bytes that are no FIX: ${found.type}`);
      this.lastInSeqNum = Math.max(this.lastInSeqNum, found.msgSeqNum ?? 0);
      if (!this.#isAnsweredByItself(found)) this.#received.push(found);
    }
    this.#wakeAll();
  }

  #isAnsweredByItself(message: FixMessage): boolean {
    if (this.#options.isAutomatic === false) return false;
    if (message.msgType === MSG_TYPE.TestRequest) {
      this.send(MSG_TYPE.Heartbeat, { [TAG.TestReqID]: message.get(TAG.TestReqID) ?? '' });
      return true;
    }
    return message.msgType === MSG_TYPE.Heartbeat && !message.has(TAG.TestReqID);
  }

  #noteClosed(): void {
    this.#isClosed = true;
    this.#socket.destroy();
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const { wake } of this.#waiters) wake();
  }

  #waitFor(what: string, isThere: () => boolean): Promise<void> {
    if (isThere()) return Promise.resolve();
    const timeoutMs = this.#options.timeoutMs ?? 5_000;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        cancel();
        this.#waiters.delete(waiter);
        settle();
      };
      const waiter: Waiter = {
        wake: () => {
          if (isThere()) finish(resolve);
        },
      };
      const cancel = systemClock.after(timeoutMs, () => {
        const waiting = this.#received.map(textOf).join(' ');
        finish(() => reject(new Error(`waited ${timeoutMs} ms in vain for ${what}; there is [${waiting}]`)));
      });
      this.#waiters.add(waiter);
    });
  }
}

function pairsOf(fields: Fields): (readonly [number, string | number])[] {
  if (Array.isArray(fields)) return [...(fields as readonly (readonly [number, string | number])[])];
  return Object.entries(fields).map(([tag, value]) => [Number(tag), value as string | number] as const);
}
