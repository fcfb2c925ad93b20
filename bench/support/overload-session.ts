/**
 * One FIX session of the overload benchmark. Unlike the session of bench/order-client.ts it takes rejects as answers,
 * cancels as well as it enters, and writes no more than its socket takes.
 */
import { connect, type Socket } from 'node:net';
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';
import { utcTimestamp } from '../../src/fix/timestamp.ts';
import { MessageWriter } from '../../src/fix/writer.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { BenchMember } from './client-plan.ts';
import { CL_ORD_ID_PREFIX, OrderFrames } from './order-frames.ts';
import { ReportScanner } from './report-scanner.ts';

export type RequestKind = 'Order' | 'Cancel';
export type Answer = 'Accepted' | 'Rejected' | 'BusinessRejected';

export interface SessionEvents {
  /** `sentAtMs` as `performance.now` had it. */
  onAnswer(kind: RequestKind, answer: Answer, sentAtMs: number): void;
  /** All that arrived together has been told. */
  onBatchRead(session: OverloadSession): void;
  /** The run is void. */
  onFailure(reason: string): void;
}

interface SessionTerms {
  readonly port: number;
  readonly venueCompId: string;
  readonly symbol: string;
}

/** What is known of a request beside that it is on its way: it will rest; it is answered. */
const RESTING = 1;
const OVER = 2;

const NEW = '0'.charCodeAt(0);
const CANCELED = '4'.charCodeAt(0);
const REJECTED = '8'.charCodeAt(0);
const HEART_BT_INT_SECONDS = 60;
const MAX_REQUESTS = 4_000_000;
const CANCEL_PREFIX = 'X';
/** Bytes that wait in this process: past it the session waits until the venue reads. */
const MAX_UNWRITTEN_BYTES = 64 * 1024;
/** Both sides of every trade are at this price. */
const TRADING_TICKS = 5_000_000;
/** Far below: never traded. */
const RESTING_TICKS = 100_000;

export class OverloadSession {
  /** Requests without an answer. */
  outstanding = 0;
  readonly #terms: SessionTerms;
  readonly #events: SessionEvents;
  readonly #socket: Socket;
  readonly #writer: MessageWriter;
  readonly #frames: OrderFrames;
  readonly #scanner: ReportScanner;
  readonly #sentAtMs = new Float64Array(MAX_REQUESTS);
  readonly #states = new Uint8Array(MAX_REQUESTS);
  /** The number of the request by MsgSeqNum (34). */
  readonly #requestOfSeqNum = new Uint32Array(MAX_REQUESTS);
  /** The order of each cancel on its way. */
  readonly #orderOfCancel = new Map<number, number>();
  readonly #restsFar = new Set<number>();
  readonly #frame: Buffer;
  #gathered: Buffer[] = [];
  /** The frames have the time of what is gathered. */
  #isTimeSet = false;
  #nextSeqNum = 1;
  #lastNo = 0;
  #side: 1 | 2;
  #onLogon = (): void => {};

  private constructor(terms: SessionTerms, member: BenchMember, events: SessionEvents) {
    this.#terms = terms;
    this.#events = events;
    this.#side = member.compId % 2 === 0 ? 1 : 2;
    const { venueCompId, symbol } = terms;
    this.#writer = new MessageWriter({
      beginString: 'FIX.4.4',
      senderCompId: String(member.compId),
      targetCompId: venueCompId,
    });
    this.#frames = new OrderFrames({ senderCompId: member.compId, targetCompId: venueCompId, symbol });
    this.#frame = Buffer.alloc(this.#frames.frameLength);
    this.#scanner = new ReportScanner({
      onReport: (execType, requestNo) => this.#onReport(execType, requestNo),
      onOther: (msgType, text) => this.#onOther(msgType, text),
    });
    this.#socket = connect({ port: terms.port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => {
      this.#scanner.push(bytes);
      events.onBatchRead(this);
    });
    this.#socket.on('error', (error) => events.onFailure(`socket: ${error.message}`));
    this.#socket.on('close', () => events.onFailure(`the venue closed the connection of ${member.compId}`));
  }

  /** Resolves when the Logon (A) is answered. */
  static open(terms: SessionTerms, member: BenchMember, events: SessionEvents): Promise<OverloadSession> {
    return new Promise((resolve) => {
      const session = new OverloadSession(terms, member, events);
      session.#onLogon = () => resolve(session);
      session.#socket.once('connect', () => {
        session.#say(MSG_TYPE.Logon, (writer) => {
          writer
            .field(TAG.EncryptMethod, 0)
            .field(TAG.HeartBtInt, HEART_BT_INT_SECONDS)
            .field(TAG.Username, member.username)
            .field(TAG.Password, member.password);
        });
      });
    });
  }

  /** Whether the socket takes more. */
  get takesMore(): boolean {
    return this.#socket.writableLength < MAX_UNWRITTEN_BYTES;
  }

  /** Orders that rest and can be canceled. */
  get cancelable(): ReadonlySet<number> {
    return this.#restsFar;
  }

  /** An order that trades with whatever stands on the other side, buys and sells in turn. Written by `flush`. */
  enterTrading(): void {
    this.#side = this.#side === 1 ? 2 : 1;
    this.#enter(this.#side, TRADING_TICKS);
  }

  /** An order that rests until it is canceled. */
  enterResting(): void {
    this.#enter(1, RESTING_TICKS);
  }

  /** Cancels the oldest of those that rest; false when there is none. */
  cancelOldest(): boolean {
    const [orderNo] = this.#restsFar;
    if (orderNo === undefined) return false;
    this.#restsFar.delete(orderNo);
    const cancelNo = this.#nextRequest();
    this.#orderOfCancel.set(cancelNo, orderNo);
    const id = (prefix: string, no: number): string => `${prefix}${String(no).padStart(8, '0')}`;
    const writer = this.#writer.begin(MSG_TYPE.OrderCancelRequest, this.#nextSeqNum - 1, systemClock.now());
    writer
      .field(TAG.ClOrdID, id(CANCEL_PREFIX, cancelNo))
      .field(TAG.OrigClOrdID, id(CL_ORD_ID_PREFIX, orderNo))
      .field(TAG.Symbol, this.#terms.symbol)
      .field(TAG.Side, 1)
      .field(TAG.TransactTime, utcTimestamp(systemClock.now()));
    this.#gathered.push(Buffer.from(writer.end()));
    return true;
  }

  /** Writes what was gathered, in one write. */
  flush(): void {
    if (this.#gathered.length === 0) return;
    this.#socket.write(Buffer.concat(this.#gathered));
    this.#gathered = [];
    this.#isTimeSet = false;
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #enter(side: 1 | 2, priceTicks: number): void {
    const orderNo = this.#nextRequest();
    if (priceTicks === RESTING_TICKS) this.#states[orderNo] = RESTING;
    if (!this.#isTimeSet) this.#frames.setTime(systemClock.now());
    this.#isTimeSet = true;
    this.#frames.write(this.#frame, 0, this.#nextSeqNum - 1, orderNo, { side, priceTicks });
    this.#gathered.push(Buffer.from(this.#frame));
  }

  #nextRequest(): number {
    this.#lastNo += 1;
    const no = this.#lastNo;
    if (no >= MAX_REQUESTS) this.#events.onFailure(`a session would send more than ${MAX_REQUESTS} requests`);
    this.#requestOfSeqNum[this.#nextSeqNum] = no;
    this.#nextSeqNum += 1;
    this.#sentAtMs[no] = performance.now();
    this.outstanding += 1;
    return no;
  }

  #onReport(execType: number, no: number): void {
    if (execType === NEW) {
      if (this.#states[no] === RESTING) this.#restsFar.add(no);
      this.#answer(no, 'Order', 'Accepted');
    } else if (execType === CANCELED) {
      this.#answer(no, 'Cancel', 'Accepted');
    } else if (execType === REJECTED) {
      this.#answer(no, 'Order', 'Rejected');
    }
  }

  #answer(no: number, kind: RequestKind, answer: Answer): void {
    if (this.#states[no] === OVER) {
      this.#events.onFailure(`request ${no} was answered twice`);
      return;
    }
    this.#states[no] = OVER;
    this.outstanding -= 1;
    const orderNo = this.#orderOfCancel.get(no);
    if (orderNo !== undefined) {
      this.#orderOfCancel.delete(no);
      // It still rests.
      if (answer !== 'Accepted') this.#restsFar.add(orderNo);
    }
    this.#events.onAnswer(kind, answer, this.#sentAtMs[no] ?? 0);
  }

  #onOther(msgType: string, text: string): void {
    switch (msgType) {
      case MSG_TYPE.Logon:
        this.#onLogon();
        return;
      case MSG_TYPE.Heartbeat:
        return;
      case MSG_TYPE.TestRequest: {
        const testReqId = /\|112=([^|]*)\|/.exec(text)?.[1] ?? '';
        this.#say(MSG_TYPE.Heartbeat, (writer) => {
          writer.field(TAG.TestReqID, testReqId);
        });
        return;
      }
      case MSG_TYPE.OrderCancelReject:
        this.#answer(Number(/\|11=X(\d+)\|/.exec(text)?.[1]), 'Cancel', 'Rejected');
        return;
      case MSG_TYPE.BusinessMessageReject: {
        const no = this.#requestOfSeqNum[Number(/\|45=(\d+)\|/.exec(text)?.[1])] ?? 0;
        this.#answer(no, this.#orderOfCancel.has(no) ? 'Cancel' : 'Order', 'BusinessRejected');
        return;
      }
      default:
        this.#events.onFailure(`the venue said ${text}`);
    }
  }

  #say(msgType: string, write: (writer: MessageWriter) => void): void {
    this.flush();
    const writer = this.#writer.begin(msgType, this.#nextSeqNum, systemClock.now());
    this.#nextSeqNum += 1;
    write(writer);
    this.#socket.write(writer.end());
  }
}
